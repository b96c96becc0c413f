//! Mappings as data, as far as a prediction needs them. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::derived;

/// Maps one kind of directory object to one kind of Entra object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectMapping {
    /// The mapping's name.
    pub name: String,
    /// The source object's type in the source directory (`user`, `group`, `inetOrgPerson`, `contact`).
    pub source: String,
    /// The target object's type (`User`, `Group`, `Contact`).
    pub target: String,
    /// Whether changes flow to existing objects (`flowTypes` holds `Update`).
    pub updates: bool,
    /// Scope filter: an object is in scope where it satisfies every clause of any group; without groups always.
    #[serde(default)]
    pub scope: Vec<FilterGroup>,
    /// The attributes.
    pub attributes: Vec<AttributeMapping>,
}

/// Clauses that must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterGroup {
    /// The clauses.
    pub clauses: Vec<FilterClause>,
}

/// One condition of a scope filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterClause {
    /// The source attribute.
    pub attribute: String,
    /// The operator as the service names it (`EQUALS`, `IS NOT NULL`, ...).
    pub operator: String,
    /// What the attribute is compared with.
    pub values: Vec<String>,
}

/// When a mapping writes. Source: Microsoft, "attributeMapping resource type".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlowType {
    /// On creation and on every change.
    Always,
    /// On creation only.
    ObjectAddOnly,
    /// Only values that the target lacks are added.
    MultiValueAddOnly,
    /// Only added values flow.
    ValueAddOnly,
    /// Only where the target attribute is empty.
    AttributeAddOnly,
    /// A value that this version does not know.
    Unknown(String),
}

/// Maps one target attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributeMapping {
    /// The target attribute.
    pub target: String,
    /// Where the value comes from; `None` is a constant mapping, whose value is the default.
    #[serde(default)]
    pub source: Option<Source>,
    /// The value where the source gives none.
    #[serde(default)]
    pub default_value: Option<String>,
    /// When it writes.
    pub flow_type: FlowType,
    /// Whether the target refers to other objects (manager, members), by the schema's own directory definition.
    #[serde(default)]
    pub reference: bool,
}

/// An expression tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// The values of a directory attribute.
    Attribute(String),
    /// A constant.
    Constant(String),
    /// A function or an operator (`=`, `<>`, `<`, `<=`, `>`, `>=`, `&`).
    Function {
        /// The function's name.
        name: String,
        /// Its arguments by position; `None` where an optional one was left out.
        arguments: Vec<Option<Source>>,
    },
    /// A part of the document that this version cannot read; only what depends on it is unpredictable.
    Unreadable(String),
}

impl Source {
    /// Adds the attributes that the expression reads, in lower case.
    pub(super) fn collect_attributes(&self, names: &mut BTreeSet<String>) {
        match self {
            Self::Attribute(name) => {
                names.insert(derived::directory_attribute(name).to_ascii_lowercase());
            }
            Self::Function { arguments, .. } => {
                for argument in arguments.iter().flatten() {
                    argument.collect_attributes(names);
                }
            }
            Self::Constant(_) | Self::Unreadable(_) => {}
        }
    }

    /// The attributes and constants in the order in which they are written.
    pub(super) fn leaves(&self) -> Vec<String> {
        match self {
            Self::Attribute(name) => vec![format!("[{}]", name.to_ascii_lowercase())],
            Self::Constant(value) => vec![format!("\"{value}")],
            Self::Function { arguments, .. } => arguments.iter().flatten().flat_map(Self::leaves).collect(),
            Self::Unreadable(text) => vec![text.clone()],
        }
    }
}
