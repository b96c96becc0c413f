//! Migrations with what was read for them: kept listings, and what was computed from these and the cloud.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crds::migration::{Migration, StepState};
use crds::sync_agent::{CHUNK_KEY, DIGEST_KEY};
use crds::{ContentDigest, DistinguishedName};
use graph::GraphClient;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use parity::finding::Sampled;
use parity::{DigestKey, ObjectKey, Prediction, ScopeListing};
use planner::observed::{MigrationFacts, PredictionFacts, StoredListing};

use crate::cloud::configuration::Configuration;
use crate::cloud::objects;
use crate::cluster::Cluster;
use crate::context::{Context, Recalled};
use crate::error::Error;

/// Annotation of a kept listing's first Secret: digest, as the agent's evidence names it.
pub const LISTING_DIGEST: &str = "hybrididentity.dev/listing-digest";

/// Annotation of a kept listing's first Secret: how many Secrets hold it.
pub const LISTING_SECRETS: &str = "hybrididentity.dev/listing-secrets";

/// Annotation of a kept listing's first Secret: how many objects it has.
pub const LISTING_OBJECTS: &str = "hybrididentity.dev/listing-objects";

/// Name of the Secret that holds one part of a migration's listing.
pub fn listing_secrets(migration: &str, index: usize) -> String {
    format!("{migration}-listing-{index}")
}

/// Looks at a topology's migrations.
pub(super) async fn look<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    topology: &str,
    migrations: Vec<Migration>,
    client: Option<&GraphClient>,
    configurations: &[Configuration],
) -> Result<Vec<MigrationFacts>, Error> {
    let mut facts = Vec::with_capacity(migrations.len());
    let in_jobs = in_jobs(&migrations, configurations);
    for object in migrations {
        let name = object.name_any();
        let uid = object.uid().unwrap_or_default();
        let listing =
            if object.spec.scope.is_some() { stored(context, namespace, &name).await? } else { None };
        let mut recalled = context.memory.migrations.lock().await.get(&uid).cloned().unwrap_or_default();
        if let (Some(listing), Some(client), true) = (&listing, client, wants_prediction(&object))
            && recalled.prediction.as_ref().and_then(|p| p.listing.as_ref()) != Some(&listing.digest)
            && !configurations.is_empty()
        {
            let prediction =
                predict(context, namespace, topology, &object, listing, client, &in_jobs).await?;
            recalled.prediction = Some(prediction);
            remember(context, &uid, &recalled).await;
        }
        facts.push(MigrationFacts {
            object,
            listing,
            prediction: recalled.prediction,
            parity: recalled.parity,
            probe: recalled.probe,
        });
    }
    Ok(facts)
}

/// Keeps what was computed until the next look.
pub(crate) async fn remember<C: Cluster>(context: &Context<C>, uid: &str, recalled: &Recalled) {
    context.memory.migrations.lock().await.insert(uid.to_owned(), recalled.clone());
}

/// The prediction is wanted from the reading of the scope until it was judged.
fn wants_prediction(migration: &Migration) -> bool {
    let state = |name: &str| {
        let status = migration.status.as_ref()?;
        status.steps.iter().find(|record| record.name == name).map(|record| record.state)
    };
    !matches!(state("PredictChanges"), Some(StepState::Done | StepState::Failed))
        && state("ReadScope").is_some()
}

async fn stored<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    migration: &str,
) -> Result<Option<StoredListing>, Error> {
    let secret: Option<Secret> = context.cluster.get(namespace, &listing_secrets(migration, 0)).await?;
    Ok(secret.and_then(|secret| {
        let annotations = secret.metadata.annotations?;
        Some(StoredListing {
            digest: ContentDigest::try_from(annotations.get(LISTING_DIGEST)?.clone()).ok()?,
            objects: annotations.get(LISTING_OBJECTS)?.parse().ok()?,
        })
    }))
}

/// Reads a kept listing back.
///
/// # Errors
/// When a part is missing or damaged.
pub async fn listing_of<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    migration: &str,
) -> Result<ScopeListing, Error> {
    let missing = || Error::Stored(format!("the listing of {migration} is not complete; it is read again"));
    let first: Secret =
        context.cluster.get(namespace, &listing_secrets(migration, 0)).await?.ok_or_else(missing)?;
    let parts: usize = first
        .metadata
        .annotations
        .as_ref()
        .and_then(|a| a.get(LISTING_SECRETS)?.parse().ok())
        .ok_or_else(missing)?;
    let mut chunks = Vec::with_capacity(parts);
    chunks.push(chunk(first).ok_or_else(missing)?);
    for index in 1..parts {
        let secret: Secret =
            context.cluster.get(namespace, &listing_secrets(migration, index)).await?.ok_or_else(missing)?;
        chunks.push(chunk(secret).ok_or_else(missing)?);
    }
    ScopeListing::decode(&chunks).map_err(|error| Error::Stored(error.to_string()))
}

/// The chunk in a Secret.
pub(crate) fn chunk(secret: Secret) -> Option<Vec<u8>> {
    secret.data?.remove(CHUNK_KEY).map(|bytes| bytes.0).filter(|bytes| !bytes.is_empty())
}

