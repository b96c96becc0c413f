//! The wave takes every server, all or none; the claim names the migrations that share the stop (S7).

use crds::ObjectName;
use crds::conditions::Reason;
use crds::migration::StepState;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, shared};

/// See the module.
pub(crate) struct ClaimServers;

impl Step for ClaimServers {
    fn name(&self) -> StepName {
        StepName::ClaimServers
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Release
    }

    fn evaluate(&self, view: &View) -> Progress {
        if let Some(progress) = shared::servers_claimed(view) {
            return progress;
        }
        if !view.window().is_open() {
            // The window closed while the wave gathered: what has not begun does not begin.
            return Progress::Waiting(Wait::system(
                Reason::WindowClosed,
                "the window closed before the wave began",
                None,
            ));
        }
        if let Some(late) =
            view.wave_migrations().into_iter().find(|m| !m.is_past(StepName::AwaitWindow) && !m.gave_up())
        {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForWave,
                format!(
                    "{} of the same wave is not ready yet; all scopes of a wave share one stop",
                    late.name()
                ),
                None,
            ));
        }
        let migrations: Vec<ObjectName> = view
            .wave_migrations()
            .into_iter()
            .filter(|m| !m.gave_up() && m.state_of(StepName::ClaimServers) != Some(StepState::Done))
            .map(|m| m.name().into())
            .collect();
        if let Some(first) = migrations.first().filter(|first| first.as_str() != view.migration.name()) {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForWave,
                format!("{first} takes the servers for the wave"),
                None,
            ));
        }
        shared::claim_servers(view, migrations)
    }
}
