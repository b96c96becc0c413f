//! `SyncAgent`: the one command the operator gives an agent, and what the agent says came of it.
//!
//! Two writers, one field each: the operator writes `spec`, the agent writes `status`. The whole object stays below 16 KiB, but while
//! its command carries the no-flow rules of very many organizational units (`docs/decisions/0004-size-of-a-command.md`).

pub mod command;
pub mod evidence;
pub mod inventory;
mod receipt;
pub mod revocation;
pub mod watch;

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use command::{Action, Command, Expectation};
pub use evidence::{CommandOutcome, Evidence, OutcomeState};
pub use receipt::received_at;
pub use revocation::{FORGOTTEN_AFTER_SECONDS, Revocation};

use crate::primitive::{ContentDigest, Epoch, LocalRef, ObjectName, says};

/// The operator's line to one agent.
#[derive(CustomResource, KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "hybrididentity.dev",
    version = "v1alpha1",
    kind = "SyncAgent",
    shortname = "sagent",
    category = "hybrid-identity",
    namespaced,
    derive = "PartialEq",
    status = "SyncAgentStatus",
    doc = "The line between the operator and one agent: the operator writes the command, the agent writes the outcome.",
    printcolumn(name = "Server", type_ = "string", json_path = ".spec.serverRef.name"),
    printcolumn(name = "Version", type_ = "string", json_path = ".status.agentVersion"),
    printcolumn(name = "Command", type_ = "string", json_path = ".spec.command.id"),
    printcolumn(name = "Outcome", type_ = "string", json_path = ".status.outcome.state"),
    printcolumn(name = "Revoked", type_ = "date", json_path = ".spec.revoked.at"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.serverRef == oldSelf.serverRef").field_path(".serverRef").reason(Reason::FieldValueForbidden)
        .message(says("'`serverRef` must not change: an agent speaks for one server; it is ' + oldSelf.serverRef.name + ', found ' + self.serverRef.name")),
    validation = Rule::new("!has(oldSelf.command) || !has(self.command) || self.command.epoch >= oldSelf.command.epoch")
        .field_path(".command.epoch").reason(Reason::FieldValueInvalid)
        .message("`epoch` must not go down: the command is older than the one before it"),
    validation = Rule::new("!has(oldSelf.command) || !has(self.command) || self.command.id != oldSelf.command.id || self.command == oldSelf.command")
        .field_path(".command.id").reason(Reason::FieldValueForbidden)
        .message(says("'a command must not change under the same `id`, found another command with `id` ' + self.command.id")),
)]
pub struct SyncAgentSpec {
    /// The server the agent speaks for.
    pub server_ref: LocalRef,

    /// How often the agent renews its Lease and looks at the engine.
    #[serde(default = "heartbeat")]
    #[schemars(range(min = 1, max = 300), default = "heartbeat")]
    pub heartbeat_seconds: i32,

    /// The current command; the one before it is over once this changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,

    /// What is looked at again with every inventory.
    #[serde(default, skip_serializing_if = "watch::Watch::is_empty")]
    pub watch: watch::Watch,

    /// The agent speaks for nobody any more: it has no account, gets no command, and what it said before is not believed. Set by
    /// people, with `kubectl hybrid agent revoke`; taken back by `kubectl hybrid agent join`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
}

impl SyncAgentSpec {
    /// An agent that has just joined: no command yet.
    pub fn for_server(server: &str) -> Self {
        Self {
            server_ref: LocalRef::new(server),
            heartbeat_seconds: heartbeat(),
            command: None,
            watch: watch::Watch::default(),
            revoked: None,
        }
    }
}

fn heartbeat() -> i32 {
    15
}

/// Status of a SyncAgent, written by its agent only.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncAgentStatus {
    /// Generation of the spec the agent has read; -1 before the first look.
    pub observed_generation: i64,
    /// Version of the agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub agent_version: Option<String>,
    /// Made when the agent's journal was created. Another value than before: the agent lost its memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub journal_id: Option<String>,
    /// Highest epoch ever seen by this journal. Above the command's: the cluster lost its memory (`StateRestored`).
    pub highest_epoch: Epoch,
    /// Digest of the inventory in the agent's SyncAgentReport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory_digest: Option<ContentDigest>,
    /// When the agent will switch the scheduler on by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_by: Option<Timestamp>,
    /// What the agent did by itself when `resumeBy` had passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub resumed: Option<String>,
    /// What came of the current command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<CommandOutcome>,
}

/// Key of a part of bulk in its Secret.
pub const CHUNK_KEY: &str = "chunk";

/// Key of the jobs' mappings, by AD domain, in the Secret that [`mappings_secret`] names.
pub const MAPPINGS_KEY: &str = "mappings.json";

/// Key of the digests' key in the same Secret.
pub const DIGEST_KEY: &str = "digest-key";

/// How many Secrets an agent has for bulk (a snapshot, the objects of a scope), at most 700 KiB each.
pub const BULK_SECRETS: usize = 8;

/// Names of the Secrets that the operator makes for an agent's bulk.
pub fn bulk_secrets(agent: &ObjectName) -> Vec<ObjectName> {
    (0..BULK_SECRETS).map(|index| ObjectName(format!("{agent}-bulk-{index}"))).collect()
}

/// Name of the Secret in which the operator hands an agent the mappings of a job ([`MAPPINGS_KEY`]) and the key of the digests
/// ([`DIGEST_KEY`]).
pub fn mappings_secret(agent: &ObjectName) -> ObjectName {
    ObjectName(format!("{agent}-mappings"))
}

/// Digest of the mappings of the jobs of several domains, given the digest of each: that of the one, where there is one.
pub fn mappings_digest<'a>(jobs: impl IntoIterator<Item = (&'a str, &'a ContentDigest)>) -> ContentDigest {
    let jobs: BTreeMap<String, &ContentDigest> =
        jobs.into_iter().map(|(domain, digest)| (domain.to_lowercase(), digest)).collect();
    match jobs.values().next() {
        Some(only) if jobs.len() == 1 => (*only).clone(),
        _ => {
            let lines: Vec<String> =
                jobs.iter().map(|(domain, digest)| format!("{domain} {digest}\n")).collect();
            ContentDigest::of(lines.concat().as_bytes())
        }
    }
}

/// Name of the SyncAgentReport with an agent's inventory.
pub fn inventory_report(agent: &str) -> String {
    format!("{agent}-inventory")
}

#[cfg(test)]
mod tests;
