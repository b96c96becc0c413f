//! State of a synchronization job as Graph shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

/// Templates of jobs on the AD to Entra service principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobTemplate {
    /// `AD2AADProvisioning`: users, groups, contacts.
    Provisioning,
    /// `AD2AADPasswordHash`.
    PasswordHash,
}

impl JobTemplate {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Provisioning, Self::PasswordHash];

    /// `templateId`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "AD2AADProvisioning",
            Self::PasswordHash => "AD2AADPasswordHash",
        }
    }

    /// The template of that id.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.as_str() == id)
    }
}

/// `schedule.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScheduleState {
    /// Never started.
    Disabled,
    /// Runs every tick.
    Active,
    /// Paused by somebody.
    Paused,
}

/// `status.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are Graph's own")]
pub enum JobCode {
    NotConfigured,
    NotRun,
    Active,
    Paused,
    Quarantine,
}

/// `synchronizationTaskExecution.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are Graph's own")]
pub enum ExecutionState {
    Succeeded,
    Failed,
    EntryLevelErrors,
}

/// An error of a job or of one execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobError {
    /// Code, such as `HybridIdentityServiceNoActiveAgents`.
    pub code: String,
    /// Text for people.
    pub message: String,
    /// `tenantActionable`.
    pub tenant_actionable: bool,
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the counters' names are Graph's own")]
pub struct Execution {
    /// `activityIdentifier`.
    pub activity: Uuid,
    /// `timeBegan`.
    pub began: Timestamp,
    /// `timeEnded`.
    pub ended: Timestamp,
    /// How it ended.
    pub state: ExecutionState,
    /// Why it failed.
    pub error: Option<JobError>,
    pub count_entitled: u64,
    pub count_escrowed: u64,
    pub count_exported: u64,
    pub count_imported: u64,
    pub count_imported_deltas: u64,
    pub count_imported_reference_deltas: u64,
}

/// `quarantineReason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are Graph's own")]
pub enum QuarantineReason {
    EncounteredQuarantineException,
    TooManyDeletes,
}

/// `status.quarantine`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// Why.
    pub reason: QuarantineReason,
    /// What happened.
    pub error: JobError,
    /// Since when.
    pub began: Timestamp,
    /// The next attempt.
    pub next_attempt: Timestamp,
}

/// `status.progress`: how far a full cycle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Objects done.
    pub completed: u64,
    /// Objects in all.
    pub total: u64,
    /// When it was looked at.
    pub at: Timestamp,
}

/// `status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStatus {
    /// Main condition.
    pub code: JobCode,
    /// Complete failures in a row.
    pub successive_failures: u64,
    /// The last execution.
    pub last_execution: Option<Execution>,
    /// The last one that succeeded.
    pub last_successful: Option<Execution>,
    /// The last one that succeeded and wrote something.
    pub last_successful_with_exports: Option<Execution>,
    /// Progress of the full cycle that runs, if one does.
    pub progress: Option<Progress>,
    /// Quarantine, if any.
    pub quarantine: Option<Quarantine>,
    /// First time that everything in scope was done (initial cycle complete).
    pub steady_first: Option<Timestamp>,
    /// Last time.
    pub steady_last: Option<Timestamp>,
    /// `synchronizedEntryCountByType`: keys such as `user to User`.
    pub entries: BTreeMap<String, u64>,
}

impl JobStatus {
    pub(super) fn new() -> Self {
        Self {
            code: JobCode::Paused,
            successive_failures: 0,
            last_execution: None,
            last_successful: None,
            last_successful_with_exports: None,
            progress: None,
            quarantine: None,
            steady_first: None,
            steady_last: None,
            entries: BTreeMap::new(),
        }
    }

    /// Notes an execution.
    pub(super) fn record(&mut self, execution: Execution) {
        if execution.state == ExecutionState::Failed {
            self.successive_failures += 1;
        } else {
            self.successive_failures = 0;
            self.last_successful = Some(execution.clone());
            if execution.count_exported > 0 {
                self.last_successful_with_exports = Some(execution.clone());
            }
        }
        self.last_execution = Some(execution);
    }
}

/// `resetScope` of a restart: flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "Graph's flags")]
pub struct RestartScope {
    /// Forget what is known of the objects.
    pub connector_data_store: bool,
    /// Forget errors.
    pub escrows: bool,
    /// Evaluate every object again.
    pub watermark: bool,
    /// Lift the quarantine.
    pub quarantine: bool,
    /// Carry out the deletions that were held back.
    pub force_deletes: bool,
}

impl RestartScope {
    /// What the portal's restart does, and an absent or empty scope: lift the quarantine, forget errors, evaluate again.
    pub const PORTAL: Self = Self {
        connector_data_store: false,
        escrows: true,
        watermark: true,
        quarantine: true,
        force_deletes: false,
    };

    /// Reads the comma-separated flags.
    ///
    /// # Errors
    /// The first word that is no flag.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut scope = Self::default();
        let words: Vec<&str> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Ok(Self::PORTAL);
        }
        for word in words {
            match word.to_ascii_lowercase().as_str() {
                "none" => {}
                "connectordatastore" => scope.connector_data_store = true,
                "escrows" => scope.escrows = true,
                "watermark" => scope.watermark = true,
                "quarantinestate" => scope.quarantine = true,
                "full" => {
                    scope = Self {
                        connector_data_store: true,
                        force_deletes: scope.force_deletes,
                        ..Self::PORTAL
                    };
                }
                "forcedeletes" => scope.force_deletes = true,
                _ => return Err(word.to_owned()),
            }
        }
        Ok(scope)
    }
}
