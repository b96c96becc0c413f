//! Taking and giving back servers and jobs.

use crds::entra_tenant::Claim;
use crds::{EntraTenant, ObjectName, SyncServer};

use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;
use crate::observe::Seen;

/// Takes servers, all or none: what was taken before one was refused is given back.
pub(super) async fn take_servers<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    servers: &[ObjectName],
    claim: &Claim,
) -> Result<(), Error> {
    let mut taken = Vec::new();
    for name in servers {
        let mut held = false;
        let outcome = change_server(context, seen, name, |status| {
            // Taken before a crash in between: the same claim is no obstacle to itself.
            held = status.claim.as_ref().is_some_and(|other| other.is_same(claim));
            let free = status.claim.is_none();
            if free {
                status.claim = Some(claim.clone());
            }
            free
        })
        .await;
        match outcome {
            Ok(true) => taken.push(name.clone()),
            Ok(false) if held => {}
            Ok(false) => {
                release_servers(context, seen, &taken, &claim.holder).await?;
                return Ok(());
            }
            Err(error) => {
                release_servers(context, seen, &taken, &claim.holder).await?;
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Gives servers back, where this holder has them.
pub(super) async fn release_servers<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    servers: &[ObjectName],
    holder: &ObjectName,
) -> Result<(), Error> {
    for name in servers {
        change_server(context, seen, name, |status| {
            let ours = status.claim.as_ref().is_some_and(|claim| {
                claim.holder == *holder && claim.topology == seen.observed.topology.name
            });
            if ours {
                status.claim = None;
            }
            ours
        })
        .await?;
    }
    Ok(())
}

/// Raises the epochs of servers whose agents remember more than the cluster; never lowers one.
pub(super) async fn readopt<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    servers: &[(ObjectName, crds::Epoch)],
) -> Result<(), Error> {
    for (name, epoch) in servers {
        change_server(context, seen, name, |status| {
            let raise = status.epoch < *epoch;
            status.epoch = status.epoch.max(*epoch);
            raise
        })
        .await?;
    }
    Ok(())
}

/// Changes a server's status by one write that carries `resourceVersion`; `false` when `change` had nothing to do.
pub(super) async fn change_server<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    name: &ObjectName,
    change: impl FnOnce(&mut crds::sync_server::SyncServerStatus) -> bool,
) -> Result<bool, Error> {
    let namespace = &seen.observed.topology.namespace;
    let Some(mut server) = context.cluster.get::<SyncServer>(namespace, name.as_str()).await? else {
        return Ok(false);
    };
    let status = server.status.get_or_insert_default();
    if !change(status) {
        return Ok(false);
    }
    context.cluster.replace_status(&server).await?;
    Ok(true)
}

/// Takes jobs, all or none: they live in one object, so one write decides.
pub(super) async fn take_jobs<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    domains: &[String],
    claim: &Claim,
) -> Result<(), Error> {
    change_jobs(context, seen, |jobs| {
        let mine = |job: &&mut crds::entra_tenant::CloudSyncJob| {
            domains.iter().any(|d| d.eq_ignore_ascii_case(&job.domain))
        };
        let open = |job: &mut crds::entra_tenant::CloudSyncJob| {
            job.claim.as_ref().is_none_or(|held| held.is_same(claim))
        };
        let free = jobs.iter_mut().filter(mine).all(open);
        let known = jobs.iter_mut().filter(mine).count() == domains.len();
        let open = free && known && jobs.iter_mut().filter(mine).any(|job| job.claim.is_none());
        if open {
            jobs.iter_mut().filter(mine).filter(|job| job.claim.is_none()).for_each(|job| {
                job.claim = Some(claim.clone());
            });
        }
        open
    })
    .await
    .map(drop)
}

/// Gives jobs back, where this holder has them.
pub(super) async fn release_jobs<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    domains: &[String],
    holder: &ObjectName,
) -> Result<(), Error> {
    change_jobs(context, seen, |jobs| {
        let mut changed = false;
        for job in jobs.iter_mut().filter(|job| domains.iter().any(|d| d.eq_ignore_ascii_case(&job.domain))) {
            let ours = job.claim.as_ref().is_some_and(|claim| {
                claim.holder == *holder && claim.topology == seen.observed.topology.name
            });
            if ours {
                job.claim = None;
                changed = true;
            }
        }
        changed
    })
    .await
    .map(drop)
}

/// Changes the tenant's job records by one write that carries `resourceVersion`; `false` when `change` had nothing to do.
pub(super) async fn change_jobs<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    change: impl FnOnce(&mut Vec<crds::entra_tenant::CloudSyncJob>) -> bool,
) -> Result<bool, Error> {
    let namespace = &seen.observed.topology.namespace;
    let name = seen.observed.topology.spec.tenant_ref.name.as_str();
    let tenant = context.cluster.get::<EntraTenant>(namespace, name).await?;
    let Some(mut tenant) = tenant else { return Ok(false) };
    let status = tenant.status.get_or_insert_default();
    // A configuration made a moment ago may not be in the status yet: it is recorded here, with epoch 0.
    for configuration in &seen.configurations {
        if !status.jobs.iter().any(|job| job.domain.eq_ignore_ascii_case(&configuration.domain)) {
            status.jobs.push(configuration.record(None)?);
        }
    }
    if !change(&mut status.jobs) {
        return Ok(false);
    }
    context.cluster.replace_status(&tenant).await?;
    Ok(true)
}
