//! Every scope of the topology has moved, and none stays on Entra Connect.

use crds::conditions::Reason;
use crds::sync_server::ServerRole;
use crds::sync_topology::Engine;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact};
use crate::topology;

/// See the module.
pub(crate) struct AwaitScopes;

impl Step for AwaitScopes {
    fn name(&self) -> StepName {
        StepName::AwaitScopes
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let spec = &view.observed.topology.spec;
        if let Some(scope) = spec.scopes.iter().find(|scope| scope.engine == Engine::EntraConnect) {
            return Progress::Waiting(Wait::person(
                Reason::ResidualExports,
                format!(
                    "scope {} stays on EntraConnect: this server, or another one, still serves it",
                    scope.name
                ),
            ));
        }
        // A staging server that stays is one click away from exporting, and nobody would watch it.
        let stays = spec.servers.iter().filter(|intent| intent.retire_by.is_none()).find(|intent| {
            let server = view.observed.servers.get(&intent.name);
            server.is_some_and(|server| server.role == Some(ServerRole::Staging))
        });
        if let Some(intent) = stays {
            return Progress::Waiting(Wait::person(
                Reason::ResidualExports,
                format!(
                    "{} is in staging mode and has no `retireBy`: declare one, or uninstall it and take it out of `spec.servers`",
                    intent.name
                ),
            ));
        }
        let left: Vec<&str> = spec
            .scopes
            .iter()
            .filter(|scope| !topology::has_moved(view.observed, &scope.name))
            .map(|scope| scope.name.as_str())
            .collect();
        if left.is_empty() {
            return Progress::Pass(vec![fact("scopes", spec.scopes.len())]);
        }
        Progress::Waiting(Wait::system(
            Reason::WaitingForWave,
            format!("scopes that have not moved yet: {}", left.join(", ")),
            None,
        ))
    }
}
