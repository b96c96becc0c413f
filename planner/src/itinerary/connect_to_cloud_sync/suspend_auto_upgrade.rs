//! Automatic upgrade is switched off while rules are ours: an upgrade in mid-run resets standard rules. `Suspended` is the system's
//! own state and left alone. Every server is asked, whatever its last report says: the way home of another scope may just set it back, and
//! the agent alone knows what it was before. Source: Microsoft, Microsoft Entra Connect: Automatic upgrade.

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
        let known = servers_with_auto_upgrade(view);
        if known.is_empty() {
            return Progress::Skip("no engine says whether it upgrades by itself".to_owned());
        }
        command::run(
            view,
            self.name(),
            &known,
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

/// Servers whose engine knows automatic upgrade.
pub(crate) fn servers_with_auto_upgrade<'a>(view: &View<'a>) -> Vec<&'a ServerFacts> {
    let knows = |server: &&ServerFacts| {
        let engine = server.inventory.as_ref().and_then(|inventory| inventory.engine.as_ref());
        engine.is_some_and(|engine| engine.auto_upgrade.is_some())
    };
    view.servers().into_iter().filter(knows).collect()
}
