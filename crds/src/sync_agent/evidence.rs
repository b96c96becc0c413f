//! Outcomes of commands, and the evidence they carry.
//!
//! Evidence says what was seen, not what it means: verdicts are the planner's. Lists of anchors are bounded samples; the counts
//! beside them are exact.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::command::{ConnectorSelection, MOST_NO_FLOW_SCOPES, MOST_UNITS, Profile};
use crate::primitive::{ContentDigest, DistinguishedName, Epoch, ObjectName};

/// Longest list of anchors or names in one piece of evidence.
pub const SAMPLE: usize = 20;

/// Most containers in evidence of what is exported.
pub const MOST_CONTAINERS: usize = 8;

/// Longest name of one of them, in characters; the rest is cut off.
pub const LONGEST_CONTAINER: usize = 160;

/// Most rules that write to AD in it.
pub const MOST_WRITERS: usize = 12;

/// Most connectors to something else in it.
pub const MOST_CONNECTORS: usize = 2;

/// What came of a command.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandOutcome {
    /// The command's `id`.
    #[schemars(length(max = 128))]
    pub command_id: String,
    /// The command's `epoch`.
    pub epoch: Epoch,
    /// How far it is.
    pub state: OutcomeState,
    /// Why it was refused or failed, in words, with what to do; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 2048))]
    pub message: String,
    /// When the agent began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// What was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// How far a command is.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OutcomeState {
    /// Begun, not ended.
    Running,
    /// Done.
    Succeeded,
    /// Not begun: stale epoch, too late, or another state than expected.
    Refused,
    /// Begun and failed.
    Failed,
}

/// What was seen.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Evidence {
    /// After `readInventory`.
    Inventory(InventoryEvidence),
    /// After `takeSnapshot`.
    Snapshot(SnapshotEvidence),
    /// After `setAutoUpgrade`.
    AutoUpgrade(AutoUpgradeEvidence),
    /// After `readScope`.
    Scope(ScopeEvidence),
    /// After `stopScheduler` and `startScheduler`.
    Scheduler(SchedulerEvidence),
    /// After `putNoFlowRules`.
    Rules(RulesEvidence),
    /// After `runProfiles`.
    Runs(RunsEvidence),
    /// After `readPendingExports`.
    PendingExports(PendingExportsEvidence),
    /// After `proveNoFlow`.
    NoFlow(NoFlowEvidence),
    /// After `probe`.
    Probe(ProbeEvidence),
    /// After `readResidualExports`.
    ResidualExports(ResidualExportsEvidence),
    /// After `setService`.
    Service(ServiceEvidence),
}

/// The inventory was reported.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InventoryEvidence {
    /// Digest of the inventory in the SyncAgentReport.
    pub digest: ContentDigest,
}

/// A configuration was exported.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotEvidence {
    /// Digest of the uncompressed archive.
    pub digest: ContentDigest,
    /// Size of the compressed archive in bytes.
    pub size_bytes: i64,
    /// How many of the named Secrets were filled.
    pub secrets_used: i32,
    /// Every file could be read back.
    pub parsed: bool,
    /// Rules in it.
    pub rules: i32,
    /// Connectors in it.
    pub connectors: i32,
}

/// Automatic upgrade before and after.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoUpgradeEvidence {
    /// `Enabled`, `Suspended` or `Disabled` before.
    #[schemars(length(max = 32))]
    pub before: String,
    /// The same after.
    #[schemars(length(max = 32))]
    pub after: String,
}

/// The objects of a scope were read.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeEvidence {
    /// Digest of the objects as stored in the Secrets.
    pub digest: ContentDigest,
    /// How many of the named Secrets were filled.
    pub secrets_used: i32,
    /// Objects by type.
    #[schemars(length(max = 16))]
    pub objects: Vec<TypeCount>,
    /// The organizational units, with the GUID each has now.
    #[schemars(length(max = MOST_UNITS))]
    pub organizational_units: Vec<ResolvedUnit>,
    /// Digest of the mappings used.
    pub mappings_digest: ContentDigest,
}

/// A count of one object type.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeCount {
    /// `user`, `inetOrgPerson`, `group`, `contact`, `computer`, `device`, ...
    #[schemars(length(max = 64))]
    pub object_type: String,
    /// How many.
    pub count: i64,
}

/// An organizational unit as it is now.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedUnit {
    /// As it was asked for.
    pub distinguished_name: DistinguishedName,
    /// `objectGUID`; absent when there is no such unit or it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    pub object_guid: Option<String>,
}

/// The scheduler.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchedulerEvidence {
    /// `SyncCycleEnabled`.
    pub enabled: bool,
    /// A cycle or run is in progress.
    pub running: bool,
    /// A wizard suspends it.
    pub suspended: bool,
    /// Since when nothing has run, seen twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_since: Option<Timestamp>,
}

/// The rules after a change.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesEvidence {
    /// Digest of the content of all rules before.
    pub digest_before: ContentDigest,
    /// The same after.
    pub digest_after: ContentDigest,
    /// Rules of ours after, read back from the engine.
    pub ours: i32,
    /// Scopes that have inbound rules on every AD connector for every object type.
    #[schemars(length(max = MOST_NO_FLOW_SCOPES))]
    pub scopes: Vec<ObjectName>,
    /// When the last of them was stored.
    pub stored_at: Timestamp,
    /// Runs since the scheduler stopped that were not started by this agent.
    pub foreign_runs: i32,
}

