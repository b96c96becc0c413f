//! The cluster through a Kubernetes API server. Does network IO, with no right beyond the agent's own objects:
//!
//! | object | verbs |
//! |---|---|
//! | SyncAgent (by name) | get, list, watch; on `status` patch |
//! | SyncAgentReport (by name) | get; on `status` patch |
//! | Lease (by name) | get, update |
//! | Secrets (by name) | get, patch |
//! | `serviceaccounts/token` of its own account | create |

mod config;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crds::primitive::ObjectName;
use crds::revision::Revision;
use crds::sync_agent::SyncAgentStatus;
use crds::sync_agent_report::SyncAgentReportStatus;
use crds::{SyncAgent, SyncAgentReport};
use jiff::Timestamp;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

pub use config::{ConfigError, Connection, connect};

use crate::cluster::{AgentObject, Cluster, ClusterError, LeaseObject, ReportObject};
use watch::Watched;

/// Longest wait for an answer: work on the server must not hang on a cluster that does not answer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Names of the agent's objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Their namespace.
    pub namespace: String,
    /// The SyncAgent.
    pub agent: String,
    /// The SyncAgentReport for the inventory.
    pub report: String,
    /// The Lease.
    pub lease: String,
    /// The ServiceAccount.
    pub account: String,
}

impl Names {
    /// The names the operator gives the objects of an agent.
    pub fn of(namespace: &str, agent: &str, account: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            agent: agent.to_owned(),
            report: crds::sync_agent::inventory_report(agent),
            lease: agent.to_owned(),
            account: account.to_owned(),
        }
    }
}

/// The agent's own objects on an API server.
#[derive(Debug)]
pub struct KubeCluster {
    names: Names,
    agents: Api<DynamicObject>,
    reports: Api<DynamicObject>,
    leases: Api<Lease>,
    secrets: Api<Secret>,
    accounts: Api<ServiceAccount>,
    watched: Watched,
    /// How far the store had come at the last live read of the Lease.
    revision: Mutex<Revision>,
}

impl KubeCluster {
    /// Starts to watch the SyncAgent. Must be called inside a tokio runtime.
    pub fn start(client: &Client, names: Names) -> Self {
        let namespace = &names.namespace;
        // Dynamic: a command of a newer release must not make the object unreadable.
        let dynamic = |resource: &ApiResource| Api::namespaced_with(client.clone(), namespace, resource);
        let agents = dynamic(&ApiResource::erase::<SyncAgent>(&()));
        Self {
            watched: Watched::start(agents.clone(), &names.agent),
            reports: dynamic(&ApiResource::erase::<SyncAgentReport>(&())),
            leases: Api::namespaced(client.clone(), namespace),
            secrets: Api::namespaced(client.clone(), namespace),
            accounts: Api::namespaced(client.clone(), namespace),
            agents,
            names,
            revision: Mutex::default(),
        }
    }

    /// The Lease, live. Only the heartbeat asks for it, one after the other.
    async fn live_lease(&self) -> Result<Lease, ClusterError> {
        let lease =
            answered(format!("Lease {}", self.names.lease), self.leases.get(&self.names.lease)).await?;
        let version = lease.metadata.resource_version.as_deref().unwrap_or_default();
        let seen = self.revision.lock().unwrap_or_else(PoisonError::into_inner).saw(version);
        if let Err(error) = seen {
            tracing::warn!(%error, "what was seen before is forgotten, and the watch begins anew");
            self.watched.begin_anew();
        }
        Ok(lease)
    }
}

impl Cluster for KubeCluster {
    async fn agent(&self) -> Result<AgentObject, ClusterError> {
        let what = || format!("SyncAgent {}", self.names.agent);
        if let Some(seen) = self.watched.look() {
            let object = seen.ok_or_else(|| ClusterError::Missing { what: what() })?;
            return AgentObject::parse(&object);
        }
        let object = answered(what(), self.agents.get(&self.names.agent)).await?;
        AgentObject::parse(&value(&object)?)
    }

    async fn changed(&self) {
        self.watched.changed().await;
    }

    async fn put_agent_status(&self, status: &SyncAgentStatus) -> Result<(), ClusterError> {
        let what = format!("status of SyncAgent {}", self.names.agent);
        let stored = put_status(&self.agents, &self.names.agent, what, status).await?;
        self.watched.wrote(value(&stored)?);
        Ok(())
    }

    async fn report(&self) -> Result<ReportObject, ClusterError> {
        let what = format!("SyncAgentReport {}", self.names.report);
        let object = answered(what, self.reports.get(&self.names.report)).await?;
        ReportObject::parse(&value(&object)?)
    }

    async fn put_report_status(&self, status: &SyncAgentReportStatus) -> Result<(), ClusterError> {
        let what = format!("status of SyncAgentReport {}", self.names.report);
        put_status(&self.reports, &self.names.report, what, status).await.map(|_| ())
    }

    async fn secret(&self, name: &ObjectName) -> Result<BTreeMap<String, Vec<u8>>, ClusterError> {
        let secret = answered(format!("Secret {name}"), self.secrets.get(name.as_str())).await?;
        Ok(secret.data.unwrap_or_default().into_iter().map(|(key, bytes)| (key, bytes.0)).collect())
    }

