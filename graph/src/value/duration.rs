//! Durations in ISO 8601 form, up to .NET's `TimeSpan.MaxValue`. No IO.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `TimeSpan.MaxValue`, which a job that never runs has as its interval.
const UNBOUNDED: &str = "P10675199DT2H48M5.4775807S";

/// A duration as Graph writes it. The text that was read is the text that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphDuration {
    text: String,
    length: Option<Duration>,
}

impl GraphDuration {
    /// Reads a text. A text that is no duration of fixed length is kept, and [`length`](Self::length) is `None`.
    pub fn parse(text: &str) -> Self {
        Self { text: text.to_owned(), length: fixed_length(text) }
    }

    /// The length; `None` when the text is no duration of days, hours, minutes and seconds.
    pub fn length(&self) -> Option<Duration> {
        self.length
    }

    /// True for `TimeSpan.MaxValue`, which stands for "without limit".
    pub fn is_unbounded(&self) -> bool {
        self.length == fixed_length(UNBOUNDED)
    }

    /// The text as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Parses `P[nD][T[nH][nM][n[.n]S]]`. Years and months have no fixed length and are not accepted.
fn fixed_length(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('P')?;
    let (days, time) = rest.split_once('T').map_or((rest, None), |(days, time)| (days, Some(time)));
    if days.is_empty() && time.is_none_or(str::is_empty) {
        return None;
    }
    let mut total = Duration::ZERO;
    let mut days = days;
    if let Some(count) = take(&mut days, 'D') {
        total = total.checked_add(whole(count, 86_400)?)?;
    }
    let mut time = time.unwrap_or_default();
    for (unit, seconds) in [('H', 3_600), ('M', 60)] {
        if let Some(count) = take(&mut time, unit) {
            total = total.checked_add(whole(count, seconds)?)?;
        }
    }
    if let Some(count) = take(&mut time, 'S') {
        total = total.checked_add(seconds(count)?)?;
    }
    (days.is_empty() && time.is_empty()).then_some(total)
}

/// The number before `unit`, taken off the front; empty when what is there is no plain number.
fn take<'a>(text: &mut &'a str, unit: char) -> Option<&'a str> {
    let (number, rest) = text.split_once(unit)?;
    *text = rest;
    let plain = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    Some(if plain { number } else { "" })
}

fn whole(count: &str, unit_seconds: u64) -> Option<Duration> {
    count.parse::<u64>().ok()?.checked_mul(unit_seconds).map(Duration::from_secs)
}

fn seconds(count: &str) -> Option<Duration> {
    let (whole_part, fraction) = count.split_once('.').unwrap_or((count, ""));
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    Some(Duration::new(whole_part.parse().ok()?, digits.parse().ok()?))
}

impl Serialize for GraphDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for GraphDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&Cow::<str>::deserialize(deserializer)?))
    }
}
