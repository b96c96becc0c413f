//! A listing as bytes: JSON lines, compressed, cut into chunks that fit a Secret, and joined again. Pure.
//!
//! Each chunk begins with one line of text (`hybrid-identity-listing <version> <number> <of> <digest> <bytes>`), so it
//! can be told apart, ordered and checked without the others. Nothing that arrives is trusted: lengths, numbers and the
//! digest of the whole are checked before anything is decompressed, and decompression is bounded.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{ListedObject, ScopeListing};
use crate::digest::{KeyDigest, hex};

/// Largest chunk in bytes: a Secret holds 1 MiB at most, and Base64 adds a third.
pub const MAX_CHUNK_BYTES: usize = 700 * 1024;

/// Most chunks of one listing: 700 MiB compressed, several million objects.
const MAX_CHUNKS: usize = 1024;

/// Most bytes after decompression: a chunk of zeros unpacks a thousandfold.
const MAX_PLAIN_BYTES: u64 = 1 << 30;

/// Longest line after decompression. An object has some 50 attributes of 16 digits each.
const MAX_LINE_BYTES: u64 = 1 << 16;

const NAME: &str = "hybrid-identity-listing";
const VERSION: u32 = 1;

/// The line before the payload; longer than any that is written.
const MAX_HEAD_BYTES: usize = 160;

/// Why chunks are not a listing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingError {
    /// Nothing was given.
    #[error("expected at least one chunk, found none; ask the agent for a new listing")]
    Empty,
    /// A chunk does not begin with the line that every chunk begins with.
    #[error(
        "expected a chunk of a listing, found something else in place {place}; ask the agent for a new listing"
    )]
    NotAChunk {
        /// Where among the given chunks, counted from 1.
        place: usize,
    },
    /// Written by another version.
    #[error("expected listing version {VERSION}, found {found}; run the same version of agent and operator")]
    Version {
        /// The version found.
        found: u32,
    },
    /// A chunk is shorter or longer than it says.
    #[error("expected {expected} bytes in chunk {number}, found {found}; read the chunk again")]
    Length {
        /// The chunk, counted from 1.
        number: usize,
        /// What it announces.
        expected: usize,
        /// What is there.
        found: usize,
    },
    /// Two listings are mixed, or one chunk is given with two contents.
    #[error("expected chunks of one listing, chunk {number} belongs to another; read all chunks again")]
    Mixed {
        /// The chunk, counted from 1.
        number: usize,
    },
    /// Chunks are missing.
    #[error("expected {of} chunks, chunk {number} is missing; wait for the agent or ask again")]
    Missing {
        /// The first that is missing, counted from 1.
        number: usize,
        /// How many there should be.
        of: usize,
    },
    /// The joined bytes are not what was written.
    #[error("expected bytes with digest {expected}, found {found}; read the chunks again")]
    Digest {
        /// The digest in the chunks.
        expected: String,
        /// The digest of the bytes.
        found: String,
    },
    /// The bytes are complete, and yet no listing; or an object cannot be written as a line.
    #[error(
        "expected a listing of lines up to {MAX_LINE_BYTES} bytes, found {what} in line {line}; ask the agent for a new listing"
    )]
    Content {
        /// What is wrong.
        what: String,
        /// The line, counted from 1.
        line: usize,
    },
    /// The listing has more objects than can be transported.
    #[error("expected at most {MAX_CHUNKS} chunks, found {found}; split the scope")]
    TooLarge {
        /// How many chunks it would take.
        found: usize,
    },
}

/// First line of the content.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContentHead {
    scope: String,
    epoch: u64,
    key_id: KeyDigest,
    mapping_digest: String,
    objects: usize,
}

/// `limit` is [`MAX_CHUNK_BYTES`] outside tests.
pub(super) fn encode(listing: &ScopeListing, limit: usize) -> Result<Vec<Vec<u8>>, ListingError> {
    let packed = pack(listing)?;
    let digest = hex(&Sha256::digest(&packed));
    let parts: Vec<&[u8]> = packed.chunks(limit.saturating_sub(MAX_HEAD_BYTES).max(1)).collect();
    if parts.len() > MAX_CHUNKS {
        return Err(ListingError::TooLarge { found: parts.len() });
    }
    let of = parts.len();
    Ok(parts
        .into_iter()
        .enumerate()
        .map(|(at, part)| {
            let head = format!("{NAME} {VERSION} {} {of} {digest} {}\n", at + 1, part.len());
            [head.as_bytes(), part].concat()
        })
        .collect())
}

fn pack(listing: &ScopeListing) -> Result<Vec<u8>, ListingError> {
    let head = ContentHead {
        scope: listing.scope.clone(),
        epoch: listing.epoch,
        key_id: listing.key_id,
        mapping_digest: listing.mapping_digest.clone(),
        objects: listing.objects.len(),
    };
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    let mut number = 0;
    let mut write = |line: Result<Vec<u8>, serde_json::Error>| -> Result<(), ListingError> {
        number += 1;
        let content = |what: String| ListingError::Content { what, line: number };
        let mut bytes = line.map_err(|error| content(error.to_string()))?;
        bytes.push(b'\n');
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_LINE_BYTES) {
            return Err(content(format!("{} bytes", bytes.len())));
        }
        packer.write_all(&bytes).map_err(|error| content(error.to_string()))
    };
    write(serde_json::to_vec(&head))?;
    for object in &listing.objects {
        write(serde_json::to_vec(object))?;
    }
    packer.finish().map_err(|error| ListingError::Content { what: error.to_string(), line: number })
}

