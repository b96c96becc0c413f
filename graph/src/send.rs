//! Sends one call as often as its policy allows. Talks to the transport, the clock and the observer it was given.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Builder;

use crate::call::Shape;
use crate::clock::Clock;
use crate::error::{Error, Failure, Permission, classify, classify_fault};
use crate::observe::{ObservedRequest, ObservedResult, RequestObserver};
use crate::randomness::Randomness;
use crate::retry::{Outcome, RetryPolicy, Step, Tries, retry_after};
use crate::transport::{Connection, Fault, Request, Response, Transport};

/// Everything that sending needs from outside.
#[derive(Clone)]
pub(crate) struct Sender {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) observer: Arc<dyn RequestObserver>,
}

impl Sender {
    /// Sends `request` until it succeeds, may not be repeated, or the budget is spent.
    pub(crate) async fn send(
        &self,
        shape: &Shape,
        policy: &RetryPolicy,
        request: &Request,
    ) -> Result<Response, Error> {
        let mut tries = Tries::default();
        let mut connection = Connection::Any;
        loop {
            let attempt = tries.begin();
            let name = self.request_name();
            let (error, outcome) = match self.send_once(shape, request, attempt, connection, &name).await {
                Ok(response) if response.is_success() => return Ok(response),
                Ok(response) => self.refusal(shape, &response, &name),
                Err(fault) => {
                    let failure = Failure::of_fault(shape.method, shape.route, &fault, &name);
                    (classify_fault(shape, failure, &fault), Outcome::from(&fault))
                }
            };
            let random = self.randomness.next();
            match tries.after(policy, shape.repeat, shape.age, outcome, random) {
                Step::Stop => {
                    tell(&error, attempt);
                    return Err(error);
                }
                Step::Again { after, connection: next } => {
                    tracing::debug!(route = %shape.route, attempt, wait_ms = after.as_millis(), %error, "trying again");
                    connection = next;
                    self.clock.sleep(after).await;
                }
            }
        }
    }

    async fn send_once(
        &self,
        shape: &Shape,
        request: &Request,
        attempt: u32,
        connection: Connection,
        name: &str,
    ) -> Result<Response, Fault> {
        let mut request = Request { connection, ..request.clone() };
        request.headers.push("client-request-id", name);
        request.headers.push("return-client-request-id", "true");
        let begun = self.clock.now();
        let answer = self.transport.send(request).await;
        let request_id = answer.as_ref().ok().and_then(|response| response.headers.get("request-id"));
        let result = match &answer {
            Ok(response) => ObservedResult::Status(response.status),
            Err(_) => ObservedResult::NoAnswer,
        };
        let duration = elapsed(begun, self.clock.now());
        let diagnostic =
            answer.as_ref().ok().and_then(|response| response.headers.get("x-ms-ags-diagnostic"));
        tracing::debug!(
            method = %shape.method, route = %shape.route, %result, attempt,
            client_request_id = name, request_id, diagnostic, "request"
        );
        self.observer.observed(&ObservedRequest {
            method: shape.method,
            route: shape.route,
            result,
            duration,
            attempt,
            request_id,
        });
        answer
    }

    fn refusal(&self, shape: &Shape, response: &Response, name: &str) -> (Error, Outcome) {
        let after =
            response.headers.get("Retry-After").and_then(|value| retry_after(value, self.clock.now()));
        let location = response.headers.get("Location").map(str::to_owned);
        let failure = Failure::of_answer(shape.method, shape.route, response, name);
        let outcome = Outcome::Status { status: response.status, retry_after: after };
        (classify(shape, failure, after, location), outcome)
    }

    /// A name for one request, in the form of a random GUID.
    fn request_name(&self) -> String {
        let mut bytes = [0; 16];
        let (first, second) = bytes.split_at_mut(8);
        first.copy_from_slice(&self.randomness.next().to_be_bytes());
        second.copy_from_slice(&self.randomness.next().to_be_bytes());
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

/// The log has what Microsoft's support asks for and the text of an error leaves out: ids, times, the message as it came.
fn tell(error: &Error, attempts: u32) {
    let Some(failure) = error.failure() else { return };
    let (method, route) = (failure.method, failure.route);
    let (request_id, client_request_id) = (failure.request_id.as_deref(), failure.client_request_id.as_str());
    let message = failure.message.as_str();
    // Who looks before creating, or asks for what an application is never given, meets these every day.
    let expected = matches!(
        error,
        Error::NotFound(_)
            | Error::Conflict(_)
            | Error::Forbidden { permission: Permission::PersonOnly(_), .. }
    );
    if expected {
        tracing::debug!(%method, %route, attempts, request_id, client_request_id, message, %error, "a request failed");
    } else {
        tracing::warn!(%method, %route, attempts, request_id, client_request_id, message, %error, "a request failed");
    }
}

/// A clock that was set back gives no negative duration.
fn elapsed(begun: Timestamp, ended: Timestamp) -> Duration {
    Duration::try_from(ended.duration_since(begun)).unwrap_or(Duration::ZERO)
}
