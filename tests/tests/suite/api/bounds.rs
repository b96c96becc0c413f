//! Every bound of every field of every `spec` is in force: an object with all fields, changed in one place so that it
//! oversteps one bound, is refused, and for that place.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::examples::small;
use super::fill::ONE;
use super::schema::{Bound, LIST_TYPE, bounds, definition, definitions, spec, walk};
use super::server::{Resource, Server, Write, causes};

/// A field that must not be set at all has bounds that nobody can meet.
const NEVER_SET: &str = "spec.scopes[].groups";

#[tokio::test]
async fn what_oversteps_a_bound_is_refused_for_it() {
    let server = Server::new().await;
    let mut tried = BTreeSet::new();
    let mut failures = Vec::new();
    for example in small() {
        let definition = definition(&example.kind);
        let resource = Resource::of(definition);
        for bound in bounds(definition) {
            let key = (example.kind.clone(), bound.clone());
            if tried.contains(&key) {
                continue;
            }
            let mut object = example.object.clone();
            let Some(field) = overstep(&mut object, definition, &bound) else { continue };
            tried.insert(key);
            if let Err(problem) = refused_for(&server, &resource, &object, &field).await {
                failures.push(format!("{} {} {}: {problem}", example.kind, bound.path, bound.keyword));
            }
        }
    }
    let untried = definitions().iter().flat_map(|definition| {
        let kind = definition["spec"]["names"]["kind"].as_str().unwrap().to_owned();
        bounds(definition).into_iter().map(move |bound| (kind.clone(), bound))
    });
    let untried: Vec<_> = untried
        .filter(|key| !tried.contains(key) && !key.1.path.starts_with(NEVER_SET))
        .map(|(kind, bound)| format!("{kind} {} {}: no example has this field", bound.path, bound.keyword))
        .collect();
    assert!(tried.len() >= 250, "{} bounds were seen", tried.len());
    failures.extend(untried);
    assert!(failures.is_empty(), "{} of {} bounds:\n{}", failures.len(), tried.len(), failures.join("\n"));
}

/// # Errors
/// Where the object is accepted, or another place is named.
async fn refused_for(
    server: &Server,
    resource: &Resource,
    object: &Value,
    field: &str,
) -> Result<(), String> {
    let Err(status) = server.create(resource, object, Write::DryRun).await else {
        return Err(format!("accepted with a wrong {field}"));
    };
    let causes = causes(&status);
    // Which of several alternatives is missing has no path of its own; the message names it.
    let named = |(path, message): &(String, String)| {
        path == field || (path == "<nil>" && message.contains(&format!("\"{field}\"")))
    };
    if causes.iter().any(named) {
        Ok(())
    } else {
        Err(format!("expected {field} to be named, found {causes:?}"))
    }
}

/// Changes the first value at the bound's path so that it oversteps the bound. Gives the path of what is wrong now, or
/// none where the object has no such value.
fn overstep(object: &mut Value, definition: &Value, bound: &Bound) -> Option<String> {
    let mut schema = None;
    walk("spec", spec(definition), &mut |path, found| {
        if path == bound.path {
            schema = Some(found);
        }
    });
    let (schema, path) = (schema?, bound.path.replace("[]", "[0]"));
    let pointer = format!("/{}", path.replace("[0]", "/0").replace('.', "/"));
    if bound.keyword == "required" {
        let (parent, name) = pointer.rsplit_once('/')?;
        object.pointer_mut(parent)?.as_object_mut()?.remove(name)?;
        return Some(path);
    }
    let value = object.pointer_mut(&pointer)?;
    let number = |word: &str| schema[word].as_f64().unwrap();
    let length = |word: &str| usize::try_from(schema[word].as_u64().unwrap()).unwrap();
    match bound.keyword.as_str() {
        "pattern" | "format" | "enum" => *value = json!("!?"),
        "minimum" => *value = json!(number("minimum") - 1.0),
        "maximum" => *value = json!(number("maximum") + 1.0),
        "minLength" => *value = json!(""),
        "maxLength" => *value = json!("a".repeat(length("maxLength") + 1)),
        "minItems" => *value = json!([]),
        "maxItems" => {
            let items = 0..=length("maxItems");
            *value = items.map(|index| ONE.value(&schema["items"], index)).collect();
        }
        "oneOf" => {
            let alternatives = schema["properties"].as_object()?;
            for (name, alternative) in alternatives {
                value[name] = ONE.value(alternative, 0);
            }
        }
        LIST_TYPE => {
            let first = value[0].clone();
            value.as_array_mut()?.push(first);
            return Some(format!("{path}[1]"));
        }
        other => panic!("teach `overstep` about the bound {other}"),
    }
    Some(path)
}
