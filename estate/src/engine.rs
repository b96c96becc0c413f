//! What the estate asks of a sync server, whatever runs on it, and what engines tell the judge about themselves.

use std::fmt;

use adsync::protocol::{HostError, Operation, RunResult};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::value::{AttributeName, Value};
use crate::world::World;

/// Who wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "engine", rename_all = "camelCase")]
pub enum Writer {
    /// A sync server, by name.
    Connect {
        /// Its name.
        server: String,
    },
    /// A cloud sync job, by id.
    CloudSync {
        /// Its id.
        job: String,
    },
}

impl Writer {
    /// The sync server of that name.
    pub fn connect(server: impl Into<String>) -> Self {
        Self::Connect { server: server.into() }
    }

    /// The job of that id.
    pub fn cloud_sync(job: impl Into<String>) -> Self {
        Self::CloudSync { job: job.into() }
    }

    /// Whether both are the same engine (two jobs are, two servers are).
    pub fn same_engine(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Connect { .. }, Self::Connect { .. }) | (Self::CloudSync { .. }, Self::CloudSync { .. })
        )
    }

    /// Whether it is a sync server.
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Connect { .. })
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { server } => write!(f, "Connect on {server}"),
            Self::CloudSync { job } => write!(f, "cloud sync job {job}"),
        }
    }
}

/// What an engine does for an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Service {
    /// Attributes, creation and deletion.
    Objects,
    /// Password hashes.
    PasswordHashes,
}

/// Whether an engine as a whole works just now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Availability {
    /// It would carry a change over in its next cycle.
    Up,
    /// It would not, with the reason: `scheduler disabled`, `staging`, `service stopped`, `paused`, `quarantine`, ...
    Down(String),
}

impl Availability {
    /// Whether it works.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Up)
    }
}

/// What an engine does with one object, while it is available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Link {
    /// A change of the object would be exported.
    Served,
    /// The object is known and joined without flow.
    NoFlow,
    /// The object is known and left out: filtered, out of scope, in error.
    Filtered,
    /// The object is unknown to the engine.
    Unknown,
}

/// State of a sync server that the judge records when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts about a Windows server")]
pub struct ServerState {
    /// The product is installed.
    pub installed: bool,
    /// The service `ADSync` runs.
    pub running: bool,
    /// Its start type is `Disabled`.
    pub start_disabled: bool,
    /// Staging mode.
    pub staging: bool,
}

/// Answer of a sync server to an operation of the host protocol.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Done, or refused.
    Now(Result<serde_json::Value, HostError>),
    /// The operation ends when this run (`RunHistoryId`) does; ask [`SyncEngine::run_result`] after advancing.
    WhenRunEnds(Uuid),
}

/// A sync server.
///
/// Contract: every write goes through [`World::write`] or [`World::write_directory`]; whenever the engine's view of an
/// object's link may have changed (end of a synchronization step, an export, a hash pass) it calls
/// [`World::report_links`]. The estate asks for [`Self::availability`] and [`Self::state`] by itself after everything that
/// happens. `advance(now)` must leave `next_due` after `now`.
pub trait SyncEngine: fmt::Debug + Send {
    /// Host name.
    fn name(&self) -> &str;

    /// When something happens by itself next: a cycle, the end of a run, a hash loop.
    fn next_due(&self, world: &World) -> Option<Timestamp>;

    /// Does everything due at `now`.
    fn advance(&mut self, now: Timestamp, world: &mut World);

    /// One operation of the ADSync host protocol.
    fn handle(&mut self, operation: &Operation, now: Timestamp, world: &mut World) -> Answer;

    /// Result of a run that has ended.
    fn run_result(&self, run: Uuid) -> Option<RunResult>;

    /// Whether the engine works just now for a service, seven-day rule included.
    fn availability(&self, service: Service, now: Timestamp, world: &World) -> Availability;

    /// What the judge records of the server.
    fn state(&self) -> ServerState;

    /// Whether a password that somebody resets in the cloud would come back through this server, as far as it knows itself.
    /// Staging servers write nothing back. Source: Microsoft, staging server page.
    fn writes_passwords_back(&self) -> bool {
        false
    }

    /// Whether the engine, as configured (containers, object types, filters; no-flow does not count), exports the
    /// directory object `source`, or would after its next cycle.
    fn would_export(&self, source: Uuid, world: &World) -> bool;

    /// The values that the engine's rules give for an attribute of the tenant from the directory as it is now; references
    /// as object ids of the tenant. None if the engine does not flow the attribute.
    fn expected(&self, source: Uuid, attribute: &AttributeName, world: &World) -> Option<Vec<Value>>;

    /// For use of concrete functions behind the trait object.
    fn as_any(&mut self) -> &mut dyn std::any::Any;
}
