//! The store as one user sees it: the verbs on JSON, and the operator's trait. No IO.

use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use kube::ResourceExt as _;
use operator::cluster::{Cluster, ClusterError, Object};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::fault::{Request, Verb};
use super::kind::Kind;
use super::object::meta;
use super::refusal::Refusal;
use super::state::State;
use super::write::{self, Part, Preconditions};
use super::{Store, View};

/// Where objects of one kind are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// API group; empty for the oldest kinds.
    pub group: String,
    /// Plural of the kind.
    pub plural: String,
}

impl Resource {
    /// The resource of a type.
    pub fn of<K: kube::Resource<DynamicType = ()>>() -> Self {
        Self { group: K::group(&()).into_owned(), plural: K::plural(&()).into_owned() }
    }
}

/// Why a request has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The answer was no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no answer, and there never will be.
    #[error("expected an answer, found none")]
    Silence,
}

/// The store as one user sees it; a clone is the same user.
#[derive(Debug, Clone)]
pub struct User {
    pub(super) store: Store,
    name: String,
}

impl User {
    pub(super) fn new(store: Store, name: &str) -> Self {
        Self { store, name: name.to_owned() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The agent of these names, acting as this user.
    pub fn agent(&self, names: agent::kube_cluster::Names) -> super::AgentUser {
        super::AgentUser::new(self.clone(), names)
    }

    async fn ask<T>(
        &self,
        verb: Verb,
        resource: &Resource,
        (namespace, name, part): (&str, &str, Part),
        does: impl FnOnce(&mut State, &Kind, View) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let kind = self.store.kind(resource)?;
        let request = Request {
            at: (self.store.0.now)(),
            user: self.name.clone(),
            verb,
            kind: kind.name.clone(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            part,
        };
        if let Some(gate) = self.store.gate(&request) {
            gate.await;
        }
        // The gate may have taken time.
        let request = Request { at: (self.store.0.now)(), ..request };
        match self.store.carry_out(request, |state, view| does(state, &kind, view)) {
            Ok(answer) => Ok(answer),
            Err(Failure::Refused(refusal)) => Err(refusal),
            Err(Failure::Silence) => std::future::pending().await,
        }
    }

    /// One object.
    ///
    /// # Errors
    /// [`Refusal`], such as 404.
    pub async fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Result<Value, Refusal> {
        self.ask(Verb::Get, resource, (namespace, name, Part::Main), |state, kind, view| {
            let key = write::key(kind, namespace, name);
            match view {
                View::Present => state.get(kind, &key),
                View::Past(changes) => {
                    let (mut objects, _) = state.past(changes);
                    objects.remove(&key).ok_or_else(|| Refusal::not_found(&kind.resource(), name))
                }
            }
        })
        .await
    }

    /// All objects of a kind, in the order of their names, and the version of the list. An empty namespace means all of them.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn list(&self, resource: &Resource, namespace: &str) -> Result<(Vec<Value>, u64), Refusal> {
        self.ask(Verb::List, resource, (namespace, "", Part::Main), |state, kind, view| match view {
            View::Present => Ok((state.list(kind, namespace), state.version)),
            View::Past(changes) => {
                let (objects, version) = state.past(changes);
                let of = objects.into_iter().filter(|(key, _)| {
                    key.group == kind.group
                        && key.plural == kind.plural
                        && (namespace.is_empty() || key.namespace == namespace)
                });
                Ok((of.map(|(_, object)| object).collect(), version))
            }
        })
        .await
    }

    /// What happened to objects of a kind after a version, as events of a watch: `{type, object}`. Does not wait for more;
    /// [`Store::news`] tells when to ask again.
    ///
    /// # Errors
    /// [`Refusal`]: 410 where the version lies too far back.
    pub async fn since(
        &self,
        resource: &Resource,
        namespace: &str,
        version: u64,
    ) -> Result<Vec<Value>, Refusal> {
        let at = (namespace, "", Part::Main);
        self.ask(Verb::Watch, resource, at, |state, kind, _| state.since(kind, namespace, version)).await
    }

    /// Creates an object and gives it as stored.
    ///
    /// # Errors
    /// [`Refusal`], such as 409 `AlreadyExists`.
    pub async fn create(
        &self,
        resource: &Resource,
        namespace: &str,
        object: Value,
    ) -> Result<Value, Refusal> {
        let name = meta(&object, "name").to_owned();
        let at = (namespace, name.as_str(), Part::Main);
        self.ask(Verb::Create, resource, at, |state, kind, _| state.create(kind, namespace, object)).await
    }

    /// Replaces an object, or its status; fenced by `resourceVersion`.
    ///
    /// # Errors
    /// [`Refusal`], such as 409 `Conflict`.
    pub async fn update(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        part: Part,
        object: Value,
    ) -> Result<Value, Refusal> {
        let at = (namespace, name, part);
        self.ask(Verb::Update, resource, at, |state, kind, _| {
            state.update(kind, namespace, name, object, part)
        })
        .await
    }

    /// Changes an object, or its status, by a merge patch.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn merge(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        part: Part,
        patch: &Value,
    ) -> Result<Value, Refusal> {
        let at = (namespace, name, part);
        self.ask(Verb::Patch, resource, at, |state, kind, _| state.merge(kind, namespace, name, patch, part))
            .await
    }

    /// Changes an object, or its status, by the operations of a JSON patch.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn operate(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        part: Part,
        operations: Value,
    ) -> Result<Value, Refusal> {
        let at = (namespace, name, part);
        self.ask(Verb::Patch, resource, at, |state, kind, _| {
            state.operate(kind, namespace, name, operations, part)
        })
        .await
    }

