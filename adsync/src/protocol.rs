//! The ADSync host protocol: one JSON request a line in, one JSON answer a line out, over standard input and output.
//!
//! The other end is a host process on the sync server: `adsync-host.ps1` on Windows, `estate host` in tests. Each operation
//! stands for one cmdlet group (Microsoft Entra Connect reference, `reference-connect-adsync`) and is answered exactly once, in
//! order. The host holds no decisions. Instants are RFC 3339 in UTC, durations ISO 8601; values that a cmdlet prints in the
//! server's locale never pass through. Documented for people in `docs/adsync-host-protocol.md`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::rule::Rule;

/// Version of the protocol; the host names the one it speaks in [`HostInformation::protocol_version`].
pub const PROTOCOL_VERSION: u32 = 1;

/// Longest line either side accepts, in bytes: a page of 500 connector space objects fits with room to spare.
pub const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// One line to the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Chosen by the asker, echoed in the answer.
    pub id: u64,
    /// What to do.
    #[serde(flatten)]
    pub operation: Operation,
}

/// One line from the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The `id` of the [`Request`].
    pub id: u64,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Result or error of a [`Request`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The operation's own result type, as JSON (`null` for operations that return nothing).
    Result(serde_json::Value),
    /// The operation did not happen, or failed part way; `code` says which is known.
    Error(HostError),
}

/// Why the host did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{code}: {message}")]
pub struct HostError {
    /// Closed list, so that the agent can decide.
    pub code: HostErrorCode,
    /// The cmdlet's own words, for people.
    pub message: String,
}

/// Kinds of [`HostError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HostErrorCode {
    /// The request could not be read or its arguments make no sense.
    BadRequest,
    /// The object, rule, connector or profile asked for does not exist.
    NotFound,
    /// A run or cycle is in progress, or a wizard is open (`Start-ADSyncSyncCycle` throws): try again later.
    Busy,
    /// The engine's service is stopped.
    ServiceStopped,
    /// The value is taken (a rule's precedence, an identifier).
    Conflict,
    /// The host process lacks the right.
    AccessDenied,
    /// The cmdlet wants a person to sign in (builds from 2.6.84.0): a human action.
    InteractiveOnly,
    /// The operation is unknown to this host or this build.
    Unsupported,
    /// The cmdlet failed for another reason.
    Failed,
}

