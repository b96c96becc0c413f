//! Lists and watches.

use futures::{AsyncBufReadExt as _, StreamExt as _};
use kube::api::{ListParams, Request, WatchParams};
use operator::cluster::Cluster;
use serde_json::{Value, json};

use crds::SyncServer;

use super::world::{Seen, World, host, version};

/// Reads a number of events of a watch from a version on.
async fn events<O: Cluster, A>(
    world: &World<O, A>,
    parameters: &WatchParams,
    from: u64,
    count: usize,
) -> Vec<Value> {
    let path = format!("/apis/hybrididentity.dev/v1alpha1/namespaces/{}/syncservers", world.namespace);
    let request = Request::new(path).watch(parameters, &from.to_string()).unwrap();
    let stream = world.client.request_stream(request).await.unwrap();
    let mut lines = std::pin::pin!(stream.lines());
    let mut events: Vec<Value> = Vec::new();
    while events.len() < count {
        let line = lines.next().await.unwrap().unwrap();
        events.push(serde_json::from_str(&line).unwrap());
    }
    events
}

fn line(event: &Value) -> String {
    let object = &event["object"];
    format!(
        "{} {} {} {}",
        event["type"], object["metadata"]["name"], object["metadata"]["generation"], object["spec"]["owner"]
    )
}

async fn some_changes<O: Cluster, A>(world: &World<O, A>) -> u64 {
    let first = world.object("SyncServer", "first", &host("a.contoso.com"));
    let second = world.object("SyncServer", "second", &host("b.contoso.com"));
    let before = version(&world.create(&first).await.unwrap());
    world.merge(&first, json!({ "spec": { "owner": "one" } })).await.unwrap();
    world.create(&second).await.unwrap();
    let mut known = world.get(&first).await.unwrap();
    known["status"]["observedGeneration"] = 2.into();
    world.replace_status(&known).await.unwrap();
    // Changes nothing: no event.
    world.merge(&first, json!({ "spec": { "owner": "one" } })).await.unwrap();
    world.delete(&second).await.unwrap();
    let mut held = first.clone();
    held["metadata"]["finalizers"] = json!(["conformance.example.com/held"]);
    world
        .merge(&first, json!({ "metadata": { "finalizers": held["metadata"]["finalizers"] } }))
        .await
        .unwrap();
    world.delete(&first).await.unwrap();
    world.merge(&first, json!({ "metadata": { "finalizers": null } })).await.unwrap();
    before
}

pub(super) async fn events_come_in_order<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let from = some_changes(world).await;
    let events = events(world, &WatchParams::default(), from, 7).await;
    let versions: Vec<_> = events.iter().map(|event| version(&event["object"])).collect();
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    let seen: Vec<_> = events.iter().map(line).collect();
    assert_eq!(seen[0], "\"MODIFIED\" \"first\" 2 \"one\"");
    assert!(seen[6].starts_with("\"DELETED\" \"first\""), "{seen:#?}");
    seen
}

pub(super) async fn a_watch_resumes_where_it_ended<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let from = some_changes(world).await;
    let first = events(world, &WatchParams::default(), from, 3).await;
    let from = version(&first.last().unwrap()["object"]);
    let rest = events(world, &WatchParams::default(), from, 4).await;
    let seen: Vec<_> = first.iter().chain(&rest).map(line).collect();
    let whole = events(world, &WatchParams::default(), version(&first[0]["object"]), 6).await;
    assert_eq!(whole.iter().map(line).collect::<Vec<_>>(), seen[1..]);
    seen
}

pub(super) async fn a_watch_of_one_object_tells_of_no_other<O: Cluster, A>(world: &World<O, A>) -> Seen {
    let from = some_changes(world).await;
    let parameters = WatchParams::default().fields("metadata.name=second");
    let seen: Vec<_> = events(world, &parameters, from, 2).await.iter().map(line).collect();
    assert_eq!(seen, ["\"ADDED\" \"second\" 1 null", "\"DELETED\" \"second\" 1 null"]);
    seen
}

pub(super) async fn what_is_forgotten_is_gone<O: Cluster, A>(world: &World<O, A>) -> Seen {
    some_changes(world).await;
    world.forget();
    let path = format!("/apis/hybrididentity.dev/v1alpha1/namespaces/{}/syncservers", world.namespace);
    let request = Request::new(path).watch(&WatchParams::default(), "1").unwrap();
    let code = match world.client.request_stream(request).await {
        Err(kube::Error::Api(status)) => i64::from(status.code),
        Err(other) => panic!("{other}"),
        Ok(stream) => {
            let mut lines = std::pin::pin!(stream.lines());
            let event: Value = serde_json::from_str(&lines.next().await.unwrap().unwrap()).unwrap();
            assert_eq!(event["type"], "ERROR");
            event["object"]["code"].as_i64().unwrap()
        }
    };
    assert_eq!(code, 410);
    vec![code.to_string()]
}

pub(super) async fn a_list_is_in_order_and_can_be_chosen_from<O: Cluster, A>(world: &World<O, A>) -> Seen {
    for (name, label) in [("b", "x"), ("a-1", "y"), ("a", "x"), ("a.1", "x")] {
        let mut object = world.object("SyncServer", name, &host("a.contoso.com"));
        object["metadata"]["labels"] = json!({ "label": label });
        world.create(&object).await.unwrap();
    }
    let listed: Vec<SyncServer> = world.operator.list(Some(&world.namespace)).await.unwrap();
    let names: Vec<_> = listed.iter().map(|object| object.metadata.name.clone().unwrap()).collect();
    let mut seen = vec![format!("{names:?}")];
    let any = world.object("SyncServer", "a", &host("a.contoso.com"));
    let api = tests::api_of(&world.client, &any);
    for parameters in [
        ListParams::default().labels("label=x"),
        ListParams::default().fields("metadata.name=a-1"),
        ListParams::default().labels("label=none"),
    ] {
        let list = api.list(&parameters).await.unwrap();
        let names: Vec<_> = list.items.iter().map(|object| object.metadata.name.clone().unwrap()).collect();
        seen.push(format!("{names:?} {}", list.metadata.resource_version.is_some()));
    }
    let everywhere: Vec<SyncServer> = world.operator.list(None).await.unwrap();
    seen.push((everywhere.len() >= 4).to_string());
    seen
}
