//! Structural schemas of custom resources: what the API server fills in, drops and refuses. Pure.
//!
//! The schemas are those that the definitions of this project carry. A word that is not understood here makes the definition
//! unusable instead of being passed over, so that the store never accepts what the API server would refuse without anybody
//! knowing. The validation rules (CEL) are evaluated by the crate `cel`, with the Kubernetes functions that our rules use.

mod check;
mod compile;
mod fill;
mod format;
mod functions;
mod rule;

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

pub(super) use check::check;
pub(super) use compile::compile;
pub(super) use fill::{fill, prune};
use rule::Rule;

/// Why a definition cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// It has a word that is not understood here.
    #[error(
        "{path}: expected a word of a schema that the store understands, found `{word}`; teach it in `store::schema`"
    )]
    Word {
        /// Where.
        path: String,
        /// The word.
        word: String,
    },
    /// A word has a value of the wrong kind.
    #[error(
        "{path}: expected another value of `{word}`; the API server would not install this definition either"
    )]
    Value {
        /// Where.
        path: String,
        /// The word.
        word: String,
    },
    /// A validation rule cannot be evaluated here.
    #[error("{path}: expected a rule that can be evaluated, found `{rule}`: {problem}")]
    Rule {
        /// Where.
        path: String,
        /// The rule or its message expression.
        rule: String,
        /// Why not.
        problem: String,
    },
    /// The definition has no schema, or no version.
    #[error("{name}: expected a definition with one version and its schema, found none")]
    None {
        /// Name of the definition.
        name: String,
    },
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

/// How the items of a list are told apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum ListType {
    /// The list is one value.
    #[default]
    Atomic,
    /// Each value once.
    Set,
    /// Each combination of these keys once.
    Map(Vec<String>),
}

/// One node.
#[derive(Debug, Default)]
pub(super) struct Schema {
    kind: Option<Type>,
    int_or_string: bool,
    nullable: bool,
    preserve: bool,
    default: Option<Value>,
    properties: BTreeMap<String, Schema>,
    additional: Option<Box<Schema>>,
    items: Option<Box<Schema>>,
    required: Vec<String>,
    allowed: Vec<Value>,
    pattern: Option<Regex>,
    format: Option<String>,
    length: Bounds,
    count: Bounds,
    minimum: Option<f64>,
    maximum: Option<f64>,
    list: ListType,
    one_of: Vec<Schema>,
    rules: Vec<Rule>,
}

/// From and to, both included.
#[derive(Debug, Clone, Copy, Default)]
struct Bounds {
    least: Option<u64>,
    most: Option<u64>,
}

/// What a value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Path of the field, such as `spec.scopes[0].name`.
    pub field: String,
    /// The API server's word for the kind of mistake, such as `FieldValueInvalid`.
    pub reason: String,
    /// What was expected and what was found.
    pub message: String,
}

impl Cause {
    fn new(field: &str, reason: &str, message: String) -> Self {
        Self { field: field.to_owned(), reason: reason.to_owned(), message }
    }
}
