//! The engine's service is stopped and does not start with the host.

use crds::conditions::Reason;
use crds::migration::Reversibility;
use crds::sync_agent::command::SetService;
use crds::sync_agent::{Action, Evidence, Expectation};

use super::CHEAP_RESTART;
use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, fact};

/// See the module.
pub(crate) struct StopEngine;

impl Step for StopEngine {
    fn name(&self) -> StepName {
        StepName::StopEngine
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::READ
    }

    fn undo(&self) -> Undo {
        Undo::Action {
            how: "the service starts, a full import and synchronization run without export, the exports are reviewed, then the scheduler goes on",
            leaves: "",
        }
    }

    fn reversibility(&self, view: &View) -> Reversibility {
        view.now
            .checked_add(CHEAP_RESTART)
            .map_or(Reversibility::Never {}, |time| Reversibility::Until { time })
    }

    fn evaluate(&self, view: &View) -> Progress {
        command::run(
            view,
            self.name(),
            &view.servers(),
            |_| {
                let expects = Expectation { idle: Some(true), ..Expectation::default() };
                (Action::SetService(SetService { running: false, automatic: false }), expects)
            },
            |_, evidence| match evidence {
                Evidence::Service(found) if !found.running && found.start_type == "Disabled" => {
                    Judgement::Pass(vec![fact("startType", &found.start_type)])
                }
                Evidence::Service(found) => Judgement::Again(
                    Reason::WaitingForEvidence,
                    format!(
                        "expected the service stopped and Disabled, found running: {}, {}",
                        found.running, found.start_type
                    ),
                ),
                other => command::unexpected(other),
            },
        )
    }
}
