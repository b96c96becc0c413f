//! How a synchronization job looks in Graph. Pure.
//!
//! Source: Microsoft Graph, synchronizationJob and synchronizationStatus resource types, and their published answers.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::cloud_sync::{
    Execution, ExecutionState, JobCode, JobError, JobStatus, JobTemplate, Quarantine, QuarantineReason,
    ScheduleState,
};
use crate::graph::duration;

/// .NET's `DateTime.MinValue`: "never".
const NEVER: &str = "0001-01-01T00:00:00Z";

/// .NET's `TimeSpan.MaxValue`, shown as the interval of a job that was never started.
const LONGEST_TIME_SPAN: &str = "P10675199DT2H48M5.4775807S";

/// `templateId` in the answer that creates a job of type `AD2AADProvisioning`; later answers show the one asked for.
/// Source: Microsoft, "Inbound synchronization for cloud sync using Microsoft Graph".
pub(super) const TEMPLATE_OF_A_NEW_JOB: &str = "ADDCInPassthrough";

/// `schedule`.
pub(super) fn schedule(template: JobTemplate, state: ScheduleState, tick: SignedDuration) -> Value {
    let interval = match (state, template) {
        (ScheduleState::Active | ScheduleState::Paused, _) => duration(tick),
        (ScheduleState::Disabled, JobTemplate::Provisioning) => "PT40M".to_owned(),
        (ScheduleState::Disabled, JobTemplate::PasswordHash) => LONGEST_TIME_SPAN.to_owned(),
    };
    let state = match state {
        ScheduleState::Disabled => "Disabled",
        ScheduleState::Active => "Active",
        ScheduleState::Paused => "Paused",
    };
    json!({"expiration": null, "interval": interval, "state": state})
}

/// `status`.
pub(super) fn status(status: &JobStatus) -> Value {
    let progress: Vec<Value> = status
        .progress
        .iter()
        .map(|progress| {
            json!({
                "completedUnits": progress.completed,
                "totalUnits": progress.total,
                "units": "Entries",
                "progressObservationDateTime": precise(progress.at),
            })
        })
        .collect();
    let entries: Vec<Value> =
        status.entries.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    json!({
        "countSuccessiveCompleteFailures": status.successive_failures,
        "escrowsPruned": false,
        "code": code(status.code),
        "lastExecution": status.last_execution.as_ref().map(execution),
        "lastSuccessfulExecution": status.last_successful.as_ref().map(execution),
        "lastSuccessfulExecutionWithExports": status.last_successful_with_exports.as_ref().map(execution),
        "quarantine": status.quarantine.as_ref().map(quarantine),
        "steadyStateFirstAchievedTime": or_never(status.steady_first),
        "steadyStateLastAchievedTime": or_never(status.steady_last),
        "troubleshootingUrl": if status.code == JobCode::Paused { Value::Null } else { json!("") },
        "progress": progress,
        "synchronizedEntryCountByType": entries,
    })
}

fn code(code: JobCode) -> &'static str {
    match code {
        JobCode::NotConfigured => "NotConfigured",
        JobCode::NotRun => "NotRun",
        JobCode::Active => "Active",
        JobCode::Paused => "Paused",
        JobCode::Quarantine => "Quarantine",
    }
}

fn execution(execution: &Execution) -> Value {
    let state = match execution.state {
        ExecutionState::Succeeded => "Succeeded",
        ExecutionState::Failed => "Failed",
        ExecutionState::EntryLevelErrors => "EntryLevelErrors",
    };
    json!({
        "activityIdentifier": execution.activity.to_string(),
        "countEntitled": execution.count_entitled,
        "countEntitledForProvisioning": execution.count_entitled,
        "countEscrowed": execution.count_escrowed,
        "countEscrowedRaw": execution.count_escrowed,
        "countExported": execution.count_exported,
        "countExports": execution.count_exported,
        "countImported": execution.count_imported,
        "countImportedDeltas": execution.count_imported_deltas,
        "countImportedReferenceDeltas": execution.count_imported_reference_deltas,
        "state": state,
        "error": execution.error.as_ref().map(error),
        "timeBegan": precise(execution.began),
        "timeEnded": precise(execution.ended),
    })
}

fn error(error: &JobError) -> Value {
    json!({"code": error.code, "message": error.message, "tenantActionable": error.tenant_actionable})
}

fn quarantine(quarantine: &Quarantine) -> Value {
    let reason = match quarantine.reason {
        QuarantineReason::EncounteredQuarantineException => "EncounteredQuarantineException",
        QuarantineReason::TooManyDeletes => "TooManyDeletes",
    };
    json!({
        "reason": reason,
        "error": error(&quarantine.error),
        "currentBegan": precise(quarantine.began),
        "seriesBegan": precise(quarantine.began),
        "seriesCount": 1,
        "nextAttempt": precise(quarantine.next_attempt),
    })
}

/// An instant with seven decimals, as the synchronization service prints it.
fn precise(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%7fZ").to_string()
}

fn or_never(at: Option<Timestamp>) -> String {
    at.map_or_else(|| NEVER.to_owned(), precise)
}
