//! Deeds on the hosts of provisioning agents, and on Microsoft's side of Graph. Pure.

use serde::{Deserialize, Serialize};

use super::{ActError, Done};
use crate::estate::Estate;
use crate::graph::Graph;

/// What happens to a provisioning agent. A crash is a stop that nobody asked for: to the tenant both look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", deny_unknown_fields)]
pub enum AgentAction {
    /// Its service stops or crashes. The list of agents shows it as active for a while longer.
    Stop,
    /// Its service starts.
    Start,
    /// A person installs the newest version over it.
    Update,
}

impl AgentAction {
    pub(super) fn carry_out(self, estate: &mut Estate, machine: &str) -> Result<Done, ActError> {
        let agent = estate.cloud.agents().find(|agent| agent.machine_name == machine).map(|agent| agent.id);
        let id = agent
            .ok_or_else(|| ActError::NotFound { what: "provisioning agent", name: machine.to_owned() })?;
        estate.with_cloud(|cloud, world, now| match self {
            Self::Stop => {
                cloud.set_agent_running(id, false, now);
            }
            Self::Start => {
                cloud.set_agent_running(id, true, now);
            }
            Self::Update => world.agent_versions.update(machine),
        });
        Ok(Done::Quietly)
    }
}

/// What happens to tokens that Graph has given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", deny_unknown_fields)]
pub enum GraphAction {
    /// Every access token in circulation becomes invalid.
    RevokeTokens,
    /// Every delta token in circulation becomes unusable.
    ExpireDeltaTokens,
}

impl GraphAction {
    pub(super) fn carry_out(self, graph: &mut Graph) {
        match self {
            Self::RevokeTokens => graph.revoke_tokens(),
            Self::ExpireDeltaTokens => graph.expire_delta_tokens(),
        }
    }
}
