//! Microsoft Graph over the estate's state: token endpoint, resources, paging, delta, batch, limits, refusals. No IO: the
//! HTTP server ([`crate::serve`]) and callers in the same process hand in requests and get answers.
//!
//! The types are this crate's own JSON on purpose: a client that parses its answers has been tested against something it did
//! not write. Shapes follow the published description; a test checks every answer against it.

mod agents;
mod applications;
mod audit_logs;
mod batch;
mod call;
mod client;
mod delta;
mod directory_objects;
mod dispatch;
mod error;
mod exchange;
mod message;
mod odata;
mod on_premises_synchronization;
mod organization;
mod permission;
mod stale;
mod synchronization;
#[cfg(test)]
pub(crate) mod tests;
mod throttle;
mod token;
pub(crate) mod wrong_clock;

use axum::http::header::{DATE, HeaderName};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::clock::{Identifiers, later};
use crate::estate::Estate;
use call::{Call, Caller, split_path};
use client::Clients;
use delta::Deltas;
use error::GraphError;
use permission::{Admission, admit, requirement};
use stale::StaleReads;
use throttle::{Throttle, limited_endpoint};

pub use audit_logs::Activity;
pub use client::{ClientRegistration, ClientSecret, FederatedCredential, MANAGE_ROLES};
pub use exchange::Exchange;
pub use message::{Body, GraphRequest, GraphResponse, Version};
pub use throttle::RateLimit;

/// How this Graph is reached and limited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphSettings {
    /// Base URL of Graph, without a slash at the end; links in answers start with it.
    pub base_url: String,
    /// Base URL of the token endpoint, without a slash at the end.
    pub login_url: String,
    /// Limit of logs and on-demand provisioning for each client.
    pub log_limit: RateLimit,
    /// Makes tokens and request ids differ between estates.
    pub seed: u64,
}

/// Microsoft Graph and its token endpoint: what they remember between requests.
#[derive(Debug)]
pub struct Graph {
    settings: GraphSettings,
    clients: Clients,
    throttle: Throttle,
    deltas: Deltas,
    stale: StaleReads,
    principals: applications::Extras,
    audits: audit_logs::ConfigurationTrail,
    identifiers: Identifiers,
}

impl Graph {
    /// A Graph that knows these clients.
    pub fn new(settings: GraphSettings, clients: Vec<ClientRegistration>) -> Self {
        Self {
            identifiers: Identifiers::new(settings.seed ^ 0x4752_4150),
            settings,
            clients: Clients::new(clients),
            throttle: Throttle::default(),
            deltas: Deltas::default(),
            stale: StaleReads::default(),
            principals: applications::Extras::default(),
            audits: audit_logs::ConfigurationTrail::default(),
        }
    }

    /// The settings.
    pub fn settings(&self) -> &GraphSettings {
        &self.settings
    }

    /// Tells it under which URLs it is reached, once the listeners are bound.
    pub fn set_urls(&mut self, base_url: String, login_url: String) {
        self.settings.base_url = base_url;
        self.settings.login_url = login_url;
    }

    /// Adds a client registration, or replaces the one with the same id.
    pub fn register(&mut self, registration: ClientRegistration) {
        self.clients.register(registration);
    }

    /// Makes every access token in circulation invalid.
    pub fn revoke_tokens(&mut self) {
        self.clients.revoke_tokens();
    }

    /// Makes every delta token in circulation unusable.
    pub fn expire_delta_tokens(&mut self) {
        self.deltas.expire_all();
    }

    /// Notes in the audit log that somebody changed a provisioning configuration in the portal.
    pub fn note_by_person(&mut self, estate: &Estate, activity: Activity, principal: Uuid, detail: &str) {
        self.audits.note_by_person(estate, activity, principal, detail);
    }

    /// How long the server has to hold back each answer just now.
    pub fn latency(estate: &Estate) -> SignedDuration {
        estate.world.faults.graph_at(estate.now()).latency
    }

    /// Answers `POST /{tenant}/oauth2/v2.0/token`.
    pub fn token(&mut self, estate: &Estate, request: &GraphRequest) -> GraphResponse {
        let organization = &estate.world.tenant.settings.organization;
        let faults = estate.world.faults.graph_at(estate.now());
        let context = token::TokenContext {
            tenant_id: organization.id,
            initial_domain: &organization.initial_domain,
            login_base: &self.settings.login_url,
            graph_base: &self.settings.base_url,
            now: estate.now(),
            trace_id: self.identifiers.next_id(),
            seed: self.settings.seed,
            refused: faults.credentials_refused,
            expired: faults.credentials_expired,
        };
        let now = Self::clock(estate);
        token::answer(&mut self.clients, &context, request).with_header(DATE, &http_date(now))
    }

    /// The version of a `$batch`; none if the request is none.
    fn batch_version(request: &GraphRequest) -> Option<Version> {
        let (version, segments) = split_path(&request.path).ok()?;
        (segments.len() == 1 && segments.iter().all(|name| name == "$batch")).then_some(version)
    }

