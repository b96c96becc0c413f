//! Enums of which several members may be set at once, as a comma-separated text. No IO.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Member, Open};

/// A set of members, on the wire `A,B` or `A, B`; both forms occur (Source: Microsoft, "synchronizationJob: restart").
///
/// Two sets are equal when they hold the same members in any order, spelling and spacing.
#[derive(Clone)]
pub struct Flags<T> {
    wire: Cow<'static, str>,
    members: Vec<Open<T>>,
}

impl<T: Member> Flags<T> {
    /// Reads a comma-separated text.
    pub fn parse(text: &str) -> Self {
        let members =
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Open::parse).collect();
        Self { wire: Cow::Owned(text.to_owned()), members }
    }

    /// The set of these members, written with a blank after each comma.
    pub fn of(members: impl IntoIterator<Item = T>) -> Self {
        let members: Vec<Open<T>> = members.into_iter().map(Open::from).collect();
        let wire = members.iter().map(Open::wire).collect::<Vec<_>>().join(", ");
        Self { wire: Cow::Owned(wire), members }
    }

    /// True when this member is set.
    pub fn contains(&self, member: T) -> bool {
        self.members.iter().any(|set| *set == member)
    }

    /// The members in the order of the text, unknown ones included.
    pub fn members(&self) -> &[Open<T>] {
        &self.members
    }

    /// The text as it was read.
    pub fn wire(&self) -> &str {
        &self.wire
    }
}

impl<T: Member> PartialEq for Flags<T> {
    fn eq(&self, other: &Self) -> bool {
        let covers = |a: &Self, b: &Self| a.members.iter().all(|member| b.members.contains(member));
        covers(self, other) && covers(other, self)
    }
}

impl<T: Member> Eq for Flags<T> {}

impl<T> fmt::Debug for Flags<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.wire)
    }
}

impl<T> Serialize for Flags<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.wire)
    }
}

impl<'de, T: Member> Deserialize<'de> for Flags<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&Cow::<str>::deserialize(deserializer)?))
    }
}
