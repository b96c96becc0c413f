//! Runs Helm on the chart. Starts processes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize as _;
use serde_json::Value;
use tests::control_plane::{Program, find};

/// Name of the release in all tests; with the chart's it makes the names of the objects.
pub(super) const RELEASE: &str = "hybrid-identity-operator";

/// Namespace of the release.
pub(super) const NAMESPACE: &str = "hybrid-identity";

pub(super) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

pub(super) fn chart() -> PathBuf {
    repository().join("charts/hybrid-identity-operator")
}

/// The values that are tried beside the default ones, by name.
pub(super) fn variants() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(chart().join("ci")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 3, "{paths:?}");
    paths
}

fn run(arguments: &[&str], further: &[&str]) -> Output {
    let [helm] = find([Program::Helm]).unwrap();
    let output = Command::new(helm)
        .args(arguments)
        .arg(chart())
        .args(further)
        // Nothing of the user's own settings or cluster.
        .env_remove("KUBECONFIG")
        .env("HELM_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"))
        .output();
    output.unwrap()
}

fn outcome(output: Output) -> Result<String, String> {
    let errors = String::from_utf8(output.stderr).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    if output.status.success() { Ok(text) } else { Err(format!("{text}{errors}")) }
}

/// `helm lint --strict`.
pub(super) fn lint(further: &[&str]) -> Result<String, String> {
    outcome(run(&["lint", "--strict"], further))
}

/// `helm template`: every object, as JSON.
pub(super) fn template(further: &[&str]) -> Result<Vec<Value>, String> {
    let fixed = ["template", RELEASE, "--namespace", NAMESPACE, "--kube-version", "1.36.0"];
    let text = outcome(run(&fixed, further))?;
    let documents = serde_yaml::Deserializer::from_str(&text);
    let objects = documents.map(|document| Value::deserialize(document).unwrap());
    Ok(objects.filter(|object| !object.is_null()).collect())
}

/// What `helm install` would say at the end.
pub(super) fn notes(further: &[&str]) -> String {
    let fixed = ["install", RELEASE, "--namespace", NAMESPACE, "--dry-run=client"];
    let text = outcome(run(&fixed, further)).unwrap();
    text.split_once("NOTES:").unwrap().1.trim().to_owned()
}

/// The objects of one kind.
pub(super) fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

/// `--values FILE`.
pub(super) fn values(path: &Path) -> [&str; 2] {
    ["--values", path.to_str().unwrap()]
}
