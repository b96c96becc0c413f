//! The chart under Helm, with what a test wants to know of it. Starts processes.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
pub(super) use tests::chart::{NAMESPACE, RELEASE, folder as chart};

/// The values that are tried beside the default ones, by name.
pub(super) fn variants() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(chart().join("ci")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 3, "{paths:?}");
    paths
}

fn outcome(output: Output) -> Result<String, String> {
    let errors = String::from_utf8(output.stderr).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    if output.status.success() { Ok(text) } else { Err(format!("{text}{errors}")) }
}

/// `helm lint --strict`.
pub(super) fn lint(further: &[&str]) -> Result<String, String> {
    outcome(tests::chart::helm(&["lint", "--strict"], further).unwrap())
}

/// `helm template`: every object, as JSON.
pub(super) fn template(further: &[&str]) -> Result<Vec<Value>, String> {
    tests::chart::template(further).map_err(|error| error.to_string())
}

/// What `helm install` would say at the end.
pub(super) fn notes(further: &[&str]) -> String {
    let fixed = ["install", RELEASE, "--namespace", NAMESPACE, "--dry-run=client"];
    let text = outcome(tests::chart::helm(&fixed, further).unwrap()).unwrap();
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
