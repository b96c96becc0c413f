//! Runs that the agent started: told apart from everybody else's. Pure.

use adsync::protocol::{RunProfile, RunResult};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::state::JournalState;

/// Own runs kept; the engine purges its history after a week.
pub const OWN_RUNS_KEPT: usize = 512;

/// A run that ended and was started by this agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnRun {
    /// `RunHistoryId`.
    pub run_history_id: Uuid,
    /// Which connector.
    pub connector: Uuid,
    /// Which profile.
    pub profile: RunProfile,
    /// When it began.
    pub started_at: Timestamp,
    /// It ended as `success`.
    pub success: bool,
    /// The account the engine wrote down for it.
    pub user_name: String,
}

/// A run that is about to start, or has started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PendingRun {
    /// Which connector.
    pub connector: Uuid,
    /// Which profile.
    pub profile: RunProfile,
    /// Number of the connector's newest run before.
    pub after: u64,
}

impl PendingRun {
    /// The run this became, in a history: the next of that connector, if it has the profile and the account that ours have.
    /// Anything else in its place was started by somebody else.
    pub fn find<'a>(&self, history: &'a [RunResult], own: &[OwnRun]) -> Option<&'a RunResult> {
        let next = history
            .iter()
            .filter(|run| run.connector == self.connector && run.run_number > self.after)
            .min_by_key(|run| run.run_number)?;
        let account = own.last().map(|run| run.user_name.as_str());
        let ours = next.profile == self.profile
            && account.is_none_or(|account| account.eq_ignore_ascii_case(&next.user_name));
        ours.then_some(next)
    }
}

impl JournalState {
    /// Takes note of a run of ours that ended.
    pub fn ended(&mut self, run: &RunResult) {
        self.pending_run = None;
        if self.is_own_run(run.run_history_id) {
            return;
        }
        self.own_runs.push(OwnRun {
            run_history_id: run.run_history_id,
            connector: run.connector,
            profile: run.profile,
            started_at: run.start_date,
            success: run.result == SUCCESS,
            user_name: run.user_name.clone(),
        });
        let surplus = self.own_runs.len().saturating_sub(OWN_RUNS_KEPT);
        self.own_runs.drain(..surplus);
    }

    /// Whether this agent started a run.
    pub fn is_own_run(&self, run_history_id: Uuid) -> bool {
        self.own_runs.iter().any(|run| run.run_history_id == run_history_id)
    }
}

/// The one good result of a run (`Get-ADSyncRunProfileResult`).
pub const SUCCESS: &str = "success";

/// Whether a run came to its end: `completed-sync-errors`, `completed-export-errors` and the like say that single objects failed,
/// as they do all the time in a large directory.
pub fn is_complete(result: &str) -> bool {
    result == SUCCESS || result.starts_with("completed-")
}
