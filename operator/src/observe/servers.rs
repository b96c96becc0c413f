//! Sync servers with their agents: what was reported, and whether the agents still speak.

use std::collections::BTreeMap;

use crds::conditions::Reason;
use crds::sync_agent::inventory::Inventory;
use crds::sync_agent_report::ReportPurpose;
use crds::sync_server::ServerRole;
use crds::sync_topology::SyncTopologySpec;
use crds::{ConfigurationSnapshot, ObjectName, SyncAgent, SyncAgentReport, SyncServer};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;
use kube::{Resource, ResourceExt};
use planner::host;
use planner::observed::{AgentFacts, Reporting, ServerFacts};

use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;

/// Whether an agent speaks, and how far its clock is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Whether it speaks.
    pub reporting: Reporting,
    /// The agent's clock minus the API server's, at its last renewal.
    pub skew: Option<SignedDuration>,
}

/// How long after a heartbeat an agent counts as silent.
pub fn heartbeat_grace(heartbeat_seconds: i32) -> SignedDuration {
    // Five heartbeats, but not less than a restart of the agent takes.
    SignedDuration::from_secs(i64::from(heartbeat_seconds.max(1)) * 5).max(SignedDuration::from_secs(15))
}

/// Judges by the time at which the API server received the last renewal, never by the agent's own clock.
pub fn freshness(lease: Option<&Lease>, heartbeat_seconds: i32, now: Timestamp) -> Freshness {
    let renewed = lease
        .and_then(|lease| lease.spec.as_ref())
        .and_then(|spec| spec.renew_time.as_ref())
        .map(|time| time.0);
    let received = lease
        .and_then(|lease| lease.metadata.managed_fields.as_ref())
        .and_then(|fields| crds::sync_agent::received_at(fields, now));
    let (Some(renewed), Some(received)) = (renewed, received) else {
        return Freshness { reporting: Reporting::Never, skew: None };
    };
    // The API server stores the time of receipt in whole seconds.
    let skew = renewed.duration_since(received);
    let silent = now.duration_since(received) > heartbeat_grace(heartbeat_seconds);
    Freshness {
        reporting: if silent { Reporting::Silent { since: received } } else { Reporting::OnTime },
        skew: Some(skew),
    }
}

/// Looks at the servers a topology lists.
pub(super) async fn look<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    spec: &SyncTopologySpec,
) -> Result<BTreeMap<ObjectName, ServerFacts>, Error> {
    let mut servers = BTreeMap::new();
    if spec.servers.is_empty() {
        return Ok(servers);
    }
    let snapshots = context.cluster.list::<ConfigurationSnapshot>(Some(namespace)).await?;
    let reports = context.cluster.list::<SyncAgentReport>(Some(namespace)).await?;
    let all = context.cluster.list::<SyncServer>(None).await?;
    for intent in &spec.servers {
        let named = |server: &&SyncServer| {
            server.namespace().as_deref() == Some(namespace) && server.name_any() == intent.name.as_str()
        };
        let Some(server) = all.iter().find(named) else { continue };
        let mut status = server.status.clone().unwrap_or_default();
        let agent = match &server.spec.accepted_agent {
            Some(reference) => context.cluster.get::<SyncAgent>(namespace, reference.name.as_str()).await?,
            None => None,
        }
        .filter(|agent| agent.speaks_for(&intent.name));
        // Epochs are raised before agents hear of them: what was raised between the two reads is no restored cluster.
        let seen = agent.as_ref().and_then(|agent| Some(agent.status.as_ref()?.highest_epoch));
        if seen.is_some_and(|seen| seen > status.epoch) {
            let again = context.cluster.get::<SyncServer>(namespace, intent.name.as_str()).await?;
            status = again.and_then(|server| server.status).unwrap_or_default();
        }
        let lease = match &agent {
            Some(agent) => context.cluster.get::<Lease>(namespace, &agent.name_any()).await?,
            None => None,
        };
        let reporting = agent.as_ref().map_or(Reporting::Never, |agent| {
            freshness(lease.as_ref(), agent.spec.heartbeat_seconds, context.clock.now()).reporting
        });
        let inventory = agent.as_ref().and_then(|agent| {
            reports
                .iter()
                .find(|r| {
                    r.spec.purpose == ReportPurpose::Inventory
                        && r.spec.agent_ref.name.as_str() == agent.name_any()
                })
                .and_then(|report| report.status.as_ref()?.inventory.clone())
        });
        let role = inventory.as_ref().and_then(role_of);
        let host_problem = host_problem(server, inventory.as_ref(), &all);
        let snapshot_at = snapshots
            .iter()
            .filter(|snapshot| snapshot.spec.server_ref.name == intent.name)
            .filter(|snapshot| {
                snapshot.status.as_ref().is_some_and(|status| {
                    crds::conditions::is_true(&status.conditions, crds::conditions::ConditionType::Parsed)
                })
            })
            .filter_map(|snapshot| snapshot.metadata.creation_timestamp.as_ref().map(|time| time.0))
            .max();
        servers.insert(
            intent.name.clone(),
            ServerFacts {
                name: intent.name.clone(),
                agent: agent.map(facts),
                reporting,
                epoch: status.epoch,
                claim: status.claim,
                inventory,
                host_problem,
                role,
                snapshot_at,
            },
        );
    }
    Ok(servers)
}

