//! The ADSync host protocol: one JSON request a line in, one JSON answer a line out, over standard input and output.
//!
//! The other end is a host process on the sync server: `adsync-host.ps1` on Windows, `estate host` in tests. Each operation
//! stands for one cmdlet group (Microsoft Entra Connect reference, `reference-connect-adsync`) and is answered exactly once, in
//! order. The host holds no decisions. Instants are RFC 3339 in UTC, durations ISO 8601; values that a cmdlet prints in the
//! server's locale never pass through. Documented for people in `docs/adsync-host-protocol.md`.

mod connector;
mod directory;
mod host;
mod operation;
mod run;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use connector::{
    Attribute, ChangedAttribute, Connector, ConnectorKind, ConnectorStatistics, CsObject, CsObjectPage,
    Lineage, Modification, Partition, PendingExport, PendingExportPage,
};
pub use directory::{DirectoryEntry, DirectoryPage, DirectorySearch};
pub use host::{
    AutoUpgrade, AutoUpgradeState, EngineInformation, EngineProduct, Features, GlobalSettings,
    HostInformation, NamedValue, PasswordHashCycle, RegistryValue, ServiceStartType, ServiceState,
    SqlInformation,
};
pub use operation::Operation;
pub use run::{
    ConnectorRunStatus, CyclePolicy, RunCounters, RunProfile, RunResult, Scheduler, SchedulerChange,
};

/// Version of the protocol; the host names the one it speaks in [`HostInformation::protocol_version`].
pub const PROTOCOL_VERSION: u32 = 1;

/// Longest line either side accepts, in bytes: a page of 500 connector space objects fits with room to spare.
pub const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// One line to the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Chosen by the asker, echoed in the answer.
    pub id: u64,
    /// What to do.
    #[serde(flatten)]
    pub operation: Operation,
}

/// One line from the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The `id` of the [`Request`].
    pub id: u64,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Result or error of a [`Request`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The operation's own result type, as JSON (`null` for operations that return nothing).
    Result(serde_json::Value),
    /// The operation did not happen, or failed part way; `code` says which is known.
    Error(HostError),
}

/// Why the host did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{code}: {message}")]
pub struct HostError {
    /// Closed list, so that the agent can decide.
    pub code: HostErrorCode,
    /// The cmdlet's own words, for people.
    pub message: String,
}

/// Kinds of [`HostError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HostErrorCode {
    /// The request could not be read or its arguments make no sense.
    BadRequest,
    /// The object, rule, connector or profile asked for does not exist.
    NotFound,
    /// A run or cycle is in progress, or a wizard is open (`Start-ADSyncSyncCycle` throws): try again later.
    Busy,
    /// The engine's service is stopped.
    ServiceStopped,
    /// The value is taken (a rule's precedence, an identifier).
    Conflict,
    /// The host process lacks the right.
    AccessDenied,
    /// The cmdlet wants a person to sign in (builds from 2.6.84.0): a human action.
    InteractiveOnly,
    /// The operation is unknown to this host or this build.
    Unsupported,
    /// The cmdlet failed for another reason.
    Failed,
}

impl std::fmt::Display for HostErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}
