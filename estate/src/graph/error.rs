//! Everything a Graph call can be refused with, and the error body of the service. Pure.
//!
//! Codes: Microsoft, "Microsoft Graph error responses and resource types"; those of the synchronization back end are not
//! published, so they follow the directory's.

use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::message::GraphResponse;
use super::odata::QueryError;

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GraphError {
    /// 400.
    #[error("{0}")]
    BadRequest(String),
    /// 400 for a query that is well formed and not served in that form.
    #[error("{0}")]
    UnsupportedQuery(String),
    /// 400 for a page token or delta token that no longer means anything.
    #[error("{message}")]
    StaleToken {
        /// `syncStateNotFound`, `resyncRequired` or `Directory_ExpiredPageToken`.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// 401.
    #[error("{0}")]
    InvalidToken(String),
    /// 403.
    #[error("Insufficient privileges to complete the operation.")]
    Denied,
    /// 404.
    #[error(
        "Resource '{0}' does not exist or one of its queried reference-property objects are not present."
    )]
    NotFound(String),
    /// 404 for a path that names no resource.
    #[error("Resource not found for the segment '{0}'.")]
    UnknownSegment(String),
    /// 405.
    #[error("Specified HTTP method is not allowed for the request target.")]
    MethodNotAllowed,
    /// 409.
    #[error("{0}")]
    Conflict(String),
    /// 410: start over at the location.
    #[error("The delta token is no longer valid; start over.")]
    Gone {
        /// A delta URL with an empty token.
        location: String,
    },
    /// 424 of a `$batch` part.
    #[error("The request depends on request '{0}', which failed.")]
    FailedDependency(String),
    /// 429.
    #[error("Too many requests; try again later.")]
    Throttled {
        /// `Retry-After` in seconds; absent when the service keeps it to itself.
        retry_after: Option<u32>,
    },
    /// 500.
    #[error("An internal server error has occurred.")]
    Internal,
    /// 501.
    #[error("{0}")]
    NotImplemented(String),
    /// 502: a gateway's page for people, which is no JSON.
    #[error("Bad Gateway")]
    BadGateway,
    /// 503, with the connection closed.
    #[error("The service is temporarily unavailable.")]
    Unavailable,
    /// 504.
    #[error("The gateway got no answer in time.")]
    GatewayTimeout,
}

impl From<QueryError> for GraphError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Malformed(message) => Self::BadRequest(message),
        }
    }
}

impl GraphError {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::UnsupportedQuery(_) | Self::StaleToken { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::InvalidToken(_) => StatusCode::UNAUTHORIZED,
            Self::Denied => StatusCode::FORBIDDEN,
            Self::NotFound(_) | Self::UnknownSegment(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Gone { .. } => StatusCode::GONE,
            Self::FailedDependency(_) => StatusCode::FAILED_DEPENDENCY,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotImplemented(_) => StatusCode::NOT_IMPLEMENTED,
            Self::BadGateway => StatusCode::BAD_GATEWAY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::GatewayTimeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "Request_BadRequest",
            Self::UnsupportedQuery(_) => "Request_UnsupportedQuery",
            Self::StaleToken { code, .. } => code,
            Self::InvalidToken(_) => "InvalidAuthenticationToken",
            Self::Denied => "Authorization_RequestDenied",
            Self::NotFound(_) => "Request_ResourceNotFound",
            Self::UnknownSegment(_) | Self::MethodNotAllowed => "BadRequest",
            Self::Conflict(_) => "Request_MultipleObjectsWithSameKeyValue",
            Self::Gone { .. } => "resyncRequired",
            Self::FailedDependency(_) => "FailedDependency",
            Self::Throttled { .. } => "TooManyRequests",
            Self::Internal => "internalServerError",
            Self::NotImplemented(_) => "NotImplemented",
            Self::BadGateway => "BadGateway",
            Self::Unavailable => "serviceNotAvailable",
            Self::GatewayTimeout => "GatewayTimeout",
        }
    }

    /// The answer, in the current wire form of `innerError`.
    pub(crate) fn into_response(
        self,
        now: Timestamp,
        request_id: Uuid,
        headers: &HeaderMap,
    ) -> GraphResponse {
        let client_request_id = headers
            .get("client-request-id")
            .and_then(|value| value.to_str().ok())
            .map_or_else(|| request_id.to_string(), str::to_owned);
        let body = json!({
            "error": {
                "code": self.code(),
                "message": self.to_string(),
                "innerError": {
                    "date": now.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                    "request-id": request_id.to_string(),
                    "client-request-id": client_request_id,
                }
            }
        });
        let response = GraphResponse::json(self.status(), body);
        match self {
            Self::BadGateway => GraphResponse::page(StatusCode::BAD_GATEWAY, "<h1>Bad Gateway</h1>"),
            Self::Gone { location } => response.with_location(&location),
            Self::Throttled { retry_after: Some(seconds) } => response.with_retry_after(seconds),
            Self::Unavailable => response.closing_connection(),
            _ => response,
        }
    }
}
