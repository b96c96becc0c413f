//! The operator's pod: as restricted as Kubernetes knows, and started with settings that it understands. Talks to the
//! API server.

use serde_json::{Value, json};

use super::helm;
use super::server::{Write, create, installed};

fn deployment(further: &[&str]) -> Value {
    let objects = helm::template(further).unwrap();
    helm::of_kind(&objects, "Deployment")[0].clone()
}

/// A pod as the Deployment would make it.
fn pod(deployment: &Value) -> Value {
    let template = &deployment["spec"]["template"];
    let mut pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"] });
    pod["metadata"]["name"] = json!("operator");
    pod["metadata"]["namespace"] = json!(helm::NAMESPACE);
    pod
}

#[tokio::test]
async fn the_pod_is_taken_where_only_restricted_pods_are() {
    let client = installed().await.client().await.unwrap();
    let mut pod = pod(&deployment(&[]));
    create(&client, &pod, Write::DryRun).await.unwrap();
    // That the namespace would refuse another one.
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = json!(true);
    let refusal = create(&client, &pod, Write::DryRun).await.unwrap_err();
    assert!(refusal.contains("allowPrivilegeEscalation"), "{refusal}");
}

#[test]
fn the_pod_has_what_the_restricted_profile_does_not_ask_for() {
    let deployment = deployment(&[]);
    assert_eq!(deployment["spec"]["replicas"], 2);
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/livez");
    assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/readyz");
    assert!(container["resources"]["limits"]["memory"].is_string());
    assert!(container["resources"]["requests"]["cpu"].is_string());
    assert_eq!(pod["enableServiceLinks"], false);
}

#[test]
fn every_variable_of_the_pod_is_one_that_the_operator_reads() {
    let settings = std::fs::read_to_string(tests::repository().join("operator/src/settings.rs")).unwrap();
    let deployment = deployment(&["--set", "watchNamespaces={identity}"]);
    let variables = deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap();
    let mut named = Vec::new();
    for variable in variables {
        let name = variable["name"].as_str().unwrap();
        named.push(name);
        let known = name == "RUST_LOG" || settings.contains(&format!("env = \"{name}\""));
        assert!(known, "the operator does not read {name}");
    }
    let read = settings.split("env = \"").skip(1).map(|rest| rest.split('"').next().unwrap());
    for name in read {
        assert!(named.contains(&name), "the chart does not set {name}");
    }
    let value =
        |name: &str| variables.iter().find(|variable| variable["name"] == name).unwrap()["value"].clone();
    assert_eq!(value("WATCH_NAMESPACES"), "identity");
    assert_eq!(value("LEASE_SECONDS"), "15");
}
