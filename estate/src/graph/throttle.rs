//! Limits of the service and its moods: request windows for each client, and answers that a fault replaces. Pure.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::error::GraphError;
use super::message::GraphRequest;
use crate::faults::{GraphFaults, ServerError};

/// A sliding window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RateLimit {
    /// Requests allowed inside the window.
    pub requests: u32,
    /// Length of the window.
    pub window: SignedDuration,
}

impl RateLimit {
    /// Logs and on-demand provisioning: 5 requests in 10 seconds for each client and tenant.
    /// Source: Microsoft, "Microsoft Graph service-specific throttling limits".
    pub const LOGS: Self = Self { requests: 5, window: SignedDuration::from_secs(10) };
}

/// The endpoints with a limit of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum LimitedEndpoint {
    Logs,
    OnDemand,
}

/// Which limit a path falls under.
pub(crate) fn limited_endpoint(segments: &[&str]) -> Option<LimitedEndpoint> {
    match segments {
        ["auditLogs", ..] => Some(LimitedEndpoint::Logs),
        [.., "provisionOnDemand"] => Some(LimitedEndpoint::OnDemand),
        _ => None,
    }
}

/// Counts requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Throttle {
    served: HashMap<(Uuid, LimitedEndpoint), VecDeque<Timestamp>>,
    total: u64,
}

impl Throttle {
    /// Counts a request against a client's window. Requests that are refused count as well.
    ///
    /// # Errors
    /// [`GraphError::Throttled`] with the seconds until the window has room.
    pub(crate) fn spend(
        &mut self,
        client: Uuid,
        endpoint: LimitedEndpoint,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<(), GraphError> {
        let served = self.served.entry((client, endpoint)).or_default();
        while served.front().is_some_and(|at| *at + limit.window <= now) {
            served.pop_front();
        }
        let full = served.len() >= limit.requests as usize;
        served.push_back(now);
        // Keep the window bounded while a client hammers on.
        while served.len() > limit.requests as usize {
            served.pop_front();
        }
        if !full {
            return Ok(());
        }
        let frees = served.front().map_or(now, |at| *at + limit.window);
        // Whole seconds, rounded up, and never none.
        let seconds = ((now.duration_until(frees).as_millis() + 999) / 1000).max(1);
        Err(GraphError::Throttled { retry_after: u32::try_from(seconds).ok() })
    }

    /// Counts a request against the faults that strike every n-th one.
    pub(crate) fn fault(&mut self, faults: &GraphFaults, request: &GraphRequest) -> Fault {
        if !concerns(faults, request) {
            return Fault::None;
        }
        self.total += 1;
        let strikes = |every: u32| every != 0 && self.total.is_multiple_of(u64::from(every));
        if strikes(faults.throttle_every) {
            Fault::Instead(GraphError::Throttled { retry_after: faults.retry_after_seconds })
        } else if strikes(faults.unavailable_every) {
            Fault::Instead(match faults.unavailable_as {
                ServerError::InternalServerError => GraphError::Internal,
                ServerError::BadGateway => GraphError::BadGateway,
                ServerError::ServiceUnavailable => GraphError::Unavailable,
                ServerError::GatewayTimeout => GraphError::GatewayTimeout,
            })
        } else if strikes(faults.lost_answer_every) {
            Fault::AnswerLost
        } else if strikes(faults.lost_request_every) {
            Fault::RequestLost
        } else if strikes(faults.cut_every) {
            Fault::Cut
        } else if strikes(faults.duplicate_request_every) {
            Fault::RequestTwice
        } else if strikes(faults.duplicate_answer_every) {
            Fault::AnswerTwice
        } else {
            Fault::None
        }
    }
}

/// Whether a request is one of those that the faults are for.
fn concerns(faults: &GraphFaults, request: &GraphRequest) -> bool {
    let method = || faults.only_methods.iter().any(|one| one.eq_ignore_ascii_case(request.method.as_str()));
    let path = || faults.only_paths.iter().any(|part| request.path.contains(part.as_str()));
    (faults.only_methods.is_empty() || method()) && (faults.only_paths.is_empty() || path())
}

/// What happens to a request before or after it is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It is answered with this and not carried out.
    Instead(GraphError),
    /// It is carried out and answered 504.
    AnswerLost,
    /// It never arrives.
    RequestLost,
    /// It is carried out, and nothing comes back.
    Cut,
    /// It is carried out twice.
    RequestTwice,
    /// Its answer names each object twice.
    AnswerTwice,
}
