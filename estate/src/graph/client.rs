//! Client registrations and the tokens issued to them: who may call, with which application permissions, until when.
//! No IO.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Lifetime of an access token (`expires_in` of the published sample).
pub(crate) const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_secs(3599);

/// Tokens kept at most; the oldest go first, so that a client asking without end costs a bounded amount of memory.
const MAX_TOKENS: usize = 4096;

/// A client secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSecret {
    /// The secret itself.
    pub value: String,
    /// When it stops working; absent = never.
    pub expires: Option<Timestamp>,
}

/// A federated credential: whose assertions are accepted. All three are compared exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederatedCredential {
    /// `iss` of the assertion: the cluster's service account issuer.
    pub issuer: String,
    /// `sub` of the assertion: `system:serviceaccount:<namespace>:<name>`.
    pub subject: String,
    /// One of `aud`, by custom `api://AzureADTokenExchange`.
    pub audience: String,
}

/// An application registration with what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRegistration {
    /// Application (client) id.
    pub client_id: Uuid,
    /// Client secrets.
    pub secrets: Vec<ClientSecret>,
    /// Federated credentials.
    pub federated: Vec<FederatedCredential>,
    /// Base64url SHA-256 thumbprints of certificates (`x5t#S256`).
    pub certificate_thumbprints: Vec<String>,
    /// Application permissions granted (app roles), such as `Synchronization.ReadWrite.All`.
    pub roles: BTreeSet<String>,
}

impl ClientRegistration {
    /// A registration with one secret that does not expire.
    pub fn with_secret<'r>(client_id: Uuid, secret: &str, roles: impl IntoIterator<Item = &'r str>) -> Self {
        Self {
            client_id,
            secrets: vec![ClientSecret { value: secret.to_owned(), expires: None }],
            federated: Vec::new(),
            certificate_thumbprints: Vec::new(),
            roles: roles.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// Application permissions that let a client do everything the product's Manage profile needs.
/// Source: Microsoft, permissions sections of the reference pages.
pub const MANAGE_ROLES: [&str; 10] = [
    "Application.Read.All",
    "Application.ReadWrite.OwnedBy",
    "AuditLog.Read.All",
    "Directory.Read.All",
    "Group.Read.All",
    "OnPremDirectorySynchronization.Read.All",
    "Organization.Read.All",
    "Synchronization.Read.All",
    "Synchronization.ReadWrite.All",
    "User.Read.All",
];

#[derive(Debug, Clone)]
struct IssuedToken {
    client_id: Uuid,
    expires: Timestamp,
    /// Issue order, for dropping the oldest.
    number: u64,
}

/// The registrations and the tokens in circulation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clients {
    registrations: Vec<ClientRegistration>,
    tokens: HashMap<String, IssuedToken>,
    issued: u64,
}

impl Clients {
    pub(crate) fn new(registrations: Vec<ClientRegistration>) -> Self {
        Self { registrations, ..Self::default() }
    }

    pub(crate) fn registration(&self, client_id: Uuid) -> Option<&ClientRegistration> {
        self.registrations.iter().find(|registration| registration.client_id == client_id)
    }

    /// Replaces a registration, or adds it.
    pub(crate) fn register(&mut self, registration: ClientRegistration) {
        self.registrations.retain(|known| known.client_id != registration.client_id);
        self.registrations.push(registration);
    }

    /// Records a token; it is the caller's to make it unguessable or reproducible.
    pub(crate) fn issue(&mut self, token: String, client_id: Uuid, now: Timestamp) {
        self.tokens.retain(|_, token| token.expires > now);
        if self.tokens.len() >= MAX_TOKENS {
            let oldest =
                self.tokens.iter().min_by_key(|(_, token)| token.number).map(|(value, _)| value.clone());
            if let Some(oldest) = oldest {
                self.tokens.remove(&oldest);
            }
        }
        self.issued += 1;
        let expires = now + TOKEN_LIFETIME;
        self.tokens.insert(token, IssuedToken { client_id, expires, number: self.issued });
    }

    /// Tokens issued so far; a source of fresh token values.
    pub(crate) fn issued(&self) -> u64 {
        self.issued
    }

    /// The registration behind a token, unless it is unknown or has expired.
    pub(crate) fn authenticate(&self, token: &str, now: Timestamp) -> Option<&ClientRegistration> {
        let token = self.tokens.get(token).filter(|token| token.expires > now)?;
        self.registration(token.client_id)
    }

    /// Makes every token in circulation invalid, as a revocation would.
    pub(crate) fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }
}
