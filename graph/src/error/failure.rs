//! One failed request, as far as people and programs need to know it. No IO.

use std::fmt;

use super::steady::steady;
use crate::resources::errors::ErrorAnswer;
use crate::resources::token::TokenError;
use crate::route::Route;
use crate::transport::{Fault, Method, Response};

/// Longest message that is kept. Messages of the service are for people and have no bound.
const MAX_MESSAGE: usize = 400;

/// One failed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Method.
    pub method: Method,
    /// The path with placeholders.
    pub route: Route,
    /// Status; none when no answer came.
    pub status: Option<u16>,
    /// Codes of the answer from outer to inner. Decide by these and the status, never by the message.
    pub codes: Vec<String>,
    /// For people, as the service said it.
    pub message: String,
    /// Names the request in Microsoft's logs.
    pub request_id: Option<String>,
    /// The name that this client gave to the request.
    pub client_request_id: String,
}

impl Failure {
    /// True when the answer has this code, at any depth.
    pub fn has_code(&self, code: &str) -> bool {
        self.codes.iter().any(|found| found.eq_ignore_ascii_case(code))
    }

    /// The failure that an answer describes.
    pub(crate) fn of_answer(
        method: Method,
        route: Route,
        answer: &Response,
        client_request_id: &str,
    ) -> Self {
        let mut failure = Self {
            method,
            route,
            status: Some(answer.status),
            codes: Vec::new(),
            message: String::new(),
            request_id: answer.headers.get("request-id").map(str::to_owned),
            client_request_id: client_request_id.to_owned(),
        };
        failure.read_body(&answer.body);
        failure
    }

    /// The failure of a request that got no answer.
    pub(crate) fn of_fault(method: Method, route: Route, fault: &Fault, client_request_id: &str) -> Self {
        Self {
            method,
            route,
            status: None,
            codes: Vec::new(),
            message: bounded(&fault.to_string()),
            request_id: None,
            client_request_id: client_request_id.to_owned(),
        }
    }

    fn read_body(&mut self, body: &[u8]) {
        if let Ok(ErrorAnswer { error, .. }) = serde_json::from_slice(body) {
            self.codes = error.codes().into_iter().map(str::to_owned).collect();
            self.message = bounded(error.message.text().unwrap_or_default());
            if self.request_id.is_none() {
                self.request_id = error.inner().and_then(|inner| inner.request_id.text()).map(str::to_owned);
            }
        } else if let Ok(answer) = serde_json::from_slice::<TokenError>(body) {
            let numbers = answer.error_codes.items().iter().map(|code| format!("AADSTS{code}"));
            self.codes = std::iter::once(answer.error.clone()).chain(numbers).collect();
            // Only the first line says what is wrong; the others repeat the ids.
            let description = answer.error_description.text().unwrap_or_default();
            self.message = bounded(description.lines().next().unwrap_or_default());
            if self.request_id.is_none() {
                self.request_id = answer.trace_id.text().map(str::to_owned);
            }
        } else {
            self.message = bounded(&String::from_utf8_lossy(body));
        }
    }
}

/// Without ids and times of the one request.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}:", self.method, self.route)?;
        if let Some(status) = self.status {
            write!(f, " {status}")?;
        }
        for code in &self.codes {
            write!(f, " {code}")?;
        }
        let ids = [self.request_id.as_deref().unwrap_or_default(), &self.client_request_id];
        let message = steady(&self.message, &ids);
        if message.is_empty() { Ok(()) } else { write!(f, " {message:?}") }
    }
}

fn bounded(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
