//! Durations as people plan them: `3d`, `6h30m`, `45s`.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A duration written as `<number><unit>` one or more times, units `d`, `h`, `m`, `s`; a day is 24 hours.
///
/// The only duration parser of the project. Equality goes by length: `1d` equals `24h`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DurationText {
    text: String,
    length: SignedDuration,
}

/// The schema's pattern and length allow six times 9999 days, so that what the API server accepts can be read; and a time that far away
/// can still be calculated with.
const LONGEST_DAYS: i64 = 100_000;

/// The text is no [`DurationText`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a duration such as `3d`, `6h` or `1h30m` (units d, h, m, s), found {found:?}: {problem}")]
pub struct DurationTextError {
    /// What was given.
    pub found: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl DurationText {
    /// Reads a duration.
    ///
    /// # Errors
    /// When the text does not match `^([0-9]+(d|h|m|s))+$` or is longer than 100,000 days.
    pub fn parse(text: &str) -> Result<Self, DurationTextError> {
        let fail = |problem| DurationTextError { found: text.to_owned(), problem };
        let mut seconds: i64 = 0;
        let mut number: Option<i64> = None;
        for c in text.chars() {
            if let Some(digit) = c.to_digit(10) {
                number = number.unwrap_or(0).checked_mul(10).and_then(|n| n.checked_add(i64::from(digit)));
                if number.is_none() {
                    return Err(fail("it is too long"));
                }
                continue;
            }
            let unit = match c {
                'd' => 86_400,
                'h' => 3_600,
                'm' => 60,
                's' => 1,
                _ => return Err(fail("it has another character than digits and d, h, m, s")),
            };
            let count = number.take().ok_or_else(|| fail("a unit has no number before it"))?;
            seconds = count
                .checked_mul(unit)
                .and_then(|part| seconds.checked_add(part))
                .filter(|total| *total <= LONGEST_DAYS * 86_400)
                .ok_or_else(|| fail("it is longer than 100,000 days"))?;
        }
        if number.is_some() {
            return Err(fail("the last number has no unit"));
        }
        if text.is_empty() {
            return Err(fail("it is empty"));
        }
        Ok(Self { text: text.to_owned(), length: SignedDuration::from_secs(seconds) })
    }

    /// From a whole number of seconds, written with the largest units that fit.
    pub fn from_secs(seconds: u32) -> Self {
        let mut rest = seconds;
        let mut text = String::new();
        for (unit, name) in [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')] {
            let count = rest / unit;
            rest %= unit;
            if count > 0 {
                text.push_str(&count.to_string());
                text.push(name);
            }
        }
        if text.is_empty() {
            text.push_str("0s");
        }
        Self { text, length: SignedDuration::from_secs(i64::from(seconds)) }
    }

    /// The length.
    pub fn length(&self) -> SignedDuration {
        self.length
    }

    /// The text as given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for DurationText {
    fn eq(&self, other: &Self) -> bool {
        self.length == other.length
    }
}

impl Eq for DurationText {}

impl std::fmt::Display for DurationText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for DurationText {
    type Error = DurationTextError;

    fn try_from(text: String) -> Result<Self, DurationTextError> {
        Self::parse(&text)
    }
}

impl From<DurationText> for String {
    fn from(duration: DurationText) -> Self {
        duration.text
    }
}

super::string_schema!(
    DurationText,
    "DurationText",
    32,
    "^([0-9]{1,4}[dh]|[0-9]{1,6}[ms])+$",
    "Duration such as `3d`, `6h` or `1h30m`; units d (24 hours), h, m, s."
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitive::accepted_by_schema;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds) in
            [("3d", 259_200), ("6h", 21_600), ("1h30m", 5_400), ("0s", 0), ("1d1d", 172_800)]
        {
            assert_eq!(
                DurationText::parse(text).unwrap().length(),
                SignedDuration::from_secs(seconds),
                "{text}"
            );
        }
        assert_eq!(DurationText::parse("1d").unwrap(), DurationText::parse("24h").unwrap());
    }

    #[test]
    fn refuses_the_rest_and_says_why() {
        for (text, problem) in [
            ("", "empty"),
            ("3", "no unit"),
            ("d", "no number"),
            ("3w", "another character"),
            ("-3d", "another character"),
            ("99999999999999999999d", "too long"),
            ("200000d", "100,000 days"),
        ] {
            let error = DurationText::parse(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_the_schema_accepts(text in accepted_by_schema::<DurationText>()) {
            prop_assert!(DurationText::parse(&text).is_ok(), "{text:?}");
        }

        #[test]
        fn from_secs_reads_back(seconds in 0u32..500_000_000) {
            let text = DurationText::from_secs(seconds);
            prop_assert_eq!(DurationText::parse(text.as_str()).unwrap().length(), text.length());
        }
    }
}
