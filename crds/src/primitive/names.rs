//! Small values: object names, references, dates, epochs.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name of a Kubernetes object or of an entry in one of our lists: a DNS label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectName(pub String);

impl ObjectName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name of at most `longest` characters: the text itself, or its beginning with a digest of the whole, so that two long texts never
/// become one name.
pub fn bounded_name(text: &str, longest: usize) -> ObjectName {
    if text.len() <= longest {
        return ObjectName(text.to_owned());
    }
    let digest = super::ContentDigest::of(text.as_bytes());
    let head: String = text.chars().take(longest.saturating_sub(13)).collect();
    ObjectName(format!("{}-{}", head.trim_end_matches('-'), digest.short()))
}

impl From<&str> for ObjectName {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

super::string_schema!(
    ObjectName,
    "ObjectName",
    63,
    "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
    "Lower-case letters, digits and `-`, at most 63 characters."
);

/// Reference to an object of the same namespace; the kind follows from the field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalRef {
    /// Name of the object.
    pub name: ObjectName,
}

impl LocalRef {
    /// Refers to the object of this name.
    pub fn new(name: &str) -> Self {
        Self { name: name.into() }
    }
}

/// A calendar day, `YYYY-MM-DD`; its end in the object's `timeZone` is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DateText(Date);

/// The text is no [`DateText`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a day such as `2027-03-31`, found {found:?}")]
pub struct ParseDateError {
    /// What was given.
    pub found: String,
}

impl DateText {
    /// The day.
    pub fn date(self) -> Date {
        self.0
    }
}

impl From<Date> for DateText {
    fn from(date: Date) -> Self {
        Self(date)
    }
}

impl TryFrom<String> for DateText {
    type Error = ParseDateError;

    fn try_from(text: String) -> Result<Self, ParseDateError> {
        // `Date` also reads date-times; a day is ten characters.
        match text.parse() {
            Ok(date) if text.len() == 10 => Ok(Self(date)),
            _ => Err(ParseDateError { found: text }),
        }
    }
}

impl From<DateText> for String {
    fn from(date: DateText) -> Self {
        date.0.to_string()
    }
}

impl std::fmt::Display for DateText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for DateText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DateText".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        // The format knows which days exist; a pattern would let the 30th of February in.
        schemars::json_schema!({
            "type": "string",
            "format": "date",
            "maxLength": 10,
            "description": "Day as `YYYY-MM-DD`; good to the end of that day in the time zone the object names.",
        })
    }
}

/// Counter of the changes that the operator caused at one sync server or one sync job.
///
/// Evidence carries the epochs it was observed in; evidence of an older epoch proves nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub i64);

impl Epoch {
    /// The epoch after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl std::fmt::Display for Epoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for Epoch {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Epoch".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "format": "int64", "minimum": 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_stay_apart() {
        let (a, b) = (bounded_name(&"a".repeat(80), 50), bounded_name(&"a".repeat(81), 50));
        assert_ne!(a, b);
        assert!(a.as_str().len() <= 50);
        assert_eq!(bounded_name("short", 50).as_str(), "short");
    }

    #[test]
    fn a_day_is_ten_characters_that_exist() {
        assert_eq!(DateText::try_from("2028-02-29".to_owned()).unwrap().to_string(), "2028-02-29");
        for bad in ["2027-02-29", "2027-3-1", "2027-03-31T00:00:00", "", "31.03.2027"] {
            assert!(DateText::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
