//! What can be asked of the directory, what it refuses, and what it tells the judge.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ObjectClass;
use crate::dn::DistinguishedName;
use crate::value::Attributes;

/// Why the directory refused a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// The name or identifier is unknown.
    #[error("expected an existing object, found none at {0}")]
    NoSuchObject(String),
    /// The name is taken.
    #[error("expected a free name, found an object at {0}")]
    AlreadyExists(DistinguishedName),
    /// The container is missing or no container.
    #[error("expected an existing container above {0}; create it first")]
    NoContainer(DistinguishedName),
    /// The container still has content.
    #[error("expected an empty container, found objects below {0}; delete them first or delete the tree")]
    NotEmpty(DistinguishedName),
    /// The name lies in no domain of the forest.
    #[error("expected a name in a domain of this forest, found {0}")]
    ForeignDomain(DistinguishedName),
    /// The value does not fit the attribute.
    #[error("expected a link to an existing object in {attribute}, found {value}")]
    BadLink {
        /// The attribute.
        attribute: String,
        /// The value.
        value: String,
    },
}

/// An object to create.
#[derive(Debug, Clone)]
pub struct NewObject {
    /// Its name; the container must exist.
    pub dn: DistinguishedName,
    /// Its class.
    pub class: ObjectClass,
    /// Its attributes; references by `objectGUID`.
    pub attributes: Attributes,
}

/// What the judge needs to know of a change in the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "change")]
pub enum DirectoryChange {
    /// An object came into being, or back from the recycle bin.
    Created {
        /// When.
        at: Timestamp,
        /// `objectGUID`.
        source: Uuid,
        /// Class.
        class: ObjectClass,
        /// Name.
        dn: DistinguishedName,
        /// It was restored from the recycle bin.
        restored: bool,
    },
    /// An object was deleted.
    Deleted {
        /// When.
        at: Timestamp,
        /// `objectGUID`.
        source: Uuid,
    },
    /// An object has another name; a renamed container stands for everything below it.
    Moved {
        /// When.
        at: Timestamp,
        /// `objectGUID`.
        source: Uuid,
        /// The new name.
        dn: DistinguishedName,
    },
    /// A group has a new member.
    MemberAdded {
        /// When.
        at: Timestamp,
        /// `objectGUID` of the group.
        group: Uuid,
        /// `objectGUID` of the member.
        member: Uuid,
    },
    /// A group has lost a member.
    MemberRemoved {
        /// When.
        at: Timestamp,
        /// `objectGUID` of the group.
        group: Uuid,
        /// `objectGUID` of the member.
        member: Uuid,
    },
}
