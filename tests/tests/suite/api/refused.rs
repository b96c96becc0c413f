//! The API server refuses every bad manifest, and says where and why.

use serde_json::Value;

use super::manifest::{self, Manifest};
use super::schema::definition;
use super::server::{Answer, Resource, Server, Write, causes};

#[tokio::test]
async fn every_bad_manifest_is_refused_with_field_value_and_expectation() {
    let server = Server::new().await;
    let manifests = manifest::all();
    assert!(manifests.len() >= 45, "{} manifests were found", manifests.len());
    let mut failures = Vec::new();
    for manifest in &manifests {
        let resource = Resource::of(definition(&manifest.kind));
        let answer = submit(&server, &resource, manifest).await;
        if let Err(problem) = answer.and_then(|answer| check(manifest, &answer)) {
            failures.push((manifest, problem));
        }
    }
    assert!(failures.is_empty(), "{}", table(&failures, manifests.len()));
}

/// Submits what the manifest says must be refused: its only object, or its second as an update of the first.
///
/// # Errors
/// Where the first of two is refused.
pub(super) async fn submit(
    server: &Server,
    resource: &Resource,
    manifest: &Manifest,
) -> Result<Answer, String> {
    let Some(then) = &manifest.then else {
        return Ok(server
            .create(resource, &prepared(resource, manifest, &manifest.object), Write::DryRun)
            .await);
    };
    let first = prepared(resource, manifest, &manifest.object);
    let stored = server
        .create(resource, &first, Write::Kept)
        .await
        .map_err(|status| format!("the first of the two objects is refused: {}", status.message))?;
    let mut second = prepared(resource, manifest, then);
    second["metadata"]["resourceVersion"] = stored["metadata"]["resourceVersion"].clone();
    let answer = server.replace(resource, &second, Write::DryRun).await;
    let name = stored["metadata"]["name"].as_str().unwrap();
    server.delete(resource, name).await.map_err(|status| status.message)?;
    Ok(answer)
}

/// The object under the name of its file, so that manifests do not meet, and under the version of the resource.
fn prepared(resource: &Resource, manifest: &Manifest, object: &Value) -> Value {
    let mut object = object.clone();
    object["apiVersion"] = resource.api_version().into();
    object["metadata"]["name"] = manifest.name.rsplit('/').next().unwrap().into();
    object
}

/// # Errors
/// Where it is not refused as the manifest says.
fn check(manifest: &Manifest, answer: &Answer) -> Result<(), String> {
    let Err(status) = answer else { return Err("it is accepted".to_owned()) };
    if status.code != 422 {
        return Err(format!("the code is {}: {}", status.code, status.message));
    }
    match causes(status).as_slice() {
        [(field, message)] if *field == manifest.field && message.contains(&manifest.expect) => Ok(()),
        causes => {
            let causes: Vec<_> =
                causes.iter().map(|(field, message)| format!("{field}: {message}")).collect();
            Err(causes.join("\n      and "))
        }
    }
}

fn table(failures: &[(&Manifest, String)], all: usize) -> String {
    let rows = failures.iter().map(|(manifest, problem)| {
        format!("{}\n expected {}: {}\n    found {problem}\n", manifest.name, manifest.field, manifest.expect)
    });
    format!(
        "{} of {all} manifests are not refused as they say:\n\n{}",
        failures.len(),
        rows.collect::<String>()
    )
}
