//! Connectors, their spaces and what they would export. No IO.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `Get-ADSyncConnector`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connector {
    /// Identifier.
    pub identifier: Uuid,
    /// Display name: the forest's name, or `tenant.onmicrosoft.com - AAD`.
    pub name: String,
    /// Type, as far as this project tells connectors apart.
    pub kind: ConnectorKind,
    /// Partitions: the domains of an AD connector.
    pub partitions: Vec<Partition>,
    /// Object types selected.
    pub object_inclusion: Vec<String>,
    /// Attributes selected.
    pub attribute_inclusion: Vec<String>,
    /// Whether password hash synchronization is on for this connector; absent for the Entra connector.
    pub password_hash_sync: Option<bool>,
}

/// Type of a [`Connector`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectorKind {
    /// Active Directory Domain Services.
    ActiveDirectory,
    /// Microsoft Entra ID (`Extensible2`, subtype `Windows Azure Active Directory (Microsoft)`).
    Entra,
    /// Anything else: generic LDAP, SQL, ...
    Other,
}

/// One partition of a connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Partition {
    /// Identifier.
    pub identifier: Uuid,
    /// Distinguished name, such as `DC=contoso,DC=com`; `default` for the Entra connector.
    pub distinguished_name: String,
    /// Selected for synchronization.
    pub selected: bool,
    /// Whether it is a domain (not a configuration or application partition).
    pub is_domain: bool,
    /// `ContainerInclusionList`.
    pub container_inclusion: Vec<String>,
    /// `ContainerExclusionList`.
    pub container_exclusion: Vec<String>,
}

/// `Get-ADSyncConnectorStatistics`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the cmdlet's and say it")]
pub struct ConnectorStatistics {
    pub export_adds: u64,
    pub export_updates: u64,
    pub export_deletes: u64,
    pub import_adds: u64,
    pub import_updates: u64,
    pub import_deletes: u64,
    pub import_no_change: u64,
    pub total_connectors: u64,
}

/// A page of connector space objects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CsObjectPage {
    /// The objects.
    pub objects: Vec<CsObject>,
    /// Where the next page starts; absent at the end.
    pub next_index: Option<u32>,
}

/// `Get-ADSyncCSObject`, with what was asked of the joined metaverse object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "these are the cmdlet's own fields")]
pub struct CsObject {
    /// `ObjectId`.
    pub object_id: Uuid,
    /// Distinguished name in the connector space; in the Entra connector `CN={hex of the base64 anchor}`.
    pub distinguished_name: String,
    /// `user`, `group`, `contact`, `inetOrgPerson`, `device`, ...
    pub object_type: String,
    /// Joined to a metaverse object.
    pub is_connector: bool,
    /// Joined metaverse object.
    pub connected_mv_object_id: Option<Uuid>,
    /// Distinguished names of the joined metaverse object's connectors in AD (`Get-ADSyncMVObject` lineage).
    #[serde(default)]
    pub directory_names: Vec<String>,
    /// Which rules joined, provisioned or withheld it.
    pub lineage: Vec<Lineage>,
    /// An export is pending, failed ones that will be retried included.
    pub pending_export: bool,
    /// The last export failed.
    pub has_export_error: bool,
    /// The last synchronization failed.
    pub has_sync_error: bool,
    /// Attributes asked for.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    /// Metaverse attributes asked for.
    #[serde(default)]
    pub metaverse_attributes: Vec<Attribute>,
}

/// One rule that took part in a connector space object's link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lineage {
    /// Identifier of the rule.
    pub rule: Uuid,
    /// Its name.
    pub rule_name: String,
    /// What it did: the rule's link type.
    pub operation: crate::rule::LinkType,
}

/// A named attribute with its values as text; binary values are base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// Name, in the spelling of the schema.
    pub name: String,
    /// Values; none = absent.
    pub values: Vec<String>,
}

/// A page of pending exports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingExportPage {
    /// The exports.
    pub exports: Vec<PendingExport>,
    /// Where the next page starts; absent at the end.
    pub next_index: Option<u32>,
}

/// What an export would do to one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingExport {
    /// Distinguished name in the connector space.
    pub distinguished_name: String,
    /// Object type.
    pub object_type: String,
    /// Column `OMODT` of `CSExportAnalyzer`.
    pub modification: Modification,
    /// Names of the attributes that would change, and whether each is a reference.
    pub attributes: Vec<ChangedAttribute>,
    /// The connector space object's `cloudNoFlow` in the metaverse, if joined and set.
    pub cloud_no_flow: bool,
    /// This export failed before and is retried.
    pub retry: bool,
}

/// Kind of change of a [`PendingExport`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Modification {
    Add,
    Update,
    Delete,
}

/// One attribute of a [`PendingExport`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedAttribute {
    /// Attribute name.
    pub name: String,
    /// `member`, `manager` and the like.
    pub reference: bool,
}
