//! What is refused, and how that is said.

use kube::core::Status;
use operator::cluster::Cluster;
use serde_json::{Value, json};

use crate::api::manifest;

use super::world::{Seen, World, host, said, topology};

/// The causes of a refusal, without the remark that rules were skipped because of them.
fn causes(status: &Status) -> Vec<String> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let mut causes: Vec<_> = causes
        .filter(|cause| !cause.message.contains("some validation rules were not checked"))
        .map(|cause| format!("{} {} {}", cause.field, cause.reason, cause.message))
        .collect();
    causes.sort();
    causes
}

/// Every bad manifest of the suite `api`: the same field, the same kind of mistake, and the words that the manifest expects.
pub(super) async fn every_bad_manifest<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut seen = Vec::new();
    for manifest in manifest::all() {
        let prepare = |object: &Value| {
            let mut object = object.clone();
            object["metadata"]["name"] = manifest.name.rsplit('/').next().unwrap().into();
            object["metadata"]["namespace"] = world.namespace.clone().into();
            object
        };
        let outcome = match &manifest.then {
            None => world.create(&prepare(&manifest.object)).await,
            Some(then) => {
                let stored = world.create(&prepare(&manifest.object)).await.unwrap();
                let mut then = prepare(then);
                then["metadata"]["resourceVersion"] = stored["metadata"]["resourceVersion"].clone();
                world.replace(&then).await
            }
        };
        let Err(kube::Error::Api(status)) = &outcome else { panic!("{}: {outcome:?}", manifest.name) };
        let causes = causes(status);
        let [cause] = causes.as_slice() else { panic!("{}: {causes:#?}", manifest.name) };
        assert!(cause.starts_with(&manifest.field), "{}: {cause}", manifest.name);
        assert!(cause.contains(&manifest.expect), "{}: {cause}", manifest.name);
        seen.push(format!("{}: {}", manifest.name, said(&outcome)));
    }
    assert!(seen.len() >= 45, "{} manifests", seen.len());
    seen
}

pub(super) async fn a_value_of_another_type<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut seen = Vec::new();
    for (path, value) in [
        ("/tenantRef", json!("contoso")),
        ("/tenantRef/name", json!(5)),
        ("/scopes", json!({})),
        ("/scopes/0", json!("pilot")),
        ("/scopes/0/organizationalUnits", json!("OU=Pilot,DC=contoso,DC=com")),
        ("/strategy/waves/0/maxConcurrent", json!("one")),
        ("/strategy/waves/0/maxConcurrent", json!(1.5)),
        ("/strategy/waves/0/failureBudget", json!(true)),
        ("/strategy/waves/0/failureBudget", json!("10%")),
        ("/strategy/waves/0/failureBudget", json!("101%")),
        ("/strategy/waves/0/failureBudget", json!(201)),
        ("/strategy/waves/0/approval", json!({ "required": "yes" })),
    ] {
        let mut spec = topology();
        spec["strategy"]["waves"][0]["maxConcurrent"] = 1.into();
        spec["strategy"]["waves"][0]["failureBudget"] = 0.into();
        spec["strategy"]["waves"][0]["approval"] = json!({});
        *spec.pointer_mut(path).unwrap() = value.clone();
        let name = format!("t{}", seen.len());
        let outcome = world.create(&world.object("SyncTopology", &name, &spec)).await;
        seen.push(format!("{path} {value}: {}", said(&outcome)));
    }
    assert!(seen[8].ends_with("done"), "{seen:#?}");
    assert_eq!(seen.iter().filter(|line| line.ends_with("done")).count(), 1, "{seen:#?}");
    seen
}

fn decision() -> Value {
    json!({
        "migrationRef": { "name": "m", "uid": "u" },
        "decision": "Pause",
        "reason": "a reason",
        "decidedBy": "berta",
    })
}

