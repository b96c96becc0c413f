//! The estate through its sockets, as the product and the demo see it. The clock is moved by hand.

mod admin;
mod bridge;
mod road;

use axum::http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::graph::tests::openapi::Description;
use crate::graph::{Body, GraphRequest, GraphResponse};
use crate::scenario::{ScenarioOptions, build};

/// A served small estate and a client that is signed in.
struct Served {
    handle: Handle,
    http: reqwest::Client,
    token: String,
}

impl Served {
    async fn start() -> Self {
        // Only one of the tests in a process can install it; the others find it there.
        drop(rustls::crypto::ring::default_provider().install_default());
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().expect("an instant");
        let scenario = build(&ScenarioOptions::small(1), now).expect("built");
        let handle = start(scenario, ClockSource::Manual).await.expect("listening");
        let mut served = Self { handle, http: reqwest::Client::new(), token: String::new() };
        served.sign_in().await;
        served
    }

    async fn sign_in(&mut self) {
        let addresses = self.handle.addresses();
        let url = format!("{}/{}/oauth2/v2.0/token", addresses.login_url, addresses.tenant_id);
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={}%2F.default",
            addresses.client_id, addresses.client_secret, addresses.graph_url
        );
        let answer = self.http.post(url).body(form).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await.expect("JSON");
        self.token = body["access_token"].as_str().expect("a token").to_owned();
    }

    /// A request to Graph; the answer is checked against the description.
    async fn graph(&self, method: Method, url: &str, body: Option<&Value>) -> GraphResponse {
        let base = &self.handle.addresses().graph_url;
        let url = if url.starts_with("http") { url.to_owned() } else { format!("{base}{url}") };
        let mut request = self.http.request(method.clone(), &url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let json = headers
            .get("content-type")
            .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.contains("json")));
        let text = answer.text().await.expect("a body");
        let body = match (text.is_empty(), json) {
            (true, _) => Body::Empty,
            (false, true) => Body::Json(serde_json::from_str(&text).expect("JSON")),
            (false, false) => Body::Text(text),
        };
        let response = GraphResponse { status, headers, body };
        let path = url.trim_start_matches(base.as_str()).split('?').next().unwrap_or_default().to_owned();
        let sent =
            GraphRequest { method, path, query: String::new(), headers: HeaderMap::new(), body: Vec::new() };
        if let Some(description) = Description::load() {
            description.check(&sent, &response);
        }
        response
    }

    async fn read(&self, url: &str) -> Value {
        let response = self.graph(Method::GET, url, None).await;
        assert_eq!(response.status, 200, "GET {url}: {:?}", response.body);
        response.body_json().clone()
    }

    async fn admin(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.handle.addresses().admin_url);
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Moves the clock, as a test outside of this process would.
    async fn advance(&mut self, by: SignedDuration) {
        let (status, _) = self.admin(Method::POST, "/time", Some(&json!({"by": by}))).await;
        assert_eq!(status, 200);
        self.sign_in().await;
    }

    async fn stop(self) {
        self.handle.stop().await.expect("stopped");
    }
}

#[tokio::test]
async fn a_stopped_estate_answers_no_more() {
    let served = Served::start().await;
    let (http, url) = (served.http.clone(), format!("{}/time", served.handle.addresses().admin_url));
    assert_eq!(http.get(&url).send().await.expect("an answer").status(), 200);
    served.stop().await;
    assert!(reqwest::Client::new().get(&url).send().await.is_err());
}
