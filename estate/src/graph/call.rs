//! One call as the resource handlers see it: path split, query read, caller known. Pure.

use axum::http::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::error::GraphError;
use super::message::{GraphRequest, Version};
use super::odata::{QueryOptions, decode_component, encode_component};

/// Who calls, and how much of the answer the caller may see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    /// Client id of the application.
    pub(crate) client_id: Uuid,
    /// Nulls are shown in place of what a missing permission hides.
    pub(crate) masked: bool,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The request as received.
    pub(crate) request: &'a GraphRequest,
    /// v1.0 or beta.
    pub(crate) version: Version,
    /// The path behind the version, decoded: `users('id')` counts as two segments.
    pub(crate) segments: Vec<String>,
    /// Query options.
    pub(crate) query: QueryOptions,
    /// Who calls.
    pub(crate) caller: Caller,
    /// Base URL of this Graph, without a slash at the end.
    pub(crate) base_url: &'a str,
}

impl<'a> Call<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// If the path names no version, or path or query cannot be read.
    pub(crate) fn read(
        request: &'a GraphRequest,
        caller: Caller,
        base_url: &'a str,
    ) -> Result<Self, GraphError> {
        let (version, segments) = split_path(&request.path)?;
        let query = QueryOptions::parse(&request.query)?;
        Ok(Self { request, version, segments, query, caller, base_url })
    }

    /// The segments, for matching.
    pub(crate) fn path(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// Whether the method only reads.
    pub(crate) fn reads(&self) -> bool {
        self.request.method == Method::GET
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn body(&self) -> Result<Map<String, Value>, GraphError> {
        let parsed: Result<Value, _> = serde_json::from_slice(&self.request.body);
        match parsed {
            Ok(Value::Object(body)) => Ok(body),
            Ok(_) => Err(GraphError::BadRequest("Expected a JSON object as the request body.".to_owned())),
            Err(error) => {
                Err(GraphError::BadRequest(format!("Unable to read JSON request payload: {error}.")))
            }
        }
    }

    /// The body as a JSON object; an absent one counts as empty.
    ///
    /// # Errors
    /// If there is one and it is no JSON object.
    pub(crate) fn optional_body(&self) -> Result<Map<String, Value>, GraphError> {
        if self.request.body.iter().all(u8::is_ascii_whitespace) { Ok(Map::new()) } else { self.body() }
    }

    /// `ConsistencyLevel: eventual` was sent.
    pub(crate) fn asks_for_eventual_consistency(&self) -> bool {
        self.request.header("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual"))
    }

    /// A preference was sent, such as `return=minimal`.
    pub(crate) fn prefers(&self, preference: &str) -> bool {
        self.preferences().any(|sent| sent.eq_ignore_ascii_case(preference))
    }

    /// The value of a preference such as `odata.maxpagesize`.
    pub(crate) fn preference(&self, name: &str) -> Option<&str> {
        self.preferences()
            .find_map(|sent| sent.split_once('=').filter(|(sent, _)| *sent == name).map(|(_, value)| value))
    }

    fn preferences(&self) -> impl Iterator<Item = &str> {
        self.request.header("prefer").unwrap_or_default().split([',', ';']).map(str::trim)
    }

    /// `@odata.context` of an answer.
    pub(crate) fn context(&self, fragment: &str) -> String {
        format!("{}/{}/$metadata#{fragment}", self.base_url, self.version.segment())
    }

    /// Start of a collection's body: context and values.
    pub(crate) fn collection_body(&self, fragment: &str, value: Vec<Value>) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("@odata.context".to_owned(), json!(self.context(fragment)));
        body.insert("value".to_owned(), Value::Array(value));
        body
    }

    /// This call's URL with other query options.
    pub(crate) fn link(&self, options: &[(String, String)]) -> String {
        let query: Vec<String> = options
            .iter()
            .map(|(name, value)| format!("{}={}", encode_component(name), encode_component(value)))
            .collect();
        format!("{}{}?{}", self.base_url, self.request.path, query.join("&"))
    }

    /// The next page of this call: its own options and the token.
    pub(crate) fn next_link(&self, token: &str) -> String {
        let mut options = self.query.given.clone();
        options.push(("$skiptoken".to_owned(), token.to_owned()));
        self.link(&options)
    }
}

/// Version and decoded segments of a path.
///
/// # Errors
/// [`GraphError::UnknownSegment`] if the first segment is no version.
pub(crate) fn split_path(path: &str) -> Result<(Version, Vec<String>), GraphError> {
    let mut raw = path.split('/').filter(|segment| !segment.is_empty());
    let first = raw.next().unwrap_or_default();
    let version = Version::from_segment(first).ok_or_else(|| GraphError::UnknownSegment(first.to_owned()))?;
    let mut segments = Vec::new();
    for segment in raw {
        let segment = decode_component(&segment.replace('+', "%2B"))?;
        if let Some((name, key)) = segment.strip_suffix("')").and_then(|rest| rest.split_once("('")) {
            segments.push(name.to_owned());
            segments.push(key.to_owned());
        } else {
            // Actions and functions may be qualified: microsoft.graph.delta().
            let bare = segment.strip_prefix("microsoft.graph.").unwrap_or(&segment);
            segments.push(bare.strip_suffix("()").unwrap_or(bare).to_owned());
        }
    }
    Ok((version, segments))
}
