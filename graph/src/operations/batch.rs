//! Several requests in one. No IO of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::call::Call;
use crate::client::GraphClient;
use crate::error::{Error, Failure, classify};
use crate::resources::batch::{BatchAnswer, BatchPart, BatchRequest, BatchResponse};
use crate::retry::Repeat;
use crate::route::ApiVersion;
use crate::transport::Response;

/// Most requests of one batch. Source: Microsoft, "Combine multiple HTTP requests using JSON batching".
const MAX_PARTS: usize = 20;

impl GraphClient {
    /// Sends several requests in one. Success means that the batch was taken: each part has a status of its own, and
    /// one that was throttled has a `Retry-After` of its own. Repeated as a whole only when all parts read.
    ///
    /// # Errors
    ///
    /// See [`Error`]; [`Error::Refused`] for no part, more than 20 parts, or ids that are not unique without regard
    /// to case.
    pub async fn batch(&self, version: ApiVersion, parts: Vec<BatchPart>) -> Result<BatchResponse, Error> {
        let ids: BTreeSet<String> = parts.iter().map(|part| part.id.to_ascii_lowercase()).collect();
        if parts.is_empty() || parts.len() > MAX_PARTS || ids.len() < parts.len() {
            return Err(Error::Refused(format!(
                "expected 1 to {MAX_PARTS} parts with unique ids, found {} parts with {} ids; split or rename them",
                parts.len(),
                ids.len()
            )));
        }
        let reads = parts.iter().all(|part| part.method.eq_ignore_ascii_case("GET"));
        let repeat = if reads { Repeat::Harmless } else { Repeat::OnlyIfRefused };
        let call = Call::post(version, ROUTE, &[]).repeat(repeat).json(&BatchRequest { requests: parts });
        self.read(&call).await
    }
}

impl BatchAnswer {
    /// The body of a part that succeeded.
    ///
    /// # Errors
    ///
    /// The class of the part's own status, as if it had been a request by itself. A part whose precursor failed is a
    /// [`Error::BadRequest`].
    pub fn outcome(&self) -> Result<Option<&Value>, Error> {
        if (200..300).contains(&self.status) {
            return Ok(self.body.as_ref());
        }
        let response = Response {
            status: self.status,
            headers: self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            body: self.body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        };
        let shape = Call::post(ApiVersion::V1, ROUTE, &[]).shape;
        let failure = Failure::of_answer(shape.method, shape.route, &response, &self.id);
        // Parts carry seconds; a date would need a clock.
        let seconds = response.headers.get("Retry-After").and_then(|value| value.trim().parse().ok());
        Err(classify(&shape, failure, seconds.map(Duration::from_secs), None))
    }
}

const ROUTE: &str = "/$batch";
