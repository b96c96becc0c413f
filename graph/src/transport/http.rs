//! The transport over HTTP: reqwest with rustls. This file does network IO, and nothing else in this crate does.

use std::sync::Once;
use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::{Certificate, Client, ClientBuilder, redirect};

use super::{Connection, Fault, Headers, Method, Request, Response, Transport};

/// Largest answer that is taken. A schema has at most 4 MB; a page of 999 users stays below 10 MB.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Settings of the transport.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Certificates to trust besides those of the platform: PEM, one or several.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a request with its answer may take.
    pub request_timeout: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            extra_ca_pem: None,
            connect_timeout: Duration::from_secs(10),
            // Microsoft's own clients wait 100 seconds; large schemas are slow to answer.
            request_timeout: Duration::from_secs(100),
        }
    }
}

/// The transport could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    /// The extra certificates are no PEM.
    #[error("expected certificates in PEM form as extra CA, found something else; check the file")]
    ExtraCa(#[source] reqwest::Error),
    /// TLS could not be set up.
    #[error("expected a usable TLS configuration, found none; check the CA certificates of this host")]
    Tls(#[source] reqwest::Error),
}

/// The transport over HTTP.
///
/// Redirects are not followed: Graph answers none on these calls, and one could carry the token elsewhere.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    pooled: Client,
    unpooled: Client,
}

impl HttpTransport {
    /// Sets the transport up, and rustls with the ring provider if no other is installed in this process.
    ///
    /// # Errors
    ///
    /// The certificates cannot be read, or TLS cannot be set up.
    pub fn new(options: &HttpOptions) -> Result<Self, HttpSetupError> {
        install_ring();
        let extra = match &options.extra_ca_pem {
            Some(pem) => Certificate::from_pem_bundle(pem).map_err(HttpSetupError::ExtraCa)?,
            None => Vec::new(),
        };
        let builder = || -> ClientBuilder {
            let builder = Client::builder()
                .connect_timeout(options.connect_timeout)
                .timeout(options.request_timeout)
                .redirect(redirect::Policy::none());
            if extra.is_empty() { builder } else { builder.tls_certs_merge(extra.clone()) }
        };
        let pooled = builder().build().map_err(HttpSetupError::Tls)?;
        let unpooled = builder().pool_max_idle_per_host(0).build().map_err(HttpSetupError::Tls)?;
        Ok(Self { pooled, unpooled })
    }

    async fn exchange(&self, request: Request) -> Result<Response, Fault> {
        let client = match request.connection {
            Connection::Any => &self.pooled,
            Connection::New => &self.unpooled,
        };
        let mut builder = client.request(method(request.method), &request.url);
        for (name, value) in request.headers.iter() {
            builder = builder.header(name, value);
        }
        if !request.body.is_empty() || matches!(request.method, Method::Post | Method::Put | Method::Patch) {
            builder = builder.body(request.body);
        }
        let mut answer = builder.send().await.map_err(|error| fault(&error))?;
        let status = answer.status().as_u16();
        let headers: Headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| fault(&error))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Fault::Invalid(format!("an answer of more than {MAX_ANSWER} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, body })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Fault>> {
        Box::pin(self.exchange(request))
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// The address is taken out of the message: it may hold identifiers, and the caller names the route anyway.
fn fault(error: &reqwest::Error) -> Fault {
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(inner) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    if text.is_empty() {
        text = if error.is_timeout() { "a timeout".to_owned() } else { "a request that failed".to_owned() };
    }
    if error.is_builder() {
        Fault::Invalid(text)
    } else if error.is_connect() {
        Fault::Unreachable(text)
    } else {
        Fault::Broken(text)
    }
}

/// Installs the ring provider for the whole process, once. Another provider that is already there stays.
fn install_ring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::debug!("a TLS provider is already installed; it stays");
        }
    });
}

#[cfg(test)]
mod tests;