pub(super) async fn a_decision_never_changes<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = world.object("MigrationDecision", "d", &decision());
    world.create(&object).await.unwrap();
    let mut seen = Vec::new();
    for patch in [
        json!({ "spec": { "reason": "another" } }),
        json!({ "spec": { "decision": "Resume", "planDigest": format!("sha256:{}", "0".repeat(64)) } }),
        json!({ "spec": { "expiresAt": "2027-01-31T00:00:00Z" } }),
        json!({ "spec": { "expiresAt": null } }),
        json!({ "metadata": { "labels": { "a": "b" } } }),
    ] {
        let outcome = world.merge(&object, patch.clone()).await;
        seen.push(format!("{patch}: {}", said(&outcome)));
    }
    assert!(seen[0].contains("422 Invalid [spec FieldValueForbidden]"), "{seen:#?}");
    assert!(seen[4].ends_with("done"), "{seen:#?}");
    let mut known = world.get(&object).await.unwrap();
    known["status"]["observedGeneration"] = 1.into();
    seen.push(said(&world.replace_status(&known).await));
    seen
}

/// Where the shape is wrong, rules say nothing.
pub(super) async fn a_rule_waits_for_a_right_shape<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut spec = decision();
    spec["decision"] = "Approve".into();
    let rule_only = world.create(&world.object("MigrationDecision", "d", &spec)).await;
    spec["reason"] = "".into();
    let both = world.create(&world.object("MigrationDecision", "d", &spec)).await;
    spec.as_object_mut().unwrap().remove("reason");
    spec["decision"] = "Approved".into();
    let two = world.create(&world.object("MigrationDecision", "d", &spec)).await;
    vec![said(&rule_only), said(&both), said(&two)]
}

/// `has()` of a field that is null, and of one that may not be.
pub(super) async fn null_is_no_value<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut seen = Vec::new();
    for (word, decision_word) in
        [("planDigest", "Pause"), ("planDigest", "Approve"), ("step", "Pause"), ("step", "SkipStep")]
    {
        let mut spec = decision();
        spec["decision"] = decision_word.into();
        spec[word] = Value::Null;
        if word == "step" {
            spec["planDigest"] = format!("sha256:{}", "0".repeat(64)).into();
        }
        let name = format!("d{}", seen.len());
        let outcome = world.create(&world.object("MigrationDecision", &name, &spec)).await;
        let stored = outcome.as_ref().map(|stored| stored["spec"].to_string()).unwrap_or_default();
        seen.push(format!("{word} of {decision_word}: {} {stored}", said(&outcome)));
    }
    let mut spec = decision();
    spec["reason"] = Value::Null;
    seen.push(said(&world.create(&world.object("MigrationDecision", "null", &spec)).await));
    let mut spec = topology();
    spec["scopes"] = Value::Null;
    seen.push(said(&world.create(&world.object("SyncTopology", "null", &spec)).await));
    spec["scopes"] = json!([null]);
    seen.push(said(&world.create(&world.object("SyncTopology", "null", &spec)).await));
    seen
}

pub(super) async fn a_number_out_of_its_format<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = world.object("SyncServer", "s", &host("a.contoso.com"));
    let made = world.create(&object).await.unwrap();
    let mut seen = Vec::new();
    for generation in [json!(i64::MAX), json!(u64::MAX), json!(1.0), json!(1.5), json!(-1)] {
        let mut next = made.clone();
        next["metadata"].as_object_mut().unwrap().remove("resourceVersion");
        let patch = json!({ "status": { "observedGeneration": generation } });
        let api = tests::api_of(&world.client, &next);
        let outcome =
            api.patch_status("s", &kube::api::PatchParams::default(), &kube::api::Patch::Merge(patch)).await;
        let stored = outcome.as_ref().map(|stored| stored.data["status"].to_string()).unwrap_or_default();
        seen.push(format!("{generation}: {} {stored}", said(&outcome)));
    }
    seen
}
