//! Each failure has one class, and each class says what to do.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Effect, Error, Failure, Permission, classify, classify_fault};
use crate::call::{Reading, Shape};
use crate::retry::{Age, Repeat};
use crate::route::{ApiVersion, Route};
use crate::transport::{Fault, Headers, Method, Response};

fn shape(reading: Reading, repeat: Repeat) -> Shape {
    Shape {
        method: Method::Get,
        route: Route { version: Some(ApiVersion::V1), template: "/users/delta" },
        repeat,
        age: Age::Settled,
        permission: Permission::Application("User.Read.All"),
        reading,
    }
}

fn failure(status: u16, body: &Value) -> Failure {
    let headers = Headers::from_iter([("request-id", "r-1")]);
    let answer = Response { status, headers, body: serde_json::to_vec(body).unwrap() };
    Failure::of_answer(
        Method::Get,
        Route { version: Some(ApiVersion::V1), template: "/users/delta" },
        &answer,
        "c-1",
    )
}

fn class(reading: Reading, status: u16, code: &str) -> &'static str {
    let failure = failure(status, &json!({ "error": { "code": code, "message": "m" } }));
    classify(&shape(reading, Repeat::Harmless), failure, None, None).metric_label()
}

#[test]
fn status_and_code_make_the_class() {
    let table = [
        (Reading::Plain, 400, "Request_BadRequest", "bad_request"),
        (Reading::Plain, 401, "InvalidAuthenticationToken", "unauthorized"),
        (Reading::Plain, 403, "Authorization_RequestDenied", "forbidden"),
        (Reading::Plain, 404, "Request_ResourceNotFound", "not_found"),
        (Reading::Plain, 405, "x", "bad_request"),
        (Reading::Plain, 408, "x", "unavailable"),
        (Reading::Plain, 409, "x", "conflict"),
        (Reading::Plain, 410, "x", "bad_request"),
        (Reading::Plain, 412, "resourceModified", "conflict"),
        (Reading::Plain, 413, "x", "bad_request"),
        (Reading::Plain, 429, "x", "throttled"),
        (Reading::Plain, 500, "generalException", "unavailable"),
        (Reading::Plain, 501, "NotImplemented", "bad_request"),
        (Reading::Plain, 502, "x", "unavailable"),
        (Reading::Plain, 503, "serviceNotAvailable", "unavailable"),
        (Reading::Plain, 504, "x", "unavailable"),
        (Reading::Plain, 302, "x", "unexpected"),
        (Reading::Plain, 505, "x", "unexpected"),
        (Reading::NextPage, 400, "Request_BadRequest", "page_expired"),
        (Reading::NextPage, 410, "x", "bad_request"),
        (Reading::DeltaBeginning, 400, "Request_BadRequest", "bad_request"),
        (Reading::DeltaBeginning, 410, "x", "delta_expired"),
        (Reading::DeltaBeginning, 400, "syncStateNotFound", "delta_expired"),
        (Reading::DeltaLink, 410, "x", "delta_expired"),
        (Reading::DeltaLink, 400, "Request_BadRequest", "delta_expired"),
        (Reading::DeltaLink, 404, "SyncStateNotFound", "delta_expired"),
        (Reading::DeltaLink, 409, "resyncRequired", "delta_expired"),
        (Reading::DeltaLink, 403, "Authorization_RequestDenied", "forbidden"),
        (Reading::DeltaLink, 503, "x", "unavailable"),
    ];
    for (reading, status, code, expected) in table {
        assert_eq!(class(reading, status, code), expected, "{reading:?} {status} {code}");
    }
}

