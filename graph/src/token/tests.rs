//! The token is fetched once, kept, renewed in time, and renewed once when it is refused.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::error::Error;
use crate::resources::TenantId;
use crate::route::ApiVersion;
use crate::testing::{Script, VirtualClock, client, config, graph_error, json, status, token};
use crate::transport::{Fault, Response};
use crate::value::Sensitive;
use crate::{Credentials, FederatedTokenFile, GraphClient};

fn tenant() -> Result<Response, Fault> {
    json(200, &json!({ "id": "tenant-1" }))
}

async fn read(client: &GraphClient) -> Result<(), Error> {
    client.organization().get(ApiVersion::V1, &TenantId::new("tenant-1")).await.map(drop)
}

fn bearers(script: &Script) -> Vec<String> {
    let bearer =
        |request: &crate::transport::Request| request.headers.get("Authorization").unwrap().to_owned();
    script.requests().iter().map(bearer).collect()
}

#[tokio::test]
async fn the_form_holds_the_secret_and_the_scope() {
    let (script, clock) = (Script::of([tenant()]), VirtualClock::new());
    read(&client(&script, &clock)).await.unwrap();
    let request = script.token_requests().remove(0);
    assert_eq!(request.url, "https://login.example/tenant-1/oauth2/v2.0/token");
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        "grant_type=client_credentials&scope=https%3A%2F%2Fgraph.example%2F.default&client_id=app-1&client_secret=s3cr3t%26"
    );
    assert_eq!(request.headers.get("content-type"), Some("application/x-www-form-urlencoded"));
}

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_its_end() {
    let (script, clock) = (Script::of([tenant(), tenant(), tenant()]), VirtualClock::new());
    let client = client(&script, &clock);
    read(&client).await.unwrap();
    clock.advance(Duration::from_secs(3_299));
    read(&client).await.unwrap();
    clock.advance(Duration::from_secs(1));
    read(&client).await.unwrap();
    assert_eq!(bearers(&script), ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn a_short_token_is_renewed_at_half_of_its_life() {
    let answers = [token("short", 60), token("next", 60)];
    let (script, clock) = (Script::with_tokens([tenant(), tenant(), tenant()], answers), VirtualClock::new());
    let client = client(&script, &clock);
    for seconds in [29, 1, 0] {
        read(&client).await.unwrap();
        clock.advance(Duration::from_secs(seconds));
    }
    assert_eq!(bearers(&script), ["Bearer short", "Bearer short", "Bearer next"]);
}

#[tokio::test]
async fn a_login_service_that_is_away_does_not_matter_while_the_token_is_good() {
    let answers = [token("first", 3_600), status(503), status(503), token("second", 3_600)];
    let (script, clock) = (Script::with_tokens((0..5).map(|_| tenant()), answers), VirtualClock::new());
    let client = client(&script, &clock);
    // At the start, in the last five minutes, 10 s later (no new try), 30 s later (a new try), and after the end.
    for seconds in [0, 3_400, 10, 30, 300] {
        clock.advance(Duration::from_secs(seconds));
        read(&client).await.unwrap();
    }
    assert_eq!(
        bearers(&script),
        ["Bearer first", "Bearer first", "Bearer first", "Bearer first", "Bearer second"]
    );
    assert_eq!(script.token_requests().len(), 4);
    assert!(clock.slept().is_empty(), "nobody waits for an early renewal");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let refused = || graph_error(401, "InvalidAuthenticationToken");
    let (script, clock) = (Script::of([refused(), tenant()]), VirtualClock::new());
    read(&client(&script, &clock)).await.unwrap();
    assert_eq!(bearers(&script), ["Bearer token-1", "Bearer token-2"]);

    let (script, clock) = (Script::of([refused(), refused(), tenant()]), VirtualClock::new());
    let error = read(&client(&script, &clock)).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test]
async fn a_refused_credential_is_unauthorized_and_not_tried_again() {
    for refusal in [400, 401] {
        let body = json!({ "error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret.", "error_codes": [7_000_215] });
        let (script, clock) = (Script::with_tokens([], [json(refusal, &body)]), VirtualClock::new());
        let error = read(&client(&script, &clock)).await.unwrap_err();
        assert!(
            matches!(&error, Error::Unauthorized(failure) if failure.has_code("AADSTS7000215")),
            "{error:?}"
        );
        assert_eq!(script.token_requests().len(), 1);
    }
}

#[tokio::test]
async fn the_login_service_is_tried_again_when_it_is_busy() {
    let answers = [status(503), Err(Fault::Unreachable("refused".into())), token("late", 3_600)];
    let (script, clock) = (Script::with_tokens([tenant()], answers), VirtualClock::new());
    read(&client(&script, &clock)).await.unwrap();
    assert_eq!(bearers(&script), ["Bearer late"]);
    assert_eq!(clock.slept().len(), 2);
}

#[tokio::test]
async fn an_unreadable_token_answer_does_not_show_the_token() {
    let (script, clock) =
        (Script::with_tokens([], [json(200, &json!({ "access_token": "t0ken" }))]), VirtualClock::new());
    let error = read(&client(&script, &clock)).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected(_)));
    assert!(!format!("{error} {error:?}").contains("t0ken"));
}

#[tokio::test]
async fn callers_at_once_share_one_token_request() {
    let (script, clock) = (Script::of((0..8).map(|_| tenant())), VirtualClock::new());
    let client = client(&script, &clock);
    let all = futures::future::join_all((0..8).map(|_| read(&client))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(script.token_requests().len(), 1);
}

#[tokio::test]
async fn a_federated_token_is_read_for_every_exchange() {
    let file = std::env::temp_dir().join(format!("graph-token-{}", uuid::Uuid::from_u128(rand::random())));
    std::fs::write(&file, "jwt-1\n").unwrap();
    let (script, clock) = (Script::of([tenant(), tenant()]), VirtualClock::new());
    let credentials = FederatedTokenFile::new("app-1", &file);
    let client = GraphClient::new(config(), Arc::clone(&script), credentials.clone(), Arc::clone(&clock));
    read(&client).await.unwrap();
    std::fs::write(&file, "jwt-2").unwrap();
    clock.advance(Duration::from_hours(2));
    read(&client).await.unwrap();
    let bodies: Vec<String> =
        script.token_requests().into_iter().map(|request| String::from_utf8(request.body).unwrap()).collect();
    let kind = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    assert!(bodies[0].ends_with(&format!("{kind}&client_assertion=jwt-1")), "{bodies:?}");
    assert!(bodies[1].ends_with("client_assertion=jwt-2"), "{bodies:?}");

    std::fs::write(&file, "  ").unwrap();
    assert!(credentials.proof("x").await.unwrap_err().to_string().contains("found nothing"));
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(credentials.proof("x").await, Err(crate::CredentialError::Unreadable { .. })));
}

#[test]
fn a_secret_is_not_printed() {
    let secret = crate::ClientSecret::new("app-1", Sensitive::new("s3cr3t"));
    assert!(!format!("{secret:?}").contains("s3cr3t"));
}
