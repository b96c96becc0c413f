//! A stopped scheduler, and what to undo when its time is up. Pure.

use std::collections::BTreeMap;

use adsync::rule::Rule;
use crds::primitive::Epoch;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The scheduler is off, or about to be, because the agent was told so. Written before the scheduler is touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stop {
    /// The command that stopped it.
    pub command_id: String,
    /// Its epoch.
    pub epoch: Epoch,
    /// When the command was begun.
    pub requested_at: Timestamp,
    /// When the agent switches it on by itself.
    pub resume_by: Timestamp,
    /// Newest run of each connector when nothing ran any more; absent until then.
    #[serde(default)]
    pub newest_runs: Option<BTreeMap<Uuid, u64>>,
    /// Our rules as they were before they were first changed under this stop; absent while unchanged.
    #[serde(default)]
    pub rules_before: Option<Vec<Rule>>,
    /// What the agent does by itself since the time was up.
    #[serde(default)]
    pub resuming: Option<Resuming>,
}

impl Stop {
    /// Whether the agent must act by itself. A clock that went back behind the stop's beginning cannot be trusted to reach its
    /// end in time, so the end counts as reached.
    pub fn is_due(&self, now: Timestamp) -> bool {
        now >= self.resume_by || now < self.requested_at || self.resuming.is_some()
    }
}

/// How far the agent is on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resuming {
    /// When it began.
    pub since: Timestamp,
    /// What it does.
    pub takeover: Takeover,
    /// Tries of import and synchronization so far.
    pub attempts: u32,
    /// Runs of the present round that ended.
    #[serde(default)]
    pub runs_done: u32,
    /// What did not go well, for the report.
    #[serde(default)]
    pub trouble: Option<String>,
}

/// What the agent does by itself after `resumeBy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Takeover {
    /// Imports and synchronizes without export, then looks at the deletions.
    Looking,
    /// Deletions without explanation: takes our rules back to what they were, imports and synchronizes in full, looks again.
    TakingBack,
    /// Still there: the scheduler stays off; imports and synchronizes from time to time.
    Holding {
        /// When it imports and synchronizes next.
        next_round: Timestamp,
    },
}
