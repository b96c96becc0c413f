//! The agent's own objects in a cluster that can go away.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crds::primitive::ObjectName;
use crds::sync_agent::watch::Watch;
use crds::sync_agent::{Command, SyncAgentStatus};
use crds::sync_agent_report::SyncAgentReportStatus;

use super::Crash;
use crate::cluster::{AgentObject, Cluster, ClusterError, Given, LeaseObject, ReportObject};

#[derive(Debug)]
pub(crate) struct ModelCluster {
    pub(crate) state: Mutex<State>,
    news: tokio::sync::Notify,
    crash: Crash,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) generation: i64,
    pub(crate) command: Option<Given>,
    pub(crate) watch: Watch,
    pub(crate) status: Option<SyncAgentStatus>,
    pub(crate) report: Option<SyncAgentReportStatus>,
    pub(crate) secrets: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    pub(crate) lease: Option<LeaseObject>,
    pub(crate) token: Option<String>,
    pub(crate) down: bool,
    pub(crate) writes: usize,
    /// How often the agent looked at its SyncAgent, and which one it saw last.
    pub(crate) looks: usize,
    seen: Option<i64>,
}

impl ModelCluster {
    pub(crate) fn new(crash: Crash) -> Self {
        Self { state: Mutex::default(), news: tokio::sync::Notify::new(), crash }
    }

    pub(crate) fn give(&self, command: Command) {
        self.give_any(Given::Command(Box::new(command)));
    }

    pub(crate) fn give_any(&self, given: Given) {
        let mut state = self.state.lock().unwrap();
        state.generation += 1;
        state.command = Some(given);
        self.news.notify_one();
    }

    fn up(&self) -> Result<std::sync::MutexGuard<'_, State>, ClusterError> {
        let state = self.state.lock().unwrap();
        if state.down {
            let what = "the cluster".to_owned();
            return Err(ClusterError::Unreachable { what, problem: "switched off".to_owned() });
        }
        Ok(state)
    }

    async fn written(&self) {
        if self.crash.point() {
            std::future::pending::<()>().await;
        }
    }
}

impl Cluster for ModelCluster {
    async fn agent(&self) -> Result<AgentObject, ClusterError> {
        let mut state = self.up()?;
        state.looks += 1;
        state.seen = Some(state.generation);
        Ok(AgentObject {
            generation: state.generation,
            heartbeat: Duration::from_secs(15),
            command: state.command.clone().unwrap_or(Given::Nothing),
            watch: state.watch.clone(),
            status: state.status.clone(),
        })
    }

    async fn changed(&self) {
        loop {
            {
                let state = self.state.lock().unwrap();
                if state.seen.is_some_and(|seen| seen != state.generation) {
                    return;
                }
            }
            self.news.notified().await;
        }
    }

    async fn put_agent_status(&self, status: &SyncAgentStatus) -> Result<(), ClusterError> {
        {
            let mut state = self.up()?;
            state.writes += 1;
            state.status = Some(status.clone());
        }
        self.written().await;
        Ok(())
    }

    async fn report(&self) -> Result<ReportObject, ClusterError> {
        Ok(ReportObject { generation: 1, status: self.up()?.report.clone() })
    }

    async fn put_report_status(&self, status: &SyncAgentReportStatus) -> Result<(), ClusterError> {
        {
            let mut state = self.up()?;
            state.writes += 1;
            state.report = Some(status.clone());
        }
        self.written().await;
        Ok(())
    }

    async fn secret(&self, name: &ObjectName) -> Result<BTreeMap<String, Vec<u8>>, ClusterError> {
        let missing = || ClusterError::Missing { what: format!("Secret {name}") };
        self.up()?.secrets.get(name.as_str()).cloned().ok_or_else(missing)
    }

    async fn patch_secret(
        &self,
        name: &ObjectName,
        data: BTreeMap<String, Option<Vec<u8>>>,
    ) -> Result<(), ClusterError> {
        {
            let mut state = self.up()?;
            let missing = || ClusterError::Missing { what: format!("Secret {name}") };
            let secret = state.secrets.get_mut(name.as_str()).ok_or_else(missing)?;
            for (key, value) in data {
                match value {
                    Some(value) => secret.insert(key, value),
                    None => secret.remove(&key),
                };
            }
        }
        self.written().await;
        Ok(())
    }

    async fn lease(&self) -> Result<LeaseObject, ClusterError> {
        let missing = || ClusterError::Missing { what: "Lease".to_owned() };
        self.up()?.lease.clone().ok_or_else(missing)
    }

    async fn replace_lease(&self, lease: &LeaseObject) -> Result<LeaseObject, ClusterError> {
        let mut state = self.up()?;
        let stored = state.lease.as_ref().map(|lease| lease.resource_version.clone());
        if stored.as_deref() != Some(lease.resource_version.as_str()) {
            return Err(ClusterError::Conflict { what: "Lease".to_owned() });
        }
        let version: u64 = lease.resource_version.parse().unwrap();
        let mut next = lease.clone();
        next.resource_version = (version + 1).to_string();
        state.lease = Some(next.clone());
        Ok(next)
    }

    async fn request_token(&self, _: Duration) -> Result<String, ClusterError> {
        let none = || ClusterError::Refused { what: "token".to_owned(), problem: "no account".to_owned() };
        self.up()?.token.clone().ok_or_else(none)
    }
}
