//! Every operation of the protocol. Each stands for one cmdlet group. No IO.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::connector::Attribute;
use super::directory::DirectorySearch;
use super::host::{AutoUpgradeState, ServiceStartType};
use super::run::{CyclePolicy, RunProfile, SchedulerChange};
use crate::rule::Rule;

/// Every operation of the protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", content = "arguments", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Operation {
    /// Registry, file versions, services: → [`HostInformation`](super::HostInformation).
    GetHostInformation,

    /// `Get-ADSyncScheduler` → [`Scheduler`](super::Scheduler).
    GetScheduler,
    /// `Set-ADSyncScheduler`; only the named settings change → null.
    SetScheduler(SchedulerChange),
    /// `Start-ADSyncSyncCycle`; [`HostErrorCode::Busy`](super::HostErrorCode::Busy) while one runs → null.
    StartSyncCycle {
        /// `-PolicyType`.
        policy_type: CyclePolicy,
    },
    /// `Stop-ADSyncSyncCycle` → null.
    StopSyncCycle,
    /// `Get-ADSyncConnectorRunStatus` → list of [`ConnectorRunStatus`](super::ConnectorRunStatus), empty when idle.
    GetConnectorRunStatus,
    /// `Invoke-ADSyncRunProfile`; returns when the run has ended → [`RunResult`](super::RunResult).
    InvokeRunProfile {
        /// `-ConnectorIdentifier`.
        connector: Uuid,
        /// `-RunProfileName`.
        profile: RunProfile,
    },
    /// `Get-ADSyncRunProfileResult -RunStepDetails`, newest first → list of [`RunResult`](super::RunResult).
    GetRunResults {
        /// `-ConnectorId`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connector: Option<Uuid>,
        /// `-NumberRequested`.
        number_requested: u32,
    },

    /// `Get-ADSyncConnector` → list of [`Connector`](super::Connector).
    GetConnectors,
    /// `Get-ADSyncConnectorStatistics` → [`ConnectorStatistics`](super::ConnectorStatistics).
    GetConnectorStatistics {
        /// The connector.
        connector: Uuid,
    },
    /// `Get-ADSyncRule` → list of [`Rule`](crate::rule::Rule).
    GetRules,
    /// `New-ADSyncRule` with its helpers, then `Add-ADSyncRule`: saves a new rule, or a changed one with the same
    /// identifier; [`HostErrorCode::Conflict`](super::HostErrorCode::Conflict) if the precedence is taken → the stored [`Rule`](crate::rule::Rule).
    AddRule {
        /// The rule; `version` and `internal_identifier` are the engine's to set.
        rule: Box<Rule>,
    },
    /// `Remove-ADSyncRule`; [`HostErrorCode::NotFound`](super::HostErrorCode::NotFound) if there is none → null.
    RemoveRule {
        /// `-Identifier`.
        identifier: Uuid,
    },
    /// `Get-ADSyncGlobalSettings` → [`GlobalSettings`](super::GlobalSettings).
    GetGlobalSettings,
    /// `Get-ADSyncServerConfiguration -Path`: writes the exported configuration into an empty folder on the server → null.
    ExportServerConfiguration {
        /// An empty folder that the host process may write to.
        path: String,
    },

    /// `Get-ADSyncCSObject` by pages, with the metaverse attributes asked for (`Get-ADSyncMVObject`) → [`CsObjectPage`](super::CsObjectPage).
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
    /// `csexport /f:x` by pages: what an export would write now → [`PendingExportPage`](super::PendingExportPage).
    GetPendingExports {
        /// The connector.
        connector: Uuid,
        /// Where to start, from 0.
        start_index: u32,
        /// At most this many.
        max_result_count: u32,
    },

    /// `Get-ADSyncAutoUpgrade -Detail` → [`AutoUpgrade`](super::AutoUpgrade).
    GetAutoUpgrade,
    /// `Set-ADSyncAutoUpgrade` → null. `Suspended` is the system's own and refused as [`HostErrorCode::BadRequest`](super::HostErrorCode::BadRequest).
    SetAutoUpgrade {
        /// The new state.
        state: AutoUpgradeState,
    },
    /// `Get-ADSyncAADCompanyFeature`, `Get-ADSyncAADPasswordSyncConfiguration`, `Get-ADSyncPartitionPasswordSyncState`,
    /// `Get-ADSyncExportDeletionThreshold` where it needs no person → [`Features`](super::Features).
    GetFeatures,
    /// State and start type of the service `ADSync` → [`ServiceState`](super::ServiceState).
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

    /// `Get-ADObject -LDAPFilter` below a base by pages, tombstones too if asked → [`DirectoryPage`](super::DirectoryPage).
    SearchDirectory(DirectorySearch),
    /// `New-ADObject`/`New-ADUser` → [`DirectoryEntry`](super::DirectoryEntry) as stored. Used below the probe organizational unit only.
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
    /// `Remove-ADObject`; [`HostErrorCode::NotFound`](super::HostErrorCode::NotFound) if there is none → null.
    DeleteDirectoryObject {
        /// Which object.
        distinguished_name: String,
    },
}
