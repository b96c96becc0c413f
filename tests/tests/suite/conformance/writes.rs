//! Creating and replacing: who comes second learns of it.

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use operator::cluster::Cluster;
use serde_json::{Value, json};

use crds::{SyncServer, SyncTopology};

use super::world::{Seen, World, host, said, told, topology, version};

pub(super) async fn an_older_version_is_a_conflict<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let server: SyncServer = world.typed("SyncServer", "s", &host("a.contoso.com"));
    assert!(world.operator.create(&server).await.unwrap());
    let mut first: SyncServer = world.operator.get(&world.namespace, "s").await.unwrap().unwrap();
    let mut second = first.clone();
    first.spec.owner = Some("one".to_owned());
    second.spec.owner = Some("two".to_owned());
    let stored = world.operator.replace(&first).await.unwrap();
    let refused = world.operator.replace(&second).await;
    assert_eq!(told(&refused), "conflict on SyncServer s");
    second.metadata.resource_version.clone_from(&stored.metadata.resource_version);
    let stored = world.operator.replace(&second).await.unwrap();
    vec![told(&refused), format!("{:?} {:?}", stored.spec.owner, stored.metadata.generation)]
}

pub(super) async fn a_status_of_an_older_version_is_a_conflict<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let server: SyncServer = world.typed("SyncServer", "s", &host("a.contoso.com"));
    world.operator.create(&server).await.unwrap();
    let mut stale: SyncServer = world.operator.get(&world.namespace, "s").await.unwrap().unwrap();
    let mut fresh = stale.clone();
    fresh.spec.owner = Some("one".to_owned());
    world.operator.replace(&fresh).await.unwrap();
    stale.status.get_or_insert_default().observed_generation = 1;
    let refused = world.operator.replace_status(&stale).await;
    assert_eq!(told(&refused), "conflict on SyncServer s");
    vec![told(&refused)]
}

pub(super) async fn a_second_creation_says_that_one_exists<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object: SyncTopology = world.typed("SyncTopology", "t", &topology());
    let outcomes = [world.operator.create(&object).await, world.operator.create(&object).await];
    assert_eq!(outcomes, [Ok(true), Ok(false)]);
    let again = world.create(&world.object("SyncTopology", "t", &topology())).await;
    vec![format!("{outcomes:?}"), said(&again)]
}

pub(super) async fn what_does_not_exist_cannot_be_replaced<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut server: SyncServer = world.typed("SyncServer", "s", &host("a.contoso.com"));
    server.metadata.resource_version = Some("1".to_owned());
    let replaced = world.operator.replace(&server).await;
    let status = world.operator.replace_status(&server).await;
    assert_eq!(told(&replaced), "SyncServer s is invalid");
    let found: Option<SyncServer> = world.operator.get(&world.namespace, "s").await.unwrap();
    assert!(found.is_none());
    let object = world.object("SyncServer", "s", &host("a.contoso.com"));
    vec![told(&replaced), told(&status), said(&world.get(&object).await), said(&world.delete(&object).await)]
}

pub(super) async fn a_replacement_needs_a_version<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let server = world.object("SyncServer", "s", &host("a.contoso.com"));
    world.create(&server).await.unwrap();
    let mut lease = world.core("Lease", "l", &json!({ "spec": { "holderIdentity": "a" } }));
    lease["apiVersion"] = "coordination.k8s.io/v1".into();
    world.create(&lease).await.unwrap();
    let secret = world.core("Secret", "x", &json!({ "stringData": { "key": "a" } }));
    world.create(&secret).await.unwrap();
    let outcomes = [world.replace(&server).await, world.replace(&lease).await, world.replace(&secret).await];
    let seen: Vec<_> = outcomes.iter().map(said).collect();
    assert_eq!(seen[0], "422 Invalid [metadata.resourceVersion FieldValueInvalid]");
    assert_eq!(seen[2], "done");
    seen
}

