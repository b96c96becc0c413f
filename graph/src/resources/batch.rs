//! Several requests in one. No IO.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::value::Extra;

/// Body of `$batch`. Source: Microsoft, "Combine multiple HTTP requests using JSON batching".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchRequest {
    /// At most 20, with ids that are unique without regard to case.
    pub requests: Vec<BatchPart>,
}

/// One request of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPart {
    /// Names the part; the answer carries it too.
    pub id: String,
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Relative to the root of the version.
    pub url: String,
    /// Headers of this part alone. A body needs `Content-Type`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Parts that must have succeeded before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// Properties that this crate does not name.
    #[serde(flatten)]
    pub extra: Extra,
}

impl BatchPart {
    /// A part that reads `url`, which is relative to the root of the version.
    pub fn get(id: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(id, "GET", url)
    }

    /// A part without headers and body.
    pub fn new(id: impl Into<String>, method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            method: method.into(),
            url: url.into(),
            headers: BTreeMap::new(),
            body: None,
            depends_on: Vec::new(),
            extra: Extra::new(),
        }
    }

    /// The same part with a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }
}

/// Answer of `$batch`. The parts come in any order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchResponse {
    /// The answers.
    pub responses: Vec<BatchAnswer>,
    /// Properties that this crate does not name.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The answer to one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchAnswer {
    /// The id of the part.
    pub id: String,
    /// HTTP status; 424 when a part it depends on failed.
    pub status: u16,
    /// Headers of this part alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Properties that this crate does not name.
    #[serde(flatten)]
    pub extra: Extra,
}
