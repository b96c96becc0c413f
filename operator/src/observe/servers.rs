//! Sync servers with their agents: what was reported, and whether the agents still speak.

use std::collections::BTreeMap;

use crds::sync_agent_report::ReportPurpose;
use crds::sync_server::ServerRole;
use crds::sync_topology::SyncTopologySpec;
use crds::{ConfigurationSnapshot, ObjectName, SyncAgent, SyncAgentReport, SyncServer};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;
use kube::ResourceExt;
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
    for intent in &spec.servers {
        let Some(server) = context.cluster.get::<SyncServer>(namespace, intent.name.as_str()).await? else {
            continue;
        };
        let status = server.status.clone().unwrap_or_default();
        let agent = match &server.spec.accepted_agent {
            Some(reference) => context.cluster.get::<SyncAgent>(namespace, reference.name.as_str()).await?,
            None => None,
        }
        .filter(|agent| agent.speaks_for(&intent.name));
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
                role,
                snapshot_at,
                recorded_auto_upgrade: status.recorded_auto_upgrade,
            },
        );
    }
    Ok(servers)
}

/// Whether the engine exports, stages, or is stopped.
pub(crate) fn role_of(inventory: &crds::sync_agent::inventory::Inventory) -> Option<ServerRole> {
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
}
