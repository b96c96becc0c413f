//! The Kubernetes cluster as the agent sees it: its own objects and nothing else. No IO here; [`crate::kube_cluster`] has it.

use std::collections::BTreeMap;
use std::time::Duration;

use crds::primitive::{Epoch, ObjectName};
use crds::sync_agent::watch::Watch;
use crds::sync_agent::{Command, SyncAgentStatus};
use crds::sync_agent_report::SyncAgentReportStatus;
use jiff::Timestamp;
use serde::Deserialize;

/// The agent's own objects.
pub trait Cluster: Send + Sync + 'static {
    /// Reads the agent's SyncAgent.
    fn agent(&self) -> impl Future<Output = Result<AgentObject, ClusterError>> + Send;

    /// Returns when the SyncAgent may be another than [`Self::agent`] gave last. May never return.
    fn changed(&self) -> impl Future<Output = ()> + Send;

    /// Replaces the SyncAgent's status.
    fn put_agent_status(
        &self,
        status: &SyncAgentStatus,
    ) -> impl Future<Output = Result<(), ClusterError>> + Send;

    /// Reads the agent's SyncAgentReport for the inventory.
    fn report(&self) -> impl Future<Output = Result<ReportObject, ClusterError>> + Send;

    /// Replaces that report's status.
    fn put_report_status(
        &self,
        status: &SyncAgentReportStatus,
    ) -> impl Future<Output = Result<(), ClusterError>> + Send;

    /// Reads one of the Secrets that were made for the agent.
    fn secret(
        &self,
        name: &ObjectName,
    ) -> impl Future<Output = Result<BTreeMap<String, Vec<u8>>, ClusterError>> + Send;

    /// Sets keys of one of these Secrets; a key without value is removed.
    fn patch_secret(
        &self,
        name: &ObjectName,
        data: BTreeMap<String, Option<Vec<u8>>>,
    ) -> impl Future<Output = Result<(), ClusterError>> + Send;

    /// Reads the agent's Lease.
    fn lease(&self) -> impl Future<Output = Result<LeaseObject, ClusterError>> + Send;

    /// Replaces the Lease if it is still the one that was read; gives it as stored.
    fn replace_lease(
        &self,
        lease: &LeaseObject,
    ) -> impl Future<Output = Result<LeaseObject, ClusterError>> + Send;

    /// Asks for a token of the agent's own ServiceAccount.
    fn request_token(&self, lifetime: Duration) -> impl Future<Output = Result<String, ClusterError>> + Send;
}

/// Why the cluster did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// No answer, or one that says to try again.
    #[error("{what}: expected an answer of the API server, found: {problem}; tried again")]
    Unreachable {
        /// The object.
        what: String,
        /// What happened.
        problem: String,
    },
    /// There is no such object.
    #[error("{what}: expected it to exist, found nothing; the operator makes it when the agent joins")]
    Missing {
        /// The object.
        what: String,
    },
    /// The agent may not.
    #[error(
        "{what}: expected to be allowed, the API server refused: {problem}; look at the agent's Role, or join it again"
    )]
    Refused {
        /// The object.
        what: String,
        /// The API server's words.
        problem: String,
    },
    /// Somebody else wrote in between.
    #[error("{what}: expected nobody else to write it, found another version")]
    Conflict {
        /// The object.
        what: String,
    },
    /// The API server finds the content invalid, or its answer cannot be read.
    #[error(
        "{what}: expected content that both sides understand, found: {problem}; install agent and CRDs of one release"
    )]
    Invalid {
        /// The object.
        what: String,
        /// What is wrong.
        problem: String,
    },
}

impl ClusterError {
    /// Whether the same request can succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Conflict { .. })
    }
}

/// The SyncAgent, as far as it could be understood.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentObject {
    /// `metadata.generation`.
    pub generation: i64,
    /// `spec.heartbeatSeconds`.
    pub heartbeat: Duration,
    /// `spec.command`.
    pub command: Given,
    /// `spec.watch`; empty where it is another release's.
    pub watch: Watch,
    /// The status; `None` where there is none or it is another release's.
    pub status: Option<SyncAgentStatus>,
}

/// The current command.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// There is none.
    Nothing,
    /// This one.
    Command(Box<Command>),
    /// One that this release does not understand.
    Unreadable {
        /// Its id.
        id: String,
        /// Its epoch.
        epoch: Epoch,
        /// Why not.
        problem: String,
    },
}

