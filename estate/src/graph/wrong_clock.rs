//! The service's clock runs ahead or behind: every time that it stamps on an answer is off, and every time that a caller puts
//! into a query is compared with such stamps. Pure.
//!
//! Times are moved where they pass: out of answers by the offset, in queries back by it.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::message::{Body, GraphRequest, GraphResponse};

/// Longest spelling of a time: date, time, nine digits of fraction, each colon as `%3A`.
const LONGEST: usize = 34;

/// The request as a service with the right clock would have to be asked.
pub(super) fn read_by(request: &GraphRequest, offset: SignedDuration) -> Cow<'_, GraphRequest> {
    if offset.is_zero() {
        return Cow::Borrowed(request);
    }
    let query = moved(&request.query, -offset).into_owned();
    Cow::Owned(GraphRequest { query, ..request.clone() })
}

/// The answer with every time moved.
pub(super) fn stamped_by(mut response: GraphResponse, offset: SignedDuration) -> GraphResponse {
    if !offset.is_zero()
        && let Body::Json(body) = &mut response.body
    {
        move_all(body, offset);
    }
    response
}

/// Moves every time in a JSON value.
pub(crate) fn move_all(value: &mut Value, offset: SignedDuration) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(new) = moved(text, offset) {
                *text = new;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| move_all(value, offset)),
        Value::Object(members) => members.values_mut().for_each(|value| move_all(value, offset)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Text with every time in it moved, such as `2026-11-21T10:00:00Z`; also where it is percent-encoded.
fn moved(text: &str, offset: SignedDuration) -> Cow<'_, str> {
    let mut found: Option<String> = None;
    let mut copied = 0;
    let mut from = 0;
    while let Some((start, end, new)) = text.get(from..).and_then(|rest| next_time(rest, offset)) {
        let (start, end) = (from + start, from + end);
        let out = found.get_or_insert_default();
        out.push_str(text.get(copied..start).unwrap_or_default());
        out.push_str(&new);
        (copied, from) = (end, end);
    }
    match found {
        Some(mut out) => {
            out.push_str(text.get(copied..).unwrap_or_default());
            Cow::Owned(out)
        }
        None => Cow::Borrowed(text),
    }
}

/// The first time in a text: where it begins and ends, and what it is when moved.
fn next_time(text: &str, offset: SignedDuration) -> Option<(usize, usize, String)> {
    let bytes = text.as_bytes();
    let looks_like_one = |at: &usize| {
        let shape = bytes.get(*at..*at + 11).unwrap_or_default();
        shape.len() == 11
            && shape.iter().zip(b"0000-00-00T").all(|(found, wanted)| match wanted {
                b'0' => found.is_ascii_digit(),
                other => found == other,
            })
    };
    (0..bytes.len()).filter(looks_like_one).find_map(|start| {
        let length = bytes.iter().skip(start).take(LONGEST).position(|byte| *byte == b'Z')? + 1;
        let spelled = text.get(start..start + length)?;
        let plain = spelled.replace("%3A", ":").replace("%3a", ":");
        let at: Timestamp = plain.parse().ok()?;
        let at = at.saturating_add(offset).ok()?;
        let digits = plain.split_once('.').map_or(0, |(_, fraction)| fraction.len() - 1);
        let new = match digits {
            0 => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            digits => at.strftime(&format!("%Y-%m-%dT%H:%M:%S.%{}fZ", digits.clamp(1, 9))).to_string(),
        };
        let new = if plain == spelled { new } else { new.replace(':', "%3A") };
        Some((start, start + length, new))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_moved_wherever_they_stand_and_keep_their_spelling() {
        let hour = SignedDuration::from_hours(1);
        for (text, expected) in [
            ("2026-11-21T10:00:00Z", "2026-11-21T11:00:00Z"),
            ("2026-11-21T23:30:00.1234567Z", "2026-11-22T00:30:00.1234567Z"),
            (
                "$filter=a%20ge%202026-11-21T10%3A00%3A00Z and b le 2026-11-21T10:00:00Z&$top=1",
                "$filter=a%20ge%202026-11-21T11%3A00%3A00Z and b le 2026-11-21T11:00:00Z&$top=1",
            ),
            (r#"{"startTime":"2026-11-21T10:00:00Z"}"#, r#"{"startTime":"2026-11-21T11:00:00Z"}"#),
            ("2026-11-21", "2026-11-21"),
            ("2026-11-21Tea at 2026-13-21T10:00:00Z", "2026-11-21Tea at 2026-13-21T10:00:00Z"),
            ("Müller 2026-11-21T10:00:00Z ü", "Müller 2026-11-21T11:00:00Z ü"),
        ] {
            assert_eq!(moved(text, hour), expected);
            assert_eq!(moved(&moved(text, hour), -hour), text, "there and back");
        }
    }
}
