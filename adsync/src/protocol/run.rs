//! The scheduler and the runs of the engine. No IO.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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

/// Arguments of [`Operation::SetScheduler`](super::Operation::SetScheduler); absent = unchanged.
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
