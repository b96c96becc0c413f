//! The stopped engine stays installed for the observation period: the cheap way back. Every report is looked at, and every job.

use crds::conditions::Reason;

use super::stopped;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact};

/// See the module.
pub(crate) struct Observe;

impl Step for Observe {
    fn name(&self) -> StepName {
        StepName::Observe
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let rest = match stopped::look(view) {
            Ok(rest) => rest,
            Err(wait) => return Progress::Waiting(wait),
        };
        let until = stopped::observed_until(view, &rest);
        if let Some(wait) = stopped::unserved(view, rest.since) {
            // Only a job that a person must see to is told before the end.
            if view.now >= until || wait.on == crate::itinerary::WaitingOn::Person {
                return Progress::Waiting(wait);
            }
        }
        if view.now >= until {
            let mut facts = vec![fact("restsSince", rest.since)];
            facts.extend(
                rest.notes.iter().take(8).enumerate().map(|(n, note)| fact(&format!("note{}", n + 1), note)),
            );
            return Progress::Pass(facts);
        }
        Progress::Waiting(Wait::system(
            Reason::Observing,
            format!("observed until {until}; {}{}", stopped::restart(view), rest.noted()),
            Some(until),
        ))
    }
}
