//! Reading `GlobalSettings/MV.xml`, and editing parameters and new attributes into it. No IO.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

use super::edit::{Edits, escape, escape_attribute};
use super::error::WriteError;
use super::metaverse::{AttributeDefinition, AttributeSyntax, MetaverseSchema, ObjectTypeDefinition};
use super::xml::{Element, Problems};
use crate::protocol::NamedValue;

/// What `MV.xml` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct MetaverseFile {
    pub(super) server: String,
    pub(super) export_date: String,
    pub(super) schema: MetaverseSchema,
    pub(super) parameters: Vec<NamedValue>,
}

const ROOT: &str = "saved-mv-configuration";
const SCHEMA: &[&str] = &["schema", "dsml", "directory-schema"];

/// The contents of a document; problems are recorded.
pub(super) fn read(document: &Document<'_>, file: &str, problems: &Problems) -> Option<MetaverseFile> {
    let root = Element::root(document, ROOT, file, problems)?;
    let data = root.required("mv-data")?;
    let schema = data.required("schema")?.required("dsml")?.required("directory-schema")?;
    Some(MetaverseFile {
        server: root.attribute("server").unwrap_or_default().to_owned(),
        export_date: root.attribute("export-date").unwrap_or_default().to_owned(),
        schema: read_schema(&schema),
        parameters: data.required("parameter-values").map(|values| parameters(&values))?,
    })
}

/// Named values below an element; an encrypted one has no value that could be read.
pub(super) fn parameters(values: &Element<'_, '_>) -> Vec<NamedValue> {
    values
        .children("parameter")
        .filter_map(|parameter| {
            let Some(name) = parameter.attribute("name") else {
                parameter.problem("an attribute \"name\"", "none");
                return None;
            };
            let value = if is_encrypted(&parameter) { String::new() } else { parameter.text() };
            Some(NamedValue { name: name.to_owned(), value })
        })
        .collect()
}

fn is_encrypted(parameter: &Element<'_, '_>) -> bool {
    parameter.attribute("encrypted") == Some("1")
}

fn read_schema(schema: &Element<'_, '_>) -> MetaverseSchema {
    let types: Vec<_> = schema.children("attribute-type").collect();
    let names: BTreeMap<&str, String> = types
        .iter()
        .filter_map(|element| Some((element.attribute("id")?, element.text_of("name"))))
        .collect();
    let object_type = |class: Element<'_, '_>| {
        let references = class.children("attribute").filter_map(|attribute| attribute.attribute("ref"));
        let attributes = references
            .map(|reference| reference.trim_start_matches('#'))
            .map(|id| names.get(id).cloned().unwrap_or_else(|| id.to_owned()))
            .collect();
        Some(ObjectTypeDefinition { name: class.required_text("name")?, attributes })
    };
    MetaverseSchema {
        attributes: types.iter().filter_map(attribute_type).collect(),
        object_types: schema.children("class").filter_map(object_type).collect(),
    }
}

/// A DSML attribute type: one without `single-value="true"` holds several values.
fn attribute_type(element: &Element<'_, '_>) -> Option<AttributeDefinition> {
    Some(AttributeDefinition {
        name: element.required_text("name")?,
        syntax: AttributeSyntax::from_oid(element.text_of("syntax").trim()),
        multi_valued: element.attribute("single-value") != Some("true"),
    })
}

/// The text with the difference between `old` and `new` edited in.
pub(super) fn update(
    file: &str,
    text: &str,
    old: (&[NamedValue], &MetaverseSchema),
    new: (&[NamedValue], &MetaverseSchema),
) -> Result<String, WriteError> {
    if old == new {
        return Ok(text.to_owned());
    }
    let missing =
        |expected: &str| WriteError::NothingToEdit { file: file.to_owned(), expected: expected.to_owned() };
    let problems = Problems::default();
    let document = super::xml::parse(file, text, &problems).ok_or_else(|| missing("well-formed XML"))?;
    let data = Element::root(&document, ROOT, file, &problems)
        .and_then(|root| root.child("mv-data"))
        .ok_or_else(|| missing("<mv-data>"))?;
    let values = data.child("parameter-values").ok_or_else(|| missing("<parameter-values>"))?;
    let schema = data.descend(SCHEMA).ok_or_else(|| missing("<directory-schema>"))?;

    let mut edits = Edits::new(text);
    update_parameters(file, &mut edits, &values, old.0, new.0)?;
    update_schema(file, &mut edits, schema.node, old.1, new.1)?;
    Ok(edits.apply())
}

