use serde_json::{Value, json};

use super::*;

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn read<K: DeserializeOwned>(value: Value) -> K {
    serde_json::from_value(value).unwrap()
}

fn agent(name: &str, spec: &Value, status: &Value) -> SyncAgent {
    let mut whole = json!({"serverRef": {"name": "sync01"}, "heartbeatSeconds": 15});
    whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    read(json!({"apiVersion": "hybrididentity.dev/v1alpha1", "kind": "SyncAgent",
        "metadata": {"name": name, "namespace": "identity"}, "spec": whole, "status": status}))
}

fn lease(name: &str, renewed: bool) -> Lease {
    let spec = if renewed { json!({"renewTime": "2099-01-01T00:00:00.000000Z"}) } else { json!({}) };
    let noted = json!([{"time": "2026-11-21T11:59:48Z"}, {"time": "2099-01-01T00:00:00Z"}]);
    read(json!({"metadata": {"name": name, "namespace": "identity", "managedFields": noted}, "spec": spec}))
}

fn account(name: &str) -> ServiceAccount {
    read(json!({"metadata": {"name": name, "namespace": "identity"}}))
}

fn server(accepted: &str) -> SyncServer {
    read(json!({"apiVersion": "hybrididentity.dev/v1alpha1", "kind": "SyncServer",
        "metadata": {"name": "sync01", "namespace": "identity"},
        "spec": {"hostName": "sync01.contoso.com", "acceptedAgent": {"name": accepted}}}))
}

fn some() -> Vec<AgentRow> {
    let command = json!({"command": {"id": "soak-1", "epoch": 4, "notAfter": "2026-11-21T12:05:00Z", "action": {"readInventory": {}}}});
    let outcome = json!({"observedGeneration": 1, "agentVersion": "0.1.0", "highestEpoch": 4, "outcome":
        {"commandId": "soak-1", "epoch": 4, "state": "Running", "startedAt": "2026-11-21T11:59:00Z"}});
    let revoked = json!({"revoked": {"at": "2026-11-21T09:00:00Z", "reason": "host rebuilt"}});
    let agents = vec![
        agent("sync01-old", &revoked, &json!({"observedGeneration": 1, "highestEpoch": 3})),
        agent("sync01", &command, &outcome),
        agent("sync01-half", &revoked, &json!({"observedGeneration": -1})),
        agent("sync01-new", &json!({}), &json!({"observedGeneration": -1})),
    ];
    let accounts = [account("sync01"), account("sync01-half")];
    rows(agents, &[server("sync01")], &[lease("sync01", true), lease("sync01-new", false)], &accounts, now())
}

#[test]
fn the_table_tells_who_speaks_and_who_no_longer_may() {
    let text = table(&some(), false, now());
    let words: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|w| !w.is_empty()).collect())
        .collect();
    assert_eq!(
        words[0],
        ["NAME", "SERVER", "ACCEPTED", "ACCESS", "HEARTBEAT", "VERSION", "EPOCH", "COMMAND"]
    );
    assert_eq!(
        words[1],
        ["sync01", "sync01", "yes", "yes", "12s ago", "0.1.0", "4", "readInventory (Running)"]
    );
    assert_eq!(
        words[2],
        ["sync01-half", "sync01", "no", "revoked, but has an account", "never", "-", "0", "-"]
    );
    assert_eq!(words[3], ["sync01-new", "sync01", "no", "no account", "never", "-", "0", "-"]);
    assert_eq!(words[4], ["sync01-old", "sync01", "no", "revoked 3h ago", "never", "-", "3", "-"]);
    assert!(table(&some(), true, now()).starts_with("NAMESPACE"));
}

#[test]
fn as_json_the_reason_is_there_too() {
    let value = serde_json::to_value(some()).unwrap();
    assert_eq!(value[3]["revoked"], json!({"at": "2026-11-21T09:00:00Z", "reason": "host rebuilt"}));
    assert_eq!(
        value[0]["command"],
        json!({"id": "soak-1", "action": "readInventory", "epoch": 4, "outcome": "Running"})
    );
    assert_eq!(value[0]["lastHeartbeat"], "2026-11-21T11:59:48Z", "the API server's time, not the agent's");
    assert!(value[3].get("command").is_none());
}

#[test]
fn ages_are_told_in_one_unit() {
    let at = |seconds: i64| ago(now() - SignedDuration::from_secs(seconds), now());
    assert_eq!(
        [at(0), at(119), at(120), at(7199), at(7200), at(172_800)],
        ["0s ago", "119s ago", "2m ago", "119m ago", "2h ago", "2d ago"]
    );
    assert_eq!(at(-5), "0s ago", "another clock is ahead");
}
