//! Functions of attributes with several values, and tests for presence. Pure; does no IO.

use super::error::EvaluationError;
use super::function::{Arguments, Function};
use super::value::Value;

/// Applies one of this module's functions.
pub(super) fn apply(function: Function, arguments: &Arguments) -> Result<Value, EvaluationError> {
    let value = arguments.value(0);
    Ok(match function {
        Function::IsNull => Value::Boolean(*value == Value::Null),
        Function::IsNullOrEmpty => Value::Boolean(value.is_null_or_empty()),
        Function::IsPresent => Value::Boolean(!value.is_null_or_empty()),
        Function::IsEmpty => Value::Boolean(*value != Value::Null && value.is_null_or_empty()),
        Function::Count => number_of(value.clone().into_list().len()),
        Function::Contains => contains(arguments)?,
        Function::Item => item(arguments)?.ok_or_else(|| {
            let index = arguments.value(1).to_text().unwrap_or_default();
            arguments.wrong_value("an index from 1 to the number of values", index)
        })?,
        Function::ItemOrNull => item(arguments)?.unwrap_or(Value::Null),
        Function::Join => join(arguments)?,
        Function::Split => split(arguments)?,
        _ => remove_duplicates(value.clone()),
    })
}

fn number_of(count: usize) -> Value {
    Value::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

/// `Contains(list, search[, CaseInsensitive])`: where the search text stands, from 1; 0 if nowhere.
fn contains(arguments: &Arguments) -> Result<Value, EvaluationError> {
    let search = arguments.text_or_empty(1)?;
    let sensitive = match arguments.text(2)? {
        None | Some("CaseSensitive") => true,
        Some("CaseInsensitive") => false,
        Some(other) => return Err(arguments.wrong_value("CaseSensitive or CaseInsensitive", other)),
    };
    let fold = |text: &str| if sensitive { text.to_owned() } else { text.to_lowercase() };
    let search = fold(search);
    for (position, value) in arguments.value(0).clone().into_list().into_iter().enumerate() {
        let found = match &value {
            Value::Text(text) => fold(text).contains(&search),
            // A reference must match as a whole.
            Value::Reference(name) => fold(name) == search,
            other => return Err(arguments.wrong_type("texts or references", other)),
        };
        if found {
            return Ok(number_of(position + 1));
        }
    }
    Ok(Value::Number(0))
}

fn item(arguments: &Arguments) -> Result<Option<Value>, EvaluationError> {
    let index = usize::try_from(arguments.needed_number(1)?).ok().and_then(|index| index.checked_sub(1));
    Ok(index.and_then(|index| arguments.value(0).clone().into_list().into_iter().nth(index)))
}

fn join(arguments: &Arguments) -> Result<Value, EvaluationError> {
    let values = arguments.value(0).clone().into_list();
    let texts = values
        .iter()
        .map(|value| value.to_text().ok_or_else(|| arguments.wrong_type("texts", value)))
        .collect::<Result<Vec<_>, _>>()?;
    if texts.is_empty() {
        return Ok(Value::Null);
    }
    Ok(Value::Text(texts.join(arguments.text(1)?.unwrap_or(" "))))
}

fn split(arguments: &Arguments) -> Result<Value, EvaluationError> {
    let Some(text) = arguments.text(0)? else { return Ok(Value::Null) };
    let delimiter = arguments.text_or_empty(1)?;
    let mut characters = delimiter.chars();
    let (Some(delimiter), None) = (characters.next(), characters.next()) else {
        return Err(arguments.wrong_value("a delimiter of one character", delimiter));
    };
    let limit = match arguments.number(2)? {
        None => usize::MAX,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| *limit > 0)
            .ok_or_else(|| arguments.wrong_value("a limit of at least 1", limit.to_string()))?,
    };
    Ok(Value::from_values(
        text.split(delimiter).take(limit).map(|part| Value::Text(part.to_owned())).collect(),
    ))
}

/// Keeps the first of values that differ at most in case: addresses are the same address in any case.
fn remove_duplicates(value: Value) -> Value {
    let mut kept: Vec<Value> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for value in value.into_list() {
        let key = match &value {
            Value::Text(text) | Value::Reference(text) => text.to_lowercase(),
            other => format!("{other:?}"),
        };
        if seen.insert(key) {
            kept.push(value);
        }
    }
    Value::from_values(kept)
}
