//! What people declare and what the operator keeps: nothing of it is an agent's to read, make, change or delete. Data.

use serde_json::{Value, json};

use super::super::row::{MARK, Row};
use super::KINDS;
use crate::agent_lifecycle::cluster::own;

const PILOT: &str = "migrations/contoso-scope-pilot-1";
const SERVER: &str = "syncservers/evil01";
const TENANT: &str = "entratenants/contoso";
const TOPOLOGY: &str = "synctopologies/contoso";
const SNAPSHOT: &str = "configurationsnapshots/evil01-before-pilot";

/// A decision on the migration that exists, in the agent's own name.
fn decision(what: &str) -> Value {
    let mut spec = json!({
        "migrationRef": {"name": "contoso-scope-pilot-1", "uid": "0a1b"},
        "planDigest": format!("sha256:{}", "0".repeat(64)),
        "decision": what,
        "decidedBy": "system:serviceaccount:identity:evil01",
        "reason": MARK,
    });
    if what == "SkipStep" {
        spec["step"] = json!("Soak");
    }
    json!({"apiVersion": KINDS, "kind": "MigrationDecision", "metadata": {"name": "evil-mark"}, "spec": spec})
}

/// The rows.
pub(super) fn rows() -> Vec<Row> {
    let of = |rest: &str| own(KINDS, rest);
    let phase = json!({"status": {"phase": MARK, "observedGeneration": 1}});
    let made = |kind: &str, spec: Value| json!({"apiVersion": KINDS, "kind": kind, "metadata": {"name": MARK}, "spec": spec});
    let migration = json!({
        "topologyRef": {"name": "contoso"}, "tenantRef": {"name": "contoso"}, "itinerary": "RetireConnect", "itineraryVersion": 1,
        "server": {"name": "victim01"}, "attempt": 1, "planDigest": format!("sha256:{}", "0".repeat(64)),
    });
    let mut rows = vec![
        Row::create(
            "makes a SyncAgent",
            of("syncagents"),
            made("SyncAgent", json!({"serverRef": {"name": "victim01"}})),
        ),
        Row::create(
            "makes a report",
            of("syncagentreports"),
            made("SyncAgentReport", json!({"agentRef": {"name": "victim01"}, "purpose": "Inventory"})),
        ),
        Row::create("makes a migration", of("migrations"), made("Migration", migration)),
        Row::create(
            "makes a server that accepts it",
            of("syncservers"),
            made(
                "SyncServer",
                json!({"hostName": "victim01.contoso.com", "acceptedAgent": {"name": "evil01"}}),
            ),
        ),
        Row::create(
            "makes a snapshot",
            of("configurationsnapshots"),
            made(
                "ConfigurationSnapshot",
                json!({
            "serverRef": {"name": "evil01"}, "takenAt": "2026-11-21T12:00:00Z", "digest": format!("sha256:{}", "0".repeat(64)),
            "sizeBytes": 1, "secrets": ["evil01-bulk-0"]}),
            ),
        ),
        Row::create(
            "makes a topology",
            of("synctopologies"),
            made(
                "SyncTopology",
                json!({"tenantRef": {"name": "contoso"},
            "scopes": [{"name": "all", "organizationalUnits": ["DC=contoso,DC=com"], "engine": "EntraConnect"}]}),
            ),
        ),
        Row::create(
            "makes a tenant",
            of("entratenants"),
            made(
                "EntraTenant",
                json!({
            "tenantId": "0aa1bb22-cc33-dd44-ee55-ff6677889901", "profile": "Manage",
            "credential": {"clientId": "11111111-2222-3333-4444-555555555555", "clientSecret": {"name": "contoso-graph", "key": "client-secret"}}}),
            ),
        ),
        Row::patch(
            "has itself accepted by its server",
            of(SERVER),
            json!({"spec": {"acceptedAgent": {"name": "evil-mark"}}}),
        ),
        Row::patch(
            "has itself accepted by another server",
            of("syncservers/victim01"),
            json!({"spec": {"acceptedAgent": {"name": "evil-mark"}}}),
        ),
        Row::patch(
            "wins time for a server",
            of(TOPOLOGY),
            json!({"spec": {"timeZone": "Pacific/Kiritimati"}}),
        ),
        Row::patch("moves the tenant to another login", of(TENANT), json!({"spec": {"cloud": "USGov"}})),
        Row::patch("lets a migration fail forward", of(PILOT), json!({"spec": {"attempt": 9}}))
            .uncontrolled(),
        Row::patch(
            "raises its server's epoch",
            of(&format!("{SERVER}/status")),
            json!({"status": {"epoch": 99, "observedGeneration": 1}}),
        ),
        Row::patch(
            "takes a claim for itself",
            of(&format!("{SERVER}/status")),
            json!({"status": {"observedGeneration": 1, "claim": {
            "topology": "contoso", "holder": MARK, "migrations": [MARK], "since": "2026-11-21T12:00:00Z"}}}),
        ),
        Row::patch(
            "lets a snapshot have been parsed",
            of(&format!("{SNAPSHOT}/status")),
            json!({"status": {"observedGeneration": 1, "version": MARK}}),
        ),
        Row::patch(
            "lets a tenant be ready",
            of(&format!("{TENANT}/status")),
            json!({"status": {"observedGeneration": 1}}),
        ),
        Row::patch("lets a decision have been taken up", of("migrationdecisions/any/status"), phase.clone())
            .uncontrolled(),
        Row::delete("deletes all decisions", of("migrationdecisions")),
        Row::delete("deletes all migrations", of("migrations")),
        Row::patch("lets a migration be complete", of(&format!("{PILOT}/status")), phase.clone()),
        Row::put(
            "replaces a migration's status",
            of(&format!("{PILOT}/status")),
            json!({"apiVersion": KINDS, "kind": "Migration",
            "metadata": {"name": "contoso-scope-pilot-1"}, "status": {"phase": MARK}}),
        ),
        Row::patch("lets a topology be complete", of(&format!("{TOPOLOGY}/status")), phase),
    ];
    rows.extend(of_every_kind());
    rows
}

/// What is tried on every kind alike, and every decision.
fn of_every_kind() -> Vec<Row> {
    let of = |rest: &str| own(KINDS, rest);
    let label = json!({"metadata": {"labels": {"by": MARK}}});
    let mut rows = Vec::new();
    for (what, decided) in [
        ("approves", "Approve"),
        ("denies", "Deny"),
        ("pauses", "Pause"),
        ("resumes", "Resume"),
        ("rolls back", "RollBack"),
        ("skips a step", "SkipStep"),
        ("readopts", "Readopt"),
    ] {
        rows.push(Row::create(what, of("migrationdecisions"), decision(decided)).uncontrolled());
    }
    for (reads, lists, deletes, path) in [
        ("reads a migration", "lists migrations", "deletes a migration", PILOT),
        ("reads a server", "lists servers", "deletes a server", "syncservers/victim01"),
        ("reads a topology", "lists topologies", "deletes a topology", TOPOLOGY),
        ("reads a tenant", "lists tenants", "deletes a tenant", TENANT),
        ("reads a snapshot", "lists snapshots", "deletes a snapshot", SNAPSHOT),
    ] {
        rows.push(Row::read(reads, of(path)));
        rows.push(Row::read(lists, of(path.split_once('/').unwrap().0)));
        rows.push(Row::patch("labels what is declared", of(path), label.clone()));
        rows.push(Row::delete(deletes, of(path)));
    }
    rows.push(Row::read("lists decisions", of("migrationdecisions")));
    rows
}
