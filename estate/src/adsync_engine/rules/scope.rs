//! Scope filters. Pure; does no IO.
//!
//! Source: Microsoft, "Understanding Declarative Provisioning", "Scope". Comparisons are of text and mind no case; where both
//! sides are numbers they compare as numbers, without which the shipped limit on group members would not work.

use adsync::rule::{ScopeCondition, ScopeOperator};

use super::schema::Definition;
use super::subject::Subject;
use crate::adsync_engine::symbol::{Symbol, Symbols};
use crate::value::Value;

/// One compiled condition.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    attribute: Symbol,
    operator: ScopeOperator,
    value: String,
    /// An absent attribute counts as `False`.
    ///
    /// No source says so. The shipped rule `Out to AD - User Join SOAInAD` asks for `cloudMastered EQUAL False`, which no
    /// shipped rule ever sets: without this it could not apply to anyone.
    absent_is_false: bool,
}

impl Condition {
    /// Compiles a condition. `definition` says what the attribute holds.
    pub(super) fn new(
        condition: &ScopeCondition,
        definition: impl FnOnce(Symbol) -> Option<Definition>,
        symbols: &mut Symbols,
    ) -> Self {
        let attribute = symbols.intern(&condition.attribute);
        Self {
            attribute,
            operator: condition.operator,
            value: condition.value.clone(),
            absent_is_false: definition(attribute).is_some_and(Definition::is_boolean)
                && condition.value.eq_ignore_ascii_case("false"),
        }
    }

    fn holds(&self, subject: &dyn Subject) -> bool {
        let substituted = self.parameter_name().and_then(|name| subject.parameter(name));
        let wanted = substituted.as_deref().unwrap_or(&self.value);
        let values = subject.values(self.attribute);
        let any = |test: &dyn Fn(&str, &str) -> bool| {
            let wanted = wanted.to_lowercase();
            values.iter().any(|value| test(&text_of(value).to_lowercase(), &wanted))
        };
        let equal = || {
            values.iter().any(|value| equals(value, wanted)) || (self.absent_is_false && values.is_empty())
        };
        match self.operator {
            ScopeOperator::Equal | ScopeOperator::IsIn => equal(),
            ScopeOperator::NotEqual | ScopeOperator::IsNotIn => !equal(),
            ScopeOperator::LessThan => values.iter().any(|value| order(value, wanted).is_lt()),
            ScopeOperator::LessThanOrEqual => values.iter().any(|value| order(value, wanted).is_le()),
            ScopeOperator::GreaterThan => values.iter().any(|value| order(value, wanted).is_gt()),
            ScopeOperator::GreaterThanOrEqual => values.iter().any(|value| order(value, wanted).is_ge()),
            ScopeOperator::Contains => any(&|value, wanted| value.contains(wanted)),
            ScopeOperator::NotContains => !any(&|value, wanted| value.contains(wanted)),
            ScopeOperator::StartsWith => any(&|value, wanted| value.starts_with(wanted)),
            ScopeOperator::NotStartsWith => !any(&|value, wanted| value.starts_with(wanted)),
            // A plain comparison of texts, also of names: it knows nothing of components, escapes or renames.
            ScopeOperator::EndsWith => any(&|value, wanted| value.ends_with(wanted)),
            ScopeOperator::NotEndsWith => !any(&|value, wanted| value.ends_with(wanted)),
            ScopeOperator::IsNull => values.is_empty(),
            ScopeOperator::IsNotNull => !values.is_empty(),
            ScopeOperator::IsBitSet => values.iter().any(|value| has_bit(value, wanted)),
            ScopeOperator::IsBitNotSet => !values.iter().any(|value| has_bit(value, wanted)),
            ScopeOperator::IsMemberOf => subject.is_member_of(wanted),
            ScopeOperator::IsNotMemberOf => !subject.is_member_of(wanted),
        }
    }

    /// The name of the parameter that the value consists of, as in `%Connector.ID%`.
    fn parameter_name(&self) -> Option<&str> {
        self.value.strip_prefix('%').and_then(|rest| rest.strip_suffix('%'))
    }
}

/// Whether a filter lets an object in: all conditions of any group; a filter without groups lets in everything.
pub(super) fn holds(groups: &[Vec<Condition>], subject: &dyn Subject) -> bool {
    groups.is_empty() || groups.iter().any(|group| group.iter().all(|condition| condition.holds(subject)))
}

fn text_of(value: &Value) -> std::borrow::Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

fn number_of(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn equals(value: &Value, wanted: &str) -> bool {
    let text = text_of(value);
    text.eq_ignore_ascii_case(wanted) || (!text.is_ascii() && text.to_lowercase() == wanted.to_lowercase())
}

fn order(value: &Value, wanted: &str) -> std::cmp::Ordering {
    match (number_of(value), wanted.trim().parse::<i64>()) {
        (Some(left), Ok(right)) => left.cmp(&right),
        _ => text_of(value).to_lowercase().cmp(&wanted.to_lowercase()),
    }
}

fn has_bit(value: &Value, mask: &str) -> bool {
    match (number_of(value), mask.trim().parse::<i64>()) {
        (Some(value), Ok(mask)) => value & mask != 0,
        _ => false,
    }
}
