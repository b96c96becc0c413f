//! What belongs to other agents, to the tenant and to the operator. Data.

use serde_json::json;

use super::super::row::{MARK, Row};
use super::{KINDS, VICTIM};
use crate::agent_lifecycle::cluster::{at, own};

/// The rows.
pub(super) fn rows() -> Vec<Row> {
    let agent = own(KINDS, &format!("syncagents/{VICTIM}"));
    let report = own(KINDS, &format!("syncagentreports/{VICTIM}-inventory"));
    let lease = own("coordination.k8s.io/v1", &format!("leases/{VICTIM}"));
    let leader = at("coordination.k8s.io/v1", "hybrid-identity", "leases/hybrid-identity-operator");
    let secret = |name: &str| own("v1", &format!("secrets/{name}"));
    let label = json!({"metadata": {"labels": {"by": MARK}}});
    let renewed = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": VICTIM},
        "spec": {"holderIdentity": MARK, "renewTime": "2026-11-21T12:00:00.000000Z"}});
    let leads = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "hybrid-identity-operator"}, "spec": {"holderIdentity": MARK}});
    let chunk = json!({"data": {"chunk": "ZXZpbC1tYXJr"}});
    vec![
        Row::read("reads another SyncAgent", agent.clone()),
        Row::read("lists SyncAgents", own(KINDS, "syncagents")),
        Row::read("lists SyncAgents of all namespaces", format!("/apis/{KINDS}/syncagents")),
        Row::read(
            "watches another SyncAgent",
            own(
                KINDS,
                &format!("syncagents?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3D{VICTIM}"),
            ),
        ),
        Row::read("watches all SyncAgents", own(KINDS, "syncagents?watch=1&timeoutSeconds=1")),
        Row::patch(
            "changes another SyncAgent's spec",
            agent.clone(),
            json!({"spec": {"heartbeatSeconds": 299}}),
        ),
        Row::patch(
            "commands another agent",
            agent.clone(),
            json!({"spec": {"command": {"id": MARK, "epoch": 1, "notAfter": "2027-01-01T00:00:00Z",
                "action": {"stopScheduler": {"resumeBy": "2027-01-01T00:00:00Z"}}}}}),
        )
        .uncontrolled(),
        Row::patch("labels another SyncAgent", agent.clone(), label.clone()),
        Row::patch(
            "revokes another agent",
            agent.clone(),
            json!({"spec": {"revoked": {"at": "2026-11-21T12:00:00Z"}}}),
        ),
        Row::patch(
            "reports an outcome for another agent",
            format!("{agent}/status"),
            json!({"status": {"agentVersion": MARK}}),
        ),
        Row::delete("deletes another SyncAgent", agent),
        Row::read("reads another agent's report", report.clone()),
        Row::read("lists reports", own(KINDS, "syncagentreports")),
        Row::patch(
            "fills another agent's report",
            format!("{report}/status"),
            json!({"status": {"observedGeneration": 7}}),
        ),
        Row::patch("labels another agent's report", report.clone(), label.clone()),
        Row::delete("deletes another agent's report", report),
        Row::read("reads another agent's Lease", lease.clone()),
        Row::put("beats for another agent", lease.clone(), renewed.clone()),
        Row::patch("patches another agent's Lease", lease.clone(), label.clone()),
        Row::delete("deletes another agent's Lease", lease),
        Row::read("lists Leases", own("coordination.k8s.io/v1", "leases")),
        Row::create(
            "makes a Lease",
            own("coordination.k8s.io/v1", "leases"),
            json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": MARK}}),
        ),
        Row::read("reads the operator's Lease", leader.clone()),
        Row::put("takes the operator's Lease", leader.clone(), leads.clone()),
        Row::patch("patches the operator's Lease", leader.clone(), leads),
        Row::delete("deletes the operator's Lease", leader),
        Row::read("lists Secrets", own("v1", "secrets")),
        Row::read(
            "lists Secrets by a name of its own",
            own("v1", "secrets?fieldSelector=metadata.name%3Devil01-bulk-0"),
        ),
        Row::read("watches Secrets", own("v1", "secrets?watch=1&timeoutSeconds=1")),
        Row::read("reads the tenant's Secret", secret("contoso-graph")),
        Row::patch("changes the tenant's Secret", secret("contoso-graph"), chunk.clone()),
        Row::read("reads the key of the digests", secret("contoso-digest-key")),
        Row::read("reads another agent's bulk", secret(&format!("{VICTIM}-bulk-0"))),
        Row::patch("fills another agent's bulk", secret(&format!("{VICTIM}-bulk-0")), chunk.clone()),
        Row::read("reads another agent's mappings", secret(&format!("{VICTIM}-mappings"))),
        Row::patch("changes a kept listing", secret("contoso-scope-pilot-1-listing-0"), chunk.clone()),
        Row::patch("changes a kept snapshot", secret("evil01-before-pilot-0"), chunk),
        Row::delete("deletes a kept listing", secret("contoso-scope-pilot-1-listing-0")),
        Row::create(
            "makes a Secret",
            own("v1", "secrets"),
            json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": MARK}}),
        ),
        Row::create(
            "makes a Secret with a token in it",
            own("v1", "secrets"),
            json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
            "metadata": {"name": MARK, "annotations": {"kubernetes.io/service-account.name": VICTIM}}}),
        ),
        Row::delete("deletes all Secrets", own("v1", "secrets")),
    ]
}
