//! Carries out effects. Every one is safe to repeat, and every write that takes or changes something others may want carries
//! `resourceVersion`.

mod claims;
mod commands;
mod compare;
mod guard;
mod jobs;
mod predict;
mod seen_in_cloud;
mod storage;
mod told;

use crds::ObjectName;
use planner::observed::{Unkept, UnkeptCause};
use planner::plan::Effect;

use crate::cloud::objects;
use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::{Error, STORED};
use crate::observe::Seen;
use storage::Unkeepable;

/// Name of an effect, for logs.
pub(super) fn name(effect: &Effect) -> &'static str {
    match effect {
        Effect::Commands(commands) => commands.first().map_or("commands", |command| command.action.name()),
        Effect::ClaimServers { .. } => "claimServers",
        Effect::Readopt { .. } => "readopt",
        Effect::ReleaseServers { .. } => "releaseServers",
        Effect::ClaimJobs { .. } => "claimJobs",
        Effect::ReleaseJobs { .. } => "releaseJobs",
        Effect::PrepareJob { .. } => "prepareJob",
        Effect::TightenDeletionGuard { .. } => "tightenDeletionGuard",
        Effect::AddContainers { .. } => "addContainers",
        Effect::PauseJob { .. } => "pauseJob",
        Effect::DeleteJob { .. } => "deleteJob",
        Effect::StoreSnapshot { .. } => "storeSnapshot",
        Effect::StoreListing { .. } => "storeListing",
        Effect::ReadProbe { .. } => "readProbe",
        Effect::Predict { .. } => "predict",
        Effect::Compare { .. } => "compare",
    }
}

/// Carries an effect out.
pub(super) async fn carry_out<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    migration: &str,
    effect: &Effect,
) -> Result<(), Error> {
    match effect {
        Effect::Commands(commands) => {
            for command in commands {
                commands::give(context, seen, command).await?;
            }
            Ok(())
        }
        Effect::ClaimServers { servers, claim } => claims::take_servers(context, seen, servers, claim).await,
        Effect::Readopt { servers } => claims::readopt(context, seen, servers).await,
        Effect::ReleaseServers { servers, holder } => {
            claims::release_servers(context, seen, servers, holder).await
        }
        Effect::ClaimJobs { domains, claim } => claims::take_jobs(context, seen, domains, claim).await,
        Effect::ReleaseJobs { domains, holder } => {
            guard::give_back(context, seen, domains, holder).await?;
            claims::release_jobs(context, seen, domains, holder).await
        }
        Effect::PrepareJob { domain, deletion_threshold } => {
            jobs::prepare(context, seen, domain, *deletion_threshold).await
        }
        Effect::TightenDeletionGuard { domain, deletion_threshold } => {
            guard::tighten(context, seen, domain, *deletion_threshold).await
        }
        Effect::AddContainers { domain, epoch, expected, wanted } => {
            jobs::add_containers(context, seen, domain, *epoch, expected, wanted).await
        }
        Effect::PauseJob { domain, epoch } => jobs::pause(context, seen, domain, *epoch).await,
        Effect::DeleteJob { domain, epoch } => jobs::delete(context, seen, domain, *epoch).await,
        Effect::StoreSnapshot { server, digest } => {
            let kept = storage::snapshot(context, seen, migration, server, digest).await;
            tried(context, seen, migration, server, kept).await
        }
        Effect::StoreListing { server, digest } => {
            let kept = storage::listing(context, seen, migration, server, digest).await;
            tried(context, seen, migration, server, kept).await
        }
        Effect::ReadProbe { anchor } => {
            let Some(client) = &seen.client else { return Ok(()) };
            let probe = objects::probe(client, anchor, context.clock.now()).await?;
            remember(context, seen, migration, |recalled| recalled.probe = Some(probe)).await;
            Ok(())
        }
        Effect::Predict { listing } => {
            let prediction = predict::predict(context, seen, migration, listing).await?;
            remember(context, seen, migration, |recalled| recalled.prediction = prediction).await;
            Ok(())
        }
        Effect::Compare { listing, reading } => {
            compare::compare(context, seen, migration, listing, reading).await
        }
    }
}

/// Bytes that could not be kept are no reason to stop work on others: the planner tells of them, and has them taken again.
async fn tried<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    migration: &str,
    server: &ObjectName,
    kept: Result<(), Unkeepable>,
) -> Result<(), Error> {
    let (why, cause) = match kept {
        Ok(()) => {
            remember(context, seen, migration, |recalled| recalled.unkept = None).await;
            return Ok(());
        }
        Err(Unkeepable::Other(error)) => return Err(error),
        Err(Unkeepable::Damaged(why)) => (why, UnkeptCause::Damaged),
        Err(Unkeepable::Place(why)) => (why, UnkeptCause::Place),
    };
    let Some(command_id) = storage::command_of(seen, server) else { return Ok(()) };
    tracing::warn!(migration, %server, why, "bytes could not be kept");
    context.metrics.errors.with_label_values(&["migration", STORED]).inc();
    let unkept = Unkept { command_id, at: context.clock.now(), why, cause };
    remember(context, seen, migration, |recalled| recalled.unkept = Some(unkept)).await;
    Ok(())
}

/// Keeps what was computed for a migration.
async fn remember<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    migration: &str,
    change: impl FnOnce(&mut crate::context::Recalled),
) {
    let Some(facts) = seen.observed.migration(migration) else { return };
    let mut all = context.memory.migrations.lock().await;
    change(all.entry(facts.uid().to_owned()).or_default());
}

#[cfg(test)]
mod tests;
