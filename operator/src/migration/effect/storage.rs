//! Keeping what agents put into their Secrets: snapshots and listings are copied, read back, and only then recorded.

mod blobs;

use std::collections::{BTreeMap, BTreeSet};

use crds::conditions::{ConditionType, Reason, condition, set};
use crds::configuration_snapshot::{
    ConfigurationSnapshot, ConfigurationSnapshotSpec, ConfigurationSnapshotStatus,
};
use crds::primitive::{LocalRef, bounded_name};
use crds::sync_agent::{CHUNK_KEY, CommandOutcome, Evidence, bulk_secrets};
use crds::{ContentDigest, ObjectName};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use parity::ObjectKey;

use crate::cluster::{Cluster, ClusterError};
use crate::context::Context;
use crate::error::Error;
use crate::observe::{LISTING_DIGEST, LISTING_OBJECTS, LISTING_SECRETS};
use crate::observe::{Seen, chunk, listing_secrets};
use crate::settings::SnapshotStore;

/// Key of the listings' object keys in their Secret, kept to tell orphans later.
const BASELINE: &str = "baseline";

/// Why bytes of an agent were not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unkeepable {
    /// They are not what the agent's evidence says.
    #[error("{0}")]
    Damaged(String),
    /// The place where they are kept cannot be used.
    #[error("{0}")]
    Place(String),
    /// Something that passes by itself.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<ClusterError> for Unkeepable {
    fn from(error: ClusterError) -> Self {
        Self::Other(error.into())
    }
}

/// The command whose outcome a server's agent has reported.
pub(super) fn command_of(seen: &Seen, server: &ObjectName) -> Option<String> {
    outcome(seen, server).map(|(_, outcome)| outcome.command_id.clone())
}

fn outcome<'a>(seen: &'a Seen, server: &ObjectName) -> Option<(&'a ObjectName, &'a CommandOutcome)> {
    let agent = seen.observed.servers.get(server)?.agent.as_ref()?;
    Some((&agent.name, agent.outcome.as_ref()?))
}

/// What the agent put into its Secrets, in order.
async fn bulk<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    agent: &ObjectName,
    used: i32,
) -> Result<Vec<Vec<u8>>, Unkeepable> {
    let namespace = &seen.observed.topology.namespace;
    let mut chunks = Vec::new();
    for name in bulk_secrets(agent).into_iter().take(usize::try_from(used).unwrap_or(0)) {
        let secret: Option<Secret> = context.cluster.get(namespace, name.as_str()).await?;
        let part = secret.and_then(chunk);
        chunks.push(part.ok_or_else(|| {
            Unkeepable::Damaged(format!("expected a chunk in Secret {name} of the agent, found none"))
        })?);
    }
    Ok(chunks)
}

/// Creates a Secret, or replaces what is in it.
pub(super) async fn put<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    name: &str,
    annotations: BTreeMap<String, String>,
    data: BTreeMap<String, ByteString>,
) -> Result<(), Error> {
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(namespace.to_owned()),
            annotations: Some(annotations.clone()),
            ..ObjectMeta::default()
        },
        data: Some(data.clone()),
        ..Secret::default()
    };
    if !context.cluster.create(&secret).await?
        && let Some(mut known) = context.cluster.get::<Secret>(namespace, name).await?
    {
        known.metadata.annotations = Some(annotations);
        known.data = Some(data);
        context.cluster.replace(&known).await?;
    }
    Ok(())
}

