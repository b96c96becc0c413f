//! Every row is refused or without effect, and an administrator who tries the same comes further. Network IO.

use std::collections::BTreeSet;

use kube::Client;
use serde_json::{Value, json};
use tests::apply;
use tests::demo::NAMESPACE;

use super::row::{MARK, Outcome, Row};
use super::rows::{self, EVIL, KINDS, VICTIM};
use crate::agent_lifecycle::cluster::{Answer, Cluster, JSON, MERGE, ask_as, own};

/// Fewer would not be everything.
const LEAST: usize = 50;

#[test]
fn there_are_many_and_each_is_another() {
    let rows = rows::all();
    assert!(rows.len() >= LEAST, "{}", rows.len());
    let different: BTreeSet<_> = rows
        .iter()
        .map(|row| (row.method, row.path.clone(), row.body.as_ref().map(Value::to_string), row.acting_as))
        .collect();
    assert_eq!(different.len(), rows.len());
    let stopped_by = |outcome: Outcome| rows.iter().filter(|row| row.outcome == outcome).count();
    assert!(stopped_by(Outcome::NoRight) >= LEAST);
}

#[tokio::test]
async fn a_hostile_agent_gets_nowhere() {
    // Not shared: a row that came through would spoil the others' cluster.
    let cluster = Cluster::start().await;
    let admin = cluster.admin().await;
    declare(&admin).await;
    let (_, evil) = cluster.join(EVIL).await;
    cluster.join(VICTIM).await;
    what_an_agent_may_do_works(&evil).await;

    let mut wrong = Vec::new();
    for row in rows::all() {
        let before = visible(&admin, &row).await;
        let body = prepared(&evil, &row).await;
        let answer =
            ask_as(&evil, row.method, &row.path, row.content_type, body.as_ref(), row.acting_as).await;
        if let Some(fault) = fault(&row, &answer) {
            wrong.push(format!("{}: {fault}", row.what));
        }
        if row.outcome == Outcome::NoEffect && visible(&admin, &row).await != before {
            wrong.push(format!("{}: it had an effect", row.what));
        }
        if row.controlled && row.outcome == Outcome::NoRight {
            let answer = as_administrator(&admin, &row).await;
            if matches!(answer.code, 401 | 403 | 404 | 405) {
                wrong.push(format!(
                    "{}: an administrator got no further, the row shows nothing: {answer:?}",
                    row.what
                ));
            }
        }
    }
    wrong.extend(marks(&admin).await);
    // It can still do what it may: it was not locked out meanwhile.
    what_an_agent_may_do_works(&evil).await;
    cluster.control_plane.stop().await;
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows::all().len(), wrong.join("\n"));
}

/// The body, with the version of the object where it replaces one that the agent can read: what is out of date is refused anyway.
async fn prepared(evil: &Client, row: &Row) -> Option<Value> {
    let mut body = row.body.clone()?;
    if row.method == "PUT" && row.outcome != Outcome::NoRight {
        let known = ask_as(evil, "GET", &row.path, JSON, None, None).await.object();
        body["metadata"]["resourceVersion"] = known["metadata"]["resourceVersion"].clone();
    }
    Some(body)
}

/// What is wrong with an answer.
fn fault(row: &Row, answer: &Answer) -> Option<String> {
    let as_it_must = match row.outcome {
        Outcome::NoRight => answer.code == 403 && answer.text.contains("cannot "),
        Outcome::Policy(name) => answer.code == 403 && answer.text.contains(&format!("'{name}'")),
        Outcome::Invalid => matches!(answer.code, 400 | 413 | 422),
        Outcome::NoEffect => answer.code < 300,
    };
    let text: String = answer.text.chars().take(300).collect();
    (!as_it_must).then(|| format!("expected {:?}, found {} {text}", row.outcome, answer.code))
}

/// What a row without effect could have changed of its object: all but the status and what the API server keeps count of.
async fn visible(admin: &Client, row: &Row) -> Value {
    if row.outcome != Outcome::NoEffect {
        return Value::Null;
    }
    let path = row.path.trim_end_matches("/status");
    let mut object = ask_as(admin, "GET", path, JSON, None, None).await.object();
    object.as_object_mut().unwrap().remove("status");
    for counted in ["managedFields", "resourceVersion"] {
        object["metadata"].as_object_mut().unwrap().remove(counted);
    }
    object
}

/// The same by somebody with all rights, without keeping it.
async fn as_administrator(admin: &Client, row: &Row) -> Answer {
    let separator = if row.path.contains('?') { '&' } else { '?' };
    let path = match row.method {
        "GET" => row.path.clone(),
        _ => format!("{}{separator}dryRun=All", row.path),
    };
    ask_as(admin, row.method, &path, row.content_type, row.body.as_ref(), row.acting_as).await
}