/// As text content of this file.
fn content(file: &str, text: &str) -> Result<String, WriteError> {
    escape(text).map_err(|character| character.in_file(file))
}

/// As value of an attribute in this file.
fn quoted(file: &str, text: &str) -> Result<String, WriteError> {
    escape_attribute(text).map_err(|character| character.in_file(file))
}

fn update_parameters(
    file: &str,
    edits: &mut Edits<'_>,
    values: &Element<'_, '_>,
    old: &[NamedValue],
    new: &[NamedValue],
) -> Result<(), WriteError> {
    let unsupported = |name: &str| WriteError::UnsupportedChange {
        file: file.to_owned(),
        element: format!("parameter {name}"),
        supported: "values of parameters and parameters at the end",
    };
    for (index, before) in old.iter().enumerate() {
        if new.get(index).is_none_or(|after| after.name != before.name) {
            return Err(unsupported(&before.name));
        }
    }
    let elements: Vec<_> = values.children("parameter").filter(|e| e.attribute("name").is_some()).collect();
    for ((element, before), after) in elements.iter().zip(old).zip(new) {
        if before.value != after.value {
            if is_encrypted(element) {
                return Err(unsupported(&before.name));
            }
            edits.set_inner(element.node, &content(file, &after.value)?);
        }
    }
    let additions =
        new.iter().skip(old.len()).map(|added| parameter(file, added)).collect::<Result<String, _>>()?;
    if !additions.is_empty() {
        edits.append(values.node, &additions);
    }
    Ok(())
}

fn update_schema(
    file: &str,
    edits: &mut Edits<'_>,
    schema: Node<'_, '_>,
    old: &MetaverseSchema,
    new: &MetaverseSchema,
) -> Result<(), WriteError> {
    let unsupported = |element: String| WriteError::UnsupportedChange {
        file: file.to_owned(),
        element,
        supported: "added attributes",
    };
    if !new.attributes.starts_with(&old.attributes) {
        return Err(unsupported("an attribute of the metaverse".to_owned()));
    }
    if new.object_types.len() != old.object_types.len() {
        return Err(unsupported("the list of object types of the metaverse".to_owned()));
    }
    let classes = schema.children().filter(|child| child.is_element() && child.tag_name().name() == "class");
    let mut references = Vec::new();
    for ((class, before), after) in classes.zip(&old.object_types).zip(&new.object_types) {
        if before.name != after.name || !after.attributes.starts_with(&before.attributes) {
            return Err(unsupported(format!("object type {}", before.name)));
        }
        references.push((class, after.attributes.get(before.attributes.len()..).unwrap_or_default()));
    }
    let prefix = edits.prefix_of(schema);
    for (class, names) in references.into_iter().filter(|(_, names)| !names.is_empty()) {
        let additions =
            names.iter().map(|name| reference(file, prefix, name)).collect::<Result<String, _>>()?;
        edits.append(class, &additions);
    }
    let added = new.attributes.iter().skip(old.attributes.len());
    let additions =
        added.map(|attribute| definition(file, prefix, attribute)).collect::<Result<String, _>>()?;
    if !additions.is_empty() {
        edits.append(schema, &additions);
    }
    Ok(())
}

// The line breaks and blanks below continue the layout of the engine's own file.

fn parameter(file: &str, added: &NamedValue) -> Result<String, WriteError> {
    let name = quoted(file, &added.name)?;
    let value = content(file, &added.value)?;
    let kind = "type=\"string\" use=\"SynchronizationGlobal\" dataType=\"String\"";
    Ok(format!("  <parameter name=\"{name}\" {kind}>{value}</parameter>\n  "))
}

fn reference(file: &str, prefix: &str, name: &str) -> Result<String, WriteError> {
    let name = quoted(file, name)?;
    Ok(format!("  <{prefix}attribute ref=\"#{name}\" required=\"false\" />\n        "))
}

fn definition(file: &str, prefix: &str, attribute: &AttributeDefinition) -> Result<String, WriteError> {
    let id = quoted(file, &attribute.name)?;
    let name = content(file, &attribute.name)?;
    let single = !attribute.multi_valued;
    let oid = attribute.syntax.metaverse_oid();
    Ok(format!(
        "  <{prefix}attribute-type id=\"{id}\" single-value=\"{single}\">\n          \
         <{prefix}name>{name}</{prefix}name>\n          \
         <{prefix}syntax>{oid}</{prefix}syntax>\n        </{prefix}attribute-type>\n      "
    ))
}