/// The key that a topology's objects are digested with.
///
/// # Errors
/// When the cluster does not answer, or the stored key cannot be used.
pub async fn digest_key<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    topology: &str,
) -> Result<DigestKey, Error> {
    let bytes = digest_key_bytes(context, namespace, topology).await?;
    DigestKey::from_slice(&bytes)
        .map_err(|error| Error::Stored(format!("the digest key of {topology}: {error}")))
}

/// The same key as it is stored, made once: without it nobody can tell values from digests.
///
/// # Errors
/// When the cluster does not answer.
pub async fn digest_key_bytes<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    topology: &str,
) -> Result<Vec<u8>, Error> {
    let name = format!("{topology}-digest-key");
    for _ in 0..2 {
        if let Some(secret) = context.cluster.get::<Secret>(namespace, &name).await? {
            let key = secret.data.and_then(|mut data| data.remove(DIGEST_KEY));
            return key.map(|bytes| bytes.0).ok_or_else(|| {
                Error::Stored(format!("expected key `{DIGEST_KEY}` in Secret {name}, found none"))
            });
        }
        let key: [u8; 32] = rand::random();
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(name.clone()),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            data: Some([(DIGEST_KEY.to_owned(), ByteString(key.to_vec()))].into()),
            ..Secret::default()
        };
        context.cluster.create(&secret).await?;
    }
    Err(Error::Stored(format!("Secret {name} could not be made; see the events of the namespace")))
}

/// Migrations whose units are all in the filter of their domain's job by now.
fn in_jobs(migrations: &[Migration], configurations: &[Configuration]) -> Vec<(String, Vec<String>)> {
    let in_job = |unit: &DistinguishedName| {
        let configuration = configurations
            .iter()
            .find(|c| unit.domain().is_some_and(|domain| c.domain.eq_ignore_ascii_case(&domain)));
        configuration.and_then(|c| c.containers().ok()).is_some_and(|held| held.contains(unit))
    };
    migrations
        .iter()
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

/// Keys of what the jobs of a migration's domains hold already, from the kept listings of other migrations. A listing that is no longer
/// there is left out: references to its objects then count as outside, which is the careful side.
async fn served<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    migration: &Migration,
    in_jobs: &[(String, Vec<String>)],
) -> BTreeSet<ObjectKey> {
    let own = domains(migration);
    let mut keys = BTreeSet::new();
    for (name, domains) in in_jobs {
        if *name != migration.name_any()
            && domains.iter().all(|domain| own.contains(domain))
            && let Ok(listing) = listing_of(context, namespace, name).await
        {
            let held = listing.objects.into_iter().filter(|object| object.disposition.may_be_provisioned());
            keys.extend(held.map(|object| object.key));
        }
    }
    keys
}

async fn predict<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    topology: &str,
    migration: &Migration,
    stored: &StoredListing,
    client: &GraphClient,
    in_jobs: &[(String, Vec<String>)],
) -> Result<PredictionFacts, Error> {
    let mut listing = listing_of(context, namespace, &migration.name_any()).await?;
    let served = served(context, namespace, migration, in_jobs).await;
    let key = digest_key(context, namespace, topology).await?;
    let cloud = objects::index(client, &key).await?;
    let all = listing.objects.len();
    let contacts = objects::take_out_contacts(&mut listing);
    let prediction =
        parity::predict(&listing, &cloud, &served).map_err(|error| Error::Stored(error.to_string()))?;
    Ok(facts_of(&prediction, stored, all, contacts))
}

/// The prediction as the planner wants it. What nobody can decide is told apart from changes: attributes and references that cannot be
/// predicted, references to objects that the job does not hold, which it may leave or drop, and the attributes of contacts.
fn facts_of(prediction: &Prediction, stored: &StoredListing, all: usize, contacts: usize) -> PredictionFacts {
    let sample = |found: &Sampled| found.sample.iter().map(ToString::to_string).collect::<Vec<_>>();
    let by_name = |map: &BTreeMap<String, Sampled>| {
        map.iter().map(|(name, found)| (name.clone(), signed(found.count))).collect::<Vec<_>>()
    };
    let mut changed_attributes = by_name(&prediction.changes);
    changed_attributes.extend(by_name(&prediction.nulls));
    let unpredictable = prediction.unpredictable.iter().map(|(name, count)| (name.clone(), signed(*count)));
    let outside = by_name(&prediction.outside_references)
        .into_iter()
        .map(|(name, count)| (format!("{name} outside the job's scope, left or dropped"), count));
    let contacts = (contacts > 0)
        .then(|| ("attributes of contacts".to_owned(), i64::try_from(contacts).unwrap_or(i64::MAX)));
    PredictionFacts {
        listing: Some(stored.digest.clone()),
        objects: i64::try_from(all).unwrap_or(i64::MAX),
        surprise_creations: signed(prediction.creations.count),
        surprises: sample(&prediction.creations),
        anchor_mismatches: signed(prediction.anchor_mismatches.count),
        mismatched: sample(&prediction.anchor_mismatches),
        changed_objects: signed(prediction.changed_objects),
        changed_attributes,
        unpredictable: unpredictable.chain(outside).chain(contacts).collect(),
    }
}

/// Counts of this size do not occur; a larger one would still be a large one.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
