//! What any listed server exports, minus what was proven taken over, is empty: over all object types and connectors (S4).

use super::residual;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, fact};

/// See the module.
pub(crate) struct CheckResidualExports;

impl Step for CheckResidualExports {
    fn name(&self) -> StepName {
        StepName::CheckResidualExports
    }

    fn limits(&self, _: &View) -> Limits {
        // Objects that still have to move are a person's work; this step looks until they have.
        Limits { active: jiff::SignedDuration::from_hours(24 * 365), waiting: None }
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let servers = match residual::readable(view) {
            Ok(servers) => servers,
            Err(wait) => return Progress::Waiting(wait),
        };
        if servers.is_empty() {
            return Progress::Pass(vec![
                fact("exported", 0),
                fact("engine", "not installed on any listed server"),
            ]);
        }
        residual::read(view, self.name(), &servers)
    }
}