impl std::fmt::Display for HostErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Every operation of the protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", content = "arguments", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Operation {
    /// Registry, file versions, services: → [`HostInformation`].
    GetHostInformation,

    /// `Get-ADSyncScheduler` → [`Scheduler`].
    GetScheduler,
    /// `Set-ADSyncScheduler`; only the named settings change → null.
    SetScheduler(SchedulerChange),
    /// `Start-ADSyncSyncCycle`; [`HostErrorCode::Busy`] while one runs → null.
    StartSyncCycle {
        /// `-PolicyType`.
        policy_type: CyclePolicy,
    },
    /// `Stop-ADSyncSyncCycle` → null.
    StopSyncCycle,
    /// `Get-ADSyncConnectorRunStatus` → list of [`ConnectorRunStatus`], empty when idle.
    GetConnectorRunStatus,
    /// `Invoke-ADSyncRunProfile`; returns when the run has ended → [`RunResult`].
    InvokeRunProfile {
        /// `-ConnectorIdentifier`.
        connector: Uuid,
        /// `-RunProfileName`.
        profile: RunProfile,
    },
    /// `Get-ADSyncRunProfileResult -RunStepDetails`, newest first → list of [`RunResult`].
    GetRunResults {
        /// `-ConnectorId`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connector: Option<Uuid>,
        /// `-NumberRequested`.
        number_requested: u32,
    },

    /// `Get-ADSyncConnector` → list of [`Connector`].
    GetConnectors,
    /// `Get-ADSyncConnectorStatistics` → [`ConnectorStatistics`].
    GetConnectorStatistics {
        /// The connector.
        connector: Uuid,
    },
    /// `Get-ADSyncRule` → list of [`Rule`].
    GetRules,
    /// `New-ADSyncRule` with its helpers, then `Add-ADSyncRule`: saves a new rule, or a changed one with the same
    /// identifier; [`HostErrorCode::Conflict`] if the precedence is taken → the stored [`Rule`].
    AddRule {
        /// The rule; `version` and `internal_identifier` are the engine's to set.
        rule: Box<Rule>,
    },
    /// `Remove-ADSyncRule`; [`HostErrorCode::NotFound`] if there is none → null.
    RemoveRule {
        /// `-Identifier`.
        identifier: Uuid,
    },
    /// `Get-ADSyncGlobalSettings` → [`GlobalSettings`].
    GetGlobalSettings,
    /// `Get-ADSyncServerConfiguration -Path`: writes the exported configuration into an empty folder on the server → null.
    ExportServerConfiguration {
        /// An empty folder that the host process may write to.
        path: String,
    },

    /// `Get-ADSyncCSObject` by pages, with the metaverse attributes asked for (`Get-ADSyncMVObject`) → [`CsObjectPage`].
    GetCsObjects {
        /// The connector whose space is read.
        connector: Uuid,
        /// Where to start, from 0.
        start_index: u32,
        /// At most this many; the host may return fewer before the end.
        max_result_count: u32,
        /// Attributes of the connector space object to return.
        #[serde(default)]
        attributes: Vec<String>,
        /// Attributes of the joined metaverse object to return.
        #[serde(default)]
        metaverse_attributes: Vec<String>,
    },
    /// `csexport /f:x` by pages: what an export would write now → [`PendingExportPage`].
    GetPendingExports {
        /// The connector.
        connector: Uuid,
        /// Where to start, from 0.
        start_index: u32,
        /// At most this many.
        max_result_count: u32,
    },

    /// `Get-ADSyncAutoUpgrade -Detail` → [`AutoUpgrade`].
    GetAutoUpgrade,
    /// `Set-ADSyncAutoUpgrade` → null. `Suspended` is the system's own and refused as [`HostErrorCode::BadRequest`].
    SetAutoUpgrade {
        /// The new state.
        state: AutoUpgradeState,
    },
    /// `Get-ADSyncAADCompanyFeature`, `Get-ADSyncAADPasswordSyncConfiguration`, `Get-ADSyncPartitionPasswordSyncState`,
    /// `Get-ADSyncExportDeletionThreshold` where it needs no person → [`Features`].
    GetFeatures,
    /// State and start type of the service `ADSync` → [`ServiceState`].
    GetService,
    /// `Stop-Service`/`Start-Service`/`Set-Service -StartupType` on `ADSync` → null.
    SetService {
        /// Wanted state; left alone if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        running: Option<bool>,
        /// Wanted start type; left alone if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_type: Option<ServiceStartType>,
    },

    /// `Get-ADObject -LDAPFilter` below a base by pages, tombstones too if asked → [`DirectoryPage`].
    SearchDirectory(DirectorySearch),
    /// `New-ADObject`/`New-ADUser` → [`DirectoryEntry`] as stored. Used below the probe organizational unit only.
    CreateDirectoryObject {
        /// The new object's distinguished name.
        distinguished_name: String,
        /// `user` or `group`.
        object_class: String,
        /// Its attributes.
        attributes: Vec<Attribute>,
    },
    /// `Set-ADObject -Replace`/`-Clear` (no values) → null.
    ModifyDirectoryObject {
        /// Which object.
        distinguished_name: String,
        /// New values; an attribute without values is cleared.
        attributes: Vec<Attribute>,
    },
    /// `Remove-ADObject`; [`HostErrorCode::NotFound`] if there is none → null.
    DeleteDirectoryObject {
        /// Which object.
        distinguished_name: String,
    },
}

/// What is installed on the host, and how it is configured (registry, file versions, CIM).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostInformation {
    /// The protocol version this host speaks.
    pub protocol_version: u32,
    /// Name of the server, without domain.
    pub host_name: String,
    /// The engine found, if any (`ADSync` service or an older product).
    pub engine: Option<EngineInformation>,
    /// Operating system caption, such as `Windows Server 2022 Standard`.
    pub operating_system: String,
    /// Operating system build, such as `10.0.20348`.
    pub operating_system_build: String,
    /// Whether it is a Server Core installation.
    pub server_core: bool,
    /// Whether it is joined to a domain.
    pub domain_joined: bool,
    /// .NET Framework version, such as `4.8`.
    pub dot_net_version: String,
    /// Windows PowerShell version, such as `5.1.20348.2849`.
    pub power_shell_version: String,
    /// TLS 1.2 registry values as found; absent ones are listed with no data.
    pub tls_registry: Vec<RegistryValue>,
    /// Where the engine keeps its database; absent when it cannot be read.
    pub sql: Option<SqlInformation>,
    /// Physical memory in MiB.
    pub memory_mib: u64,
    /// Version of Microsoft's provisioning agent on this host, if installed.
    pub provisioning_agent_version: Option<String>,
    /// The host's clock when it answered.
    pub local_time: Timestamp,
}

