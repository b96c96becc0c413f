//! Readopt: a cluster that was set back goes on only once a person has seen what the agents remember. Network IO.

use std::collections::BTreeMap;

use crds::conditions::{ConditionType, Reason};
use crds::migration_decision::Decision;
use crds::{Epoch, Migration};

use super::people::{People, digest_in};
use super::world::{World, asks_with, is_told, told};

/// The servers' epochs were set back, and another attempt begins. Gives it as it asks for approval.
pub(super) async fn nothing_goes_on_before_a_readoption_of_what_is_there(
    world: &World,
    people: &People,
    last: &Migration,
) -> Migration {
    let set_back = epochs(world).await;
    world.accepted(people.anna.on(last, Decision::Resume)).await;
    let restored = |m: &Migration| is_told(m, ConditionType::Stalled, Reason::StateRestored);
    let held = world.until(3, "the restored state to be told", restored).await;
    let message = &told(&held, ConditionType::Stalled).unwrap().message;
    assert!(message.contains("the cluster's state is older than what was done"), "{message}");
    let expected = digest_in(message);

    // The plan's own digest says nothing about what the agents remember.
    let said = world.refused(people.anna.on(&held, Decision::Readopt), Reason::PlanChanged).await;
    assert!(said.contains(expected.as_str()), "{said}");
    assert_eq!(epochs(world).await, set_back, "nobody was commanded");

    world.accepted(people.anna.on(&held, Decision::Readopt).for_plan(expected)).await;
    let asks = world.until(3, "the readopted attempt to ask for approval", |m| asks_with(m, 0)).await;
    for (server, epoch) in epochs(world).await {
        assert!(epoch > set_back[&server], "{server}: {epoch:?} after {set_back:?}");
    }
    asks
}

async fn epochs(world: &World) -> BTreeMap<String, Epoch> {
    world.servers().await.into_iter().map(|(name, status)| (name, status.epoch)).collect()
}
