//! Enums that stay open: unknown members are kept, and spellings compare without regard to case. No IO.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A closed set of members that this crate knows, with their canonical spelling.
pub trait Member: Copy + Eq + fmt::Debug + 'static {
    /// All members.
    const ALL: &'static [Self];

    /// The canonical spelling.
    fn wire(self) -> &'static str;

    /// The member with this spelling, without regard to case.
    fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|member| member.wire().eq_ignore_ascii_case(text))
    }
}

/// One value of an enum that the service may extend at any time.
///
/// Spellings differ between Microsoft's pages and the wire (`Active` and `active`), so two values are equal when
/// they name the same member in any case. The spelling that was read is the one that is written.
#[derive(Clone)]
pub struct Open<T> {
    wire: Cow<'static, str>,
    known: Option<T>,
}

impl<T: Member> Open<T> {
    /// Reads a spelling.
    pub fn parse(text: &str) -> Self {
        match T::from_wire(text) {
            Some(member) if member.wire() == text => member.into(),
            known => Self { wire: Cow::Owned(text.to_owned()), known },
        }
    }

    /// The member, when this crate knows it.
    pub fn known(&self) -> Option<T> {
        self.known
    }

    /// The spelling as it was read.
    pub fn wire(&self) -> &str {
        &self.wire
    }
}

impl<T: Member> From<T> for Open<T> {
    fn from(member: T) -> Self {
        Self { wire: Cow::Borrowed(member.wire()), known: Some(member) }
    }
}

impl<T: Member> PartialEq for Open<T> {
    fn eq(&self, other: &Self) -> bool {
        self.wire.eq_ignore_ascii_case(&other.wire)
    }
}

impl<T: Member> Eq for Open<T> {}

impl<T: Member> PartialEq<T> for Open<T> {
    fn eq(&self, other: &T) -> bool {
        self.known == Some(*other)
    }
}

impl<T> fmt::Debug for Open<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.wire)
    }
}

impl<T> fmt::Display for Open<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.wire)
    }
}

impl<T> Serialize for Open<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.wire)
    }
}

impl<'de, T: Member> Deserialize<'de> for Open<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&Cow::<str>::deserialize(deserializer)?))
    }
}

/// Declares a plain enum with its spellings on the wire.
macro_rules! wire_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $wire:literal ),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $( $(#[$vmeta])* $variant, )+ }

        impl crate::value::Member for $name {
            const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            fn wire(self) -> &'static str {
                match self { $( Self::$variant => $wire, )+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(crate::value::Member::wire(*self))
            }
        }
    };
}

pub(crate) use wire_enum;
