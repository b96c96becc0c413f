//! Values that expressions compute with. Pure; does no IO.

use jiff::Timestamp;

use super::error::EvaluationError;

/// A value of the expression language.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `NULL`, or an absent attribute.
    Null,
    /// `IgnoreThisFlow`.
    Ignore,
    /// `AuthoritativeNull`.
    AuthoritativeNull,
    /// `True` or `False`.
    Boolean(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// A point in time. Not an attribute type: only functions pass it on.
    Instant(Timestamp),
    /// A distinguished name that refers to an object.
    Reference(String),
    /// Several values of an attribute, none of them `Null` or `Many`.
    Many(Vec<Value>),
}

impl Value {
    /// The values of an attribute as one value: absent, single or many.
    pub fn from_values(mut values: Vec<Value>) -> Self {
        match values.len() {
            0 => Self::Null,
            1 => values.pop().unwrap_or(Self::Null),
            _ => Self::Many(values),
        }
    }

    /// What the value is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Ignore => "IgnoreThisFlow",
            Self::AuthoritativeNull => "AuthoritativeNull",
            Self::Boolean(_) => "a Boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Binary(_) => "a binary",
            Self::Instant(_) => "a date",
            Self::Reference(_) => "a reference",
            Self::Many(_) => "several values",
        }
    }

    /// Absent or an empty text.
    pub(super) fn is_null_or_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) | Self::Reference(text) => text.is_empty(),
            Self::Binary(bytes) => bytes.is_empty(),
            Self::Many(values) => values.iter().all(Self::is_null_or_empty),
            _ => false,
        }
    }

    /// The value as a condition; `NULL` is false, numbers are true unless zero.
    pub(super) fn as_condition(&self, context: &'static str) -> Result<bool, EvaluationError> {
        match self {
            Self::Null => Ok(false),
            Self::Boolean(value) => Ok(*value),
            Self::Number(value) => Ok(*value != 0),
            Self::Text(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Self::Text(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            other => Err(EvaluationError::wrong_type(context, "a condition", other)),
        }
    }

    /// The value as a list: `NULL` is empty, a single value a list of one.
    pub(super) fn into_list(self) -> Vec<Value> {
        match self {
            Self::Null => Vec::new(),
            Self::Many(values) => values,
            single => vec![single],
        }
    }

    /// The text of a text, reference, number or Boolean; `None` for what has no text form.
    pub(super) fn to_text(&self) -> Option<String> {
        match self {
            Self::Boolean(true) => Some("True".to_owned()),
            Self::Boolean(false) => Some("False".to_owned()),
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) | Self::Reference(text) => Some(text.clone()),
            _ => None,
        }
    }
}
