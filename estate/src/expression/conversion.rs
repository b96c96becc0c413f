//! Functions that change the type of a value, and bits. Pure; does no IO.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::Digest as _;
use uuid::Uuid;

use super::error::EvaluationError;
use super::function::{Arguments, Function};
use super::value::Value;

/// Applies one of this module's functions.
pub(super) fn apply(function: Function, arguments: &Arguments) -> Result<Value, EvaluationError> {
    let value = arguments.value(0);
    match function {
        Function::CBool => value.as_condition(function.name()).map(Value::Boolean),
        Function::Not => value.as_condition(function.name()).map(|value| Value::Boolean(!value)),
        Function::CNum => to_number(arguments),
        Function::CStr => match value {
            Value::Null => Ok(Value::Null),
            value => value
                .to_text()
                .map(Value::Text)
                .ok_or_else(|| arguments.wrong_type("a number, reference, Boolean or text", value)),
        },
        Function::CRef => {
            Ok(arguments.text(0)?.map_or(Value::Null, |text| Value::Reference(text.to_owned())))
        }
        Function::IsString => Ok(Value::Boolean(value.to_text().is_some())),
        Function::IsNumeric => Ok(Value::Boolean(*value != Value::Null && to_number(arguments).is_ok())),
        Function::IsGuid => {
            Ok(Value::Boolean(arguments.text(0)?.is_some_and(|text| text.parse::<Uuid>().is_ok())))
        }
        Function::CGuid => {
            let Some(text) = arguments.text(0)? else { return Ok(Value::Null) };
            let guid: Uuid = text.parse().map_err(|_| arguments.wrong_value("a GUID", text))?;
            Ok(Value::Binary(guid.to_bytes_le().to_vec()))
        }
        Function::CBin => to_binary(arguments),
        Function::Thumbprint => {
            // Not in the reference. The only shipped use builds a key credential, whose hash entry is SHA-256 over the
            // entries behind it (Microsoft, MS-ADTS, KEYCREDENTIALLINK_ENTRY identifiers).
            let bytes = arguments.binary(0)?;
            Ok(bytes.map_or(Value::Null, |bytes| Value::Binary(sha2::Sha256::digest(bytes).to_vec())))
        }
        Function::StringFromGuid => {
            let Some(bytes) = arguments.binary(0)? else { return Ok(Value::Null) };
            let bytes: [u8; 16] = bytes
                .try_into()
                .map_err(|_| arguments.wrong_value("16 bytes", format!("{} bytes", bytes.len())))?;
            Ok(Value::Text(Uuid::from_bytes_le(bytes).to_string()))
        }
        Function::StringFromSid => {
            let Some(bytes) = arguments.binary(0)? else { return Ok(Value::Null) };
            let sid = sid_text(bytes).ok_or_else(|| {
                arguments.wrong_value("a security identifier", format!("{} bytes", bytes.len()))
            })?;
            Ok(Value::Text(sid))
        }
        Function::ConvertToBase64 => match value {
            Value::Binary(bytes) => Ok(Value::Text(BASE64.encode(bytes))),
            _ => Ok(arguments.text(0)?.map_or(Value::Null, |text| {
                // Texts are encoded in the platform's own encoding, which is UTF-16.
                Value::Text(BASE64.encode(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()))
            })),
        },
        Function::ConvertFromBase64 => from_base64(arguments),
        Function::ConvertToUTF8Hex => {
            Ok(arguments.text(0)?.map_or(Value::Null, |text| Value::Text(hex_text(text.as_bytes()))))
        }
        _ => from_utf8_hex(arguments),
    }
}

/// `BitAnd`, `BitOr`, `IsBitSet`; `NULL` makes `NULL`, or false.
pub(super) fn bits(function: Function, arguments: &Arguments) -> Result<Value, EvaluationError> {
    let operands = (arguments.number(0)?, arguments.number(1)?);
    Ok(match (function, operands) {
        (Function::IsBitSet, (Some(value), Some(flag))) => Value::Boolean(value & flag != 0),
        (Function::IsBitSet, _) => Value::Boolean(false),
        (Function::BitAnd, (Some(left), Some(right))) => Value::Number(left & right),
        (_, (Some(left), Some(right))) => Value::Number(left | right),
        _ => Value::Null,
    })
}

