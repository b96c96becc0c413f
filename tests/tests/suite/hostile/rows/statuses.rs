//! What it may write, and with what in it that is refused: lies are bounded, shaped, and never as large as it likes. Data.

use serde_json::{Value, json};

use super::super::row::{MARK, Outcome, Row};
use super::{EVIL, KINDS};
use crate::agent_lifecycle::cluster::own;

const AGENTS: Outcome = Outcome::Policy("hybrid-identity-agents");

/// A right outcome, to be made wrong.
fn outcome(change: &Value) -> Value {
    let mut outcome =
        json!({"commandId": "a", "epoch": 1, "state": "Succeeded", "startedAt": "2026-11-21T12:00:00Z"});
    outcome.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    json!({"status": {"outcome": outcome}})
}

/// Notes of many field managers, which would be kept with the object.
fn managers(operation: &str, field: &str, count: usize) -> Value {
    let one = |index: usize| {
        json!({"manager": format!("evil-mark-{index}"), "operation": operation, "apiVersion": KINDS, "subresource": "status",
            "time": "2026-11-21T12:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {field: {}}}})
    };
    let notes: Vec<Value> = (0..count).map(one).collect();
    json!({"metadata": {"managedFields": notes}, "status": {}})
}

/// The rows.
pub(super) fn rows() -> Vec<Row> {
    let status = own(KINDS, &format!("syncagents/{EVIL}/status"));
    let report = own(KINDS, &format!("syncagentreports/{EVIL}-inventory/status"));
    let lies =
        |what: &'static str, body: Value| Row::patch(what, status.clone(), body).ends(Outcome::Invalid);
    let many = |count: usize| vec!["AAECAwQFBgcICQoLDA0ODw=="; count];
    let pending = json!({"adds": 0, "updates": 0, "deletes": 0, "explainedDeletes": 0, "unexplained": many(21), "noFlowValues": 0,
        "noFlowReferences": 0, "retries": 0, "foreignRuns": 0});
    let host = |name: String| {
        json!({"epoch": 0, "host": {"name": name, "operatingSystem": "", "operatingSystemBuild": "", "serverCore": false,
            "domainJoined": true, "dotNetVersion": "", "powerShellVersion": "", "memoryMib": 1, "tlsRegistry": []}})
    };
    vec![
        lies("gives a version longer than a version", json!({"status": {"agentVersion": "9".repeat(65)}})),
        lies("gives a message of many pages", outcome(&json!({"message": "m".repeat(2049)}))),
        lies("gives a command id of many pages", outcome(&json!({"commandId": "c".repeat(129)}))),
        lies("tells at length how it resumed", json!({"status": {"resumed": "r".repeat(1025)}})),
        lies("gives an epoch below nothing", outcome(&json!({"epoch": -1}))),
        lies("has seen an epoch below nothing", json!({"status": {"highestEpoch": -1}})),
        lies("gives an epoch that is no number", outcome(&json!({"epoch": "9"}))),
        lies("gives an epoch beyond all numbers", json!({"status": {"highestEpoch": 1e30}})),
        lies("ends in a state that there is not", outcome(&json!({"state": "Approved"}))),
        lies("began on no day", outcome(&json!({"startedAt": "2026-02-30T00:00:00Z"}))),
        lies("began in another age", outcome(&json!({"startedAt": "9999-01-01T00:00:00Z"}))),
        lies("resumes at a text", json!({"status": {"resumeBy": "never"}})),
        lies("gives a digest that is none", json!({"status": {"inventoryDigest": "sha256:00"}})),
        lies("gives more anchors than a sample", outcome(&json!({"evidence": {"pendingExports": pending}}))),
        lies("gives evidence of no kind", outcome(&json!({"evidence": {}}))),
        lies(
            "gives evidence of two kinds",
            outcome(&json!({"evidence": {"inventory": {"digest": format!("sha256:{}", "0".repeat(64))},
                "service": {"installed": true, "running": false, "startType": "Disabled"}}})),
        ),
        lies("gives half of a piece of evidence", outcome(&json!({"evidence": {"service": {"running": false}}}))),
        lies("sends a status that is a list", json!({"status": ["evil-mark"]})),
        Row::patch("has seen what nobody can count", status.clone(), json!({"status": {"highestEpoch": i64::MAX}})).ends(AGENTS),
        Row::patch("has seen a million more than was commanded", status.clone(), json!({"status": {"highestEpoch": 1_000_001}}))
            .ends(AGENTS),
        Row::patch("swells its SyncAgent with those who apply", status.clone(), managers("Apply", "f:highestEpoch", 40))
            .ends(Outcome::NoEffect),
        Row::patch("swells its report with those who apply", report.clone(), managers("Apply", "f:observedGeneration", 40))
            .ends(Outcome::NoEffect),
        Row::patch("swells its SyncAgent with those who update", status.clone(), managers("Update", "f:highestEpoch", 40))
            .ends(Outcome::NoEffect),
        Row::patch("adds fields that nobody knows", status.clone(), json!({"status": {"evil-mark": MARK, "agentVersion": "1"}}))
            .ends(Outcome::NoEffect),
        Row::patch("names a host longer than a host's name", report.clone(), json!({"status": {"inventory": host("h".repeat(254))}}))
            .ends(Outcome::Invalid),
        Row::patch(
            "reports more than a report holds",
            report,
            json!({"status": {"inventory": {"epoch": 0, "host": host("h".to_owned())["host"], "lastRuns": vec![json!({}); 25]}}}),
        )
        .ends(Outcome::Invalid),
    ]
}
