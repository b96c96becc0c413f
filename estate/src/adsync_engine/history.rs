//! Run history. Pure; does no IO.

use std::collections::BTreeMap;

use adsync::protocol::{RunCounters, RunProfile, RunResult};
use jiff::Timestamp;
use uuid::Uuid;

/// Account of the engine's service, under which cycles run.
pub(super) const SERVICE_ACCOUNT: &str = "NT SERVICE\\ADSync";

/// Runs kept; the product purges by age (7 days), which at its smallest interval is fewer.
const KEPT: usize = 4_000;

/// A run that goes on.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) id: Uuid,
    pub(super) connector: Uuid,
    pub(super) connector_name: String,
    pub(super) profile: RunProfile,
    pub(super) number: u64,
    pub(super) user: String,
    pub(super) started: Timestamp,
    pub(super) ends: Timestamp,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    /// The engine's word for it.
    pub(super) result: &'static str,
    pub(super) counters: RunCounters,
}

impl Ending {
    /// It never began.
    pub(super) fn not_started(result: &'static str) -> Self {
        Self { result, counters: RunCounters::default() }
    }
}

impl Run {
    /// The run as it shows while it goes on, or after it has ended.
    pub(super) fn result(&self, ended: Option<(Timestamp, Ending)>) -> RunResult {
        let (end_date, ending) = match ended {
            Some((at, ending)) => (Some(at), ending),
            None => (None, Ending::not_started("in-progress")),
        };
        RunResult {
            run_history_id: self.id,
            connector: self.connector,
            connector_name: self.connector_name.clone(),
            profile: self.profile,
            run_number: self.number,
            user_name: self.user.clone(),
            is_run_complete: end_date.is_some(),
            result: ending.result.to_owned(),
            start_date: self.started,
            end_date,
            counters: ending.counters,
        }
    }
}

/// Ended runs, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    ended: Vec<RunResult>,
    numbers: BTreeMap<Uuid, u64>,
}

impl History {
    /// The next number of a connector's runs.
    pub(super) fn next_number(&mut self, connector: Uuid) -> u64 {
        let number = self.numbers.entry(connector).or_default();
        *number += 1;
        *number
    }

    /// Files a run.
    pub(super) fn file(&mut self, result: RunResult) {
        if self.ended.len() >= KEPT {
            self.ended.remove(0);
        }
        self.ended.push(result);
    }

    /// Ended runs, newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &RunResult> {
        self.ended.iter().rev()
    }

    /// An ended run.
    pub(super) fn get(&self, run: Uuid) -> Option<&RunResult> {
        self.newest_first().find(|result| result.run_history_id == run)
    }
}
