//! The scope's objects are listed: anchors, types, and digests of what the job would make of them.

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, listing};

/// See the module.
pub(crate) struct ReadScope;

impl Step for ReadScope {
    fn name(&self) -> StepName {
        StepName::ReadScope
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::READ
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        listing::fresh(view, self.name())
    }
}
