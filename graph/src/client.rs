//! The client: its parts, and the way of one call through them. IO only through the transport it is given.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::clock::Clock;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, Failure};
use crate::observe::{RequestObserver, Unobserved};
use crate::randomness::{Randomness, ThreadRandomness};
use crate::send::Sender;
use crate::token::{Token, Tokens};
use crate::transport::{Connection, Request, Response, Transport};

/// A client of Microsoft Graph for one tenant. Clones share the token.
///
/// Calls are grouped by area: `client.synchronization(&service_principal).jobs().await?`.
#[derive(Clone)]
pub struct GraphClient {
    config: Arc<Config>,
    sender: Sender,
    tokens: Arc<Tokens>,
}

impl GraphClient {
    /// A client. Nothing is sent before the first call.
    ///
    /// Jitter and request ids come from the generator of the thread unless
    /// [`with_randomness`](Self::with_randomness) says otherwise.
    pub fn new(
        config: Config,
        transport: impl Transport + 'static,
        credentials: impl Credentials + 'static,
        clock: impl Clock + 'static,
    ) -> Self {
        Self {
            config: Arc::new(config),
            sender: Sender {
                transport: Arc::new(transport),
                clock: Arc::new(clock),
                randomness: Arc::new(ThreadRandomness),
                observer: Arc::new(Unobserved),
            },
            tokens: Arc::new(Tokens::new(Arc::new(credentials))),
        }
    }

    /// The same client with another source of randomness, for runs that can be replayed.
    #[must_use]
    pub fn with_randomness(mut self, randomness: impl Randomness + 'static) -> Self {
        self.sender.randomness = Arc::new(randomness);
        self
    }

    /// The same client with somebody who hears of every request.
    #[must_use]
    pub fn with_observer(mut self, observer: impl RequestObserver + 'static) -> Self {
        self.sender.observer = Arc::new(observer);
        self
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Makes a call and reads its answer.
    pub(crate) async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        let response = self.execute(call).await?;
        serde_json::from_slice(&response.body)
            .map_err(|error| unreadable(call, &response, &error.to_string()))
    }

    /// Makes a call whose answer does not matter.
    pub(crate) async fn act(&self, call: &Call) -> Result<(), Error> {
        self.execute(call).await.map(drop)
    }

    /// Makes a call that answers a number as plain text.
    pub(crate) async fn count(&self, call: &Call) -> Result<u64, Error> {
        let response = self.execute(call).await?;
        let text = String::from_utf8_lossy(&response.body);
        // The text may begin with a byte order mark.
        let number = text.trim_start_matches('\u{feff}').trim();
        number.parse().map_err(|_| unreadable(call, &response, "no number"))
    }

    async fn execute(&self, call: &Call) -> Result<Response, Error> {
        let url = call.url(&self.config.graph)?;
        let token = self.tokens.get(&self.sender, &self.config).await?;
        match self.send(call, &url, &token).await {
            // A token can be withdrawn before it expires: once, and only once, another one is tried.
            Err(Error::Unauthorized(_)) => {
                self.tokens.reject(&token).await;
                let token = self.tokens.get(&self.sender, &self.config).await?;
                self.send(call, &url, &token).await
            }
            outcome => outcome,
        }
    }

    async fn send(&self, call: &Call, url: &str, token: &Token) -> Result<Response, Error> {
        let mut headers = call.headers();
        headers.push("User-Agent", self.config.user_agent.as_str());
        headers.push("Authorization", format!("Bearer {}", token.text()));
        let request = Request {
            method: call.shape.method,
            url: url.to_owned(),
            headers,
            body: call.body().to_vec(),
            connection: Connection::Any,
        };
        self.sender.send(&call.shape, &self.config.retry, &request).await
    }
}

impl std::fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GraphClient").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A success that cannot be read. The body is left out: it may hold personal data.
fn unreadable(call: &Call, response: &Response, reason: &str) -> Error {
    let named = response.headers.get("client-request-id").unwrap_or_default();
    let bare = Response { body: Vec::new(), ..response.clone() };
    let mut failure = Failure::of_answer(call.shape.method, call.shape.route, &bare, named);
    failure.message = format!("an answer that cannot be read: {reason}");
    Error::Unexpected(Box::new(failure))
}

#[cfg(test)]
mod tests;
