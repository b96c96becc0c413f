//! `readScope`: the objects of organizational units as Cloud Sync would write them, as keyed digests into the named Secrets.

use std::collections::BTreeMap;

use crds::primitive::{ContentDigest, DistinguishedName, Epoch, ObjectName};
use crds::sync_agent::command::ReadScope;
use crds::sync_agent::evidence::{ResolvedUnit, ScopeEvidence};
use crds::sync_agent::{self, DIGEST_KEY, Evidence, MAPPINGS_KEY};
use parity::{DigestKey, DomainMappings, ScopeListing};

use super::read_residual_exports::counts;
use super::{CommandError, Turn, small};
use crate::cluster::Cluster;
use crate::listing::{self, Reader};
use crate::world::{Context, World};
use crate::{chunks, directory, space};

/// Object types listed by name in the evidence.
const MOST_TYPES: usize = 16;

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &ReadScope,
    epoch: Epoch,
) -> Result<Turn, CommandError> {
    let (mappings, key) = mappings(cx.cluster, &arguments.mappings).await?;
    let units = resolve(cx, &arguments.organizational_units).await?;
    let exported = space::read(&mut cx.host()).await?;
    let connectors = cx.host().connectors().await?;
    let interval =
        cx.host().scheduler().await.ok().map(|found| found.currently_effective_sync_cycle_interval);
    let recent_since = listing::recent_since(cx.now(), interval);
    let mappings_digest = mappings_digest(&mappings)?;
    let reader = Reader {
        mappings: &mappings,
        key: &key,
        exported: listing::by_name(&exported),
        domains: directory::domains(&connectors),
        recent_since,
    };
    let readable: Vec<&DistinguishedName> =
        units.iter().filter(|unit| unit.object_guid.is_some()).map(|unit| &unit.distinguished_name).collect();
    let objects = reader.read(&mut cx.host(), &readable).await?;

    let mut by_type: BTreeMap<String, i64> = BTreeMap::new();
    for object in &objects {
        *by_type.entry(object.object_type.directory_class().to_owned()).or_default() += 1;
    }
    let listing = ScopeListing {
        scope: scope_label(&arguments.organizational_units),
        epoch: u64::try_from(epoch.0).unwrap_or(0),
        key_id: key.id(),
        mapping_digest: mappings_digest.to_string(),
        objects,
    };
    let encoded = listing.encode().map_err(|error| CommandError::failed(error.to_string()))?;
    let digest = ContentDigest::of(&encoded.concat());
    let used = chunks::write(cx.cluster, &arguments.secrets, encoded).await?;
    Ok(Turn::Done(Evidence::Scope(ScopeEvidence {
        digest,
        secrets_used: small(used),
        objects: counts(by_type, MOST_TYPES),
        organizational_units: units,
        mappings_digest,
    })))
}

async fn mappings<C: Cluster>(
    cluster: &C,
    name: &ObjectName,
) -> Result<(DomainMappings, DigestKey), CommandError> {
    let secret = cluster.secret(name).await?;
    let part = |key: &str| {
        secret.get(key).ok_or_else(|| {
            CommandError::failed(format!(
                "expected key `{key}` in Secret {name}, found none; give the command again"
            ))
        })
    };
    let mappings = serde_json::from_slice(part(MAPPINGS_KEY)?).map_err(|error| {
        CommandError::failed(format!(
            "expected mappings in `{MAPPINGS_KEY}` of Secret {name}, found: {error}"
        ))
    })?;
    let key = DigestKey::from_slice(part(DIGEST_KEY)?)
        .map_err(|error| CommandError::failed(format!("`{DIGEST_KEY}` of Secret {name}: {error}")))?;
    Ok((mappings, key))
}

fn mappings_digest(mappings: &DomainMappings) -> Result<ContentDigest, CommandError> {
    let mut jobs = Vec::new();
    for (domain, mappings) in mappings.iter() {
        let digest = ContentDigest::try_from(format!("sha256:{}", mappings.digest()));
        jobs.push((domain, digest.map_err(|error| CommandError::failed(error.to_string()))?));
    }
    Ok(sync_agent::mappings_digest(jobs.iter().map(|(domain, digest)| (*domain, digest))))
}

/// The command does not name its scope; its units do.
fn scope_label(units: &[DistinguishedName]) -> String {
    units.iter().map(DistinguishedName::as_str).collect::<Vec<_>>().join(" ")
}

/// Finds every unit, with the GUID it has now: a renamed unit would silently be another one, or none.
async fn resolve<W: World>(
    cx: &mut Context<'_, W>,
    names: &[DistinguishedName],
) -> Result<Vec<ResolvedUnit>, CommandError> {
    let mut units = Vec::new();
    for name in names {
        let guid = listing::unit_guid(&mut cx.host(), name).await?;
        units.push(ResolvedUnit {
            distinguished_name: name.clone(),
            object_guid: guid.map(|guid| guid.to_string()),
        });
    }
    Ok(units)
}
