//! What people do behind everybody's back, each deed an [`Act`]: data that a test, a simulation or the admin endpoint hands to
//! [`Running::act`]. Pure; does no IO.
//!
//! The list with an example of each and its effect: `docs/estate-faults.md`.

mod agent;
mod directory;
mod job;
mod server;
mod tenant;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::serve::Running;

pub use agent::{AgentAction, GraphAction};
pub use directory::{DirectoryAction, Given};
pub use job::{JobAction, QuarantineCause};
pub use server::ServerAction;
pub use tenant::TenantAction;

/// One thing that a person does, or that happens as if one did. As JSON: `{"at": "server", "server": "sync01", "action": "openWizard"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "camelCase")]
pub enum Act {
    /// In the directory.
    Directory(DirectoryAction),
    /// At the console of a sync server.
    Server {
        /// The server's name.
        server: String,
        /// What is done there.
        #[serde(flatten)]
        action: ServerAction,
    },
    /// In the portal, on the cloud sync configuration of a domain.
    Job {
        /// DNS name of the AD domain.
        domain: String,
        /// What is done there.
        #[serde(flatten)]
        action: JobAction,
    },
    /// In the portal, on the tenant.
    Tenant(TenantAction),
    /// On the host of a provisioning agent.
    Agent {
        /// Its machine name.
        machine: String,
        /// What is done there.
        #[serde(flatten)]
        action: AgentAction,
    },
    /// On Microsoft's side of Graph.
    Graph(GraphAction),
}

/// What came of an [`Act`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Done {
    /// There is nothing to say about it; null as JSON.
    Quietly,
    /// It concerned an object of the directory.
    Object {
        /// Its `objectGUID`.
        object_guid: Uuid,
    },
    /// It concerned several objects of the directory.
    Objects {
        /// Their `objectGUID`s.
        object_guids: Vec<Uuid>,
    },
    /// It concerned an object of the tenant.
    CloudObject {
        /// Its object id.
        object_id: Uuid,
    },
    /// A run has begun; it takes effect when it ends.
    Run {
        /// Its identifier.
        run_history_id: Uuid,
    },
    /// What a cmdlet answered.
    Answer(Value),
}

/// Why an [`Act`] was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// It makes no sense.
    #[error("{0}")]
    BadRequest(String),
    /// Whom or what it concerns does not exist.
    #[error("there is no {what} named {name}")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// The name given.
        name: String,
    },
    /// The system concerned refused it just now.
    #[error("{0}")]
    Refused(String),
}

impl Running {
    /// Lets somebody do something, at the estate's present time. The judge looks at what came of it.
    ///
    /// # Errors
    /// Why it was not done; then nothing has changed.
    pub fn act(&mut self, act: Act) -> Result<Done, ActError> {
        match act {
            Act::Directory(action) => {
                self.estate.with_world(|world, now| action.carry_out(&mut world.directory, now))
            }
            Act::Server { server, action } => action.carry_out(&mut self.estate, &server),
            Act::Job { domain, action } => action.carry_out(self, &domain),
            Act::Tenant(action) => action.carry_out(&mut self.estate),
            Act::Agent { machine, action } => action.carry_out(&mut self.estate, &machine),
            Act::Graph(action) => {
                action.carry_out(&mut self.graph);
                Ok(Done::Quietly)
            }
        }
    }
}
