//! What a case runs on. Talks to the API server, or to the store.

use std::sync::Arc;

use agent::kube_cluster::Names;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Client;
use kube::api::DynamicObject;
use operator::cluster::KubeCluster;
use serde_json::{Value, json};
use simulation::store::{AgentUser, Store, User};
use tests::{TestNamespace, api_of};

use crate::api::server::install;

/// A cluster, and how operator and agent reach it.
pub(super) struct World<O, A> {
    /// All rights, for what people and other controllers do.
    pub(super) client: Client,
    pub(super) namespace: String,
    pub(super) operator: O,
    agent: Box<dyn Fn(Names) -> A + Send + Sync>,
    store: Option<Store>,
}

/// A real API server.
pub(super) struct Server {
    pub(super) world: World<KubeCluster, agent::kube_cluster::KubeCluster>,
    namespace: TestNamespace,
}

/// The store through the clients of production.
pub(super) struct Through {
    pub(super) world: World<KubeCluster, agent::kube_cluster::KubeCluster>,
}

/// The store as the simulation uses it.
pub(super) struct Direct {
    pub(super) world: World<User, AgentUser>,
}

impl Server {
    pub(super) async fn make() -> Self {
        install().await;
        let namespace = TestNamespace::create().await.unwrap();
        let world = production(namespace.client(), namespace.name(), None);
        Self { world, namespace }
    }

    /// The namespace goes by itself; a case that was passed need not wait for it.
    pub(super) async fn end(self) {
        drop(self.world);
        tokio::task::spawn_blocking(move || drop(self.namespace)).await.unwrap();
    }
}

const NAMESPACE: &str = "conformance";

fn store() -> Store {
    let store = Store::new(Arc::new(jiff::Timestamp::now), 1).unwrap();
    store.make_namespace(NAMESPACE);
    store
}

impl Through {
    pub(super) fn make() -> Self {
        let store = store();
        let client = store.user("somebody").client("default");
        Self { world: production(client, NAMESPACE, Some(store)) }
    }
}

impl Direct {
    pub(super) fn make() -> Self {
        let store = store();
        let user = store.user("somebody");
        let world = World {
            client: user.client("default"),
            namespace: NAMESPACE.to_owned(),
            operator: user.clone(),
            agent: Box::new(move |names| user.agent(names)),
            store: Some(store),
        };
        Self { world }
    }
}

fn production(
    client: Client,
    namespace: &str,
    store: Option<Store>,
) -> World<KubeCluster, agent::kube_cluster::KubeCluster> {
    let of_agent = client.clone();
    World {
        namespace: namespace.to_owned(),
        operator: KubeCluster::new(client.clone(), "conformance", Vec::new()),
        agent: Box::new(move |names| agent::kube_cluster::KubeCluster::start(&of_agent, names)),
        client,
        store,
    }
}

/// What a case saw, line by line.
pub(super) type Seen = Vec<String>;

impl<O, A> World<O, A> {
    /// The agent of this name, with the objects that go by it.
    pub(super) fn agent(&self, name: &str) -> A {
        (self.agent)(Names::of(&self.namespace, name, name))
    }

    /// The store is made to forget its past; an API server has none that goes back to its beginning.
    pub(super) fn forget(&self) {
        if let Some(store) = &self.store {
            store.compact();
        }
    }

    /// An object of this project's API.
    pub(super) fn object(&self, kind: &str, name: &str, spec: &Value) -> Value {
        json!({
            "apiVersion": "hybrididentity.dev/v1alpha1",
            "kind": kind,
            "metadata": { "name": name, "namespace": self.namespace },
            "spec": spec,
        })
    }

    /// An object of the oldest API, such as a Secret.
    pub(super) fn core(&self, kind: &str, name: &str, rest: &Value) -> Value {
        let mut object = json!({
            "apiVersion": "v1",
            "kind": kind,
            "metadata": { "name": name, "namespace": self.namespace },
        });
        for (word, value) in rest.as_object().unwrap() {
            object[word] = value.clone();
        }
        object
    }

    pub(super) fn typed<K: serde::de::DeserializeOwned>(&self, kind: &str, name: &str, spec: &Value) -> K {
        serde_json::from_value(self.object(kind, name, spec)).unwrap()
    }

    pub(super) async fn create(&self, object: &Value) -> Result<Value, kube::Error> {
        let dynamic: DynamicObject = serde_json::from_value(object.clone()).unwrap();
        let made = api_of(&self.client, object).create(&kube::api::PostParams::default(), &dynamic).await;
        made.map(|made| serde_json::to_value(made).unwrap())
    }

