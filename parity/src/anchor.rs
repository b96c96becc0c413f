//! The source anchor: the identifier that ties a directory object to its copy in Entra. Pure.
//!
//! Source: Microsoft, "Cloud sync FAQ" and "Entra Connect: design concepts" (Cloud Sync takes
//! `mS-DS-ConsistencyGuid` where it is present, otherwise `objectGUID`; Connect writes the Base64 text of the bytes).

#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::digest::hex;

/// Longest anchor text that is accepted, in bytes. Entra's `onPremisesImmutableId` is at most 256 characters.
pub const MAX_ANCHOR_BYTES: usize = 256;

/// Why bytes or text are not a source anchor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// `objectGUID` or `mS-DS-ConsistencyGuid` did not hold 16 bytes.
    #[error(
        "expected the 16 bytes of a GUID in {attribute}, found {found} bytes; correct the attribute in the directory"
    )]
    Length {
        /// The directory attribute.
        attribute: &'static str,
        /// How many bytes it held.
        found: usize,
    },
    /// The text is empty, too long or holds control characters.
    #[error("expected an anchor of 1 to {MAX_ANCHOR_BYTES} printable characters, found {found:?}")]
    Text {
        /// The beginning of the text.
        found: String,
    },
    /// The name is not one of Connect's Entra connector space.
    #[error("expected a connector space name of the form CN={{hex}}, found {found:?}")]
    ConnectorSpaceName {
        /// The beginning of the name.
        found: String,
    },
}

/// A source anchor as Entra stores it (`onPremisesImmutableId`): for Cloud Sync always the Base64 text of 16 GUID
/// bytes in the order Active Directory returns them (the .NET little-endian layout).
///
/// Compared byte by byte: Base64 is case-sensitive. An anchor read from Connect or Entra may be another text (Connect
/// lets an organisation choose any attribute); [`SourceAnchor::guid_bytes`] is `None` then, and it never equals what
/// Cloud Sync computes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceAnchor(String);

impl SourceAnchor {
    /// The anchor Cloud Sync computes: `mS-DS-ConsistencyGuid` where present, otherwise `objectGUID`.
    ///
    /// An empty `consistency_guid` counts as absent: a directory has no empty values, only a reader does.
    ///
    /// # Errors
    /// [`AnchorError::Length`] where the attribute that decides does not hold 16 bytes. A wrong ConsistencyGuid does
    /// not fall back to `objectGUID`: what Cloud Sync does then is not documented, so it must be seen.
    pub fn computed_by_cloud_sync(
        object_guid: &[u8],
        consistency_guid: Option<&[u8]>,
    ) -> Result<Self, AnchorError> {
        match consistency_guid.filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => Self::from_guid(bytes, "mS-DS-ConsistencyGuid"),
            None => Self::from_guid(object_guid, "objectGUID"),
        }
    }

    /// The anchor of 16 GUID bytes.
    pub fn from_guid_bytes(bytes: [u8; 16]) -> Self {
        Self(STANDARD.encode(bytes))
    }

    fn from_guid(bytes: &[u8], attribute: &'static str) -> Result<Self, AnchorError> {
        let bytes: [u8; 16] =
            bytes.try_into().map_err(|_| AnchorError::Length { attribute, found: bytes.len() })?;
        Ok(Self::from_guid_bytes(bytes))
    }

    /// An anchor as Connect exported it or Entra stores it.
    ///
    /// # Errors
    /// [`AnchorError::Text`] where the text is empty, longer than [`MAX_ANCHOR_BYTES`] or holds control characters.
    pub fn parse(text: &str) -> Result<Self, AnchorError> {
        if text.is_empty() || text.len() > MAX_ANCHOR_BYTES || text.chars().any(char::is_control) {
            return Err(AnchorError::Text { found: beginning(text) });
        }
        Ok(Self(text.to_owned()))
    }

    /// The anchor inside a name of Connect's Entra connector space: `CN={hex of the ASCII bytes of the anchor}`.
    ///
    /// # Errors
    /// [`AnchorError::ConnectorSpaceName`] where the name has another form, [`AnchorError::Text`] where the hex is
    /// not the text of an anchor.
    pub fn from_connector_space_dn(name: &str) -> Result<Self, AnchorError> {
        let wrong = || AnchorError::ConnectorSpaceName { found: beginning(name) };
        let (attribute, value) = name.trim().split_once('=').ok_or_else(wrong)?;
        if !attribute.eq_ignore_ascii_case("CN") {
            return Err(wrong());
        }
        let hex = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).ok_or_else(wrong)?;
        let bytes = decode_hex(hex).ok_or_else(wrong)?;
        let text = String::from_utf8(bytes).map_err(|_| wrong())?;
        Self::parse(&text)
    }

    /// The name of the object with this anchor in Connect's Entra connector space.
    pub fn to_connector_space_dn(&self) -> String {
        format!("CN={{{}}}", hex(self.0.as_bytes()))
    }

    /// The 16 GUID bytes, where the anchor is the Base64 text of a GUID.
    pub fn guid_bytes(&self) -> Option<[u8; 16]> {
        STANDARD.decode(&self.0).ok()?.try_into().ok()
    }

    /// The text as Entra stores it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceAnchor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for SourceAnchor {
    type Error = AnchorError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<SourceAnchor> for String {
    fn from(anchor: SourceAnchor) -> Self {
        anchor.0
    }
}

fn beginning(text: &str) -> String {
    text.chars().take(64).collect()
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| {
            let [high, low] = *pair else { return None };
            let digit = |byte: u8| char::from(byte).to_digit(16);
            u8::try_from(digit(high)? * 16 + digit(low)?).ok()
        })
        .collect()
}
