//! The scope filter of an object mapping. Pure.
//!
//! Source: Microsoft, "Scoping users or groups to be provisioned with scoping filters": clauses are joined by AND,
//! groups by OR; comparisons are case-sensitive; an empty attribute makes every clause false but `IS NULL`; filters on
//! attributes with several values are not supported.

use super::evaluate::attribute;
use super::model::{FilterClause, FilterGroup};
use super::pattern::Pattern;
use super::value::{Unpredictable, Value, number};
use crate::object::DirectoryObject;

/// Whether an object is in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    In,
    Out,
    Unknown(String),
}

pub(super) fn evaluate(groups: &[FilterGroup], object: &DirectoryObject) -> Verdict {
    if groups.is_empty() {
        return Verdict::In;
    }
    let mut unknown = None;
    for group in groups {
        match all(group, object) {
            Verdict::In => return Verdict::In,
            Verdict::Out => {}
            Verdict::Unknown(reason) => unknown = unknown.or(Some(reason)),
        }
    }
    unknown.map_or(Verdict::Out, Verdict::Unknown)
}

fn all(group: &FilterGroup, object: &DirectoryObject) -> Verdict {
    let mut unknown = None;
    for clause in &group.clauses {
        match holds(clause, object) {
            Ok(true) => {}
            Ok(false) => return Verdict::Out,
            Err(Unpredictable(reason)) => unknown = unknown.or(Some(reason)),
        }
    }
    unknown.map_or(Verdict::In, Verdict::Unknown)
}

fn holds(clause: &FilterClause, object: &DirectoryObject) -> Result<bool, Unpredictable> {
    let operator = operator(&clause.operator)
        .ok_or_else(|| Unpredictable::new(format!("unknown filter operator {}", clause.operator)))?;
    let value = attribute(&clause.attribute, object)?;
    match operator {
        Operator::IsNull => return Ok(value.is_empty()),
        Operator::IsNotNull => return Ok(!value.is_empty()),
        _ => {}
    }
    let found = match value {
        Value::Many(_) | Value::Binary(_) => {
            return Err(Unpredictable::new(format!(
                "a filter on {}, which has several values or octets, is not supported by the service",
                clause.attribute
            )));
        }
        other => other.single()?,
    };
    let Some(found) = found.filter(|text| !text.is_empty()) else { return Ok(false) };
    compare(operator, &found, clause)
}

fn compare(operator: Operator, found: &str, clause: &FilterClause) -> Result<bool, Unpredictable> {
    // Several values of one clause: how they are joined is documented only by `multivaluedComparisonType`, which the
    // clause does not carry.
    let wanted = || match clause.values.as_slice() {
        [value] => Ok(value.as_str()),
        _ => Err(Unpredictable::new(format!(
            "a filter compares {} with none or several values",
            clause.attribute
        ))),
    };
    Ok(match operator {
        Operator::IsNull | Operator::IsNotNull => false,
        Operator::IsTrue => found.eq_ignore_ascii_case("true"),
        Operator::IsFalse => found.eq_ignore_ascii_case("false"),
        Operator::Equals => found == wanted()?,
        Operator::NotEquals => found != wanted()?,
        Operator::EndsWith => found.ends_with(wanted()?),
        Operator::Includes => found.contains(wanted()?),
        Operator::Greater => number(found)? > number(wanted()?)?,
        Operator::GreaterOrEqual => number(found)? >= number(wanted()?)?,
        Operator::Matches => Pattern::new(wanted()?)?.is_match(found),
        Operator::MatchesNot => !Pattern::new(wanted()?)?.is_match(found),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equals,
    NotEquals,
    IsNull,
    IsNotNull,
    IsTrue,
    IsFalse,
    EndsWith,
    Includes,
    Greater,
    GreaterOrEqual,
    Matches,
    MatchesNot,
}

/// Operators by their documented name; the wire writes them with and without blanks and underscores.
fn operator(name: &str) -> Option<Operator> {
    let plain: String =
        name.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_uppercase()).collect();
    Some(match plain.as_str() {
        "EQUALS" => Operator::Equals,
        "NOTEQUALS" => Operator::NotEquals,
        "ISNULL" => Operator::IsNull,
        "ISNOTNULL" => Operator::IsNotNull,
        "ISTRUE" => Operator::IsTrue,
        "ISFALSE" => Operator::IsFalse,
        "ENDSWITH" => Operator::EndsWith,
        "INCLUDES" => Operator::Includes,
        "GREATERTHAN" => Operator::Greater,
        "GREATERTHANOREQUALS" => Operator::GreaterOrEqual,
        "REGEXMATCH" => Operator::Matches,
        "NOTREGEXMATCH" => Operator::MatchesNot,
        _ => return None,
    })
}
