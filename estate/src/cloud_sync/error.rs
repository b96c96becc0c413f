//! Why cloud sync refused a call.

/// Kinds of refusal, as far as a caller can tell them apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// No such service principal, job or entry (HTTP 404); also a new service principal that is not visible yet.
    #[error("expected an existing {what}, found none with id {id}; it may not be visible yet")]
    NotFound {
        /// What was asked for.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The service principal is too young for synchronization calls (HTTP 409 or 403).
    #[error("expected a service principal that has settled, found one that was made moments ago; try again")]
    NotSettled,
    /// The request makes no sense (HTTP 400).
    #[error("{0}")]
    BadRequest(String),
}