/// What is wrong with a server's host, given every SyncServer there is: of those that name one host the oldest wins.
pub(crate) fn host_problem(
    server: &SyncServer,
    inventory: Option<&Inventory>,
    all: &[SyncServer],
) -> Option<(Reason, String)> {
    let host = &server.spec.host_name;
    let older = older_claim(server, all, |other| host::is_same(&other.spec.host_name, host));
    let reported = inventory.map(|inventory| inventory.host.name.as_str());
    host::problem(&server.name_any(), host, reported, older.as_deref())
}

/// `namespace/name` of the oldest object that names the same thing as `object` and was made before it: the oldest wins. Of two that were
/// made in the same second, one does.
pub(crate) fn older_claim<K: Resource>(
    object: &K,
    all: &[K],
    is_same: impl Fn(&K) -> bool,
) -> Option<String> {
    let age = |k: &K| (k.meta().creation_timestamp.as_ref().map(|time| time.0), k.uid());
    let older = all.iter().filter(|other| age(other) < age(object) && is_same(other));
    let oldest = older.min_by_key(|other| age(other))?;
    Some(format!("{}/{}", oldest.namespace().unwrap_or_default(), oldest.name_any()))
}

/// Whether the engine exports, stages, or is stopped.
pub(crate) fn role_of(inventory: &Inventory) -> Option<ServerRole> {
    let engine = inventory.engine.as_ref()?;
    if !engine.service_running {
        return Some(ServerRole::Stopped);
    }
    let scheduler = inventory.scheduler.as_ref()?;
    Some(if scheduler.staging { ServerRole::Staging } else { ServerRole::Active })
}

fn facts(agent: SyncAgent) -> AgentFacts {
    let status = agent.status.clone().unwrap_or_default();
    AgentFacts {
        name: agent.name_any().as_str().into(),
        command: agent.spec.command,
        outcome: status.outcome,
        highest_epoch: status.highest_epoch,
        resume_by: status.resume_by,
        resumed: status.resumed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::coordination::v1::LeaseSpec;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, MicroTime, Time};

    fn lease(renewed: &str, received: &str) -> Lease {
        let spec = LeaseSpec { renew_time: Some(MicroTime(renewed.parse().unwrap())), ..Default::default() };
        let mut lease = Lease { spec: Some(spec), ..Lease::default() };
        let field = ManagedFieldsEntry { time: Some(Time(received.parse().unwrap())), ..Default::default() };
        lease.metadata.managed_fields = Some(vec![field]);
        lease
    }

    #[test]
    fn the_servers_clock_decides_not_the_agents() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        // The agent's clock is an hour ahead: it looks fresh to itself and is silent all the same.
        let ahead = lease("2026-11-21T12:30:00Z", "2026-11-21T11:30:00Z");
        let judged = freshness(Some(&ahead), 15, now);
        assert!(matches!(judged.reporting, Reporting::Silent { .. }));
        assert_eq!(judged.skew, Some(SignedDuration::from_hours(1)));
        let fresh = lease("2026-11-21T09:00:00Z", "2026-11-21T11:59:30Z");
        assert_eq!(freshness(Some(&fresh), 15, now).reporting, Reporting::OnTime);
        assert_eq!(freshness(None, 15, now).reporting, Reporting::Never);
    }

    fn server(namespace: &str, name: &str, host: &str, created: &str) -> SyncServer {
        serde_json::from_value(serde_json::json!({
            "apiVersion": "hybrididentity.dev/v1alpha1", "kind": "SyncServer",
            "metadata": {
                "name": name, "namespace": namespace, "uid": format!("{namespace}-{name}"), "creationTimestamp": created,
            },
            "spec": { "hostName": host },
        }))
        .unwrap()
    }

    #[test]
    fn of_two_servers_of_one_host_the_older_wins_in_any_namespace() {
        let first = server("z", "first", "sync01.contoso.com", "2026-01-01T00:00:00Z");
        let second = server("a", "second", "SYNC01.contoso.com", "2026-01-02T00:00:00Z");
        let third = server("a", "third", "sync01.contoso.com", "2026-01-02T00:00:00Z");
        let other = server("a", "other", "sync02.contoso.com", "2026-01-03T00:00:00Z");
        let all = [third.clone(), other.clone(), second.clone(), first.clone()];
        assert_eq!(host_problem(&first, None, &all), None);
        assert_eq!(host_problem(&other, None, &all), None);
        for loser in [&second, &third] {
            let (reason, message) = host_problem(loser, None, &all).unwrap();
            assert_eq!(reason, Reason::ClaimedTwice);
            assert!(message.contains("z/first"), "{message}");
        }
        // Made in the same second: one of them wins.
        let twins = [second.clone(), third.clone()];
        let lost = twins.iter().filter(|one| host_problem(one, None, &twins).is_some());
        assert_eq!(lost.count(), 1);
    }
}
