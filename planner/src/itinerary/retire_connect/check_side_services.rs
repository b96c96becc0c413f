//! Side services of the server have proven new owners (S4).

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View};

use super::side_services;

/// See the module.
pub(crate) struct CheckSideServices;

impl Step for CheckSideServices {
    fn name(&self) -> StepName {
        StepName::CheckSideServices
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        match side_services::owned(view) {
            Ok(facts) => Progress::Pass(facts),
            Err(wait) => Progress::Waiting(wait),
        }
    }
}
