//! How far the limits of a topology are used up by one migration.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::primitive::DurationText;

/// How far one limit is used up: one clock for the whole migration, from the instant something is missing until it is there again.
///
/// Instants, not lengths, so that nothing is written while nothing changes.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitUse {
    /// The limit.
    pub name: LimitName,
    /// How long is allowed.
    pub allowed: DurationText,
    /// When the clock began to run.
    pub since: Timestamp,
    /// When it stopped; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// It ran longer than allowed.
    #[serde(default)]
    pub exceeded: bool,
}

/// Limits of `strategy.limits`.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LimitName {
    /// `schedulerStop`: from the stop to the start of the servers' schedulers.
    SchedulerStop,
    /// `unserved`: from the synchronization that lets no-flow take effect until the takeover is proven.
    Unserved,
    /// `hashGap`: from the same instant until the job's password hash synchronization runs for the scope.
    HashGap,
}

impl LimitName {
    /// The spelling in `strategy.limits`.
    pub fn field(self) -> &'static str {
        match self {
            Self::SchedulerStop => "schedulerStop",
            Self::Unserved => "unserved",
            Self::HashGap => "hashGap",
        }
    }
}

impl LimitUse {
    /// How long the clock has run.
    pub fn elapsed(&self, now: Timestamp) -> SignedDuration {
        self.until.unwrap_or(now).duration_since(self.since).max(SignedDuration::ZERO)
    }

    /// When it runs out; `None` once it has stopped.
    pub fn runs_out(&self) -> Option<Timestamp> {
        if self.until.is_some() { None } else { self.since.checked_add(self.allowed.length()).ok() }
    }
}
