//! One object of the tenant, read from Microsoft Graph. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::property::comparable_properties;
use crate::anchor::SourceAnchor;
use crate::digest::{AttributeDigest, DigestKey};
use crate::key::{Marks, ObjectKey, ObjectType, SecurityIdentifier};

/// Why a Graph object cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// The object has no `id`.
    #[error("expected a Graph {object_type} with an id, found none; select id")]
    NoId {
        /// What was read.
        object_type: &'static str,
    },
    /// A later entry of another object was given.
    #[error("expected a change of object {expected}, found one of {found}")]
    OtherObject {
        /// This object's id.
        expected: String,
        /// The id of the change.
        found: String,
    },
}

/// An object of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudObject {
    /// What it is matched by.
    pub key: ObjectKey,
    /// What kind of object it is.
    pub object_type: ObjectType,
    /// Its object id in the tenant.
    pub id: String,
    /// Its anchor, where Graph shows one (users).
    pub anchor: Option<SourceAnchor>,
    /// Its security identifier.
    pub security_identifier: Option<SecurityIdentifier>,
    /// `onPremisesSyncEnabled`; null counts as false (Microsoft Graph: never synchronised); `None` where it was not
    /// selected.
    pub synchronised: Option<bool>,
    /// By target attribute; an attribute whose property was not in the answer is not here.
    pub attributes: BTreeMap<String, AttributeDigest>,
    /// Object ids of the members; `None` where they were not read.
    pub member_ids: Option<BTreeSet<String>>,
    /// Object id of the manager: `Some(None)` where it was read and there is none.
    pub manager_id: Option<Option<String>>,
}

impl CloudObject {
    /// Reads a user, group or contact from an answer of Microsoft Graph: a list, a single object or a delta page.
    ///
    /// A user whose anchor, or a group whose security identifier, is absent has no key: it was not synchronised, or
    /// the property was not selected.
    ///
    /// # Errors
    /// [`CloudError::NoId`] where it has no id.
    pub fn from_graph(object_type: ObjectType, json: &Json, key: &DigestKey) -> Result<Self, CloudError> {
        let object_type = object_type.in_cloud();
        let id = id(object_type, json)?;
        let mut object = Self {
            key: ObjectKey::Unkeyed(id.clone()),
            object_type,
            id,
            anchor: None,
            security_identifier: None,
            synchronised: None,
            attributes: BTreeMap::new(),
            member_ids: None,
            manager_id: None,
        };
        object.apply(json, key);
        Ok(object)
    }

    /// Applies a later entry of a delta answer: properties that it holds replace, others stay. The same entry may be
    /// applied again.
    ///
    /// # Errors
    /// [`CloudError`] where the entry has no id or another object's.
    pub fn update(&mut self, json: &Json, key: &DigestKey) -> Result<(), CloudError> {
        let found = id(self.object_type, json)?;
        if found != self.id {
            return Err(CloudError::OtherObject { expected: self.id.clone(), found });
        }
        self.apply(json, key);
        Ok(())
    }

    /// Says that members and managers were asked for ([`super::select_with_references`]): an answer leaves them out
    /// where there are none. Without having asked this would turn "not read" into "none".
    pub fn references_were_selected(&mut self) {
        match self.object_type {
            ObjectType::User | ObjectType::InetOrgPerson => {
                self.manager_id.get_or_insert(None);
            }
            ObjectType::Group => {
                self.member_ids.get_or_insert_default();
            }
            ObjectType::Contact => {}
        }
    }

    fn apply(&mut self, json: &Json, key: &DigestKey) {
        if let Some(value) = json.get("onPremisesImmutableId") {
            self.anchor = value.as_str().and_then(|text| SourceAnchor::parse(text).ok());
        }
        if let Some(value) = json.get("onPremisesSecurityIdentifier") {
            self.security_identifier = value.as_str().and_then(|text| SecurityIdentifier::parse(text).ok());
        }
        if let Some(value) = json.get("onPremisesSyncEnabled") {
            self.synchronised = Some(value.as_bool().unwrap_or(false));
        }
        for property in comparable_properties(self.object_type) {
            if let Some(values) = property.read(json) {
                self.attributes.insert(property.target.to_owned(), key.attribute(property.target, &values));
            }
        }
        self.apply_members(json);
        self.apply_manager(json);
        // A contact's key is made of a property that is kept as a digest only: without it the key stays.
        if self.object_type != ObjectType::Contact || json.get("mail").is_some() {
            let marks = Marks {
                anchor: self.anchor.as_ref(),
                security_identifier: self.security_identifier.as_ref(),
                mail: json.get("mail").and_then(Json::as_str),
            };
            self.key = ObjectKey::of(self.object_type, &marks, &self.id, key);
        }
    }

    /// `members` is the whole list (`$expand`), `members@delta` a change.
    fn apply_members(&mut self, json: &Json) {
        if let Some(whole) = json.get("members").and_then(Json::as_array) {
            self.member_ids = Some(whole.iter().filter_map(reference).map(|(id, _)| id).collect());
        }
        if let Some(changes) = json.get("members@delta").and_then(Json::as_array) {
            let members = self.member_ids.get_or_insert_default();
            for (id, removed) in changes.iter().filter_map(reference) {
                if removed {
                    members.remove(&id);
                } else {
                    members.insert(id);
                }
            }
        }
    }

    fn apply_manager(&mut self, json: &Json) {
        if let Some(manager) = json.get("manager") {
            self.manager_id = Some(reference(manager).map(|(id, _)| id));
        }
        if let Some(changes) = json.get("manager@delta").and_then(Json::as_array) {
            let manager = changes.iter().filter_map(reference).rfind(|(_, removed)| !removed);
            self.manager_id = Some(manager.map(|(id, _)| id));
        }
    }
}

fn id(object_type: ObjectType, json: &Json) -> Result<String, CloudError> {
    json.get("id")
        .and_then(Json::as_str)
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .ok_or(CloudError::NoId { object_type: object_type.directory_class() })
}

fn reference(json: &Json) -> Option<(String, bool)> {
    let id = json.get("id").and_then(Json::as_str)?;
    Some((id.to_owned(), json.get("@removed").is_some()))
}
