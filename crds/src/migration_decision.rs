//! `MigrationDecision`: a person's word on one migration, bound to its plan.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::primitive::{ContentDigest, ObjectName, says};

/// A person's word on one migration. Never changes; deleting it undoes nothing.
#[derive(CustomResource, KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "hybrididentity.dev",
    version = "v1alpha1",
    kind = "MigrationDecision",
    shortname = "midec",
    category = "hybrid-identity",
    namespaced,
    derive = "PartialEq",
    status = "MigrationDecisionStatus",
    doc = "A person's decision on one migration, bound to its plan.",
    printcolumn(name = "Migration", type_ = "string", json_path = ".spec.migrationRef.name"),
    printcolumn(name = "Decision", type_ = "string", json_path = ".spec.decision"),
    printcolumn(name = "By", type_ = "string", json_path = ".spec.decidedBy"),
    printcolumn(name = "Proven By", type_ = "string", json_path = ".status.provenBy"),
    printcolumn(
        name = "Consumed",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Consumed')].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self == oldSelf").reason(Reason::FieldValueForbidden)
        .message("a decision must not change: take another one"),
    validation = Rule::new("(self.decision == 'SkipStep') == has(self.step)").field_path(".step").reason(Reason::FieldValueInvalid)
        .message(says("'`step` must be set for SkipStep and for nothing else, found ' + self.decision + (has(self.step) ? ' with `step` ' + self.step : ' without `step`')")),
    validation = Rule::new("self.decision in ['Pause', 'Deny', 'RollBack'] || has(self.planDigest)").field_path(".planDigest").reason(Reason::FieldValueRequired)
        .message(says("'`planDigest` must be set for ' + self.decision + ': what lets a migration go on is bound to the plan that was read'")),
)]
pub struct MigrationDecisionSpec {
    /// The migration.
    pub migration_ref: MigrationRef,
    /// Digest of the plan that was decided on; the decision is void once the plan differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_digest: Option<ContentDigest>,
    /// What is decided.
    pub decision: Decision,
    /// The step, for SkipStep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = "^[A-Z][A-Za-z0-9]*$"))]
    pub step: Option<String>,
    /// Who decides: the requester's user name, unless Git proves it.
    #[schemars(length(min = 1, max = 256))]
    pub decided_by: String,
    /// What proves that it is `decidedBy` who decides. The admission policy enforces it when the decision is made.
    #[serde(default)]
    pub proven_by: ProvenBy,
    /// Why, for those who read it later.
    #[schemars(length(min = 1, max = 1024))]
    pub reason: String,
    /// Void after this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A migration by name and uid.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MigrationRef {
    /// Name.
    #[schemars(length(max = 253), regex(pattern = "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"))]
    pub name: String,
    /// `metadata.uid`, so that the decision never speaks of a namesake.
    #[schemars(length(min = 1, max = 64))]
    pub uid: String,
}

/// What can be decided.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Decision {
    /// Start, or go on after a gate.
    Approve,
    /// Do not start.
    Deny,
    /// Hold at the next safe place.
    Pause,
    /// Go on.
    Resume,
    /// Bring it back.
    RollBack,
    /// Leave one step out, where the step allows it.
    SkipStep,
    /// Take over state that is older than what the agents remember.
    Readopt,
}

/// What proves who decides.
#[derive(
    JsonSchema, Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum ProvenBy {
    /// Who creates the decision is who decides.
    #[default]
    Requester,
    /// Who may write to the repository: whoever creates the decision applies what stands there, and has the verb `decideforothers` on
    /// the migration.
    Git,
}

impl std::fmt::Display for ProvenBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Decision {
    /// Whether an unproven decision of this kind is honoured: only those that stop something.
    pub fn stops(self) -> bool {
        matches!(self, Self::Deny | Self::Pause | Self::RollBack)
    }

    /// Verb on `migrations` that the requester needs.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::RollBack => "rollback",
            Self::SkipStep => "skipstep",
            Self::Readopt => "readopt",
        }
    }
}

/// Status of a MigrationDecision.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MigrationDecisionStatus {
    /// Generation this status speaks of; -1 before the first look.
    pub observed_generation: i64,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::conditions::list_schema")]
    pub conditions: Vec<Condition>,
    /// What proved who decided; absent where nothing did, because the admission policy was not in force when the decision was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proven_by: Option<ProvenBy>,
}

/// Name for a decision object: unique for the migration and what is decided.
pub fn decision_name(migration: &ObjectName, decision: Decision, suffix: &str) -> String {
    format!("{migration}-{}-{suffix}", decision.verb())
}
