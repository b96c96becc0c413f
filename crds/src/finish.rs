//! The CustomResourceDefinitions as they are installed: what the derive makes, plus what it has no word for. Pure.
//!
//! - `default: {observedGeneration: -1}` on `status`, so that kstatus never takes an object nobody has looked at for a finished
//!   one. Source: cli-utils `pkg/kstatus`; Flux does the same.
//! - a pattern on every `date-time`: what the API server accepts, the types of this crate can read.
//! - `maxItems` on every list and `maxLength` on every string is asserted by a test, not added here.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray,
};
use kube::CustomResourceExt;

use crate::{
    ConfigurationSnapshot, EntraTenant, Migration, MigrationDecision, SyncAgent, SyncAgentReport, SyncServer,
    SyncTopology,
};

/// An instant as RFC 3339 has it, from the year 2000 on, to the nanosecond.
const INSTANT: &str = r"^2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$";

/// Every kind, in the order in which people meet them.
pub fn all() -> Vec<CustomResourceDefinition> {
    [
        EntraTenant::crd(),
        SyncServer::crd(),
        SyncTopology::crd(),
        Migration::crd(),
        MigrationDecision::crd(),
        SyncAgent::crd(),
        SyncAgentReport::crd(),
        ConfigurationSnapshot::crd(),
    ]
    .into_iter()
    .map(finish)
    .collect()
}

fn finish(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        let Some(schema) = version.schema.as_mut().and_then(|s| s.open_api_v3_schema.as_mut()) else {
            continue;
        };
        if let Some(status) = schema.properties.as_mut().and_then(|p| p.get_mut("status")) {
            status.default = Some(JSON(serde_json::json!({ "observedGeneration": -1 })));
            // Every field of a status is optional but this one, which the default provides.
            status.nullable = None;
        }
        visit(schema, &mut |props| {
            // `uint*` is unknown to the API server; the bounds say what is meant.
            if props.format.as_deref().is_some_and(|f| f.starts_with("uint")) {
                props.format = None;
            }
            // The format alone lets texts in that are no instant ("...T00:00:00x5Z"), and one of them makes a whole list unreadable.
            if props.format.as_deref() == Some("date-time") {
                props.pattern = Some(INSTANT.to_owned());
            }
            // Null would be kept instead of replaced by the default, and no field with a default can be read from it.
            if props.default.is_some() {
                props.nullable = None;
            }
        });
    }
    crd
}

/// Calls `f` on a schema and every schema below it.
pub fn visit(schema: &mut JSONSchemaProps, f: &mut impl FnMut(&mut JSONSchemaProps)) {
    f(schema);
    for child in schema.properties.iter_mut().flatten().map(|(_, child)| child) {
        visit(child, f);
    }
    match schema.items.as_mut() {
        Some(JSONSchemaPropsOrArray::Schema(item)) => visit(item, f),
        Some(JSONSchemaPropsOrArray::Schemas(items)) => items.iter_mut().for_each(|item| visit(item, f)),
        None => {}
    }
}

/// File name of a definition below `crds/yaml`.
pub fn file_name(crd: &CustomResourceDefinition) -> String {
    format!("{}.yaml", crd.spec.names.plural)
}

#[cfg(test)]
mod tests;