#[test]
fn a_resync_code_counts_at_any_depth() {
    let body = json!({ "error": { "code": "badRequest", "innererror": { "code": "x", "innerError": { "code": "resyncRequired" } } } });
    let error = classify(
        &shape(Reading::DeltaLink, Repeat::Harmless),
        failure(422, &body),
        None,
        Some("https://graph.example/v1.0/users/delta?$deltatoken=".to_owned()),
    );
    match error {
        Error::DeltaExpired { resync, .. } => {
            assert_eq!(resync.unwrap().as_str(), "https://graph.example/v1.0/users/delta?$deltatoken=");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unknown_outcome_is_told_apart() {
    let cases = [
        (Fault::Unreachable("no route".into()), Repeat::OnlyIfRefused, Effect::Harmless),
        (Fault::Broken("reset".into()), Repeat::OnlyIfRefused, Effect::Unknown),
        (Fault::Broken("reset".into()), Repeat::Harmless, Effect::Harmless),
    ];
    for (fault, repeat, expected) in cases {
        let shape = shape(Reading::Plain, repeat);
        let failure = Failure::of_fault(shape.method, shape.route, &fault, "c-1");
        let error = classify_fault(&shape, failure, &fault);
        assert!(matches!(&error, Error::Unavailable { effect, .. } if *effect == expected), "{error:?}");
        assert_eq!(error.may_have_taken_effect(), expected == Effect::Unknown);
        assert!(error.is_transient());
    }
    let after_500 =
        classify(&shape(Reading::Plain, Repeat::OnlyIfRefused), failure(500, &json!({})), None, None);
    assert!(after_500.may_have_taken_effect());
    let after_400 =
        classify(&shape(Reading::Plain, Repeat::OnlyIfRefused), failure(400, &json!({})), None, None);
    assert!(!after_400.may_have_taken_effect());
}

#[test]
fn messages_name_what_was_found_and_what_to_do() {
    let denied =
        json!({ "error": { "code": "Authorization_RequestDenied", "message": "Insufficient privileges." } });
    let error = classify(&shape(Reading::Plain, Repeat::Harmless), failure(403, &denied), None, None);
    assert_eq!(
        error.to_string(),
        "expected permission for this call, found GET /v1.0/users/delta: 403 Authorization_RequestDenied \
         \"Insufficient privileges.\"; \
         grant the application permission User.Read.All with admin consent"
    );
    let wait = Some(Duration::from_secs(30));
    let throttled = classify(&shape(Reading::Plain, Repeat::Harmless), failure(429, &json!({})), wait, None);
    assert!(throttled.to_string().ends_with("try again later"), "{throttled}");
}

#[test]
fn an_error_of_the_login_service_is_read_too() {
    let body = json!({
        "error": "invalid_client",
        "error_description": "AADSTS7000222: The provided client secret keys are expired.\r\nTrace ID: x",
        "error_codes": [7_000_222],
        "trace_id": "t-1"
    });
    let failure = failure(401, &body);
    assert!(failure.has_code("invalid_client") && failure.has_code("aadsts7000222"));
    assert_eq!(failure.message, "AADSTS7000222: The provided client secret keys are expired.");
}

#[test]
fn a_body_that_is_no_json_is_kept_within_bounds() {
    let answer = Response { status: 502, headers: Headers::default(), body: "ü".repeat(5_000).into_bytes() };
    let route = Route { version: None, template: "/x" };
    let failure = Failure::of_answer(Method::Get, route, &answer, "c-1");
    assert_eq!(failure.message.chars().count(), 403);
    assert_eq!(failure.client_request_id, "c-1");
}

#[test]
fn the_same_failure_has_the_same_text_whenever_it_happens() {
    let text = |number: u32, status: u16, wait: u64| {
        let name = format!("c-{number}");
        let headers = Headers::from_iter([("request-id", format!("r-{number}"))]);
        let body = json!({ "error": {
            "code": "x",
            "message": format!("Request r-{number} failed. Trace ID: {number} Timestamp: 2026-11-21 16:35:{number}Z"),
            "innerError": { "date": format!("2026-11-21T16:35:{number}"), "request-id": format!("r-{number}"),
                "client-request-id": name },
        } });
        let answer = Response { status, headers, body: serde_json::to_vec(&body).unwrap() };
        let failure =
            Failure::of_answer(Method::Get, Route { version: None, template: "/x" }, &answer, &name);
        let after = Some(Duration::from_secs(wait));
        classify(&shape(Reading::Plain, Repeat::Harmless), failure, after, None).to_string()
    };
    for status in [302, 400, 401, 403, 404, 409, 429, 500, 503] {
        let (first, second) = (text(11, status, 7), text(12, status, 19));
        assert_eq!(first, second);
        assert!(first.contains("\"Request failed.\""), "{first}");
    }
}
