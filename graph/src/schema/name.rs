//! Distinguished names, as far as telling whether two are the same. No IO.

use super::SchemaError;

/// True when two distinguished names are the same: case and blanks around separators do not count.
pub fn same_name(a: &str, b: &str) -> bool {
    normalised(a) == normalised(b)
}

/// Refuses what cannot be a distinguished name.
pub(super) fn check(name: &str) -> Result<(), SchemaError> {
    let parts = normalised(name);
    let is_part = |part: &(String, String)| !part.0.is_empty() && !part.1.is_empty();
    if parts.is_empty() || !parts.iter().all(is_part) {
        return Err(SchemaError::NotAName { found: name.to_owned() });
    }
    Ok(())
}

/// The parts of a name as pairs of type and value, in lower case. Escaped commas do not separate.
fn normalised(name: &str) -> Vec<(String, String)> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut escaped = false;
    for c in name.chars() {
        match c {
            ',' if !escaped => parts.push(std::mem::take(&mut part)),
            _ => part.extend(c.to_lowercase()),
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(part);
    parts
        .iter()
        .map(|part| {
            let (kind, value) = part.split_once('=').unwrap_or((part.as_str(), ""));
            (kind.trim().to_owned(), value.trim().to_owned())
        })
        .collect()
}
