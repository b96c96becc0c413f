//! What is filled in and what is dropped.

use kube::api::{Patch, PatchParams, PostParams};
use operator::cluster::Cluster;
use serde_json::{Value, json};

use super::world::{Seen, World, host, said, topology};

pub(super) async fn defaults_are_set_from_the_outside_in<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut seen = Vec::new();
    let mut partial = topology();
    partial["strategy"]["waves"][0]["approval"] = json!({ "required": true });
    partial["strategy"]["limits"] = json!({ "unserved": "1h" });
    let id = "8f6b2c1e-0f6a-4f0e-9a52-3c1d7b5e4a90";
    let command = json!({
        "id": "start", "epoch": 1, "notAfter": "2027-01-15T22:10:00Z", "action": { "startScheduler": {} },
    });
    for (kind, name, spec) in [
        ("SyncTopology", "least", topology()),
        ("SyncTopology", "partial", partial),
        (
            "EntraTenant",
            "t",
            json!({ "tenantId": id, "credential": { "clientId": id, "workloadIdentity": {} } }),
        ),
        ("SyncAgent", "a", json!({ "serverRef": { "name": "s" }, "command": command })),
        ("SyncServer", "s", host("a.contoso.com")),
    ] {
        let made = world.create(&world.object(kind, name, &spec)).await.unwrap();
        seen.push(format!("{} {}", made["spec"], made["status"]));
    }
    assert!(seen[0].contains("\"distinctUsers\":1") && seen[0].ends_with("{\"observedGeneration\":-1}"));
    seen
}

pub(super) async fn a_null_is_replaced_by_the_default<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut spec = topology();
    spec["strategy"]["waves"][0]["soak"] = Value::Null;
    spec["strategy"]["limits"] = Value::Null;
    spec["strategy"]["verification"] = json!({ "maxMissing": null });
    spec["strategy"]["windows"] = Value::Null;
    spec["servers"] = Value::Null;
    spec["timeZone"] = Value::Null;
    let made = world.create(&world.object("SyncTopology", "t", &spec)).await.unwrap();
    let mut server = host("a.contoso.com");
    server["owner"] = Value::Null;
    let server = world.create(&world.object("SyncServer", "s", &server)).await.unwrap();
    assert_eq!(made["spec"]["strategy"]["waves"][0]["soak"], "1d");
    vec![made["spec"].to_string(), server["spec"].to_string()]
}

pub(super) async fn unknown_fields_are_dropped<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut object = world.object("SyncTopology", "t", &topology());
    object["spec"]["unknown"] = json!({ "deep": [1] });
    object["spec"]["scopes"][0]["unknown"] = 1.into();
    object["spec"]["strategy"]["limits"] = json!({ "unknown": "1h" });
    object["unknown"] = 1.into();
    object["metadata"]["labels"] = json!({ "a": "b" });
    let made = world.create(&object).await.unwrap();
    let again = world.merge(&object, json!({ "spec": { "unknown": 2 } })).await.unwrap();
    assert_eq!(made["spec"]["strategy"]["limits"]["hashGap"], "6h");
    vec![
        made["spec"].to_string(),
        made["unknown"].to_string(),
        made["metadata"]["labels"].to_string(),
        again["metadata"]["generation"].to_string(),
    ]
}

pub(super) async fn unknown_fields_are_refused_where_asked<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut object = world.object("SyncServer", "s", &host("a.contoso.com"));
    object["spec"]["unknown"] = 1.into();
    let path = format!("/apis/hybrididentity.dev/v1alpha1/namespaces/{}/syncservers", world.namespace);
    let body = serde_json::to_vec(&object).unwrap();
    let mut request = kube::api::Request::new(path).create(&PostParams::default(), body).unwrap();
    *request.uri_mut() = format!("{}?fieldValidation=Strict", request.uri().path()).parse().unwrap();
    let outcome = world.client.request::<Value>(request).await;
    let Err(kube::Error::Api(status)) = &outcome else { panic!("{outcome:?}") };
    assert!(status.message.contains("unknown field \"spec.unknown\""), "{}", status.message);
    vec![said(&outcome)]
}

pub(super) async fn a_secret_has_a_type_and_texts<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let of = |object: &Value| format!("{} {} {}", object["type"], object["data"], object["stringData"]);
    let mut seen = Vec::new();
    for (name, rest) in [
        ("none", json!({})),
        ("empty", json!({ "data": {} })),
        ("texts", json!({ "stringData": { "a": "text" }, "data": { "a": "b2xk", "b": "Yg==" } })),
        ("typed", json!({ "type": "example.com/kind", "data": { "b": "" } })),
    ] {
        seen.push(of(&world.create(&world.core("Secret", name, &rest)).await.unwrap()));
    }
    let broken = world.create(&world.core("Secret", "broken", &json!({ "data": { "a": "***" } }))).await;
    assert!(said(&broken).starts_with("400"), "{broken:?}");
    seen.push(said(&broken));
    let large = "A".repeat(1_400_000);
    let large = world.create(&world.core("Secret", "large", &json!({ "data": { "a": large } }))).await;
    let just = "A".repeat(1_048_576 / 3 * 4);
    let just = world.create(&world.core("Secret", "just", &json!({ "data": { "a": just } }))).await;
    seen.push(said(&large));
    seen.push(said(&just));
    let fixed = world.core("Secret", "fixed", &json!({ "immutable": true, "data": { "a": "YQ==" } }));
    world.create(&fixed).await.unwrap();
    let changed = world.merge(&fixed, json!({ "data": { "a": "Yg==" } })).await;
    let labelled = world.merge(&fixed, json!({ "metadata": { "labels": { "a": "b" } } })).await;
    seen.push(format!("{} {}", said(&changed), said(&labelled)));
    seen
}

pub(super) async fn what_is_applied_is_taken_back<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut object = world.object("SyncServer", "s", &host("a.contoso.com"));
    let api = tests::api_of(&world.client, &object);
    let mut seen = Vec::new();
    let of = |object: &Value| {
        let meta = &object["metadata"];
        format!("{} {} {} {}", object["spec"], meta["labels"], meta["generation"], object["status"])
    };
    for (owner, label) in [(Some("one"), Some("a")), (Some("two"), None), (None, None), (None, None)] {
        object["spec"] = host("a.contoso.com");
        object["metadata"].as_object_mut().unwrap().remove("labels");
        if let Some(owner) = owner {
            object["spec"]["owner"] = owner.into();
        }
        if let Some(label) = label {
            object["metadata"]["labels"] = json!({ "label": label });
        }
        let parameters = PatchParams::apply("conformance").force();
        let applied = api.patch("s", &parameters, &Patch::Apply(&object)).await.unwrap();
        seen.push(of(&serde_json::to_value(applied).unwrap()));
    }
    // What somebody else set stays.
    world.merge(&object, json!({ "metadata": { "labels": { "other": "b" } } })).await.unwrap();
    let parameters = PatchParams::apply("conformance").force();
    let applied = api.patch("s", &parameters, &Patch::Apply(&object)).await.unwrap();
    seen.push(of(&serde_json::to_value(applied).unwrap()));
    assert!(seen[2].starts_with("{\"hostName\":\"a.contoso.com\"} null 3"), "{seen:?}");
    seen
}
