//! Conversions between texts, octets, names and identifiers. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::value::{Outcome, Unpredictable, Value};
use super::Call;
use crate::key::SecurityIdentifier;

/// Octets as Base64; a text as Base64 of its UTF-16 form.
pub(super) fn to_base64(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    Ok(match call.value(0)? {
        Value::Binary(values) => Value::many(values.iter().map(|bytes| STANDARD.encode(bytes)).collect()),
        other => other.single()?.map_or(Value::Null, |text| {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            Value::Text(STANDARD.encode(bytes))
        }),
    })
}

/// `Unicode` (UTF-16, the default), `ASCII` or `UTF8`.
pub(super) fn from_base64(call: &Call<'_>) -> Outcome {
    call.arity_between(1, 2)?;
    let Some(text) = call.single(0)? else { return Ok(Value::Null) };
    let not_text = || call.unpredictable("is applied to something that is not Base64 of a text");
    let bytes = STANDARD.decode(text).map_err(|_| not_text())?;
    let decoded = match call.single(1)?.as_deref() {
        None | Some("Unicode") => {
            if !bytes.len().is_multiple_of(2) {
                return Err(not_text());
            }
            let units: Vec<u16> = bytes
                .chunks_exact(2)
                .filter_map(|pair| pair.try_into().ok().map(u16::from_le_bytes))
                .collect();
            String::from_utf16(&units).map_err(|_| not_text())?
        }
        Some("ASCII") if bytes.is_ascii() => String::from_utf8(bytes).map_err(|_| not_text())?,
        Some("UTF8") => String::from_utf8(bytes).map_err(|_| not_text())?,
        Some(_) => return Err(not_text()),
    };
    Ok(Value::Text(decoded))
}

pub(super) fn to_utf8_hex(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    Ok(call
        .single(0)?
        .map_or(Value::Null, |text| Value::Text(crate::digest::hex(text.as_bytes()).to_ascii_uppercase())))
}

pub(super) fn c_str(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    Ok(call.single(0)?.map_or(Value::Null, Value::Text))
}

pub(super) fn string_from_sid(call: &Call<'_>) -> Outcome {
    call.arity(1)?;
    match call.value(0)? {
        Value::Null => Ok(Value::Null),
        Value::Binary(values) => match values.as_slice() {
            [bytes] => SecurityIdentifier::from_bytes(bytes)
                .map(|identifier| Value::text(identifier.as_str()))
                .map_err(|error| Unpredictable::new(error.to_string())),
            _ => Err(call.unpredictable("is applied to several values")),
        },
        Value::Text(text) => SecurityIdentifier::parse(&text)
            .map(|identifier| Value::text(identifier.as_str()))
            .map_err(|error| Unpredictable::new(error.to_string())),
        Value::Bool(_) | Value::Many(_) | Value::Ignored => {
            Err(call.unpredictable("is applied to something that is not a security identifier"))
        }
    }
}

/// The value of the nth part of a distinguished name, counted from the left and from 1.
pub(super) fn dn_component(call: &Call<'_>) -> Outcome {
    call.arity(2)?;
    let Some(name) = call.single(0)? else { return Ok(Value::Null) };
    let at = usize::try_from(call.number(1)?).ok().and_then(|number| number.checked_sub(1));
    let parts =
        name_parts(&name).ok_or_else(|| call.unpredictable("meets a name that is not distinguished"))?;
    at.and_then(|at| parts.into_iter().nth(at))
        .map(Value::Text)
        .ok_or_else(|| call.unpredictable("is out of bounds"))
}

/// The values of a distinguished name's parts. Names with hexadecimal escapes are refused: what the service makes of
/// them is not settled.
fn name_parts(name: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut characters = name.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next()? {
                escaped if escaped.is_ascii_hexdigit() => return None,
                escaped => parts.last_mut()?.push(escaped),
            },
            ',' => parts.push(String::new()),
            other => parts.last_mut()?.push(other),
        }
    }
    parts.iter().map(|part| part.split_once('=').map(|(_, value)| value.trim().to_owned())).collect()
}
