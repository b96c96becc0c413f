//! Objects of Active Directory. No IO.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::connector::Attribute;

/// Arguments of [`Operation::SearchDirectory`](super::Operation::SearchDirectory).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectorySearch {
    /// Search base.
    pub base: String,
    /// Object classes to return (`user`, `inetOrgPerson`, `group`, `contact`, `computer`, `organizationalUnit`); empty = all.
    pub object_classes: Vec<String>,
    /// Attributes to return.
    pub attributes: Vec<String>,
    /// Return deleted objects of the domain instead (the base names the domain): read from the recycle bin or tombstones.
    #[serde(default)]
    pub deleted: bool,
    /// At most this many.
    pub page_size: u32,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
}

/// A page of directory objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryPage {
    /// The objects.
    pub entries: Vec<DirectoryEntry>,
    /// Where the next page starts; absent at the end.
    pub cookie: Option<String>,
    /// Highest `uSNChanged` that the answering domain controller had committed.
    pub highest_committed_usn: u64,
}

/// One directory object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryEntry {
    /// Distinguished name; of a deleted object the one it had (`lastKnownParent` and `msDS-LastKnownRDN`).
    pub distinguished_name: String,
    /// `objectGUID`.
    pub object_guid: Uuid,
    /// Most specific object class.
    pub object_class: String,
    /// `isDeleted`.
    #[serde(default)]
    pub deleted: bool,
    /// Attributes asked for that are present.
    pub attributes: Vec<Attribute>,
}