pub(super) async fn another_uid_is_a_conflict<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = world.object("SyncServer", "s", &host("a.contoso.com"));
    let first = world.create(&object).await.unwrap();
    world.delete(&object).await.unwrap();
    let second = world.create(&object).await.unwrap();
    assert_ne!(first["metadata"]["uid"], second["metadata"]["uid"]);
    let mut mixed = second.clone();
    mixed["metadata"]["uid"] = first["metadata"]["uid"].clone();
    let outcome = world.replace(&mixed).await;
    assert!(said(&outcome).starts_with("409 Conflict"), "{outcome:?}");
    // With the version of the one that is gone it is a conflict as well.
    let old = world.replace(&first).await;
    vec![said(&outcome), said(&old)]
}

pub(super) async fn a_new_object_has_no_version<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut object = world.object("SyncServer", "s", &host("a.contoso.com"));
    object["metadata"]["resourceVersion"] = "5".into();
    let outcome = world.create(&object).await;
    assert!(outcome.is_err());
    vec![said(&outcome)]
}

pub(super) async fn what_changes_nothing_gives_no_new_version<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = world.object("SyncTopology", "t", &topology());
    let made = world.create(&object).await.unwrap();
    // The first write stores the defaults of the status, which were only read until then.
    let first = world.replace(&made).await.unwrap();
    let replaced = world.replace(&first).await.unwrap();
    let status = world.replace_status(&replaced).await.unwrap();
    let patched = world.merge(&object, json!({ "metadata": { "labels": { "a": null } } })).await.unwrap();
    let same: Vec<_> = [(&made, &first), (&first, &replaced), (&replaced, &status), (&status, &patched)]
        .map(|(before, after)| (version(before) == version(after)).to_string())
        .to_vec();
    assert_eq!(same[1..], ["true", "true", "true"]);
    same
}

pub(super) async fn versions_grow<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = world.object("SyncServer", "s", &host("a.contoso.com"));
    let mut versions = vec![version(&world.create(&object).await.unwrap())];
    for owner in ["a", "b", "c"] {
        let patched = world.merge(&object, json!({ "spec": { "owner": owner } })).await.unwrap();
        versions.push(version(&patched));
    }
    let listed: Vec<SyncServer> = world.operator.list(Some(&world.namespace)).await.unwrap();
    let known = listed.first().and_then(ResourceExt::resource_version).unwrap().parse::<u64>().unwrap();
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    vec![(versions.last() == Some(&known)).to_string()]
}

pub(super) async fn names_and_namespaces_are_checked<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut seen = Vec::new();
    for name in ["Upper", "ends-", "-starts", "two..dots", "under_score", "a".repeat(254).as_str(), ""] {
        let object = world.object("SyncServer", name, &host("a.contoso.com"));
        let outcome = world.create(&object).await;
        assert!(outcome.is_err(), "{name}");
        seen.push(format!("{name}: {}", said(&outcome)));
    }
    let secret = world.core("Secret", "Upper", &json!({}));
    seen.push(said(&world.create(&secret).await));
    let mut elsewhere = world.object("SyncServer", "s", &host("a.contoso.com"));
    elsewhere["metadata"]["namespace"] = "there-is-none".into();
    let outcome = world.create(&elsewhere).await;
    assert!(said(&outcome).starts_with("404"));
    seen.push(said(&outcome));
    let mut generated = world.object("SyncServer", "x", &host("a.contoso.com"));
    generated["metadata"] = json!({ "generateName": "made-", "namespace": world.namespace });
    let made = world.create(&generated).await.unwrap();
    let name = made["metadata"]["name"].as_str().unwrap();
    seen.push(format!("{} {}", name.starts_with("made-"), name.len()));
    seen
}