/// The synchronization product found on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineInformation {
    /// Which product.
    pub product: EngineProduct,
    /// File version, such as `2.6.92.0`.
    pub version: String,
    /// `Express`, `Custom` or as the registry has it; empty when unknown.
    pub installation_type: String,
}

/// Products that can sit behind the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EngineProduct {
    /// Windows Azure Active Directory Sync tool.
    DirSync,
    /// Azure AD Sync.
    AzureADSync,
    /// Azure AD Connect or Microsoft Entra Connect Sync, any version.
    EntraConnect,
    /// Forefront or Microsoft Identity Manager with the Azure AD connector.
    MicrosoftIdentityManager,
}

/// One registry value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryValue {
    /// Key path, from `HKLM` on.
    pub path: String,
    /// Value name.
    pub name: String,
    /// `DWORD` data; absent = not found.
    pub data: Option<u32>,
}

/// The engine's database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SqlInformation {
    /// Whether it is the LocalDB that the product brings.
    pub local_db: bool,
    /// Product version, such as `15.0.4382.1`.
    pub version: String,
    /// Server and instance; empty for LocalDB.
    pub instance: String,
    /// Size of the database in MiB.
    pub size_mib: u64,
}

/// `Get-ADSyncScheduler`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "these are the cmdlet's own fields")]
pub struct Scheduler {
    /// Smallest interval the tenant allows.
    pub allowed_sync_cycle_interval: SignedDuration,
    /// The interval in force.
    pub currently_effective_sync_cycle_interval: SignedDuration,
    /// The interval set by hand, if any.
    pub customized_sync_cycle_interval: Option<SignedDuration>,
    /// What the next cycle does.
    pub next_sync_cycle_policy_type: CyclePolicy,
    /// When it starts; absent while disabled.
    pub next_sync_cycle_start_time: Option<Timestamp>,
    /// Whether cycles start by themselves.
    pub sync_cycle_enabled: bool,
    /// Whether the maintenance task runs.
    pub maintenance_enabled: bool,
    /// Whether this server is in staging mode (imports and synchronizes, never exports).
    pub staging_mode_enabled: bool,
    /// Suspended by a wizard.
    pub scheduler_suspended: bool,
    /// A cycle runs now.
    pub sync_cycle_in_progress: bool,
}

/// Arguments of [`Operation::SetScheduler`]; absent = unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchedulerChange {
    /// `-SyncCycleEnabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_cycle_enabled: Option<bool>,
    /// `-NextSyncCyclePolicyType`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_sync_cycle_policy_type: Option<CyclePolicy>,
}

/// Policy of a synchronization cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CyclePolicy {
    /// The engine decides.
    Unspecified,
    /// Changes only.
    Delta,
    /// Full import and full synchronization.
    Initial,
}

/// Run profiles every connector has, with the spelling of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RunProfile {
    /// Reads everything from the connected directory.
    #[serde(rename = "Full Import")]
    FullImport,
    /// Reads changes.
    #[serde(rename = "Delta Import")]
    DeltaImport,
    /// Evaluates every object.
    #[serde(rename = "Full Synchronization")]
    FullSynchronization,
    /// Evaluates changed objects.
    #[serde(rename = "Delta Synchronization")]
    DeltaSynchronization,
    /// Writes pending exports to the connected directory.
    #[serde(rename = "Export")]
    Export,
}

/// One connector that is running now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorRunStatus {
    /// Which connector.
    pub connector: Uuid,
    /// `RunState`.
    pub run_state: String,
}

/// `Get-ADSyncRunProfileResult` with its steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunResult {
    /// `RunHistoryId`.
    pub run_history_id: Uuid,
    /// The connector that ran.
    pub connector: Uuid,
    /// Its name.
    pub connector_name: String,
    /// Which profile.
    pub profile: RunProfile,
    /// Counts up for each connector.
    pub run_number: u64,
    /// Who started it: the service account for cycles, a person's account for runs by hand.
    pub user_name: String,
    /// Ended or still going.
    pub is_run_complete: bool,
    /// `success`, `completed-sync-errors`, `completed-export-errors`, `no-start-connection`,
    /// `stopped-deletion-threshold-exceeded`, `in-progress`, ...
    pub result: String,
    /// When it began.
    pub start_date: Timestamp,
    /// When it ended.
    pub end_date: Option<Timestamp>,
    /// Counters, summed over the steps.
    pub counters: RunCounters,
}

