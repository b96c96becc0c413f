//! The token endpoint by itself.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, Method};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::graph::client::{ClientRegistration, ClientSecret, Clients, FederatedCredential};
use crate::graph::message::{GraphRequest, GraphResponse};
use crate::graph::token::{TokenContext, answer};

const TENANT: Uuid = Uuid::from_u128(0x7e);
const CLIENT: Uuid = Uuid::from_u128(0xc1);
const SCOPE: &str = "scope=https%3A%2F%2Fgraph.microsoft.com%2F.default";

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().expect("an instant")
}

fn clients() -> Clients {
    let mut registration = ClientRegistration::with_secret(CLIENT, "s3cret+&", ["User.Read.All"]);
    registration.secrets.push(ClientSecret { value: "old".to_owned(), expires: Some(now()) });
    registration.federated.push(FederatedCredential {
        issuer: "https://issuer".to_owned(),
        subject: "system:serviceaccount:identity:operator".to_owned(),
        audience: "api://AzureADTokenExchange".to_owned(),
    });
    registration.certificate_thumbprints.push("thumb".to_owned());
    Clients::new(vec![registration])
}

fn post(clients: &mut Clients, path: &str, body: &str, headers: HeaderMap) -> GraphResponse {
    let context = TokenContext {
        tenant_id: TENANT,
        initial_domain: "contoso.onmicrosoft.com",
        login_base: "http://login/",
        graph_base: "http://graph",
        now: now(),
        trace_id: Uuid::from_u128(1),
        seed: 7,
        refused: false,
        expired: false,
    };
    let request = GraphRequest {
        method: Method::POST,
        path: path.to_owned(),
        query: String::new(),
        headers,
        body: body.as_bytes().to_vec(),
    };
    answer(clients, &context, &request)
}

fn token(clients: &mut Clients, body: &str) -> GraphResponse {
    post(clients, &format!("/{TENANT}/oauth2/v2.0/token"), body, HeaderMap::new())
}

fn assertion(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}.sig",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    )
}

#[test]
fn a_secret_buys_a_token_that_expires() {
    let mut clients = clients();
    let body = format!("grant_type=client_credentials&client_id={CLIENT}&client_secret=s3cret%2B%26&{SCOPE}");
    let response = token(&mut clients, &body);
    assert_eq!(response.status, 200);
    assert_eq!(response.body_json()["token_type"], "Bearer");
    assert_eq!(response.body_json()["expires_in"], 3599);
    let value = response.body_json()["access_token"].as_str().expect("a token").to_owned();
    let again = token(&mut clients, &body);
    assert_ne!(again.body_json()["access_token"], value.as_str(), "tokens differ");
    assert!(clients.authenticate(&value, now()).is_some());
    assert!(clients.authenticate(&value, now() + SignedDuration::from_secs(3599)).is_none());
    clients.revoke_tokens();
    assert!(clients.authenticate(&value, now()).is_none());

    let basic = STANDARD.encode(format!("{CLIENT}:s3cret+&"));
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Basic {basic}")).expect("a header"));
    let path = "/contoso.onmicrosoft.com/oauth2/v2.0/token";
    let response = post(&mut clients, path, &format!("grant_type=client_credentials&{SCOPE}"), headers);
    assert_eq!(response.status, 200, "{:?}", response.body);
}

#[test]
fn refusals_name_the_error_as_the_service_does() {
    let good = format!("grant_type=client_credentials&client_id={CLIENT}");
    let cases = [
        (format!("{good}&client_secret=wrong&{SCOPE}"), 401, "invalid_client", 7_000_215),
        (format!("{good}&client_secret=old&{SCOPE}"), 401, "invalid_client", 7_000_222),
        (format!("{good}&{SCOPE}"), 401, "invalid_client", 7_000_216),
        (
            format!("{good}&client_secret=s3cret%2B%26&scope=https://foo/.default"),
            400,
            "invalid_scope",
            70_011,
        ),
        (format!("{good}&client_secret=s3cret%2B%26"), 400, "invalid_request", 900_144),
        (format!("grant_type=password&client_id={CLIENT}&{SCOPE}"), 400, "unsupported_grant_type", 70_003),
        (
            format!("grant_type=client_credentials&client_id=x&client_secret=s&{SCOPE}"),
            400,
            "unauthorized_client",
            700_016,
        ),
    ];
    for (body, status, error, code) in cases {
        let response = token(&mut clients(), &body);
        assert_eq!(response.status, status, "{body}");
        let found = response.body_json();
        assert_eq!(found["error"], error, "{body}");
        assert_eq!(found["error_codes"], json!([code]), "{body}");
        let description = found["error_description"].as_str().expect("text");
        assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
    }
    let body = format!("{good}&client_secret=s3cret%2B%26&{SCOPE}");
    let response = post(&mut clients(), "/other/oauth2/v2.0/token", &body, HeaderMap::new());
    assert_eq!(response.body_json()["error_codes"], json!([90_002]));
}

#[test]
fn assertions_are_matched_by_their_claims() {
    let soon = now().as_second() + 300;
    let federated = json!({
        "iss": "https://issuer", "sub": "system:serviceaccount:identity:operator",
        "aud": ["api://AzureADTokenExchange"], "exp": soon,
    });
    let own = json!({
        "iss": CLIENT, "sub": CLIENT, "aud": format!("http://login/{TENANT}/oauth2/v2.0/token"),
        "nbf": now().as_second(), "exp": soon,
    });
    let change = |claims: &Value, name: &str, value: Value| {
        let mut changed = claims.clone();
        changed[name] = value;
        changed
    };
    let plain = json!({"alg": "RS256"});
    let certified = json!({"alg": "PS256", "x5t#S256": "thumb"});
    let cases = [
        (plain.clone(), federated.clone(), 200, 0),
        (certified.clone(), own.clone(), 200, 0),
        (plain.clone(), own.clone(), 401, 700_213),
        (
            plain.clone(),
            change(&federated, "sub", json!("system:serviceaccount:identity:other")),
            401,
            700_213,
        ),
        (plain.clone(), change(&federated, "aud", json!("other")), 401, 700_213),
        (plain, change(&federated, "exp", json!(now().as_second())), 401, 700_024),
        (certified, change(&own, "nbf", json!(soon)), 401, 700_024),
    ];
    for (header, claims, status, code) in cases {
        let body = format!(
            "grant_type=client_credentials&client_id={CLIENT}&{SCOPE}&client_assertion={}&client_assertion_type={}",
            assertion(&header, &claims),
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        );
        let response = token(&mut clients(), &body);
        assert_eq!(response.status, status, "{header} {claims}: {:?}", response.body);
        if status != 200 {
            assert_eq!(response.body_json()["error_codes"], json!([code]), "{header} {claims}");
        }
    }
    let body = format!(
        "grant_type=client_credentials&client_id={CLIENT}&{SCOPE}&client_assertion=a.b\
         &client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    assert_eq!(token(&mut clients(), &body).body_json()["error_codes"], json!([50_027]));
}
