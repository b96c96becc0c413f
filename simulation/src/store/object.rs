//! Parts of an object as JSON. Pure.

use serde_json::{Map, Value};

/// Names an object among all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    /// API group.
    pub(super) group: String,
    /// Plural of the kind.
    pub(super) plural: String,
    /// Empty for an object of the whole cluster.
    pub(super) namespace: String,
    /// Name.
    pub(super) name: String,
}

/// A text in `metadata`; empty when there is none.
pub(super) fn meta<'a>(object: &'a Value, word: &str) -> &'a str {
    object["metadata"][word].as_str().unwrap_or_default()
}

/// The fields of `metadata`, made where they are missing.
pub(super) fn meta_mut(object: &mut Value) -> Option<&mut Map<String, Value>> {
    object.as_object_mut()?.entry("metadata").or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}

/// Whether somebody has asked for its deletion.
pub(super) fn is_deleting(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// Texts of a list in `metadata`.
pub(super) fn finalizers(object: &Value) -> Vec<&str> {
    let list = object["metadata"]["finalizers"].as_array();
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Everything but `metadata`, `status` and what names the kind: what `metadata.generation` counts.
pub(super) fn content(object: &Value) -> Vec<(&String, &Value)> {
    let fields = object.as_object().into_iter().flatten();
    fields
        .filter(|(name, _)| !matches!(name.as_str(), "metadata" | "status" | "apiVersion" | "kind"))
        .collect()
}

/// Whether a name can be part of an address: RFC 1123 subdomain.
pub(super) fn is_subdomain(name: &str) -> bool {
    let label = |label: &str| {
        let bytes = label.as_bytes();
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        edge(bytes.first())
            && edge(bytes.last())
            && bytes.iter().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() || *b == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}
