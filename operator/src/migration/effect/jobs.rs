//! Changes to Cloud Sync configurations, each followed by the record of its epoch.

use crds::{DistinguishedName, Epoch};
use graph::GraphClient;

use super::claims::change_jobs;
use crate::cloud::change::{self, Written};
use crate::cloud::configuration::Configuration;
use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;
use crate::observe::Seen;

pub(super) fn client(seen: &Seen) -> Result<&GraphClient, Error> {
    seen.client.as_ref().ok_or_else(|| Error::Stored("the tenant has no client".to_owned()))
}

pub(super) fn configuration<'a>(seen: &'a Seen, domain: &str) -> Result<&'a Configuration, Error> {
    seen.configurations
        .iter()
        .find(|c| c.domain.eq_ignore_ascii_case(domain))
        .ok_or_else(|| Error::Stored(format!("the configuration of {domain} cannot be found any more")))
}

/// Makes a configuration and records it.
pub(super) async fn prepare<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    domain: &str,
    deletion_threshold: i64,
) -> Result<(), Error> {
    let client = client(seen)?;
    change::prepare(client, domain, deletion_threshold).await?;
    let made = crate::cloud::configuration::read_all(client).await?;
    change_jobs(context, seen, |jobs| {
        let Some(configuration) = made.iter().find(|c| c.domain.eq_ignore_ascii_case(domain)) else {
            return false;
        };
        let known = jobs.iter().any(|job| job.domain.eq_ignore_ascii_case(domain));
        let record = configuration.record(None);
        match (known, record) {
            (false, Ok(record)) => {
                jobs.push(record);
                true
            }
            _ => false,
        }
    })
    .await
    .map(drop)
}

/// Pauses both jobs, then records the epoch.
pub(super) async fn pause<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    domain: &str,
    epoch: Epoch,
) -> Result<(), Error> {
    change::pause(client(seen)?, configuration(seen, domain)?).await?;
    raise(context, seen, domain, epoch).await
}

/// Deletes both jobs, then records the epoch.
pub(super) async fn delete<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    domain: &str,
    epoch: Epoch,
) -> Result<(), Error> {
    change::delete(client(seen)?, configuration(seen, domain)?).await?;
    raise(context, seen, domain, epoch).await
}

/// Raises the epoch of a job; never lowers it.
async fn raise<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    domain: &str,
    epoch: Epoch,
) -> Result<(), Error> {
    change_jobs(context, seen, |jobs| {
        let job = jobs.iter_mut().find(|job| job.domain.eq_ignore_ascii_case(domain));
        job.is_some_and(|job| {
            let raise = job.epoch < epoch;
            job.epoch = job.epoch.max(epoch);
            raise
        })
    })
    .await
    .map(drop)
}

/// Sets the filter, restarts, and only then records the epoch: a crash in between repeats the whole of it.
pub(super) async fn add_containers<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    domain: &str,
    epoch: Epoch,
    expected: &[DistinguishedName],
    wanted: &[DistinguishedName],
) -> Result<(), Error> {
    match change::set_containers(client(seen)?, configuration(seen, domain)?, expected, wanted).await? {
        Written::Yes => raise(context, seen, domain, epoch).await,
        Written::ChangedBefore(found) => {
            let found: Vec<&str> = found.iter().map(DistinguishedName::as_str).collect();
            let text = format!(
                "somebody changed the filter of {domain}: it holds {}; the plan is made anew",
                found.join(" + ")
            );
            context.cluster.event(&seen.topology, true, "ForeignChange", "AddContainers", &text).await;
            Ok(())
        }
        Written::ChangedAfter(paths) => {
            let text = format!(
                "the job of {domain} did not keep what was written, or somebody wrote too: {}",
                paths.join(", ")
            );
            context.cluster.event(&seen.topology, true, "ForeignChange", "AddContainers", &text).await;
            Err(Error::Stored(text))
        }
    }
}
