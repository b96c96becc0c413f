//! `ConfigurationSnapshot`: an exported configuration of a sync server, kept before anything is changed.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::primitive::{ContentDigest, LocalRef, ObjectName, says};

/// An exported configuration of a sync server.
#[derive(CustomResource, KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "hybrididentity.dev",
    version = "v1alpha1",
    kind = "ConfigurationSnapshot",
    shortname = "csnap",
    category = "hybrid-identity",
    namespaced,
    derive = "PartialEq",
    status = "ConfigurationSnapshotStatus",
    doc = "An exported configuration of a sync server, kept before anything is changed.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status"
    ),
    printcolumn(name = "Server", type_ = "string", json_path = ".spec.serverRef.name"),
    printcolumn(name = "Taken", type_ = "date", json_path = ".spec.takenAt"),
    printcolumn(name = "Bytes", type_ = "integer", json_path = ".spec.sizeBytes"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self == oldSelf").reason(Reason::FieldValueForbidden)
        .message("a snapshot must not change"),
    validation = Rule::new("has(self.secrets) != has(self.url)").reason(Reason::FieldValueInvalid)
        .message(says("'exactly one of `secrets` and `url` must be set, found ' + (has(self.url) ? 'both' : 'neither')")),
)]
pub struct ConfigurationSnapshotSpec {
    /// The server.
    pub server_ref: LocalRef,
    /// When it was taken, by the agent's clock.
    pub taken_at: Timestamp,
    /// Digest of the uncompressed archive.
    pub digest: ContentDigest,
    /// Size of the compressed archive.
    #[schemars(range(min = 1))]
    pub size_bytes: i64,
    /// Secrets that hold it, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    pub secrets: Option<Vec<ObjectName>>,
    /// Object store address that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub url: Option<String>,
}

/// Status of a ConfigurationSnapshot.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigurationSnapshotStatus {
    /// Generation this status speaks of; -1 before the first look.
    pub observed_generation: i64,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::conditions::list_schema")]
    pub conditions: Vec<Condition>,
    /// Build of the engine it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub version: Option<String>,
    /// Rules in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<i32>,
    /// Connectors in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connectors: Option<i32>,
}
