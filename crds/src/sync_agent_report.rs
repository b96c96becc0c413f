//! `SyncAgentReport`: bulk that an agent reports, one object for each purpose, at most 64 KiB.

use jiff::Timestamp;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::primitive::{ContentDigest, LocalRef};
use crate::sync_agent::inventory::Inventory;

/// Largest report in bytes of JSON.
pub const MAX_BYTES: usize = 64 * 1024;

/// A report of an agent; made empty by the operator, filled by the agent.
#[derive(CustomResource, KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "hybrididentity.dev",
    version = "v1alpha1",
    kind = "SyncAgentReport",
    shortname = "sreport",
    category = "hybrid-identity",
    namespaced,
    derive = "PartialEq",
    status = "SyncAgentReportStatus",
    doc = "Bulk that an agent reports: made empty by the operator, filled by the agent.",
    printcolumn(name = "Agent", type_ = "string", json_path = ".spec.agentRef.name"),
    printcolumn(name = "Purpose", type_ = "string", json_path = ".spec.purpose"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self == oldSelf").reason(Reason::FieldValueForbidden)
        .message("the spec of a SyncAgentReport must not change"),
)]
pub struct SyncAgentReportSpec {
    /// The agent that fills it.
    pub agent_ref: LocalRef,
    /// What it holds.
    pub purpose: ReportPurpose,
}

/// What a report holds.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReportPurpose {
    /// The inventory.
    Inventory,
}

/// Status of a SyncAgentReport, written by its agent only.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncAgentReportStatus {
    /// Generation of the spec the agent has read; -1 before the first look.
    pub observed_generation: i64,
    /// When the content last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// Digest of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<ContentDigest>,
    /// The inventory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
}