/// Profiles that ran.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunsEvidence {
    /// The runs.
    #[schemars(length(max = 64))]
    pub runs: Vec<RunRecord>,
    /// Runs since the scheduler stopped that were not started by this agent.
    pub foreign_runs: i32,
    /// Digest of the content of all rules after the runs.
    pub rules_digest: ContentDigest,
}

/// One run.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// Kind of connector.
    pub connectors: ConnectorSelection,
    /// Name of the connector.
    #[schemars(length(max = 255))]
    pub connector: String,
    /// Profile.
    pub profile: Profile,
    /// As the engine prints it; `success` is the only good one.
    #[schemars(length(max = 128))]
    pub result: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Objects added, changed and removed by an export.
    pub export_adds: i64,
    /// See above.
    pub export_updates: i64,
    /// See above.
    pub export_deletes: i64,
}

/// What an export would write now, over every connector.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingExportsEvidence {
    /// Objects that would be made.
    pub adds: i64,
    /// Objects that would be changed.
    pub updates: i64,
    /// Objects that would be removed.
    pub deletes: i64,
    /// Removals whose source is a tombstone in AD, read by the agent.
    pub explained_deletes: i64,
    /// Anchors of removals without such a source.
    #[schemars(length(max = 20), inner(length(max = 128)))]
    pub unexplained: Vec<String>,
    /// Changes of withheld objects towards Entra without a reference among them.
    pub no_flow_values: i64,
    /// Changes of withheld objects towards Entra with a reference among them.
    pub no_flow_references: i64,
    /// Exports that failed before and are retried.
    pub retries: i64,
    /// Runs since the scheduler stopped that were not started by this agent.
    pub foreign_runs: i32,
}

/// Whether the no-flow rules are effective.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoFlowEvidence {
    /// Objects of the scopes that the engine exported or would export.
    pub in_scope: i64,
    /// Of these: `cloudNoFlow` is set, the Entra link is JoinNoFlow and no export is pending but a leak.
    pub effective: i64,
    /// Of these: a fresh change with a reference in it is pending, which the engine exports in spite of the rules.
    #[serde(default)]
    pub leaking: i64,
    /// Anchors of the others, each with the reason.
    #[schemars(length(max = 20), inner(length(max = 192)))]
    pub not_effective: Vec<String>,
    /// Objects with `cloudNoFlow` outside the scopes (a text match is no ancestry).
    pub outside: i64,
    /// Their anchors.
    #[schemars(length(max = 20), inner(length(max = 128)))]
    pub outside_anchors: Vec<String>,
    /// Digest of the sorted anchors in scope.
    pub anchors_digest: ContentDigest,
    /// Start of the oldest of the last full synchronizations of the AD connectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_synchronization_started_at: Option<Timestamp>,
    /// Runs since the scheduler stopped that were not started by this agent.
    pub foreign_runs: i32,
    /// Digest of the content of all rules.
    pub rules_digest: ContentDigest,
}

/// The test object.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeEvidence {
    /// Anchor it will have in the cloud.
    #[schemars(length(max = 128))]
    pub anchor: String,
    /// Value of `displayName` that must arrive; absent once removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub display_name: Option<String>,
    /// When the directory had it.
    pub at: Timestamp,
}

/// What a server still exports.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResidualExportsEvidence {
    /// Objects in the Entra connector space that are exported and not withheld, by type.
    #[schemars(length(max = 32))]
    pub exported: Vec<TypeCount>,
    /// Anchors of some of them.
    #[schemars(length(max = 20), inner(length(max = 128)))]
    pub anchors: Vec<String>,
    /// Rules that write to AD and are in force, by name.
    #[schemars(length(max = MOST_WRITERS), inner(length(max = 256)))]
    pub writes_to_directory: Vec<String>,
    /// Pending exports over all connectors.
    pub pending: i64,
    /// Objects that the no-flow rules of the scopes withhold.
    #[serde(default)]
    pub withheld: i64,
    /// Containers in AD that the exported objects lie in, the fullest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MOST_CONTAINERS))]
    pub containers: Vec<ContainerCount>,
    /// Connectors to neither AD nor Entra, by name: what flows through them has no other engine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MOST_CONNECTORS), inner(length(max = 256)))]
    pub other_connectors: Vec<String>,
}

impl ResidualExportsEvidence {
    /// Whether nothing at all would be missed if the engine stopped now.
    pub fn is_nothing(&self) -> bool {
        self.pending == 0
            && self.writes_to_directory.is_empty()
            && self.other_connectors.is_empty()
            && self.exported.iter().all(|entry| entry.count == 0)
    }
}

impl PendingExportsEvidence {
    /// Whether every pending deletion has its tombstone.
    pub fn is_explained(&self) -> bool {
        self.explained_deletes >= self.deletes && self.unexplained.is_empty()
    }
}

/// How many objects lie in a container.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerCount {
    /// Distinguished name; empty for objects whose place in AD is not known.
    #[schemars(length(max = LONGEST_CONTAINER))]
    pub container: String,
    /// How many.
    pub count: i64,
}

/// The engine's service.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceEvidence {
    /// The product is installed.
    pub installed: bool,
    /// The service runs.
    pub running: bool,
    /// `Automatic`, `Manual` or `Disabled`.
    #[schemars(length(max = 16))]
    pub start_type: String,
    /// The start type before the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub start_type_before: Option<String>,
    /// When it last came up by the host's own record; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_started_at: Option<Timestamp>,
    /// The scheduler is on; absent while the service is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler_enabled: Option<bool>,
    /// Runs that began with the service before its scheduler could be held.
    #[serde(default)]
    pub foreign_runs: i32,
    /// What the engine still exported, read between its last run and the stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual: Option<ResidualExportsEvidence>,
}