/// Keeps a configuration snapshot: the bytes in Secrets of its own or in an object store, then the record that refers to them.
pub(super) async fn snapshot<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    migration: &str,
    server: &ObjectName,
    digest: &ContentDigest,
) -> Result<(), Unkeepable> {
    let namespace = &seen.observed.topology.namespace;
    let Some((agent, outcome)) = outcome(seen, server) else { return Ok(()) };
    let Some(Evidence::Snapshot(evidence)) = &outcome.evidence else { return Ok(()) };
    let chunks = bulk(context, seen, agent, evidence.secrets_used).await?;
    let damaged =
        |why: String| Unkeepable::Damaged(format!("the snapshot of {server} cannot be read back: {why}"));
    let (found, files) =
        adsync::archive::unpack(&chunks.concat()).map_err(|error| damaged(error.to_string()))?;
    if found != digest.as_str() {
        return Err(damaged(format!("expected digest {digest}, found {found}")));
    }
    let configuration = adsync::configuration::ServerConfiguration::from_files(files)
        .map_err(|error| damaged(error.to_string()))?;
    // The digest is part of the name: what one record refers to is never replaced by what belongs to another.
    let name = bounded_name(&format!("{migration}-{server}-{}", digest.short()), 52);
    let (secrets, url) = match &context.settings.snapshot_store {
        SnapshotStore::Secrets => (Some(in_secrets(context, namespace, name.as_str(), chunks).await?), None),
        SnapshotStore::At(store) => (None, Some(at(context, seen, store, digest, chunks.concat()).await?)),
    };
    let mut object = ConfigurationSnapshot::new(
        name.as_str(),
        ConfigurationSnapshotSpec {
            server_ref: LocalRef { name: server.clone() },
            taken_at: outcome.finished_at.unwrap_or(outcome.started_at),
            digest: digest.clone(),
            size_bytes: evidence.size_bytes,
            secrets,
            url,
        },
    );
    object.metadata.namespace = Some(namespace.clone());
    context.cluster.create(&object).await?;
    let Some(mut kept) = context.cluster.get::<ConfigurationSnapshot>(namespace, name.as_str()).await? else {
        return Ok(());
    };
    let now = context.clock.now();
    let generation = kept.metadata.generation;
    let mut status = kept.status.clone().unwrap_or_else(ConfigurationSnapshotStatus::default);
    status.observed_generation = generation.unwrap_or_default();
    let text = "every file was read back";
    set(
        &mut status.conditions,
        condition(ConditionType::Parsed, true, Reason::Completed, text, generation, now),
    );
    set(
        &mut status.conditions,
        condition(ConditionType::Ready, true, Reason::Completed, text, generation, now),
    );
    status.version = configuration.build().map(std::string::ToString::to_string);
    status.rules = i32::try_from(configuration.rules.len()).ok();
    status.connectors = i32::try_from(configuration.connectors.len()).ok();
    if kept.status.as_ref() != Some(&status) {
        kept.status = Some(status);
        context.cluster.replace_status(&kept).await?;
    }
    Ok(())
}

/// Keeps the parts of a snapshot in Secrets, and reads each of them back.
async fn in_secrets<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    name: &str,
    chunks: Vec<Vec<u8>>,
) -> Result<Vec<ObjectName>, Unkeepable> {
    let mut secrets = Vec::with_capacity(chunks.len());
    for (index, content) in chunks.into_iter().enumerate() {
        let secret = format!("{name}-{index}");
        let data = [(CHUNK_KEY.to_owned(), ByteString(content.clone()))].into();
        put(context, namespace, &secret, BTreeMap::new(), data).await?;
        let found: Option<Secret> = context.cluster.get(namespace, &secret).await?;
        if found.and_then(chunk) != Some(content) {
            return Err(Unkeepable::Place(format!(
                "expected Secret {secret} as it was written, found something else: see who else writes it \
                 (`kubectl get secret --show-managed-fields`)"
            )));
        }
        secrets.push(ObjectName(secret));
    }
    Ok(secrets)
}

