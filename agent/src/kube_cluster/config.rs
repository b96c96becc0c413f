//! How the API server is reached: a kubeconfig, or server, token and certificate authority. Reads files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::token::{TokenError, TokenFile};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Where the API server is and who the agent is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// A kubeconfig; its token, if it has one, is what the agent is joined with.
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// The context, where it is not the current one.
        context: Option<String>,
    },
    /// The parts.
    Parts {
        /// Address, such as `https://10.0.0.1:6443`.
        server: String,
        /// File with the token the agent is joined with; may be gone once it has joined.
        token_file: Option<PathBuf>,
        /// File with the certificate authority; the system's where absent.
        ca_file: Option<PathBuf>,
    },
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The kubeconfig.
    #[error("expected a kubeconfig in {}, found: {problem}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The address.
    #[error(
        "expected the address of an API server such as `https://10.0.0.1:6443`, found {found:?}: {problem}"
    )]
    Server {
        /// What was given.
        found: String,
        /// What is wrong.
        problem: String,
    },
    /// A file.
    #[error("expected to read {}, found: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The client.
    #[error("expected a client for the API server, found: {0}")]
    Client(String),
}

/// A client, and the token it uses; none where the kubeconfig proves the agent's identity in another way (a certificate).
///
/// # Errors
/// [`ConfigError`]
pub async fn connect(
    connection: &Connection,
    state_folder: &Path,
    now: Timestamp,
) -> Result<(Client, Option<TokenFile>), ConfigError> {
    let (mut config, joined_with) = match connection {
        Connection::Kubeconfig { path, context } => kubeconfig(path, context.clone()).await?,
        Connection::Parts { server, token_file, ca_file } => {
            parts(server, token_file.as_deref(), ca_file.clone())?
        }
    };
    config.connect_timeout = Some(CONNECT);
    // Every caller has its own patience; a hidden one would hold up the work on the server.
    config.default_retry = false;
    let has_certificate =
        config.auth_info.client_certificate.is_some() || config.auth_info.client_certificate_data.is_some();
    let token = if has_certificate && joined_with.is_none() {
        None
    } else {
        let token = TokenFile::open(state_folder, joined_with.as_deref(), now)?;
        config.auth_info.token = None;
        config.auth_info.token_file = Some(token.path().display().to_string());
        Some(token)
    };
    let client = Client::try_from(config).map_err(|error| ConfigError::Client(error.to_string()))?;
    Ok((client, token))
}

async fn kubeconfig(path: &Path, context: Option<String>) -> Result<(Config, Option<String>), ConfigError> {
    let bad = |error: &dyn std::fmt::Display| ConfigError::Kubeconfig {
        path: path.to_owned(),
        problem: error.to_string(),
    };
    let file = Kubeconfig::read_from(path).map_err(|error| bad(&error))?;
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(file, &options).await.map_err(|error| bad(&error))?;
    let token = match (inline_token(&config), &config.auth_info.token_file) {
        (Some(token), _) => Some(token),
        (None, Some(file)) => read_token(Path::new(file))?,
        (None, None) => None,
    };
    Ok((config, token))
}

/// kube keeps the token in a type that gives its text to its serialised form only.
fn inline_token(config: &Config) -> Option<String> {
    let written = serde_json::to_value(&config.auth_info).ok()?;
    written["token"].as_str().map(str::to_owned)
}

fn parts(
    server: &str,
    token_file: Option<&Path>,
    ca_file: Option<PathBuf>,
) -> Result<(Config, Option<String>), ConfigError> {
    let bad = |problem: String| ConfigError::Server { found: server.to_owned(), problem };
    if !server.starts_with("https://") {
        return Err(bad("it must begin with `https://`".to_owned()));
    }
    let mut config = Config::new(server.parse().map_err(|error| bad(format!("{error}")))?);
    if let Some(path) = &ca_file {
        // Read here for a clear error; kube reads it again when it is rotated.
        std::fs::read(path).map_err(|source| ConfigError::File { path: path.clone(), source })?;
    }
    config.root_cert_file = ca_file;
    let token = token_file.map(read_token).transpose()?.flatten();
    Ok((config, token))
}

/// Once the agent has joined, the token it was joined with may be removed.
fn read_token(path: &Path) -> Result<Option<String>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::File { path: path.to_owned(), source }),
    }
}
