//! What the operator says about a topology.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Engine;
use crate::primitive::{ContentDigest, ObjectName};

/// Status of a SyncTopology.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncTopologyStatus {
    /// Generation this status speaks of; -1 before the first look.
    pub observed_generation: i64,

    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::conditions::list_schema")]
    pub conditions: Vec<Condition>,

    /// Namespace of the Lease of the operator that works on it. Of several operators in one cluster only this one does; another
    /// takes over once that Lease is no longer renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub operator_namespace: Option<String>,

    /// Derived from the conditions, for printing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,

    /// `moved/total` scopes, for printing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub progress: Option<String>,

    /// Earliest deadline, for printing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub next_deadline: Option<String>,

    /// What happens next and what it waits for, for printing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub next: Option<String>,

    /// Waves in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub waves: Vec<WaveProgress>,

    /// Servers as declared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub servers: Vec<ServerProgress>,
}

/// One wave.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WaveProgress {
    /// Name of the wave.
    pub name: ObjectName,
    /// Where it stands.
    pub phase: WavePhase,
    /// Digest of the inputs it was frozen with (scopes, organizational units, strategy); a decision refers to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_digest: Option<ContentDigest>,
    /// When its inputs were frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_at: Option<Timestamp>,
    /// Which way back the wave has, said before it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub way_back: Option<String>,
    /// Its scopes.
    #[schemars(length(max = 200))]
    pub scopes: Vec<ScopeProgress>,
}

/// Where a wave stands.
#[derive(
    JsonSchema, Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum WavePhase {
    /// Waits for the waves before it, a window or an approval.
    #[default]
    Waiting,
    /// Its scopes are moving.
    Running,
    /// Every scope was proven; the soak runs.
    Soaking,
    /// Done.
    Completed,
    /// Held; the topology's conditions say why.
    Paused,
    /// The failure budget is used up.
    Failed,
}

/// One scope of a wave.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeProgress {
    /// Name of the scope.
    pub name: ObjectName,
    /// The engine that serves it, as far as proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_by: Option<Engine>,
    /// The migration that moves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<ObjectName>,
    /// The migration's phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
}

/// One declared server.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerProgress {
    /// Name of the SyncServer.
    pub name: ObjectName,
    /// The instant `retireBy` ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retire_by: Option<Timestamp>,
    /// The migration that retires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<ObjectName>,
    /// The migration's phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// Why it cannot be retired yet, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 512)))]
    pub blockers: Vec<String>,
}
