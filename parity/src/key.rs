//! What an object is recognised by on both sides. Pure.
//!
//! Microsoft Graph shows the anchor of a user, the SID of a group, and neither of a contact.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::anchor::SourceAnchor;
use crate::digest::{DigestKey, KeyDigest};

/// The kinds of directory objects that are synchronised and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ObjectType {
    /// A user account.
    User,
    /// A user account of the class `inetOrgPerson`; a user in Entra.
    InetOrgPerson,
    /// A security or distribution group.
    Group,
    /// A mail contact.
    Contact,
}

impl ObjectType {
    /// The name of the directory class, as a mapping names its source object.
    pub fn directory_class(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::InetOrgPerson => "inetOrgPerson",
            Self::Group => "group",
            Self::Contact => "contact",
        }
    }

    /// What it is in Entra: an `inetOrgPerson` becomes a user.
    #[must_use]
    pub fn in_cloud(self) -> Self {
        match self {
            Self::User | Self::InetOrgPerson => Self::User,
            Self::Group => Self::Group,
            Self::Contact => Self::Contact,
        }
    }
}

/// Why text or bytes are not a security identifier or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a security identifier.
    #[error("expected a security identifier such as S-1-5-21-1-2-3-1104, found {found:?}")]
    SecurityIdentifier {
        /// What was found.
        found: String,
    },
    /// Not a key as [`ObjectKey`] writes it.
    #[error("expected a key that begins with anchor:, sid:, mail: or unkeyed:, found {found:?}")]
    Key {
        /// What was found.
        found: String,
    },
}

/// A security identifier in its text form, upper case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecurityIdentifier(String);

impl SecurityIdentifier {
    /// Reads the text form `S-1-...`.
    ///
    /// # Errors
    /// [`KeyError::SecurityIdentifier`] where it has another form.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let wrong = || KeyError::SecurityIdentifier { found: text.chars().take(64).collect() };
        let rest = text
            .strip_prefix("S-1-")
            .or_else(|| text.strip_prefix("s-1-"))
            .filter(|_| text.len() <= 184)
            .ok_or_else(wrong)?;
        let parts_are_numbers = rest.split('-').all(|part| {
            !part.is_empty() && part.len() <= 15 && part.bytes().all(|byte| byte.is_ascii_digit())
        });
        if !parts_are_numbers {
            return Err(wrong());
        }
        Ok(Self(text.to_ascii_uppercase()))
    }

    /// Reads the bytes of `objectSid`: revision, count, authority (6 bytes, big-endian), then 32-bit little-endian
    /// sub-authorities. Source: Microsoft, "[MS-DTYP] 2.4.2.2 SID--Packet Representation".
    ///
    /// # Errors
    /// [`KeyError::SecurityIdentifier`] where the bytes have another form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let wrong = || KeyError::SecurityIdentifier { found: format!("{} bytes", bytes.len()) };
        let [1, count, rest @ ..] = bytes else { return Err(wrong()) };
        let (authority, parts) = rest.split_first_chunk::<6>().ok_or_else(wrong)?;
        if parts.len() != usize::from(*count) * 4 || *count > 15 {
            return Err(wrong());
        }
        let authority = authority.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let mut text = format!("S-1-{authority}");
        for part in parts.chunks_exact(4) {
            let part: [u8; 4] = part.try_into().map_err(|_| wrong())?;
            text.push('-');
            text.push_str(&u32::from_le_bytes(part).to_string());
        }
        Ok(Self(text))
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifier of the domain that an account is of: all but the last part. `None` for what belongs to no domain, such as
    /// `S-1-5-32-544`. Source: Microsoft, "[MS-DTYP] 2.4.2 SID" (`S-1-5-21-` and three numbers).
    pub fn domain(&self) -> Option<&str> {
        let (domain, _) = self.0.rsplit_once('-')?;
        let parts = domain.strip_prefix("S-1-5-21-")?;
        (parts.split('-').count() == 3).then_some(domain)
    }
}

impl TryFrom<String> for SecurityIdentifier {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<SecurityIdentifier> for String {
    fn from(identifier: SecurityIdentifier) -> Self {
        identifier.0
    }
}

/// What may serve as a key, as far as it was read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Marks<'a> {
    /// The anchor.
    pub anchor: Option<&'a SourceAnchor>,
    /// The security identifier.
    pub security_identifier: Option<&'a SecurityIdentifier>,
    /// The mail address; blanks around it do not count, mappings of both engines drop them.
    pub mail: Option<&'a str>,
}

/// What an object is matched by. Written as text with its kind in front, such as `anchor:ABC=`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ObjectKey {
    /// Users: the anchor.
    Anchor(SourceAnchor),
    /// Groups: the security identifier.
    Sid(SecurityIdentifier),
    /// Contacts: the keyed digest of the mail address, the only thing that both sides show.
    Mail(KeyDigest),
    /// Nothing that both sides show: counted as `Unkeyed`, never matched. Holds a name for the report (the anchor on
    /// the directory side, the object id on the cloud side).
    Unkeyed(String),
}

impl ObjectKey {
    /// The key of an object: the anchor of a user (the one Cloud Sync computes, on the directory side), the security
    /// identifier of a group, the digest of a contact's mail address. `name` names an object in reports that has no
    /// such mark: the anchor or a digest in the directory, the object id in the cloud; never a person's name.
    pub fn of(object_type: ObjectType, marks: &Marks<'_>, name: &str, key: &DigestKey) -> Self {
        let found = match object_type {
            ObjectType::User | ObjectType::InetOrgPerson => marks.anchor.cloned().map(Self::Anchor),
            ObjectType::Group => marks.security_identifier.cloned().map(Self::Sid),
            ObjectType::Contact => marks
                .mail
                .map(str::trim)
                .filter(|mail| !mail.is_empty())
                .map(|mail| Self::Mail(key.mail(mail))),
        };
        found.unwrap_or_else(|| Self::Unkeyed(name.to_owned()))
    }

    /// Whether it is the key of a user or a group: those that Microsoft Graph shows wherever it names a member.
    pub fn is_of_user_or_group(&self) -> bool {
        matches!(self, Self::Anchor(_) | Self::Sid(_))
    }

    /// Whether the object can be matched at all.
    pub fn is_keyed(&self) -> bool {
        !matches!(self, Self::Unkeyed(_))
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anchor(anchor) => write!(formatter, "anchor:{anchor}"),
            Self::Sid(identifier) => write!(formatter, "sid:{}", identifier.as_str()),
            Self::Mail(digest) => write!(formatter, "mail:{digest}"),
            Self::Unkeyed(name) => write!(formatter, "unkeyed:{name}"),
        }
    }
}

impl FromStr for ObjectKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || KeyError::Key { found: text.chars().take(64).collect() };
        let (kind, value) = text.split_once(':').ok_or_else(wrong)?;
        match kind {
            "anchor" => SourceAnchor::parse(value).map(Self::Anchor).map_err(|_| wrong()),
            "sid" => SecurityIdentifier::parse(value).map(Self::Sid),
            "mail" => value.parse().map(Self::Mail).map_err(|_| wrong()),
            "unkeyed" => Ok(Self::Unkeyed(value.to_owned())),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for ObjectKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ObjectKey> for String {
    fn from(key: ObjectKey) -> Self {
        key.to_string()
    }
}
