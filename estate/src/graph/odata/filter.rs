//! `$filter`: the expressions that Graph answers for directory objects, applications and logs. Pure.
//!
//! Understood: `eq ne gt ge lt le in and or not`, parentheses, `startswith endswith contains`, `any` with one variable,
//! paths with `/`, and the literals `null true false`, numbers, quoted text, instants and identifiers without quotes.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

/// Whether text is compared with regard to case: directory properties are not, logs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// `A` equals `a`.
    Ignore,
    /// `A` differs from `a`.
    Matters,
}

/// A parsed `$filter`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    /// Both hold.
    And(Box<Filter>, Box<Filter>),
    /// At least one holds.
    Or(Box<Filter>, Box<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// A property against a value.
    Compare(Vec<String>, Comparison, Literal),
    /// A property is one of the values.
    In(Vec<String>, Vec<Literal>),
    /// A text function of a property and a value.
    Text(TextFunction, Vec<String>, String),
    /// At least one element of the collection satisfies the inner filter, whose paths start with the variable.
    Any(Vec<String>, String, Box<Filter>),
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Functions of two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextFunction {
    StartsWith,
    EndsWith,
    Contains,
}

/// A value in a filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Null,
    Boolean(bool),
    Number(f64),
    /// Quoted text, or an unquoted instant or identifier.
    Text(String),
}

impl Filter {
    /// Whether it needs the index: `ne`, `not` and `endswith` do.
    pub(crate) fn is_advanced(&self) -> bool {
        match self {
            Self::And(left, right) | Self::Or(left, right) => left.is_advanced() || right.is_advanced(),
            Self::Not(_)
            | Self::Compare(_, Comparison::NotEqual, _)
            | Self::Text(TextFunction::EndsWith, ..) => true,
            Self::Any(_, _, inner) => inner.is_advanced(),
            Self::Compare(..) | Self::In(..) | Self::Text(..) => false,
        }
    }

    /// The first segment of every path that is compared; for checks against the properties of a type.
    pub(crate) fn properties(&self) -> Vec<&str> {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                let mut properties = left.properties();
                properties.extend(right.properties());
                properties
            }
            Self::Not(inner) => inner.properties(),
            Self::Compare(path, ..) | Self::In(path, _) | Self::Text(_, path, _) | Self::Any(path, ..) => {
                path.first().map(String::as_str).into_iter().collect()
            }
        }
    }

    /// The values of an expression that only joins `property eq 'value'` by `or`; `None` if it is anything else.
    pub(crate) fn alternatives_of(&self, property: &str) -> Option<Vec<&str>> {
        match self {
            Self::Or(left, right) => {
                let mut values = left.alternatives_of(property)?;
                values.extend(right.alternatives_of(property)?);
                Some(values)
            }
            Self::Compare(path, Comparison::Equal, Literal::Text(value)) if *path == [property] => {
                Some(vec![value])
            }
            _ => None,
        }
    }

    /// Whether the object satisfies it.
    pub(crate) fn matches(&self, object: &Value, case: Case) -> bool {
        match self {
            Self::And(left, right) => left.matches(object, case) && right.matches(object, case),
            Self::Or(left, right) => left.matches(object, case) || right.matches(object, case),
            Self::Not(inner) => !inner.matches(object, case),
            Self::Compare(path, comparison, literal) => compare(at(object, path), *comparison, literal, case),
            Self::In(path, literals) => {
                literals.iter().any(|literal| compare(at(object, path), Comparison::Equal, literal, case))
            }
            Self::Text(function, path, wanted) => {
                let Some(found) = at(object, path).as_str() else { return false };
                let (found, wanted) = match case {
                    Case::Ignore => (found.to_lowercase(), wanted.to_lowercase()),
                    Case::Matters => (found.to_owned(), wanted.clone()),
                };
                match function {
                    TextFunction::StartsWith => found.starts_with(&wanted),
                    TextFunction::EndsWith => found.ends_with(&wanted),
                    TextFunction::Contains => found.contains(&wanted),
                }
            }
            Self::Any(path, variable, inner) => at(object, path).as_array().is_some_and(|elements| {
                elements.iter().any(|element| {
                    // The inner paths name the variable first: give them an object that has it.
                    inner.matches(&serde_json::json!({ variable: element }), case)
                })
            }),
        }
    }
}

fn at<'a>(object: &'a Value, path: &[String]) -> &'a Value {
    path.iter().try_fold(object, |value, segment| value.get(segment)).unwrap_or(&Value::Null)
}

fn compare(found: &Value, comparison: Comparison, literal: &Literal, case: Case) -> bool {
    let ordering = order(found, literal, case);
    match comparison {
        Comparison::Equal => ordering == Some(Ordering::Equal),
        Comparison::NotEqual => ordering != Some(Ordering::Equal),
        Comparison::Greater => ordering == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        Comparison::Less => ordering == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
    }
}

/// `None` where the two cannot be compared (other types, or null against a value).
fn order(found: &Value, literal: &Literal, case: Case) -> Option<Ordering> {
    match (found, literal) {
        (Value::Null, Literal::Null) => Some(Ordering::Equal),
        (Value::Bool(found), Literal::Boolean(wanted)) => Some(found.cmp(wanted)),
        (Value::Number(found), Literal::Number(wanted)) => found.as_f64()?.partial_cmp(wanted),
        (Value::String(found), Literal::Text(wanted)) => {
            match (found.parse::<Timestamp>(), wanted.parse::<Timestamp>()) {
                (Ok(found), Ok(wanted)) => Some(found.cmp(&wanted)),
                _ => Some(match case {
                    Case::Ignore => found.to_lowercase().cmp(&wanted.to_lowercase()),
                    Case::Matters => found.cmp(wanted),
                }),
            }
        }
        _ => None,
    }
}
