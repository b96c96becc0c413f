//! Controller of SyncAgent: makes what an agent may fill — its Lease, its Secrets, its report — and nothing else.

use std::time::Duration;

use crds::primitive::LocalRef;
use crds::sync_agent::{bulk_secrets, inventory_report, mappings_secret};
use crds::sync_agent_report::{ReportPurpose, SyncAgentReportSpec};
use crds::{SyncAgent, SyncAgentReport};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, ResourceExt};

use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;

/// Reconciles one agent; answers when to look again.
///
/// # Errors
/// When the cluster does not answer.
pub async fn reconcile<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    name: &str,
) -> Result<Option<Duration>, Error> {
    let Some(agent) = context.cluster.get::<SyncAgent>(namespace, name).await? else { return Ok(None) };
    // A revoked agent fills nothing any more; what it filled stays as evidence.
    if agent.metadata.deletion_timestamp.is_some() || agent.spec.revoked.is_some() {
        return Ok(None);
    }
    let meta = |object: String| ObjectMeta {
        name: Some(object),
        namespace: Some(namespace.to_owned()),
        owner_references: agent.controller_owner_ref(&()).map(|owner| vec![owner]),
        ..ObjectMeta::default()
    };
    let agent_name = agent.name_any();
    if context.cluster.get::<Lease>(namespace, &agent_name).await?.is_none() {
        context.cluster.create(&Lease { metadata: meta(agent_name.clone()), spec: None }).await?;
    }
    let report = inventory_report(&agent_name);
    if context.cluster.get::<SyncAgentReport>(namespace, &report).await?.is_none() {
        let spec =
            SyncAgentReportSpec { agent_ref: LocalRef::new(&agent_name), purpose: ReportPurpose::Inventory };
        let mut object = SyncAgentReport::new(&report, spec);
        object.metadata = meta(report);
        context.cluster.create(&object).await?;
    }
    let short: crds::ObjectName = agent_name.as_str().into();
    for secret in bulk_secrets(&short).into_iter().chain([mappings_secret(&short)]) {
        if context.cluster.get::<Secret>(namespace, secret.as_str()).await?.is_none() {
            context.cluster.create(&Secret { metadata: meta(secret.0), ..Secret::default() }).await?;
        }
    }
    Ok(Some(context.settings.resync()))
}
