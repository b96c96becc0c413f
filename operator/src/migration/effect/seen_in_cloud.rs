//! Who was seen in the cloud before a listing was asked for: exported after one listing and gone before the next, an object is in none of
//! them, and still an orphan. Reads and writes the cluster.
//!
//! No clock decides what came first: what the cloud showed while one reading of the directory was compared counts from the next reading
//! on, and that one was asked for later.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use parity::ObjectKey;
use serde::{Deserialize, Serialize};

use super::storage;
use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;

/// Key of what was seen in its Secret.
const SEEN: &str = "seen";

/// What the cloud showed while a reading was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SeenInCloud {
    /// The command by which the directory was read.
    reading: String,
    keys: BTreeSet<ObjectKey>,
}

impl SeenInCloud {
    /// What was seen before this reading was asked for: all of it, or nothing.
    fn before(self, reading: &str) -> BTreeSet<ObjectKey> {
        if self.reading == reading { BTreeSet::new() } else { self.keys }
    }
}

/// Notes what the cloud shows now, while this reading is compared; what it showed while an earlier one was compared becomes part of the
/// baseline.
///
/// # Errors
/// When the cluster does not answer, or what is kept is damaged.
pub(super) async fn note<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    migration: &str,
    reading: &str,
    keys: BTreeSet<ObjectKey>,
) -> Result<(), Error> {
    let name = format!("{migration}-seen");
    let kept = kept(context, namespace, &name).await?;
    let now = SeenInCloud { reading: reading.to_owned(), keys };
    if kept.as_ref() == Some(&now) {
        return Ok(());
    }
    let earlier = kept.map(|kept| kept.before(reading)).unwrap_or_default();
    if !earlier.is_empty() {
        storage::add_to_baseline(context, namespace, migration, earlier).await?;
    }
    let json = serde_json::to_vec(&now).map_err(|error| Error::Stored(error.to_string()))?;
    storage::put(context, namespace, &name, BTreeMap::new(), [(SEEN.to_owned(), ByteString(json))].into())
        .await
}

async fn kept<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    name: &str,
) -> Result<Option<SeenInCloud>, Error> {
    let secret: Option<Secret> = context.cluster.get(namespace, name).await?;
    let json = secret.and_then(|secret| secret.data).and_then(|mut data| data.remove(SEEN));
    json.map(|json| {
        serde_json::from_slice(&json.0).map_err(|error| Error::Stored(format!("Secret {name}: {error}")))
    })
    .transpose()
}
