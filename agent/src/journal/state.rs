//! What the journal holds. Pure.

use std::collections::BTreeMap;

use adsync::protocol::Scheduler;
use crds::primitive::{ContentDigest, Epoch};
use crds::sync_agent::evidence::{ResidualExportsEvidence, RunRecord};
use crds::sync_agent::{Command, CommandOutcome};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::runs::{OwnRun, PendingRun};
use super::stop::Stop;

/// Everything the agent must still know after it was killed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JournalState {
    /// [`super::FORMAT`].
    pub format: u32,
    /// Made when the journal was created.
    pub journal_id: Uuid,
    /// Highest epoch ever seen.
    pub highest_epoch: Epoch,
    /// The command that was begun and has not ended.
    #[serde(default)]
    pub intent: Option<Intent>,
    /// What came of the last commands, newest last.
    #[serde(default)]
    pub finished: Vec<CommandOutcome>,
    /// A run that is about to start, or has started and not been seen to end.
    #[serde(default)]
    pub pending_run: Option<PendingRun>,
    /// Runs that this agent started, newest last.
    #[serde(default)]
    pub own_runs: Vec<OwnRun>,
    /// The scheduler is off because the agent was told so.
    #[serde(default)]
    pub stop: Option<Stop>,
    /// What the agent last did by itself.
    #[serde(default)]
    pub resumed: Option<String>,
    /// The last snapshot that could be read back.
    #[serde(default)]
    pub snapshot: Option<SnapshotRecord>,
    /// Test objects that this agent made, or was about to make, and has not removed.
    #[serde(default)]
    pub probes: Vec<ProbeRecord>,
    /// Automatic upgrade was `Enabled` until this agent switched it off, and it was not told to switch it on again.
    #[serde(default)]
    pub auto_upgrade_switched_off: bool,
}

impl JournalState {
    /// The journal of an agent that has done nothing yet.
    pub fn new(journal_id: Uuid) -> Self {
        Self {
            format: super::FORMAT,
            journal_id,
            highest_epoch: Epoch(0),
            intent: None,
            finished: Vec::new(),
            pending_run: None,
            own_runs: Vec::new(),
            stop: None,
            resumed: None,
            snapshot: None,
            probes: Vec::new(),
            auto_upgrade_switched_off: false,
        }
    }

    /// What came of a command, if it has ended.
    pub fn outcome_of(&self, command_id: &str) -> Option<&CommandOutcome> {
        self.finished.iter().find(|outcome| outcome.command_id == command_id)
    }

    /// How far the current command is.
    pub fn progress(&self) -> Progress {
        self.intent.as_ref().map_or(Progress::Begun, |intent| intent.progress.clone())
    }
}

/// A command that was begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Intent {
    /// The command.
    pub command: Command,
    /// When.
    pub began_at: Timestamp,
    /// The process that began it.
    pub incarnation: Uuid,
    /// How far it is.
    pub progress: Progress,
}

/// What a command must remember between two looks, so that it does nothing twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Progress {
    /// Nothing yet.
    Begun,
    /// Of `setAutoUpgrade`: the state found.
    AutoUpgrade {
        /// As the engine prints it.
        before: String,
    },
    /// Of `stopScheduler`: the first reading at which nothing ran.
    Stopping {
        /// Absent while something runs.
        idle: Option<Reading>,
    },
    /// Of `startScheduler`.
    Starting(Starting),
    /// Of `putNoFlowRules`: the rules found.
    Rules {
        /// Digest of all of them.
        digest_before: ContentDigest,
    },
    /// Of `setService`.
    Service(Servicing),
    /// Of `runProfiles`: the runs that ended.
    Runs {
        /// In order.
        done: Vec<RunRecord>,
    },
}

/// How far `setService` is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Servicing {
    /// The start type found.
    pub start_type_before: String,
    /// Whether the scheduler was on; absent where the service was stopped.
    pub scheduler_before: Option<bool>,
    /// When the command found them.
    pub began_at: Timestamp,
    /// The last reading at which nothing ran.
    #[serde(default)]
    pub idle: Option<Reading>,
    /// What was still exported after that.
    #[serde(default)]
    pub residual: Option<ResidualExportsEvidence>,
}

/// How far `startScheduler` is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Starting {
    /// Newest run of each connector when the command began; empty where no cycle is to be asked for.
    pub newest_runs: BTreeMap<Uuid, u64>,
    /// A cycle was asked for, or was about to be.
    pub cycle_requested: bool,
    /// The modes before the switch.
    pub modes: Modes,
    /// Looks at which no next cycle was planned.
    pub looks: u32,
}

/// What switching the scheduler must not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Modes {
    /// Staging mode.
    pub staging: bool,
    /// The maintenance task runs.
    pub maintenance: bool,
}

impl Modes {
    /// As the engine says.
    pub fn of(scheduler: &Scheduler) -> Self {
        Self { staging: scheduler.staging_mode_enabled, maintenance: scheduler.maintenance_enabled }
    }
}

impl std::fmt::Display for Modes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "staging mode {} and maintenance {}", self.staging, self.maintenance)
    }
}

/// A moment at which nothing ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reading {
    /// When.
    pub at: Timestamp,
    /// Newest run of each connector then.
    pub newest_runs: BTreeMap<Uuid, u64>,
}

/// A snapshot that could be read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SnapshotRecord {
    /// Digest of the archive.
    pub digest: ContentDigest,
    /// When it was taken.
    pub taken_at: Timestamp,
}

/// A test object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProbeRecord {
    /// The probe's token.
    pub token: String,
    /// Its distinguished name.
    pub distinguished_name: String,
    /// Its `objectGUID`; absent until the directory had it.
    pub object_guid: Option<Uuid>,
}
