//! Checks answers of the simulated Graph against the published description (`../shared/facts/graph/openapi.json`), stricter
//! than the description is: properties that it does not name are refused too, except annotations.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::graph::message::{Body, GraphRequest, GraphResponse};

/// The description, prepared once for the test binary.
pub(crate) struct Description {
    /// `paths`.
    paths: Value,
    /// `components.responses`.
    responses: Value,
    /// `components` with schemas in JSON Schema's own words.
    components: Value,
    validators: Mutex<HashMap<String, std::sync::Arc<jsonschema::Validator>>>,
}

/// Documented properties that the description lacks, with the page that has them: allowed although unknown.
const KNOWN_GAPS: &[(&str, &str)] = &[
    // Functions and operators answer with `name` where the type declares `id` (synchronization-synchronizationschema-functions).
    ("attributeMappingFunctionSchema", "name"),
    ("filterOperatorSchema", "name"),
    // The v1.0 page of organization shows these two properties of beta.
    ("organization", "directorySizeQuota"),
    ("organization", "isMultipleDataLocationsForServicesEnabled"),
];

impl Description {
    /// The description, or `None` (said on standard output) where the folder with the facts is absent.
    pub(crate) fn load() -> Option<&'static Self> {
        static DESCRIPTION: OnceLock<Option<Description>> = OnceLock::new();
        DESCRIPTION.get_or_init(Self::read).as_ref()
    }

    fn read() -> Option<Self> {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/facts/graph/openapi.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: ../shared is not here");
            return None;
        };
        let mut document: Value = serde_json::from_str(&text).expect("the description is JSON");
        let mut components = document["components"].take();
        let responses = components["responses"].clone();
        let Value::Object(schemas) = components["schemas"].take() else { panic!("no schemas") };
        let mut prepared = Map::new();
        for (name, mut schema) in schemas.clone() {
            // The subset has lost the elements of these collections: without them any list would pass.
            if let Some(element) =
                name.strip_suffix("CollectionResponse").filter(|element| schemas.contains_key(*element))
            {
                let reference = format!("#/components/schemas/{element}");
                schema["properties"]["value"] = json!({"type": "array", "items": {"$ref": reference}});
            }
            translate(&mut schema, &name);
            prepared.insert(name, schema);
        }
        Some(Self {
            paths: document["paths"].take(),
            responses,
            components: json!({"schemas": prepared}),
            validators: Mutex::default(),
        })
    }

    /// Refuses an answer that the description does not allow for the request.
    ///
    /// # Panics
    /// With every deviation found.
    pub(crate) fn check(&self, request: &GraphRequest, response: &GraphResponse) {
        let call = format!("{} {}", request.method, request.path);
        let Some((template, operations)) = self.operation(&request.path) else {
            assert!(
                response.status == StatusCode::NOT_FOUND || exempt(&request.path),
                "{call}: the description has no such path, the answer was {}",
                response.status
            );
            return;
        };
        let method = request.method.as_str().to_lowercase();
        let Some(operation) = operations.get(&method) else {
            assert!(
                response.status.is_client_error(),
                "{call}: the description has no such operation, the answer was {}",
                response.status
            );
            return;
        };
        let declared = &operation["responses"];
        let code = response.status.as_str();
        let class = format!("{}XX", &code[..1]);
        let found = declared.get(code).or_else(|| declared.get(&class)).or_else(|| declared.get("default"));
        let Some(found) = found else {
            assert!(!response.status.is_success(), "{call}: status {code} is not described");
            return;
        };
        let found = match found.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                &self.responses[reference.rsplit('/').next().expect("a reference ends in a name")]
            }
            None => found,
        };
        match (&response.body, found["content"]["application/json"].get("schema")) {
            (Body::Json(body), Some(schema)) => {
                let key = format!("{template} {method} {class}");
                let errors = self.errors(&key, schema, body);
                assert!(errors.is_empty(), "{call} -> {code}: {}\n{body:#}", errors.join("\n"));
            }
            (Body::Json(body), None) => panic!("{call} -> {code}: no body is described, found {body}"),
            (Body::Text(_), _) => assert!(
                found["content"].get("text/plain").is_some() || template.ends_with("$count"),
                "{call}: plain text is not described"
            ),
            (Body::Empty, _) => {
                assert_eq!(response.status, StatusCode::NO_CONTENT, "{call}: a success without body is 204");
            }
        }
    }

    fn errors(&self, key: &str, schema: &Value, body: &Value) -> Vec<String> {
        let validator = {
            let mut validators = self.validators.lock().expect("not poisoned");
            let known = validators.get(key).cloned();
            known.unwrap_or_else(|| {
                let mut schema = schema.clone();
                translate(&mut schema, "answer");
                let document = json!({"allOf": [close(schema)], "components": self.components});
                let validator =
                    jsonschema::draft202012::new(&document).unwrap_or_else(|error| panic!("{key}: {error}"));
                let validator = std::sync::Arc::new(validator);
                validators.insert(key.to_owned(), validator.clone());
                validator
            })
        };
        validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// The path template that fits best (fewest variables) and its operations.
    fn operation(&self, path: &str) -> Option<(&String, &Value)> {
        // A key in parentheses is a segment of its own.
        let path = path.replace("('", "/").replace("')", "");
        let asked: Vec<&str> = path.split('/').collect();
        self.paths
            .as_object()?
            .iter()
            .filter(|(template, _)| {
                let wanted: Vec<&str> = template.split('/').collect();
                wanted.len() == asked.len()
                    && wanted
                        .iter()
                        .zip(&asked)
                        .all(|(wanted, asked)| wanted.starts_with('{') || wanted == asked)
            })
            .min_by_key(|(template, _)| template.matches('{').count())
    }
}

