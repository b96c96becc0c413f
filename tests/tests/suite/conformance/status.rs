//! The status is apart from the rest, and the generation counts the rest.

use crds::SyncServer;
use operator::cluster::Cluster;
use serde_json::{Value, json};

use super::world::{Seen, World, host, said, topology};

pub(super) async fn a_status_is_apart_from_the_rest<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let server: SyncServer = world.typed("SyncServer", "s", &host("a.contoso.com"));
    world.operator.create(&server).await.unwrap();
    let mut known: SyncServer = world.operator.get(&world.namespace, "s").await.unwrap().unwrap();
    known.spec.owner = Some("not by this way".to_owned());
    known.metadata.labels = Some([("a".to_owned(), "b".to_owned())].into());
    known.metadata.finalizers = Some(vec!["conformance.example.com/held".to_owned()]);
    known.status.get_or_insert_default().observed_generation = 7;
    let stored = world.operator.replace_status(&known).await.unwrap();
    let of = |object: &SyncServer| {
        format!(
            "{:?} {:?} {:?} {} {:?}",
            object.spec.owner,
            object.metadata.labels.clone().unwrap_or_default(),
            object.metadata.finalizers.clone().unwrap_or_default(),
            object.status.clone().unwrap_or_default().observed_generation,
            object.metadata.generation
        )
    };
    let mut seen = vec![of(&stored)];
    assert_eq!(seen, ["None {} [] 7 Some(1)"]);
    let mut known = stored;
    known.spec.owner = Some("by this way".to_owned());
    known.status.get_or_insert_default().observed_generation = 9;
    let stored = world.operator.replace(&known).await.unwrap();
    seen.push(of(&stored));
    assert_eq!(seen[1], "Some(\"by this way\") {} [] 7 Some(2)");
    // A patch of the object does not reach the status either.
    let object = world.object("SyncServer", "s", &host("a.contoso.com"));
    let patched = world.merge(&object, json!({ "status": { "observedGeneration": 3 } })).await.unwrap();
    seen.push(patched["status"].to_string());
    seen
}

pub(super) async fn a_status_does_not_come_with_a_new_object<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let mut object = world.object("SyncServer", "s", &host("a.contoso.com"));
    object["status"] = json!({ "observedGeneration": 5, "version": "2.4.18.0" });
    let made = world.create(&object).await.unwrap();
    let read = world.get(&object).await.unwrap();
    assert_eq!(read["status"]["observedGeneration"], -1);
    assert!(read["status"]["version"].is_null());
    vec![made["status"].to_string(), read["status"].to_string()]
}

pub(super) async fn generation_counts_changes_of_the_spec<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = world.object("SyncServer", "s", &host("a.contoso.com"));
    let generation = |object: &Value| object["metadata"]["generation"].to_string();
    let mut seen = vec![generation(&world.create(&object).await.unwrap())];
    for patch in [
        json!({ "metadata": { "labels": { "a": "b" } } }),
        json!({ "metadata": { "annotations": { "a": "b" } } }),
        json!({ "spec": { "owner": "someone" } }),
        json!({ "spec": { "owner": "someone" } }),
        json!({ "spec": { "owner": null } }),
        json!({ "metadata": { "finalizers": ["conformance.example.com/held"] } }),
    ] {
        seen.push(generation(&world.merge(&object, patch).await.unwrap()));
    }
    let mut known = world.get(&object).await.unwrap();
    known["status"]["observedGeneration"] = 3.into();
    seen.push(generation(&world.replace_status(&known).await.unwrap()));
    // A deletion that is held counts too.
    world.delete(&object).await.unwrap();
    seen.push(generation(&world.get(&object).await.unwrap()));
    assert_eq!(seen, ["1", "1", "1", "2", "2", "3", "3", "3", "4"]);
    world.merge(&object, json!({ "metadata": { "finalizers": null } })).await.unwrap();
    // Kinds of Kubernetes that have no status to tell apart have none.
    let secret = world.core("Secret", "x", &json!({}));
    seen.push(generation(&world.create(&secret).await.unwrap()));
    seen
}

pub(super) async fn a_status_is_checked<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = world.object("SyncServer", "s", &host("a.contoso.com"));
    let made = world.create(&object).await.unwrap();
    let mut seen = Vec::new();
    for status in [
        json!({ "observedGeneration": "one" }),
        json!({ "conditions": [{ "type": "Ready" }] }),
        json!({ "version": "v".repeat(10_000) }),
        json!({ "unknown": 1 }),
        json!([]),
        json!(null),
    ] {
        let mut next = made.clone();
        next["status"] = status;
        // What goes through is taken back to the version that the next one starts from.
        let outcome = world.replace_status(&next).await;
        let stored = outcome.as_ref().map(|stored| stored["status"].to_string()).unwrap_or_default();
        seen.push(format!("{} {stored}", said(&outcome)));
    }
    assert!(seen[0].starts_with("422 Invalid [status.observedGeneration"), "{seen:?}");
    seen
}

pub(super) async fn a_status_that_is_left_out<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = world.object("SyncTopology", "t", &topology());
    let mut known = world.create(&object).await.unwrap();
    known["status"] = json!({ "observedGeneration": 1 });
    let mut known = world.replace_status(&known).await.unwrap();
    known.as_object_mut().unwrap().remove("status");
    let kept = world.replace(&known).await.unwrap();
    let mut known = kept.clone();
    known.as_object_mut().unwrap().remove("status");
    let emptied = world.replace_status(&known).await.unwrap();
    assert_eq!(kept["status"]["observedGeneration"], 1);
    vec![kept["status"].to_string(), emptied["status"].to_string()]
}
