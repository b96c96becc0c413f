//! [`Cluster`] on a real API server. Network IO.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crds::revision::Revision;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::runtime::events::{Event, EventType};
use kube::{Api, Client, ResourceExt};
use tokio::sync::Notify;

use super::recorders::Recorders;
use super::{Cluster, ClusterError, Object};

/// Name under which the operator writes.
pub const FIELD_MANAGER: &str = "hybrid-identity-operator";

/// Page size of lists.
const PAGE: u32 = 500;

/// A real API server.
#[derive(Clone)]
pub struct KubeCluster {
    client: Client,
    recorders: Arc<Recorders>,
    namespaces: Arc<Vec<String>>,
    store: Arc<Watermark>,
}

/// How far the store had come by live lists, and whether one was behind an earlier one.
#[derive(Default)]
struct Watermark {
    /// By kind: each may have a store of its own.
    newest: Mutex<BTreeMap<String, Revision>>,
    put_back: Notify,
}

impl Watermark {
    fn kinds(&self) -> MutexGuard<'_, BTreeMap<String, Revision>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far a kind's store had come when a list is asked for.
    fn before<K: Object>(&self) -> Revision {
        self.kinds().get(&kind::<K>()).copied().unwrap_or_default()
    }

    /// Compares the answer with that. Requests run side by side, so an answer may well be behind one that came meanwhile.
    fn after<K: Object>(
        &self,
        mut before: Revision,
        resource_version: Option<&str>,
    ) -> Result<(), ClusterError> {
        if let Err(error) = before.saw(resource_version.unwrap_or_default()) {
            self.put_back.notify_one();
            return Err(ClusterError::Unavailable { message: error.to_string() });
        }
        let mut kinds = self.kinds();
        let newest = kinds.entry(kind::<K>()).or_default();
        *newest = (*newest).max(before);
        Ok(())
    }
}

impl KubeCluster {
    /// Uses a client; an empty list of namespaces means all of them.
    pub fn new(client: Client, instance: &str, namespaces: Vec<String>) -> Self {
        Self {
            recorders: Arc::new(Recorders::new(client.clone(), instance)),
            client,
            namespaces: Arc::new(namespaces),
            store: Arc::default(),
        }
    }

    /// The client, for watches.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Namespaces that are watched; empty for all.
    pub fn namespaces(&self) -> &[String] {
        &self.namespaces
    }

    /// Resolves when a live list was behind an earlier one: the store was put back. From then on no list is answered any more, and
    /// nothing is decided without one.
    pub async fn put_back(&self) {
        self.store.put_back.notified().await;
    }

    /// Asks how far a kind's store has come, for those who do not list it.
    ///
    /// # Errors
    /// When the API server does not answer, or the store was put back.
    pub async fn look_at_store<K: Object>(&self) -> Result<(), ClusterError> {
        // The whole cluster where that is watched: rights in named namespaces are all that is needed otherwise.
        let api = self
            .namespaces
            .first()
            .map_or_else(|| Api::<K>::all(self.client.clone()), |namespace| self.api(namespace));
        let before = self.store.before::<K>();
        let list = api.list_metadata(&ListParams::default().limit(1)).await;
        let list = list.map_err(|error| classify::<K>(error, "list", ""))?;
        self.store.after::<K>(before, list.metadata.resource_version.as_deref())
    }

    fn api<K: Object>(&self, namespace: &str) -> Api<K> {
        Api::namespaced(self.client.clone(), namespace)
    }

    async fn pages<K: Object>(&self, api: Api<K>) -> Result<Vec<K>, ClusterError> {
        let mut items = Vec::new();
        let mut parameters = ListParams::default().limit(PAGE);
        let mut first = Some(self.store.before::<K>());
        loop {
            let page = api.list(&parameters).await.map_err(|error| classify::<K>(error, "list", ""))?;
            // Later pages are of the same moment.
            if let Some(before) = first.take() {
                self.store.after::<K>(before, page.metadata.resource_version.as_deref())?;
            }
            items.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => parameters = parameters.continue_token(&token),
                None => return Ok(items),
            }
        }
    }
}

fn kind<K: Object>() -> String {
    K::kind(&()).into_owned()
}

fn classify<K: Object>(error: kube::Error, verb: &'static str, name: &str) -> ClusterError {
    match error {
        kube::Error::Api(status) if status.is_conflict() => {
            ClusterError::Conflict { kind: kind::<K>(), name: name.to_owned() }
        }
        kube::Error::Api(status) if status.is_forbidden() => {
            ClusterError::Forbidden { verb, kind: kind::<K>(), message: status.message.clone() }
        }
        kube::Error::Api(status) if matches!(status.code, 400 | 404 | 405 | 413 | 422) => {
            ClusterError::Invalid {
                kind: kind::<K>(),
                name: name.to_owned(),
                message: status.message.clone(),
            }
        }
        other => ClusterError::Unavailable { message: other.to_string() },
    }
}

