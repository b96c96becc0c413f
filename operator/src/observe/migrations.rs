//! Migrations with what was read for them: kept listings, and what was computed from these and the cloud.

use crds::ContentDigest;
use crds::migration::Migration;
use crds::sync_agent::{CHUNK_KEY, DIGEST_KEY};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use parity::{DigestKey, ScopeListing};
use planner::observed::{MigrationFacts, StoredListing};

use crate::cluster::Cluster;
use crate::context::Context;
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
    migrations: Vec<Migration>,
) -> Result<Vec<MigrationFacts>, Error> {
    let mut facts = Vec::with_capacity(migrations.len());
    for object in migrations {
        let name = object.name_any();
        let uid = object.uid().unwrap_or_default();
        let listing =
            if object.spec.scope.is_some() { stored(context, namespace, &name).await? } else { None };
        let recalled = context.memory.migrations.lock().await.get(&uid).cloned().unwrap_or_default();
        facts.push(MigrationFacts {
            object,
            listing,
            prediction: recalled.prediction,
            parity: recalled.parity,
            probe: recalled.probe,
            unkept: recalled.unkept,
        });
    }
    Ok(facts)
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

/// Counts of this size do not occur; a larger one would still be a large one.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
