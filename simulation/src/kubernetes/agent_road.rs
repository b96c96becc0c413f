//! An agent's way to the API server. No IO.

use std::collections::BTreeMap;
use std::time::Duration;

use agent::cluster::{AgentObject, Cluster, ClusterError, LeaseObject, ReportObject};
use crds::primitive::ObjectName;
use crds::sync_agent::SyncAgentStatus;
use crds::sync_agent_report::SyncAgentReportStatus;

use crate::process::{Closed, Process, Road};

/// An agent's way to a cluster.
#[derive(Debug)]
pub struct AgentRoad<C> {
    cluster: C,
    process: Process,
}

impl<C: Cluster> AgentRoad<C> {
    /// The way of a process to a cluster.
    pub fn new(cluster: C, process: Process) -> Self {
        Self { cluster, process }
    }

    async fn asked(&self) -> Result<(), ClusterError> {
        self.process.there(Road::Kubernetes).await.map_err(closed)
    }

    async fn wrote<T>(&self, what: String, answer: Result<T, ClusterError>) -> Result<T, ClusterError> {
        let trace = &self.process.around().trace;
        match &answer {
            Ok(_) => trace.tell(self.process.name(), what),
            Err(error) => trace.tell(self.process.name(), format_args!("{what}: {error}")),
        }
        self.process.back(Road::Kubernetes).await.map_err(closed)?;
        answer
    }
}

fn closed(_: Closed) -> ClusterError {
    let what = "the API server".to_owned();
    ClusterError::Unreachable { what, problem: "the network is cut".to_owned() }
}

impl<C: Cluster> Cluster for AgentRoad<C> {
    async fn agent(&self) -> Result<AgentObject, ClusterError> {
        self.asked().await?;
        self.cluster.agent().await
    }

    async fn changed(&self) {
        self.cluster.changed().await;
    }

    async fn put_agent_status(&self, status: &SyncAgentStatus) -> Result<(), ClusterError> {
        self.asked().await?;
        let answer = self.cluster.put_agent_status(status).await;
        let outcome = status.outcome.as_ref();
        let shown = outcome.map(|o| format!(" ({} {:?} {})", o.command_id, o.state, o.message));
        self.wrote(format!("reports{}", shown.unwrap_or_default()), answer).await
    }

    async fn report(&self) -> Result<ReportObject, ClusterError> {
        self.asked().await?;
        self.cluster.report().await
    }

    async fn put_report_status(&self, status: &SyncAgentReportStatus) -> Result<(), ClusterError> {
        self.asked().await?;
        let answer = self.cluster.put_report_status(status).await;
        self.wrote("reports its inventory".to_owned(), answer).await
    }

    async fn secret(&self, name: &ObjectName) -> Result<BTreeMap<String, Vec<u8>>, ClusterError> {
        self.asked().await?;
        self.cluster.secret(name).await
    }

    async fn patch_secret(
        &self,
        name: &ObjectName,
        data: BTreeMap<String, Option<Vec<u8>>>,
    ) -> Result<(), ClusterError> {
        self.asked().await?;
        let answer = self.cluster.patch_secret(name, data).await;
        self.wrote(format!("fills Secret {name}"), answer).await
    }

    async fn lease(&self) -> Result<LeaseObject, ClusterError> {
        self.asked().await?;
        self.cluster.lease().await
    }

    async fn replace_lease(&self, lease: &LeaseObject) -> Result<LeaseObject, ClusterError> {
        self.asked().await?;
        let answer = self.cluster.replace_lease(lease).await;
        if answer.is_err() {
            return self.wrote("renews its Lease".to_owned(), answer).await;
        }
        // Of these there are very many, and none matters by itself.
        self.process.back(Road::Kubernetes).await.map_err(closed)?;
        answer
    }

    async fn request_token(&self, lifetime: Duration) -> Result<String, ClusterError> {
        self.asked().await?;
        self.cluster.request_token(lifetime).await
    }
}
