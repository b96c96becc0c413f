//! What a caller gets to see of a request when the way to the service or the service itself is not in order. No IO.

use serde_json::Value;

use super::error::GraphError;
use super::message::{Body, GraphRequest, GraphResponse};
use super::throttle::Fault;
use super::{Graph, finish};
use crate::estate::Estate;

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub enum Exchange {
    /// An answer.
    Answered(GraphResponse),
    /// Nothing: the connection broke, before the request arrived or after it was carried out. The caller cannot tell.
    NoAnswer,
}

impl Graph {
    /// Sends one request to Graph, `$batch` included.
    pub fn exchange(&mut self, estate: &mut Estate, request: &GraphRequest) -> Exchange {
        match Self::batch_version(request) {
            Some(version) => Exchange::Answered(self.batch(estate, version, request)),
            None => self.single(estate, request),
        }
    }

    /// Answers one request to Graph, `$batch` included. Where no answer would come back, it is what a gateway says then.
    pub fn handle(&mut self, estate: &mut Estate, request: &GraphRequest) -> GraphResponse {
        match self.exchange(estate, request) {
            Exchange::Answered(response) => response,
            Exchange::NoAnswer => self.refusal(estate, request, GraphError::GatewayTimeout),
        }
    }

    /// One request, or one part of a batch.
    fn single(&mut self, estate: &mut Estate, request: &GraphRequest) -> Exchange {
        let request_id = self.identifiers.next_id();
        let struck = self.throttle.fault(estate.world.faults.graph_at(estate.now()), request);
        let response = match struck {
            Fault::None => self.answer(estate, request),
            Fault::Instead(error) => Err(error),
            Fault::AnswerLost => {
                // The work is done; only the caller does not learn of it.
                drop(self.answer(estate, request));
                Err(GraphError::GatewayTimeout)
            }
            Fault::RequestLost => return Exchange::NoAnswer,
            Fault::Cut => {
                drop(self.answer(estate, request));
                return Exchange::NoAnswer;
            }
            Fault::RequestTwice => {
                drop(self.answer(estate, request));
                self.answer(estate, request)
            }
            Fault::AnswerTwice => self.answer(estate, request).map(each_object_twice),
        };
        let now = Self::clock(estate);
        let response =
            response.unwrap_or_else(|error| error.into_response(now, request_id, &request.headers));
        Exchange::Answered(finish(response, now, request_id, request))
    }

    /// One part of a batch: the batch itself arrives, so a part without an answer has timed out inside.
    pub(super) fn part(&mut self, estate: &mut Estate, request: &GraphRequest) -> GraphResponse {
        match self.single(estate, request) {
            Exchange::Answered(response) => response,
            Exchange::NoAnswer => self.refusal(estate, request, GraphError::GatewayTimeout),
        }
    }

    fn refusal(&mut self, estate: &Estate, request: &GraphRequest, error: GraphError) -> GraphResponse {
        let (now, request_id) = (Self::clock(estate), self.identifiers.next_id());
        finish(error.into_response(now, request_id, &request.headers), now, request_id, request)
    }
}

/// An answer whose list names each of its objects twice; any other answer as it is.
fn each_object_twice(mut response: GraphResponse) -> GraphResponse {
    if let Body::Json(body) = &mut response.body
        && let Some(list) = body.get_mut("value").and_then(Value::as_array_mut)
    {
        *list = list.drain(..).flat_map(|object| [object.clone(), object]).collect();
    }
    response
}
