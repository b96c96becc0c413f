//! A hook for metrics and tests: what every single request did. No IO.

use std::fmt;
use std::time::Duration;

use crate::route::Route;
use crate::transport::Method;

/// Hears of every request after its answer came, or did not come. Retries are requests of their own.
///
/// Called on the task that made the call: count and return.
pub trait RequestObserver: Send + Sync {
    /// One request is over.
    fn observed(&self, request: &ObservedRequest<'_>);
}

impl<T: RequestObserver + ?Sized> RequestObserver for std::sync::Arc<T> {
    fn observed(&self, request: &ObservedRequest<'_>) {
        (**self).observed(request);
    }
}

/// One request. Method, route and result are bounded and may be labels.
#[derive(Clone, Debug)]
pub struct ObservedRequest<'a> {
    /// Method.
    pub method: Method,
    /// The path with placeholders instead of identifiers.
    pub route: Route,
    /// What came of it.
    pub result: ObservedResult,
    /// How long it took on the client's clock.
    pub duration: Duration,
    /// 1 for the first try.
    pub attempt: u32,
    /// Names the request in Microsoft's logs, when the answer said so.
    pub request_id: Option<&'a str>,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObservedResult {
    /// An answer with this status.
    Status(u16),
    /// No answer.
    NoAnswer,
}

impl fmt::Display for ObservedResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::NoAnswer => f.write_str("none"),
        }
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unobserved;

impl RequestObserver for Unobserved {
    fn observed(&self, _request: &ObservedRequest<'_>) {}
}
