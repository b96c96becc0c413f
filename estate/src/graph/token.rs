//! The token endpoint of the Microsoft identity platform, for the client credentials grant. No IO.
//!
//! Secrets are compared; of assertions the claims are (issuer, subject, audience, times, certificate thumbprint), their
//! signatures are not: the estate has no public keys of its callers.
//! Source: Microsoft, "OAuth 2.0 client credentials flow on the Microsoft identity platform".

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::client::{ClientRegistration, Clients, TOKEN_LIFETIME};
use super::message::{GraphRequest, GraphResponse};
use super::odata::decode;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why no token was issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum TokenError {
    #[error("AADSTS900144: The request body must contain the following parameter: '{0}'.")]
    MissingParameter(&'static str),
    #[error("AADSTS90002: Tenant '{0}' not found. Check to make sure you have the correct tenant ID.")]
    UnknownTenant(String),
    #[error("AADSTS70003: The app requested an unsupported grant type '{0}'.")]
    UnsupportedGrantType(String),
    #[error(
        "AADSTS70011: The provided value for the input parameter 'scope' is not valid. The scope {0} is not valid."
    )]
    InvalidScope(String),
    #[error("AADSTS700016: Application with identifier '{0}' was not found in the directory.")]
    UnknownClient(String),
    #[error(
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the client secret value."
    )]
    WrongSecret,
    #[error("AADSTS7000222: The provided client secret keys for app '{0}' are expired.")]
    ExpiredSecret(Uuid),
    #[error(
        "AADSTS7000216: 'client_assertion', 'client_secret' or 'request' is required for this grant type."
    )]
    NoCredential,
    #[error("AADSTS50027: JWT token is invalid or malformed: {0}.")]
    MalformedAssertion(&'static str),
    #[error("AADSTS700024: Client assertion is not within its valid time range.")]
    AssertionOutOfTime,
    #[error(
        "AADSTS700213: No matching federated identity record or certificate found for the presented assertion: {0}."
    )]
    NoMatchingCredential(String),
}

impl TokenError {
    /// OAuth error name, status and the number in the message.
    fn parts(&self) -> (&'static str, StatusCode, u32) {
        match self {
            Self::MissingParameter(_) => ("invalid_request", StatusCode::BAD_REQUEST, 900_144),
            Self::UnknownTenant(_) => ("invalid_request", StatusCode::BAD_REQUEST, 90_002),
            Self::UnsupportedGrantType(_) => ("unsupported_grant_type", StatusCode::BAD_REQUEST, 70_003),
            Self::InvalidScope(_) => ("invalid_scope", StatusCode::BAD_REQUEST, 70_011),
            Self::UnknownClient(_) => ("unauthorized_client", StatusCode::BAD_REQUEST, 700_016),
            Self::WrongSecret => ("invalid_client", StatusCode::UNAUTHORIZED, 7_000_215),
            Self::ExpiredSecret(_) => ("invalid_client", StatusCode::UNAUTHORIZED, 7_000_222),
            Self::NoCredential => ("invalid_client", StatusCode::UNAUTHORIZED, 7_000_216),
            Self::MalformedAssertion(_) => ("invalid_request", StatusCode::BAD_REQUEST, 50_027),
            Self::AssertionOutOfTime => ("invalid_client", StatusCode::UNAUTHORIZED, 700_024),
            Self::NoMatchingCredential(_) => ("invalid_client", StatusCode::UNAUTHORIZED, 700_213),
        }
    }

    fn into_response(self, now: Timestamp, trace_id: Uuid) -> GraphResponse {
        let (error, status, code) = self.parts();
        let timestamp = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        GraphResponse::json(
            status,
            json!({
                "error": error,
                "error_description": format!(
                    "{self}\r\nTrace ID: {trace_id}\r\nCorrelation ID: {trace_id}\r\nTimestamp: {timestamp}"
                ),
                "error_codes": [code],
                "timestamp": timestamp,
                "trace_id": trace_id.to_string(),
                "correlation_id": trace_id.to_string(),
            }),
        )
    }
}

/// What the token endpoint needs to know besides the request.
pub(crate) struct TokenContext<'a> {
    /// The tenant that is served.
    pub(crate) tenant_id: Uuid,
    /// The tenant's initial domain, accepted in place of the id.
    pub(crate) initial_domain: &'a str,
    /// Base URL of this endpoint, the audience of assertions.
    pub(crate) login_base: &'a str,
    /// Base URL of Graph, whose `.default` scope is served besides the public one.
    pub(crate) graph_base: &'a str,
    /// The estate's time.
    pub(crate) now: Timestamp,
    /// Identifies this request in error bodies.
    pub(crate) trace_id: Uuid,
    /// Makes token values differ between estates.
    pub(crate) seed: u64,
    /// Every credential is refused (a fault).
    pub(crate) refused: bool,
    /// Every credential has expired (a fault).
    pub(crate) expired: bool,
}

/// Answers `POST /{tenant}/oauth2/v2.0/token`.
pub(crate) fn answer(
    clients: &mut Clients,
    context: &TokenContext<'_>,
    request: &GraphRequest,
) -> GraphResponse {
    let segments: Vec<&str> = request.path.split('/').filter(|segment| !segment.is_empty()).collect();
    let [tenant, "oauth2", "v2.0", "token"] = segments.as_slice() else {
        return GraphResponse::json(StatusCode::NOT_FOUND, json!({"error": "not_found"}));
    };
    if request.method != Method::POST {
        return GraphResponse::json(StatusCode::METHOD_NOT_ALLOWED, json!({"error": "invalid_request"}));
    }
    match issue(clients, context, tenant, request) {
        Ok(token) => GraphResponse::ok(json!({
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFETIME.as_secs(),
            "ext_expires_in": TOKEN_LIFETIME.as_secs(),
            "access_token": token,
        })),
        Err(error) => error.into_response(context.now, context.trace_id),
    }
}

