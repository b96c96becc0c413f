//! Controller of EntraTenant: observe → plan → status. It changes nothing in the tenant.

mod observe;
mod status;

use std::time::Duration;

use crds::EntraTenant;

use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;
use crate::observe::older_claim;

/// Reconciles one tenant; answers when to look again.
///
/// # Errors
/// When the cluster does not answer.
pub async fn reconcile<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    name: &str,
) -> Result<Option<Duration>, Error> {
    let Some(tenant) = context.cluster.get::<EntraTenant>(namespace, name).await? else { return Ok(None) };
    let claimed_by = oldest_claim(context, &tenant).await?;
    let seen = observe::look(context, &tenant).await?;
    let status = status::of(&tenant, &seen, claimed_by.as_deref(), context.clock.now());
    if tenant.status.as_ref() != Some(&status) {
        let mut changed = tenant.clone();
        changed.status = Some(status);
        context.cluster.replace_status(&changed).await?;
    }
    Ok(Some(context.settings.tenant()))
}

/// An older object with the same tenant id, if there is one: the oldest wins.
async fn oldest_claim<C: Cluster>(
    context: &Context<C>,
    tenant: &EntraTenant,
) -> Result<Option<String>, Error> {
    let all = context.cluster.list::<EntraTenant>(None).await?;
    Ok(older_claim(tenant, &all, |other| other.spec.tenant_id == tenant.spec.tenant_id))
}