/// Counters of `Get-ADSyncRunStepResult`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are the cmdlet's and say it")]
pub struct RunCounters {
    pub stage_no_change: u64,
    pub stage_add: u64,
    pub stage_update: u64,
    pub stage_delete: u64,
    pub connector_flow: u64,
    pub connector_no_flow: u64,
    pub disconnector_projected_flow: u64,
    pub disconnector_joined_flow: u64,
    pub disconnector_joined_no_flow: u64,
    pub disconnector_filtered: u64,
    pub connector_delete_remove_mv: u64,
    pub flow_failure: u64,
    pub sync_errors: u64,
    pub export_add: u64,
    pub export_update: u64,
    pub export_delete: u64,
    pub export_failure: u64,
}

/// `Get-ADSyncConnector`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connector {
    /// Identifier.
    pub identifier: Uuid,
    /// Display name: the forest's name, or `tenant.onmicrosoft.com - AAD`.
    pub name: String,
    /// Type, as far as this project tells connectors apart.
    pub kind: ConnectorKind,
    /// Partitions: the domains of an AD connector.
    pub partitions: Vec<Partition>,
    /// Object types selected.
    pub object_inclusion: Vec<String>,
    /// Attributes selected.
    pub attribute_inclusion: Vec<String>,
    /// Whether password hash synchronization is on for this connector; absent for the Entra connector.
    pub password_hash_sync: Option<bool>,
}

/// Type of a [`Connector`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectorKind {
    /// Active Directory Domain Services.
    ActiveDirectory,
    /// Microsoft Entra ID (`Extensible2`, subtype `Windows Azure Active Directory (Microsoft)`).
    Entra,
    /// Anything else: generic LDAP, SQL, ...
    Other,
}

/// One partition of a connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Partition {
    /// Identifier.
    pub identifier: Uuid,
    /// Distinguished name, such as `DC=contoso,DC=com`; `default` for the Entra connector.
    pub distinguished_name: String,
    /// Selected for synchronization.
    pub selected: bool,
    /// Whether it is a domain (not a configuration or application partition).
    pub is_domain: bool,
    /// `ContainerInclusionList`.
    pub container_inclusion: Vec<String>,
    /// `ContainerExclusionList`.
    pub container_exclusion: Vec<String>,
}

/// `Get-ADSyncConnectorStatistics`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the cmdlet's and say it")]
pub struct ConnectorStatistics {
    pub export_adds: u64,
    pub export_updates: u64,
    pub export_deletes: u64,
    pub import_adds: u64,
    pub import_updates: u64,
    pub import_deletes: u64,
    pub import_no_change: u64,
    pub total_connectors: u64,
}

/// `Get-ADSyncGlobalSettings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GlobalSettings {
    /// `Parameters`, such as `Microsoft.SynchronizationOption.AnchorAttribute`.
    pub parameters: Vec<NamedValue>,
    /// Attributes of the metaverse schema, by name.
    pub metaverse_attributes: Vec<String>,
}

/// A name with a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedValue {
    /// The name.
    pub name: String,
    /// The value as text; empty when unset.
    pub value: String,
}

/// A page of connector space objects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CsObjectPage {
    /// The objects.
    pub objects: Vec<CsObject>,
    /// Where the next page starts; absent at the end.
    pub next_index: Option<u32>,
}

/// `Get-ADSyncCSObject`, with what was asked of the joined metaverse object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CsObject {
    /// `ObjectId`.
    pub object_id: Uuid,
    /// Distinguished name in the connector space; in the Entra connector `CN={hex of the base64 anchor}`.
    pub distinguished_name: String,
    /// `user`, `group`, `contact`, `inetOrgPerson`, `device`, ...
    pub object_type: String,
    /// Joined to a metaverse object.
    pub is_connector: bool,
    /// Joined metaverse object.
    pub connected_mv_object_id: Option<Uuid>,
    /// Distinguished names of the joined metaverse object's connectors in AD (`Get-ADSyncMVObject` lineage).
    #[serde(default)]
    pub directory_names: Vec<String>,
    /// Which rules joined, provisioned or withheld it.
    pub lineage: Vec<Lineage>,
    /// An export is pending, failed ones that will be retried included.
    pub pending_export: bool,
    /// The last export failed.
    pub has_export_error: bool,
    /// The last synchronization failed.
    pub has_sync_error: bool,
    /// Attributes asked for.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    /// Metaverse attributes asked for.
    #[serde(default)]
    pub metaverse_attributes: Vec<Attribute>,
}

/// One rule that took part in a connector space object's link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lineage {
    /// Identifier of the rule.
    pub rule: Uuid,
    /// Its name.
    pub rule_name: String,
    /// What it did: the rule's link type.
    pub operation: crate::rule::LinkType,
}

/// A named attribute with its values as text; binary values are base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// Name, in the spelling of the schema.
    pub name: String,
    /// Values; none = absent.
    pub values: Vec<String>,
}

