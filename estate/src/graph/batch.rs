//! `POST /$batch`: up to twenty requests in one, each answered by itself. No IO.
//!
//! Source: Microsoft, "Combine multiple HTTP requests using JSON batching".

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::GraphError;
use super::message::{Body, GraphRequest, GraphResponse, Version};

/// Most parts of a batch.
const MOST_PARTS: usize = 20;

#[derive(Debug, Deserialize)]
struct Batch {
    requests: Vec<Part>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    id: String,
    method: String,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    #[serde(default)]
    depends_on: Vec<String>,
}

/// Carries out a batch; `answer` serves one part.
pub(crate) fn answer(
    version: Version,
    request: &GraphRequest,
    mut answer: impl FnMut(&GraphRequest) -> GraphResponse,
    refuse: impl Fn(GraphError) -> GraphResponse,
) -> Result<GraphResponse, GraphError> {
    let malformed =
        |detail: String| GraphError::BadRequest(format!("Invalid batch payload format: {detail}."));
    let batch: Batch = serde_json::from_slice(&request.body).map_err(|error| malformed(error.to_string()))?;
    if batch.requests.is_empty() || batch.requests.len() > MOST_PARTS {
        return Err(malformed(format!(
            "expected 1 to {MOST_PARTS} requests, found {}",
            batch.requests.len()
        )));
    }
    let mut seen = Vec::new();
    for part in &batch.requests {
        let id = part.id.to_lowercase();
        if id.is_empty() || seen.contains(&id) {
            return Err(malformed(format!("request id '{}' is empty or used twice", part.id)));
        }
        seen.push(id);
    }

    let mut statuses: BTreeMap<String, bool> = BTreeMap::new();
    let mut responses = Vec::new();
    let mut waiting: Vec<&Part> = batch.requests.iter().collect();
    while !waiting.is_empty() {
        let (ready, blocked): (Vec<&Part>, Vec<&Part>) = waiting.into_iter().partition(|part| {
            part.depends_on.iter().all(|other| statuses.contains_key(&other.to_lowercase()))
        });
        if ready.is_empty() {
            return Err(malformed("dependsOn names an unknown request or goes in a circle".to_owned()));
        }
        for part in ready {
            let failed =
                part.depends_on.iter().find(|other| statuses.get(&other.to_lowercase()) != Some(&true));
            let response = match (failed, sub_request(version, request, part)) {
                (Some(other), _) => refuse(GraphError::FailedDependency(other.clone())),
                (None, Ok(request)) => answer(&request),
                (None, Err(error)) => refuse(error),
            };
            statuses.insert(part.id.to_lowercase(), response.status.is_success());
            responses.push(render(&part.id, &response));
        }
        waiting = blocked;
    }
    // Answers come in any order.
    responses.reverse();
    Ok(GraphResponse::ok(json!({"responses": responses})))
}

fn sub_request(version: Version, outer: &GraphRequest, part: &Part) -> Result<GraphRequest, GraphError> {
    let malformed =
        |detail: &str| GraphError::BadRequest(format!("Request '{}' of the batch: {detail}.", part.id));
    let method = match part.method.to_uppercase().as_str() {
        "GET" => Method::GET,
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        _ => return Err(malformed("unknown method")),
    };
    if part.url.contains("://") || part.url.contains("$batch") {
        return Err(malformed("the url must be relative to the version and no batch"));
    }
    let (path, query) = part.url.split_once('?').unwrap_or((&part.url, ""));
    let mut headers = HeaderMap::new();
    for (name, value) in &part.headers {
        let name: HeaderName = name.parse().map_err(|_| malformed("a header name is not valid"))?;
        let value = HeaderValue::from_str(value).map_err(|_| malformed("a header value is not valid"))?;
        headers.insert(name, value);
    }
    if part.body.is_some() && !headers.contains_key("content-type") {
        return Err(malformed("a body needs a Content-Type header"));
    }
    if let Some(authorization) = outer.headers.get("authorization") {
        headers.insert("authorization", authorization.clone());
    }
    Ok(GraphRequest {
        method,
        path: format!("/{}/{}", version.segment(), path.trim_start_matches('/')),
        query: query.to_owned(),
        headers,
        body: part.body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default(),
    })
}

fn render(id: &str, response: &GraphResponse) -> Value {
    let headers: Map<String, Value> = response
        .headers
        .iter()
        .filter(|(name, _)| *name != "connection")
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), json!(value.to_str().ok()?))))
        .collect();
    let mut part = json!({"id": id, "status": response.status.as_u16(), "headers": headers});
    if let Some(part) = part.as_object_mut() {
        match &response.body {
            Body::Empty => {}
            Body::Json(body) => {
                part.insert("body".to_owned(), body.clone());
            }
            Body::Text(text) => {
                part.insert("body".to_owned(), json!(text));
            }
        }
    }
    part
}
