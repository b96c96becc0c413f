//! Stand-ins for the outside in tests: a transport that plays a script, a clock that jumps, counted randomness.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use crate::GraphClient;
use crate::clock::Clock;
use crate::config::{BaseUrl, Config};
use crate::credentials::ClientSecret;
use crate::observe::{ObservedRequest, ObservedResult, RequestObserver};
use crate::randomness::Randomness;
use crate::resources::TenantId;
use crate::transport::{Fault, Headers, Method, Request, Response, Transport};
use crate::value::Sensitive;

/// Plays answers in order and remembers the requests. Token requests are answered from a script of their own, which
/// never ends.
#[derive(Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Result<Response, Fault>>>,
    token_answers: Mutex<VecDeque<Result<Response, Fault>>>,
    requests: Mutex<Vec<Request>>,
    token_requests: Mutex<Vec<Request>>,
}

impl Script {
    pub(crate) fn of(answers: impl IntoIterator<Item = Result<Response, Fault>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() })
    }

    pub(crate) fn with_tokens(
        answers: impl IntoIterator<Item = Result<Response, Fault>>,
        tokens: impl IntoIterator<Item = Result<Response, Fault>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            token_answers: Mutex::new(tokens.into_iter().collect()),
            ..Self::default()
        })
    }

    /// The requests so far, without those for tokens.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn token_requests(&self) -> Vec<Request> {
        self.token_requests.lock().unwrap().clone()
    }

    /// The only request so far.
    pub(crate) fn only(&self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "one request: {requests:?}");
        requests.remove(0)
    }
}

impl Transport for Script {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Fault>> {
        let answer = if request.url.ends_with("/oauth2/v2.0/token") {
            let mut tokens = self.token_requests.lock().unwrap();
            tokens.push(request);
            let default = || token(&format!("token-{}", tokens.len()), 3600);
            self.token_answers.lock().unwrap().pop_front().unwrap_or_else(default)
        } else {
            self.requests.lock().unwrap().push(request);
            self.answers.lock().unwrap().pop_front().expect("the script has no more answers")
        };
        Box::pin(std::future::ready(answer))
    }
}

/// A clock on which sleeping takes no time but moves the hands.
pub(crate) struct VirtualClock {
    now: Mutex<Timestamp>,
    slept: Mutex<Vec<Duration>>,
}

impl VirtualClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { now: Mutex::new("2026-11-21T09:00:00Z".parse().unwrap()), slept: Mutex::default() })
    }

    pub(crate) fn advance(&self, length: Duration) {
        let mut now = self.now.lock().unwrap();
        *now = now.checked_add(length).unwrap();
    }

    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'_, ()> {
        self.slept.lock().unwrap().push(length);
        self.advance(length);
        Box::pin(std::future::ready(()))
    }
}

/// Numbers in the lower half of which jitter takes no notice: waits are the shortest possible and request ids differ.
#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Randomness for Counting {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// Remembers what it heard.
#[derive(Default)]
pub(crate) struct Heard(pub(crate) Mutex<Vec<(Method, String, ObservedResult, u32)>>);

impl RequestObserver for Heard {
    fn observed(&self, request: &ObservedRequest<'_>) {
        let heard = (request.method, request.route.to_string(), request.result, request.attempt);
        self.0.lock().unwrap().push(heard);
    }
}

pub(crate) fn config() -> Config {
    Config::for_endpoints(
        TenantId::new("tenant-1"),
        BaseUrl::parse("https://login.example").unwrap(),
        BaseUrl::parse("https://graph.example").unwrap(),
    )
}

pub(crate) fn client(script: &Arc<Script>, clock: &Arc<VirtualClock>) -> GraphClient {
    let secret = ClientSecret::new("app-1", Sensitive::new("s3cr3t&"));
    GraphClient::new(config(), Arc::clone(script), secret, Arc::clone(clock))
        .with_randomness(Counting::default())
}

#[expect(clippy::unnecessary_wraps, reason = "an element of a script")]
pub(crate) fn json(status: u16, body: &Value) -> Result<Response, Fault> {
    Ok(Response { status, headers: Headers::default(), body: serde_json::to_vec(body).unwrap() })
}

#[expect(clippy::unnecessary_wraps, reason = "an element of a script")]
pub(crate) fn status(status: u16) -> Result<Response, Fault> {
    Ok(Response { status, ..Response::default() })
}

#[expect(clippy::unnecessary_wraps, reason = "an element of a script")]
pub(crate) fn status_with(status: u16, headers: &[(&str, &str)]) -> Result<Response, Fault> {
    Ok(Response { status, headers: headers.iter().copied().collect(), body: Vec::new() })
}

pub(crate) fn graph_error(status: u16, code: &str) -> Result<Response, Fault> {
    json(status, &serde_json::json!({ "error": { "code": code, "message": "for people" } }))
}

pub(crate) fn token(text: &str, seconds: u32) -> Result<Response, Fault> {
    json(200, &serde_json::json!({ "token_type": "Bearer", "expires_in": seconds, "access_token": text }))
}

/// The folder of shared facts, when it is here.
pub(crate) fn shared(below: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(below);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: ../shared is not here");
    None
}
