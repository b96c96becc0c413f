//! The check against the description must be able to fail.

use axum::http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::openapi::Description;
use crate::graph::{GraphRequest, GraphResponse};

fn passes(method: Method, path: &str, response: &GraphResponse) -> bool {
    let Some(description) = Description::load() else { return true };
    let request = GraphRequest {
        method,
        path: path.to_owned(),
        query: String::new(),
        headers: HeaderMap::new(),
        body: Vec::new(),
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| description.check(&request, response))).is_ok()
}

fn refused(method: Method, path: &str, response: &GraphResponse) {
    if Description::load().is_some() {
        assert!(!passes(method, path, response), "{path}: {:?}", response.body);
    }
}

#[test]
fn wrong_answers_do_not_pass() {
    let users = |user: Value| GraphResponse::ok(json!({"value": [user]}));
    assert!(passes(Method::GET, "/v1.0/users", &users(json!({"id": "1", "mail": null}))));
    refused(Method::GET, "/v1.0/users", &users(json!({"id": "1", "mial": null})));
    refused(Method::GET, "/v1.0/users", &users(json!({"id": 1})));
    refused(Method::GET, "/v1.0/users", &users(json!({"createdDateTime": "yesterday"})));
    refused(Method::GET, "/v1.0/nonsense", &GraphResponse::ok(json!({})));
    refused(
        Method::GET,
        "/v1.0/users",
        &GraphResponse::json(axum::http::StatusCode::BAD_REQUEST, json!({"error": "x"})),
    );
    let job = "/v1.0/servicePrincipals/1/synchronization/jobs/x";
    assert!(passes(
        Method::GET,
        job,
        &GraphResponse::ok(json!({"id": "x", "schedule": {"state": "Active"}}))
    ));
    refused(Method::GET, job, &GraphResponse::ok(json!({"id": "x", "schedule": {"state": "active"}})));
    refused(
        Method::GET,
        job,
        &GraphResponse::ok(json!({"id": "x", "status": {"lastExecution": {"countExported": "1"}}})),
    );
    refused(
        Method::POST,
        &format!("{job}/start"),
        &GraphResponse { status: axum::http::StatusCode::OK, ..GraphResponse::no_content() },
    );
}
