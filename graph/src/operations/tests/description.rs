//! Checks a request against Microsoft's published OpenAPI description.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::transport::Request;

/// Calls that are documented but stand outside the part of the description that is at hand.
const NOT_DESCRIBED: [&str; 3] = [
    "/v1.0/applications/a/federatedIdentityCredentials",
    "/beta/users/o/onPremisesSyncBehavior",
    "/beta/groups/o/onPremisesSyncBehavior",
];

/// Query options that every list and object takes, although the description does not repeat them everywhere.
const COMMON_OPTIONS: [&str; 3] = ["$count", "$deltatoken", "$expand"];

pub(super) struct Description {
    paths: Map<String, Value>,
    components: Value,
}

impl Description {
    pub(super) fn read(path: &Path) -> Self {
        let mut document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let paths = document["paths"].as_object().unwrap().clone();
        let mut components = document["components"].take();
        to_json_schema(&mut components["schemas"]);
        Self { paths, components }
    }

    /// What is wrong with a request, if anything.
    pub(super) fn fault(&self, request: &Request) -> Option<String> {
        let below = request.url.strip_prefix("https://graph.example").unwrap();
        let (path, query) = below.split_once('?').unwrap_or((below, ""));
        if NOT_DESCRIBED.contains(&path) {
            return None;
        }
        let method = request.method.as_str().to_lowercase();
        let Some(operation) = self.operation(path, &method) else {
            return Some(format!("{method} {path} is not described"));
        };
        self.option_fault(operation, query)
            .or_else(|| self.body_fault(operation, &request.body))
            .map(|fault| format!("{method} {below}: {fault}"))
    }

    fn operation(&self, path: &str, method: &str) -> Option<&Value> {
        let fits = |template: &str| {
            let (a, b): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
            a.len() == b.len()
                && a.iter().zip(&b).all(|(a, b)| a == b || (a.starts_with('{') && !b.is_empty()))
        };
        // A literal segment is a better fit than a placeholder.
        let templates = self.paths.iter().filter(|(template, _)| fits(template));
        templates.min_by_key(|(template, _)| template.matches('{').count())?.1.get(method)
    }

    fn option_fault(&self, operation: &Value, query: &str) -> Option<String> {
        let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let names: Vec<&str> = parameters
            .iter()
            .map(|parameter| match parameter["$ref"].as_str() {
                Some(reference) => {
                    let name = reference.rsplit('/').next().unwrap();
                    self.components["parameters"][name]["name"].as_str().unwrap()
                }
                None => parameter["name"].as_str().unwrap(),
            })
            .collect();
        let options = query.split('&').filter_map(|option| option.split_once('=')).map(|(name, _)| name);
        let unknown =
            options.into_iter().find(|name| !names.contains(name) && !COMMON_OPTIONS.contains(name))?;
        Some(format!("{unknown} is not among {names:?}"))
    }

    fn body_fault(&self, operation: &Value, body: &[u8]) -> Option<String> {
        let described = &operation["requestBody"]["content"]["application/json"]["schema"];
        if body.is_empty() {
            return described.is_object().then(|| "a body is missing".to_owned());
        }
        if !described.is_object() {
            return Some("a body is not described".to_owned());
        }
        let mut schema = described.clone();
        to_json_schema(&mut schema);
        let schema = json!({ "allOf": [schema], "components": self.components });
        let validator = jsonschema::validator_for(&schema).unwrap();
        let value: Value = serde_json::from_slice(body).unwrap();
        validator.iter_errors(&value).next().map(|error| format!("{} at {}", error, error.instance_path()))
    }
}

/// OpenAPI 3.0 writes `nullable` where JSON Schema writes a type.
fn to_json_schema(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(to_json_schema),
        Value::Object(object) => {
            object.values_mut().for_each(to_json_schema);
            if object.remove("nullable") == Some(Value::Bool(true)) {
                let bare = Value::Object(std::mem::take(object));
                *value = json!({ "anyOf": [bare, { "type": "null" }] });
            }
        }
        _ => {}
    }
}
