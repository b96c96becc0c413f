//! From the JSON of a definition to a [`Schema`]. Pure.

use regex::Regex;
use serde_json::{Map, Value};

use super::rule;
use super::{ListType, Schema, SchemaError, Type};

/// Reads a schema.
///
/// # Errors
/// [`SchemaError`] at the first word that is not understood.
pub(in super::super) fn compile(schema: &Value, path: &str) -> Result<Schema, SchemaError> {
    let words = schema
        .as_object()
        .ok_or_else(|| SchemaError::Value { path: path.to_owned(), word: "schema".to_owned() })?;
    let mut found = Schema::default();
    for (word, value) in words {
        read(&mut found, word, value, path)?;
    }
    if let Some(kind) = words.get("x-kubernetes-list-type") {
        found.list = list_type(kind, words, path)?;
    }
    Ok(found)
}

fn read(found: &mut Schema, word: &str, value: &Value, path: &str) -> Result<(), SchemaError> {
    let wrong = || SchemaError::Value { path: path.to_owned(), word: word.to_owned() };
    match word {
        // For readers; the keys of a list belong to its type.
        "description" | "title" | "x-kubernetes-list-type" | "x-kubernetes-list-map-keys" => {}
        "type" => found.kind = Some(kind(value).ok_or_else(wrong)?),
        "nullable" => found.nullable = value.as_bool().ok_or_else(wrong)?,
        "x-kubernetes-int-or-string" => found.int_or_string = value.as_bool().ok_or_else(wrong)?,
        "x-kubernetes-preserve-unknown-fields" => found.preserve = value.as_bool().ok_or_else(wrong)?,
        "default" => found.default = Some(value.clone()),
        "properties" => {
            for (name, property) in value.as_object().ok_or_else(wrong)? {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                found.properties.insert(name.clone(), compile(property, &below)?);
            }
        }
        "additionalProperties" => {
            found.additional = Some(Box::new(compile(value, &format!("{path}[]"))?));
        }
        "items" => found.items = Some(Box::new(compile(value, &format!("{path}[]"))?)),
        "required" => found.required = texts(value).ok_or_else(wrong)?,
        "enum" => found.allowed.clone_from(value.as_array().ok_or_else(wrong)?),
        "pattern" => {
            let pattern = Regex::new(value.as_str().ok_or_else(wrong)?).map_err(|_| wrong())?;
            found.pattern = Some(pattern);
        }
        "format" => {
            let format = value.as_str().ok_or_else(wrong)?;
            if !super::format::KNOWN.contains(&format) {
                return Err(SchemaError::Word { path: path.to_owned(), word: format!("format: {format}") });
            }
            found.format = Some(format.to_owned());
        }
        "minLength" => found.length.least = Some(value.as_u64().ok_or_else(wrong)?),
        "maxLength" => found.length.most = Some(value.as_u64().ok_or_else(wrong)?),
        "minItems" => found.count.least = Some(value.as_u64().ok_or_else(wrong)?),
        "maxItems" => found.count.most = Some(value.as_u64().ok_or_else(wrong)?),
        "minimum" => found.minimum = Some(value.as_f64().ok_or_else(wrong)?),
        "maximum" => found.maximum = Some(value.as_f64().ok_or_else(wrong)?),
        "oneOf" => {
            for one in value.as_array().ok_or_else(wrong)? {
                found.one_of.push(compile(one, path)?);
            }
        }
        "x-kubernetes-validations" => {
            for one in value.as_array().ok_or_else(wrong)? {
                found.rules.push(rule::compile(one, path)?);
            }
        }
        _ => return Err(SchemaError::Word { path: path.to_owned(), word: word.to_owned() }),
    }
    Ok(())
}

fn kind(value: &Value) -> Option<Type> {
    Some(match value.as_str()? {
        "object" => Type::Object,
        "array" => Type::Array,
        "string" => Type::String,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        _ => return None,
    })
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

fn list_type(value: &Value, words: &Map<String, Value>, path: &str) -> Result<ListType, SchemaError> {
    let wrong = |word: &str| SchemaError::Value { path: path.to_owned(), word: word.to_owned() };
    match value.as_str() {
        Some("atomic") => Ok(ListType::Atomic),
        Some("set") => Ok(ListType::Set),
        Some("map") => words
            .get("x-kubernetes-list-map-keys")
            .and_then(texts)
            .map(ListType::Map)
            .ok_or_else(|| wrong("x-kubernetes-list-map-keys")),
        _ => Err(wrong("x-kubernetes-list-type")),
    }
}
