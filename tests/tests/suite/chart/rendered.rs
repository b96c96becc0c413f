//! What Helm renders, with the default and with other values, is taken by a real API server. Runs Helm and talks to
//! the API server.

use std::path::Path;

use serde_json::{Value, json};

use super::helm;
use super::server::{Write, apply, installed};

#[test]
fn lint_finds_nothing_with_any_values() {
    helm::lint(&[]).unwrap();
    for path in helm::variants() {
        helm::lint(&helm::values(&path)).unwrap();
    }
}

#[tokio::test]
async fn the_api_server_takes_what_is_rendered_with_any_values() {
    let client = installed().await.client().await.unwrap();
    let mut applied = 0;
    for path in helm::variants() {
        for object in helm::template(&helm::values(&path)).unwrap() {
            // Its kind comes with the Prometheus Operator.
            if object["kind"] == "ServiceMonitor" {
                continue;
            }
            let outcome = apply(&client, &object, Write::DryRun).await;
            let problem = outcome.err().unwrap_or_default();
            assert!(problem.is_empty(), "{}: {} {problem}", path.display(), object["kind"]);
            applied += 1;
        }
    }
    assert!(applied > 20, "{applied} objects");
}

fn with_values(name: &str) -> Vec<Value> {
    let path = helm::chart().join("ci").join(format!("{name}-values.yaml"));
    assert!(Path::new(&path).is_file());
    helm::template(&helm::values(&path)).unwrap()
}

#[test]
fn all_parts_can_come_from_elsewhere() {
    let kinds: Vec<Value> =
        with_values("parts-installed-elsewhere").iter().map(|object| object["kind"].clone()).collect();
    assert_eq!(kinds, [json!("Deployment")]);
}

#[test]
fn a_disruption_budget_is_there_only_where_more_than_one_replica_runs() {
    assert_eq!(helm::of_kind(&helm::template(&[]).unwrap(), "PodDisruptionBudget").len(), 1);
    let one = helm::template(&["--set", "replicas=1"]).unwrap();
    assert!(helm::of_kind(&one, "PodDisruptionBudget").is_empty());
}

#[test]
fn a_service_monitor_finds_the_metrics_service_and_honours_our_labels() {
    let objects = with_values("monitored");
    let monitor = helm::of_kind(&objects, "ServiceMonitor")[0];
    let service = helm::of_kind(&objects, "Service")[0];
    assert_eq!(monitor["metadata"]["labels"]["release"], "prometheus");
    let endpoint = &monitor["spec"]["endpoints"][0];
    assert_eq!(endpoint["honorLabels"], true);
    assert_eq!(endpoint["port"], service["spec"]["ports"][0]["name"]);
    for (label, value) in monitor["spec"]["selector"]["matchLabels"].as_object().unwrap() {
        assert_eq!(&service["metadata"]["labels"][label], value, "{label}");
    }
    assert!(helm::of_kind(&helm::template(&[]).unwrap(), "ServiceMonitor").is_empty());
}

#[test]
fn the_notes_are_three_commands() {
    let notes = helm::notes(&["--set", "watchNamespaces={identity}"]);
    let commands: Vec<&str> = notes.lines().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(commands.len(), 3, "{notes}");
    assert!(commands.iter().all(|line| line.trim().starts_with("kubectl --namespace")), "{notes}");
    assert!(commands[1].contains("--namespace identity "), "{notes}");
}
