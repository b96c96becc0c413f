//! The largest right object of every kind is accepted, when it is created and when it is changed: what a definition says of
//! the cost of its rules is an estimate, and only such an object shows what they cost.

use serde_json::{Value, json};

use super::examples::{Example, large, small};
use super::readable::readable;
use super::schema::definition;
use super::server::{Resource, Server, Write, causes};

#[tokio::test]
async fn the_largest_right_objects_are_accepted() {
    let bytes = accept(&large()).await;
    // The store takes 1.5 MiB: there is nothing left that could be larger.
    assert!(bytes > 1_300_000, "the largest has {bytes} bytes");
}

#[tokio::test]
async fn the_smallest_right_objects_with_all_fields_are_accepted() {
    accept(&small()).await;
}

/// Creates and changes each, and reads it as the crate's own type. Gives back the size of the largest as it is stored.
async fn accept(examples: &[Example]) -> usize {
    let server = Server::new().await;
    let mut failures = Vec::new();
    let mut largest = 0;
    for example in examples {
        match accept_one(&server, example).await {
            Ok(bytes) => largest = largest.max(bytes),
            Err(problem) => failures.push(format!("{}, {}: {problem:.2000}", example.kind, example.about)),
        }
    }
    assert!(failures.is_empty(), "{} of {} failed:\n{}", failures.len(), examples.len(), failures.join("\n"));
    largest
}

async fn accept_one(server: &Server, Example { kind, object, .. }: &Example) -> Result<usize, String> {
    let resource = Resource::of(definition(kind));
    let mut stored = server
        .create(&resource, object, Write::Kept)
        .await
        .map_err(|status| format!("it cannot be created: {}", status.message))?;
    readable(kind, &stored)?;
    // Rules that compare with the object as it was run too.
    change(kind, &mut stored);
    let changed = server
        .replace(&resource, &stored, Write::Kept)
        .await
        .map_err(|status| format!("it cannot be changed: {}", status.message))?;
    readable(kind, &changed)?;
    let name = object["metadata"]["name"].as_str().unwrap();
    server.delete(&resource, name).await.map_err(|status| status.message)?;
    Ok(changed.to_string().len())
}

/// Changes something that may be changed; of a kind whose spec may not be, something else.
fn change(kind: &str, object: &mut Value) {
    object["metadata"]["labels"] = json!({ "changed": "true" });
    match kind {
        "EntraTenant" | "SyncTopology" => object["spec"]["suspend"] = json!(false),
        "SyncServer" => object["spec"]["owner"] = json!("somebody else"),
        "SyncAgent" => object["spec"]["command"]["id"] = json!("another"),
        _ => {}
    }
}

/// A mistake in the largest object is still told by name: the rules do not run out of their budget first.
#[tokio::test]
async fn a_mistake_in_the_largest_topology_is_told_by_name() {
    let server = Server::new().await;
    let resource = Resource::of(definition("SyncTopology"));
    let topology = large().into_iter().find(|example| example.kind == "SyncTopology").unwrap().object;
    let last = topology["spec"]["scopes"].as_array().unwrap().last().unwrap()["name"].clone();

    let mut in_two = topology.clone();
    in_two["spec"]["strategy"]["waves"][0]["scopes"].as_array_mut().unwrap().push(last.clone());
    let mut in_none = topology.clone();
    in_none["spec"]["strategy"]["waves"][49]["scopes"].as_array_mut().unwrap().pop();
    let mut unknown = topology.clone();
    unknown["spec"]["strategy"]["waves"][49]["scopes"].as_array_mut().unwrap().push(json!("unknown"));

    for (topology, name, about) in [
        (in_two, last.as_str().unwrap(), "a scope must be in one wave only"),
        (in_none, last.as_str().unwrap(), "every scope with engine CloudSync must be in a wave"),
        (unknown, "unknown", "a wave must name only scopes that `scopes` declares"),
    ] {
        let status = server.create(&resource, &topology, Write::DryRun).await.unwrap_err();
        let causes = causes(&status);
        let [(field, message)] = causes.as_slice() else { panic!("{about}: {causes:?}") };
        assert_eq!(field, "spec.strategy.waves", "{message}");
        assert!(message.contains(about) && message.contains(name), "{message}");
    }
}
