//! The store as an agent sees it: its own objects. No IO.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use agent::cluster::{AgentObject, Cluster, ClusterError, LeaseObject, ReportObject};
use agent::kube_cluster::Names;
use crds::primitive::ObjectName;
use crds::sync_agent::SyncAgentStatus;
use crds::sync_agent_report::SyncAgentReportStatus;
use crds::{SyncAgent, SyncAgentReport};
use k8s_openapi::ByteString;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use serde::Serialize;
use serde_json::{Value, json};

use super::object::meta;
use super::refusal::Refusal;
use super::user::{Resource, User};
use super::write::Part;

/// The agent of one set of objects.
#[derive(Debug)]
pub struct AgentUser {
    user: User,
    names: Names,
    seen: Mutex<Seen>,
}

/// What was looked at last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Seen {
    #[default]
    NothingYet,
    Missing,
    /// What makes a `SyncAgent` another one for its agent. Its own status is no news to it.
    Agent {
        uid: String,
        generation: i64,
    },
}

impl Seen {
    fn of(object: Option<&Value>) -> Self {
        let Some(object) = object else { return Self::Missing };
        Self::Agent {
            uid: meta(object, "uid").to_owned(),
            generation: object["metadata"]["generation"].as_i64().unwrap_or_default(),
        }
    }
}

impl AgentUser {
    pub(super) fn new(user: User, names: Names) -> Self {
        Self { user, names, seen: Mutex::default() }
    }

    fn look(&self, object: Option<&Value>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::of(object);
    }

    /// Replaces a status as a whole, as the agent does it on an API server.
    async fn put_status<T: Serialize>(
        &self,
        resource: &Resource,
        name: &str,
        what: String,
        status: &T,
    ) -> Result<Value, ClusterError> {
        let operations = json!([{ "op": "add", "path": "/status", "value": status }]);
        let namespace = &self.names.namespace;
        let written = self.user.operate(resource, namespace, name, Part::Status, operations).await;
        written.map_err(|refusal| sort(what, refusal))
    }

    async fn get<K: kube::Resource<DynamicType = ()>>(
        &self,
        name: &str,
        what: String,
    ) -> Result<Value, ClusterError> {
        let found = self.user.get(&Resource::of::<K>(), &self.names.namespace, name).await;
        found.map_err(|refusal| sort(what, refusal))
    }

    /// Whether the SyncAgent is another than the one that was looked at last.
    fn is_news(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let inner = self.user.store.inner();
        let resource = Resource::of::<SyncAgent>();
        let Some(kind) = inner.state.kinds.find(&resource.group, &resource.plural) else { return false };
        let key = super::write::key(&kind, &self.names.namespace, &self.names.agent);
        seen != Seen::NothingYet && Seen::of(inner.state.objects.get(&key)) != seen
    }
}

impl Cluster for AgentUser {
    async fn agent(&self) -> Result<AgentObject, ClusterError> {
        let found = self.get::<SyncAgent>(&self.names.agent, format!("SyncAgent {}", self.names.agent)).await;
        match &found {
            Ok(object) => self.look(Some(object)),
            Err(ClusterError::Missing { .. }) => self.look(None),
            Err(_) => {}
        }
        AgentObject::parse(&found?)
    }

