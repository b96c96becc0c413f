//! Synchronization jobs and what they report. No IO.

use serde::{Deserialize, Serialize};

use super::{JobId, JobTemplateId};
use crate::value::{Extra, Flags, GraphDuration, GraphTime, Open, resource, wire_enum};

resource! {
    /// A synchronization job. Source: Microsoft, "synchronizationJob resource type".
    pub struct SynchronizationJob {
        required {
            /// Opaque; contains dots.
            id: JobId,
        }
        /// The template. It may differ from the one that was asked for when the job was made.
        template_id: JobTemplateId,
        /// When it runs.
        schedule: SynchronizationSchedule,
        /// How it goes.
        status: SynchronizationStatus,
        /// Settings, among them the domain.
        synchronization_job_settings: Vec<NamedValue>,
    }
}

impl SynchronizationJob {
    /// The value of a setting, by name without regard to case.
    pub fn setting(&self, name: &str) -> Option<&str> {
        let settings = self.synchronization_job_settings.items();
        settings.iter().find(|setting| setting.name.eq_ignore_ascii_case(name))?.value.text()
    }

    /// The code of the status, when it is one that this crate knows.
    pub fn code(&self) -> Option<JobCode> {
        self.status.get()?.code.known()
    }

    /// True when a `start` would change something: the job is not scheduled, paused, or in quarantine.
    ///
    /// Starting a running job again and again can stop the service.
    /// Source: Microsoft, "synchronizationJob: start".
    pub fn needs_start(&self) -> bool {
        let scheduled = self.schedule.get().is_some_and(|schedule| schedule.state.is(ScheduleState::Active));
        !scheduled || matches!(self.code(), Some(JobCode::Paused | JobCode::Quarantine))
    }

    /// How many objects of each kind the job holds, such as `("user to User", 3)`.
    pub fn entry_counts(&self) -> impl Iterator<Item = (&str, i64)> {
        let counts =
            self.status.get().map_or(&[][..], |status| status.synchronized_entry_count_by_type.items());
        counts.iter().filter_map(|count| Some((count.key.text()?, count.value.copied()?)))
    }
}

resource! {
    /// When a job runs. Read only for clients: `start` and `pause` change it.
    pub struct SynchronizationSchedule {
        /// When it ends, if ever.
        expiration: GraphTime,
        /// Time between two cycles.
        interval: GraphDuration,
        /// Whether it runs.
        state: Open<ScheduleState>,
    }
}

wire_enum! {
    /// Whether a job runs.
    pub enum ScheduleState {
        /// It runs.
        Active = "Active",
        /// It was never started.
        Disabled = "Disabled",
        /// It was paused.
        Paused = "Paused",
    }
}

resource! {
    /// How a job goes. Source: Microsoft, "synchronizationStatus resource type".
    pub struct SynchronizationStatus {
        /// The main condition.
        code: Open<JobCode>,
        /// Cycles that failed altogether, in a row.
        count_successive_complete_failures: i64,
        /// The initial cycle threw errors away.
        escrows_pruned: bool,
        /// The last cycle.
        last_execution: SynchronizationTaskExecution,
        /// The last cycle that succeeded.
        last_successful_execution: SynchronizationTaskExecution,
        /// The last cycle that succeeded and exported something.
        last_successful_execution_with_exports: SynchronizationTaskExecution,
        /// Progress of the cycle that runs.
        progress: Vec<SynchronizationProgress>,
        /// Why it is in quarantine, when it is.
        quarantine: SynchronizationQuarantine,
        /// End of the initial cycle.
        steady_state_first_achieved_time: GraphTime,
        /// The last moment at which nothing was left to do.
        steady_state_last_achieved_time: GraphTime,
        /// Objects by kind, such as `user to User`.
        synchronized_entry_count_by_type: Vec<KeyedCount>,
        /// Where Microsoft explains the failure.
        troubleshooting_url: String,
    }
}

wire_enum! {
    /// The main condition of a job.
    pub enum JobCode {
        /// Something is missing.
        NotConfigured = "NotConfigured",
        /// It has not run yet.
        NotRun = "NotRun",
        /// It runs.
        Active = "Active",
        /// It was paused or never started.
        Paused = "Paused",
        /// It slowed down to one cycle a day after too many failures or deletions.
        Quarantine = "Quarantine",
    }
}

resource! {
    /// One cycle of a job.
    pub struct SynchronizationTaskExecution {
        /// Id of the cycle.
        activity_identifier: String,
        /// How it ended.
        state: Open<TaskState>,
        /// What went wrong.
        error: SynchronizationError,
        /// Begin; may be missing although the end is there.
        time_began: GraphTime,
        /// End.
        time_ended: GraphTime,
        /// Objects in scope.
        count_entitled: i64,
        /// Objects in scope that are to be provisioned.
        count_entitled_for_provisioning: i64,
        /// Objects in error.
        count_escrowed: i64,
        /// Objects in error, the service's own errors included.
        count_escrowed_raw: i64,
        /// Objects that were written.
        count_exported: i64,
        /// Objects that were to be written.
        count_exports: i64,
        /// Objects that were read.
        count_imported: i64,
        /// Changes that were read.
        count_imported_deltas: i64,
        /// Changes of references that were read.
        count_imported_reference_deltas: i64,
    }
}

