//! What Cloud Sync would make of a scope: the kept listing against the cloud, before the scope is added. Reads the cluster and the cloud.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crds::migration::Migration;
use crds::{ContentDigest, DistinguishedName};
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use parity::finding::Sampled;
use parity::{ObjectKey, Prediction};
use planner::Observed;
use planner::observed::{MigrationFacts, PredictionFacts};

use crate::cloud::configuration::Configuration;
use crate::cloud::objects;
use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;
use crate::observe::{self, Seen, signed};

/// Works out what Cloud Sync would make of a scope; none while the cloud cannot be read.
///
/// # Errors
/// When the listing is damaged, or the cluster or the cloud does not answer.
pub(super) async fn predict<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    migration: &str,
    digest: &ContentDigest,
) -> Result<Option<PredictionFacts>, Error> {
    let (Some(client), Some(facts)) = (&seen.client, seen.observed.migration(migration)) else {
        return Ok(None);
    };
    let topology = &seen.observed.topology;
    let mut listing = observe::listing_of(context, &topology.namespace, migration).await?;
    let served = served(context, seen, &facts.object).await;
    let key = observe::digest_key(context, &topology.namespace, topology.name.as_str()).await?;
    let at = context.clock.now();
    let cloud = objects::index(client, &key).await?;
    let all = listing.objects.len();
    let contacts = objects::take_out_contacts(&mut listing);
    let prediction =
        parity::predict(&listing, &cloud, &served).map_err(|error| Error::Stored(error.to_string()))?;
    let took = context.clock.now().duration_since(at);
    let predicted = PredictionFacts { took, ..facts_of(&prediction, digest, at, all, contacts) };
    super::told::predicted(context, seen, facts, &predicted).await;
    Ok(Some(predicted))
}

/// Migrations whose units are all in the filter of their domain's job by now.
fn in_jobs<'a>(
    migrations: impl Iterator<Item = &'a Migration>,
    configurations: &[Configuration],
) -> Vec<(String, Vec<String>)> {
    let in_job = |unit: &DistinguishedName| {
        let configuration = configurations
            .iter()
            .find(|c| unit.domain().is_some_and(|domain| c.domain.eq_ignore_ascii_case(&domain)));
        configuration.and_then(|c| c.containers().ok()).is_some_and(|held| held.contains(unit))
    };
    migrations
        .filter(|migration| {
            migration.spec.scope.iter().any(|scope| scope.organizational_units.iter().all(in_job))
        })
        .map(|migration| (migration.name_any(), domains(migration)))
        .collect()
}

fn domains(migration: &Migration) -> Vec<String> {
    let units = migration.spec.scope.iter().flat_map(|scope| &scope.organizational_units);
    units.filter_map(DistinguishedName::domain).map(|domain| domain.to_lowercase()).collect()
}

/// Migrations whose scopes one write adds to the same jobs together with this one's: those of its wave, where `maxConcurrent` takes all
/// of them.
fn added_together<'a>(observed: &'a Observed, migration: &Migration) -> Vec<&'a Migration> {
    let Some(scope) = &migration.spec.scope else { return Vec::new() };
    let waves = observed.topology.spec.strategy.iter().flat_map(|strategy| &strategy.waves);
    let Some(wave) = waves.into_iter().find(|wave| wave.name == scope.wave) else { return Vec::new() };
    if usize::try_from(wave.max_concurrent).unwrap_or(0) < wave.scopes.len() {
        return Vec::new();
    }
    let same = |other: &&MigrationFacts| {
        other.object.spec.plan_digest == migration.spec.plan_digest
            && other.object.spec.itinerary == migration.spec.itinerary
            && !other.gave_up()
            && domains(&other.object).iter().collect::<BTreeSet<_>>()
                == domains(migration).iter().collect::<BTreeSet<_>>()
    };
    observed.migrations.iter().filter(same).map(|facts| &facts.object).collect()
}

