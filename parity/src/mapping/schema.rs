//! Reads mappings out of a synchronisation schema document. Pure.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::MappingSet;
use super::model::{AttributeMapping, FilterClause, FilterGroup, FlowType, ObjectMapping, Source};

/// Why a schema document is not a set of mappings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// A part of the document is missing or has another type.
    #[error("expected {expected} at {path} of the synchronisation schema; read the schema again")]
    Shape {
        /// Where, as a path into the document.
        path: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The document has several rules, and nothing says which one provisions.
    #[error(
        "expected one synchronisation rule, found {found}; reduce the job to one, or move these scopes by hand"
    )]
    Rules {
        /// How many.
        found: usize,
    },
}

pub(super) fn read(schema: &Json) -> Result<MappingSet, MappingError> {
    let rules = list(schema, "", "synchronizationRules")?;
    let [rule] = rules else { return Err(MappingError::Rules { found: rules.len() }) };
    let references = reference_attributes(schema, rule);
    let path = "synchronizationRules[0]";
    let mut objects = Vec::new();
    for (at, mapping) in list(rule, path, "objectMappings")?.iter().enumerate() {
        // Absent means enabled: the type's default.
        if mapping.get("enabled").and_then(Json::as_bool) != Some(false) {
            objects.push(object_mapping(mapping, &format!("{path}.objectMappings[{at}]"), &references)?);
        }
    }
    Ok(MappingSet { objects })
}

fn object_mapping(
    mapping: &Json,
    path: &str,
    references: &BTreeSet<(String, String)>,
) -> Result<ObjectMapping, MappingError> {
    let target = text(mapping, path, "targetObjectName")?;
    let mut attributes = Vec::new();
    for (at, attribute) in list(mapping, path, "attributeMappings")?.iter().enumerate() {
        let mut read = attribute_mapping(attribute, &format!("{path}.attributeMappings[{at}]"))?;
        read.reference =
            references.contains(&(target.to_ascii_lowercase(), read.target.to_ascii_lowercase()));
        attributes.push(read);
    }
    Ok(ObjectMapping {
        name: optional_text(mapping, "name").unwrap_or_default(),
        source: text(mapping, path, "sourceObjectName")?,
        target,
        updates: flows_updates(mapping),
        scope: scope(mapping, path)?,
        attributes,
    })
}

/// `flowTypes` is a comma-separated list, with or without blanks; absent means all.
fn flows_updates(mapping: &Json) -> bool {
    mapping
        .get("flowTypes")
        .and_then(Json::as_str)
        .is_none_or(|flows| flows.split(',').any(|flow| flow.trim().eq_ignore_ascii_case("Update")))
}

fn attribute_mapping(mapping: &Json, path: &str) -> Result<AttributeMapping, MappingError> {
    let flow_type = match optional_text(mapping, "flowType").as_deref() {
        None | Some("Always") => FlowType::Always,
        Some("ObjectAddOnly") => FlowType::ObjectAddOnly,
        Some("MultiValueAddOnly") => FlowType::MultiValueAddOnly,
        Some("ValueAddOnly") => FlowType::ValueAddOnly,
        Some("AttributeAddOnly") => FlowType::AttributeAddOnly,
        Some(other) => FlowType::Unknown(other.to_owned()),
    };
    Ok(AttributeMapping {
        target: text(mapping, path, "targetAttributeName")?,
        source: mapping.get("source").filter(|source| !source.is_null()).map(source),
        default_value: optional_text(mapping, "defaultValue").filter(|value| !value.is_empty()),
        flow_type,
        reference: false,
    })
}

fn source(node: &Json) -> Source {
    let name = optional_text(node, "name").unwrap_or_default();
    let expression = optional_text(node, "expression");
    let parsed = expression.as_deref().and_then(|text| Source::parse(text).ok());
    match node.get("type").and_then(Json::as_str) {
        Some("Attribute") if !name.is_empty() => Source::Attribute(name),
        // The text form keeps an empty constant apart from a missing name.
        Some("Constant") => match parsed {
            Some(Source::Constant(value)) => Source::Constant(value),
            _ => Source::Constant(name),
        },
        Some("Function") if !name.is_empty() => function(node, name, parsed),
        _ => parsed.unwrap_or_else(|| {
            Source::Unreadable(format!("an expression of an unknown kind: {}", expression.unwrap_or(name)))
        }),
    }
}

