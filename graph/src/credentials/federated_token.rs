//! A token of another issuer in a file, such as a projected service account token. Reads the file.

use std::path::PathBuf;

use futures::future::BoxFuture;

use super::{CredentialError, Credentials, Evidence, Proof};
use crate::value::Sensitive;

/// A token file. It is read for every exchange, since kubelet replaces it before the token in it expires.
///
/// Source: Microsoft, "Workload identity federation".
#[derive(Clone, Debug)]
pub struct FederatedTokenFile {
    client_id: String,
    path: PathBuf,
}

impl FederatedTokenFile {
    /// The token file of this application.
    pub fn new(client_id: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self { client_id: client_id.into(), path: path.into() }
    }

    async fn read(&self) -> Result<Proof, CredentialError> {
        let path = || self.path.display().to_string();
        let text = tokio::fs::read_to_string(&self.path)
            .await
            .map_err(|source| CredentialError::Unreadable { path: path(), source })?;
        let token = text.trim();
        if token.is_empty() {
            return Err(CredentialError::Empty { path: path() });
        }
        Ok(Proof { client_id: self.client_id.clone(), evidence: Evidence::Assertion(Sensitive::new(token)) })
    }
}

impl Credentials for FederatedTokenFile {
    fn proof<'a>(&'a self, _endpoint: &'a str) -> BoxFuture<'a, Result<Proof, CredentialError>> {
        Box::pin(self.read())
    }
}
