//! The schema part of a connector file: which attributes an object type may hold. No IO.
//!
//! The Entra connector lists the attributes of each class. An AD connector repeats the forest's schema: classes inherit from a
//! superior and take in auxiliary classes, and a content rule adds what the schema partition adds.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::Node;

use super::metaverse::{AttributeDefinition, AttributeSyntax, ObjectTypeDefinition};

/// A connector's whole schema, by the identifiers of its elements (`A25j`, `C0`).
#[derive(Debug, Default)]
pub(super) struct ConnectorSchema<'a> {
    attributes: BTreeMap<&'a str, AttributeDefinition>,
    classes: BTreeMap<&'a str, Class<'a>>,
}

#[derive(Debug, Default)]
struct Class<'a> {
    name: &'a str,
    superior: Option<&'a str>,
    auxiliary: Vec<&'a str>,
    attributes: Vec<&'a str>,
}

/// Reads `directory-schema`. What is not as expected is left out: a schema is described here, never judged.
pub(super) fn read<'a>(schema: Node<'a, '_>) -> ConnectorSchema<'a> {
    let mut out = ConnectorSchema::default();
    for node in schema.children().filter(Node::is_element) {
        let Some(id) = attribute(node, "id") else { continue };
        match node.tag_name().name() {
            "attribute-type" => {
                let Some(name) = text_of(node, "name") else { continue };
                out.attributes.insert(
                    id,
                    AttributeDefinition {
                        name: name.to_owned(),
                        syntax: AttributeSyntax::from_oid(text_of(node, "syntax").unwrap_or_default().trim()),
                        multi_valued: attribute(node, "single-value") != Some("true"),
                    },
                );
            }
            "class" => {
                let class = out.classes.entry(id).or_default();
                class.name = text_of(node, "name").unwrap_or_default();
                class.superior = attribute(node, "superior").map(reference);
                class.take(node);
            }
            "dit-content-rule" => out.classes.entry(id).or_default().take(node),
            _ => {}
        }
    }
    out
}

impl<'a> Class<'a> {
    fn take(&mut self, node: Node<'a, '_>) {
        for child in node.children().filter(Node::is_element) {
            let Some(target) = attribute(child, "ref").map(reference) else { continue };
            match child.tag_name().name() {
                "attribute" => self.attributes.push(target),
                "aux-class" => self.auxiliary.push(target),
                _ => {}
            }
        }
    }
}

impl ConnectorSchema<'_> {
    /// Definitions of these attributes, in their order; unknown ones are left out.
    pub(super) fn selected_attributes(&self, names: &[String]) -> Vec<AttributeDefinition> {
        let by_name: BTreeMap<String, &AttributeDefinition> = self
            .attributes
            .values()
            .map(|attribute| (attribute.name.to_ascii_lowercase(), attribute))
            .collect();
        names.iter().filter_map(|name| by_name.get(&name.to_ascii_lowercase()).copied().cloned()).collect()
    }

    /// These object types with those of the attributes that each may hold.
    pub(super) fn selected_object_types(
        &self,
        types: &[String],
        attributes: &[String],
    ) -> Vec<ObjectTypeDefinition> {
        types
            .iter()
            .filter_map(|name| {
                let (id, _) = self.classes.iter().find(|(_, class)| class.name.eq_ignore_ascii_case(name))?;
                let held = self.attributes_of(id);
                let attributes = attributes
                    .iter()
                    .filter(|name| held.contains(&name.to_ascii_lowercase()))
                    .cloned()
                    .collect();
                Some(ObjectTypeDefinition { name: name.clone(), attributes })
            })
            .collect()
    }

    /// Lower-case names of all attributes of a class and of what it builds on. A cycle is walked once.
    fn attributes_of(&self, id: &str) -> BTreeSet<String> {
        let mut open = vec![id];
        let mut seen = BTreeSet::new();
        let mut out = BTreeSet::new();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let Some(class) = self.classes.get(id) else { continue };
            open.extend(class.superior);
            open.extend(&class.auxiliary);
            out.extend(
                class
                    .attributes
                    .iter()
                    .filter_map(|attribute| self.attributes.get(attribute))
                    .map(|attribute| attribute.name.to_ascii_lowercase()),
            );
        }
        out
    }
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|attribute| attribute.name() == name).map(|attribute| attribute.value())
}

fn reference(text: &str) -> &str {
    text.trim_start_matches('#')
}

fn text_of<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name)?.text()
}