/// A page of pending exports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingExportPage {
    /// The exports.
    pub exports: Vec<PendingExport>,
    /// Where the next page starts; absent at the end.
    pub next_index: Option<u32>,
}

/// What an export would do to one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingExport {
    /// Distinguished name in the connector space.
    pub distinguished_name: String,
    /// Object type.
    pub object_type: String,
    /// Column `OMODT` of `CSExportAnalyzer`.
    pub modification: Modification,
    /// Names of the attributes that would change, and whether each is a reference.
    pub attributes: Vec<ChangedAttribute>,
    /// The connector space object's `cloudNoFlow` in the metaverse, if joined and set.
    pub cloud_no_flow: bool,
    /// This export failed before and is retried.
    pub retry: bool,
}

/// Kind of change of a [`PendingExport`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Modification {
    Add,
    Update,
    Delete,
}

/// One attribute of a [`PendingExport`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedAttribute {
    /// Attribute name.
    pub name: String,
    /// `member`, `manager` and the like.
    pub reference: bool,
}

/// `Get-ADSyncAutoUpgrade`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoUpgrade {
    /// State.
    pub state: AutoUpgradeState,
    /// Why suspended; empty otherwise.
    #[serde(default)]
    pub suspension_reason: String,
}

/// States of automatic upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AutoUpgradeState {
    /// On.
    Enabled,
    /// Put on hold by the system.
    Suspended,
    /// Off.
    Disabled,
}

/// Tenant features as the sync server sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "these are the cmdlets' own fields")]
pub struct Features {
    /// Password hash synchronization.
    pub password_hash_sync: bool,
    /// Password writeback.
    pub password_writeback: bool,
    /// User writeback.
    pub user_writeback: bool,
    /// Device writeback.
    pub device_writeback: bool,
    /// Device write-up: synchronizes computers for hybrid join.
    pub device_write_up: bool,
    /// Group writeback.
    pub group_writeback: bool,
    /// Exchange hybrid writeback.
    pub exchange_hybrid: bool,
    /// Directory extensions.
    pub directory_extensions: bool,
    /// Group filtering (pilot).
    pub group_filtering: bool,
    /// `SignOnMethod`: `PasswordHashSync`, `PassThroughAuthentication`, `Federation`, ...
    pub sign_on_method: String,
    /// Seamless single sign-on.
    pub desktop_sso: bool,
    /// Deletion threshold of exports; absent when a person would have to sign in to read it, 0 = off.
    pub export_deletion_threshold: Option<u32>,
    /// When the last password hash cycle of each AD connector succeeded.
    pub password_hash_last_success: Vec<PasswordHashCycle>,
}

/// `Get-ADSyncPartitionPasswordSyncState`, the part that matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordHashCycle {
    /// AD connector.
    pub connector: Uuid,
    /// End of the last successful cycle; absent = never.
    pub last_success: Option<Timestamp>,
}

/// The service `ADSync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceState {
    /// The product is installed.
    pub installed: bool,
    /// The service runs.
    pub running: bool,
    /// How it starts.
    pub start_type: ServiceStartType,
}

/// Start type of a Windows service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are Windows' own")]
pub enum ServiceStartType {
    Automatic,
    Manual,
    Disabled,
}

/// Arguments of [`Operation::SearchDirectory`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectorySearch {
    /// Search base.
    pub base: String,
    /// Object classes to return (`user`, `inetOrgPerson`, `group`, `contact`, `computer`, `organizationalUnit`); empty = all.
    pub object_classes: Vec<String>,
    /// Attributes to return.
    pub attributes: Vec<String>,
    /// Return deleted objects of the domain instead (the base names the domain): read from the recycle bin or tombstones.
    #[serde(default)]
    pub deleted: bool,
    /// At most this many.
    pub page_size: u32,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
}

/// A page of directory objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryPage {
    /// The objects.
    pub entries: Vec<DirectoryEntry>,
    /// Where the next page starts; absent at the end.
    pub cookie: Option<String>,
    /// Highest `uSNChanged` that the answering domain controller had committed.
    pub highest_committed_usn: u64,
}

/// One directory object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryEntry {
    /// Distinguished name; of a deleted object the one it had (`lastKnownParent` and `msDS-LastKnownRDN`).
    pub distinguished_name: String,
    /// `objectGUID`.
    pub object_guid: Uuid,
    /// Most specific object class.
    pub object_class: String,
    /// `isDeleted`.
    #[serde(default)]
    pub deleted: bool,
    /// Attributes asked for that are present.
    pub attributes: Vec<Attribute>,
}
