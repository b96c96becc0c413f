//! Commands: a closed list of actions with typed arguments. No script text, ever.

use jiff::Timestamp;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BULK_SECRETS;
use crate::primitive::{ContentDigest, DistinguishedName, Epoch, ObjectName};

/// One command.
#[derive(KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// Names the command; the same id is the same command.
    #[schemars(length(max = 128), regex(pattern = "^[a-z0-9][a-z0-9.-]*$"))]
    pub id: String,
    /// The server's epoch when the command was given. Older than the highest the agent has seen: refused.
    pub epoch: Epoch,
    /// Not begun after this instant.
    pub not_after: Timestamp,
    /// What the agent must find before it acts; anything else: refused.
    #[serde(default)]
    pub expects: Expectation,
    /// What to do.
    pub action: Action,
}

/// The state an agent must find before it acts. Absent = not looked at.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Expectation {
    /// `SyncCycleEnabled` of the scheduler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduler_enabled: Option<bool>,
    /// No cycle or run in progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<bool>,
    /// Staging mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staging: Option<bool>,
    /// The service runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_running: Option<bool>,
    /// Digest of the content of all rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules_digest: Option<ContentDigest>,
    /// No run has started since this instant that the agent did not start itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_foreign_run_since: Option<Timestamp>,
}

/// What an agent can be told to do. Every action is safe to repeat.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Reads the inventory again and reports it.
    ReadInventory(Nothing),
    /// Exports the configuration, proves that it can be read back, and puts it compressed into the named Secrets.
    TakeSnapshot(IntoSecrets),
    /// Switches automatic upgrade on or off.
    SetAutoUpgrade(Switch),
    /// Reads the objects of a scope: anchors, types, and digests of what the job's mappings would make of them.
    ReadScope(ReadScope),
    /// Switches the scheduler off and waits until nothing runs.
    StopScheduler(StopScheduler),
    /// Switches the scheduler on; ends when it is proven on, not when a cycle has run.
    StartScheduler(StartScheduler),
    /// Makes the no-flow rules of ours exactly those for these scopes.
    PutNoFlowRules(NoFlowRules),
    /// Runs profiles, one after the other.
    RunProfiles(RunProfiles),
    /// Reads what an export would write now.
    ReadPendingExports(Nothing),
    /// Reads whether the rules are effective on every object of these scopes.
    ProveNoFlow(NoFlowRules),
    /// Makes, changes or removes a test object below the probe organizational unit.
    Probe(Probe),
    /// Reads what the server still exports besides what is withheld by no-flow rules of these scopes.
    ReadResidualExports(NoFlowRules),
    /// Stops or starts the engine's service and sets its start type.
    SetService(SetService),
}

impl Action {
    /// Name of the action, for logs, metrics and people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ReadInventory(_) => "readInventory",
            Self::TakeSnapshot(_) => "takeSnapshot",
            Self::SetAutoUpgrade(_) => "setAutoUpgrade",
            Self::ReadScope(_) => "readScope",
            Self::StopScheduler(_) => "stopScheduler",
            Self::StartScheduler(_) => "startScheduler",
            Self::PutNoFlowRules(_) => "putNoFlowRules",
            Self::RunProfiles(_) => "runProfiles",
            Self::ReadPendingExports(_) => "readPendingExports",
            Self::ProveNoFlow(_) => "proveNoFlow",
            Self::Probe(_) => "probe",
            Self::ReadResidualExports(_) => "readResidualExports",
            Self::SetService(_) => "setService",
        }
    }

    /// Whether the action changes anything on the server or in the directory.
    pub fn mutates(&self) -> bool {
        match self {
            Self::ReadInventory(_)
            | Self::TakeSnapshot(_)
            | Self::ReadScope(_)
            | Self::ReadPendingExports(_)
            | Self::ProveNoFlow(_)
            | Self::ReadResidualExports(_) => false,
            Self::SetAutoUpgrade(_)
            | Self::StopScheduler(_)
            | Self::StartScheduler(_)
            | Self::PutNoFlowRules(_)
            | Self::RunProfiles(_)
            | Self::Probe(_)
            | Self::SetService(_) => true,
        }
    }
}

/// No arguments.
#[derive(JsonSchema, Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