    /// Applies what a field manager wants of an object: server-side apply, always with force.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn apply(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        manager: &str,
        object: Value,
    ) -> Result<Value, Refusal> {
        let at = (namespace, name, Part::Main);
        self.ask(Verb::Patch, resource, at, |state, kind, _| {
            state.apply(kind, namespace, name, manager, object)
        })
        .await
    }

    /// A token of a `ServiceAccount`, and when it expires. It names the account and proves nothing.
    ///
    /// # Errors
    /// [`Refusal`]: 404 where there is no such account.
    pub async fn token(
        &self,
        namespace: &str,
        account: &str,
        lifetime: std::time::Duration,
    ) -> Result<(String, Timestamp), Refusal> {
        let resource = Resource { group: String::new(), plural: "serviceaccounts".to_owned() };
        let at = (namespace, account, Part::Main);
        let found = self
            .ask(Verb::Create, &resource, at, |state, kind, _| {
                state.get(kind, &write::key(kind, namespace, account))
            })
            .await?;
        let lifetime = jiff::SignedDuration::try_from(lifetime).unwrap_or(jiff::SignedDuration::MAX);
        let until = (self.store.0.now)().checked_add(lifetime).unwrap_or(Timestamp::MAX);
        Ok((format!("in-process.{account}.{}.{until}", meta(&found, "uid")), until))
    }

    /// Deletes an object, or asks for it where finalizers hold it.
    ///
    /// # Errors
    /// [`Refusal`], such as 404.
    pub async fn delete(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        preconditions: &Preconditions,
    ) -> Result<Value, Refusal> {
        let at = (namespace, name, Part::Main);
        self.ask(Verb::Delete, resource, at, |state, kind, _| {
            state.delete(kind, namespace, name, preconditions)
        })
        .await
    }
}

fn read<K: DeserializeOwned>(object: Value) -> Result<K, ClusterError> {
    serde_json::from_value(object).map_err(|error| ClusterError::Unavailable { message: error.to_string() })
}

fn json_of<K: Object>(object: &K) -> Result<Value, ClusterError> {
    serde_json::to_value(object).map_err(|error| ClusterError::Unavailable { message: error.to_string() })
}

/// The same sorting as in `operator::cluster::KubeCluster`.
fn classify<K: Object>(refusal: Refusal, verb: &'static str, name: &str) -> ClusterError {
    let kind = K::kind(&()).into_owned();
    match refusal.code {
        409 if refusal.reason == "Conflict" => ClusterError::Conflict { kind, name: name.to_owned() },
        403 => ClusterError::Forbidden { verb, kind, message: refusal.message },
        400 | 404 | 405 | 413 | 422 => {
            ClusterError::Invalid { kind, name: name.to_owned(), message: refusal.message }
        }
        _ => ClusterError::Unavailable { message: refusal.to_string() },
    }
}

/// An object with type, as the API server wants it: a list may have left that out.
fn typed<K: Object + Serialize>(object: &K) -> Result<Value, ClusterError> {
    let mut value = json_of(object)?;
    value["apiVersion"] = K::api_version(&()).into_owned().into();
    value["kind"] = K::kind(&()).into_owned().into();
    Ok(value)
}

