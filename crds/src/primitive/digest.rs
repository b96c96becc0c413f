//! Digests of content: plans, snapshots, rule sets.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentDigest(String);

/// The text is no [`ContentDigest`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected `sha256:` and 64 lower-case hexadecimal digits, found {found:?}")]
pub struct DigestError {
    /// What was given.
    pub found: String,
}

impl ContentDigest {
    /// Digest of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(71);
        text.push_str("sha256:");
        for byte in Sha256::digest(bytes) {
            text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        Self(text)
    }

    /// Digest of the canonical JSON of a value (object keys sorted, no white space).
    ///
    /// # Errors
    /// When the value cannot be written as JSON (a map with keys that are no strings).
    pub fn of_json<T: Serialize>(value: &T) -> Result<Self, serde_json::Error> {
        // `serde_json::Value` keeps objects in a sorted map, which makes the text canonical.
        Ok(Self::of(serde_json::to_value(value)?.to_string().as_bytes()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve hexadecimal digits, for names and people.
    pub fn short(&self) -> &str {
        self.0.get(7..19).unwrap_or_default()
    }
}

impl std::fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ContentDigest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text))
        } else {
            Err(DigestError { found: text })
        }
    }
}

impl From<ContentDigest> for String {
    fn from(digest: ContentDigest) -> Self {
        digest.0
    }
}

super::string_schema!(
    ContentDigest,
    "ContentDigest",
    71,
    "^sha256:[0-9a-f]{64}$",
    "SHA-256 of the content, as `sha256:` and 64 hexadecimal digits."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_stable_over_key_order_and_reads_back() {
        let left: serde_json::Value = serde_json::from_str(r#"{"b":1,"a":[1,2]}"#).unwrap();
        let right: serde_json::Value = serde_json::from_str(r#"{"a":[1,2],"b":1}"#).unwrap();
        let digest = ContentDigest::of_json(&left).unwrap();
        assert_eq!(digest, ContentDigest::of_json(&right).unwrap());
        assert_eq!(ContentDigest::try_from(digest.to_string()).unwrap(), digest);
        assert_eq!(digest.short().len(), 12);
        assert_eq!(
            ContentDigest::of(b"").as_str(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn refuses_other_texts() {
        for bad in ["", "sha256:", "sha256:ABC", "md5:d41d8cd98f00b204e9800998ecf8427e"] {
            assert!(ContentDigest::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