wire_enum! {
    /// How a cycle ended.
    pub enum TaskState {
        /// Well.
        Succeeded = "Succeeded",
        /// Not at all.
        Failed = "Failed",
        /// Well but for some objects.
        EntryLevelErrors = "EntryLevelErrors",
    }
}

resource! {
    /// What went wrong, with a code such as `HybridIdentityServiceNoActiveAgents`.
    pub struct SynchronizationError {
        /// The code.
        code: String,
        /// For people.
        message: String,
        /// Whether the tenant's administrators can mend it.
        tenant_actionable: bool,
    }
}

resource! {
    /// Progress of a cycle.
    pub struct SynchronizationProgress {
        /// Done so far.
        completed_units: i64,
        /// To do in all.
        total_units: i64,
        /// What is counted.
        units: String,
        /// When this was seen.
        progress_observation_date_time: GraphTime,
    }
}

resource! {
    /// Why a job is in quarantine. Source: Microsoft, "Application provisioning in quarantine status".
    pub struct SynchronizationQuarantine {
        /// The reason.
        reason: Open<QuarantineReason>,
        /// What went wrong.
        error: SynchronizationError,
        /// Begin of this quarantine.
        current_began: GraphTime,
        /// Begin of the first one in a row.
        series_began: GraphTime,
        /// How many in a row.
        series_count: i64,
        /// Next attempt.
        next_attempt: GraphTime,
    }
}

wire_enum! {
    /// Why a job is in quarantine.
    pub enum QuarantineReason {
        /// Too many failures.
        EncounteredBaseEscrowThreshold = "EncounteredBaseEscrowThreshold",
        /// Too many failures, references included.
        EncounteredTotalEscrowThreshold = "EncounteredTotalEscrowThreshold",
        /// Too large a share of failures.
        EncounteredEscrowProportionThreshold = "EncounteredEscrowProportionThreshold",
        /// The job could not run, for instance with invalid credentials.
        EncounteredQuarantineException = "EncounteredQuarantineException",
        /// Not said.
        UnknownReason = "Unknown",
        /// Somebody asked for it.
        QuarantinedOnDemand = "QuarantinedOnDemand",
        /// As many deletions as the threshold or more.
        TooManyDeletes = "TooManyDeletes",
        /// Reading was interrupted.
        IngestionInterrupted = "IngestionInterrupted",
    }
}

resource! {
    /// A setting.
    pub struct NamedValue {
        required {
            /// The name.
            name: String,
        }
        /// The value.
        value: String,
    }
}

resource! {
    /// A count under a key.
    pub struct KeyedCount {
        /// The key.
        key: String,
        /// The count.
        value: i64,
    }
}

/// Body of `restart`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestartRequest {
    /// What the job forgets.
    pub criteria: RestartCriteria,
}

/// What a job forgets when it restarts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestartCriteria {
    /// The parts.
    #[serde(rename = "resetScope")]
    pub reset_scope: Flags<ResetScope>,
    /// Properties that this crate does not name.
    #[serde(flatten)]
    pub extra: Extra,
}

impl RestartRequest {
    /// What the portal's restart does: lifts a quarantine, forgets errors, evaluates every object again.
    ///
    /// Microsoft says that an empty scope means the same; the three parts are named here so that the audit log of
    /// the tenant says what was asked for. Source: Microsoft, "synchronizationJob: restart".
    pub fn ordinary() -> Self {
        Self::of([ResetScope::QuarantineState, ResetScope::Watermark, ResetScope::Escrows])
    }

    /// A restart that forgets these parts.
    pub fn of(parts: impl IntoIterator<Item = ResetScope>) -> Self {
        Self { criteria: RestartCriteria { reset_scope: Flags::of(parts), extra: Extra::new() } }
    }

    /// The first part that this client does not send, if there is one.
    pub(crate) fn forbidden_part(&self) -> Option<String> {
        let may_be_sent = |part: &Open<ResetScope>| part.known().is_some_and(ResetScope::may_be_sent);
        self.criteria.reset_scope.members().iter().find(|part| !may_be_sent(part)).map(ToString::to_string)
    }
}

wire_enum! {
    /// A part of a job's memory. Source: Microsoft, "synchronizationJobRestartCriteria resource type".
    pub enum ResetScope {
        /// Documented as not to be used.
        NoPart = "None",
        /// Documented as not to be used.
        ConnectorDataStore = "ConnectorDataStore",
        /// Errors of objects.
        Escrows = "Escrows",
        /// The position in the source: every object is evaluated again.
        Watermark = "Watermark",
        /// The quarantine.
        QuarantineState = "QuarantineState",
        /// All of them.
        Full = "Full",
        /// Carries out the deletions that the threshold held back. For people only.
        ForceDeletes = "ForceDeletes",
    }
}

impl ResetScope {
    /// False for the parts that Microsoft advises against and for the one that deletes people.
    pub fn may_be_sent(self) -> bool {
        !matches!(self, Self::NoPart | Self::ConnectorDataStore | Self::ForceDeletes)
    }
}
