//! Controller of SyncServer: what its agent reports, as a status. Changes nothing on the server.

mod scopes;
mod status;

use std::time::Duration;

use crds::sync_agent_report::ReportPurpose;
use crds::{SyncAgent, SyncAgentReport, SyncServer};
use k8s_openapi::api::coordination::v1::Lease;
use kube::ResourceExt;

use self::status::Speaker;
use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;
use crate::observe::{freshness, heartbeat_grace, host_problem};

/// Reconciles one server; answers when to look again.
///
/// # Errors
/// When the cluster does not answer.
pub async fn reconcile<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    name: &str,
) -> Result<Option<Duration>, Error> {
    let Some(server) = context.cluster.get::<SyncServer>(namespace, name).await? else {
        context.metrics.forget_server(namespace, name);
        return Ok(None);
    };
    let now = context.clock.now();
    let accepted = match &server.spec.accepted_agent {
        Some(reference) => context.cluster.get::<SyncAgent>(namespace, reference.name.as_str()).await?,
        None => None,
    };
    let revoked = accepted.as_ref().is_some_and(|agent| agent.spec.revoked.is_some());
    let agent = accepted.filter(|agent| agent.speaks_for(&name.into()));
    let mut fresh = None;
    let mut inventory = None;
    let mut look_again = context.settings.resync();
    if let Some(agent) = &agent {
        let lease = context.cluster.get::<Lease>(namespace, &agent.name_any()).await?;
        fresh = Some(freshness(lease.as_ref(), agent.spec.heartbeat_seconds, now));
        // Exactly when the agent would count as silent, and not by polling.
        let grace = heartbeat_grace(agent.spec.heartbeat_seconds);
        look_again = look_again.min(Duration::try_from(grace).unwrap_or(look_again));
        inventory = context
            .cluster
            .list::<SyncAgentReport>(Some(namespace))
            .await?
            .into_iter()
            .find(|r| {
                r.spec.purpose == ReportPurpose::Inventory
                    && r.spec.agent_ref.name.as_str() == agent.name_any()
            })
            .and_then(|report| report.status?.inventory);
    }
    let claimed = scopes::claimed(context, namespace, name, inventory.as_ref()).await?;
    if let Some(agent) = &agent {
        scopes::ask(context, agent, &claimed.watch).await?;
        scopes::count_deletions(context, namespace, name, agent);
    }
    let findings = inventory.as_ref().map(|inventory| claimed.findings(&name.into(), inventory));
    let found = findings.as_deref().filter(|_| inventory.as_ref().is_some_and(|i| i.watch.is_some()));
    scopes::count(context, namespace, name, found.unwrap_or(&[]));
    let speaker = match (&agent, revoked) {
        (Some(_), _) => Speaker::Present,
        (None, true) => Speaker::Revoked,
        (None, false) => Speaker::Missing,
    };
    let all = context.cluster.list::<SyncServer>(None).await?;
    let host = host_problem(&server, inventory.as_ref(), &all);
    let status = status::of(&server, speaker, fresh, inventory.as_ref(), host, found, now);
    scopes::tell(context, &server, &status).await;
    if server.status.as_ref() != Some(&status) {
        let mut changed = server.clone();
        changed.status = Some(status);
        context.cluster.replace_status(&changed).await?;
    }
    Ok(Some(look_again))
}

#[cfg(test)]
mod tests;
