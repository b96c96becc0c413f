//! Bulk into the Secrets that were made for it. Writes to the cluster.

use std::collections::BTreeMap;

use crds::primitive::ObjectName;
use crds::sync_agent::CHUNK_KEY;
use parity::listing::MAX_CHUNK_BYTES;

use crate::cluster::Cluster;
use crate::commands::CommandError;

/// Cuts bytes into chunks.
pub fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.chunks(MAX_CHUNK_BYTES).map(<[u8]>::to_vec).collect()
}

/// Puts one chunk into each Secret, in order, and empties the Secrets that are left; gives how many were filled.
///
/// # Errors
/// [`CommandError::Failed`] when there are too few Secrets; nothing is written then. [`CommandError::Cluster`].
pub async fn write<C: Cluster>(
    cluster: &C,
    secrets: &[ObjectName],
    chunks: Vec<Vec<u8>>,
) -> Result<usize, CommandError> {
    let used = chunks.len();
    if used > secrets.len() {
        return Err(CommandError::failed(format!(
            "expected room in {} Secrets, found content for {used} of {} KiB each; name more Secrets",
            secrets.len(),
            MAX_CHUNK_BYTES / 1024,
        )));
    }
    let contents = chunks.into_iter().map(Some).chain(std::iter::repeat(None));
    for (name, content) in secrets.iter().zip(contents) {
        cluster.patch_secret(name, BTreeMap::from([(CHUNK_KEY.to_owned(), content)])).await?;
    }
    Ok(used)
}

/// Reads the first Secrets back, in order.
///
/// # Errors
/// [`CommandError::Cluster`]; [`CommandError::Failed`] when one holds no chunk.
pub async fn read<C: Cluster>(
    cluster: &C,
    secrets: &[ObjectName],
    used: usize,
) -> Result<Vec<Vec<u8>>, CommandError> {
    let mut chunks = Vec::new();
    for name in secrets.iter().take(used) {
        let chunk = cluster.secret(name).await?.remove(CHUNK_KEY).ok_or_else(|| {
            CommandError::failed(format!("expected key `{CHUNK_KEY}` in Secret {name}, found none"))
        })?;
        chunks.push(chunk);
    }
    Ok(chunks)
}
