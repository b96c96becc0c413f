//! A Graph request and its answer, free of any HTTP server: the same handler serves a socket, a `$batch` part and a caller
//! in the same process. No IO.

use axum::http::header::{CONNECTION, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::Value;

/// The two versions of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// `/v1.0`
    V1,
    /// `/beta`
    Beta,
}

impl Version {
    /// The path segment.
    pub fn segment(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }

    /// The version that a path segment names.
    pub fn from_segment(segment: &str) -> Option<Self> {
        match segment {
            "v1.0" => Some(Self::V1),
            "beta" => Some(Self::Beta),
            _ => None,
        }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct GraphRequest {
    /// Method.
    pub method: Method,
    /// Path from the version on, such as `/v1.0/users`, still percent-encoded.
    pub path: String,
    /// Query string without the `?`; empty if there is none.
    pub query: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as received.
    pub body: Vec<u8>,
}

impl GraphRequest {
    /// A header's value as text; `None` if absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// No body (204).
    Empty,
    /// JSON.
    Json(Value),
    /// Plain text (`$count`).
    Text(String),
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphResponse {
    /// Status.
    pub status: StatusCode,
    /// Headers beyond those every answer gets.
    pub headers: HeaderMap,
    /// Body.
    pub body: Body,
}

impl GraphResponse {
    /// 200 with JSON.
    pub fn ok(body: Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// 201 with JSON.
    pub fn created(body: Value) -> Self {
        Self::json(StatusCode::CREATED, body)
    }

    /// 204.
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: Body::Empty }
    }

    /// Plain text, as `$count` answers.
    pub fn text(text: String) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        Self { status: StatusCode::OK, headers, body: Body::Text(text) }
    }

    /// A page for people, as gateways send it.
    pub fn page(status: StatusCode, text: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        Self { status, headers, body: Body::Text(text.to_owned()) }
    }

    /// JSON with a status of choice.
    pub fn json(status: StatusCode, body: Value) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static(
                "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
            ),
        );
        Self { status, headers, body: Body::Json(body) }
    }

    /// Adds a header; a value that no header may carry is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Adds `Location`.
    #[must_use]
    pub fn with_location(self, location: &str) -> Self {
        self.with_header(LOCATION, location)
    }

    /// Adds `Retry-After` in seconds.
    #[must_use]
    pub fn with_retry_after(self, seconds: u32) -> Self {
        self.with_header(RETRY_AFTER, &seconds.to_string())
    }

    /// Asks the server to close the connection after this answer.
    #[must_use]
    pub fn closing_connection(self) -> Self {
        self.with_header(CONNECTION, "close")
    }

    /// The JSON body, null if there is none.
    pub fn body_json(&self) -> &Value {
        match &self.body {
            Body::Json(value) => value,
            Body::Empty | Body::Text(_) => &Value::Null,
        }
    }
}
