//! Rules and bounds of a definition's `spec`: finding them, and taking one out. Works on JSON. Pure.

use std::sync::LazyLock;

use serde_json::{Value, json};

/// The words of a schema that bound a value. `type` is not among them: without it the API server takes no schema.
pub(super) const KEYWORDS: &[&str] = &[
    "pattern",
    "format",
    "enum",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "oneOf",
    "required",
    LIST_TYPE,
];

/// The word that forbids two equal items, or two items with equal keys.
pub(super) const LIST_TYPE: &str = "x-kubernetes-list-type";

const RULES: &str = "x-kubernetes-validations";

/// One bound: where, such as `spec.scopes[].name`, and which word. `required` stands at the field that must be there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Bound {
    pub(super) path: String,
    pub(super) keyword: String,
}

/// The definitions that the crate makes, as JSON.
pub(super) fn definitions() -> &'static [Value] {
    static DEFINITIONS: LazyLock<Vec<Value>> = LazyLock::new(|| {
        crds::finish::all().iter().map(|definition| serde_json::to_value(definition).unwrap()).collect()
    });
    &DEFINITIONS
}

/// The definition of a kind.
pub(super) fn definition(kind: &str) -> &'static Value {
    definitions()
        .iter()
        .find(|definition| definition["spec"]["names"]["kind"] == kind)
        .unwrap_or_else(|| panic!("there is no kind {kind}"))
}

/// The schema of `spec` of the first version.
pub(super) fn spec(definition: &Value) -> &Value {
    &schema(definition)["properties"]["spec"]
}

/// The schema of `status` of the first version.
pub(super) fn status(definition: &Value) -> &Value {
    &schema(definition)["properties"]["status"]
}

fn schema(definition: &Value) -> &Value {
    &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
}

/// Calls `visit` on a schema and each schema below it, with its path.
pub(super) fn walk<'a>(path: &str, schema: &'a Value, visit: &mut impl FnMut(&str, &'a Value)) {
    visit(path, schema);
    for (name, child) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{path}.{name}"), child, visit);
    }
    if schema["items"].is_object() {
        walk(&format!("{path}[]"), &schema["items"], visit);
    }
}

/// The text of every rule of a definition, in `status` too.
pub(super) fn rules(definition: &Value) -> Vec<String> {
    let mut texts = Vec::new();
    walk("", schema(definition), &mut |_, schema| {
        let rules = schema[RULES].as_array().into_iter().flatten();
        texts.extend(rules.map(|rule| rule["rule"].as_str().unwrap().to_owned()));
    });
    texts
}

/// Every bound of `spec`.
pub(super) fn bounds(definition: &Value) -> Vec<Bound> {
    let mut bounds = Vec::new();
    walk("spec", spec(definition), &mut |path, schema| {
        for &keyword in KEYWORDS {
            match &schema[keyword] {
                Value::Null => {}
                // An integer's width and a list that is replaced as a whole bound nothing that other words do not.
                Value::String(text) if text.starts_with("int") || text == "atomic" => {}
                Value::Array(names) if keyword == "required" => {
                    let paths = names.iter().map(|name| format!("{path}.{}", name.as_str().unwrap()));
                    bounds.extend(paths.map(|path| Bound { path, keyword: keyword.to_owned() }));
                }
                _ => bounds.push(Bound { path: path.to_owned(), keyword: keyword.to_owned() }),
            }
        }
    });
    bounds
}

/// Takes out the rules of the first version with this text, and says how many there were.
pub(super) fn remove_rule(definition: &mut Value, text: &str) -> usize {
    let mut removed = 0;
    each(&mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"], &mut |schema| {
        if let Some(rules) = schema.get_mut(RULES).and_then(Value::as_array_mut) {
            let before = rules.len();
            rules.retain(|rule| rule["rule"] != text);
            removed += before - rules.len();
        }
    });
    removed
}

fn each(schema: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    visit(schema);
    for (_, child) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        each(child, visit);
    }
    if let Some(items) = schema.get_mut("items") {
        each(items, visit);
    }
}

/// Takes a bound of the first version out. A greatest length is raised just so far that `object` keeps it: without one the
/// API server could not bound the cost of the rules, and would refuse the definition.
///
/// # Errors
/// Where there is no such bound.
pub(super) fn remove_bound(definition: &mut Value, bound: &Bound, object: &Value) -> Result<(), String> {
    let Bound { path, keyword } = bound;
    let missing = || format!("there is no bound {path} {keyword}");
    let root = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    if keyword == "required" {
        let (parent, name) = path.rsplit_once('.').ok_or_else(missing)?;
        let parent = at(root, parent).ok_or_else(missing)?;
        let names = parent.get_mut("required").and_then(Value::as_array_mut).ok_or_else(missing)?;
        let before = names.len();
        names.retain(|required| required != name);
        return if names.len() < before { Ok(()) } else { Err(missing()) };
    }
    let schema = at(root, path).and_then(Value::as_object_mut).ok_or_else(missing)?;
    if !schema.contains_key(keyword) {
        return Err(missing());
    }
    if keyword == "maxLength" || keyword == "maxItems" {
        let values = values(object, path);
        let longest = values.iter().map(|value| match value {
            Value::String(text) => text.chars().count(),
            Value::Array(items) => items.len(),
            _ => 0,
        });
        schema.insert(keyword.clone(), json!(longest.max()));
        return Ok(());
    }
    schema.remove(keyword);
    if keyword == LIST_TYPE {
        schema.remove("x-kubernetes-list-map-keys");
    }
    Ok(())
}

/// The schema at a path, below the properties that contain `spec`.
fn at<'a>(properties: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let lists = name.matches("[]").count();
    let mut schema = properties.get_mut(name.trim_end_matches("[]"))?;
    for _ in 0..lists {
        schema = schema.get_mut("items")?;
    }
    match rest {
        Some(rest) => at(schema.get_mut("properties")?, rest),
        None => Some(schema),
    }
}

/// The values of an object at a path.
fn values<'a>(object: &'a Value, path: &str) -> Vec<&'a Value> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let mut found = vec![&object[name.trim_end_matches("[]")]];
    for _ in 0..name.matches("[]").count() {
        found = found.into_iter().flat_map(|list| list.as_array().into_iter().flatten()).collect();
    }
    match rest {
        Some(rest) => found.into_iter().flat_map(|value| values(value, rest)).collect(),
        None => found,
    }
}
