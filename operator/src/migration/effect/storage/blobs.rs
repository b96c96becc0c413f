//! Bytes in an object store: written below their digest, read back and compared before anybody refers to them. Disk or network IO.

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use url::Url;

use crds::ContentDigest;

/// Why bytes are not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum BlobError {
    /// The store cannot be opened.
    #[error(
        "expected an object store at {url}, found: {problem}; nothing is started until snapshots can be kept: check that it exists, \
         and the operator's credentials for it"
    )]
    Closed { url: Url, problem: String },
    /// The bytes cannot be written.
    #[error(
        "expected to write {url}, found: {problem}; nothing is started until snapshots can be kept: check room and rights there"
    )]
    Unwritten { url: String, problem: String },
    /// The bytes cannot be read back.
    #[error(
        "expected to read {url} back, found: {problem}; nothing is started until snapshots can be read: check rights there"
    )]
    Unread { url: String, problem: String },
    /// What is read is not what was written.
    #[error(
        "expected {expected} bytes at {url} as they were written, found {found} others; nothing is started until the store keeps \
         what it is given"
    )]
    Changed { url: String, expected: usize, found: usize },
}

/// An object store.
#[derive(Debug)]
pub(super) struct Blobs {
    store: Box<dyn ObjectStore>,
    base: Path,
    url: Url,
}

impl Blobs {
    /// Opens the store of an address; `options` are names and values as environment variables have them, such as
    /// `AWS_ACCESS_KEY_ID`.
    pub(super) fn open(
        url: &Url,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, BlobError> {
        let closed = |problem: String| BlobError::Closed { url: url.clone(), problem };
        if url.scheme() == "file" {
            let folder = url.to_file_path().map_err(|()| closed("no path of a folder".to_owned()))?;
            // The folder must be there: one that is made in place of a missing volume would be lost with the pod.
            if !folder.is_dir() {
                return Err(closed("no such folder".to_owned()));
            }
            let store = object_store::local::LocalFileSystem::new_with_prefix(folder)
                .map_err(|error| closed(error.to_string()))?
                .with_fsync(true);
            return Ok(Self { store: Box::new(store), base: Path::default(), url: url.clone() });
        }
        // Another provider that is already there stays.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let (store, base) =
            object_store::parse_url_opts(url, options).map_err(|error| closed(error.to_string()))?;
        Ok(Self { store, base, url: url.clone() })
    }

    /// Keeps bytes and answers with their address. They are there, and equal, when this returns.
    ///
    /// The digest is that of the content; what stands there already is replaced, so that a damaged file heals.
    pub(super) async fn keep(
        &self,
        namespace: &str,
        digest: &ContentDigest,
        bytes: Vec<u8>,
    ) -> Result<String, BlobError> {
        let name = format!("{}.snapshot", digest.as_str().replace(':', "-"));
        let path = self.base.clone().join(namespace).join(name.as_str());
        let url = format!("{}/{namespace}/{name}", self.url.as_str().trim_end_matches('/'));
        let there = match self.store.get(&path).await {
            Ok(found) => found.bytes().await.is_ok_and(|found| found == bytes),
            Err(_) => false,
        };
        if !there {
            let payload = PutPayload::from(bytes.clone());
            self.store
                .put(&path, payload)
                .await
                .map_err(|error| BlobError::Unwritten { url: url.clone(), problem: chain(&error) })?;
        }
        let unread =
            |error: object_store::Error| BlobError::Unread { url: url.clone(), problem: chain(&error) };
        let found = self.store.get(&path).await.map_err(unread)?.bytes().await.map_err(unread)?;
        if found != bytes {
            return Err(BlobError::Changed { url, expected: bytes.len(), found: found.len() });
        }
        Ok(url)
    }
}

/// An error with its causes, where they say more.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests;
