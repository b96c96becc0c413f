//! The API server of a run as the simulation itself sees it: what people write, what the judge reads, and what changed. No IO.

use crds::conditions::{ConditionType, is_true};
use crds::sync_topology::SyncTopologySpec;
use crds::{ConfigurationSnapshot, EntraTenant, Migration, ObjectName, SyncAgent, SyncServer, SyncTopology};
use futures::FutureExt as _;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use operator::cluster::{Cluster, ClusterError, Object};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::clock::VirtualClock;
use crate::setting::{NAME, NAMESPACE};
use crate::store::{
    AgentUser, Preconditions, Request, Resource, Restore, SchemaError, Snapshot, Store, User,
};

/// Name of the admission policy on decisions, as the chart has it.
const POLICY: &str = "hybrid-identity-decisions";

/// The API server of a run.
#[derive(Debug)]
pub struct ClusterSide {
    store: Store,
    people: User,
    saved: Option<Snapshot>,
}

impl ClusterSide {
    /// An API server with nothing but namespaces and the chart's admission policy.
    ///
    /// # Errors
    /// [`SchemaError`] when the store cannot be made.
    pub fn new(clock: &VirtualClock, seed: u64) -> Result<Self, SchemaError> {
        let clock = clock.clone();
        let store = Store::new(std::sync::Arc::new(move || clock.now()), seed)?;
        store.make_namespace(NAMESPACE);
        let people = store.user("people");
        Ok(Self { store, people, saved: None })
    }

    /// The operator's user.
    pub fn operator(&self) -> User {
        self.store.user("operator")
    }

    /// An agent's user.
    pub fn agent(&self, name: &str) -> AgentUser {
        self.store.user(name).agent(agent::kube_cluster::Names::of(NAMESPACE, name, name))
    }

