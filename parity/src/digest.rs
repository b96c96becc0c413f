//! Keyed digests: what crosses the line between the two sides instead of values. Pure.
//!
//! HMAC-SHA-256 cut to 64 bits, written as 16 hexadecimal digits. The key is 32 random bytes made by the caller for
//! one comparison series; without it a digest of a name cannot be found by trying names. The attribute's name is part
//! of what is digested, so equal values of two attributes do not show as equal.

mod normalise;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

pub use normalise::Normalisation;
use normalise::normalised;

/// Why text is not a digest or bytes are not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// The key has another length.
    #[error("expected a digest key of 32 bytes, found {found}; make a new one from a random source")]
    KeyLength {
        /// How many bytes were given.
        found: usize,
    },
    /// The text is not a digest.
    #[error("expected 16 hexadecimal digits, found {found:?}")]
    Text {
        /// The beginning of the text.
        found: String,
    },
}

/// The secret that both sides share for one series of comparisons. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct DigestKey([u8; 32]);

impl DigestKey {
    /// A key of 32 random bytes, given by the caller.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key read from a Secret.
    ///
    /// # Errors
    /// [`DigestError::KeyLength`] where there are not exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, DigestError> {
        bytes.try_into().map(Self).map_err(|_| DigestError::KeyLength { found: bytes.len() })
    }

    /// A public name of the key: listings made with different keys must not be compared.
    pub fn id(&self) -> KeyDigest {
        KeyDigest(self.sum("key", "", &[]))
    }

    /// The digest of an attribute's values, normalised as the attribute demands ([`Normalisation::of`]).
    ///
    /// No values, or only values that normalise to nothing, are [`AttributeDigest::Absent`].
    pub fn attribute(&self, name: &str, values: &[String]) -> AttributeDigest {
        let values = normalised(name, values);
        if values.is_empty() {
            return AttributeDigest::Absent;
        }
        AttributeDigest::Value(KeyDigest(self.sum("attribute", &name.to_ascii_lowercase(), &values)))
    }

    /// The digest of a distinguished name, without regard to case as in LDAP.
    pub fn distinguished_name(&self, name: &str) -> KeyDigest {
        KeyDigest(self.sum("distinguishedName", "", &[name.to_lowercase()]))
    }

    /// The digest of a contact's mail address, its only key.
    pub(crate) fn mail(&self, mail: &str) -> KeyDigest {
        KeyDigest(self.sum("mail", "", &[mail.to_lowercase()]))
    }

    /// The digest of a reference to another object: nothing for none.
    pub fn reference(&self, key: Option<&crate::ObjectKey>) -> AttributeDigest {
        match key {
            None => AttributeDigest::Absent,
            Some(key) => AttributeDigest::Value(KeyDigest(self.sum("reference", "", &[key.to_string()]))),
        }
    }

    /// The digest of a set of members. Order and repetition do not matter; members other than users and groups are
    /// only counted, because the cloud's side shows no key of them.
    pub fn members<'a>(&self, keys: impl IntoIterator<Item = &'a crate::ObjectKey>) -> MembershipDigest {
        let mut digested = BTreeSet::new();
        let mut others = BTreeSet::new();
        for key in keys {
            if key.is_of_user_or_group() { &mut digested } else { &mut others }.insert(key.to_string());
        }
        let size = |keys: &BTreeSet<String>| u64::try_from(keys.len()).unwrap_or(u64::MAX);
        let (count, others) = (size(&digested), size(&others));
        let digested: Vec<String> = digested.into_iter().collect();
        MembershipDigest { digest: KeyDigest(self.sum("members", "", &digested)), count, others }
    }

    fn sum(&self, purpose: &str, name: &str, values: &[String]) -> u64 {
        // A key shorter than the hash's block is filled up with zeros (RFC 2104).
        let mut block = [0_u8; 64];
        for (to, from) in block.iter_mut().zip(self.0) {
            *to = from;
        }
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        // Each part is preceded by its length: ["ab", "c"] and ["a", "bc"] must differ.
        for part in [purpose, name].into_iter().chain(values.iter().map(String::as_str)) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let bytes = mac.finalize().into_bytes();
        bytes.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DigestKey(hidden)")
    }
}

/// A keyed 64-bit digest, written as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyDigest(u64);

impl fmt::Display for KeyDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl FromStr for KeyDigest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || DigestError::Text { found: text.chars().take(32).collect() };
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| wrong())
    }
}

impl TryFrom<String> for KeyDigest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<KeyDigest> for String {
    fn from(digest: KeyDigest) -> Self {
        digest.to_string()
    }
}

/// The digest of an attribute's values, or that it has none. Written as 16 hexadecimal digits or `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Option<KeyDigest>", into = "Option<KeyDigest>")]
pub enum AttributeDigest {
    /// The attribute has no value.
    Absent,
    /// The attribute has values with this digest.
    Value(KeyDigest),
}

impl From<Option<KeyDigest>> for AttributeDigest {
    fn from(digest: Option<KeyDigest>) -> Self {
        digest.map_or(Self::Absent, Self::Value)
    }
}

impl From<AttributeDigest> for Option<KeyDigest> {
    fn from(digest: AttributeDigest) -> Self {
        match digest {
            AttributeDigest::Absent => None,
            AttributeDigest::Value(digest) => Some(digest),
        }
    }
}

/// The members of a group: a digest of the keys of users and groups among them, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MembershipDigest {
    /// Digest of the keys of the users and groups.
    pub digest: KeyDigest,
    /// How many different users and groups.
    pub count: u64,
    /// How many others: contacts, devices, and what was not read.
    #[serde(default)]
    pub others: u64,
}

/// What two memberships say about each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memberships {
    /// The same members.
    Same,
    /// Different members.
    Differ,
    /// Nobody can say: the same number, but not all of them have a key.
    Undecided,
}

impl MembershipDigest {
    /// How many members in all.
    pub fn total(&self) -> u64 {
        self.count.saturating_add(self.others)
    }

    /// Compares the directory's members with the cloud's.
    pub(crate) fn against(&self, cloud: &Self) -> Memberships {
        if self.total() != cloud.total() {
            return Memberships::Differ;
        }
        match (self.digest == cloud.digest, self.others) {
            (true, 0) => Memberships::Same,
            (false, others) if others == cloud.others => Memberships::Differ,
            _ => Memberships::Undecided,
        }
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| DIGITS.get(usize::from(digit)).copied().map(char::from))
        .collect()
}
