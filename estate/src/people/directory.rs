//! What people do in the directory. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ActError, Done};
use crate::directory::{Directory, DirectoryError, DirectoryObject, LinkAttribute, NewObject, ObjectClass};
use crate::dn::DistinguishedName;
use crate::value::{AttributeName, Attributes, Value};

/// One change by a person. Links (`manager`, `member`, `managedBy`) are given by distinguished name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Another `mS-DS-ConsistencyGuid`, or none: the anchor that cloud sync would compute changes with it.
    SetConsistencyGuid {
        /// Which object.
        distinguished_name: DistinguishedName,
        /// The new one; absent = cleared.
        consistency_guid: Option<Uuid>,
    },
    /// A container is deleted with everything below it.
    DeleteTree {
        /// The container.
        distinguished_name: DistinguishedName,
    },
    /// Many objects are deleted at once: the first by name of a class below a container.
    DeleteMany {
        /// The container.
        below: DistinguishedName,
        /// Their class.
        class: String,
        /// How many; all that are left if fewer.
        count: usize,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Given {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
}

impl Given {
    /// The value itself; text is never a link.
    pub(super) fn into_plain_value(self) -> Value {
        match self {
            Self::Text(text) => Value::String(text),
            Self::Integer(number) => Value::Integer(number),
            Self::Boolean(flag) => Value::Boolean(flag),
        }
    }
}

impl DirectoryAction {
    /// Does it. Tells the `objectGUID`s of the objects concerned.
    pub(super) fn carry_out(self, directory: &mut Directory, now: Timestamp) -> Result<Done, ActError> {
        let object = match self {
            Self::DeleteTree { distinguished_name } => {
                find(directory, &distinguished_name)?;
                // Names order a container before its content: backwards, every container is empty by its turn.
                let mut doomed = guids(directory, &distinguished_name, |_| true);
                doomed.reverse();
                return delete_all(directory, doomed, now);
            }
            Self::DeleteMany { below, class, count } => {
                find(directory, &below)?;
                let class = parse_class(&class)?;
                let mut doomed = guids(directory, &below, |object| object.class == class);
                doomed.truncate(count);
                return delete_all(directory, doomed, now);
            }
            single => single.on_one_object(directory, now)?,
        };
        Ok(Done::Object { object_guid: object })
    }

    fn on_one_object(self, directory: &mut Directory, now: Timestamp) -> Result<Uuid, ActError> {
        match self {
            Self::Create { distinguished_name: dn, class, attributes } => {
                let class = parse_class(&class)?;
                let attributes = values(directory, attributes)?;
                directory.create(NewObject { dn, class, attributes }, now).map_err(|error| refused(&error))
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
                directory.modify(guid, values, &cleared, now).map_err(|error| refused(&error))?;
                Ok(guid)
            }
            Self::Move { distinguished_name, to } => {
                let guid = find(directory, &distinguished_name)?;
                directory.rename(guid, to, now).map_err(|error| refused(&error))?;
                Ok(guid)
            }
            Self::Delete { distinguished_name } => {
                let guid = find(directory, &distinguished_name)?;
                directory.delete(guid, now).map_err(|error| refused(&error))?;
                Ok(guid)
            }
            Self::Restore { object_guid } => {
                directory.restore(object_guid, now).map_err(|error| refused(&error))?;
                Ok(object_guid)
            }
            Self::SetPassword { distinguished_name, must_change } => {
                let guid = find(directory, &distinguished_name)?;
                directory.set_password(guid, must_change, now).map_err(|error| refused(&error))?;
                Ok(guid)
            }
            Self::AddMember { distinguished_name, member } => {
                let (group, member) = (find(directory, &distinguished_name)?, find(directory, &member)?);
                directory.add_member(group, member, now).map_err(|error| refused(&error))?;
                Ok(group)
            }
            Self::RemoveMember { distinguished_name, member } => {
                let (group, member) = (find(directory, &distinguished_name)?, find(directory, &member)?);
                directory.remove_member(group, member, now).map_err(|error| refused(&error))?;
                Ok(group)
            }
            Self::SetReadable { distinguished_name, readable } => {
                let guid = find(directory, &distinguished_name)?;
                directory.set_readable(guid, readable);
                Ok(guid)
            }
            Self::SetConsistencyGuid { distinguished_name, consistency_guid } => {
                let guid = find(directory, &distinguished_name)?;
                let done = match consistency_guid {
                    Some(new) => {
                        let mut values = Attributes::new();
                        values.put(CONSISTENCY_GUID, Value::Binary(new.to_bytes_le().to_vec()));
                        directory.modify(guid, values, &[], now)
                    }
                    None => directory.modify(guid, Attributes::new(), &[CONSISTENCY_GUID], now),
                };
                done.map_err(|error| refused(&error))?;
                Ok(guid)
            }
            Self::DeleteTree { distinguished_name: dn } | Self::DeleteMany { below: dn, .. } => {
                find(directory, &dn)
            }
        }
    }
}

/// Where Connect keeps the source anchor of a person.
const CONSISTENCY_GUID: &str = "mS-DS-ConsistencyGuid";

fn refused(error: &DirectoryError) -> ActError {
    ActError::Refused(error.to_string())
}

fn parse_class(class: &str) -> Result<ObjectClass, ActError> {
    ObjectClass::parse(class).ok_or_else(|| ActError::BadRequest(format!("there is no object class {class}")))
}

/// Objects at and below a name, by name.
fn guids(
    directory: &Directory,
    below: &DistinguishedName,
    wanted: impl Fn(&DirectoryObject) -> bool,
) -> Vec<Uuid> {
    directory.under(below).filter(|object| wanted(object)).map(|object| object.guid).collect()
}

fn delete_all(directory: &mut Directory, doomed: Vec<Uuid>, now: Timestamp) -> Result<Done, ActError> {
    for guid in &doomed {
        directory.delete(*guid, now).map_err(|error| refused(&error))?;
    }
    Ok(Done::Objects { object_guids: doomed })
}

fn find(directory: &Directory, dn: &DistinguishedName) -> Result<Uuid, ActError> {
    directory
        .by_dn(dn)
        .map(|object| object.guid)
        .ok_or_else(|| ActError::NotFound { what: "object", name: dn.to_string() })
}

fn values(directory: &Directory, given: BTreeMap<String, Vec<Given>>) -> Result<Attributes, ActError> {
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

fn value(directory: &Directory, link: bool, given: Given) -> Result<Value, ActError> {
    match given {
        Given::Text(name) if link => {
            let dn: DistinguishedName =
                name.parse().map_err(|error: crate::dn::DnError| ActError::BadRequest(error.to_string()))?;
            find(directory, &dn).map(Value::Reference)
        }
        other => Ok(other.into_plain_value()),
    }
}