/// Where bulk goes: Secrets that the operator made for the agent, filled in this order.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntoSecrets {
    /// Names of the Secrets.
    #[schemars(length(min = 1, max = BULK_SECRETS))]
    pub secrets: Vec<ObjectName>,
}

/// On or off.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Switch {
    /// The wanted state.
    pub enabled: bool,
}

/// Arguments of `readScope`.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadScope {
    /// The organizational units of one scope.
    #[schemars(length(min = 1, max = MOST_UNITS))]
    pub organizational_units: Vec<DistinguishedName>,
    /// Secret with the mappings of the jobs by AD domain (`mappings.json`) and the key of the digests (`digest-key`).
    pub mappings: ObjectName,
    /// Where the objects go.
    #[schemars(length(min = 1, max = BULK_SECRETS))]
    pub secrets: Vec<ObjectName>,
}

/// Arguments of `stopScheduler`.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StopScheduler {
    /// When it passes, the agent switches the scheduler on by itself, whoever is reachable.
    pub resume_by: Timestamp,
}

/// Arguments of `startScheduler`.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartScheduler {
    /// Ask for a cycle at once, so that the next one is not waited for. How it went is in the inventory's runs.
    #[serde(default)]
    pub start_cycle: bool,
}

/// Most scopes that one engine can hold no-flow rules of: custom rules have 100 precedences, each scope takes one of them at least and
/// what all share another. Source: Microsoft, "Import and export Microsoft Entra Connect configuration settings" (precedences 0 to 99).
pub const MOST_NO_FLOW_SCOPES: usize = 99;

/// Most organizational units of a scope, as of `SyncTopology.spec.scopes`.
pub const MOST_UNITS: usize = 8;

/// Scopes with their organizational units: all that are withheld on the server, not only those of a wave.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoFlowRules {
    /// The scopes.
    #[schemars(length(max = MOST_NO_FLOW_SCOPES))]
    pub scopes: Vec<NoFlowScope>,
}

/// One scope of a rule command.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoFlowScope {
    /// Name of the scope, as it appears in the rules' names.
    pub name: ObjectName,
    /// Its organizational units.
    #[schemars(length(min = 1, max = MOST_UNITS))]
    pub organizational_units: Vec<DistinguishedName>,
}

/// Arguments of `runProfiles`.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunProfiles {
    /// The runs in order.
    #[schemars(length(min = 1, max = 16))]
    pub runs: Vec<ProfileRun>,
}

/// One profile on one kind of connector.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileRun {
    /// On which connectors.
    pub connectors: ConnectorSelection,
    /// Which profile.
    pub profile: Profile,
}

/// Which connectors a profile runs on.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectorSelection {
    /// Every Active Directory connector, one after the other.
    ActiveDirectory,
    /// The Entra connector.
    Entra,
}

/// Run profiles.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the engine's own")]
pub enum Profile {
    FullImport,
    DeltaImport,
    FullSynchronization,
    DeltaSynchronization,
    Export,
}

/// Arguments of `probe`.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// Where the test object lives.
    pub organizational_unit: DistinguishedName,
    /// Part of the object's name and of the changed value, so that it is recognised in the cloud.
    #[schemars(length(min = 4, max = 40), regex(pattern = "^[a-z0-9-]+$"))]
    pub token: String,
    /// What to do with it.
    pub phase: ProbePhase,
}

/// Phases of a probe.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProbePhase {
    /// Makes the test user.
    Create,
    /// Changes an attribute of it.
    Change,
    /// Removes it.
    Remove,
}

/// Arguments of `setService`.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetService {
    /// The service runs.
    pub running: bool,
    /// It starts with the host.
    pub automatic: bool,
    /// Start type, where it is another than `automatic` says (`Automatic` or `Disabled`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_type: Option<StartType>,
    /// For a start: the scheduler is switched off as soon as the service answers, so that nothing is exported before it was reviewed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hold_scheduler: bool,
    /// For a stop: the scheduler is switched off, and with nothing running it is read what the engine exports besides what is withheld for
    /// these scopes. If there is anything, the scheduler is switched on again and nothing is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_if_nothing_left: Option<NoFlowRules>,
}

/// Start types of a Windows service.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StartType {
    /// It starts with the host.
    Automatic,
    /// It starts when somebody starts it.
    Manual,
    /// Nobody can start it before the start type is another one.
    Disabled,
}