    fn batch(&mut self, estate: &mut Estate, version: Version, request: &GraphRequest) -> GraphResponse {
        let request_id = self.identifiers.next_id();
        let now = Self::clock(estate);
        let refuse = |error: GraphError| error.into_response(now, request_id, &request.headers);
        let answered = self.authenticate(estate, request).and_then(|_| {
            if request.method != axum::http::Method::POST {
                return Err(GraphError::MethodNotAllowed);
            }
            batch::answer(version, request, |part| self.part(estate, part), refuse)
        });
        finish(answered.unwrap_or_else(refuse), now, request_id, request)
    }

    /// What the service's clock shows.
    fn clock(estate: &Estate) -> Timestamp {
        later(estate.now(), estate.world.faults.graph_at(estate.now()).clock_offset)
    }

    /// Carries a request out. The clock that the service goes by is the estate's, whatever it stamps on its answers.
    fn answer(&mut self, estate: &mut Estate, request: &GraphRequest) -> Result<GraphResponse, GraphError> {
        let offset = estate.world.faults.graph_at(estate.now()).clock_offset;
        let request = wrong_clock::read_by(request, offset);
        self.answer_in_time(estate, &request).map(|response| wrong_clock::stamped_by(response, offset))
    }

    fn answer_in_time(
        &mut self,
        estate: &mut Estate,
        request: &GraphRequest,
    ) -> Result<GraphResponse, GraphError> {
        let client_id = self.authenticate(estate, request)?;
        let base_url = self.settings.base_url.clone();
        let mut call = Call::read(request, Caller { client_id, masked: false }, &base_url)?;
        call.caller.masked = self.admit(estate, &call)? == Admission::Masked;
        if let Some(endpoint) = limited_endpoint(&call.path()) {
            self.throttle.spend(client_id, endpoint, self.settings.log_limit, estate.now())?;
        }
        let lag = estate.world.faults.graph_at(estate.now()).stale_reads;
        if call.reads()
            && let Some(old) = self.stale.recall(&call, lag, estate.now())
        {
            return Ok(old);
        }
        let response = dispatch::dispatch(self, estate, &call)?;
        if call.reads() {
            self.stale.remember(&call, &response, lag, estate.now());
        }
        Ok(response)
    }

    fn authenticate(&self, estate: &Estate, request: &GraphRequest) -> Result<Uuid, GraphError> {
        let refuse = |message: &str| GraphError::InvalidToken(message.to_owned());
        let header = request.header("authorization").ok_or_else(|| refuse("Access token is empty."))?;
        let token = header.strip_prefix("Bearer ").ok_or_else(|| refuse("Expected a bearer token."))?.trim();
        if estate.world.faults.graph_at(estate.now()).credentials_refused {
            return Err(refuse("Access token validation failure."));
        }
        self.clients
            .authenticate(token, estate.now())
            .map(|registration| registration.client_id)
            .ok_or_else(|| refuse("Access token has expired or is not yet valid."))
    }

    fn admit(&self, estate: &Estate, call: &Call<'_>) -> Result<Admission, GraphError> {
        let missing = &estate.world.faults.graph_at(estate.now()).missing_permissions;
        let roles = self
            .clients
            .registration(call.caller.client_id)
            .map(|registration| {
                registration.roles.iter().filter(|role| !missing.contains(role)).cloned().collect()
            })
            .unwrap_or_default();
        let path = call.path();
        let owned = self.principals.owned_by(estate, call.caller.client_id, &path);
        let app_only_refused = estate.world.modes.app_only_access == crate::modes::AppOnlyAccess::Refused;
        match admit(requirement(call.version, &call.request.method, &path), &roles, owned, app_only_refused) {
            Admission::Refused => Err(GraphError::Denied),
            other => Ok(other),
        }
    }
}

/// Headers that every answer carries.
fn finish(
    response: GraphResponse,
    now: Timestamp,
    request_id: Uuid,
    request: &GraphRequest,
) -> GraphResponse {
    let response = response
        .with_header(DATE, &http_date(now))
        .with_header(HeaderName::from_static("request-id"), &request_id.to_string())
        .with_header(HeaderName::from_static("x-ms-resource-unit"), "1");
    let returned =
        request.header("return-client-request-id").is_some_and(|asked| asked.eq_ignore_ascii_case("true"));
    match request.header("client-request-id").filter(|_| returned) {
        Some(id) => {
            let id = id.to_owned();
            response.with_header(HeaderName::from_static("client-request-id"), &id)
        }
        None => response,
    }
}

/// An instant as the header `Date` has it. Source: RFC 9110, 5.6.7.
fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A duration as Graph prints it (ISO 8601).
pub(crate) fn duration(duration: SignedDuration) -> String {
    duration.to_string()
}