/// The tree says what is executed, the text shows which optional arguments were left out. Where both speak of the same
/// attributes and constants the text is taken; where they differ nobody can say which one is executed.
fn function(node: &Json, name: String, parsed: Option<Source>) -> Source {
    let tree = Source::Function { name, arguments: tree_arguments(node) };
    match parsed {
        Some(text) if text.leaves() == tree.leaves() => text,
        Some(_) => {
            Source::Unreadable("its text and its tree speak of different attributes or constants".to_owned())
        }
        None => tree,
    }
}

fn tree_arguments(node: &Json) -> Vec<Option<Source>> {
    let parameters = node.get("parameters").and_then(Json::as_array);
    parameters
        .into_iter()
        .flatten()
        .map(|parameter| parameter.get("value").filter(|value| !value.is_null()).map(source))
        .collect()
}

fn scope(mapping: &Json, path: &str) -> Result<Vec<FilterGroup>, MappingError> {
    let Some(filter) = mapping.get("scope").filter(|scope| !scope.is_null()) else { return Ok(Vec::new()) };
    let path = format!("{path}.scope");
    let mut groups = filter_groups(filter, &path, "groups")?;
    // An object outside `inputFilterGroups` is not processed either (it is merely not deprovisioned), so both must
    // hold: each group of the one with each group of the other.
    let input = filter_groups(filter, &path, "inputFilterGroups")?;
    if !input.is_empty() {
        let base = if groups.is_empty() { vec![FilterGroup { clauses: Vec::new() }] } else { groups };
        groups = base
            .iter()
            .flat_map(|group| {
                input.iter().map(move |other| FilterGroup {
                    clauses: group.clauses.iter().chain(&other.clauses).cloned().collect(),
                })
            })
            .collect();
    }
    Ok(groups)
}

fn filter_groups(filter: &Json, path: &str, name: &str) -> Result<Vec<FilterGroup>, MappingError> {
    let Some(groups) = filter.get(name).and_then(Json::as_array) else { return Ok(Vec::new()) };
    let mut read = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let path = format!("{path}.{name}[{at}]");
        let mut clauses = Vec::new();
        for (at, clause) in list(group, &path, "clauses")?.iter().enumerate() {
            clauses.push(filter_clause(clause, &format!("{path}.clauses[{at}]"))?);
        }
        read.push(FilterGroup { clauses });
    }
    Ok(read)
}

fn filter_clause(clause: &Json, path: &str) -> Result<FilterClause, MappingError> {
    let values = clause.pointer("/targetOperand/values").and_then(Json::as_array);
    Ok(FilterClause {
        attribute: text(clause, path, "sourceOperandName")?,
        operator: text(clause, path, "operatorName")?,
        values: values.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect(),
    })
}

/// Target object and attribute of every reference, lower case, from the target directory's definition.
fn reference_attributes(schema: &Json, rule: &Json) -> BTreeSet<(String, String)> {
    let target = rule.get("targetDirectoryName").and_then(Json::as_str);
    let mut found = BTreeSet::new();
    for directory in schema.get("directories").and_then(Json::as_array).into_iter().flatten() {
        if target.is_none() || directory.get("name").and_then(Json::as_str) != target {
            continue;
        }
        for object in directory.get("objects").and_then(Json::as_array).into_iter().flatten() {
            let Some(object_name) = object.get("name").and_then(Json::as_str) else { continue };
            for attribute in object.get("attributes").and_then(Json::as_array).into_iter().flatten() {
                let is_reference = attribute
                    .get("type")
                    .and_then(Json::as_str)
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("Reference"));
                if let (true, Some(name)) = (is_reference, attribute.get("name").and_then(Json::as_str)) {
                    found.insert((object_name.to_ascii_lowercase(), name.to_ascii_lowercase()));
                }
            }
        }
    }
    found
}

fn list<'a>(node: &'a Json, path: &str, name: &str) -> Result<&'a [Json], MappingError> {
    node.get(name)
        .and_then(Json::as_array)
        .map(Vec::as_slice)
        .ok_or_else(|| MappingError::Shape { path: join(path, name), expected: "a list" })
}

fn text(node: &Json, path: &str, name: &str) -> Result<String, MappingError> {
    optional_text(node, name)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| MappingError::Shape { path: join(path, name), expected: "a text" })
}

fn optional_text(node: &Json, name: &str) -> Option<String> {
    node.get(name).and_then(Json::as_str).map(str::to_owned)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