pub(super) async fn a_patch_may_carry_a_version<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = world.object("SyncServer", "s", &host("a.contoso.com"));
    let made = world.create(&object).await.unwrap();
    let patch = |owner: &str| {
        json!({
            "metadata": { "resourceVersion": made["metadata"]["resourceVersion"] },
            "spec": { "owner": owner },
        })
    };
    let outcomes = [world.merge(&object, patch("a")).await, world.merge(&object, patch("b")).await];
    let seen: Vec<_> = outcomes.iter().map(said).collect();
    assert_eq!(seen, ["done", "409 Conflict []"]);
    seen
}

pub(super) async fn metadata_of_the_server_is_not_for_users<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut object = world.object("SyncServer", "s", &host("a.contoso.com"));
    object["metadata"]["generation"] = 40.into();
    object["metadata"]["creationTimestamp"] = "2001-01-01T00:00:00Z".into();
    object["metadata"]["deletionTimestamp"] = "2001-01-01T00:00:00Z".into();
    let made = world.create(&object).await.unwrap();
    let mut changed = made.clone();
    changed["metadata"]["generation"] = 40.into();
    changed["metadata"]["labels"] = json!({ "a": "b" });
    let replaced = world.replace(&changed).await.unwrap();
    let of = |object: &Value| {
        let meta = &object["metadata"];
        let created = meta["creationTimestamp"].as_str().unwrap() > "2020";
        format!("{} {created} {} {}", meta["generation"], meta["deletionTimestamp"], meta["labels"])
    };
    assert_eq!(replaced["metadata"]["generation"], 1);
    assert_eq!(replaced["metadata"]["creationTimestamp"], made["metadata"]["creationTimestamp"]);
    vec![of(&made), of(&replaced)]
}

pub(super) async fn an_event_is_kept<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let server: SyncServer = world.typed("SyncServer", "s", &host("a.contoso.com"));
    world.operator.create(&server).await.unwrap();
    let stored: SyncServer = world.operator.get(&world.namespace, "s").await.unwrap().unwrap();
    world.operator.event(&stored, true, "SomeReason", "SomeAction", "what happened").await;
    let events: Vec<k8s_openapi::api::events::v1::Event> =
        world.operator.list(Some(&world.namespace)).await.unwrap();
    let event = events.iter().find(|event| event.reason.as_deref() == Some("SomeReason")).unwrap();
    let about = event.regarding.clone().unwrap_or_default();
    assert_eq!(about.uid, stored.metadata.uid);
    vec![format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        event.type_, event.action, event.note, about.kind, about.name, event.reporting_controller
    )]
}

pub(super) async fn a_policy_counts_from_when_it_was_bound<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let name = format!("conformance-{}", world.namespace);
    let mut seen = vec![format!("{:?}", world.operator.policy_since(&name).await)];
    let policy = |kind: &str, spec: Value| {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": { "name": name },
            "spec": spec,
        })
    };
    let rules = json!([{ "apiGroups": ["none.example.com"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nothings"] }]);
    let declared = policy(
        "ValidatingAdmissionPolicy",
        json!({ "matchConstraints": { "resourceRules": rules }, "validations": [{ "expression": "true" }] }),
    );
    world.create(&declared).await.unwrap();
    seen.push(format!("{:?}", world.operator.policy_since(&name).await));
    let binding = |action: &str| {
        policy(
            "ValidatingAdmissionPolicyBinding",
            json!({ "policyName": name, "validationActions": [action] }),
        )
    };
    world.create(&binding("Audit")).await.unwrap();
    seen.push(format!("{:?}", world.operator.policy_since(&name).await));
    world.delete(&binding("Audit")).await.unwrap();
    world.create(&binding("Deny")).await.unwrap();
    let since = world.operator.policy_since(&name).await.unwrap();
    seen.push(since.is_some().to_string());
    assert_eq!(seen, ["Ok(None)", "Ok(None)", "Ok(None)", "true"]);
    world.delete(&binding("Deny")).await.unwrap();
    world.delete(&declared).await.unwrap();
    // A Secret is of no project, and is read in the same way.
    let none: Option<Secret> = world.operator.get(&world.namespace, "none").await.unwrap();
    seen.push(none.is_none().to_string());
    seen
}
