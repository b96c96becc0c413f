//! The API server's audit log: who did what, and was it allowed. Reads one file.

mod event;
mod query;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

pub use event::{AuditEvent, Stage};
pub use query::{AuditEvents, Right};

use super::error::{Error, Result};

/// The audit log of a control plane that was started here.
///
/// The API server writes the line of a request before it ends its answer, so whoever has an answer finds the
/// request here. What others do at the same time may come a moment later: wait for it with [`crate::until`].
#[derive(Clone, Debug)]
pub struct AuditLog {
    path: PathBuf,
}

/// A place in the audit log: what is written later comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

impl AuditLog {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The present end of the log.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn mark(&self) -> Result<Mark> {
        // The end of the last whole line: the one that is being written right now belongs to what comes after.
        let end = || -> std::io::Result<u64> {
            let bytes = std::fs::read(&self.path)?;
            let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
            Ok(u64::try_from(whole).unwrap_or(u64::MAX))
        };
        end().map(Mark).map_err(Error::io("reading", &self.path))
    }

    /// Everything since the start of the control plane.
    ///
    /// # Errors
    /// Where the file cannot be read, or a line is not an event.
    pub fn all(&self) -> Result<AuditEvents> {
        self.since(Mark(0))
    }

    /// Everything that was written after `mark`.
    ///
    /// # Errors
    /// Where the file cannot be read, or a line is not an event.
    pub fn since(&self, mark: Mark) -> Result<AuditEvents> {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(mark.0))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        parse(&read().map_err(Error::io("reading", &self.path))?)
    }
}

/// Parses whole lines; one that is being written right now is left for the next reading.
fn parse(bytes: &[u8]) -> Result<AuditEvents> {
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    bytes
        .get(..whole)
        .unwrap_or_default()
        .split(|&byte| byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| {
            serde_json::from_slice(line).map_err(|source| Error::AuditLine { line: number + 1, source })
        })
        .collect::<Result<Vec<AuditEvent>>>()
        .map(AuditEvents::new)
}
