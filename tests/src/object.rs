//! Objects of any kind as JSON. Talks to the API server.

use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::Value;

use crate::control_plane::{Error, Result};

/// The API of an object's own kind, in its own namespace.
pub fn api_of(client: &Client, object: &Value) -> Api<DynamicObject> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let version = text(&object["apiVersion"]);
    let (group, version) = version.split_once('/').unwrap_or(("", &version));
    let kind = GroupVersionKind::gvk(group, version, &text(&object["kind"]));
    let resource = ApiResource::from_gvk(&kind);
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

/// Server-side apply under a field manager; a field that the schema does not know is an error.
///
/// # Errors
/// What the API server says against it.
pub async fn apply(client: &Client, manager: &str, object: &Value) -> Result<DynamicObject> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let parameters = PatchParams::apply(manager).force().validation_strict();
    let applied = api_of(client, object).patch(name, &parameters, &Patch::Apply(object)).await;
    applied.map_err(Error::kube(format!(
        "applying {} {name}",
        object["kind"].as_str().unwrap_or("an object without kind")
    )))
}
