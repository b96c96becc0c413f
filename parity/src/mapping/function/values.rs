//! Attributes with several values. Pure.

use std::collections::BTreeSet;

use super::super::value::{Outcome, Value};
use super::Call;

pub(super) fn count(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    let count = match call.value(0)? {
        Value::Binary(values) => values.len(),
        other => other.texts()?.len(),
    };
    Ok(Value::text(count.to_string()))
}

/// Counted from 1; out of bounds is an error of the service.
pub(super) fn item(call: &Call<'_>) -> Outcome {
    call.arity(2)?;
    let at = usize::try_from(call.number(1)?).ok().and_then(|number| number.checked_sub(1));
    let values = call.value(0)?.texts()?;
    // A directory returns values in no particular order, so an item of several is not settled.
    match (at, values.as_slice()) {
        (Some(0), [only]) => Ok(Value::text(only)),
        (Some(at), values) if at < values.len() => {
            Err(call.unpredictable("takes one of several values, whose order a directory does not keep"))
        }
        _ => Err(call.unpredictable("is out of bounds, which raises an error for this object")),
    }
}

/// Values that differ in case only are not settled by the page.
pub(super) fn remove_duplicates(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    let values = call.value(0)?.texts()?;
    let exact: BTreeSet<&String> = values.iter().collect();
    let folded: BTreeSet<String> = values.iter().map(|value| value.to_lowercase()).collect();
    if exact.len() != folded.len() {
        return Err(call.unpredictable("meets values that differ in case only"));
    }
    Ok(Value::many(exact.into_iter().cloned().collect()))
}

/// Blanks around the parts are dropped, as in the page's example.
pub(super) fn split(call: &Call<'_>) -> Outcome {
    call.arity(2)?;
    let Some(text) = call.single(0)? else { return Ok(Value::Null) };
    let delimiter = call.required(1)?;
    let mut characters = delimiter.chars();
    let (Some(delimiter), None) = (characters.next(), characters.next()) else {
        return Err(call.unpredictable("expects a delimiter of one character"));
    };
    let parts = text.split(delimiter).map(str::trim).filter(|part| !part.is_empty());
    Ok(Value::many(parts.map(str::to_owned).collect()))
}
