//! The scheduler is on again on every server, and the servers are given back. Reached within minutes of the stop: no-flow protects
//! the scope from here on, and nobody else's changes wait.

use crds::conditions::Reason;
use crds::sync_agent::command::StartScheduler as Arguments;
use crds::sync_agent::{Action, Evidence, Expectation};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Leg, Limits, Progress, Sharing, Step, StepName, Undo, View, shared};

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
        let held = shared::held_servers(view);
        if held.is_empty() && view.record.attempts > 0 {
            // Given back: the evidence was good, or the claims would still be there.
            return Progress::Pass(Vec::new());
        }
        let started = switch_on(view, self.name());
        let Progress::Pass(_) = started else { return started };
        shared::release(&held).map_or(started, Progress::Begin)
    }
}

/// Has the agents switch the scheduler on and ask for a cycle at once.
pub(crate) fn switch_on(view: &View, step: StepName) -> Progress {
    command::run(
        view,
        step,
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
    )
}