struct Chunk<'a> {
    number: usize,
    of: usize,
    digest: &'a str,
    payload: &'a [u8],
}

pub(super) fn decode<C: AsRef<[u8]>>(chunks: &[C]) -> Result<ScopeListing, ListingError> {
    let mut found: BTreeMap<usize, Chunk<'_>> = BTreeMap::new();
    for (at, bytes) in chunks.iter().enumerate() {
        let chunk = read_chunk(bytes.as_ref(), at + 1)?;
        let mixed = ListingError::Mixed { number: chunk.number };
        if found.values().next().is_some_and(|first| first.of != chunk.of || first.digest != chunk.digest) {
            return Err(mixed);
        }
        // The same chunk twice is harmless; two contents under one number are not.
        if found.get(&chunk.number).is_some_and(|other| other.payload != chunk.payload) {
            return Err(mixed);
        }
        found.insert(chunk.number, chunk);
    }
    let (of, expected) =
        found.values().next().map(|chunk| (chunk.of, chunk.digest.to_owned())).ok_or(ListingError::Empty)?;
    if let Some(number) = (1..=of).find(|number| !found.contains_key(number)) {
        return Err(ListingError::Missing { number, of });
    }
    let packed = found.values().map(|chunk| chunk.payload).collect::<Vec<_>>().concat();
    let actual = hex(&Sha256::digest(&packed));
    if actual != expected {
        return Err(ListingError::Digest { expected, found: actual });
    }
    unpack(&packed)
}

fn read_chunk(bytes: &[u8], place: usize) -> Result<Chunk<'_>, ListingError> {
    let wrong = || ListingError::NotAChunk { place };
    let end = bytes.iter().take(MAX_HEAD_BYTES).position(|byte| *byte == b'\n').ok_or_else(wrong)?;
    let (head, rest) = bytes.split_at(end);
    let payload = rest.get(1..).unwrap_or_default();
    let head = std::str::from_utf8(head).map_err(|_| wrong())?;
    let mut words = head.split(' ');
    if words.next() != Some(NAME) {
        return Err(wrong());
    }
    let version: u32 = words.next().and_then(|word| word.parse().ok()).ok_or_else(wrong)?;
    if version != VERSION {
        return Err(ListingError::Version { found: version });
    }
    let mut count = || words.next().and_then(|word| word.parse::<usize>().ok()).ok_or_else(wrong);
    let (number, of) = (count()?, count()?);
    let digest = words.next().ok_or_else(wrong)?;
    let expected: usize = words.next().and_then(|word| word.parse().ok()).ok_or_else(wrong)?;
    if words.next().is_some() || of > MAX_CHUNKS || !(1..=of).contains(&number) {
        return Err(wrong());
    }
    if payload.len() != expected {
        return Err(ListingError::Length { number, expected, found: payload.len() });
    }
    Ok(Chunk { number, of, digest, payload })
}

fn unpack(packed: &[u8]) -> Result<ScopeListing, ListingError> {
    let mut reader = BufReader::new(GzDecoder::new(packed).take(MAX_PLAIN_BYTES));
    let mut buffer = Vec::new();
    let mut number = 0;
    let mut next = |buffer: &mut Vec<u8>| -> Result<Option<usize>, ListingError> {
        number += 1;
        buffer.clear();
        let content = |what: String| ListingError::Content { what, line: number };
        let mut line = reader.by_ref().take(MAX_LINE_BYTES);
        line.read_until(b'\n', buffer).map_err(|error| content(error.to_string()))?;
        match buffer.last() {
            None => Ok(None),
            Some(b'\n') => Ok(Some(number)),
            Some(_) => Err(content("a line without an end".to_owned())),
        }
    };
    let content = |what: String, line: usize| ListingError::Content { what, line };
    if next(&mut buffer)?.is_none() {
        return Err(content("nothing".to_owned(), 1));
    }
    let head: ContentHead = serde_json::from_slice(&buffer).map_err(|error| content(error.to_string(), 1))?;
    let mut objects: Vec<ListedObject> = Vec::new();
    while let Some(line) = next(&mut buffer)? {
        objects.push(serde_json::from_slice(&buffer).map_err(|error| content(error.to_string(), line))?);
    }
    if objects.len() != head.objects {
        let what = format!("{} objects where {} are announced", objects.len(), head.objects);
        return Err(content(what, objects.len() + 1));
    }
    Ok(ScopeListing {
        scope: head.scope,
        epoch: head.epoch,
        key_id: head.key_id,
        mapping_digest: head.mapping_digest,
        objects,
    })
}