fn to_number(arguments: &Arguments) -> Result<Value, EvaluationError> {
    match arguments.value(0) {
        Value::Null => Ok(Value::Null),
        Value::Number(number) => Ok(Value::Number(*number)),
        Value::Text(text) => text
            .trim()
            .parse()
            .map(Value::Number)
            .map_err(|_| arguments.wrong_value("a number", text.as_str())),
        // Lengths inside a key credential are little-endian.
        Value::Binary(bytes) if bytes.len() <= 8 => {
            let mut wide = [0; 8];
            for (target, byte) in wide.iter_mut().zip(bytes) {
                *target = *byte;
            }
            Ok(Value::Number(i64::from_le_bytes(wide)))
        }
        other => Err(arguments.wrong_type("a text with a number", other)),
    }
}

/// `CBin(number, length)`: the number as that many bytes, lowest first. Not in the reference; see `Thumbprint`.
fn to_binary(arguments: &Arguments) -> Result<Value, EvaluationError> {
    let Some(number) = arguments.number(0)? else { return Ok(Value::Null) };
    let length = arguments.needed_number(1)?;
    let length = usize::try_from(length)
        .ok()
        .filter(|length| (1..=8).contains(length))
        .ok_or_else(|| arguments.wrong_value("a length from 1 to 8", length.to_string()))?;
    Ok(Value::Binary(number.to_le_bytes().into_iter().take(length).collect()))
}

fn from_base64(arguments: &Arguments) -> Result<Value, EvaluationError> {
    let Some(source) = arguments.text(0)? else { return Ok(Value::Null) };
    let bytes = BASE64.decode(source).map_err(|_| arguments.wrong_value("base64", source))?;
    let decoded = match arguments.text(1)? {
        None | Some("Unicode") if bytes.len() % 2 == 0 => {
            let units: Vec<u16> =
                bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
            String::from_utf16(&units).ok()
        }
        None | Some("Unicode") => None,
        Some("UTF8") => String::from_utf8(bytes).ok(),
        Some("ASCII") => String::from_utf8(bytes).ok().filter(|text| text.is_ascii()),
        Some(other) => return Err(arguments.wrong_value("Unicode, ASCII or UTF8", other)),
    };
    decoded.map(Value::Text).ok_or_else(|| arguments.wrong_value("text in the encoding named", source))
}

fn hex_text(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

fn from_utf8_hex(arguments: &Arguments) -> Result<Value, EvaluationError> {
    let Some(source) = arguments.text(0)? else { return Ok(Value::Null) };
    let digits: Option<Vec<u8>> =
        source.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    digits
        .filter(|digits| digits.len() % 2 == 0)
        .map(|digits| digits.as_chunks::<2>().0.iter().map(|[high, low]| high * 16 + low).collect())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map(Value::Text)
        .ok_or_else(|| arguments.wrong_value("UTF-8 in hexadecimal digits", source))
}

/// The `S-1-5-...` form of a security identifier (Microsoft, MS-DTYP, SID).
fn sid_text(bytes: &[u8]) -> Option<String> {
    let (head, rest) = bytes.split_at_checked(8)?;
    let [revision, count, authority @ ..] = head else { return None };
    let (subordinates, remainder) = rest.as_chunks::<4>();
    if !remainder.is_empty() || subordinates.len() != usize::from(*count) {
        return None;
    }
    let authority = authority.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let mut text = format!("S-{revision}-{authority}");
    for subordinate in subordinates {
        // Writing to a String cannot fail.
        let _ = write!(text, "-{}", u32::from_le_bytes(*subordinate));
    }
    Some(text)
}
