//! The narrow door to the network: one request in, one response out. No IO here; [`http`] does it.

pub mod http;

use std::fmt;

use futures::future::BoxFuture;

/// Carries one request to the service. A simulation plugs in here without sockets.
///
/// An answer of any status is `Ok`: what a status means, and whether to try again, is decided above.
pub trait Transport: Send + Sync {
    /// Sends one request, once.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when no answer came.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Fault>>;
}

impl<T: Transport + ?Sized> Transport for std::sync::Arc<T> {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Fault>> {
        (**self).send(request)
    }
}

/// A request.
#[derive(Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Absolute address.
    pub url: String,
    /// Headers, among them the token.
    pub headers: Headers,
    /// Body; empty for none.
    pub body: Vec<u8>,
    /// Ask for a connection that no earlier request used.
    pub connection: Connection,
}

impl fmt::Debug for Request {
    /// Headers and body are left out: they hold the token and secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// Which connection a request may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// Any, also one that is open already.
    #[default]
    Any,
    /// A new one. After a 503 the old one may lead to the same busy host for ever.
    /// Source: Microsoft, "Microsoft Graph error responses".
    New,
}

/// A response of any status.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Headers,
    /// Body; empty for none.
    pub body: Vec<u8>,
}

impl Response {
    /// True for 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// HTTP methods that Graph uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Read.
    Get,
    /// Act, or create.
    Post,
    /// Replace.
    Put,
    /// Change.
    Patch,
    /// Remove.
    Delete,
}

impl Method {
    /// The method on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Headers in order; names compare without regard to case.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The first value of a header.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Adds a header.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// All headers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        Self(headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing was sent: name resolution, connection or TLS handshake failed.
    #[error("expected a connection, found: {0}")]
    Unreachable(String),
    /// The request was sent, or part of it; whether it took effect is not known.
    #[error("expected an answer, found: {0}")]
    Broken(String),
    /// The request could not be built, or the answer is larger than is accepted. A repeat changes nothing.
    #[error("expected a request that can be sent and an answer that can be taken, found: {0}")]
    Invalid(String),
}
