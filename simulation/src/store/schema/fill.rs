//! What the API server drops and what it fills in. Pure.

use serde_json::Value;

use super::{Schema, Type};

impl Schema {
    /// A null where none may be: as good as nothing.
    fn is_stray_null(&self, value: &Value) -> bool {
        value.is_null() && !self.nullable
    }
}

/// Drops what the schema does not know, and gives back the paths of it.
pub(in super::super) fn prune(schema: &Schema, value: &mut Value) -> Vec<String> {
    let mut dropped = Vec::new();
    prune_below(schema, value, "", &mut dropped);
    dropped
}

fn prune_below(schema: &Schema, value: &mut Value, path: &str, dropped: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let mut unknown = Vec::new();
            for (name, field) in fields.iter_mut() {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match (schema.properties.get(name), &schema.additional) {
                    (Some(property), _) => prune_below(property, field, &below, dropped),
                    (None, Some(additional)) => prune_below(additional, field, &below, dropped),
                    (None, None) if schema.preserve => {}
                    (None, None) => {
                        unknown.push(name.clone());
                        dropped.push(below);
                    }
                }
            }
            for name in unknown {
                fields.remove(&name);
            }
        }
        Value::Array(items) => {
            if let Some(each) = &schema.items {
                for (index, item) in items.iter_mut().enumerate() {
                    prune_below(each, item, &format!("{path}[{index}]"), dropped);
                }
            }
        }
        _ => {}
    }
}

/// Sets what is missing to its default, from the outside in: a default may be completed by those below it.
///
/// A null is missing where the schema does not say `nullable`. Source: Kubernetes, "Defaulting and Nullable".
pub(in super::super) fn fill(schema: &Schema, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, property) in &schema.properties {
                let missing = fields.get(name).is_none_or(|found| property.is_stray_null(found));
                match &property.default {
                    Some(default) if missing => {
                        fields.insert(name.clone(), default.clone());
                    }
                    None if missing => {
                        fields.remove(name);
                    }
                    _ => {}
                }
            }
            for (name, field) in fields.iter_mut() {
                if let Some(property) = schema.properties.get(name).or(schema.additional.as_deref()) {
                    fill(property, field);
                }
            }
        }
        Value::Array(items) => {
            if let Some(each) = &schema.items {
                for item in items {
                    fill(each, item);
                }
            }
        }
        Value::Number(number) if schema.kind == Some(Type::Integer) => {
            if let Some(whole) = number.as_f64().filter(|_| number.is_f64()).and_then(whole) {
                *value = whole.into();
            }
        }
        _ => {}
    }
}

/// `1.0` is the integer 1 to the API server.
#[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough to be exact")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}
