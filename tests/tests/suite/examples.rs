//! Every file in `examples/` is taken by a real API server, has no finding, and can be planned: what people copy works. Runs
//! `kubectl-hybrid` and talks to the API server.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize as _;
use serde_json::{Value, json};
use tests::{TestNamespace, apply, demo, repository};

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join("examples")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 3, "{files:?}");
    files
}

fn documents(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let documents =
        serde_yaml::Deserializer::from_str(&text).map(|document| Value::deserialize(document).unwrap());
    let documents: Vec<Value> = documents.filter(|document| !document.is_null()).collect();
    assert!(!documents.is_empty(), "{}", path.display());
    documents
}

fn kubectl_hybrid(arguments: &[&str], path: &Path) -> Output {
    let program = demo::program("kubectl-hybrid").unwrap();
    Command::new(program).args(arguments).arg(path).env_remove("KUBECONFIG").output().unwrap()
}

#[tokio::test]
async fn the_api_server_takes_every_example() {
    let namespace = TestNamespace::create().await.unwrap();
    namespace.control_plane().install_crds(&repository().join("crds/yaml")).await.unwrap();
    for path in files() {
        for mut document in documents(&path) {
            document["metadata"]["namespace"] = json!(namespace.name());
            let applied = apply(&namespace.client(), "example", &document).await;
            assert!(applied.is_ok(), "{}: {}", path.display(), applied.unwrap_err());
        }
    }
}

#[test]
fn no_example_has_a_finding() {
    for path in files() {
        let output = kubectl_hybrid(&["lint"], &path);
        let (found, said) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}: {found}{said}", path.display());
        assert_eq!(found, "", "{}", path.display());
        assert!(said.contains(", 0 errors, 0 warnings"), "{}: {said}", path.display());
    }
}

#[test]
fn every_plan_names_every_scope_that_moves_and_every_server() {
    let mut named = 0;
    for path in files() {
        let output = kubectl_hybrid(&["plan", "--filename"], &path);
        let plan = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
        for topology in documents(&path).iter().filter(|document| document["kind"] == "SyncTopology") {
            let spec = &topology["spec"];
            for scope in spec["scopes"].as_array().unwrap() {
                let name = scope["name"].as_str().unwrap();
                let mark = if scope["engine"] == "CloudSync" { "+ " } else { "" };
                let units = scope["organizationalUnits"].as_array().unwrap();
                let lines: Vec<&str> =
                    plan.lines().filter(|line| line.contains(&format!("{mark}{name}"))).collect();
                assert!(!lines.is_empty(), "{}: {name} in\n{plan}", path.display());
                for unit in units.iter().filter(|_| !mark.is_empty()) {
                    let unit = unit.as_str().unwrap();
                    assert!(
                        lines.iter().any(|line| line.contains(unit)),
                        "{}: {unit} in\n{plan}",
                        path.display()
                    );
                }
                named += 1;
            }
            for server in spec["servers"].as_array().into_iter().flatten() {
                let name = server["name"].as_str().unwrap();
                assert!(plan.contains(name), "{}: {name} in\n{plan}", path.display());
                named += 1;
            }
        }
    }
    assert!(named > 6, "{named}");
}
