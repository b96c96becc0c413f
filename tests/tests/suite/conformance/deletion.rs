//! Finalizers, owners, namespaces.

use operator::cluster::Cluster;
use serde_json::{Value, json};

use super::world::{Seen, World, host, said};

const HELD: &str = "conformance.example.com/held";

fn deleting(object: &Value) -> String {
    let meta = &object["metadata"];
    format!(
        "{} {} {} {}",
        meta["deletionTimestamp"].is_string(),
        meta["deletionGracePeriodSeconds"],
        meta["generation"],
        meta["finalizers"]
    )
}

async fn held<O: Cluster, A>(world: &World<O, A>, name: &str) -> Value {
    let mut object = world.object("SyncServer", name, &host("a.contoso.com"));
    object["metadata"]["finalizers"] = json!([HELD]);
    world.create(&object).await.unwrap();
    object
}

pub(super) async fn an_object_is_deleted<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = world.object("SyncServer", "s", &host("a.contoso.com"));
    world.create(&object).await.unwrap();
    let outcomes = [world.delete(&object).await, world.delete(&object).await];
    let mut seen = vec![format!("{:?}", outcomes[0].as_ref().ok()), said(&outcomes[1])];
    assert_eq!(seen[1], "404 NotFound []");
    let secret = world.core("Secret", "x", &json!({}));
    world.create(&secret).await.unwrap();
    seen.push(world.delete(&secret).await.unwrap());
    seen.push(said(&world.get(&secret).await));
    seen
}

pub(super) async fn a_finalizer_holds_an_object<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = held(world, "s").await;
    let mut seen = vec![world.delete(&object).await.unwrap()];
    let first = world.get(&object).await.unwrap();
    seen.push(deleting(&first));
    assert_eq!(seen[1], format!("true 0 2 [\"{HELD}\"]"));
    // Asked again, nothing changes.
    seen.push(world.delete(&object).await.unwrap());
    let second = world.get(&object).await.unwrap();
    seen.push((first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]).to_string());
    // It goes on being an object: its spec and its status can be written.
    let mut known = world.merge(&object, json!({ "spec": { "owner": "someone" } })).await.unwrap();
    known["status"]["observedGeneration"] = 2.into();
    let known = world.replace_status(&known).await.unwrap();
    seen.push(format!("{} {}", deleting(&known), known["status"]["observedGeneration"]));
    let mut known = known;
    known["metadata"]["finalizers"] = json!([]);
    seen.push(said(&world.replace(&known).await));
    seen.push(said(&world.get(&object).await));
    assert_eq!(seen.last().unwrap(), "404 NotFound []");
    seen
}

pub(super) async fn what_is_being_deleted_takes_no_new_finalizer<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = held(world, "s").await;
    world.delete(&object).await.unwrap();
    let more = json!({ "metadata": { "finalizers": [HELD, "conformance.example.com/more"] } });
    let outcome = world.merge(&object, more).await;
    assert!(said(&outcome).starts_with("422 Invalid [metadata.finalizers"), "{outcome:?}");
    let last = world.merge(&object, json!({ "metadata": { "finalizers": null } })).await;
    vec![said(&outcome), said(&last), said(&world.get(&object).await)]
}

pub(super) async fn what_is_being_deleted_still_holds_its_name<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let object = held(world, "s").await;
    world.delete(&object).await.unwrap();
    let again = world.create(&world.object("SyncServer", "s", &host("b.contoso.com"))).await;
    assert_eq!(said(&again), "409 AlreadyExists []");
    world.merge(&object, json!({ "metadata": { "finalizers": null } })).await.unwrap();
    let after = world.create(&world.object("SyncServer", "s", &host("b.contoso.com"))).await;
    vec![said(&again), said(&after)]
}

