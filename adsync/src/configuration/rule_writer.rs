//! Writing a rule in the exported format. No IO.

use std::fmt::Write as _;

use serde::Serialize;
use uuid::Uuid;

use super::edit::{UnwritableCharacter, escape};
use crate::rule::{AttributeFlow, FlowSource, Rule};

/// Path of the rule's file below the exported folder.
pub(super) fn path(rule: &Rule) -> String {
    format!("SynchronizationRules/SynchronizationRule_{{{}}}.xml", rule.identifier)
}

/// The rule as the engine would export it.
pub(super) fn write(rule: &Rule) -> Result<String, UnwritableCharacter> {
    let mut out = Writer::default();
    out.open("synchronizationRule");
    out.value("id", &braced(rule.identifier))?;
    out.value("internal-id", &braced(rule.internal_identifier))?;
    out.value("version", &rule.version.to_string())?;
    out.value("name", &rule.name)?;
    out.value("description", &rule.description)?;
    out.value("immutable-tag", &rule.immutable_tag)?;
    out.value("direction", &name_of(&rule.direction))?;
    out.value("disabled", capital(rule.disabled))?;
    out.value("connector", &braced(rule.connector))?;
    out.value("sourceObjectType", &rule.source_object_type)?;
    out.value("targetObjectType", &rule.target_object_type)?;
    out.value("linkType", &name_of(&rule.link_type))?;
    out.value("precedence", &rule.precedence.to_string())?;
    out.value("precedence-after", &braced(rule.precedence_after))?;
    out.value("precedence-before", &braced(rule.precedence_before))?;
    out.value("softDeleteExpiryInterval", &rule.soft_delete_expiry_interval)?;
    out.value("EnablePasswordSync", if rule.enable_password_sync { "true" } else { "false" })?;

    out.list("attribute-mappings", &rule.attribute_flows, mapping)?;
    out.list("relationshipCriteria", &rule.join_filter, |out, group| {
        out.list("conditions", group, |out, condition| {
            out.open("condition");
            if condition.case_sensitive {
                out.value("caseSensitive", "True")?;
            }
            out.value("csAttribute", &condition.cs_attribute)?;
            out.value("ilmAttribute", &condition.mv_attribute)?;
            out.close("condition");
            Ok(())
        })
    })?;
    out.list("synchronizationCriteria", &rule.scope_filter, |out, group| {
        out.list("conditions", group, |out, condition| {
            out.open("scope");
            out.value("csAttribute", &condition.attribute)?;
            out.value("csOperator", &name_of(&condition.operator))?;
            out.value("csValue", &condition.value)?;
            out.close("scope");
            Ok(())
        })
    })?;
    out.close("synchronizationRule");
    Ok(out.finish())
}

fn mapping(out: &mut Writer, flow: &AttributeFlow) -> Result<(), UnwritableCharacter> {
    out.open(if flow.execute_once { "mapping execute-once=\"true\"" } else { "mapping" });
    out.value("dest", &flow.destination)?;
    match &flow.source {
        FlowSource::Direct { attribute } => out.attributes(std::slice::from_ref(attribute))?,
        FlowSource::Constant { value } => out.value("src", value)?,
        FlowSource::Expression { expression, attributes } => {
            if !attributes.is_empty() {
                out.attributes(attributes)?;
            }
            out.value("expression", expression)?;
        }
    }
    out.value("valueMergeType", &name_of(&flow.merge))?;
    out.close("mapping");
    Ok(())
}

fn braced(identifier: Uuid) -> String {
    format!("{{{identifier}}}")
}

fn capital(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// The serialized name of a unit variant.
fn name_of(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        // Unit variants serialize as strings; anything else would show in the round-trip test at once.
        _ => String::new(),
    }
}

/// Two blanks a level, one element a line, no line end after the last: what the engine's own writer does.
#[derive(Default)]
struct Writer {
    out: String,
    depth: usize,
}

impl Writer {
    fn line(&mut self, content: &str) {
        let indent = self.depth * 2;
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "{:indent$}{content}", "");
    }

    fn open(&mut self, name: &str) {
        self.line(&format!("<{name}>"));
        self.depth += 1;
    }

    fn close(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.line(&format!("</{name}>"));
    }

    fn value(&mut self, name: &'static str, value: &str) -> Result<(), UnwritableCharacter> {
        if value.is_empty() {
            self.line(&format!("<{name} />"));
        } else {
            let value = escape(value).map_err(|character| character.in_element(name))?;
            self.line(&format!("<{name}>{value}</{name}>"));
        }
        Ok(())
    }

    fn attributes(&mut self, attributes: &[String]) -> Result<(), UnwritableCharacter> {
        self.list("src", attributes, |out, attribute| out.value("attr", attribute))
    }

    fn list<T>(
        &mut self,
        name: &str,
        items: &[T],
        item: impl Fn(&mut Self, &T) -> Result<(), UnwritableCharacter>,
    ) -> Result<(), UnwritableCharacter> {
        if items.is_empty() {
            self.line(&format!("<{name} />"));
            return Ok(());
        }
        self.open(name);
        for each in items {
            item(self, each)?;
        }
        self.close(name);
        Ok(())
    }

    fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}