    pub(super) async fn replace(&self, object: &Value) -> Result<Value, kube::Error> {
        let dynamic: DynamicObject = serde_json::from_value(object.clone()).unwrap();
        let name = object["metadata"]["name"].as_str().unwrap();
        let put =
            api_of(&self.client, object).replace(name, &kube::api::PostParams::default(), &dynamic).await;
        put.map(|put| serde_json::to_value(put).unwrap())
    }

    pub(super) async fn replace_status(&self, object: &Value) -> Result<Value, kube::Error> {
        let dynamic: DynamicObject = serde_json::from_value(object.clone()).unwrap();
        let name = object["metadata"]["name"].as_str().unwrap();
        let put = api_of(&self.client, object)
            .replace_status(name, &kube::api::PostParams::default(), &dynamic)
            .await;
        put.map(|put| serde_json::to_value(put).unwrap())
    }

    pub(super) async fn merge(&self, object: &Value, patch: Value) -> Result<Value, kube::Error> {
        let name = object["metadata"]["name"].as_str().unwrap();
        let patched = api_of(&self.client, object)
            .patch(name, &kube::api::PatchParams::default(), &kube::api::Patch::Merge(patch))
            .await;
        patched.map(|patched| serde_json::to_value(patched).unwrap())
    }

    pub(super) async fn get(&self, object: &Value) -> Result<Value, kube::Error> {
        let name = object["metadata"]["name"].as_str().unwrap();
        let got = api_of(&self.client, object).get(name).await;
        got.map(|got| serde_json::to_value(got).unwrap())
    }

    pub(super) async fn delete(&self, object: &Value) -> Result<String, kube::Error> {
        let name = object["metadata"]["name"].as_str().unwrap();
        let deleted = api_of(&self.client, object).delete(name, &kube::api::DeleteParams::default()).await?;
        Ok(if deleted.is_left() { "it is being deleted" } else { "it is gone" }.to_owned())
    }

    /// Waits until an object is gone.
    pub(super) async fn gone(&self, object: &Value) {
        let limit = std::time::Duration::from_mins(1);
        let look = async || {
            let left = self.get(object).await;
            Ok(matches!(left, Err(kube::Error::Api(status)) if status.is_not_found()).then_some(()))
        };
        tests::until("an object to be gone", limit, look).await.unwrap();
    }

    pub(super) async fn account(&self, name: &str) {
        let account = self.core("ServiceAccount", name, &json!({}));
        let _: ServiceAccount = serde_json::from_value(self.create(&account).await.unwrap()).unwrap();
    }
}

/// How a request ended, without what differs from run to run.
pub(super) fn said<T>(outcome: &Result<T, kube::Error>) -> String {
    match outcome {
        Ok(_) => "done".to_owned(),
        Err(kube::Error::Api(status)) => {
            let mut causes: Vec<_> = status
                .details
                .iter()
                .flat_map(|details| &details.causes)
                .filter(|cause| !cause.message.contains("some validation rules were not checked"))
                .map(|cause| format!("{} {}", cause.field, cause.reason))
                .collect();
            causes.sort();
            // Some checks are made twice, and say it twice.
            causes.dedup();
            format!("{} {} [{}]", status.code, status.reason, causes.join(", "))
        }
        Err(other) => format!("no answer of an API server: {other}"),
    }
}

/// How a request of the operator ended.
pub(super) fn told<T: std::fmt::Debug>(outcome: &Result<T, operator::cluster::ClusterError>) -> String {
    use operator::cluster::ClusterError;
    match outcome {
        Ok(_) => "done".to_owned(),
        Err(ClusterError::Conflict { kind, name }) => format!("conflict on {kind} {name}"),
        Err(ClusterError::Forbidden { verb, kind, .. }) => format!("no right to {verb} {kind}"),
        Err(ClusterError::Invalid { kind, name, .. }) => format!("{kind} {name} is invalid"),
        Err(ClusterError::Unavailable { message }) => format!("no answer: {message}"),
    }
}

/// The version of an object as a number.
pub(super) fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

/// The least spec of a SyncServer.
pub(super) fn host(name: &str) -> Value {
    json!({ "hostName": name })
}

/// A topology with one scope that moves.
pub(super) fn topology() -> Value {
    json!({
        "tenantRef": { "name": "contoso" },
        "scopes": [{ "name": "pilot", "organizationalUnits": ["OU=Pilot,DC=contoso,DC=com"], "engine": "CloudSync" }],
        "strategy": { "waves": [{ "name": "canary", "scopes": ["pilot"] }] },
    })
}
