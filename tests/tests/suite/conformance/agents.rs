//! An agent and its own objects.

use std::collections::BTreeMap;
use std::time::Duration;

use agent::cluster::{Cluster as AgentCluster, ClusterError, Given};
use crds::primitive::{Epoch, ObjectName};
use crds::sync_agent::SyncAgentStatus;
use crds::sync_agent_report::SyncAgentReportStatus;
use operator::cluster::Cluster;
use serde_json::{Value, json};

use super::world::{Seen, World};

/// How a request of an agent ended.
fn ended<T>(outcome: &Result<T, ClusterError>) -> String {
    match outcome {
        Ok(_) => "done".to_owned(),
        Err(ClusterError::Unreachable { problem, .. }) => format!("no answer: {problem}"),
        Err(ClusterError::Missing { what }) => format!("{what} is missing"),
        Err(ClusterError::Refused { what, .. }) => format!("{what} is refused"),
        Err(ClusterError::Conflict { what }) => format!("conflict on {what}"),
        Err(ClusterError::Invalid { what, .. }) => format!("{what} is invalid"),
    }
}

fn command(id: &str, epoch: i64) -> Value {
    json!({ "id": id, "epoch": epoch, "notAfter": "2027-01-15T22:10:00Z", "action": { "readInventory": {} } })
}

async fn join<O: Cluster, A>(world: &World<O, A>) -> Value {
    let spec = json!({ "serverRef": { "name": "s" } });
    let object = world.object("SyncAgent", "a", &spec);
    world.create(&object).await.unwrap();
    let report = json!({ "agentRef": { "name": "a" }, "purpose": "Inventory" });
    let report = world.object("SyncAgentReport", &crds::sync_agent::inventory_report("a"), &report);
    world.create(&report).await.unwrap();
    let mut lease = world.core("Lease", "a", &json!({}));
    lease["apiVersion"] = "coordination.k8s.io/v1".into();
    world.create(&lease).await.unwrap();
    object
}

fn given(given: &Given) -> String {
    match given {
        Given::Nothing => "nothing".to_owned(),
        Given::Command(command) => format!("{} of epoch {}", command.id, command.epoch.0),
        Given::Unreadable { id, .. } => format!("unreadable {id}"),
    }
}

pub(super) async fn an_agent_reads_its_own_objects<O: Cluster, A: AgentCluster>(world: &World<O, A>) -> Seen {
    let object = join(world).await;
    let agent = world.agent("a");
    let read = agent.agent().await.unwrap();
    let report = agent.report().await.unwrap();
    let lease = agent.lease().await.unwrap();
    let mut seen = vec![
        format!("{} {:?} {} {:?}", read.generation, read.heartbeat, given(&read.command), read.status),
        format!("{} {:?}", report.generation, report.status),
        format!("{:?} {} {:?} {}", lease.holder, lease.duration_seconds, lease.renewed_at, lease.transitions),
    ];
    world.merge(&object, json!({ "spec": { "command": command("c", 4) } })).await.unwrap();
    drop(agent);
    let read = world.agent("a").agent().await.unwrap();
    seen.push(format!("{} {}", read.generation, given(&read.command)));
    assert_eq!(seen[3], "2 c of epoch 4");
    seen
}

pub(super) async fn what_is_missing_is_told_as_missing<O: Cluster, A: AgentCluster>(
    world: &World<O, A>,
) -> Seen {
    let agent = world.agent("nobody");
    let seen = vec![
        ended(&agent.agent().await),
        ended(&agent.put_agent_status(&SyncAgentStatus::default()).await),
        ended(&agent.report().await),
        ended(&agent.put_report_status(&SyncAgentReportStatus::default()).await),
        ended(&agent.secret(&ObjectName("nothing".to_owned())).await),
        ended(&agent.patch_secret(&ObjectName("nothing".to_owned()), BTreeMap::new()).await),
        ended(&agent.lease().await),
    ];
    assert!(seen.iter().all(|line| line.ends_with(" is missing")), "{seen:#?}");
    seen
}

pub(super) async fn a_status_is_replaced_as_a_whole<O: Cluster, A: AgentCluster>(
    world: &World<O, A>,
) -> Seen {
    let object = join(world).await;
    let agent = world.agent("a");
    let full = SyncAgentStatus {
        observed_generation: 1,
        agent_version: Some("1.0".to_owned()),
        resumed: Some("by itself".to_owned()),
        highest_epoch: Epoch(3),
        ..SyncAgentStatus::default()
    };
    let mut seen = vec![ended(&agent.put_agent_status(&full).await)];
    seen.push(world.get(&object).await.unwrap()["status"].to_string());
    let less = SyncAgentStatus { resumed: None, ..full.clone() };
    seen.push(ended(&agent.put_agent_status(&less).await));
    let stored = world.get(&object).await.unwrap();
    seen.push(format!("{} {}", stored["status"], stored["metadata"]["generation"]));
    assert!(stored["status"]["resumed"].is_null());
    let too_long = SyncAgentStatus { resumed: Some("x".repeat(1025)), ..full };
    seen.push(ended(&agent.put_agent_status(&too_long).await));
    assert_eq!(seen[4], "status of SyncAgent a is invalid");
    let report = SyncAgentReportStatus { observed_generation: 1, ..SyncAgentReportStatus::default() };
    seen.push(ended(&agent.put_report_status(&report).await));
    seen.push(format!("{:?}", agent.report().await.unwrap().status));
    seen
}

