//! Conditions and choices. Pure.

use std::cmp::Ordering;

use super::super::model::Source;
use super::super::value::{Outcome, Unpredictable, Value, number};
use super::Call;

pub(super) fn comparison(call: &Call<'_>) -> Outcome {
    call.arity(2)?;
    let (Some(left), Some(right)) = (call.single(0)?, call.single(1)?) else {
        // Microsoft, same page, IIF, known limitations: the check fails where an attribute is empty.
        return Err(Unpredictable::new(
            "a comparison with an attribute without a value, which the service refuses",
        ));
    };
    if left.is_empty() || right.is_empty() {
        return Err(Unpredictable::new(
            "a comparison with an empty text, which the service does not support",
        ));
    }
    let ordering =
        if matches!(call.name, "=" | "<>") { equality(&left, &right)? } else { order(&left, &right)? };
    Ok(Value::Bool(match call.name {
        "=" => ordering.is_eq(),
        "<>" => ordering.is_ne(),
        "<" => ordering.is_lt(),
        "<=" => ordering.is_le(),
        ">" => ordering.is_gt(),
        _ => ordering.is_ge(),
    }))
}

/// Whether texts that differ in case, or in how a number is written, are equal is not settled.
fn equality(left: &str, right: &str) -> Result<Ordering, Unpredictable> {
    let numbers_equal = number(left).ok().zip(number(right).ok()).is_some_and(|(left, right)| left == right);
    if left != right && (numbers_equal || left.to_lowercase() == right.to_lowercase()) {
        return Err(Unpredictable::new(
            "a comparison of two values that differ only in how they are written",
        ));
    }
    Ok(left.cmp(right))
}

fn order(left: &str, right: &str) -> Result<Ordering, Unpredictable> {
    match (number(left), number(right)) {
        (Ok(left), Ok(right)) => Ok(left.cmp(&right)),
        _ => Err(Unpredictable::new("an order of texts, which depends on the service's culture")),
    }
}

pub(super) fn bit_and(call: &Call<'_>) -> Outcome {
    call.arity(2)?;
    Ok(Value::text((call.number(0)? & call.number(1)?).to_string()))
}

/// Non-zero is true. A text that is neither a number nor a boolean is not settled.
pub(super) fn c_bool(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    match call.value(0)? {
        Value::Bool(value) => Ok(Value::Bool(value)),
        other => {
            let text =
                other.single()?.ok_or_else(|| Unpredictable::new("CBool of an attribute without a value"))?;
            match number(&text) {
                Ok(value) => Ok(Value::Bool(value != 0)),
                Err(_) => Value::Text(text).condition().map(Value::Bool),
            }
        }
    }
}

/// The first value that is not absent; an empty text is a value.
pub(super) fn coalesce(call: &Call<'_>) -> Outcome {
    for at in 0..call.arguments.len() {
        let value = call.value(at)?;
        if value != Value::Null {
            return Ok(value);
        }
    }
    Ok(Value::Null)
}

pub(super) fn ignore_if_empty(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    let value = call.value(0)?;
    Ok(if value.is_empty() { Value::Ignored } else { value })
}

pub(super) fn iif(call: &Call<'_>) -> Outcome {
    call.arity(3)?;
    let chosen = if call.value(0)?.condition()? { 1 } else { 2 };
    call.value(chosen)
}

pub(super) fn is_string(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    match call.value(0)? {
        Value::Text(_) => Ok(Value::Bool(true)),
        Value::Null | Value::Binary(_) => Ok(Value::Bool(false)),
        Value::Bool(_) | Value::Many(_) | Value::Ignored => {
            Err(Unpredictable::new("IsString of something that is neither a text nor absent"))
        }
    }
}

/// True becomes False, everything else becomes True.
pub(super) fn not(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    let value = match call.value(0)? {
        Value::Null => false,
        // By the page a number is not "True" and becomes True; by every other function a number but 0 is true.
        Value::Text(text) => match number(&text) {
            Ok(0) => false,
            Ok(_) => return Err(call.unpredictable("is applied to a number")),
            Err(_) => text.eq_ignore_ascii_case("true"),
        },
        other => other.condition()?,
    };
    Ok(Value::Bool(!value))
}

/// Compares case-sensitively; an absent source matches the empty key.
pub(super) fn switch(call: &Call<'_>) -> Outcome {
    let count = call.arguments.len();
    if count < 4 || !count.is_multiple_of(2) {
        return Err(call.unpredictable("expects a source, a default and pairs of keys and values"));
    }
    if let Some(Source::Function { name, .. }) = call.source(0)
        && ["ispresent", "isnull", "isnullorempty"].contains(&name.to_ascii_lowercase().as_str())
    {
        return Err(
            call.unpredictable("has a test for presence as its source, which the service does not support")
        );
    }
    let source = call.single(0)?.unwrap_or_default();
    for at in (2..count).step_by(2) {
        if call.single(at)?.unwrap_or_default() == source {
            return call.value(at + 1);
        }
    }
    call.value(1)
}
