//! Keeps one access token and renews it in time. Talks to the login service through the sender it is given.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::call::{Reading, Shape};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::encoding::encode_form;
use crate::error::{Error, Failure, Permission};
use crate::resources::token::TokenAnswer;
use crate::retry::{Age, Repeat};
use crate::route::Route;
use crate::send::Sender;
use crate::transport::{Connection, Headers, Method, Request, Response};
use crate::value::Sensitive;

/// A token is renewed this long before it expires, or at half of a shorter life.
const RENEW_BEFORE: Duration = Duration::from_mins(5);

/// After a renewal that failed while the old token is still good, the next one waits this long.
const RENEW_AGAIN: Duration = Duration::from_secs(30);

const TOKEN: Shape = Shape {
    method: Method::Post,
    route: Route { version: None, template: "/{tenant}/oauth2/v2.0/token" },
    // A token that nobody uses harms nobody.
    repeat: Repeat::Harmless,
    age: Age::Settled,
    permission: Permission::Application("client credentials"),
    reading: Reading::Plain,
};

/// An access token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    text: Sensitive,
    renew: Timestamp,
    expires: Timestamp,
    serial: u64,
}

impl Token {
    pub(crate) fn text(&self) -> &str {
        self.text.reveal()
    }
}

/// The token of one client. Callers that need a new one wait for the same request.
pub(crate) struct Tokens {
    credentials: Arc<dyn Credentials>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<Token>,
    serial: u64,
}

impl Tokens {
    pub(crate) fn new(credentials: Arc<dyn Credentials>) -> Self {
        Self { credentials, kept: Mutex::default() }
    }

    /// A token that is good for now.
    pub(crate) async fn get(&self, sender: &Sender, config: &Config) -> Result<Token, Error> {
        let mut kept = self.kept.lock().await;
        let now = sender.clock.now();
        match kept.token.take() {
            Some(token) if now < token.renew => Ok(kept.keep(token)),
            Some(token) if now < token.expires => {
                // Good for some minutes yet: one try, and a login service that is away harms nobody meanwhile.
                match self.fetch(sender, config, &kept, true).await {
                    Ok(renewed) => Ok(kept.keep(renewed)),
                    Err(error) => {
                        tracing::warn!(%error, "the access token could not be renewed in time; the old one stays in use");
                        let renew = now.saturating_add(RENEW_AGAIN).unwrap_or(token.expires);
                        Ok(kept.keep(Token { renew, ..token }))
                    }
                }
            }
            _ => {
                let token = self.fetch(sender, config, &kept, false).await?;
                Ok(kept.keep(token))
            }
        }
    }

    /// Forgets a token that the service refused, unless another one has taken its place.
    pub(crate) async fn reject(&self, refused: &Token) {
        let mut kept = self.kept.lock().await;
        if kept.token.as_ref().is_some_and(|token| token.serial == refused.serial) {
            kept.token = None;
        }
    }

    async fn fetch(&self, sender: &Sender, config: &Config, kept: &Kept, once: bool) -> Result<Token, Error> {
        let url = format!("{}/{}/oauth2/v2.0/token", config.login, config.tenant);
        let proof = self.credentials.proof(&url).await?;
        let scope = format!("{}/.default", config.graph);
        let mut fields = vec![("grant_type", "client_credentials"), ("scope", scope.as_str())];
        fields.extend(proof.fields());
        let request = Request {
            method: Method::Post,
            url,
            headers: Headers::from_iter([
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Accept", "application/json"),
                ("User-Agent", config.user_agent.as_str()),
            ]),
            body: encode_form(&fields).into_bytes(),
            connection: Connection::Any,
        };
        let policy = if once { config.retry.once() } else { config.retry };
        let response = sender.send(&TOKEN, &policy, &request).await.map_err(refused_credential)?;
        read(&response, sender.clock.now(), kept.serial.wrapping_add(1))
    }
}

impl Kept {
    fn keep(&mut self, token: Token) -> Token {
        self.serial = token.serial;
        self.token = Some(token.clone());
        token
    }
}

fn read(response: &Response, now: Timestamp, serial: u64) -> Result<Token, Error> {
    let answer: TokenAnswer = serde_json::from_slice(&response.body).map_err(|error| {
        // The body is left out: it may be a token in an unknown form.
        let mut failure = Failure::of_answer(
            Method::Post,
            TOKEN.route,
            &Response { body: Vec::new(), ..response.clone() },
            "",
        );
        failure.message = format!("expected a token answer, found: {error}");
        Error::Unexpected(Box::new(failure))
    })?;
    let life = SignedDuration::from_secs(answer.expires_in.into());
    let early = SignedDuration::try_from(RENEW_BEFORE).unwrap_or(SignedDuration::ZERO).min(life / 2);
    Ok(Token {
        text: answer.access_token,
        renew: now.saturating_add(life - early).unwrap_or(now),
        expires: now.saturating_add(life).unwrap_or(now),
        serial,
    })
}

/// The login service answers 400 where others answer 401.
fn refused_credential(error: Error) -> Error {
    match error {
        Error::BadRequest(failure) | Error::Forbidden { failure, .. } => Error::Unauthorized(failure),
        other => other,
    }
}

#[cfg(test)]
mod tests;
