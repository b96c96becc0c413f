//! Whoever goes home together takes every server, all or none (S7), and holds its jobs before that: nobody who holds the servers waits
//! for a job.

use crds::ObjectName;
use crds::conditions::Reason;
use crds::migration::{StepState, Way};

use super::claim_job;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, shared};
use crate::observed::MigrationFacts;

/// See the module.
pub(crate) struct ClaimServersHome;

impl Step for ClaimServersHome {
    fn name(&self) -> StepName {
        StepName::ClaimServersHome
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Release
    }

    fn evaluate(&self, view: &View) -> Progress {
        let way_back = match super::recorded(view) {
            Ok(way_back) => way_back,
            Err(wait) => return Progress::Waiting(wait),
        };
        // One stop for all that the job serves: it is paused in that stop, and whoever came later would be without an engine.
        let late = claim_job::party(view).into_iter().find(|m| !m.is_past(StepName::ClaimJobHome));
        if let Some(late) = late.filter(|_| way_back.way == Way::PauseJob) {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForWave,
                format!("{} goes home in the same stop", late.name()),
                None,
            ));
        }
        if let Some(progress) = shared::servers_claimed(view) {
            return progress;
        }
        let party: Vec<ObjectName> = party(view).into_iter().map(|m| m.name().into()).collect();
        if let Some(first) = party.first().filter(|first| first.as_str() != view.migration.name()) {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForClaim,
                format!("{first} takes the servers for all that go home"),
                None,
            ));
        }
        shared::claim_servers(view, party)
    }
}

/// Migrations that wait here, by name: they share one stop.
fn party<'a>(view: &View<'a>) -> Vec<&'a MigrationFacts> {
    let mut party: Vec<&MigrationFacts> = view
        .observed
        .migrations
        .iter()
        .filter(|m| {
            let way = m.way_back().map(|way_back| way_back.way);
            let here = !m.is_past(StepName::ClaimServersHome)
                && m.state_of(StepName::ClaimServersHome) != Some(StepState::Failed);
            let ready = match way {
                Some(Way::RemoveRules) => true,
                Some(Way::PauseJob) => m.is_past(StepName::ClaimJobHome) || m.name() == view.migration.name(),
                _ => false,
            };
            ready && here
        })
        .collect();
    party.sort_by_key(|m| m.name().to_owned());
    party
}
