//! `MigratedPolicy.json`, which `MigrateSettings.ps1` puts beside the exported folders. No IO.

use super::text;
use super::xml::Problems;

/// The build number in it, if it states one.
pub(super) fn read(file: &str, content: &[u8], problems: &Problems) -> Option<String> {
    let parsed = text::decode(content)
        .map_err(|found| ("UTF-8 or UTF-16 text", found))
        .and_then(|(_, text)| {
            serde_json::from_str::<serde_json::Value>(&text).map_err(|error| ("JSON", error.to_string()))
        })
        .map_err(|(expected, found)| problems.add(file, "", expected, found))
        .ok()?;
    member(member(&parsed, "policyMetadata")?, "azureADConnectVersion")?.as_str().map(str::to_owned)
}

/// A member by its name without regard to case: the writer is PowerShell.
fn member<'a>(value: &'a serde_json::Value, name: &str) -> Option<&'a serde_json::Value> {
    value.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