pub(super) async fn a_deletion_is_fenced_by_uid_and_version<O: Cluster, A>(world: &World<O, A>) -> Seen {
    use kube::api::{DeleteParams, Preconditions};
    let object = world.object("SyncServer", "s", &host("a.contoso.com"));
    let made = world.create(&object).await.unwrap();
    let text = |word: &str| made["metadata"][word].as_str().map(str::to_owned);
    world.merge(&object, json!({ "spec": { "owner": "someone" } })).await.unwrap();
    let api = tests::api_of(&world.client, &object);
    let mut seen = Vec::new();
    for preconditions in [
        Preconditions {
            uid: Some("00000000-0000-0000-0000-000000000000".to_owned()),
            resource_version: None,
        },
        Preconditions { uid: text("uid"), resource_version: text("resourceVersion") },
        Preconditions { uid: text("uid"), resource_version: None },
    ] {
        let parameters = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        seen.push(said(&api.delete("s", &parameters).await));
    }
    assert_eq!(seen, ["409 Conflict []", "409 Conflict []", "done"]);
    seen
}

fn owner(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    })
}

async fn owned<O: Cluster, A>(world: &World<O, A>, name: &str, owners: &[Value]) -> Value {
    let mut object = world.core("Secret", name, &json!({}));
    object["metadata"]["ownerReferences"] = owners.into();
    world.create(&object).await.unwrap();
    object
}

pub(super) async fn what_belongs_to_an_owner_goes_with_it<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let above = world.object("SyncServer", "s", &host("a.contoso.com"));
    let made = world.create(&above).await.unwrap();
    let below = owned(world, "below", &[owner(&made)]).await;
    let made_below = world.get(&below).await.unwrap();
    let furthest = owned(world, "furthest", &[owner(&made_below)]).await;
    let other = owned(world, "other", &[]).await;
    world.delete(&above).await.unwrap();
    world.gone(&below).await;
    world.gone(&furthest).await;
    vec![said(&world.get(&other).await)]
}

pub(super) async fn what_belongs_to_nobody_who_is_there_goes<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let above = world.object("SyncServer", "s", &host("a.contoso.com"));
    let first = world.create(&above).await.unwrap();
    world.delete(&above).await.unwrap();
    // One of the same name is another owner.
    world.create(&above).await.unwrap();
    let orphan = owned(world, "orphan", &[owner(&first)]).await;
    world.gone(&orphan).await;
    vec![said(&world.get(&above).await)]
}

pub(super) async fn what_has_an_owner_left_stays<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let goes = world.object("SyncServer", "goes", &host("a.contoso.com"));
    let stays = world.object("SyncServer", "stays", &host("b.contoso.com"));
    let owners = [owner(&world.create(&goes).await.unwrap()), owner(&world.create(&stays).await.unwrap())];
    let below = owned(world, "below", &owners).await;
    world.delete(&goes).await.unwrap();
    let limit = std::time::Duration::from_mins(1);
    let left = tests::until("the reference to go", limit, async || {
        let object = world.get(&below).await.unwrap();
        let references = object["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
        Ok((references.len() == 1).then(|| references[0]["name"].to_string()))
    })
    .await
    .unwrap();
    assert_eq!(left, "\"stays\"");
    vec![left]
}

pub(super) async fn a_namespace_is_emptied_and_goes<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let name = format!("{}-second", world.namespace);
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    let mut seen = vec![said(&world.create(&namespace).await), said(&world.create(&namespace).await)];
    let mut held = world.object("SyncServer", "held", &host("a.contoso.com"));
    held["metadata"]["namespace"] = name.clone().into();
    held["metadata"]["finalizers"] = json!([HELD]);
    world.create(&held).await.unwrap();
    let mut free = held.clone();
    free["metadata"] = json!({ "name": "free", "namespace": name });
    world.create(&free).await.unwrap();
    world.delete(&namespace).await.unwrap();
    world.gone(&free).await;
    let limit = std::time::Duration::from_mins(1);
    tests::until("the held one to be asked to go", limit, async || {
        let object = world.get(&held).await.unwrap();
        Ok(object["metadata"]["deletionTimestamp"].is_string().then_some(()))
    })
    .await
    .unwrap();
    seen.push(world.get(&namespace).await.unwrap()["status"]["phase"].to_string());
    let late = world.create(&free).await;
    assert!(said(&late).starts_with("403"), "{late:?}");
    seen.push(said(&late).split(' ').take(2).collect::<Vec<_>>().join(" "));
    world.merge(&held, json!({ "metadata": { "finalizers": null } })).await.unwrap();
    world.gone(&namespace).await;
    seen
}
