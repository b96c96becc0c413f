//! What can go wrong with a demo. No IO.

use std::path::PathBuf;

/// The result of everything in the demo.
pub type Result<T> = std::result::Result<T, DemoError>;

/// Why a demo could not be run. That it ran and ended badly is no error: see [`super::Outcome`].
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The control plane.
    #[error(transparent)]
    ControlPlane(#[from] crate::control_plane::Error),
    /// A program of this project has not been built.
    #[error("expected the program {} to be built, found none: run `cargo build --workspace --bins` first", .0.display())]
    NotBuilt(PathBuf),
    /// The cluster has something of this product already.
    #[error(
        "expected a cluster without this product, found {what} in the one that KUBECONFIG names: it may be at work there. \
         Unset KUBECONFIG, and a control plane is started here"
    )]
    Occupied {
        /// What is there.
        what: String,
    },
    /// A file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The estate does not answer.
    #[error("the estate does not answer at {url}: {source}")]
    Estate {
        /// What was asked.
        url: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The estate refuses.
    #[error("the estate refuses {url}: {text}")]
    Refused {
        /// What was asked.
        url: String,
        /// Its words.
        text: String,
    },
    /// Somebody answers something else than agreed.
    #[error("the answer from {from} cannot be read: {source}")]
    Answer {
        /// Who.
        from: String,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// `kubectl-hybrid agent join` failed.
    #[error("`kubectl-hybrid {arguments}` failed: {said}")]
    Cli {
        /// What was asked.
        arguments: String,
        /// What it said.
        said: String,
    },
}

impl DemoError {
    /// For `map_err` on calls of the estate.
    pub(super) fn estate(url: &str) -> impl FnOnce(reqwest::Error) -> Self {
        let url = url.to_owned();
        move |source| Self::Estate { url, source }
    }
}