/// Marks of the hostile agent anywhere but in its own status and Lease.
async fn marks(admin: &Client) -> Vec<String> {
    let mut found = Vec::new();
    let ours = [
        "syncagents",
        "syncagentreports",
        "migrations",
        "migrationdecisions",
        "synctopologies",
        "entratenants",
        "syncservers",
        "configurationsnapshots",
    ];
    let mut lists: Vec<String> = ours.iter().map(|kind| format!("/apis/{KINDS}/{kind}")).collect();
    let core = ["secrets", "configmaps", "serviceaccounts", "events", "pods", "namespaces"];
    lists.extend(core.map(|kind| format!("/api/v1/{kind}")));
    let rights = ["roles", "rolebindings", "clusterroles", "clusterrolebindings"];
    lists.extend(rights.map(|kind| format!("/apis/rbac.authorization.k8s.io/v1/{kind}")));
    lists.push("/apis/coordination.k8s.io/v1/leases".to_owned());
    lists.push("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies".to_owned());
    for path in lists {
        let list = ask_as(admin, "GET", &path, JSON, None, None).await.object();
        for item in list["items"].as_array().unwrap() {
            if item.to_string().contains(MARK) {
                found.push(format!("{path} {}: carries the hostile agent's mark", item["metadata"]["name"]));
            }
        }
    }
    found
}

/// What an agent does all day: so that the rows are not refused for want of a good token.
async fn what_an_agent_may_do_works(evil: &Client) {
    let agent = own(KINDS, &format!("syncagents/{EVIL}"));
    let lease = own("coordination.k8s.io/v1", &format!("leases/{EVIL}"));
    let held = ask_as(evil, "GET", &lease, JSON, None, None).await.object();
    let mut renewed = held.clone();
    renewed["spec"] = json!({"holderIdentity": "evil01", "renewTime": "2026-11-21T12:00:00.000000Z"});
    for (method, path, content_type, body) in [
        ("GET", agent.clone(), JSON, None),
        ("GET", own(KINDS, &format!("syncagents?fieldSelector=metadata.name%3D{EVIL}")), JSON, None),
        (
            "PATCH",
            format!("{agent}/status"),
            MERGE,
            Some(json!({"status": {"agentVersion": "0.1.0", "highestEpoch": 3}})),
        ),
        ("GET", own(KINDS, &format!("syncagentreports/{EVIL}-inventory")), JSON, None),
        (
            "PATCH",
            own(KINDS, &format!("syncagentreports/{EVIL}-inventory/status")),
            MERGE,
            Some(json!({"status": {"observedGeneration": 1}})),
        ),
        ("PUT", lease, JSON, Some(renewed)),
        (
            "PATCH",
            own("v1", &format!("secrets/{EVIL}-bulk-0")),
            MERGE,
            Some(json!({"data": {"chunk": "QUFB".repeat(700 * 1024 / 3)}})),
        ),
        (
            "PATCH",
            own("v1", &format!("secrets/{EVIL}-bulk-0")),
            MERGE,
            Some(json!({"data": {"chunk": null}})),
        ),
        ("GET", own("v1", &format!("secrets/{EVIL}-mappings")), JSON, None),
        (
            "POST",
            own("v1", &format!("serviceaccounts/{EVIL}/token")),
            JSON,
            Some(json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 604_800}})),
        ),
    ] {
        let answer = ask_as(evil, method, &path, content_type, body.as_ref(), None).await;
        assert!(answer.code < 300, "an agent may: {method} {path}: {answer:?}");
    }
}

/// What an organisation has declared, and what the operator keeps of a migration under way.
async fn declare(admin: &Client) {
    let text = std::fs::read_to_string(tests::repository().join("examples/contoso.yaml")).unwrap();
    let mut objects: Vec<Value> = serde_yaml::Deserializer::from_str(&text)
        .map(|document| serde::Deserialize::deserialize(document).unwrap())
        .collect();
    for object in &mut objects {
        if object["kind"] == "SyncServer" {
            object["metadata"]["name"] = json!(EVIL);
            object["spec"]["acceptedAgent"]["name"] = json!(EVIL);
        }
        if object["kind"] == "SyncTopology" {
            // Nothing starts: what the operator does by itself is another test's.
            object["spec"]["suspend"] = json!(true);
            object["spec"]["servers"] = json!([{"name": EVIL}]);
        }
    }
    let meta = |name: &str| json!({"name": name, "namespace": NAMESPACE});
    objects.push(json!({"apiVersion": KINDS, "kind": "SyncServer", "metadata": meta(VICTIM),
        "spec": {"hostName": "victim01.contoso.com", "acceptedAgent": {"name": VICTIM}}}));
    objects.push(json!({"apiVersion": KINDS, "kind": "Migration", "metadata": meta("contoso-scope-pilot-1"), "spec": {
        "topologyRef": {"name": "another"}, "tenantRef": {"name": "contoso"}, "itinerary": "ConnectToCloudSync", "itineraryVersion": 1,
        "scope": {"name": "pilot", "wave": "canary", "organizationalUnits": ["OU=Pilot,DC=contoso,DC=com"]},
        "attempt": 1, "planDigest": format!("sha256:{}", "0".repeat(64))}}));
    objects.push(json!({"apiVersion": KINDS, "kind": "ConfigurationSnapshot", "metadata": meta("evil01-before-pilot"), "spec": {
        "serverRef": {"name": EVIL}, "takenAt": "2026-11-21T12:00:00Z", "digest": format!("sha256:{}", "0".repeat(64)),
        "sizeBytes": 1, "secrets": ["evil01-before-pilot-0"]}}));
    for name in
        ["contoso-graph", "contoso-digest-key", "contoso-scope-pilot-1-listing-0", "evil01-before-pilot-0"]
    {
        objects.push(json!({"apiVersion": "v1", "kind": "Secret", "metadata": meta(name), "stringData": {"kept": "secret"}}));
    }
    for object in &objects {
        apply(admin, "platform-team", object).await.unwrap();
    }
}
