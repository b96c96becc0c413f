//! Reading a `SynchronizationRule_{…}.xml` file. No IO.

use roxmltree::Document;
use uuid::Uuid;

use super::xml::{Element, Problems, parse_boolean, quote};
use crate::rule::{AttributeFlow, FlowSource, JoinCondition, Rule, ScopeCondition};

/// The rule of a document; `None` when a problem was recorded that leaves no rule to speak of.
pub(super) fn read(document: &Document<'_>, file: &str, problems: &Problems) -> Option<Rule> {
    let root = Element::root(document, "synchronizationRule", file, problems)?;
    // Each field is read before any is given up, so that all defects of the file are listed.
    let identifier = uuid_of(&root, "id");
    let name = root.required_text("name");
    let direction = root.required("direction").and_then(|e| e.name_of(str::to_owned));
    let connector = uuid_of(&root, "connector");
    let source_object_type = root.required_text("sourceObjectType");
    let target_object_type = root.required_text("targetObjectType");
    let link_type = root.required("linkType").and_then(|e| e.name_of(str::to_owned));
    let precedence = root.required("precedence").and_then(|e| e.parsed("a whole number"));
    let internal_identifier = optional(&root, "internal-id", identifier.unwrap_or_default(), guid);
    let version = optional(&root, "version", 1, |e| e.parsed("a whole number"));
    let disabled = optional(&root, "disabled", false, Element::boolean);
    let precedence_after = optional(&root, "precedence-after", Uuid::nil(), guid);
    let precedence_before = optional(&root, "precedence-before", Uuid::nil(), guid);
    let enable_password_sync = optional(&root, "EnablePasswordSync", false, Element::boolean);
    let attribute_flows = flows(&root);
    let join_filter = groups(&root, "relationshipCriteria", "condition", join_condition);
    let scope_filter = groups(&root, "synchronizationCriteria", "scope", scope_condition);

    Some(Rule {
        identifier: identifier?,
        internal_identifier: internal_identifier?,
        version: version?,
        name: name?,
        description: root.text_of("description"),
        immutable_tag: root.text_of("immutable-tag").trim().to_owned(),
        direction: direction?,
        disabled: disabled?,
        connector: connector?,
        source_object_type: source_object_type?.trim().to_owned(),
        target_object_type: target_object_type?.trim().to_owned(),
        link_type: link_type?,
        precedence: precedence?,
        precedence_after: precedence_after?,
        precedence_before: precedence_before?,
        soft_delete_expiry_interval: root.text_of("softDeleteExpiryInterval").trim().to_owned(),
        enable_password_sync: enable_password_sync?,
        attribute_flows: attribute_flows?,
        join_filter: join_filter?,
        scope_filter: scope_filter?,
    })
}

fn uuid_of(root: &Element<'_, '_>, name: &str) -> Option<Uuid> {
    root.required(name).and_then(|element| guid(&element))
}

fn guid(element: &Element<'_, '_>) -> Option<Uuid> {
    element.parsed("an identifier such as {b891884f-051e-4a83-95af-2544101c9083}")
}

/// The default where the element is absent or empty, `None` where it is defective.
fn optional<'a, 'd: 'a, T>(
    root: &Element<'a, 'd>,
    name: &str,
    default: T,
    read: impl FnOnce(&Element<'a, 'd>) -> Option<T>,
) -> Option<T> {
    match root.child(name) {
        Some(element) if !element.text().trim().is_empty() => read(&element),
        _ => Some(default),
    }
}

fn flows(root: &Element<'_, '_>) -> Option<Vec<AttributeFlow>> {
    let Some(mappings) = root.child("attribute-mappings") else { return Some(Vec::new()) };
    all(mappings.children("mapping").map(|mapping| flow(&mapping)))
}

fn flow(mapping: &Element<'_, '_>) -> Option<AttributeFlow> {
    let destination = mapping.required_text("dest");
    let source = source(mapping);
    let merge = mapping.required("valueMergeType").and_then(|e| e.name_of(str::to_owned));
    let execute_once = match mapping.attribute("execute-once") {
        None => Some(false),
        Some(text) => parse_boolean(text).or_else(|| {
            mapping.problem("execute-once to be true or false", quote(text));
            None
        }),
    };
    Some(AttributeFlow {
        destination: destination?.trim().to_owned(),
        source: source?,
        merge: merge?,
        execute_once: execute_once?,
    })
}

/// An expression names the attributes it uses, or none; without an expression one attribute is a direct flow, and text in place
/// of attributes is a constant.
fn source(mapping: &Element<'_, '_>) -> Option<FlowSource> {
    let src = mapping.child("src");
    let attributes = src.as_ref().map(|src| src.texts("attr")).unwrap_or_default();
    if let Some(expression) = mapping.child("expression") {
        let expression = expression.text();
        if !expression.trim().is_empty() {
            return Some(FlowSource::Expression { expression, attributes });
        }
    }
    let Some(src) = src else {
        mapping.problem("an element <src> or <expression>", "neither");
        return None;
    };
    if !src.has_elements() {
        return Some(FlowSource::Constant { value: src.text() });
    }
    match <[String; 1]>::try_from(attributes) {
        Ok([attribute]) => Some(FlowSource::Direct { attribute }),
        Err(attributes) => {
            src.problem("one attribute in a flow without an expression", format!("{}", attributes.len()));
            None
        }
    }
}

fn groups<T>(
    root: &Element<'_, '_>,
    name: &str,
    condition_name: &'static str,
    condition: fn(&Element<'_, '_>) -> Option<T>,
) -> Option<Vec<Vec<T>>> {
    let Some(criteria) = root.child(name) else { return Some(Vec::new()) };
    all(criteria
        .children("conditions")
        .map(|group| all(group.children(condition_name).map(|element| condition(&element)))))
}

fn join_condition(element: &Element<'_, '_>) -> Option<JoinCondition> {
    let cs_attribute = element.required_text("csAttribute");
    let mv_attribute = element.required_text("ilmAttribute");
    let case_sensitive = optional(element, "caseSensitive", false, Element::boolean);
    Some(JoinCondition {
        cs_attribute: cs_attribute?.trim().to_owned(),
        mv_attribute: mv_attribute?.trim().to_owned(),
        case_sensitive: case_sensitive?,
    })
}

fn scope_condition(element: &Element<'_, '_>) -> Option<ScopeCondition> {
    let attribute = element.required_text("csAttribute");
    let operator = element.required("csOperator").and_then(|e| e.name_of(str::to_ascii_uppercase));
    Some(ScopeCondition {
        attribute: attribute?.trim().to_owned(),
        operator: operator?,
        value: element.text_of("csValue"),
    })
}

/// All or nothing, but only after every item was looked at.
fn all<T>(items: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    items.collect::<Vec<_>>().into_iter().collect()
}
