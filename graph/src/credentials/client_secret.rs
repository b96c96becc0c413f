//! A secret that the application and the login service share. No IO.

use futures::future::BoxFuture;

use super::{CredentialError, Credentials, Evidence, Proof};
use crate::value::Sensitive;

/// A client secret.
#[derive(Clone, Debug)]
pub struct ClientSecret {
    client_id: String,
    secret: Sensitive,
}

impl ClientSecret {
    /// The secret of this application.
    pub fn new(client_id: impl Into<String>, secret: Sensitive) -> Self {
        Self { client_id: client_id.into(), secret }
    }
}

impl Credentials for ClientSecret {
    fn proof<'a>(&'a self, _endpoint: &'a str) -> BoxFuture<'a, Result<Proof, CredentialError>> {
        let proof =
            Proof { client_id: self.client_id.clone(), evidence: Evidence::Secret(self.secret.clone()) };
        Box::pin(std::future::ready(Ok(proof)))
    }
}
