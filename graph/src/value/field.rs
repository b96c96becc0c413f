//! A property of a Graph object: absent, null, or a value. No IO.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{GraphTime, JsonText, Member, Open};

/// A property that may be absent, null or present.
///
/// The difference matters in both directions: in a delta page with `Prefer: return=minimal` an absent property is
/// unchanged and a null one was cleared, and in a PATCH an absent property is left alone and a null one is erased.
/// A null without the right to read is not a value either (Source: Microsoft, "Get organization").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// The property was not there.
    #[default]
    Absent,
    /// The property was there and null.
    Null,
    /// The property had this value.
    Value(T),
}

impl<T> Field<T> {
    /// The value, when there is one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The value by move, when there is one.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// True when the property was not there at all.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// True when the property was there and null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl<T: Copy> Field<T> {
    /// The value by copy, when there is one.
    pub fn copied(&self) -> Option<T> {
        self.get().copied()
    }
}

impl Field<String> {
    /// The text, when there is one.
    pub fn text(&self) -> Option<&str> {
        self.get().map(String::as_str)
    }
}

impl<T> Field<Vec<T>> {
    /// The items; none when the property is absent or null.
    pub fn items(&self) -> &[T] {
        self.get().map_or(&[], Vec::as_slice)
    }
}

impl Field<GraphTime> {
    /// The instant, when there is one: absent, null and the year 1 all give `None`.
    pub fn at(&self) -> Option<Timestamp> {
        self.get().and_then(GraphTime::at)
    }
}

impl<T: Member> Field<Open<T>> {
    /// The member, when there is one that this crate knows.
    pub fn known(&self) -> Option<T> {
        self.get().and_then(Open::known)
    }

    /// True when the value is this member, in whatever spelling.
    pub fn is(&self, member: T) -> bool {
        self.known() == Some(member)
    }
}

impl<T> Field<JsonText<T>> {
    /// The content of the text, when it is there and could be read.
    pub fn content(&self) -> Option<&T> {
        self.get().and_then(|text| text.content().ok())
    }
}

impl<T> From<T> for Field<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Absent | Self::Null => serializer.serialize_none(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}
