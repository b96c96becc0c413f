//! The stopped engine stays installed for the observation period: the cheap way back.

use crds::conditions::Reason;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait};

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
        let (Some(stopped), Some(subject)) =
            (view.done_at(StepName::StopEngine), &view.migration.object.spec.server)
        else {
            return Progress::Inconclusive(
                Reason::WaitingForEvidence,
                "it is not known when the engine was stopped".to_owned(),
            );
        };
        let until =
            stopped.checked_add(subject.observation_period.0.length()).unwrap_or(jiff::Timestamp::MAX);
        if view.now >= until {
            return Progress::Pass(Vec::new());
        }
        Progress::Waiting(Wait::system(Reason::Observing, format!("observed until {until}"), Some(until)))
    }
}
