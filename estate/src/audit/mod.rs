//! The judge's memory: an append-only log of every write by every engine and of every change of who serves what.
//!
//! [`verdict`] is computed from the log alone, and the log can be written and read as JSON lines.

mod record;
mod service;
pub mod verdict;

pub use record::{Direction, Event, Record, WriteRecord, WrittenValue};
pub use service::ServiceBook;
pub use verdict::{Class, Verdict, Violation};

use jiff::Timestamp;

/// The log.
#[derive(Debug, Clone, Default)]
pub struct AuditLog {
    records: Vec<Record>,
}

impl AuditLog {
    /// Appends an event.
    pub(crate) fn append(&mut self, at: Timestamp, event: Event) {
        let sequence = u64::try_from(self.records.len()).unwrap_or(u64::MAX);
        self.records.push(Record { sequence, at, event });
    }

    /// Everything, oldest first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The verdict over everything up to the last record.
    pub fn verdict(&self) -> Verdict {
        Verdict::of(&self.records, self.records.last().map_or(Timestamp::MIN, |record| record.at))
    }

    /// The writes, oldest first.
    pub fn writes(&self) -> impl Iterator<Item = (Timestamp, &WriteRecord)> {
        self.records.iter().filter_map(|record| match &record.event {
            Event::Write(write) => Some((record.at, write.as_ref())),
            _ => None,
        })
    }

    /// The log as JSON lines, closed by a line that says up to when it speaks.
    ///
    /// # Errors
    /// Only if a record cannot be serialised.
    pub fn to_json_lines(&self, until: Timestamp) -> Result<String, serde_json::Error> {
        let sequence = u64::try_from(self.records.len()).unwrap_or(u64::MAX);
        let end = Record { sequence, at: until, event: Event::End };
        let mut text = String::new();
        for record in self.records.iter().chain([&end]) {
            text.push_str(&serde_json::to_string(record)?);
            text.push('\n');
        }
        Ok(text)
    }

    /// A log read back from JSON lines.
    ///
    /// # Errors
    /// If a line is not a record.
    pub fn from_json_lines(text: &str) -> Result<Self, serde_json::Error> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Ok(Self { records: lines.map(serde_json::from_str).collect::<Result<_, _>>()? })
    }
}
