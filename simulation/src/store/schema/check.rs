//! What the API server refuses. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Cause, ListType, Schema, Type, format};

/// What a value breaks; `old` is the value before, on a change.
///
/// What has not changed is not checked again (Kubernetes, "Validation ratcheting"), save by rules that speak of the value before.
/// Rules are evaluated only where the shape is right.
pub(in super::super) fn check(schema: &Schema, value: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut found = Found { causes: Vec::new(), is_change: old.is_some() };
    shape(schema, value, old, "", &mut found);
    if !found.causes.iter().any(|cause| BLOCKING.contains(&cause.reason.as_str())) {
        rules(schema, value, old, "", &mut found);
    }
    found.causes
}

/// Mistakes after which no rule is evaluated: it could stumble over what it expects to be there.
/// Source: k8s.io/apiextensions-apiserver, `hasBlockingErr`.
const BLOCKING: &[&str] = &[
    "FieldValueNotSupported",
    "FieldValueRequired",
    "FieldValueTooLong",
    "FieldValueTooMany",
    "FieldValueTypeInvalid",
];

/// What was found so far.
struct Found {
    causes: Vec<Cause>,
    is_change: bool,
}

impl Found {
    fn push(&mut self, cause: Cause) {
        self.causes.push(cause);
    }

    fn extend(&mut self, causes: impl IntoIterator<Item = Cause>) {
        self.causes.extend(causes);
    }

    /// A number beyond its format. The API server says this of no field when an object is new, and of the object around the field when
    /// it is changed.
    fn out_of_range(&mut self, path: &str, format: &str) {
        let around = path.rsplit_once('.').map_or("<nil>", |(around, _)| around);
        let field = if self.is_change { around } else { "<nil>" };
        let message =
            format!("Invalid value: \"\": Checked value must be of type integer with format {format}");
        self.push(Cause::new(field, "FieldValueInvalid", message));
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn shape(schema: &Schema, value: &Value, old: Option<&Value>, path: &str, found: &mut Found) {
    if old == Some(value) || (value.is_null() && schema.nullable) {
        return;
    }
    if !has_type(schema, value) {
        let expected = if schema.int_or_string { "integer or string" } else { name(schema.kind) };
        let is = type_of(value);
        let message = format!("Invalid value: \"{is}\": {path} in body must be of type {expected}: \"{is}\"");
        found.push(Cause::new(path, "FieldValueTypeInvalid", message));
        if let (Some(Type::Integer), Value::Number(_), Some(format)) = (schema.kind, value, &schema.format) {
            found.out_of_range(path, format);
        }
        return;
    }
    if !schema.allowed.is_empty() && !schema.allowed.contains(value) {
        let allowed: Vec<_> = schema.allowed.iter().map(Value::to_string).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", allowed.join(", "));
        found.push(Cause::new(path, "FieldValueNotSupported", message));
    }
    match value {
        Value::String(text) => string(schema, text, path, found),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            for (bound, breaks, words) in [
                (
                    schema.minimum,
                    schema.minimum.is_some_and(|least| number < least),
                    "greater than or equal to",
                ),
                (schema.maximum, schema.maximum.is_some_and(|most| number > most), "less than or equal to"),
            ] {
                if let (Some(bound), true) = (bound, breaks) {
                    let message = format!("Invalid value: {value}: {path} in body should be {words} {bound}");
                    found.push(Cause::new(path, "FieldValueInvalid", message));
                }
            }
        }
        Value::Array(items) => array(schema, items, old, path, found),
        Value::Object(fields) => {
            for name in &schema.required {
                if !fields.contains_key(name) {
                    found.push(Cause::new(
                        &below(path, name),
                        "FieldValueRequired",
                        "Required value".to_owned(),
                    ));
                }
            }
            for (name, field) in fields {
                if let Some(property) = schema.properties.get(name).or(schema.additional.as_deref()) {
                    let old = old.and_then(|old| old.get(name));
                    shape(property, field, old, &below(path, name), found);
                }
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
    if let Some(format) = &schema.format
        && !format::holds(format, value)
    {
        if value.is_number() {
            found.out_of_range(path, format);
        } else {
            let message = format!("Invalid value: {value}: {path} in body must be of type {format}: {value}");
            found.push(Cause::new(path, "FieldValueTypeInvalid", message));
        }
    }
    one_of(schema, value, path, found);
}

fn one_of(schema: &Schema, value: &Value, path: &str, found: &mut Found) {
    if schema.one_of.is_empty() {
        return;
    }
    let holds = |one: &&Schema| {
        let mut inner = Found { causes: Vec::new(), is_change: false };
        shape(one, value, None, path, &mut inner);
        inner.causes.is_empty()
    };
    let valid = schema.one_of.iter().filter(holds).count();
    if valid != 1 {
        let words = if valid == 0 {
            "Found none valid".to_owned()
        } else {
            format!("Found {valid} valid alternatives")
        };
        let message =
            format!("Invalid value: \"\": \"{path}\" must validate one and only one schema (oneOf). {words}");
        found.push(Cause::new("<nil>", "FieldValueInvalid", message));
    }
}

fn string(schema: &Schema, text: &str, path: &str, found: &mut Found) {
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    if let Some(most) = schema.length.most.filter(|most| length > *most) {
        let message = format!("Too long: may not be more than {most} bytes");
        found.push(Cause::new(path, "FieldValueTooLong", message));
    }
    if let Some(least) = schema.length.least.filter(|least| length < *least) {
        let message =
            format!("Invalid value: {text:?}: {path} in body should be at least {least} chars long");
        found.push(Cause::new(path, "FieldValueInvalid", message));
    }
    if let Some(pattern) = schema.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
        let message = format!("Invalid value: {text:?}: {path} in body should match '{pattern}'");
        found.push(Cause::new(path, "FieldValueInvalid", message));
    }
}

fn array(schema: &Schema, items: &[Value], old: Option<&Value>, path: &str, found: &mut Found) {
    let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
    if let Some(most) = schema.count.most.filter(|most| count > *most) {
        let message = format!("Too many: {count}: must have at most {most} items");
        found.push(Cause::new(path, "FieldValueTooMany", message));
    }
    if let Some(least) = schema.count.least.filter(|least| count < *least) {
        let message = format!("Invalid value: {count}: {path} in body should have at least {least} items");
        found.push(Cause::new(path, "FieldValueInvalid", message));
    }
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let at = format!("{path}[{index}]");
        if matches!(schema.list, ListType::Map(_)) && !item.is_object() && !item.is_null() {
            let message = format!("Invalid value: {item}: must be an object for an array of list-type map");
            found.push(Cause::new(&at, "FieldValueInvalid", message));
        }
        if let Some(key) = key(&schema.list, item)
            && !seen.insert(key.clone())
        {
            found.push(Cause::new(&at, "FieldValueDuplicate", format!("Duplicate value: {key}")));
        }
        if let Some(each) = &schema.items {
            shape(each, item, counterpart(schema, item, old), &at, found);
        }
    }
}

/// What tells an item from its neighbours, as JSON.
fn key(list: &ListType, item: &Value) -> Option<String> {
    match list {
        ListType::Atomic => None,
        ListType::Set => Some(item.to_string()),
        ListType::Map(keys) => {
            let of = keys.iter().filter_map(|key| Some((key.clone(), item.get(key)?.clone())));
            Some(Value::Object(of.collect()).to_string())
        }
    }
}

/// The item of the same keys in the list before.
fn counterpart<'a>(schema: &Schema, item: &Value, old: Option<&'a Value>) -> Option<&'a Value> {
    let ListType::Map(_) = &schema.list else { return None };
    let wanted = key(&schema.list, item);
    old?.as_array()?.iter().find(|old| key(&schema.list, old) == wanted)
}

