//! The Helm chart of this repository, rendered. Starts Helm.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde::Deserialize as _;
use serde_json::Value;

use crate::control_plane::{Error, Program, Result, find};
use crate::repository;

/// Name of the release wherever it is rendered here; with the chart's it makes the names of the objects.
pub const RELEASE: &str = "hybrid-identity-operator";

/// Namespace of the release.
pub const NAMESPACE: &str = "hybrid-identity";

/// The chart's folder.
pub fn folder() -> PathBuf {
    repository().join("charts/hybrid-identity-operator")
}

/// Runs Helm with `arguments`, the chart, and `further` arguments. Blocks.
///
/// # Errors
/// Where Helm is not there or cannot be started.
pub fn helm(arguments: &[&str], further: &[&str]) -> Result<Output> {
    let [helm] = find([Program::Helm])?;
    Command::new(&helm)
        .args(arguments)
        .arg(folder())
        .args(further)
        // Nothing of the user's own settings or cluster.
        .env_remove("KUBECONFIG")
        .env("HELM_CONFIG_HOME", repository().join("target/helm"))
        .output()
        .map_err(Error::io("running", helm))
}

/// `helm template`: every object, as JSON. Blocks.
///
/// # Errors
/// What Helm says against it.
pub fn template(further: &[&str]) -> Result<Vec<Value>> {
    let fixed = ["template", RELEASE, "--namespace", NAMESPACE, "--kube-version", "1.36.0"];
    let output = helm(&fixed, further)?;
    let wrong = |reason: String| Error::Manifest { path: folder(), reason };
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(wrong(format!("{text}{}", String::from_utf8_lossy(&output.stderr))));
    }
    let objects: std::result::Result<Vec<Value>, _> =
        serde_yaml::Deserializer::from_str(&text).map(Value::deserialize).collect();
    let objects = objects.map_err(|error| wrong(error.to_string()))?;
    Ok(objects.into_iter().filter(|object| !object.is_null()).collect())
}
