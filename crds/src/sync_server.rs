//! `SyncServer`: a host with a sync engine.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::entra_tenant::Claim;
use crate::primitive::{Epoch, LocalRef, says};
use crate::sync_topology::Engine;

/// A host with a sync engine.
#[derive(CustomResource, KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "hybrididentity.dev",
    version = "v1alpha1",
    kind = "SyncServer",
    shortname = "sserver",
    category = "hybrid-identity",
    namespaced,
    derive = "PartialEq",
    status = "SyncServerStatus",
    doc = "A host with a sync engine, and what its agent reports about it.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status"
    ),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Engine", type_ = "string", json_path = ".status.engine"),
    printcolumn(name = "Version", type_ = "string", json_path = ".status.version"),
    printcolumn(name = "Deadline", type_ = "string", json_path = ".status.nextDeadline"),
    printcolumn(name = "Next", type_ = "string", json_path = ".status.next"),
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
    validation = Rule::new("self.hostName == oldSelf.hostName").field_path(".hostName").reason(Reason::FieldValueForbidden)
        .message(says("'`hostName` must not change: create a SyncServer for the other host; it is ' + oldSelf.hostName + ', found ' + self.hostName")),
)]
pub struct SyncServerSpec {
    /// DNS name of the host.
    #[schemars(
        length(max = 253),
        regex(
            pattern = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"
        )
    )]
    pub host_name: String,

    /// Who to call about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub owner: Option<String>,

    /// The SyncAgent that may speak for this host. Until it is named, what an agent reports is not believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_agent: Option<LocalRef>,
}

/// Status of a SyncServer.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncServerStatus {
    /// Generation this status speaks of; -1 before the first look.
    pub observed_generation: i64,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::conditions::list_schema")]
    pub conditions: Vec<Condition>,
    /// Derived from the conditions, for printing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// What is waited for, for printing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub next: Option<String>,
    /// Earliest deadline, for printing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub next_deadline: Option<String>,
    /// The engine found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<Engine>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub version: Option<String>,
    /// Whether it exports or stages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<ServerRole>,
    /// Raised by every change that the operator causes on the server.
    pub epoch: Epoch,
    /// Who may change it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
}

/// Whether a server exports.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ServerRole {
    /// It exports.
    Active,
    /// Staging mode: it imports and synchronizes, and does not export by itself.
    Staging,
    /// Its engine is stopped or gone.
    Stopped,
}