/// Documented paths outside the subset: `GET /applications` and `GET /contacts` (collections).
fn exempt(path: &str) -> bool {
    matches!(path, "/v1.0/applications" | "/beta/applications" | "/v1.0/contacts" | "/beta/contacts")
}

/// Turns OpenAPI 3.0 words into JSON Schema's: `nullable`, and open objects into objects without further properties.
fn translate(schema: &mut Value, name: &str) {
    let Some(object) = schema.as_object_mut() else { return };
    if object.get("nullable") == Some(&Value::Bool(true))
        && let Some(Value::String(kind)) = object.get("type").cloned()
    {
        object.insert("type".to_owned(), json!([kind, "null"]));
    }
    // `format` says the same as the patterns, which are exact; duration and int64 are not formats of JSON Schema.
    object.remove("format");
    let gaps: Vec<&str> = KNOWN_GAPS
        .iter()
        .filter(|(kind, _)| name.rsplit('.').next() == Some(kind))
        .map(|(_, property)| *property)
        .collect();
    for keyword in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(branches)) = object.get_mut(keyword) {
            for branch in branches {
                translate(branch, name);
                if keyword != "allOf" {
                    *branch = close(branch.take());
                }
            }
        }
    }
    if let Some(items) = object.get_mut("items") {
        translate(items, name);
        *items = close(items.take());
    }
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        for property in properties.values_mut() {
            translate(property, name);
            *property = close(property.take());
        }
        for gap in gaps {
            properties.insert(gap.to_owned(), json!({}));
        }
        object.remove("additionalProperties");
    }
}

/// Forbids properties that no branch of the schema names, apart from annotations such as `@odata.type` or `members@delta`.
fn close(schema: Value) -> Value {
    // A member of a group is declared as the base type and answered as what it is.
    let derived =
        schema.get("$ref").and_then(Value::as_str).is_some_and(|name| name.ends_with(".directoryObject"));
    if derived {
        return schema;
    }
    let closes =
        schema.get("$ref").is_some() || schema.get("properties").is_some() || schema.get("allOf").is_some();
    if !closes {
        return schema;
    }
    json!({"allOf": [schema], "patternProperties": {"@": {}}, "unevaluatedProperties": false})
}
