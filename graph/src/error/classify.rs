//! From a failed request to what to do about it. No IO.

use std::time::Duration;

use super::{Effect, Error, Failure};
use crate::call::{Reading, Shape};
use crate::delta::DeltaLink;
use crate::retry::Repeat;
use crate::transport::Fault;

/// Codes that mean "read everything again", with whatever status.
/// Source: Microsoft, "Use delta query to track changes in Microsoft Graph data".
const RESYNC_CODES: [&str; 2] = ["syncStateNotFound", "resyncRequired"];

/// The class of a request that got no answer.
pub(crate) fn classify_fault(shape: &Shape, failure: Failure, fault: &Fault) -> Error {
    let failure = Box::new(failure);
    match fault {
        Fault::Unreachable(_) => Error::Unavailable { failure, effect: Effect::Harmless },
        Fault::Broken(_) => Error::Unavailable { failure, effect: effect(shape) },
        Fault::Invalid(_) => Error::Unexpected(failure),
    }
}

/// The class of an answer that is not a success. `retry_after` and `location` are its headers.
pub(crate) fn classify(
    shape: &Shape,
    failure: Failure,
    retry_after: Option<Duration>,
    location: Option<String>,
) -> Error {
    let failure = Box::new(failure);
    let Some(status) = failure.status else {
        return Error::Unexpected(failure);
    };
    if shape.reading.is_delta() && is_resync(shape, status, &failure) {
        return Error::DeltaExpired { failure, resync: location.map(DeltaLink::new) };
    }
    match status {
        400 if shape.reading == Reading::NextPage => Error::PageExpired(failure),
        401 => Error::Unauthorized(failure),
        403 => Error::Forbidden { failure, permission: shape.permission },
        404 => Error::NotFound(failure),
        409 | 412 => Error::Conflict(failure),
        429 => Error::Throttled { failure, retry_after },
        408 | 500 | 502..=504 => Error::Unavailable { effect: effect(shape), failure },
        400 | 402..=499 | 501 => Error::BadRequest(failure),
        _ => Error::Unexpected(failure),
    }
}

/// A link that the service itself made can be refused with 400 for one reason only: it is no longer valid.
fn is_resync(shape: &Shape, status: u16, failure: &Failure) -> bool {
    status == 410
        || RESYNC_CODES.iter().any(|code| failure.has_code(code))
        || (status == 400 && shape.reading == Reading::DeltaLink)
}

fn effect(shape: &Shape) -> Effect {
    match shape.repeat {
        Repeat::Harmless => Effect::Harmless,
        Repeat::OnlyIfRefused => Effect::Unknown,
    }
}
