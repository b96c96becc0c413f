//! After the observation: the service has rested all the time, is still stopped and Disabled, and every job of the tenant still works.

use crds::conditions::Reason;
use crds::sync_agent::command::Nothing;
use crds::sync_agent::{Action, Evidence, Expectation};

use super::stopped;
use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact};

/// See the module.
pub(crate) struct VerifyStopped;

impl Step for VerifyStopped {
    fn name(&self) -> StepName {
        StepName::VerifyStopped
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::READ
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let read = command::run(
            view,
            self.name(),
            &view.servers(),
            |_| (Action::ReadInventory(Nothing {}), Expectation::default()),
            |_, evidence| match evidence {
                Evidence::Inventory(_) => Judgement::Pass(Vec::new()),
                other => command::unexpected(other),
            },
        );
        let Progress::Pass(mut facts) = read else { return read };
        let rest = match stopped::look(view) {
            Ok(rest) => rest,
            Err(wait) => return Progress::Waiting(wait),
        };
        let until = stopped::observed_until(view, &rest);
        if view.now < until {
            let why = format!("observed until {until}; {}{}", stopped::restart(view), rest.noted());
            return Progress::Waiting(Wait::system(Reason::Observing, why, Some(until)));
        }
        if let Some(wait) = stopped::unserved(view, rest.since) {
            return Progress::Waiting(wait);
        }
        facts.push(fact("restsSince", rest.since));
        Progress::Pass(facts)
    }
}
