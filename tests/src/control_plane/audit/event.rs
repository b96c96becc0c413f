//! One line of the audit log. Source: Kubernetes, API reference, `audit.k8s.io/v1` Event. No IO.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

/// How far a request had come when the line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Stage {
    /// A watch or another long-running request has begun to answer.
    ResponseStarted,
    /// The request is over.
    ResponseComplete,
    /// The API server failed within it.
    Panic,
}

/// A request that the API server answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Line")]
pub struct AuditEvent {
    /// How far it had come.
    pub stage: Stage,
    /// When it arrived.
    pub received: Timestamp,
    /// In whose name it was made: the impersonated user where there is one.
    pub user: String,
    /// The groups of that user.
    pub groups: Vec<String>,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; in small letters the
    /// HTTP method where `resource` is empty.
    pub verb: String,
    /// Path and query.
    pub uri: String,
    /// What the client calls itself.
    pub user_agent: String,
    /// The group of the API, empty for the core group.
    pub api_group: String,
    /// Plural name of the kind; empty for requests that concern no object, such as `/readyz`.
    pub resource: String,
    /// Such as `status`; mostly empty.
    pub subresource: String,
    /// Empty for what has none.
    pub namespace: String,
    /// Empty for `list` and `watch` of many; it may be for a `create` whose name the API server chooses.
    pub name: String,
    /// The HTTP status of the answer; 0 where it broke off.
    pub code: u16,
    /// What plugins noted, such as `authorization.k8s.io/reason`: which binding of which role allowed it.
    pub annotations: BTreeMap<String, String>,
}

impl AuditEvent {
    /// Whether it was meant to change something.
    pub fn is_write(&self) -> bool {
        matches!(self.verb.as_str(), "create" | "update" | "patch" | "delete" | "deletecollection")
    }

    /// Whether it was refused for want of rights.
    pub fn is_refused(&self) -> bool {
        self.annotations.get("authorization.k8s.io/decision").is_some_and(|decision| decision == "forbid")
            || self.code == 401
    }
}

/// The line as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    stage: Stage,
    request_received_timestamp: Timestamp,
    verb: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    #[serde(default)]
    user_agent: String,
    user: User,
    impersonated_user: Option<User>,
    #[serde(default)]
    object_ref: ObjectRef,
    #[serde(default)]
    response_status: ResponseStatus,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
    #[serde(default)]
    groups: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ObjectRef {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResponseStatus {
    code: u16,
}

impl From<Line> for AuditEvent {
    fn from(line: Line) -> Self {
        let user = line.impersonated_user.unwrap_or(line.user);
        Self {
            stage: line.stage,
            received: line.request_received_timestamp,
            user: user.username,
            groups: user.groups,
            verb: line.verb,
            uri: line.request_uri,
            user_agent: line.user_agent,
            api_group: line.object_ref.api_group,
            resource: line.object_ref.resource,
            subresource: line.object_ref.subresource,
            namespace: line.object_ref.namespace,
            name: line.object_ref.name,
            code: line.response_status.code,
            annotations: line.annotations,
        }
    }
}