    /// Makes the admission policy on decisions and its binding.
    ///
    /// # Errors
    /// In words, when the store refuses.
    pub fn install_policy(&self) -> Result<(), String> {
        let group = "admissionregistration.k8s.io";
        let policy = json!({
            "apiVersion": format!("{group}/v1"), "kind": "ValidatingAdmissionPolicy", "metadata": {"name": POLICY},
            "spec": {"validations": [{"expression": "true"}]},
        });
        let binding = json!({
            "apiVersion": format!("{group}/v1"), "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": POLICY},
            "spec": {"policyName": POLICY, "validationActions": ["Deny"]},
        });
        for (plural, object) in
            [("validatingadmissionpolicies", policy), ("validatingadmissionpolicybindings", binding)]
        {
            let resource = Resource { group: group.to_owned(), plural: plural.to_owned() };
            at_once(User::create(&self.people, &resource, "", object))
                .ok_or("the store did not answer at once")?
                .map_err(|refusal| refusal.to_string())?;
        }
        Ok(())
    }

    /// Makes an object as people do; says how it ended.
    pub fn create<K: Object>(&self, object: &K) -> String {
        match at_once(Cluster::create(&self.people, object)) {
            Some(Ok(true)) => "done".to_owned(),
            Some(Ok(false)) => "there is one of that name".to_owned(),
            Some(Err(error)) => error.to_string(),
            None => "no answer".to_owned(),
        }
    }

    /// Makes an object that is given as JSON.
    ///
    /// # Errors
    /// In words, when the store refuses or the object is none of its kind.
    pub fn declare<K: Object>(&self, object: Value) -> Result<(), String> {
        let object: K = serde_json::from_value(object).map_err(|error| error.to_string())?;
        match self.create(&object).as_str() {
            "done" => Ok(()),
            other => Err(format!("{} {}: {other}", K::kind(&()), object.name_any())),
        }
    }

    /// Makes a Secret.
    ///
    /// # Errors
    /// In words, when the store refuses.
    pub fn declare_secret(&self, name: &str, key: &str, content: &[u8]) -> Result<(), String> {
        let secret = Secret {
            metadata: kube::core::ObjectMeta {
                name: Some(name.to_owned()),
                namespace: Some(NAMESPACE.to_owned()),
                ..kube::core::ObjectMeta::default()
            },
            data: Some([(key.to_owned(), k8s_openapi::ByteString(content.to_vec()))].into()),
            ..Secret::default()
        };
        match self.create(&secret).as_str() {
            "done" => Ok(()),
            other => Err(format!("Secret {name}: {other}")),
        }
    }

    fn all<K: Object + DeserializeOwned>(&self) -> Vec<K> {
        let listed: Option<Result<Vec<K>, ClusterError>> =
            at_once(Cluster::list(&self.people, Some(NAMESPACE)));
        listed.and_then(Result::ok).unwrap_or_default()
    }

    /// One object.
    pub fn get<K: Object>(&self, name: &str) -> Option<K> {
        let found: Option<Result<Option<K>, ClusterError>> =
            at_once(Cluster::get(&self.people, NAMESPACE, name));
        found?.ok()?
    }

    /// All migrations.
    pub fn migrations(&self) -> Vec<Migration> {
        self.all()
    }

    /// The topology.
    pub fn topology(&self) -> Option<SyncTopology> {
        self.get(NAME)
    }

    /// Sets `spec.suspend` of the topology.
    pub fn suspend(&self, suspend: bool) {
        if let Some(mut topology) = self.topology() {
            topology.spec.suspend = suspend;
            drop(at_once(Cluster::replace(&self.people, &topology)));
        }
    }

    /// Changes the topology as somebody merges it in Git; says how it ended.
    pub fn edit(&self, change: impl FnOnce(&mut SyncTopologySpec)) -> String {
        let Some(mut topology) = self.topology() else { return "there is no topology".to_owned() };
        change(&mut topology.spec);
        match at_once(Cluster::replace(&self.people, &topology)) {
            Some(Ok(_)) => "done".to_owned(),
            Some(Err(error)) => error.to_string(),
            None => "no answer".to_owned(),
        }
    }

    /// Deletes the topology as somebody prunes it in Git; says how it ended.
    pub fn delete_topology(&self) -> String {
        let (resource, any) = (Resource::of::<SyncTopology>(), Preconditions::default());
        match at_once(self.people.delete(&resource, NAMESPACE, NAME, &any)) {
            Some(Ok(_)) => "done".to_owned(),
            Some(Err(refusal)) => refusal.to_string(),
            None => "no answer".to_owned(),
        }
    }

    /// Whether a snapshot of a server was recorded that could be read back.
    pub fn has_snapshot(&self, server: &str) -> bool {
        let server = ObjectName(server.to_owned());
        self.all::<ConfigurationSnapshot>().iter().any(|snapshot| {
            let parsed =
                snapshot.status.as_ref().is_some_and(|s| is_true(&s.conditions, ConditionType::Parsed));
            snapshot.spec.server_ref.name == server && parsed
        })
    }

    /// A server.
    pub fn server(&self, name: &str) -> Option<SyncServer> {
        self.get(name)
    }

    /// An agent's object.
    pub fn sync_agent(&self, name: &str) -> Option<SyncAgent> {
        self.get(name)
    }

    /// The tenant.
    pub fn tenant(&self) -> Option<EntraTenant> {
        self.get(NAME)
    }

    /// Names of all objects of a kind.
    pub fn names<K: Object>(&self) -> Vec<String> {
        self.all::<K>().iter().map(ResourceExt::name_any).collect()
    }

    /// What was written since this was asked last.
    pub fn changes(&self) -> Vec<Request> {
        let audit = self.store.take_audit();
        let written =
            audit.into_iter().filter(|entry| entry.request.verb.is_write() && entry.outcome.was_done());
        written.map(|entry| entry.request).collect()
    }

    /// Number of the last change.
    pub fn version(&self) -> u64 {
        self.store.version()
    }

    /// Backs everything up.
    pub fn save(&mut self) {
        self.saved = Some(self.store.snapshot());
    }

    /// Goes back to the backup; false where there is none.
    pub fn restore(&self, how: Restore) -> bool {
        let Some(saved) = &self.saved else { return false };
        self.store.restore(saved, how);
        true
    }
}

/// The store answers everybody at once: what takes time is added on the product's roads.
fn at_once<T>(answer: impl Future<Output = T>) -> Option<T> {
    answer.now_or_never()
}
