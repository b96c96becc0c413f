//! The agent's token: joined with a short-lived one, renewed by the agent itself, kept in the state folder. Disk IO in [`TokenFile`].
//!
//! The API server checks tokens; here only their life is read, to renew them in time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

use crate::cluster::{Cluster, ClusterError};
use crate::journal_file::write_atomically;

/// Name of the token in the state folder.
pub const FILE_NAME: &str = "token";

/// Why there is no token to go on with.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not the form of a ServiceAccount's token.
    #[error(
        "expected a ServiceAccount's token, found {problem}; ask for one with `kubectl hybrid agent join NAME`"
    )]
    Malformed {
        /// What is wrong, without the token.
        problem: &'static str,
    },
    /// None that is still good.
    #[error(
        "expected a token that is still good, found {found}; ask for one with `kubectl hybrid agent join NAME`"
    )]
    None {
        /// What was found.
        found: String,
    },
    /// The disk refused.
    #[error("expected to {action} the token {}, found: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The cluster gave no new one.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

/// A token with what it says about itself. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    text: String,
    /// Namespace of its ServiceAccount.
    pub namespace: String,
    /// Name of its ServiceAccount.
    pub account: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({}/{} until {})", self.namespace, self.account, self.expires_at)
    }
}

impl Token {
    /// Reads what a token says about itself.
    ///
    /// # Errors
    /// [`TokenError::Malformed`]
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let malformed = |problem| TokenError::Malformed { problem };
        let text = text.trim();
        let mut parts = text.split('.');
        let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("text that is not three parts with dots between"));
        };
        let bytes = URL_SAFE_NO_PAD.decode(claims).map_err(|_| malformed("claims that are no Base64"))?;
        let claims: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|_| malformed("claims that are no JSON"))?;
        let instant =
            |name: &str| claims[name].as_i64().and_then(|second| Timestamp::from_second(second).ok());
        let subject = claims["sub"].as_str().unwrap_or_default();
        let mut names = subject.strip_prefix("system:serviceaccount:").unwrap_or_default().split(':');
        let (Some(namespace), Some(account), None) = (names.next(), names.next(), names.next()) else {
            return Err(malformed("a token of somebody who is no ServiceAccount"));
        };
        Ok(Self {
            text: text.to_owned(),
            namespace: namespace.to_owned(),
            account: account.to_owned(),
            issued_at: instant("iat").ok_or_else(|| malformed("no time of issue"))?,
            expires_at: instant("exp").ok_or_else(|| malformed("no end"))?,
        })
    }

    /// Less than a third of its life is left.
    pub fn wants_renewal(&self, now: Timestamp) -> bool {
        let life = self.expires_at.duration_since(self.issued_at);
        self.expires_at.duration_since(now) < life / 3
    }

    /// Its end has come.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }
}

/// The token in the state folder.
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
    token: Token,
}

