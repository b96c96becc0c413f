//! Automatic upgrade is set to what was recorded before the migration, unless rules of another scope are still in force. Source: Microsoft,
//! Microsoft Entra Connect: Automatic upgrade.

use crds::conditions::Reason;
use crds::migration::StepState;
use crds::sync_agent::command::Switch;
use crds::sync_agent::{Action, Evidence, Expectation};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::connect_to_cloud_sync::servers_with_auto_upgrade;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, fact_name};
use crate::observed::ServerFacts;

/// See the module.
pub(crate) struct RestoreAutoUpgrade;

impl Step for RestoreAutoUpgrade {
    fn name(&self) -> StepName {
        StepName::RestoreAutoUpgrade
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        // Whoever goes home beside it is told from whoever goes on by what is recorded, so that the last one sets it back.
        if let Err(wait) = super::recorded(view) {
            return Progress::Waiting(wait);
        }
        let needed = view.observed.migrations.iter().find(|m| {
            m.name() != view.migration.name()
                && m.way_back().is_none()
                && m.state_of(StepName::SuspendAutoUpgrade).is_some_and(|state| state != StepState::Pending)
        });
        if let Some(other) = needed {
            return Progress::Skip(format!("{} still needs it to be off", other.name()));
        }
        let switched_off: Vec<&ServerFacts> = servers_with_auto_upgrade(view)
            .into_iter()
            .filter(|server| was_enabled(view, server) && server.agent.is_some())
            .collect();
        if switched_off.is_empty() {
            return Progress::Skip("it was not enabled anywhere".to_owned());
        }
        command::run(
            view,
            self.name(),
            &switched_off,
            |_| (Action::SetAutoUpgrade(Switch { enabled: true }), Expectation::default()),
            |_, evidence| match evidence {
                Evidence::AutoUpgrade(found) if found.after == "Enabled" => Judgement::Pass(Vec::new()),
                Evidence::AutoUpgrade(found) => Judgement::Person(
                    Reason::CommandFailed,
                    format!("expected automatic upgrade to be on again, found {}", found.after),
                ),
                other => command::unexpected(other),
            },
        )
    }
}

/// Whether any migration of the topology found it on and switched it off.
fn was_enabled(view: &View, server: &ServerFacts) -> bool {
    let named = fact_name(server.name.as_str(), "before");
    view.observed.migrations.iter().any(|migration| {
        let found = |name: &str| migration.fact_of(StepName::SuspendAutoUpgrade, name);
        found(&named).or_else(|| found("before")) == Some("Enabled")
    })
}
