//! What the API server says when it does not do what it was asked. Pure.

use serde_json::{Value, json};

use super::schema::Cause;

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} {reason}: {message}")]
pub struct Refusal {
    /// HTTP status code.
    pub code: u16,
    /// The API server's word for it, such as `AlreadyExists`.
    pub reason: &'static str,
    /// The API server's words.
    pub message: String,
    /// What the object breaks, where it is the object.
    pub causes: Vec<Cause>,
}

impl Refusal {
    fn new(code: u16, reason: &'static str, message: String) -> Self {
        Self { code, reason, message, causes: Vec::new() }
    }

    /// There is no such object. `what` is the resource with its group, such as `leases.coordination.k8s.io`.
    pub fn not_found(what: &str, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{what} {name:?} not found"))
    }

    /// There is one of that name.
    pub fn already_exists(what: &str, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{what} {name:?} already exists"))
    }

    /// Somebody else wrote in between.
    pub fn conflict(what: &str, name: &str, why: &str) -> Self {
        Self::new(409, "Conflict", format!("Operation cannot be fulfilled on {what} {name:?}: {why}"))
    }

    /// The user may not.
    pub fn forbidden(what: &str, name: &str, why: &str) -> Self {
        Self::new(403, "Forbidden", format!("{what} {name:?} is forbidden: {why}"))
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message.into())
    }

    /// The resource does not know the verb.
    pub fn not_allowed() -> Self {
        Self::new(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource".to_owned(),
        )
    }

    /// A body in a format that is not understood.
    pub fn media_type(message: impl Into<String>) -> Self {
        Self::new(415, "UnsupportedMediaType", message.into())
    }

    /// What was asked for lies too far back.
    pub fn expired() -> Self {
        let message = "The resourceVersion for the provided watch is too old.";
        Self::new(410, "Expired", message.to_owned())
    }

    /// Comes back later.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(503, "ServiceUnavailable", message.into())
    }

    /// The answer was lost; what was asked may have been done.
    pub fn timeout() -> Self {
        let message = "request did not complete within the requested timeout - context deadline exceeded";
        Self::new(504, "Timeout", message.to_owned())
    }

    /// The server could not do it, and has no word for it.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "", message.into())
    }

    /// The object breaks its schema or its rules.
    pub fn invalid(what: &str, name: &str, causes: Vec<Cause>) -> Self {
        let words: Vec<_> =
            causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let words = match words.as_slice() {
            [one] => one.clone(),
            all => format!("[{}]", all.join(", ")),
        };
        Self { causes, ..Self::new(422, "Invalid", format!("{what} {name:?} is invalid: {words}")) }
    }

    /// As the API server writes it.
    pub fn to_status(&self) -> Value {
        let causes: Vec<_> = self
            .causes
            .iter()
            .map(|cause| json!({ "reason": cause.reason, "message": cause.message, "field": cause.field }))
            .collect();
        json!({
            "apiVersion": "v1",
            "kind": "Status",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": { "causes": causes },
            "code": self.code,
        })
    }
}