impl Cluster for User {
    async fn get<K: Object>(&self, namespace: &str, name: &str) -> Result<Option<K>, ClusterError> {
        match User::get(self, &Resource::of::<K>(), namespace, name).await {
            Ok(object) => read(object).map(Some),
            Err(refusal) if refusal.code == 404 => Ok(None),
            Err(refusal) => Err(classify::<K>(refusal, "get", name)),
        }
    }

    async fn list<K: Object>(&self, namespace: Option<&str>) -> Result<Vec<K>, ClusterError> {
        let listed = User::list(self, &Resource::of::<K>(), namespace.unwrap_or_default()).await;
        let (objects, _) = listed.map_err(|refusal| classify::<K>(refusal, "list", ""))?;
        objects.into_iter().map(read).collect()
    }

    async fn create<K: Object>(&self, object: &K) -> Result<bool, ClusterError> {
        let namespace = object.namespace().unwrap_or_default();
        match User::create(self, &Resource::of::<K>(), &namespace, typed(object)?).await {
            Ok(_) => Ok(true),
            Err(refusal) if refusal.reason == "AlreadyExists" => Ok(false),
            Err(refusal) => Err(classify::<K>(refusal, "create", &object.name_any())),
        }
    }

    async fn replace<K: Object>(&self, object: &K) -> Result<K, ClusterError> {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let written = self.update(&Resource::of::<K>(), &namespace, &name, Part::Main, typed(object)?).await;
        written.map_err(|refusal| classify::<K>(refusal, "update", &name)).and_then(read)
    }

    async fn replace_status<K: Object>(&self, object: &K) -> Result<K, ClusterError> {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let written =
            self.update(&Resource::of::<K>(), &namespace, &name, Part::Status, typed(object)?).await;
        written.map_err(|refusal| classify::<K>(refusal, "update status of", &name)).and_then(read)
    }

    async fn set_finalizers<K: Object>(&self, object: &K, finalizers: &[String]) -> Result<(), ClusterError> {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let patch = operator::cluster::finalizers_patch(object, finalizers);
        match self.merge(&Resource::of::<K>(), &namespace, &name, Part::Main, &patch).await {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.code == 404 && finalizers.is_empty() => Ok(()),
            Err(refusal) => Err(classify::<K>(refusal, "patch", &name)),
        }
    }

    async fn policy_since(&self, name: &str) -> Result<Option<Timestamp>, ClusterError> {
        let policy = self.readable(&Resource::of::<ValidatingAdmissionPolicy>(), name).await?;
        let binding = self.readable(&Resource::of::<ValidatingAdmissionPolicyBinding>(), name).await?;
        let (Some(policy), Some(binding)) = (policy, binding) else { return Ok(None) };
        let actions = binding["spec"]["validationActions"].as_array();
        let denies = binding["spec"]["policyName"] == name
            && actions.into_iter().flatten().any(|action| action == "Deny");
        let since = [&policy, &binding].map(|object| meta(object, "creationTimestamp").parse().ok());
        Ok(denies.then(|| since.into_iter().flatten().max()).flatten())
    }

    async fn event<K: Object>(&self, object: &K, warning: bool, reason: &str, action: &str, note: &str) {
        let regarding = serde_json::to_value(object.object_ref(&())).unwrap_or_default();
        let namespace = object.namespace().unwrap_or_else(|| "default".to_owned());
        let now = (self.store.0.now)();
        let event = json!({
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": { "generateName": format!("{}.", object.name_any()), "namespace": namespace },
            "type": if warning { "Warning" } else { "Normal" },
            "reason": reason,
            "action": action,
            "note": note.chars().take(1024).collect::<String>(),
            "eventTime": now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
            "reportingController": "hybrid-identity-operator",
            "reportingInstance": self.name,
            "regarding": regarding,
        });
        let resource = Resource { group: "events.k8s.io".to_owned(), plural: "events".to_owned() };
        // An event is a courtesy: what it says stands in the status too.
        drop(User::create(self, &resource, &namespace, event).await);
    }
}

impl User {
    /// An object of the whole cluster; one that may not be read proves as little as one that does not exist.
    async fn readable(&self, resource: &Resource, name: &str) -> Result<Option<Value>, ClusterError> {
        match User::get(self, resource, "", name).await {
            Ok(object) => Ok(Some(object)),
            Err(refusal) if matches!(refusal.code, 403 | 404) => Ok(None),
            Err(refusal) => Err(ClusterError::Unavailable { message: refusal.to_string() }),
        }
    }
}
