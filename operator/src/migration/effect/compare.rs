//! How a scope compares with the cloud: the kept listing against the cloud, after the takeover. Reads the cluster and the cloud.

use crds::{ContentDigest, DistinguishedName};
use parity::ObjectType;
use parity::compare::{Class, CompareOptions, Expectation, OrphanSearch};
use planner::observed::{JobFacts, ParityFacts};

use super::{seen_in_cloud, storage};
use crate::cloud::objects;
use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;
use crate::observe::{self, Seen, signed};

/// Name under which the comparison counts managers that differ.
const MANAGER: &str = "manager";

/// Compares a scope's kept listing with the cloud as it is now, and keeps what was found.
///
/// # Errors
/// When the listing is damaged, or the cluster or the cloud does not answer.
pub(super) async fn compare<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    migration: &str,
    digest: &ContentDigest,
    reading: &str,
) -> Result<(), Error> {
    let (Some(client), Some(facts)) = (&seen.client, seen.observed.migration(migration)) else {
        return Ok(());
    };
    let topology = &seen.observed.topology;
    let mut listing = observe::listing_of(context, &topology.namespace, migration).await?;
    let key = observe::digest_key(context, &topology.namespace, topology.name.as_str()).await?;
    let at = context.clock.now();
    let units = facts.organizational_units();
    let (index, below) = objects::index_below(client, &key, units).await?;
    seen_in_cloud::note(context, &topology.namespace, migration, reading, below).await?;
    let among = storage::baseline_keys(context, &topology.namespace, migration).await?;
    let contacts = listing.objects.iter().filter(|object| object.object_type == ObjectType::Contact).count();
    listing.objects.retain(|object| object.object_type != ObjectType::Contact);
    let options = CompareOptions {
        expectation: Expectation::ProvisionedByCloudSync,
        orphans: OrphanSearch::Among(among),
    };
    let report =
        parity::compare(&listing, &index, &options).map_err(|error| Error::Stored(error.to_string()))?;
    let count = |class| signed(report.count(class));
    let job_epoch = DistinguishedName::domains(facts.organizational_units())
        .iter()
        .filter_map(|domain| seen.observed.job(domain))
        .map(JobFacts::epoch)
        .max()
        .unwrap_or_default();
    let samples = report
        .classes
        .iter()
        .flat_map(|(class, found)| found.sample.iter().map(move |key| format!("{} {key}", class.name())))
        .take(10)
        .collect();
    let orphan_anchors = report
        .classes
        .get(&Class::Orphan)
        .map(|found| found.sample.iter().map(ToString::to_string).collect())
        .unwrap_or_default();
    let parity = ParityFacts {
        listing: digest.clone(),
        at,
        took: context.clock.now().duration_since(at),
        job_epoch,
        compared: signed(report.objects),
        missing: count(Class::Missing),
        orphans: count(Class::Orphan),
        drift: count(Class::Attribute),
        manager: report.by_attribute.get(MANAGER).map_or(0, |found| signed(*found)),
        membership: count(Class::Membership),
        anchor: count(Class::Anchor),
        unkeyed: count(Class::Unkeyed) + i64::try_from(contacts).unwrap_or(i64::MAX),
        samples,
        orphan_anchors,
    };
    super::told::compared(context, seen, facts, &parity).await;
    super::remember(context, seen, migration, |recalled| recalled.parity = Some(parity)).await;
    Ok(())
}
