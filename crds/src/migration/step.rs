//! The record of one step.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::primitive::{Epoch, ObjectName};

/// One step as far as it went.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    /// Name of the step, unique in the itinerary.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Z][A-Za-z0-9]*$"))]
    pub name: String,
    /// Where it stands.
    pub state: StepState,
    /// When its action began; for a soak, when the evidence of this attempt was complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it began to wait for somebody or something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// Seconds it has waited before `waitingSince`; they do not count against the active limit.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0))]
    pub waited_seconds: i64,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// How often its action was begun.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0))]
    pub attempts: i64,
    /// What the evidence says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Reason of the state; one of the reasons of conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub reason: Option<String>,
    /// What was seen, what was expected, what to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 2048))]
    pub message: String,
    /// Server epochs the evidence was observed in, by SyncServer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub server_epochs: Vec<ServerEpoch>,
    /// Job epoch the evidence was observed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_epoch: Option<Epoch>,
    /// Whether and how long it can be undone once done.
    pub reversibility: Reversibility,
    /// The migration of the same wave that carried this step out for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_with: Option<ObjectName>,
    /// What was observed, for people and for later steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 24))]
    pub facts: Vec<Fact>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl StepRecord {
    /// A step that was not reached.
    pub fn pending(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: StepState::Pending,
            started_at: None,
            waiting_since: None,
            waited_seconds: 0,
            finished_at: None,
            attempts: 0,
            verdict: None,
            reason: None,
            message: String::new(),
            server_epochs: Vec::new(),
            job_epoch: None,
            reversibility: Reversibility::Free {},
            shared_with: None,
            facts: Vec::new(),
        }
    }
}

/// Epochs of servers as a record holds them.
pub fn step_epochs(epochs: impl IntoIterator<Item = (ObjectName, Epoch)>) -> Vec<ServerEpoch> {
    epochs.into_iter().map(|(server, epoch)| ServerEpoch { server, epoch }).collect()
}

/// Where a step stands.
#[derive(
    JsonSchema, Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum StepState {
    /// Not reached.
    #[default]
    Pending,
    /// Its action runs, or its evidence is being collected.
    Active,
    /// It waits for somebody or something else.
    Waiting,
    /// Proven.
    Done,
    /// Left out by a decision or because nothing was to do.
    Skipped,
    /// Its evidence says that it failed, or a limit was exceeded.
    Failed,
    /// Undone.
    Undone,
}

/// What evidence says.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// It is as it must be.
    Pass,
    /// It is not.
    Fail,
    /// It cannot be told; never advances.
    Inconclusive,
}

/// Whether and how long a step can be undone. Ordered: later is harder.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reversibility {
    /// Any time.
    Free {},
    /// Cheaply until this instant, with a full import and a review of the exports after it.
    Until {
        /// The instant.
        time: Timestamp,
    },
    /// Not any more.
    Never {},
}

/// The epoch of one server.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerEpoch {
    /// Name of the SyncServer.
    pub server: ObjectName,
    /// Its epoch.
    pub epoch: Epoch,
}

/// A named observation.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    /// Name.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// Value.
    #[schemars(length(max = 512))]
    pub value: String,
}

/// What happens next.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NextTransition {
    /// When, if a time decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What is waited for, and who can clear it.
    #[schemars(length(max = 1024))]
    pub why: String,
}