impl AgentObject {
    /// Reads a SyncAgent. A command of a newer release must be refused, not make the whole object unreadable.
    ///
    /// # Errors
    /// [`ClusterError::Invalid`] when not even a command's id and epoch can be read.
    pub fn parse(object: &serde_json::Value) -> Result<Self, ClusterError> {
        let invalid = |problem: String| ClusterError::Invalid { what: "SyncAgent".to_owned(), problem };
        let spec = &object["spec"];
        let generation = object["metadata"]["generation"]
            .as_i64()
            .ok_or_else(|| invalid("no `metadata.generation`".to_owned()))?;
        let seconds = spec["heartbeatSeconds"].as_u64().unwrap_or(DEFAULT_HEARTBEAT).clamp(1, 300);
        let command = match &spec["command"] {
            serde_json::Value::Null => Given::Nothing,
            command => match Command::deserialize(command) {
                Ok(command) => Given::Command(Box::new(command)),
                Err(error) => match (command["id"].as_str(), command["epoch"].as_i64()) {
                    (Some(id), Some(epoch)) => Given::Unreadable {
                        id: id.to_owned(),
                        epoch: Epoch(epoch),
                        problem: error.to_string(),
                    },
                    _ => return Err(invalid(format!("a command without id or epoch ({error})"))),
                },
            },
        };
        let status = SyncAgentStatus::deserialize(&object["status"]).ok();
        let watch = Watch::deserialize(&spec["watch"]).unwrap_or_default();
        Ok(Self { generation, heartbeat: Duration::from_secs(seconds), command, watch, status })
    }
}

/// Heartbeat of a SyncAgent that states none (the CRD's default).
const DEFAULT_HEARTBEAT: u64 = 15;

/// The SyncAgentReport, as far as the agent needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportObject {
    /// `metadata.generation`.
    pub generation: i64,
    /// The status; `None` where there is none or it is another release's.
    pub status: Option<SyncAgentReportStatus>,
}

impl ReportObject {
    /// Reads a SyncAgentReport.
    ///
    /// # Errors
    /// [`ClusterError::Invalid`] when it has no generation.
    pub fn parse(object: &serde_json::Value) -> Result<Self, ClusterError> {
        let generation = object["metadata"]["generation"].as_i64().ok_or_else(|| ClusterError::Invalid {
            what: "SyncAgentReport".to_owned(),
            problem: "no `metadata.generation`".to_owned(),
        })?;
        let status = SyncAgentReportStatus::deserialize(&object["status"]).ok();
        Ok(Self { generation, status })
    }
}

/// The Lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseObject {
    /// `metadata.resourceVersion`: a replacement is good for this version only.
    pub resource_version: String,
    /// `spec.holderIdentity`.
    pub holder: Option<String>,
    /// `spec.leaseDurationSeconds`.
    pub duration_seconds: i32,
    /// `spec.acquireTime`.
    pub acquired_at: Option<Timestamp>,
    /// `spec.renewTime`.
    pub renewed_at: Option<Timestamp>,
    /// `spec.leaseTransitions`.
    pub transitions: i32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(command: &serde_json::Value) -> serde_json::Value {
        json!({"metadata": {"generation": 3}, "spec": {"serverRef": {"name": "s"}, "command": command}})
    }

    #[test]
    fn reads_commands_and_keeps_those_of_a_newer_release_apart() {
        let good = json!({"id": "a", "epoch": 2, "notAfter": "2026-01-01T00:00:00Z", "action": {"readInventory": {}}});
        let read = AgentObject::parse(&object(&good)).unwrap();
        assert!(matches!(read.command, Given::Command(command) if command.id == "a"));
        assert_eq!(read.heartbeat, Duration::from_secs(15));

        let newer =
            json!({"id": "b", "epoch": 9, "notAfter": "2026-01-01T00:00:00Z", "action": {"paintItBlue": {}}});
        let Given::Unreadable { id, epoch, problem } = AgentObject::parse(&object(&newer)).unwrap().command
        else {
            panic!("expected an unreadable command");
        };
        assert_eq!((id.as_str(), epoch), ("b", Epoch(9)));
        assert!(problem.contains("paintItBlue"), "{problem}");

        assert!(AgentObject::parse(&object(&json!({"action": {}}))).is_err());
        assert_eq!(AgentObject::parse(&object(&json!(null))).unwrap().command, Given::Nothing);
    }

    #[test]
    fn a_status_of_another_release_counts_as_none() {
        let mut value = object(&json!(null));
        value["status"] = json!({"observedGeneration": 3, "highestEpoch": 4});
        assert_eq!(AgentObject::parse(&value).unwrap().status.unwrap().highest_epoch, Epoch(4));
        value["status"]["outcome"] = json!({"state": "Sideways"});
        assert_eq!(AgentObject::parse(&value).unwrap().status, None);
    }
}
