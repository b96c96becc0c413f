//! `Migration`: one run of one scope or one server along one itinerary. Never run again: a new attempt is a new object.

mod decision_record;
mod limit_use;
mod step;
mod way_back;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use decision_record::DecisionRecord;
pub use limit_use::{LimitName, LimitUse};
pub use step::{
    Fact, NextTransition, Reversibility, ServerEpoch, StepRecord, StepState, Verdict, step_epochs,
};
pub use way_back::{Way, WayBack, WayBackCause};

use crate::primitive::{ContentDigest, DistinguishedName, LocalRef, ObjectName, says};
use crate::sync_topology::{FailurePolicy, Limits, Verification};

/// One run of one scope or one server along one itinerary.
#[derive(CustomResource, KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "hybrididentity.dev",
    version = "v1alpha1",
    kind = "Migration",
    shortname = "himig",
    category = "hybrid-identity",
    namespaced,
    derive = "PartialEq",
    status = "MigrationStatus",
    doc = "One run of one scope or one server along one itinerary.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status"
    ),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Progress", type_ = "string", json_path = ".status.progress"),
    printcolumn(name = "Deadline", type_ = "string", json_path = ".status.nextDeadline"),
    printcolumn(name = "Next", type_ = "string", json_path = ".status.next.why"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Reason",
        type_ = "string",
        priority = 1,
        json_path = ".status.conditions[?(@.type=='Ready')].reason"
    )
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self == oldSelf").reason(Reason::FieldValueForbidden)
        .message("the spec of a Migration must not change: another plan is another Migration"),
    validation = Rule::new("has(self.scope) != has(self.server)").reason(Reason::FieldValueInvalid)
        .message(says("'exactly one of `scope` and `server` must be set, found ' + (has(self.scope) ? 'both' : 'neither')")),
    validation = Rule::new("(self.itinerary == 'ConnectToCloudSync') == has(self.scope)").field_path(".itinerary").reason(Reason::FieldValueInvalid)
        .message(says("'`itinerary` must be ConnectToCloudSync for a `scope` and RetireConnect for a `server`, found ' + self.itinerary + ' for a ' + (has(self.scope) ? '`scope`' : '`server`')")),
)]
pub struct MigrationSpec {
    /// The topology this belongs to.
    pub topology_ref: LocalRef,
    /// The tenant.
    pub tenant_ref: LocalRef,
    /// The road.
    pub itinerary: Itinerary,
    /// Version of the road's list of steps; a newer operator keeps the steps of the version that is named here.
    #[schemars(range(min = 1, max = 1000))]
    pub itinerary_version: i32,
    /// The scope that moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeSubject>,
    /// The server that is retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerSubject>,
    /// Counts up from 1 for each new run of the same scope or server.
    #[schemars(range(min = 1, max = 9999))]
    pub attempt: i32,
    /// What was decided when the run was made, by digest; a decision refers to it.
    pub plan_digest: ContentDigest,
    /// Limits in force.
    #[serde(default)]
    pub limits: Limits,
    /// What a scope must show.
    #[serde(default)]
    pub verification: Verification,
    /// What happens on failure.
    #[serde(default)]
    pub on_failure: FailurePolicy,
}

/// Roads.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Itinerary {
    /// Moves a scope from Entra Connect to Cloud Sync.
    ConnectToCloudSync,
    /// Stops, observes and removes Entra Connect on a server.
    RetireConnect,
}

impl std::fmt::Display for Itinerary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

/// The scope of a migration, as frozen.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeSubject {
    /// Name in the topology.
    pub name: ObjectName,
    /// Name of the wave.
    pub wave: ObjectName,
    /// Its organizational units.
    #[schemars(length(min = 1, max = 8))]
    pub organizational_units: Vec<DistinguishedName>,
    /// Where the agent may make test objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe_organizational_unit: Option<DistinguishedName>,
}

/// The server of a migration, as frozen.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerSubject {
    /// Name of the SyncServer.
    pub name: ObjectName,
    /// The instant `retireBy` ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retire_by: Option<Timestamp>,
    /// How long the stopped engine stays installed.
    #[serde(default)]
    pub observation_period: crate::sync_topology::ObservationPeriod,
}

/// Status of a Migration.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MigrationStatus {
    /// Generation this status speaks of; -1 before the first look.
    pub observed_generation: i64,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::conditions::list_schema")]
    pub conditions: Vec<Condition>,
    /// Derived from the conditions and steps, for printing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// `done/total` steps, for printing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub progress: Option<String>,
    /// Earliest deadline, for printing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub next_deadline: Option<String>,
    /// Steps in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 48))]
    pub steps: Vec<StepRecord>,
    /// The way back, once it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way_back: Option<WayBack>,
    /// How far the limits of the topology are used up; a limit that was never touched is not here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub limits: Vec<LimitUse>,
    /// The highest reversibility reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reversibility: Option<Reversibility>,
    /// What happens next, when, and why not now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<NextTransition>,
    /// Decisions taken up, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub decisions: Vec<DecisionRecord>,
}
