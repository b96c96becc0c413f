//! What the API server accepts, the types of the crate can read: one object that they cannot would make every list that it
//! is in unreadable.

use serde_json::Value;

use super::examples::{Example, small};
use super::fill::{Fill, ONE};
use super::schema::{definition, status};
use super::server::{Resource, Server, Write};

/// # Errors
/// Where the crate's type cannot be made of what the API server accepted, or loses some of it.
pub(super) fn readable(kind: &str, object: &Value) -> Result<(), String> {
    fn reads<K: serde::de::DeserializeOwned + serde::Serialize>(spec: &Value) -> Result<(), String> {
        let typed: K =
            serde_json::from_value(spec.clone()).map_err(|error| format!("unreadable: {error}"))?;
        let again: K = serde_json::from_value(serde_json::to_value(&typed).unwrap()).unwrap();
        let (first, second) = (serde_json::to_value(&typed).unwrap(), serde_json::to_value(&again).unwrap());
        if first == second { Ok(()) } else { Err("it changes by being read and written".to_owned()) }
    }
    match kind {
        "EntraTenant" => reads::<crds::EntraTenant>(object),
        "SyncServer" => reads::<crds::SyncServer>(object),
        "SyncTopology" => reads::<crds::SyncTopology>(object),
        "Migration" => reads::<crds::Migration>(object),
        "MigrationDecision" => reads::<crds::MigrationDecision>(object),
        "SyncAgent" => reads::<crds::SyncAgent>(object),
        "SyncAgentReport" => reads::<crds::SyncAgentReport>(object),
        "ConfigurationSnapshot" => reads::<crds::ConfigurationSnapshot>(object),
        other => Err(format!("there is no type for {other}")),
    }
}

#[tokio::test]
async fn null_in_place_of_a_field_is_refused_or_can_be_read() {
    let server = Server::new().await;
    let mut failures = Vec::new();
    let (mut accepted, mut refused) = (0, 0);
    for example in small() {
        let resource = Resource::of(definition(&example.kind));
        let mut pointers = Vec::new();
        fields("/spec", &example.object["spec"], &mut pointers);
        for pointer in pointers {
            let mut object = example.object.clone();
            *object.pointer_mut(&pointer).unwrap() = Value::Null;
            match server.create(&resource, &object, Write::DryRun).await {
                Ok(stored) => {
                    accepted += 1;
                    let read = readable(&example.kind, &stored);
                    failures.extend(read.err().map(|why| format!("{} {pointer}: {why}", example.kind)));
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(accepted >= 50 && refused >= 50, "{accepted} were accepted, {refused} refused");
    assert!(failures.is_empty(), "{} of {accepted}:\n{}", failures.len(), failures.join("\n"));
}

/// Reports come from agents, which can write what they like into their own status.
#[tokio::test]
async fn a_status_with_all_fields_can_be_read() {
    let server = Server::new().await;
    let mut failures = Vec::new();
    for example in kinds() {
        let definition = definition(&example.kind);
        let resource = Resource::of(definition);
        let mut object = server.create(&resource, &example.object, Write::Kept).await.unwrap();
        for choice in 0..16 {
            object["status"] = Fill { choice, ..ONE }.value(status(definition), 0);
            let problem = match server.replace_status(&resource, &object).await {
                Ok(stored) => readable(&example.kind, &stored).err(),
                Err(refusal) => Some(refusal.message.clone()),
            };
            failures.extend(problem.map(|problem| format!("{} {choice}: {problem}", example.kind)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The first example of every kind.
fn kinds() -> Vec<Example> {
    let mut examples = small();
    examples.dedup_by(|second, first| second.kind == first.kind);
    examples
}

/// The pointers to every field below a value.
fn fields(pointer: &str, value: &Value, found: &mut Vec<String>) {
    for (name, child) in value.as_object().into_iter().flatten() {
        let pointer = format!("{pointer}/{name}");
        fields(&pointer, child, found);
        found.push(pointer);
    }
    for (index, child) in value.as_array().into_iter().flatten().enumerate() {
        fields(&format!("{pointer}/{index}"), child, found);
    }
}