    async fn patch_secret(
        &self,
        name: &ObjectName,
        data: BTreeMap<String, Option<Vec<u8>>>,
    ) -> Result<(), ClusterError> {
        let encoded: BTreeMap<String, Option<String>> =
            data.into_iter().map(|(key, bytes)| (key, bytes.map(|bytes| STANDARD.encode(bytes)))).collect();
        let patch = Patch::Merge(json!({ "data": encoded }));
        let parameters = PatchParams::default();
        let written = self.secrets.patch(name.as_str(), &parameters, &patch);
        answered(format!("Secret {name}"), written).await.map(|_| ())
    }

    async fn lease(&self) -> Result<LeaseObject, ClusterError> {
        Ok(read_lease(&self.live_lease().await?))
    }

    async fn replace_lease(&self, lease: &LeaseObject) -> Result<LeaseObject, ClusterError> {
        let what = || format!("Lease {}", self.names.lease);
        let mut object = self.live_lease().await?;
        if object.metadata.resource_version.as_ref() != Some(&lease.resource_version) {
            return Err(ClusterError::Conflict { what: what() });
        }
        let spec = object.spec.get_or_insert_default();
        spec.holder_identity.clone_from(&lease.holder);
        spec.lease_duration_seconds = Some(lease.duration_seconds);
        spec.acquire_time = lease.acquired_at.map(MicroTime);
        spec.renew_time = lease.renewed_at.map(MicroTime);
        spec.lease_transitions = Some(lease.transitions);
        let parameters = PostParams::default();
        let written = self.leases.replace(&self.names.lease, &parameters, &object);
        Ok(read_lease(&answered(what(), written).await?))
    }

    async fn request_token(&self, lifetime: Duration) -> Result<String, ClusterError> {
        let what = format!("token of ServiceAccount {}", self.names.account);
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let request = TokenRequest {
            spec: Some(TokenRequestSpec { expiration_seconds: Some(seconds), ..TokenRequestSpec::default() }),
            ..TokenRequest::default()
        };
        let parameters = PostParams::default();
        let asked = self.accounts.create_token_request(&self.names.account, &parameters, &request);
        let answer = answered(what.clone(), asked).await?;
        answer
            .status
            .and_then(|status| status.token)
            .ok_or_else(|| ClusterError::Invalid { what, problem: "an answer without a token".to_owned() })
    }
}

/// Replaces a status as a whole: a merge would leave parts of an earlier one behind.
async fn put_status<T: serde::Serialize + Sync>(
    api: &Api<DynamicObject>,
    name: &str,
    what: String,
    status: &T,
) -> Result<DynamicObject, ClusterError> {
    let invalid =
        |error: serde_json::Error| ClusterError::Invalid { what: what.clone(), problem: error.to_string() };
    let operations = json!([{ "op": "add", "path": "/status", "value": status }]);
    let patch = Patch::<()>::Json(serde_json::from_value(operations).map_err(invalid)?);
    answered(what.clone(), api.patch_status(name, &PatchParams::default(), &patch)).await
}

fn read_lease(lease: &Lease) -> LeaseObject {
    let spec = lease.spec.clone().unwrap_or_default();
    LeaseObject {
        resource_version: lease.metadata.resource_version.clone().unwrap_or_default(),
        holder: spec.holder_identity,
        duration_seconds: spec.lease_duration_seconds.unwrap_or_default(),
        acquired_at: spec.acquire_time.map(|time: MicroTime| -> Timestamp { time.0 }),
        renewed_at: spec.renew_time.map(|time| time.0),
        transitions: spec.lease_transitions.unwrap_or_default(),
    }
}

fn value(object: &DynamicObject) -> Result<Value, ClusterError> {
    serde_json::to_value(object).map_err(|error| ClusterError::Invalid {
        what: object.metadata.name.clone().unwrap_or_default(),
        problem: error.to_string(),
    })
}

/// Waits for an answer, not for ever, and sorts what goes wrong.
async fn answered<T>(
    what: String,
    request: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, ClusterError> {
    match tokio::time::timeout(LONGEST_WAIT, request).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(sort(what, &error)),
        Err(_) => {
            Err(ClusterError::Unreachable { what, problem: format!("no answer within {LONGEST_WAIT:?}") })
        }
    }
}

fn sort(what: String, error: &kube::Error) -> ClusterError {
    // kube prints the causes in its own message.
    let problem = error.to_string();
    match error {
        kube::Error::Api(status) => match status.code {
            401 | 403 => ClusterError::Refused { what, problem: status.message.clone() },
            404 => ClusterError::Missing { what },
            409 => ClusterError::Conflict { what },
            400 | 405 | 413 | 415 | 422 => ClusterError::Invalid { what, problem: status.message.clone() },
            _ => ClusterError::Unreachable { what, problem },
        },
        kube::Error::SerdeError(_) | kube::Error::BuildRequest(_) => ClusterError::Invalid { what, problem },
        _ => ClusterError::Unreachable { what, problem },
    }
}

#[cfg(test)]
mod tests;
