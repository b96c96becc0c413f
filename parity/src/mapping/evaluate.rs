//! Applies the mappings to one object. Pure.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::derived;
use super::filter::{self, Verdict};
use super::model::{AttributeMapping, FlowType, ObjectMapping, Source};
use super::value::{Outcome, Unpredictable, Value};
use super::{Disposition, MappingSet, Predicted, PredictedValue, function};
use crate::key::SecurityIdentifier;
use crate::object::{AttributeValue, DirectoryObject};

/// Targets whose value is another object: compared by key, never as text.
const REFERENCES: [&str; 5] = ["manager", "member", "members", "managedby", "owners"];

pub(super) fn evaluate(mappings: &MappingSet, object: &DirectoryObject) -> Predicted {
    let class = object.object_type().directory_class();
    let mut candidates = mappings.objects.iter().filter(|mapping| mapping.source.eq_ignore_ascii_case(class));
    let Some(mapping) = candidates.next() else { return nothing(Disposition::NotMapped, None) };
    let target = Some(mapping.target.clone());
    if candidates.next().is_some() {
        let reason = format!("several enabled mappings have {class} as their source");
        return nothing(Disposition::Unpredictable { reason }, target);
    }
    let disposition = match filter::evaluate(&mapping.scope, object) {
        Verdict::In => Disposition::Provisioned,
        Verdict::Out => return nothing(Disposition::OutOfScope, target),
        Verdict::Unknown(reason) => Disposition::Unpredictable { reason },
    };
    Predicted { disposition, target_type: target, attributes: attributes(mapping, object) }
}

fn nothing(disposition: Disposition, target_type: Option<String>) -> Predicted {
    Predicted { disposition, target_type, attributes: BTreeMap::new() }
}

fn attributes(mapping: &ObjectMapping, object: &DirectoryObject) -> BTreeMap<String, PredictedValue> {
    let mut seen = BTreeSet::new();
    let mut predicted = BTreeMap::new();
    let mut doubled = BTreeSet::new();
    for attribute in &mapping.attributes {
        let name = attribute.target.to_ascii_lowercase();
        if !seen.insert(name.clone()) {
            doubled.insert(name);
            continue;
        }
        let value = if mapping.updates { one(attribute, object) } else { PredictedValue::Untouched };
        predicted.insert(attribute.target.clone(), value);
    }
    for (target, value) in &mut predicted {
        if doubled.contains(&target.to_ascii_lowercase()) {
            *value = unpredictable("several mappings write this attribute");
        }
    }
    predicted
}

fn one(mapping: &AttributeMapping, object: &DirectoryObject) -> PredictedValue {
    match &mapping.flow_type {
        FlowType::Always => {}
        FlowType::ObjectAddOnly => return PredictedValue::Untouched,
        FlowType::MultiValueAddOnly | FlowType::ValueAddOnly | FlowType::AttributeAddOnly => {
            return unpredictable("what it writes depends on the value that is there");
        }
        FlowType::Unknown(name) => return unpredictable(&format!("unknown flow type {name}")),
    }
    if mapping.reference || REFERENCES.contains(&mapping.target.to_ascii_lowercase().as_str()) {
        return if is_as_in_the_directory(mapping) {
            PredictedValue::References
        } else {
            unpredictable("references to other objects than those of the directory's attribute of this name")
        };
    }
    let Some(source) = &mapping.source else {
        // A constant mapping has its value in the default; without one nothing is written.
        return mapping
            .default_value
            .as_ref()
            .map_or(PredictedValue::Untouched, |value| PredictedValue::Values(vec![value.clone()]));
    };
    match evaluate_source(source, object).and_then(|value| written(value, &mapping.target)) {
        Err(Unpredictable(reason)) => PredictedValue::Unpredictable { reason },
        Ok(Written::Ignored) => PredictedValue::Untouched,
        Ok(Written::Values(values)) if !values.is_empty() => PredictedValue::Values(values),
        // Microsoft, "Attribute mapping in Microsoft Entra Cloud Sync": the default is provisioned when an object is
        // created and not when one is updated; a first cycle over existing objects could count as either.
        Ok(Written::Values(_)) if mapping.default_value.is_some() => unpredictable(
            "the source is empty and a default value exists, which is meant for new objects only",
        ),
        Ok(Written::Values(_)) => PredictedValue::Absent,
    }
}

/// Whether `manager` and `member` are taken over as they are.
fn is_as_in_the_directory(mapping: &AttributeMapping) -> bool {
    let target = mapping.target.to_ascii_lowercase();
    let natural = if target == "members" { "member" } else { target.as_str() };
    matches!(&mapping.source, Some(Source::Attribute(name)) if name.eq_ignore_ascii_case(natural))
        && matches!(natural, "manager" | "member")
}

enum Written {
    Values(Vec<String>),
    Ignored,
}

/// What is written: texts. An empty text is no value, as the directory has none.
fn written(value: Value, target: &str) -> Result<Written, Unpredictable> {
    let values = match value {
        Value::Ignored => return Ok(Written::Ignored),
        Value::Binary(values) => {
            values.iter().map(|bytes| octets(bytes, target)).collect::<Result<_, _>>()?
        }
        other => other.texts()?,
    };
    Ok(Written::Values(values.into_iter().filter(|value| !value.is_empty()).collect()))
}

/// Octet strings as Microsoft Graph shows them: a security identifier as its text, everything else as Base64.
fn octets(bytes: &[u8], target: &str) -> Result<String, Unpredictable> {
    let target = target.to_ascii_lowercase();
    if target.ends_with("securityidentifier") || target == "objectsid" {
        return SecurityIdentifier::from_bytes(bytes)
            .map(String::from)
            .map_err(|error| Unpredictable::new(error.to_string()));
    }
    Ok(STANDARD.encode(bytes))
}

pub(super) fn evaluate_source(source: &Source, object: &DirectoryObject) -> Outcome {
    match source {
        Source::Constant(value) => Ok(Value::text(value)),
        Source::Attribute(name) => attribute(name, object),
        Source::Function { name, arguments } => function::call(name, arguments, object),
        Source::Unreadable(reason) => Err(Unpredictable::new(reason)),
    }
}

/// The value of a directory attribute. `dn` is the object's own distinguished name.
pub(super) fn attribute(name: &str, object: &DirectoryObject) -> Outcome {
    if name.eq_ignore_ascii_case("dn") || name.eq_ignore_ascii_case("distinguishedName") {
        return Ok(Value::text(object.distinguished_name()));
    }
    if let Some(outcome) = derived::value(name, object) {
        return outcome;
    }
    let Some(values) = object.values(name) else {
        return Err(Unpredictable::new(format!("the attribute {name} was not read from the directory")));
    };
    let mut texts = Vec::new();
    let mut binary = Vec::new();
    for value in values {
        match value {
            AttributeValue::Text(text) => texts.push(text.clone()),
            AttributeValue::Binary(bytes) => binary.push(bytes.clone()),
        }
    }
    match (texts.is_empty(), binary.is_empty()) {
        (_, true) => Ok(Value::many(texts)),
        (true, false) => Ok(Value::Binary(binary)),
        (false, false) => {
            Err(Unpredictable::new(format!("the attribute {name} holds texts and octet strings")))
        }
    }
}

fn unpredictable(reason: &str) -> PredictedValue {
    PredictedValue::Unpredictable { reason: reason.to_owned() }
}
