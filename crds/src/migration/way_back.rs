//! The way back of a migration: why it goes home, which way, and how far it is.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StepRecord;

/// The way back of a migration. Once begun it is gone to its end; the steps of the way out stay as evidence.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WayBack {
    /// Which way.
    pub way: Way,
    /// What sent it home.
    pub cause: WayBackCause,
    /// Why, in words.
    #[schemars(length(max = 2048))]
    pub message: String,
    /// When it was decided.
    pub since: Timestamp,
    /// What stays behind, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), inner(length(max = 512)))]
    pub leaves: Vec<String>,
    /// Its steps in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub steps: Vec<StepRecord>,
}

/// Ways back.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Way {
    /// Nothing was changed that Connect or Cloud Sync would notice: what was taken is given back.
    Release,
    /// Cloud Sync never had the scope: the no-flow rules go, and Connect serves it again.
    RemoveRules,
    /// Cloud Sync has the scope: its job is paused with every scope that it serves, then the no-flow rules go.
    PauseJob,
    /// The engine of a server that is being retired is started again, by full import and a review of what it would export.
    RestartEngine,
}

impl Way {
    /// Every way.
    pub const ALL: &'static [Self] = &[Self::Release, Self::RemoveRules, Self::PauseJob, Self::RestartEngine];
}

/// What sends a migration home.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WayBackCause {
    /// A MigrationDecision `RollBack`.
    Decision,
    /// A step failed, and `onFailure` says so or a scheduler is off.
    Failure,
    /// The topology declares Entra Connect for the scope again, or names it no more.
    Declared,
    /// The topology was deleted before the takeover was proven.
    TopologyDeleted,
    /// Another scope of the same stop goes home.
    SharedStop,
    /// Another scope of the same job goes home, and the job cannot be narrowed.
    SharedJob,
    /// A scope goes home to this server's engine.
    EngineNeeded,
}
