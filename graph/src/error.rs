//! What can go wrong with a call, by what to do about it. No IO.

mod classify;
mod failure;
mod steady;

use std::fmt;
use std::time::Duration;

pub(crate) use classify::{classify, classify_fault};
pub use failure::Failure;

use crate::credentials::CredentialError;
use crate::delta::DeltaLink;

/// A call that did not succeed. Each class asks for something else from the caller.
///
/// Its text holds nothing that belongs to the one request: the same failure has the same text again, so that it can stand in a
/// status. Ids and times are in [`Failure`], and in the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The token was refused, or none was given out.
    #[error(
        "expected a valid credential, found {0}; check that it has not expired and belongs to this tenant"
    )]
    Unauthorized(Box<Failure>),
    /// The token is good but lacks a permission.
    #[error("expected permission for this call, found {failure}; {permission}")]
    Forbidden {
        /// What happened.
        failure: Box<Failure>,
        /// What the call needs.
        permission: Permission,
    },
    /// The object is not there, or not yet.
    #[error("expected an object, found {0}; check its id, and if it was just created wait and look again")]
    NotFound(Box<Failure>),
    /// The object is in another state than the call needs.
    #[error("expected a state that allows this, found {0}; read the current state and decide again")]
    Conflict(Box<Failure>),
    /// Too many calls. The budget of this call is spent.
    #[error("expected room for another call, found {failure}; try again later")]
    Throttled {
        /// What happened.
        failure: Box<Failure>,
        /// How long the service wants to be left alone, when it said so.
        retry_after: Option<Duration>,
    },
    /// The service did not answer, or not well. The budget of this call is spent.
    #[error("expected an answer, found {failure}; {effect}")]
    Unavailable {
        /// What happened.
        failure: Box<Failure>,
        /// Whether the call may have taken effect.
        effect: Effect,
    },
    /// The delta link is too old or was withdrawn.
    #[error(
        "expected a delta link that is still valid, found {failure}; forget it and read everything again"
    )]
    DeltaExpired {
        /// What happened.
        failure: Box<Failure>,
        /// Where reading everything begins, when the service said so.
        resync: Option<DeltaLink>,
    },
    /// The link to the next page is no longer valid.
    #[error(
        "expected a link to the next page that is still valid, found {0}; begin again with the first page"
    )]
    PageExpired(Box<Failure>),
    /// The service does not accept the request.
    #[error(
        "expected an acceptable request, found {0}; a repeat changes nothing, correct what the answer names"
    )]
    BadRequest(Box<Failure>),
    /// An answer that nobody expects.
    #[error("expected a documented answer, found {0}; report it with the request id that the log has")]
    Unexpected(Box<Failure>),
    /// The client itself refused: nothing was sent.
    #[error("{0}")]
    Refused(String),
    /// The credential could not be read.
    #[error(transparent)]
    Credential(#[from] CredentialError),
}

impl Error {
    /// A bounded label for metrics.
    pub fn metric_label(&self) -> &'static str {
        match self {
            Self::Unauthorized(_) => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::Conflict(_) => "conflict",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable { .. } => "unavailable",
            Self::DeltaExpired { .. } => "delta_expired",
            Self::PageExpired(_) => "page_expired",
            Self::BadRequest(_) => "bad_request",
            Self::Unexpected(_) => "unexpected",
            Self::Refused(_) => "refused",
            Self::Credential(_) => "credential",
        }
    }

    /// What happened, when a request was sent.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Unauthorized(failure)
            | Self::Forbidden { failure, .. }
            | Self::NotFound(failure)
            | Self::Conflict(failure)
            | Self::Throttled { failure, .. }
            | Self::Unavailable { failure, .. }
            | Self::DeltaExpired { failure, .. }
            | Self::PageExpired(failure)
            | Self::BadRequest(failure)
            | Self::Unexpected(failure) => Some(failure),
            Self::Refused(_) | Self::Credential(_) => None,
        }
    }

    /// True when the object is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }

    /// True when waiting may be all that is needed.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unavailable { .. })
    }

    /// True when the call may have taken effect although it failed: look before repeating it.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Unavailable { effect, .. } => *effect == Effect::Unknown,
            // An answer that cannot be read is still the answer to a request that was carried out.
            Self::Unexpected(failure) => failure.status.is_none_or(|status| status < 300),
            _ => false,
        }
    }
}

/// Whether a call took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It did not; or it only reads; or a repeat is harmless.
    Harmless,
    /// Nobody knows.
    Unknown,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Harmless => "try again later",
            Self::Unknown => "it may have taken effect: look for its result before repeating it",
        })
    }
}

/// What a call needs. Source: the "Permissions" table of each call's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// An application permission; the least one that is documented.
    Application(&'static str),
    /// By the reference only a signed-in person may call it.
    PersonOnly(&'static str),
    /// What the parts of a batch need.
    OfParts,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application(name) => {
                write!(f, "grant the application permission {name} with admin consent")
            }
            Self::PersonOnly(name) => {
                write!(
                    f,
                    "by the reference only a signed-in person with {name} may call it: treat the state as unknown"
                )
            }
            Self::OfParts => f.write_str("grant what the parts of the batch need"),
        }
    }
}

#[cfg(test)]
mod tests;
