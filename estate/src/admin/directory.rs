//! What people do in the directory, through the admin endpoint. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::AdminError;
use crate::directory::{Directory, LinkAttribute, NewObject, ObjectClass};
use crate::dn::DistinguishedName;
use crate::value::{AttributeName, Attributes, Value};

/// One change by a person. Links (`manager`, `member`, `managedBy`) are given by distinguished name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum DirectoryAction {
    /// A new object.
    Create {
        /// Its name.
        distinguished_name: DistinguishedName,
        /// `user`, `group`, `contact`, `computer`, `organizationalUnit`, ...
        class: String,
        /// Its attributes.
        #[serde(default)]
        attributes: BTreeMap<String, Vec<Given>>,
    },
    /// New values; an attribute without values is cleared.
    Modify {
        /// Which object.
        distinguished_name: DistinguishedName,
        /// The attributes.
        attributes: BTreeMap<String, Vec<Given>>,
    },
    /// Another name: rename, move, or both.
    Move {
        /// Which object.
        distinguished_name: DistinguishedName,
        /// The new name.
        to: DistinguishedName,
    },
    /// Into the recycle bin.
    Delete {
        /// Which object.
        distinguished_name: DistinguishedName,
    },
    /// Back from the recycle bin, under the last name.
    Restore {
        /// Which object.
        object_guid: Uuid,
    },
    /// A new password.
    SetPassword {
        /// Whose.
        distinguished_name: DistinguishedName,
        /// To be changed at the next logon.
        #[serde(default)]
        must_change: bool,
    },
    /// A group gets a member.
    AddMember {
        /// The group.
        distinguished_name: DistinguishedName,
        /// The member.
        member: DistinguishedName,
    },
    /// A group loses a member.
    RemoveMember {
        /// The group.
        distinguished_name: DistinguishedName,
        /// The member.
        member: DistinguishedName,
    },
    /// Opens or closes an organizational unit to the provisioning agents.
    SetReadable {
        /// The unit.
        distinguished_name: DistinguishedName,
        /// Open?
        readable: bool,
    },
}

/// A value as JSON has it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Given {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
}

impl DirectoryAction {
    /// Does it. Returns the `objectGUID` of the object concerned.
    pub(super) fn carry_out(self, directory: &mut Directory, now: Timestamp) -> Result<Uuid, AdminError> {
        let refused = |error: crate::directory::DirectoryError| AdminError::Refused(error.to_string());
        match self {
            Self::Create { distinguished_name: dn, class, attributes } => {
                let class = ObjectClass::parse(&class)
                    .ok_or_else(|| AdminError::BadRequest(format!("there is no object class {class}")))?;
                let attributes = values(directory, attributes)?;
                directory.create(NewObject { dn, class, attributes }, now).map_err(refused)
            }
            Self::Modify { distinguished_name, attributes } => {
                let guid = find(directory, &distinguished_name)?;
                let cleared: Vec<String> = attributes
                    .iter()
                    .filter(|(_, values)| values.is_empty())
                    .map(|(name, _)| name.clone())
                    .collect();
                let cleared: Vec<&str> = cleared.iter().map(String::as_str).collect();
                let values = values(directory, attributes)?;
                directory.modify(guid, values, &cleared, now).map_err(refused)?;
                Ok(guid)
            }
            Self::Move { distinguished_name, to } => {
                let guid = find(directory, &distinguished_name)?;
                directory.rename(guid, to, now).map_err(refused)?;
                Ok(guid)
            }
            Self::Delete { distinguished_name } => {
                let guid = find(directory, &distinguished_name)?;
                directory.delete(guid, now).map_err(refused)?;
                Ok(guid)
            }
            Self::Restore { object_guid } => {
                directory.restore(object_guid, now).map_err(refused)?;
                Ok(object_guid)
            }
            Self::SetPassword { distinguished_name, must_change } => {
                let guid = find(directory, &distinguished_name)?;
                directory.set_password(guid, must_change, now).map_err(refused)?;
                Ok(guid)
            }
            Self::AddMember { distinguished_name, member } => {
                let (group, member) = (find(directory, &distinguished_name)?, find(directory, &member)?);
                directory.add_member(group, member, now).map_err(refused)?;
                Ok(group)
            }
            Self::RemoveMember { distinguished_name, member } => {
                let (group, member) = (find(directory, &distinguished_name)?, find(directory, &member)?);
                directory.remove_member(group, member, now).map_err(refused)?;
                Ok(group)
            }
            Self::SetReadable { distinguished_name, readable } => {
                let guid = find(directory, &distinguished_name)?;
                directory.set_readable(guid, readable);
                Ok(guid)
            }
        }
    }
}

fn find(directory: &Directory, dn: &DistinguishedName) -> Result<Uuid, AdminError> {
    directory
        .by_dn(dn)
        .map(|object| object.guid)
        .ok_or_else(|| AdminError::NotFound { what: "object", name: dn.to_string() })
}

fn values(directory: &Directory, given: BTreeMap<String, Vec<Given>>) -> Result<Attributes, AdminError> {
    given
        .into_iter()
        .map(|(name, values)| {
            let link = LinkAttribute::parse(&name).is_some();
            let values =
                values.into_iter().map(|given| value(directory, link, given)).collect::<Result<_, _>>()?;
            Ok((AttributeName::new(name), values))
        })
        .collect()
}

fn value(directory: &Directory, link: bool, given: Given) -> Result<Value, AdminError> {
    match given {
        Given::Text(name) if link => {
            let dn: DistinguishedName = name
                .parse()
                .map_err(|error: crate::dn::DnError| AdminError::BadRequest(error.to_string()))?;
            find(directory, &dn).map(Value::Reference)
        }
        Given::Text(text) => Ok(Value::String(text)),
        Given::Integer(number) => Ok(Value::Integer(number)),
        Given::Boolean(flag) => Ok(Value::Boolean(flag)),
    }
}
