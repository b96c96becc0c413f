//! Side services of the server have proven new owners (S4).

use crds::conditions::Reason;

use crate::eligibility;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait};
use crate::topology;

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
        for server in view.servers() {
            let Some(features) = server.inventory.as_ref().and_then(|i| i.features.as_ref()) else {
                return Progress::Inconclusive(
                    Reason::WaitingForEvidence,
                    format!("expected the features of {}, found none in its report", server.name),
                );
            };
            let open = eligibility::side_services(features, topology::password_hash_owned(view.observed));
            if !open.is_empty() {
                let rows: Vec<String> = open.iter().map(ToString::to_string).collect();
                return Progress::Waiting(Wait::person(Reason::SideServiceWithoutOwner, rows.join(". ")));
            }
        }
        Progress::Pass(Vec::new())
    }
}
