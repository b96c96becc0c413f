//! How the client proves who it is to the login service. The trait does no IO; a credential may.

mod client_secret;
mod federated_token;

pub use client_secret::ClientSecret;
pub use federated_token::FederatedTokenFile;
use futures::future::BoxFuture;

use crate::value::Sensitive;

/// Proves who the client is, whenever a new token is needed.
///
/// Source: Microsoft, "OAuth 2.0 client credentials flow on the Microsoft identity platform".
pub trait Credentials: Send + Sync {
    /// The proof for one token request. `endpoint` is where it will be sent: a signed assertion is addressed to it.
    ///
    /// # Errors
    ///
    /// The credential cannot be read or made.
    fn proof<'a>(&'a self, endpoint: &'a str) -> BoxFuture<'a, Result<Proof, CredentialError>>;
}

impl<T: Credentials + ?Sized> Credentials for std::sync::Arc<T> {
    fn proof<'a>(&'a self, endpoint: &'a str) -> BoxFuture<'a, Result<Proof, CredentialError>> {
        (**self).proof(endpoint)
    }
}

/// What goes into a token request besides the scope.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Client id of the application.
    pub client_id: String,
    /// The proof itself.
    pub evidence: Evidence,
}

/// The proof itself.
#[derive(Clone, Debug)]
pub enum Evidence {
    /// A shared secret.
    Secret(Sensitive),
    /// A signed statement: our own by a certificate, or another issuer's.
    Assertion(Sensitive),
}

impl Proof {
    /// The fields of the form.
    pub(crate) fn fields(&self) -> Vec<(&'static str, &str)> {
        let mut fields = vec![("client_id", self.client_id.as_str())];
        match &self.evidence {
            Evidence::Secret(secret) => fields.push(("client_secret", secret.reveal())),
            Evidence::Assertion(assertion) => {
                fields.push((
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ));
                fields.push(("client_assertion", assertion.reveal()));
            }
        }
        fields
    }
}

/// A credential that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The file cannot be read.
    #[error(
        "expected a readable credential file at {path}, found {source}; check the mount and its permissions"
    )]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds nothing.
    #[error(
        "expected a token in the credential file at {path}, found nothing; check what projects the token"
    )]
    Empty {
        /// The file.
        path: String,
    },
}
