//! What an engine can ask of the tenant, and what it gets back.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::CloudKind;
use crate::value::{AttributeName, Attributes, Value, same_values};

/// One write of one engine to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectWrite {
    /// Source anchor by which the engine addresses the object.
    pub anchor: String,
    /// `objectGUID` of the directory object behind it, where the engine knows it. For the judge.
    pub source: Option<Uuid>,
    /// What to do.
    pub operation: WriteOperation,
}

/// Kinds of [`ObjectWrite`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOperation {
    /// Joins the object with this anchor (hard match), else one that matches softly, else restores a soft-deleted user
    /// of this anchor, else creates. The attributes given replace what is there; others stay.
    Provision {
        /// Kind to create.
        kind: CloudKind,
        /// Values, under any engine's names; references are object ids of the tenant.
        attributes: Attributes,
    },
    /// Changes attributes of an object that has this anchor.
    Update {
        /// The changes.
        changes: Vec<AttributeChange>,
    },
    /// Deletes the object that has this anchor: users softly, everything else for good.
    Delete,
    /// Sets the password hash.
    PasswordHash {
        /// Version of the directory's password.
        version: u64,
    },
}

/// Change of one attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributeChange {
    /// The attribute, under any engine's name.
    pub name: AttributeName,
    /// How it changes.
    pub change: ValueChange,
}

/// How the values of an attribute change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ValueChange {
    /// These values and no others; none = cleared.
    Replace(Vec<Value>),
    /// Adds and removes single values.
    Modify {
        /// Values to add.
        add: Vec<Value>,
        /// Values to remove.
        remove: Vec<Value>,
    },
}

/// What a write did to its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// A new object.
    Created,
    /// An object with the same anchor was joined (and updated).
    HardMatched,
    /// An object without anchor was joined by its names and took this anchor.
    SoftMatched,
    /// A soft-deleted user came back under its old id.
    Restored,
    /// Attributes changed, or were written with the values they had.
    Updated,
    /// A user went to the recycle bin.
    SoftDeleted,
    /// The object is gone for good.
    HardDeleted,
    /// A password hash arrived.
    PasswordSet,
}

/// What a successful write did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The object.
    pub id: Uuid,
    /// Its kind.
    pub kind: CloudKind,
    /// What happened to it.
    pub outcome: Outcome,
    /// Every attribute that was written, under the tenant's name, with old and new values.
    pub written: Vec<WrittenAttribute>,
    /// Licences and cloud-only group memberships that went with a hard deletion.
    pub lost: Vec<String>,
}

/// One attribute of a write, as it took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenAttribute {
    /// The tenant's name.
    pub name: AttributeName,
    /// Values before.
    pub old: Vec<Value>,
    /// Values after.
    pub new: Vec<Value>,
}

impl WrittenAttribute {
    /// Whether the write changed anything.
    pub fn changed(&self) -> bool {
        !same_values(&self.old, &self.new)
    }
}

/// Why the tenant refused a write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No live object has the anchor.
    #[error("expected an object with source anchor {0}, found none; import before the next export")]
    NotFound(String),
    /// Another object holds a value that must be unique.
    #[error(
        "AttributeValueMustBeUnique: {attribute} {value:?} is held by object {holder}; change one of the two"
    )]
    AttributeValueMustBeUnique {
        /// The attribute.
        attribute: String,
        /// The value.
        value: String,
        /// Who has it.
        holder: Uuid,
    },
    /// Source of authority lies in the cloud.
    #[error("object {0} is managed in the cloud; sync engines may not write it")]
    CloudManaged(Uuid),
    /// The anchor belongs to an object of another kind.
    #[error("expected object {id} to be a {expected:?}, found a {found:?}")]
    WrongKind {
        /// The object.
        id: Uuid,
        /// Kind of the write.
        expected: CloudKind,
        /// Kind it has.
        found: CloudKind,
    },
    /// The tenant does not let engines take over its objects that way.
    #[error("{feature} forbids the match with object {id}")]
    MatchBlocked {
        /// The feature that forbids it.
        feature: &'static str,
        /// The object.
        id: Uuid,
    },
    /// A reference names no live object.
    #[error("expected {attribute} to name an object of this tenant, found {target}")]
    UnknownReference {
        /// The attribute.
        attribute: String,
        /// The id.
        target: Uuid,
    },
    /// A switched-on fault.
    #[error("{0}")]
    Fault(String),
}
