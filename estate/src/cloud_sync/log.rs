//! The provisioning log.

use jiff::Timestamp;
use uuid::Uuid;

use crate::directory::ObjectClass;
use crate::tenant::CloudKind;

/// `provisioningAction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are Graph's own")]
pub enum ProvisioningAction {
    Other,
    Create,
    Update,
    Delete,
    StagedDelete,
}

impl ProvisioningAction {
    /// Graph's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::StagedDelete => "stagedDelete",
        }
    }
}

/// `provisioningStatusInfo.status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProvisioningStatus {
    /// `success`
    Success,
    /// `skipped`, with the reason.
    Skipped(String),
    /// `failure`, with code and reason.
    Failure {
        /// `errorCode`
        code: String,
        /// `reason`
        reason: String,
    },
}

/// One changed property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModifiedProperty {
    /// Target attribute.
    pub name: String,
    /// Text of the values before; absent = none.
    pub old: Option<String>,
    /// Text of the values after; absent = none.
    pub new: Option<String>,
}

/// One entry (`provisioningObjectSummary`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisioningLogEntry {
    /// Id.
    pub id: Uuid,
    /// `activityDateTime`.
    pub at: Timestamp,
    /// When queries begin to show it.
    pub visible_at: Timestamp,
    /// Service principal.
    pub principal: Uuid,
    /// Job.
    pub job: String,
    /// Cycle.
    pub cycle: Uuid,
    /// What happened.
    pub action: ProvisioningAction,
    /// How it went.
    pub status: ProvisioningStatus,
    /// `objectGUID` of the source.
    pub source: Uuid,
    /// Class of the source.
    pub source_class: ObjectClass,
    /// Distinguished name of the source.
    pub source_dn: String,
    /// Display name of the source.
    pub source_name: String,
    /// Object id of the target, where there is one.
    pub target: Option<Uuid>,
    /// Kind of the target.
    pub target_kind: CloudKind,
    /// What changed.
    pub modified: Vec<ModifiedProperty>,
}