/// Keeps a snapshot in an object store. A store that cannot be used is told at the topology too: nothing starts without a snapshot.
async fn at<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    store: &url::Url,
    digest: &ContentDigest,
    bytes: Vec<u8>,
) -> Result<String, Unkeepable> {
    let namespace = &seen.observed.topology.namespace;
    let kept = match blobs::Blobs::open(store, std::env::vars()) {
        Ok(blobs) => blobs.keep(namespace, digest, bytes).await,
        Err(error) => Err(error),
    };
    match kept {
        Ok(url) => Ok(url),
        Err(error) => {
            let text = error.to_string();
            context.cluster.event(&seen.topology, true, "SnapshotNotKept", "Store", &text).await;
            Err(Unkeepable::Place(text))
        }
    }
}

/// Keeps a listing: parts first, the first part with the annotations last, so that a crash leaves nothing that looks whole.
pub(super) async fn listing<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    migration: &str,
    server: &ObjectName,
    digest: &ContentDigest,
) -> Result<(), Unkeepable> {
    let namespace = &seen.observed.topology.namespace;
    let Some((agent, outcome)) = outcome(seen, server) else { return Ok(()) };
    let Some(Evidence::Scope(evidence)) = &outcome.evidence else { return Ok(()) };
    let chunks = bulk(context, seen, agent, evidence.secrets_used).await?;
    let found = ContentDigest::of(&chunks.concat());
    if found != *digest {
        return Err(Unkeepable::Damaged(format!(
            "expected a listing of {server} with digest {digest}, found {found}"
        )));
    }
    let listing = parity::ScopeListing::decode(&chunks)
        .map_err(|error| Unkeepable::Damaged(format!("the listing of {server}: {error}")))?;
    baseline(context, namespace, migration, &listing).await?;
    let annotations: BTreeMap<String, String> = [
        (LISTING_DIGEST.to_owned(), digest.to_string()),
        (LISTING_SECRETS.to_owned(), chunks.len().to_string()),
        (LISTING_OBJECTS.to_owned(), listing.objects.len().to_string()),
    ]
    .into();
    for (index, content) in chunks.into_iter().enumerate().rev() {
        let annotations = if index == 0 { annotations.clone() } else { BTreeMap::new() };
        let data = [(CHUNK_KEY.to_owned(), ByteString(content))].into();
        put(context, namespace, &listing_secrets(migration, index), annotations, data).await?;
    }
    Ok(())
}

fn baseline_secret(migration: &str) -> String {
    format!("{migration}-baseline")
}

/// Keeps the keys of every listing: an object that is gone later, and still in the cloud, is an orphan. Who joined after the first
/// listing can leave like anybody else.
async fn baseline<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    migration: &str,
    listing: &parity::ScopeListing,
) -> Result<(), Error> {
    let exported = listing.objects.iter().filter(|object| object.key.is_keyed() && object.exported);
    add_to_baseline(context, namespace, migration, exported.map(|object| object.key.clone())).await
}

/// Adds the keys of objects that are known to have been both in the directory and in the cloud.
pub(super) async fn add_to_baseline<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    migration: &str,
    more: impl IntoIterator<Item = ObjectKey>,
) -> Result<(), Error> {
    let name = baseline_secret(migration);
    let known = baseline_keys(context, namespace, migration).await?;
    let mut keys = known.clone();
    keys.extend(more);
    if !known.is_empty() && keys == known {
        return Ok(());
    }
    let json = serde_json::to_vec(&keys).map_err(|error| Error::Stored(error.to_string()))?;
    put(context, namespace, &name, BTreeMap::new(), [(BASELINE.to_owned(), ByteString(json))].into()).await
}

/// The keys of the listings; none when they were not kept.
pub(super) async fn baseline_keys<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    migration: &str,
) -> Result<BTreeSet<ObjectKey>, Error> {
    let secret: Option<Secret> = context.cluster.get(namespace, &baseline_secret(migration)).await?;
    let json = secret.and_then(|secret| secret.data).and_then(|mut data| data.remove(BASELINE));
    match json {
        Some(json) => serde_json::from_slice(&json.0)
            .map_err(|error| Error::Stored(format!("the baseline of {migration}: {error}"))),
        None => Ok(BTreeSet::new()),
    }
}