    async fn changed(&self) {
        let mut news = self.user.store.news();
        loop {
            // What changes from here on is not missed while looking.
            news.mark_unchanged();
            if self.is_news() {
                return;
            }
            if news.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    async fn put_agent_status(&self, status: &SyncAgentStatus) -> Result<(), ClusterError> {
        let what = format!("status of SyncAgent {}", self.names.agent);
        self.put_status(&Resource::of::<SyncAgent>(), &self.names.agent, what, status).await.map(drop)
    }

    async fn report(&self) -> Result<ReportObject, ClusterError> {
        let what = format!("SyncAgentReport {}", self.names.report);
        ReportObject::parse(&self.get::<SyncAgentReport>(&self.names.report, what).await?)
    }

    async fn put_report_status(&self, status: &SyncAgentReportStatus) -> Result<(), ClusterError> {
        let what = format!("status of SyncAgentReport {}", self.names.report);
        self.put_status(&Resource::of::<SyncAgentReport>(), &self.names.report, what, status).await.map(drop)
    }

    async fn secret(&self, name: &ObjectName) -> Result<BTreeMap<String, Vec<u8>>, ClusterError> {
        let what = format!("Secret {name}");
        let secret: Secret = parse(self.get::<Secret>(name.as_str(), what.clone()).await?, what)?;
        Ok(secret.data.unwrap_or_default().into_iter().map(|(key, bytes)| (key, bytes.0)).collect())
    }

    async fn patch_secret(
        &self,
        name: &ObjectName,
        data: BTreeMap<String, Option<Vec<u8>>>,
    ) -> Result<(), ClusterError> {
        let encoded: BTreeMap<String, Option<ByteString>> =
            data.into_iter().map(|(key, bytes)| (key, bytes.map(ByteString))).collect();
        let (resource, namespace) = (Resource::of::<Secret>(), &self.names.namespace);
        let patch = json!({ "data": encoded });
        let written = self.user.merge(&resource, namespace, name.as_str(), Part::Main, &patch).await;
        written.map(drop).map_err(|refusal| sort(format!("Secret {name}"), refusal))
    }

    async fn lease(&self) -> Result<LeaseObject, ClusterError> {
        let what = format!("Lease {}", self.names.lease);
        Ok(read_lease(&parse(self.get::<Lease>(&self.names.lease, what.clone()).await?, what)?))
    }

    async fn replace_lease(&self, lease: &LeaseObject) -> Result<LeaseObject, ClusterError> {
        let what = || format!("Lease {}", self.names.lease);
        let mut object: Lease = parse(self.get::<Lease>(&self.names.lease, what()).await?, what())?;
        if object.metadata.resource_version.as_ref() != Some(&lease.resource_version) {
            return Err(ClusterError::Conflict { what: what() });
        }
        let spec = object.spec.get_or_insert_default();
        spec.holder_identity.clone_from(&lease.holder);
        spec.lease_duration_seconds = Some(lease.duration_seconds);
        spec.acquire_time = lease.acquired_at.map(MicroTime);
        spec.renew_time = lease.renewed_at.map(MicroTime);
        spec.lease_transitions = Some(lease.transitions);
        let invalid =
            |error: serde_json::Error| ClusterError::Invalid { what: what(), problem: error.to_string() };
        let object = serde_json::to_value(object).map_err(invalid)?;
        let (resource, namespace) = (Resource::of::<Lease>(), &self.names.namespace);
        let written = self.user.update(&resource, namespace, &self.names.lease, Part::Main, object).await;
        Ok(read_lease(&parse(written.map_err(|refusal| sort(what(), refusal))?, what())?))
    }

    async fn request_token(&self, lifetime: Duration) -> Result<String, ClusterError> {
        let what = format!("token of ServiceAccount {}", self.names.account);
        let asked = self.user.token(&self.names.namespace, &self.names.account, lifetime).await;
        asked.map(|(token, _)| token).map_err(|refusal| sort(what, refusal))
    }
}

fn parse<T: serde::de::DeserializeOwned>(object: Value, what: String) -> Result<T, ClusterError> {
    serde_json::from_value(object).map_err(|error| ClusterError::Invalid { what, problem: error.to_string() })
}

fn read_lease(lease: &Lease) -> LeaseObject {
    let spec = lease.spec.clone().unwrap_or_default();
    LeaseObject {
        resource_version: lease.metadata.resource_version.clone().unwrap_or_default(),
        holder: spec.holder_identity,
        duration_seconds: spec.lease_duration_seconds.unwrap_or_default(),
        acquired_at: spec.acquire_time.map(|time| time.0),
        renewed_at: spec.renew_time.map(|time| time.0),
        transitions: spec.lease_transitions.unwrap_or_default(),
    }
}

/// The same sorting as in `agent::kube_cluster::KubeCluster`.
fn sort(what: String, refusal: Refusal) -> ClusterError {
    match refusal.code {
        401 | 403 => ClusterError::Refused { what, problem: refusal.message },
        404 => ClusterError::Missing { what },
        409 => ClusterError::Conflict { what },
        400 | 405 | 413 | 415 | 422 => ClusterError::Invalid { what, problem: refusal.message },
        _ => ClusterError::Unreachable { what, problem: refusal.to_string() },
    }
}
