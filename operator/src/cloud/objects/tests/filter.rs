//! The filter of a job is written only as it was when the plan was made.

use estate::people::{Act, JobAction};

use super::rig::Rig;
use crate::cloud::change::{self, Written};

#[tokio::test]
async fn what_somebody_adds_between_the_plan_and_the_write_is_not_lost() {
    let rig = Rig::small().await;
    let units = rig.units();
    let first = units[0].clone();
    let beside = |unit: &&crds::DistinguishedName| **unit != first && unit.domain() == first.domain();
    let second = units.iter().find(beside).expect("another unit of the domain").clone();
    let seen = rig.configuration(&first).await;
    let expected = seen.containers().expect("containers");
    let action = JobAction::AddContainer { container: second.as_str().parse().expect("a name") };
    let domain = first.domain().expect("a domain");
    rig.with(|running| running.act(Act::Job { domain, action })).expect("added in the portal");
    let wanted = [expected.clone(), vec![first.clone()]].concat();
    let written = change::set_containers(&rig.client, &seen, &expected, &wanted).await.expect("answered");
    assert_eq!(written, Written::ChangedBefore(vec![second.clone()]));
    let now = rig.configuration(&first).await;
    assert_eq!(now.containers().expect("containers"), [second]);
    rig.stop().await;
}