fn issue(
    clients: &mut Clients,
    context: &TokenContext<'_>,
    tenant: &str,
    request: &GraphRequest,
) -> Result<String, TokenError> {
    let tenant_known =
        tenant.parse() == Ok(context.tenant_id) || tenant.eq_ignore_ascii_case(context.initial_domain);
    if !tenant_known {
        return Err(TokenError::UnknownTenant(tenant.to_owned()));
    }
    let form = std::str::from_utf8(&request.body).ok().and_then(|body| decode(body).ok()).unwrap_or_default();
    let parameter =
        |name: &'static str| form.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
    let required =
        |name| parameter(name).filter(|value| !value.is_empty()).ok_or(TokenError::MissingParameter(name));

    let grant_type = required("grant_type")?;
    if grant_type != "client_credentials" {
        return Err(TokenError::UnsupportedGrantType(grant_type.to_owned()));
    }
    let scope = required("scope")?;
    let base = scope.strip_suffix("/.default").map(|base| base.trim_end_matches('/'));
    if base != Some("https://graph.microsoft.com") && base != Some(context.graph_base.trim_end_matches('/')) {
        return Err(TokenError::InvalidScope(scope.to_owned()));
    }
    let basic = basic_credentials(request);
    let client_id = match &basic {
        Some((client_id, _)) => client_id.as_str(),
        None => required("client_id")?,
    };
    let registration = client_id
        .parse()
        .ok()
        .and_then(|client_id| clients.registration(client_id))
        .ok_or_else(|| TokenError::UnknownClient(client_id.to_owned()))?;

    if context.refused {
        return Err(TokenError::WrongSecret);
    }
    if context.expired {
        return Err(TokenError::ExpiredSecret(registration.client_id));
    }
    match (
        parameter("client_assertion"),
        basic.as_ref().map(|(_, secret)| secret.as_str()).or(parameter("client_secret")),
    ) {
        (Some(assertion), None) => {
            if required("client_assertion_type")? != ASSERTION_TYPE {
                return Err(TokenError::MalformedAssertion("client_assertion_type is not jwt-bearer"));
            }
            let audience = format!(
                "{}/{}/oauth2/v2.0/token",
                context.login_base.trim_end_matches('/'),
                context.tenant_id
            );
            check_assertion(registration, assertion, &audience, context.now)?;
        }
        (None, Some(secret)) => check_secret(registration, secret, context.now)?,
        _ => return Err(TokenError::NoCredential),
    }
    let client_id = registration.client_id;
    let token = token_value(context.seed, client_id, clients.issued());
    clients.issue(token.clone(), client_id, context.now);
    Ok(token)
}

/// Reproducible from the seed, shaped like the service's (three dotted parts), meaning nothing to the client.
fn token_value(seed: u64, client_id: Uuid, number: u64) -> String {
    let digest = Sha256::digest(format!("{seed}/{client_id}/{number}"));
    format!(
        "{}.{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#),
        URL_SAFE_NO_PAD.encode(format!(r#"{{"n":{number}}}"#)),
        URL_SAFE_NO_PAD.encode(digest)
    )
}

fn basic_credentials(request: &GraphRequest) -> Option<(String, String)> {
    let encoded = request.header("authorization")?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = text.split_once(':')?;
    Some((client_id.to_owned(), secret.to_owned()))
}

fn check_secret(registration: &ClientRegistration, given: &str, now: Timestamp) -> Result<(), TokenError> {
    let secret =
        registration.secrets.iter().find(|secret| secret.value == given).ok_or(TokenError::WrongSecret)?;
    match secret.expires {
        Some(expires) if expires <= now => Err(TokenError::ExpiredSecret(registration.client_id)),
        _ => Ok(()),
    }
}

fn check_assertion(
    registration: &ClientRegistration,
    assertion: &str,
    own_audience: &str,
    now: Timestamp,
) -> Result<(), TokenError> {
    let mut parts = assertion.split('.');
    let (Some(header), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::MalformedAssertion("expected three parts"));
    };
    let decode =
        |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let header = decode(header).ok_or(TokenError::MalformedAssertion("the header is not JSON"))?;
    let claims = decode(claims).ok_or(TokenError::MalformedAssertion("the claims are not JSON"))?;

    let instant = |name: &str| claims.get(name).and_then(Value::as_i64);
    let seconds = now.as_second();
    if instant("exp").is_none_or(|exp| exp <= seconds) || instant("nbf").is_some_and(|nbf| nbf > seconds) {
        return Err(TokenError::AssertionOutOfTime);
    }
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(audience)) => vec![audience],
        Some(Value::Array(audiences)) => audiences.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let own = registration.client_id.to_string();
    let by_certificate = text("iss") == own
        && text("sub") == own
        && audiences.contains(&own_audience)
        && header.get("x5t#S256").and_then(Value::as_str).is_some_and(|thumbprint| {
            registration.certificate_thumbprints.iter().any(|known| known == thumbprint)
        });
    let by_federation = registration.federated.iter().any(|credential| {
        text("iss") == credential.issuer
            && text("sub") == credential.subject
            && audiences.contains(&credential.audience.as_str())
    });
    if by_certificate || by_federation {
        return Ok(());
    }
    Err(TokenError::NoMatchingCredential(format!(
        "issuer '{}', subject '{}', audience '{}'",
        text("iss"),
        text("sub"),
        audiences.join(" ")
    )))
}
