//! What the log holds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Intervals;
use crate::directory::DirectoryChange;
use crate::engine::{Availability, Link, ServerState, Service, Writer};
use crate::tenant::{CloudKind, Outcome};
use crate::value::{AttributeName, Value};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Counts up from 0.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// Kinds of [`Record`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// The estate began, with these intervals.
    Started {
        /// How long things take in it.
        intervals: Intervals,
    },
    /// An engine wrote an object.
    Write(Box<WriteRecord>),
    /// An engine's write was refused.
    Refused {
        /// Who.
        writer: Writer,
        /// Source anchor of the object.
        anchor: String,
        /// `objectGUID` of the directory object, where known.
        source: Option<Uuid>,
        /// The tenant's words.
        reason: String,
    },
    /// Something changed in the directory.
    Directory(DirectoryChange),
    /// An engine began or ceased to work.
    Availability {
        /// Which.
        writer: Writer,
        /// For what.
        service: Service,
        /// The new state.
        state: Availability,
    },
    /// An engine does something else with an object than before.
    Link {
        /// Which engine.
        writer: Writer,
        /// For what.
        service: Service,
        /// `objectGUID` of the object.
        source: Uuid,
        /// The new link.
        link: Link,
    },
    /// The shared scheduler flag changed.
    Scheduler {
        /// `SyncCycleEnabled`.
        enabled: bool,
    },
    /// State of a sync server changed.
    Server {
        /// Its name.
        server: String,
        /// The new state.
        state: ServerState,
    },
    /// A person reset a password in the cloud.
    PasswordReset {
        /// `objectGUID` of the user.
        source: Uuid,
        /// The engine that wrote it back: a sync server, or the host of a provisioning agent. Absent if none did.
        writer: Option<Writer>,
        /// Whether it is in the directory.
        arrived: bool,
    },
    /// A person deleted an object of the tenant: users softly, everything else for good.
    DeletedByPerson {
        /// Object id.
        id: Uuid,
        /// Licences and cloud-only memberships that went with it.
        lost: Vec<String>,
    },
    /// A soft-deleted user, deleted for its time, is gone for good.
    Purged {
        /// Object id.
        id: Uuid,
        /// Licences and cloud-only memberships that went with it.
        lost: Vec<String>,
    },
    /// The time up to which the log speaks.
    End,
}

/// Which way a write went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// Into the tenant.
    ToEntra,
    /// Into the directory (Exchange hybrid writeback, `mS-DS-ConsistencyGuid`).
    ToDirectory,
}

/// One write of one engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WriteRecord {
    /// Who.
    pub writer: Writer,
    /// Which way.
    pub direction: Direction,
    /// Object id in the tenant; of a write to the directory, `objectGUID`.
    pub object: Uuid,
    /// Kind.
    pub kind: CloudKind,
    /// Source anchor.
    pub anchor: String,
    /// `objectGUID` of the directory object behind it, where known.
    pub source: Option<Uuid>,
    /// Something a person recognises: user principal name, mail or display name.
    pub label: String,
    /// What happened to the object.
    pub outcome: Outcome,
    /// The attributes written.
    pub values: Vec<WrittenValue>,
    /// Engines that served the object when it was written (password hashes: those that served its hash), the writer included.
    pub serving: Vec<Writer>,
    /// Whether the directory object existed at that moment; false where the source is not known.
    pub source_exists: bool,
    /// When the directory object was created.
    pub source_created: Option<Timestamp>,
    /// Creations by cloud sync: since when the object's container has been in the job's effective scope; absent if it is
    /// not (on-demand provisioning).
    pub in_scope_since: Option<Timestamp>,
    /// Creations by cloud sync: some sync server exports the object, or would after its next cycle.
    pub connect_would_export: bool,
    /// Licences that went with a hard deletion.
    pub lost: Vec<String>,
}

/// One attribute of a [`WriteRecord`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WrittenValue {
    /// The tenant's attribute.
    pub attribute: AttributeName,
    /// Whether it is a reference.
    pub reference: bool,
    /// Values before.
    pub old: Vec<Value>,
    /// Values after.
    pub new: Vec<Value>,
    /// What the directory says through the mapping of the engine that serves the object (of the writer itself, if nobody
    /// else does); absent if that engine does not flow the attribute.
    pub directory: Option<Vec<Value>>,
    /// Whether `new` differs from `directory` (false where that is absent).
    pub differs: bool,
}
