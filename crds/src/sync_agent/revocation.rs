//! Revocation of an agent: set and taken back by people, with `kubectl hybrid agent revoke | join | rotate`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SyncAgent;
use crate::primitive::ObjectName;

/// How long an API server may go on taking a token that it has checked already, after its ServiceAccount was deleted. Nothing that the
/// account's name has rights to may come back before.
///
/// Source: Kubernetes, `kubeapiserver/options/authentication.go`: a checked token is remembered for 10 seconds. The rest is for the
/// watch through which each API server learns of the deletion.
pub const FORGOTTEN_AFTER_SECONDS: i64 = 20;

/// Why an agent speaks for nobody any more.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// Since when, by the clock of whoever revoked it.
    pub at: Timestamp,
    /// Why, for those who read it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub reason: Option<String>,
}

impl SyncAgent {
    /// Whether what this agent reports may be taken as said of a server: it speaks for that one, and is not revoked. Whether the server
    /// accepts it is the SyncServer's to say.
    pub fn speaks_for(&self, server: &ObjectName) -> bool {
        self.spec.server_ref.name == *server && self.spec.revoked.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::SyncAgentSpec;
    use super::*;

    #[test]
    fn a_revoked_agent_speaks_for_nobody() {
        let mut agent = SyncAgent::new("sync01", SyncAgentSpec::for_server("sync01"));
        assert!(agent.speaks_for(&"sync01".into()));
        assert!(!agent.speaks_for(&"sync02".into()));
        agent.spec.revoked = Some(Revocation { at: Timestamp::UNIX_EPOCH, reason: None });
        assert!(!agent.speaks_for(&"sync01".into()));
    }
}
