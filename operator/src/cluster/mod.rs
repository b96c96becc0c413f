//! What the operator needs of the Kubernetes API, as a narrow trait: the logic above runs on a real API server and in a simulation.
//!
//! Reads are live, never from a cache: a decision that moves identities is not taken on yesterday's objects.

mod kube_cluster;
mod recorders;

use std::fmt::Debug;
use std::future::Future;

use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use kube_cluster::KubeCluster;

/// A namespaced kind.
pub trait Object:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + DeserializeOwned
    + Serialize
    + Send
    + Sync
    + 'static
{
}

impl<T> Object for T where
    T: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Serialize
        + Send
        + Sync
        + 'static
{
}

/// Why the cluster did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// The object changed since it was read.
    #[error("{kind} {name} changed since it was read; it is looked at again")]
    Conflict {
        /// Kind.
        kind: String,
        /// Name.
        name: String,
    },
    /// The operator lacks a right.
    #[error("expected the right to {verb} {kind}, found none: {message}; install the roles of the chart")]
    Forbidden {
        /// What was tried.
        verb: &'static str,
        /// Kind.
        kind: String,
        /// The API server's words.
        message: String,
    },
    /// The API server refused the object.
    #[error("{kind} {name} was refused: {message}")]
    Invalid {
        /// Kind.
        kind: String,
        /// Name.
        name: String,
        /// The API server's words.
        message: String,
    },
    /// No answer, or an answer that says to come back.
    #[error("the API server did not answer: {message}")]
    Unavailable {
        /// What happened.
        message: String,
    },
}

/// The merge patch that sets an object's finalizers, fenced by `resourceVersion`.
pub fn finalizers_patch<K: Object>(object: &K, finalizers: &[String]) -> serde_json::Value {
    serde_json::json!({
        "metadata": {"finalizers": finalizers, "resourceVersion": object.meta().resource_version},
    })
}

/// The part of the Kubernetes API that the operator uses.
pub trait Cluster: Clone + Send + Sync + 'static {
    /// One object; `None` when there is none.
    fn get<K: Object>(
        &self,
        namespace: &str,
        name: &str,
    ) -> impl Future<Output = Result<Option<K>, ClusterError>> + Send;

    /// All objects of a namespace, or of every namespace the operator watches.
    fn list<K: Object>(
        &self,
        namespace: Option<&str>,
    ) -> impl Future<Output = Result<Vec<K>, ClusterError>> + Send;

    /// Creates an object; `false` when one of that name exists.
    fn create<K: Object>(&self, object: &K) -> impl Future<Output = Result<bool, ClusterError>> + Send;

    /// Replaces an object that was read before: carries its `resourceVersion`.
    fn replace<K: Object>(&self, object: &K) -> impl Future<Output = Result<K, ClusterError>> + Send;

    /// Replaces the status of an object that was read before: carries its `resourceVersion`.
    fn replace_status<K: Object>(&self, object: &K) -> impl Future<Output = Result<K, ClusterError>> + Send;

    /// Sets the finalizers of an object that was read before, and nothing else of it: carries its `resourceVersion`.
    fn set_finalizers<K: Object>(
        &self,
        object: &K,
        finalizers: &[String],
    ) -> impl Future<Output = Result<(), ClusterError>> + Send;

    /// Since when a `ValidatingAdmissionPolicy` of this name has been bound with the action Deny; `None` when it is not.
    fn policy_since(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<jiff::Timestamp>, ClusterError>> + Send;

    /// Tells people what happened to an object.
    fn event<K: Object>(
        &self,
        object: &K,
        warning: bool,
        reason: &str,
        action: &str,
        note: &str,
    ) -> impl Future<Output = ()> + Send;
}
