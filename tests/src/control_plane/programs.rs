//! Where the programs are. `hack/tools.sh` alone knows how to find and build them; this runs it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::error::{Error, Result};
use crate::repository;
use crate::say::say;

/// A program that `make tools` provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The store.
    Etcd,
    /// The API server.
    ApiServer,
    /// The controllers that come with Kubernetes.
    ControllerManager,
    /// The command line client.
    Kubectl,
    /// Helm 4.
    Helm,
}

impl Program {
    /// The name of its file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Kubectl => "kubectl",
            Self::Helm => "helm",
        }
    }
}

/// The paths of `programs`, in their order. What is missing is built, which takes minutes the first time and is
/// told on stderr. Blocks.
///
/// # Errors
/// [`Error::Programs`] with what `hack/tools.sh` said.
pub fn find<const N: usize>(programs: [Program; N]) -> Result<[PathBuf; N]> {
    let script = repository().join("hack/tools.sh");
    let mut child = Command::new("bash")
        .arg(&script)
        .arg("--print")
        .args(programs.map(Program::name))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::io("running", &script))?;
    let said = child.stderr.take().map(forward).unwrap_or_default();
    let mut answer = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut answer).map_err(Error::io("reading the answer of", &script))?;
    }
    let status = child.wait().map_err(Error::io("waiting for", &script))?;
    let paths: Vec<PathBuf> = answer.lines().map(PathBuf::from).collect();
    match (status.success(), <[PathBuf; N]>::try_from(paths)) {
        (true, Ok(paths)) => Ok(paths),
        (true, Err(paths)) => {
            Err(Error::Programs(format!("{} named {} paths, expected {N}", script.display(), paths.len())))
        }
        (false, _) => Err(Error::Programs(said)),
    }
}

/// Passes on what the script says while it says it, and keeps it.
fn forward(stderr: impl Read) -> String {
    let mut said = String::new();
    for line in BufReader::new(stderr).lines().map_while(std::result::Result::ok) {
        say(&line);
        // Writing to a String cannot fail.
        let _ = writeln!(said, "{line}");
    }
    said
}
