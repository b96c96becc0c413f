//! What can go wrong with a control plane. No IO.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a control plane could not be started, used or read. `Debug` prints the same sentence as `Display`, so that
/// `unwrap()` in a test shows it in full.
#[derive(thiserror::Error)]
pub enum Error {
    /// The programs are not there and could not be built.
    #[error(
        "the programs of the control plane are not there and could not be built; \
         run `make tools`, or set KUBEBUILDER_ASSETS or KUBECONFIG\n{0}"
    )]
    Programs(String),
    /// A program ended by itself, during the start or later.
    #[error("{program} ended ({status}); the end of its log:\n{log}")]
    Ended {
        /// Which program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines that it wrote.
        log: String,
    },
    /// All programs run, but the control plane did not become ready.
    #[error("the control plane was not ready after {} s: {reason}; the end of the API server's log:\n{log}", limit.as_secs())]
    NotReady {
        /// How long was waited.
        limit: Duration,
        /// What was still missing.
        reason: String,
        /// The last lines that the API server wrote.
        log: String,
    },
    /// KUBECONFIG is set and cannot be used.
    #[error(
        "KUBECONFIG is '{value}', which cannot be used ({reason}): correct it, or unset it to start a control plane here"
    )]
    Kubeconfig {
        /// The value of the variable.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The audit log was asked of a cluster that somebody else runs.
    #[error("the audit log can be read only of a control plane that was started here: unset KUBECONFIG")]
    NoAuditLog,
    /// A line of the audit log is not an event.
    #[error("line {line} of the audit log is not an event: {source}")]
    AuditLine {
        /// The line, counted from 1 where the reading began.
        line: usize,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// More groups than a certificate can carry.
    #[error(
        "user {user} has {found} groups, expected at most {limit}: a client certificate made here carries no more"
    )]
    TooManyGroups {
        /// The user.
        user: String,
        /// How many groups were asked for.
        found: usize,
        /// How many are possible.
        limit: usize,
    },
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A manifest is not YAML, or not an object with a name.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The API server refused, or could not be reached.
    #[error("{action}: {}", answer(source))]
    Kube {
        /// What was tried.
        action: String,
        /// The answer. Its text contains its own causes.
        source: Box<kube::Error>,
    },
    /// Something was waited for in vain.
    #[error("waited {} s for {what}", limit.as_secs())]
    Waited {
        /// What was waited for.
        what: String,
        /// How long.
        limit: Duration,
    },
    /// The file system or the operating system refused.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried, a verb that the path follows.
        action: &'static str,
        /// The file, folder or program concerned.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// What another caller met when it started the shared control plane.
    #[error("the shared control plane could not be started: {0}")]
    Shared(&'static Error),
}

impl Error {
    /// For `map_err` on calls of the API server.
    pub fn kube(action: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        move |source| Self::Kube { action: action.into(), source: Box::new(source) }
    }

    /// For `map_err` on calls of the operating system.
    pub(crate) fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.as_ref().to_owned(), source }
    }
}

/// What the API server says, without the status object around it.
fn answer(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        other => other.to_string(),
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