impl TokenFile {
    /// Chooses the token that was issued last: the one in the state folder, renewed since the agent joined, or the one it is joined with
    /// now, after a rotation; and puts it into the state folder.
    ///
    /// # Errors
    /// [`TokenError`]
    pub fn open(state_folder: &Path, joined_with: Option<&str>, now: Timestamp) -> Result<Self, TokenError> {
        let path = state_folder.join(FILE_NAME);
        let stored = match std::fs::read_to_string(&path) {
            // A damaged file is no reason to refuse a good token.
            Ok(text) => Token::parse(&text).ok(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(TokenError::Io { action: "read", path, source }),
        };
        let joined = joined_with.map(Token::parse).transpose()?;
        let found = match (&stored, &joined) {
            (None, None) => "none".to_owned(),
            (stored, joined) => {
                let ends: Vec<String> =
                    stored.iter().chain(joined).map(|token| token.expires_at.to_string()).collect();
                format!("one that ended at {}", ends.join(" and one that ended at "))
            }
        };
        // Of another account the one that is given now is meant: the agent was joined again.
        let stored = stored.filter(|stored| {
            joined.as_ref().is_none_or(|joined| {
                (&joined.namespace, &joined.account) == (&stored.namespace, &stored.account)
                    || joined.is_over(now)
            })
        });
        let best =
            stored.into_iter().chain(joined).filter(|token| !token.is_over(now)).max_by_key(|t| t.issued_at);
        let token = best.ok_or(TokenError::None { found })?;
        let file = Self { path, token };
        file.store()?;
        Ok(file)
    }

    /// Where it is, for the client, which reads it again every minute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The token.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Renews the token when it is time; true when it did.
    ///
    /// # Errors
    /// [`TokenError`]; the old one is kept, and still good for a third of its life.
    pub async fn renew<C: Cluster>(
        &mut self,
        cluster: &C,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<bool, TokenError> {
        if !self.token.wants_renewal(now) {
            return Ok(false);
        }
        let fresh = Token::parse(&cluster.request_token(lifetime).await?)?;
        if fresh.expires_at <= self.token.expires_at {
            let left = fresh.expires_at.duration_since(now).max(SignedDuration::ZERO);
            tracing::warn!(?left, "the cluster gave no token that lasts longer");
        }
        self.token = fresh;
        self.store()?;
        Ok(true)
    }

    fn store(&self) -> Result<(), TokenError> {
        write_atomically(&self.path, self.token.text.as_bytes()).map_err(|source| TokenError::Io {
            action: "write",
            path: self.path.clone(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(account: &str, issued: i64, expires: i64) -> String {
        let claims = serde_json::json!({"sub": format!("system:serviceaccount:identity:{account}"), "iat": issued, "exp": expires});
        format!("aGVhZA.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn is_renewed_in_the_last_third_of_its_life() {
        let token = Token::parse(&token("sync01", 1000, 4000)).unwrap();
        assert_eq!((token.namespace.as_str(), token.account.as_str()), ("identity", "sync01"));
        assert!(!token.wants_renewal(at(3000)));
        assert!(token.wants_renewal(at(3001)));
        assert!(!token.is_over(at(3999)) && token.is_over(at(4000)));
        assert!(!format!("{token:?}").contains("aGVhZA"), "a token is never shown");
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_shown() {
        let user = URL_SAFE_NO_PAD.encode(r#"{"sub":"kubernetes-admin","iat":1,"exp":2}"#);
        for text in ["", "secret", "secret.secret.secret", &format!("a.{user}.b")] {
            let error = Token::parse(text).unwrap_err().to_string();
            assert!(error.contains("agent join NAME") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_renewed_token_is_stored_before_the_old_one_ends() {
        use crate::model::{Crash, ModelCluster};
        use futures::FutureExt as _;
        let folder = tempfile::tempdir().unwrap();
        let cluster = ModelCluster::new(Crash::default());
        let mut file = TokenFile::open(folder.path(), Some(&token("a", 0, 300)), at(0)).unwrap();
        let mut renew = |now| file.renew(&cluster, Duration::from_hours(1), at(now)).now_or_never().unwrap();
        assert!(!renew(150).unwrap(), "not before its last third");
        assert!(renew(250).is_err(), "the cluster gives none yet");
        cluster.state.lock().unwrap().token = Some(token("a", 260, 3860));
        assert!(renew(260).unwrap());
        assert!(!renew(270).unwrap());
        let again = TokenFile::open(folder.path(), None, at(280)).unwrap();
        assert_eq!(again.token().expires_at, at(3860));
    }

    #[test]
    fn the_token_that_was_issued_last_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let open = |joined: Option<&str>, now| TokenFile::open(folder.path(), joined, at(now));
        let error = open(None, 0).unwrap_err().to_string();
        assert!(error.contains("found none"), "{error}");
        let first = token("a", 0, 100);
        assert_eq!(open(Some(&first), 50).unwrap().token().expires_at, at(100));
        assert_eq!(open(None, 60).unwrap().token().expires_at, at(100), "it is in the state folder");
        write_atomically(&folder.path().join(FILE_NAME), token("a", 60, 500).as_bytes()).unwrap();
        let kept = open(Some(&first), 70).unwrap();
        assert_eq!(kept.token().expires_at, at(500), "the renewed one, not the one it was joined with");
        let rotated = token("a", 65, 300);
        assert_eq!(
            open(Some(&rotated), 70).unwrap().token().expires_at,
            at(300),
            "what ends later is dead since the rotation"
        );
        let other = token("b", 0, 200);
        assert_eq!(
            open(Some(&other), 80).unwrap().token().account,
            "b",
            "joined again under another account"
        );
        let over = open(None, 900).unwrap_err().to_string();
        assert!(over.contains("one that ended at 1970-01-01T00:03:20Z"), "{over}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join(FILE_NAME)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