fn rules(schema: &Schema, value: &Value, old: Option<&Value>, path: &str, found: &mut Found) {
    if value.is_null() {
        return;
    }
    let unchanged = old == Some(value);
    for rule in &schema.rules {
        let applies = if rule.is_transition { old.is_some() } else { !unchanged };
        if applies {
            found.extend(rule.broken(path, value, old));
        }
    }
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if let Some(property) = schema.properties.get(name).or(schema.additional.as_deref()) {
                    let old = old.and_then(|old| old.get(name));
                    rules(property, field, old, &below(path, name), found);
                }
            }
        }
        Value::Array(items) => {
            if let Some(each) = &schema.items {
                for (index, item) in items.iter().enumerate() {
                    let old = if unchanged { Some(item) } else { counterpart(schema, item, old) };
                    rules(each, item, old, &format!("{path}[{index}]"), found);
                }
            }
        }
        _ => {}
    }
}

fn has_type(schema: &Schema, value: &Value) -> bool {
    if schema.int_or_string {
        return value.is_string() || value.is_i64();
    }
    match schema.kind {
        None => true,
        Some(Type::Object) => value.is_object(),
        Some(Type::Array) => value.is_array(),
        Some(Type::String) => value.is_string(),
        Some(Type::Integer) => value.is_i64(),
        Some(Type::Number) => value.is_number(),
        Some(Type::Boolean) => value.is_boolean(),
    }
}

fn name(kind: Option<Type>) -> &'static str {
    match kind {
        Some(Type::Array) => "array",
        Some(Type::String) => "string",
        Some(Type::Integer) => "integer",
        Some(Type::Number) => "number",
        Some(Type::Boolean) => "boolean",
        Some(Type::Object) | None => "object",
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
