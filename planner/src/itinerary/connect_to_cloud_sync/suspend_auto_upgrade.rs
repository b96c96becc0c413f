//! Automatic upgrade is switched off while rules are ours: an upgrade in mid-run resets standard rules. `Suspended` is the system's
//! own state and left alone. Source: Microsoft, Microsoft Entra Connect: Automatic upgrade.

use crds::conditions::Reason;
use crds::sync_agent::command::Switch;
use crds::sync_agent::{Action, Evidence, Expectation};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, fact};
use crate::observed::ServerFacts;

/// See the module.
pub(crate) struct SuspendAutoUpgrade;

impl Step for SuspendAutoUpgrade {
    fn name(&self) -> StepName {
        StepName::SuspendAutoUpgrade
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::READ
    }

    fn undo(&self) -> Undo {
        Undo::Action { how: "automatic upgrade is set to what was recorded", leaves: "" }
    }

    fn evaluate(&self, view: &View) -> Progress {
        let enabled: Vec<&ServerFacts> = view
            .servers()
            .into_iter()
            .filter(|server| {
                let state = server
                    .inventory
                    .as_ref()
                    .and_then(|i| i.engine.as_ref())
                    .and_then(|e| e.auto_upgrade.as_deref());
                // A server that was commanded is judged by what its agent answers, which also says what it was before.
                let attempt = view.record.attempts;
                let id = command::command_id(view, StepName::SuspendAutoUpgrade, server, attempt);
                let commanded =
                    server.agent.as_ref().and_then(|a| a.command.as_ref()).is_some_and(|c| c.id == id);
                state == Some("Enabled") || (attempt > 0 && commanded)
            })
            .collect();
        if enabled.is_empty() {
            return if view.record.attempts == 0 {
                Progress::Skip("automatic upgrade is not enabled anywhere".to_owned())
            } else {
                Progress::Pass(Vec::new())
            };
        }
        command::run(
            view,
            self.name(),
            &enabled,
            |_| (Action::SetAutoUpgrade(Switch { enabled: false }), Expectation::default()),
            |_, evidence| match evidence {
                Evidence::AutoUpgrade(found) if found.after != "Enabled" => {
                    Judgement::Pass(vec![fact("before", &found.before), fact("after", &found.after)])
                }
                Evidence::AutoUpgrade(found) => Judgement::Fail(
                    Reason::CommandFailed,
                    format!("expected automatic upgrade to be off, found {}", found.after),
                ),
                other => command::unexpected(other),
            },
        )
    }
}
