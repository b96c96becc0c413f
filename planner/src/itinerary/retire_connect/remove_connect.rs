//! The product is uninstalled: a person's work, proven by the agent's report.

use crds::conditions::Reason;
use crds::migration::Reversibility;

use super::stopped;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait};

/// See the module.
pub(crate) struct RemoveConnect;

impl Step for RemoveConnect {
    fn name(&self) -> StepName {
        StepName::RemoveConnect
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Action {
            how: "the newest build is installed in staging mode from the kept snapshot",
            leaves: "",
        }
    }

    fn reversibility(&self, _: &View) -> Reversibility {
        Reversibility::Never {}
    }

    fn evaluate(&self, view: &View) -> Progress {
        if let Err(wait) = stopped::look(view) {
            return Progress::Waiting(wait);
        }
        for server in view.servers() {
            let Some(inventory) = &server.inventory else {
                return Progress::Inconclusive(
                    Reason::WaitingForEvidence,
                    format!("expected a report of {}", server.name),
                );
            };
            if inventory.engine.is_some() {
                return Progress::Waiting(Wait::person(
                    Reason::HumanActionRequired,
                    format!(
                        "uninstall Microsoft Entra Connect on {}: Control Panel, Microsoft Entra Connect Sync, Uninstall, and let the wizard \
                         remove its account or application in the cloud (builds before 2.6.84.0 leave it: run \
                         Remove-ADSyncAADServiceAccount first). It is done when the agent reports that no engine is installed",
                        server.name
                    ),
                ));
            }
        }
        Progress::Pass(Vec::new())
    }
}
