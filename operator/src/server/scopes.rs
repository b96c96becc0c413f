//! Claimed scopes on a server: what its agent is asked to look at again, and what becomes of that in status, events and metrics. Reads
//! and writes the cluster; what a finding means is the planner's.

use crds::conditions::{self, ConditionType, Reason};
use crds::entra_tenant::CloudSyncJob;
use crds::sync_agent::Evidence;
use crds::sync_agent::inventory::Inventory;
use crds::sync_agent::watch::Watch;
use crds::sync_server::SyncServerStatus;
use crds::{EntraTenant, Migration, ObjectName, SyncAgent, SyncServer, SyncTopology};
use planner::moved::{self, Finding};

use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;

/// What is claimed on a server.
pub(super) struct Claimed {
    /// What its agent is to look at again.
    pub(super) watch: Watch,
    topologies: Vec<SyncTopology>,
}

impl Claimed {
    /// What the server's agent found of it.
    pub(super) fn findings(&self, server: &ObjectName, inventory: &Inventory) -> Vec<Finding> {
        moved::findings(server, inventory, &moved::declared(&self.topologies))
    }
}

/// Scopes that were read once: of topologies that list the server, and of those that are gone while their rules are still on it.
pub(super) async fn claimed<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    server: &str,
    inventory: Option<&Inventory>,
) -> Result<Claimed, Error> {
    let migrations = context.cluster.list::<Migration>(Some(namespace)).await?;
    if migrations.is_empty() {
        return Ok(Claimed { watch: Watch::default(), topologies: Vec::new() });
    }
    let topologies = context.cluster.list::<SyncTopology>(Some(namespace)).await?;
    let tenants = context.cluster.list::<EntraTenant>(Some(namespace)).await?;
    let ruled = inventory.and_then(|i| i.rules.as_ref()).map_or(&[][..], |rules| &rules.no_flow_scopes);
    let touches = |migration: &&Migration| {
        let topology = migration.spec.topology_ref.name.as_str();
        match topologies.iter().find(|t| t.metadata.name.as_deref() == Some(topology)) {
            Some(topology) => topology.spec.servers.iter().any(|intent| intent.name.as_str() == server),
            None => migration.spec.scope.iter().any(|scope| ruled.contains(&scope.name)),
        }
    };
    let touching: Vec<&Migration> = migrations.iter().filter(touches).collect();
    let named = |tenant: &&EntraTenant| {
        touching.iter().any(|m| tenant.metadata.name.as_deref() == Some(m.spec.tenant_ref.name.as_str()))
    };
    let jobs: Vec<CloudSyncJob> = tenants
        .iter()
        .filter(named)
        .filter_map(|tenant| tenant.status.as_ref())
        .flat_map(|status| status.jobs.clone())
        .collect();
    Ok(Claimed { watch: moved::watch(&touching, &jobs), topologies })
}

/// Tells the agent what to look at.
pub(super) async fn ask<C: Cluster>(
    context: &Context<C>,
    agent: &SyncAgent,
    watch: &Watch,
) -> Result<(), Error> {
    if agent.spec.watch == *watch || agent.metadata.deletion_timestamp.is_some() {
        return Ok(());
    }
    let mut changed = agent.clone();
    changed.spec.watch = watch.clone();
    context.cluster.replace(&changed).await?;
    Ok(())
}

/// Says in events what has newly gone wrong, and when all is well again.
pub(super) async fn tell<C: Cluster>(context: &Context<C>, server: &SyncServer, now: &SyncServerStatus) {
    let in_place = |status: &SyncServerStatus| {
        let found = conditions::find(&status.conditions, ConditionType::ScopesInPlace)?;
        Some((found.status == "True", found.reason.clone(), found.message.clone()))
    };
    let before = server.status.as_ref().and_then(in_place);
    match (before, in_place(now)) {
        (before, Some((false, reason, message))) => {
            let told = before.is_some_and(|(ok, old, text)| !ok && old == reason && text == message);
            if !told {
                context.cluster.event(server, true, &reason, "Watch", &message).await;
            }
        }
        (Some((false, ..)), Some((true, reason, message))) => {
            context.cluster.event(server, false, &reason, "Watch", &message).await;
        }
        _ => {}
    }
}

/// Sets the series of what was found; a reason without a finding is 0.
pub(super) fn count<C: Cluster>(context: &Context<C>, namespace: &str, server: &str, found: &[Finding]) {
    for reason in moved::REASONS {
        let count =
            found.iter().filter(|finding| finding.reason == reason).map(|finding| finding.count).sum();
        let labels = [namespace, server, reason.as_str()];
        context.metrics.scope_findings.with_label_values(&labels).set(count);
    }
}

/// Sets the series of deletions that nobody explained, where the agent's last command looked for them.
pub(super) fn count_deletions<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    server: &str,
    agent: &SyncAgent,
) {
    let outcome = agent.status.as_ref().and_then(|status| status.outcome.as_ref());
    if let Some(Evidence::PendingExports(found)) = outcome.and_then(|outcome| outcome.evidence.as_ref()) {
        let labels = [namespace, server, Reason::UnexplainedDeletion.as_str()];
        let unexplained = found.deletes.saturating_sub(found.explained_deletes).max(0);
        context.metrics.scope_findings.with_label_values(&labels).set(unexplained);
    }
}