pub(super) async fn a_key_without_value_is_removed_from_a_secret<O: Cluster, A: AgentCluster>(
    world: &World<O, A>,
) -> Seen {
    let secret = world.core("Secret", "x", &json!({ "stringData": { "a": "1", "b": "2" } }));
    world.create(&secret).await.unwrap();
    let (agent, name) = (world.agent("a"), ObjectName("x".to_owned()));
    let mut seen = Vec::new();
    for (key, value) in [("b", None), ("c", Some(b"3".to_vec())), ("none", None), ("a", None), ("c", None)] {
        agent.patch_secret(&name, BTreeMap::from([(key.to_owned(), value)])).await.unwrap();
        let stored = world.get(&secret).await.unwrap();
        seen.push(format!("{:?} {}", agent.secret(&name).await.unwrap(), stored["data"]));
    }
    assert_eq!(seen[0], "{\"a\": [49]} {\"a\":\"MQ==\"}");
    seen
}

pub(super) async fn a_lease_is_replaced_only_as_it_was_read<O: Cluster, A: AgentCluster>(
    world: &World<O, A>,
) -> Seen {
    join(world).await;
    let (one, other) = (world.agent("a"), world.agent("a"));
    let read = one.lease().await.unwrap();
    let by = |holder: &str| {
        let mut lease = read.clone();
        lease.holder = Some(holder.to_owned());
        lease.duration_seconds = 45;
        lease.renewed_at = Some("2026-11-21T20:00:00.123456Z".parse().unwrap());
        lease.transitions = 1;
        lease
    };
    let stored = one.replace_lease(&by("one")).await.unwrap();
    assert_ne!(stored.resource_version, read.resource_version);
    let refused = other.replace_lease(&by("other")).await;
    let read = other.lease().await.unwrap();
    assert_eq!(read, stored);
    let seen = vec![
        format!(
            "{:?} {} {:?} {}",
            stored.holder, stored.duration_seconds, stored.renewed_at, stored.transitions
        ),
        ended(&refused),
        ended(&other.replace_lease(&read).await),
    ];
    assert_eq!(seen[1], "conflict on Lease a");
    seen
}

pub(super) async fn a_command_wakes_an_agent_and_its_own_status_does_not<O: Cluster, A: AgentCluster>(
    world: &World<O, A>,
) -> Seen {
    let object = join(world).await;
    let agent = world.agent("a");
    let patient = Duration::from_secs(30);
    // Until the watch has begun an agent may be told of what it knows.
    let settled = async { while agent.agent().await.unwrap().generation != 1 {} };
    tokio::time::timeout(patient, settled).await.unwrap();
    world.merge(&object, json!({ "spec": { "command": command("first", 1) } })).await.unwrap();
    let woken = async {
        let mut read = agent.agent().await.unwrap();
        while read.generation < 2 {
            agent.changed().await;
            read = agent.agent().await.unwrap();
        }
        read
    };
    let read = tokio::time::timeout(patient, woken).await.unwrap();
    let mut seen = vec![given(&read.command)];
    agent.put_agent_status(&SyncAgentStatus { observed_generation: 2, ..Default::default() }).await.unwrap();
    let read = agent.agent().await.unwrap();
    seen.push(format!("{:?}", read.status.map(|status| status.observed_generation)));
    world.merge(&object, json!({ "spec": { "command": command("second", 2) } })).await.unwrap();
    tokio::time::timeout(patient, agent.changed()).await.unwrap();
    seen.push(given(&agent.agent().await.unwrap().command));
    assert_eq!(seen, ["first of epoch 1", "Some(2)", "second of epoch 2"]);
    seen
}

pub(super) async fn a_token_is_given_for_an_account_that_exists<O: Cluster, A: AgentCluster>(
    world: &World<O, A>,
) -> Seen {
    let agent = world.agent("a");
    let hour = Duration::from_hours(1);
    let mut seen = vec![ended(&agent.request_token(hour).await)];
    world.account("a").await;
    let token = agent.request_token(hour).await.unwrap();
    seen.push((!token.is_empty()).to_string());
    assert_eq!(seen, ["token of ServiceAccount a is missing", "true"]);
    seen
}