/// An object of the whole cluster; one that may not be read proves as little as one that does not exist.
fn readable<K>(answer: kube::Result<Option<K>>) -> Result<Option<K>, ClusterError> {
    match answer {
        Ok(found) => Ok(found),
        Err(kube::Error::Api(status)) if status.is_forbidden() => {
            tracing::warn!(
                message = status.message,
                "whether decisions are proven cannot be read, so none of them is: install the roles of the chart"
            );
            Ok(None)
        }
        Err(error) => Err(ClusterError::Unavailable { message: error.to_string() }),
    }
}

impl Cluster for KubeCluster {
    async fn get<K: Object>(&self, namespace: &str, name: &str) -> Result<Option<K>, ClusterError> {
        self.api::<K>(namespace).get_opt(name).await.map_err(|error| classify::<K>(error, "get", name))
    }

    async fn list<K: Object>(&self, namespace: Option<&str>) -> Result<Vec<K>, ClusterError> {
        if let Some(namespace) = namespace {
            return self.pages(self.api::<K>(namespace)).await;
        }
        if self.namespaces.is_empty() {
            return self.pages(Api::<K>::all(self.client.clone())).await;
        }
        let mut items = Vec::new();
        for namespace in self.namespaces.iter() {
            items.extend(self.pages(self.api::<K>(namespace)).await?);
        }
        Ok(items)
    }

    async fn create<K: Object>(&self, object: &K) -> Result<bool, ClusterError> {
        let namespace = object.namespace().unwrap_or_default();
        let parameters =
            PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        match self.api::<K>(&namespace).create(&parameters, object).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(false),
            Err(error) => Err(classify::<K>(error, "create", &object.name_any())),
        }
    }

    async fn replace<K: Object>(&self, object: &K) -> Result<K, ClusterError> {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let parameters =
            PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        self.api::<K>(&namespace)
            .replace(&name, &parameters, object)
            .await
            .map_err(|error| classify::<K>(error, "update", &name))
    }

    async fn replace_status<K: Object>(&self, object: &K) -> Result<K, ClusterError> {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let parameters =
            PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        self.api::<K>(&namespace)
            .replace_status(&name, &parameters, object)
            .await
            .map_err(|error| classify::<K>(error, "update status of", &name))
    }

    async fn set_finalizers<K: Object>(&self, object: &K, finalizers: &[String]) -> Result<(), ClusterError> {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let parameters =
            PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let patch = Patch::Merge(super::finalizers_patch(object, finalizers));
        match self.api::<K>(&namespace).patch(&name, &parameters, &patch).await {
            Ok(_) => Ok(()),
            // The last finalizer is gone, and the object with it.
            Err(kube::Error::Api(status)) if status.is_not_found() && finalizers.is_empty() => Ok(()),
            Err(error) => Err(classify::<K>(error, "patch", &name)),
        }
    }

    async fn policy_since(&self, name: &str) -> Result<Option<jiff::Timestamp>, ClusterError> {
        let policies: Api<ValidatingAdmissionPolicy> = Api::all(self.client.clone());
        let bindings: Api<ValidatingAdmissionPolicyBinding> = Api::all(self.client.clone());
        let Some(policy) = readable(policies.get_opt(name).await)? else { return Ok(None) };
        let Some(binding) = readable(bindings.get_opt(name).await)? else { return Ok(None) };
        let denies = binding.spec.policy_name == name
            && binding.spec.validation_actions.iter().any(|action| action == "Deny");
        let since = [policy.metadata.creation_timestamp, binding.metadata.creation_timestamp];
        Ok(denies.then(|| since.into_iter().flatten().map(|time| time.0).max()).flatten())
    }

    async fn event<K: Object>(&self, object: &K, warning: bool, reason: &str, action: &str, note: &str) {
        let event = Event {
            type_: if warning { EventType::Warning } else { EventType::Normal },
            reason: reason.to_owned(),
            note: Some(note.chars().take(1024).collect()),
            action: action.to_owned(),
            secondary: None,
        };
        if let Err(error) = self.recorders.of(note).publish(&event, &object.object_ref(&())).await {
            // An event is a courtesy: what it says stands in the status too.
            tracing::debug!(%error, reason, "event was not published");
        }
    }
}
