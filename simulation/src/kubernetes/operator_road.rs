//! The operator's way to the API server. No IO.

use kube::ResourceExt;
use operator::cluster::{Cluster, ClusterError, Object};

use crate::process::{Closed, Process, Road};

/// The operator's way to a cluster.
#[derive(Clone)]
pub struct OperatorRoad<C> {
    cluster: C,
    process: Process,
}

impl<C: Cluster> OperatorRoad<C> {
    /// The way of a process to a cluster.
    pub fn new(cluster: C, process: Process) -> Self {
        Self { cluster, process }
    }

    async fn asked(&self) -> Result<(), ClusterError> {
        self.process.there(Road::Kubernetes).await.map_err(closed)
    }

    /// A write was answered: told, and its answer is under way.
    async fn wrote<K: Object, T>(
        &self,
        verb: &str,
        object: &K,
        answer: Result<T, ClusterError>,
    ) -> Result<T, ClusterError> {
        let (kind, name) = (K::kind(&()), object.name_any());
        match &answer {
            Ok(_) => self.tell(format_args!("{verb} {kind} {name}")),
            Err(error) => self.tell(format_args!("{verb} {kind} {name}: {error}")),
        }
        self.process.back(Road::Kubernetes).await.map_err(closed)?;
        answer
    }

    fn tell(&self, what: std::fmt::Arguments<'_>) {
        self.process.around().trace.tell(self.process.name(), what);
    }
}

fn closed(_: Closed) -> ClusterError {
    ClusterError::Unavailable { message: "the network is cut".to_owned() }
}

impl<C: Cluster> Cluster for OperatorRoad<C> {
    async fn get<K: Object>(&self, namespace: &str, name: &str) -> Result<Option<K>, ClusterError> {
        self.asked().await?;
        self.cluster.get(namespace, name).await
    }

    async fn list<K: Object>(&self, namespace: Option<&str>) -> Result<Vec<K>, ClusterError> {
        self.asked().await?;
        self.cluster.list(namespace).await
    }

    async fn create<K: Object>(&self, object: &K) -> Result<bool, ClusterError> {
        self.asked().await?;
        let answer = self.cluster.create(object).await;
        self.wrote("create", object, answer).await
    }

    async fn replace<K: Object>(&self, object: &K) -> Result<K, ClusterError> {
        self.asked().await?;
        let answer = self.cluster.replace(object).await;
        self.wrote("replace", object, answer).await
    }

    async fn replace_status<K: Object>(&self, object: &K) -> Result<K, ClusterError> {
        self.asked().await?;
        let answer = self.cluster.replace_status(object).await;
        self.wrote("replace status of", object, answer).await
    }

    async fn set_finalizers<K: Object>(&self, object: &K, finalizers: &[String]) -> Result<(), ClusterError> {
        self.asked().await?;
        let answer = self.cluster.set_finalizers(object, finalizers).await;
        self.wrote("set finalizers of", object, answer).await
    }

    async fn policy_since(&self, name: &str) -> Result<Option<jiff::Timestamp>, ClusterError> {
        self.asked().await?;
        self.cluster.policy_since(name).await
    }

    async fn event<K: Object>(&self, object: &K, warning: bool, reason: &str, action: &str, note: &str) {
        // An event that does not arrive is lost: nobody waits for it.
        if self.asked().await.is_ok() {
            self.tell(format_args!("event {reason} on {}: {note}", object.name_any()));
            self.cluster.event(object, warning, reason, action, note).await;
        }
    }
}
