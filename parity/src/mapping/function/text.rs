//! Texts: cutting, joining, searching. Pure.
//!
//! Positions count UTF-16 code units, as .NET does.

use super::super::value::{Outcome, Unpredictable, Value};
use super::Call;

pub(super) fn append(call: &Call<'_>) -> Outcome {
    call.arity(2)?;
    Ok(Value::Text(call.required(0)? + &call.required(1)?))
}

pub(super) fn concatenate(call: &Call<'_>) -> Outcome {
    call.arity(2)?;
    Ok(Value::Text(call.required(0)? + &call.required(1)?))
}

/// Every value of every source, joined. Empty ones are left out: the page's own example joins "", surname and given
/// name with ", " and gives "Doe, John".
pub(super) fn join(call: &Call<'_>) -> Outcome {
    if call.arguments.len() < 2 {
        return Err(call.unpredictable("expects a separator and at least one source"));
    }
    let separator = call.single(0)?.unwrap_or_default();
    let mut parts = Vec::new();
    for at in 1..call.arguments.len() {
        parts.extend(call.value(at)?.texts()?.into_iter().filter(|part| !part.is_empty()));
    }
    Ok(Value::Text(parts.join(&separator)))
}

/// 0 gives nothing, a negative number the whole text, no text an empty one.
pub(super) fn left(call: &Call<'_>) -> Outcome {
    call.arity(2)?;
    let Some(text) = call.single(0)? else { return Ok(Value::text("")) };
    match usize::try_from(call.number(1)?) {
        Ok(count) => cut(&text, 0, count).map(Value::Text),
        Err(_) => Ok(Value::Text(text)),
    }
}

/// From a position counted from 1; a length beyond the end is cut.
pub(super) fn mid(call: &Call<'_>) -> Outcome {
    call.arity(3)?;
    let Some(text) = call.single(0)? else { return Ok(Value::Null) };
    let start = usize::try_from(call.number(1)?).ok().and_then(|start| start.checked_sub(1));
    let length = usize::try_from(call.number(2)?).ok();
    match start.zip(length) {
        Some((start, length)) => cut(&text, start, length).map(Value::Text),
        None => Err(call.unpredictable("has a start below 1 or a negative length")),
    }
}

fn cut(text: &str, start: usize, length: usize) -> Result<String, Unpredictable> {
    let units: Vec<u16> = text.encode_utf16().skip(start).take(length).collect();
    String::from_utf16(&units)
        .map_err(|_| Unpredictable::new("a character outside the basic plane is cut in two"))
}

/// The position counted from 1, or 0.
pub(super) fn in_str(call: &Call<'_>) -> Outcome {
    call.arity_between(2, 4)?;
    let (text, wanted) = (call.required(0)?, call.required(1)?);
    if wanted.is_empty() {
        return Err(call.unpredictable("searches for an empty text"));
    }
    let start = if call.has(2) { call.number(2)? } else { 1 };
    let start = usize::try_from(start)
        .ok()
        .and_then(|start| start.checked_sub(1))
        .ok_or_else(|| call.unpredictable("has a start below 1"))?;
    let ignore_case = match call.single(3)?.as_deref() {
        None | Some("vbBinaryCompare") => false,
        Some("vbTextCompare") => true,
        Some(_) => return Err(call.unpredictable("has an unknown way to compare")),
    };
    let units = |text: &str| -> Vec<u16> {
        if ignore_case { text.to_lowercase().encode_utf16().collect() } else { text.encode_utf16().collect() }
    };
    let (text, wanted) = (units(&text), units(&wanted));
    let found = text
        .windows(wanted.len())
        .enumerate()
        .skip(start)
        .find(|(_, window)| *window == wanted.as_slice())
        .map_or(0, |(at, _)| at + 1);
    Ok(Value::text(found.to_string()))
}

pub(super) fn strip_spaces(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    Ok(call.single(0)?.map_or(Value::Null, |text| Value::Text(text.replace(' ', ""))))
}

/// Each value on its own: the page shows it on `proxyAddresses`.
pub(super) fn trim(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    Ok(match call.value(0)? {
        Value::Many(values) => Value::many(values.iter().map(|value| value.trim().to_owned()).collect()),
        other => other.single()?.map_or(Value::Null, |text| Value::text(text.trim())),
    })
}

/// The nth word, counted from 1; an empty text where there are fewer.
pub(super) fn word(call: &Call<'_>) -> Outcome {
    call.arity(3)?;
    let Some(text) = call.single(0)? else { return Ok(Value::text("")) };
    let Some(at) = usize::try_from(call.number(1)?).ok().and_then(|number| number.checked_sub(1)) else {
        return Ok(Value::text(""));
    };
    let delimiters = call.required(2)?;
    let words: Vec<&str> = text.split(|c| delimiters.contains(c)).collect();
    if words.iter().take(at.saturating_add(1)).any(|word| word.is_empty()) {
        return Err(
            call.unpredictable("meets two delimiters in a row, whose meaning the page does not settle")
        );
    }
    Ok(Value::text(words.get(at).copied().unwrap_or_default()))
}

/// First letter of each word upper case, the others lower case. Without a list of separators .NET decides where words
/// begin; only the separators of the page's examples are followed then.
pub(super) fn proper_case(call: &Call<'_>) -> Outcome {
    const PLAIN_SEPARATORS: &str = " -()_,.&/";
    call.arity_between(1, 2)?;
    let Some(text) = call.single(0)? else { return Ok(Value::Null) };
    let separators = call.single(1)?;
    if separators.is_none() && text.chars().any(|c| !c.is_alphanumeric() && !PLAIN_SEPARATORS.contains(c)) {
        return Err(call.unpredictable("meets a character of which .NET decides whether it begins a word"));
    }
    let separators = separators.as_deref().unwrap_or(PLAIN_SEPARATORS);
    let mut at_start = true;
    let mut cased = String::with_capacity(text.len());
    for c in text.chars() {
        cased.push(if at_start { super::letters::upper(c) } else { super::letters::lower(c) });
        at_start = separators.contains(c);
    }
    Ok(Value::Text(cased))
}
