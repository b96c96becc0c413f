//! A configuration folder as one deterministic archive: gzip of a JSON object from path to Base64 content. Pure.
//!
//! No tar: the same content must give the same bytes on every system, whatever owners and times its files have.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::configuration::ConfigurationFiles;

/// Most bytes an archive may hold when unpacked: stops a bomb.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// A packed configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Digest of the JSON before compression, as `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// The compressed JSON.
    pub bytes: Vec<u8>,
}

/// Why bytes are no archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Not written, or not what was written.
    #[error("expected a compressed configuration, found: {0}; take a new snapshot")]
    Damaged(String),
}

/// Packs files.
///
/// # Errors
/// [`ArchiveError::Damaged`] when they cannot be written.
pub fn pack(files: &ConfigurationFiles) -> Result<Archive, ArchiveError> {
    let damaged = |error: &dyn std::fmt::Display| ArchiveError::Damaged(error.to_string());
    let contents: BTreeMap<&str, String> =
        files.iter().map(|(path, content)| (path, STANDARD.encode(content))).collect();
    let json = serde_json::to_vec(&contents).map_err(|error| damaged(&error))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&json).map_err(|error| damaged(&error))?;
    let bytes = encoder.finish().map_err(|error| damaged(&error))?;
    Ok(Archive { digest: digest(&json), bytes })
}

/// Unpacks files, with the digest of what was unpacked.
///
/// # Errors
/// [`ArchiveError::Damaged`]
pub fn unpack(bytes: &[u8]) -> Result<(String, ConfigurationFiles), ArchiveError> {
    let damaged = |error: &dyn std::fmt::Display| ArchiveError::Damaged(error.to_string());
    let mut json = Vec::new();
    GzDecoder::new(bytes).take(MAX_BYTES).read_to_end(&mut json).map_err(|error| damaged(&error))?;
    let contents: BTreeMap<String, String> =
        serde_json::from_slice(&json).map_err(|error| damaged(&error))?;
    let mut files = ConfigurationFiles::default();
    for (path, content) in contents {
        files.insert(&path, STANDARD.decode(content).map_err(|error| damaged(&error))?);
    }
    Ok((digest(&json), files))
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> ConfigurationFiles {
        ConfigurationFiles::new([
            ("GlobalSettings/MV.xml".to_owned(), b"<mv/>".to_vec()),
            ("Connectors/a.xml".to_owned(), vec![0, 159, 146, 150]),
        ])
    }

    #[test]
    fn reads_back_and_is_the_same_every_time() {
        let archive = pack(&files()).unwrap();
        assert_eq!(archive, pack(&files()).unwrap());
        let (digest, read) = unpack(&archive.bytes).unwrap();
        assert_eq!((digest, read), (archive.digest, files()));
    }

    #[test]
    fn damage_is_noticed() {
        let archive = pack(&files()).unwrap();
        assert!(unpack(&archive.bytes[..archive.bytes.len() - 9]).is_err());
        assert!(unpack(b"").is_err());
        let mut flipped = archive.bytes.clone();
        flipped[20] ^= 0xff;
        assert!(unpack(&flipped).is_err());
    }
}
