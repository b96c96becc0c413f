//! What is its own: what it may not change about it. Data.

use serde_json::{Value, json};

use super::super::row::{MARK, Outcome, Row};
use super::{EVIL, KINDS};
use crate::agent_lifecycle::cluster::own;

const AGENTS: Outcome = Outcome::Policy("hybrid-identity-agents");

/// What could be changed about an object besides its content, each as a merge patch with its name.
fn metadata() -> [(&'static str, Value); 4] {
    [
        ("labels", json!({"labels": {"by": MARK}})),
        ("annotations", json!({"annotations": {"by": MARK}})),
        ("finalizers", json!({"finalizers": ["example.com/evil-mark"]})),
        (
            "owners",
            json!({"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": MARK, "uid": MARK,
                "blockOwnerDeletion": true}]}),
        ),
    ]
}

/// A status that says nothing but its mark, to ride on.
fn with_status(mut body: Value) -> Value {
    body["status"] = json!({"agentVersion": "1"});
    body
}

/// The rows.
pub(super) fn rows() -> Vec<Row> {
    let agent = own(KINDS, &format!("syncagents/{EVIL}"));
    let status = format!("{agent}/status");
    let report = own(KINDS, &format!("syncagentreports/{EVIL}-inventory"));
    let lease = own("coordination.k8s.io/v1", &format!("leases/{EVIL}"));
    let secret = |name: &str| own("v1", &format!("secrets/{EVIL}-{name}"));
    let object = json!({"apiVersion": KINDS, "kind": "SyncAgent", "metadata": {"name": EVIL},
        "spec": {"serverRef": {"name": "victim01"}}});
    let command = json!({"spec": {"command": {"id": MARK, "epoch": 1, "notAfter": "2027-01-01T00:00:00Z", "action": {"readInventory": {}}}}});
    let mut rows = vec![
        Row::patch("changes its own spec", agent.clone(), json!({"spec": {"heartbeatSeconds": 299}})),
        Row::patch("gives itself a command", agent.clone(), command.clone()).uncontrolled(),
        Row::patch("takes its own revocation back", agent.clone(), json!({"spec": {"revoked": null}})),
        Row::put("replaces its own SyncAgent", agent.clone(), object.clone()),
        Row::delete("deletes its own SyncAgent", agent.clone()),
        Row::put("replaces its own status as a whole", status.clone(), object.clone()),
        Row::read("reads its own status by itself", status.clone()),
        Row::delete("deletes its own status", status.clone()).uncontrolled(),
        Row::read("reads a scale of its own", format!("{agent}/scale")).uncontrolled(),
        Row::patch("changes its spec beside the status", status.clone(), with_status(command))
            .ends(Outcome::NoEffect),
        Row::patch(
            "speaks for another server from now on, beside the status",
            status.clone(),
            with_status(json!({"spec": {"serverRef": {"name": "victim01"}}})),
        )
        .ends(Outcome::NoEffect),
        Row::delete("deletes all SyncAgents", own(KINDS, "syncagents")),
        Row::patch(
            "fills its report beside the status",
            report.clone(),
            json!({"metadata": {"labels": {"by": MARK}}}),
        ),
        Row::put(
            "replaces its own report",
            report.clone(),
            json!({"apiVersion": KINDS, "kind": "SyncAgentReport",
            "metadata": {"name": format!("{EVIL}-inventory")}, "spec": {"agentRef": {"name": "victim01"}, "purpose": "Inventory"}}),
        ),
        Row::patch(
            "makes its report another agent's, beside the status",
            format!("{report}/status"),
            json!({"spec": {"agentRef": {"name": "victim01"}}, "status": {"observedGeneration": 1}}),
        )
        .ends(Outcome::NoEffect),
        Row::delete("deletes its own report", report),
        Row::patch("patches its own Lease", lease.clone(), json!({"spec": {"holderIdentity": MARK}})),
        Row::delete("deletes its own Lease", lease),
        Row::delete("deletes its own bulk", secret("bulk-0")),
        Row::put(
            "replaces its own bulk",
            secret("bulk-0"),
            json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": format!("{EVIL}-bulk-0")}}),
        ),
        Row::patch(
            "changes the mappings that it is handed",
            secret("mappings"),
            json!({"data": {"mappings.json": "ZXZpbA=="}}),
        ),
        Row::patch(
            "changes the key of the digests",
            secret("mappings"),
            json!({"data": {"digest-key": "ZXZpbA=="}}),
        ),
        Row::patch("fills a ninth Secret", secret("bulk-8"), json!({"data": {"chunk": "ZXZpbA=="}}))
            .uncontrolled(),
        Row::patch(
            "puts another key into its bulk",
            secret("bulk-0"),
            json!({"data": {"evil-mark": "ZXZpbA=="}}),
        )
        .ends(AGENTS),
        Row::patch(
            "puts another key into its bulk, as text",
            secret("bulk-1"),
            json!({"stringData": {"evil-mark": "evil"}}),
        )
        .ends(AGENTS),
        Row::patch("makes its bulk immutable", secret("bulk-2"), json!({"immutable": true})).ends(AGENTS),
        Row::patch(
            "makes its bulk a token of another account",
            secret("bulk-3"),
            json!({"type": "kubernetes.io/service-account-token",
            "metadata": {"annotations": {"kubernetes.io/service-account.name": "victim01"}}}),
        )
        .ends(Outcome::Invalid),
        Row::patch(
            "fills its bulk beyond the limit",
            secret("bulk-4"),
            json!({"data": {"chunk": "QUFB".repeat(1_030_000 / 3)}}),
        )
        .ends(AGENTS),
        Row::patch(
            "fills its bulk beyond what the API server takes",
            secret("bulk-5"),
            json!({"data": {"chunk": "QUFB".repeat(400_000)}}),
        )
        .ends(Outcome::Invalid),
    ];
    for (what, change) in metadata() {
        let of_status = match what {
            "labels" => "labels itself beside the status",
            "annotations" => "annotates itself beside the status",
            "finalizers" => "holds itself by a finalizer beside the status",
            _ => "gives itself an owner beside the status",
        };
        let of_bulk = match what {
            "labels" => "labels its bulk",
            "annotations" => "annotates its bulk",
            "finalizers" => "holds its bulk by a finalizer",
            _ => "gives its bulk an owner",
        };
        let direct = match what {
            "labels" => "labels its own SyncAgent",
            "annotations" => "annotates its own SyncAgent",
            "finalizers" => "holds its own SyncAgent by a finalizer",
            _ => "gives its own SyncAgent an owner",
        };
        let body = json!({ "metadata": change });
        rows.push(Row::patch(of_status, status.clone(), with_status(body.clone())).ends(Outcome::NoEffect));
        rows.push(Row::patch(of_bulk, secret("bulk-6"), body.clone()).ends(AGENTS));
        rows.push(Row::patch(direct, agent.clone(), body).uncontrolled());
    }
    rows
}
