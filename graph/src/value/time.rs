//! Points in time, where the year 1 means "never". No IO.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time as Graph writes it.
///
/// .NET's `DateTime.MinValue` (`0001-01-01T00:00:00Z`) stands for "never"; a Kubernetes timestamp must not carry
/// it. The text that was read is the text that is written, with all its decimals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphTime {
    text: String,
    reading: Reading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Never,
    At(Timestamp),
    Unreadable,
}

impl GraphTime {
    /// Reads a text. A text that is no time is kept, and [`at`](Self::at) then gives `None`.
    pub fn parse(text: &str) -> Self {
        let reading = match instant(text) {
            Some(at) if TimeZone::UTC.to_datetime(at).year() <= 1 => Reading::Never,
            Some(at) => Reading::At(at),
            None => Reading::Unreadable,
        };
        Self { text: text.to_owned(), reading }
    }

    /// The instant; `None` for "never" and for a text that is no time.
    pub fn at(&self) -> Option<Timestamp> {
        match self.reading {
            Reading::At(at) => Some(at),
            Reading::Never | Reading::Unreadable => None,
        }
    }

    /// True when the text says "never".
    pub fn is_never(&self) -> bool {
        self.reading == Reading::Never
    }

    /// The text as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl From<Timestamp> for GraphTime {
    fn from(at: Timestamp) -> Self {
        Self { text: at.to_string(), reading: Reading::At(at) }
    }
}

/// Times without an offset occur inside error bodies and mean UTC.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

impl Serialize for GraphTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for GraphTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&Cow::<str>::deserialize(deserializer)?))
    }
}
