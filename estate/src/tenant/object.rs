//! Objects of the tenant.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::value::Attributes;

/// Kind of a tenant object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Entra's own")]
pub enum CloudKind {
    User,
    Group,
    Contact,
    Device,
}

/// A password hash as the tenant holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CloudPassword {
    /// Version of the directory's password (see [`crate::directory::Password`]).
    pub version: u64,
    /// When it arrived.
    pub at: Timestamp,
}

/// A conflict that the service resolved by leaving a value out (`onPremisesProvisioningErrors`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisioningError {
    /// `UserPrincipalName` or `ProxyAddresses`.
    pub property: String,
    /// The value that is taken.
    pub value: String,
    /// When.
    pub at: Timestamp,
}

/// One object of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CloudObject {
    /// Object id.
    pub id: Uuid,
    /// Kind.
    pub kind: CloudKind,
    /// Source anchor (`onPremisesImmutableId` of a user): base64 of 16 octets. Absent on cloud-only objects.
    pub anchor: Option<String>,
    /// Attributes under the names that sync engines write (see [`super`]); references are object ids of this tenant.
    pub attributes: Attributes,
    /// `onPremisesSyncEnabled`.
    pub synced: bool,
    /// Source of authority was moved to the cloud (`onPremisesSyncBehavior.isCloudManaged`): engines may not write.
    pub is_cloud_managed: bool,
    /// Holds an administrator role: never matched softly.
    pub is_administrator: bool,
    /// Licences by name.
    pub licences: BTreeSet<String>,
    /// The password hash.
    pub password: Option<CloudPassword>,
    /// When it was created.
    pub created_at: Timestamp,
    /// `onPremisesLastSyncDateTime`.
    pub last_sync_at: Option<Timestamp>,
    /// Soft-deleted since; absent = live. Users only.
    pub deleted_at: Option<Timestamp>,
    /// Conflicts left open.
    pub errors: Vec<ProvisioningError>,
    /// `objectGUID` of the directory object whose engine wrote it last: known to the judge, not to Graph.
    pub source: Option<Uuid>,
}

impl CloudObject {
    /// Not soft-deleted.
    pub fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }
}