/// Keys of what the jobs of a migration's domains hold already or get by the same write, from the kept listings of other migrations. A
/// listing that is not there is left out: references to its objects then count as outside, which is the careful side.
async fn served<C: Cluster>(context: &Context<C>, seen: &Seen, migration: &Migration) -> BTreeSet<ObjectKey> {
    let all = seen.observed.migrations.iter().map(|facts| &facts.object);
    let mut in_jobs = in_jobs(all, &seen.configurations);
    for other in added_together(&seen.observed, migration) {
        if !in_jobs.iter().any(|(name, _)| *name == other.name_any()) {
            in_jobs.push((other.name_any(), domains(other)));
        }
    }
    let namespace = &seen.observed.topology.namespace;
    let own = domains(migration);
    let mut keys = BTreeSet::new();
    for (name, domains) in in_jobs {
        if name != migration.name_any()
            && domains.iter().all(|domain| own.contains(domain))
            && let Ok(listing) = observe::listing_of(context, namespace, &name).await
        {
            let held = listing.objects.into_iter().filter(|object| object.disposition.may_be_provisioned());
            keys.extend(held.map(|object| object.key));
        }
    }
    keys
}

/// How many referring objects are named.
const NAMED: usize = 10;

/// The prediction as the planner wants it. What nobody can decide is told apart from changes: attributes and references that cannot be
/// predicted, references to objects that the job does not hold, which it may leave or drop, and the attributes of contacts.
fn facts_of(
    prediction: &Prediction,
    listing: &ContentDigest,
    at: Timestamp,
    all: usize,
    contacts: usize,
) -> PredictionFacts {
    let sample = |found: &Sampled| found.sample.iter().map(ToString::to_string).collect::<Vec<_>>();
    let by_name = |map: &BTreeMap<String, Sampled>| {
        map.iter().map(|(name, found)| (name.clone(), signed(found.count))).collect::<Vec<_>>()
    };
    let mut changed_attributes = by_name(&prediction.changes);
    changed_attributes.extend(by_name(&prediction.nulls));
    let unpredictable = prediction.unpredictable.iter().map(|(name, count)| (name.clone(), signed(*count)));
    let outside = References::of(&prediction.outside_references);
    let crossing = References::of(&prediction.cross_domain_references);
    let undecided = signed(prediction.scope_unpredictable.count);
    let filter = (undecided > 0).then(|| ("the job's scoping filter".to_owned(), undecided));
    let contacts = (contacts > 0)
        .then(|| ("attributes of contacts".to_owned(), i64::try_from(contacts).unwrap_or(i64::MAX)));
    PredictionFacts {
        listing: Some(listing.clone()),
        at,
        took: SignedDuration::ZERO,
        objects: i64::try_from(all).unwrap_or(i64::MAX),
        surprise_creations: signed(prediction.creations.count),
        surprises: sample(&prediction.creations),
        // What cannot be matched would be made a second time, or refused, just like what has another anchor.
        anchor_mismatches: signed(prediction.anchor_mismatches.count + prediction.unkeyed.count),
        mismatched: [sample(&prediction.anchor_mismatches), sample(&prediction.unkeyed)].concat(),
        changed_objects: signed(prediction.changed_objects),
        changed_attributes,
        takeovers: signed(prediction.takeovers.count),
        taken_over: sample(&prediction.takeovers),
        unserved: signed(prediction.unserved.count),
        left_out: sample(&prediction.unserved),
        unknown_references: outside.count,
        referring: outside.named,
        cross_domain_references: crossing.count,
        crossing: crossing.named,
        unpredictable: unpredictable.chain(filter).chain(contacts).collect(),
    }
}

/// Objects that refer to what the job may not know, and some of them with the kind of the reference.
struct References {
    count: i64,
    named: Vec<String>,
}

impl References {
    fn of(found: &BTreeMap<String, Sampled>) -> Self {
        let named = found
            .iter()
            .flat_map(|(name, found)| found.sample.iter().map(move |key| format!("{key} ({name})")))
            .take(NAMED)
            .collect();
        Self { count: found.values().map(|found| signed(found.count)).sum(), named }
    }
}
