//! The scheduler is on again on every server, and the servers are given back. Reached within minutes of the stop: no-flow protects
//! the scope from here on, and nobody else's changes wait.

use crds::conditions::Reason;
use crds::sync_agent::command::StartScheduler as Arguments;
use crds::sync_agent::{Action, Evidence, Expectation};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::shared::is_ours;
use crate::itinerary::{Leg, Limits, Progress, Sharing, Step, StepName, Undo, View};
use crate::plan::Effect;

/// See the module.
pub(crate) struct StartScheduler(pub(crate) Leg);

impl Step for StartScheduler {
    fn name(&self) -> StepName {
        self.0.name(StepName::StartScheduler, StepName::StartSchedulerHome)
    }

    fn sharing(&self) -> Sharing {
        self.0.sharing()
    }

    fn limits(&self, _: &View) -> Limits {
        self.0.limits()
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let held: Vec<_> = view
            .servers()
            .into_iter()
            .filter(|s| s.claim.as_ref().is_some_and(|c| is_ours(view, c)))
            .collect();
        if held.is_empty() && view.record.attempts > 0 {
            // Given back: the evidence was good, or the claims would still be there.
            return Progress::Pass(Vec::new());
        }
        let started = command::run(
            view,
            self.name(),
            &view.servers(),
            |_| {
                let expects = Expectation { service_running: Some(true), ..Expectation::default() };
                (Action::StartScheduler(Arguments { start_cycle: true }), expects)
            },
            |_, evidence| match evidence {
                Evidence::Scheduler(found) if found.enabled => Judgement::Pass(Vec::new()),
                Evidence::Scheduler(_) => {
                    Judgement::Again(Reason::WaitingForEvidence, "the scheduler is still off".to_owned())
                }
                other => command::unexpected(other),
            },
        );
        let Progress::Pass(_) = started else { return started };
        let Some(holder) = held.first().and_then(|s| s.claim.as_ref()).map(|claim| claim.holder.clone())
        else {
            return started;
        };
        Progress::Begin(Effect::ReleaseServers {
            servers: held.iter().map(|s| s.name.clone()).collect(),
            holder,
        })
    }
}
