//! Text in addresses, forms and filters. No IO.

use std::fmt::Write as _;

/// Characters of a query value that need no escape there, besides letters, digits and `-._~`.
const QUERY_SAFE: &[u8] = b"(),':/$@*;";

/// Escapes an identifier for a path.
pub(crate) fn encode_segment(text: &str) -> String {
    encode(text, b"")
}

/// Escapes a value for a query.
pub(crate) fn encode_query(text: &str) -> String {
    encode(text, QUERY_SAFE)
}

/// Writes a form.
pub(crate) fn encode_form(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encode(value, b""))).collect();
    fields.join("&")
}

fn encode(text: &str, safe: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || safe.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a `String` does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// A text as a literal in a filter: in single quotes, of which those inside are doubled.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
