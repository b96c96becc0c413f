//! The inventory of a sync server, as its agent reports it in a SyncAgentReport (at most 64 KiB).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::command::MOST_NO_FLOW_SCOPES;
use super::watch::WatchInventory;
use crate::primitive::{ContentDigest, DistinguishedName, Epoch, ObjectName};
use crate::sync_topology::Engine;

/// Everything the agent knows about its host and the engine on it.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// Highest epoch the agent had seen.
    pub epoch: Epoch,
    /// The host.
    pub host: HostInventory,
    /// The engine; absent when none is installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineInventory>,
    /// The engine's scheduler; absent while its service is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<SchedulerInventory>,
    /// Connectors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub connectors: Vec<ConnectorInventory>,
    /// Rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<RulesInventory>,
    /// Features in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<FeaturesInventory>,
    /// Last runs, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 24))]
    pub last_runs: Vec<RunInventory>,
    /// Watched scopes; absent until they were looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<WatchInventory>,
}

/// The host.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostInventory {
    /// Host name.
    #[schemars(length(max = 253))]
    pub name: String,
    /// Operating system.
    #[schemars(length(max = 128))]
    pub operating_system: String,
    /// Its build.
    #[schemars(length(max = 64))]
    pub operating_system_build: String,
    /// Server Core.
    pub server_core: bool,
    /// Joined to a domain.
    pub domain_joined: bool,
    /// .NET Framework version.
    #[schemars(length(max = 64))]
    pub dot_net_version: String,
    /// Windows PowerShell version.
    #[schemars(length(max = 64))]
    pub power_shell_version: String,
    /// Physical memory in MiB.
    pub memory_mib: i64,
    /// TLS 1.2 registry values as found.
    #[schemars(length(max = 16))]
    pub tls_registry: Vec<RegistryInventory>,
    /// Version of Microsoft's provisioning agent on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub provisioning_agent_version: Option<String>,
    /// When the host last started; absent where it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booted_at: Option<Timestamp>,
}

/// One registry value.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryInventory {
    /// Key path.
    #[schemars(length(max = 256))]
    pub path: String,
    /// Value name.
    #[schemars(length(max = 64))]
    pub name: String,
    /// Data; absent = not found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<i64>,
}

/// The engine.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineInventory {
    /// Which product.
    pub engine: Engine,
    /// Version.
    #[schemars(length(max = 64))]
    pub version: String,
    /// `Express`, `Custom`, or empty.
    #[schemars(length(max = 64))]
    pub installation_type: String,
    /// The service runs.
    pub service_running: bool,
    /// `Automatic`, `Manual` or `Disabled`.
    #[schemars(length(max = 16))]
    pub service_start_type: String,
    /// When the service last came up by the host's own record; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_last_started_at: Option<Timestamp>,
    /// `Enabled`, `Suspended`, `Disabled`; absent where the build has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub auto_upgrade: Option<String>,
    /// The database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<SqlInventory>,
    /// `objectGUID` or `mS-DS-ConsistencyGuid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub anchor_attribute: Option<String>,
    /// Attribute used as user principal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub user_principal_name_attribute: Option<String>,
}

/// The engine's database.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SqlInventory {
    /// LocalDB.
    pub local_db: bool,
    /// Version.
    #[schemars(length(max = 64))]
    pub version: String,
    /// Size in MiB.
    pub size_mib: i64,
}

/// The scheduler.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "these are the cmdlet's own fields")]
pub struct SchedulerInventory {
    /// Cycles start by themselves.
    pub enabled: bool,
    /// A cycle runs.
    pub running: bool,
    /// A wizard suspends it.
    pub suspended: bool,
    /// Staging mode.
    pub staging: bool,
    /// Effective interval in seconds.
    pub interval_seconds: i64,
}

/// One connector.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorInventory {
    /// Identifier.
    #[schemars(length(max = 36))]
    pub id: String,
    /// Name.
    #[schemars(length(max = 255))]
    pub name: String,
    /// Kind.
    pub kind: ConnectorKind,
    /// Password hash synchronization is on; absent for the Entra connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash_sync: Option<bool>,
    /// End of the last successful password hash cycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash_last_success: Option<Timestamp>,
    /// Object types selected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 64)))]
    pub object_types: Vec<String>,
    /// Domains.
    #[schemars(length(max = 32))]
    pub partitions: Vec<PartitionInventory>,
    /// Objects joined to the metaverse.
    pub objects: i64,
    /// Pending exports.
    pub pending: PendingInventory,
}

/// Kind of a connector.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectorKind {
    /// Active Directory Domain Services.
    ActiveDirectory,
    /// Microsoft Entra ID.
    Entra,
    /// Another directory or database.
    Other,
}

/// One domain of a connector.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartitionInventory {
    /// Distinguished name as the engine has it; `default` for the Entra connector.
    #[schemars(length(max = 512))]
    pub distinguished_name: String,
    /// Selected.
    pub selected: bool,
    /// Containers that are read.
    #[schemars(length(max = 64))]
    pub included: Vec<DistinguishedName>,
    /// Containers below them that are not.
    #[schemars(length(max = 64))]
    pub excluded: Vec<DistinguishedName>,
}

/// Pending exports of a connector.
#[derive(JsonSchema, Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub struct PendingInventory {
    pub adds: i64,
    pub updates: i64,
    pub deletes: i64,
}

/// The rules.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesInventory {
    /// All of them.
    pub total: i32,
    /// Digest of their content.
    pub digest: ContentDigest,
    /// Names of rules that neither Microsoft shipped nor we made.
    #[schemars(length(max = 64), inner(length(max = 256)))]
    pub custom: Vec<String>,
    /// Names of rules that write to AD and are enabled.
    #[schemars(length(max = 64), inner(length(max = 256)))]
    pub writes_to_directory: Vec<String>,
    /// Scopes that our no-flow rules name.
    #[schemars(length(max = MOST_NO_FLOW_SCOPES))]
    pub no_flow_scopes: Vec<ObjectName>,
    /// Free precedences from 0 to 99.
    pub free_precedences: i32,
    /// The metaverse schema has `cloudNoFlow`.
    pub cloud_no_flow_in_schema: bool,
}

/// Features in use.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "these are the tenant's own switches")]
pub struct FeaturesInventory {
    /// Password hash synchronization.
    pub password_hash_sync: bool,
    /// Password writeback.
    pub password_writeback: bool,
    /// User writeback.
    pub user_writeback: bool,
    /// Device writeback.
    pub device_writeback: bool,
    /// Device write-up (hybrid join).
    pub device_write_up: bool,
    /// Group writeback.
    pub group_writeback: bool,
    /// Exchange hybrid writeback.
    pub exchange_hybrid: bool,
    /// Directory extensions.
    pub directory_extensions: bool,
    /// Group filtering.
    pub group_filtering: bool,
    /// `PasswordHashSync`, `PassThroughAuthentication`, `Federation`, ...
    #[schemars(length(max = 64))]
    pub sign_on_method: String,
    /// Seamless single sign-on.
    pub desktop_sso: bool,
    /// Deletion threshold of exports; absent where a person would have to sign in to read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_deletion_threshold: Option<i64>,
}

/// One run.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunInventory {
    /// Connector's name.
    #[schemars(length(max = 255))]
    pub connector: String,
    /// Profile's name.
    #[schemars(length(max = 64))]
    pub profile: String,
    /// Result as the engine prints it.
    #[schemars(length(max = 128))]
    pub result: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Started by this agent.
    pub ours: bool,
}
