//! The tenant's objects, found by key. Pure.

use std::collections::HashMap;

use super::object::CloudObject;
use crate::anchor::SourceAnchor;
use crate::digest::{AttributeDigest, DigestKey, KeyDigest, MembershipDigest};
use crate::key::{ObjectKey, SecurityIdentifier};

/// The tenant's objects, found by key, with references resolved to keys.
#[derive(Debug, Clone)]
pub struct CloudIndex {
    key: DigestKey,
    objects: Vec<CloudObject>,
    by_key: HashMap<ObjectKey, Vec<usize>>,
    by_id: HashMap<String, usize>,
    by_anchor: HashMap<SourceAnchor, usize>,
    by_security_identifier: HashMap<SecurityIdentifier, usize>,
}

impl CloudIndex {
    /// Builds the index. `key` must be the one the objects were digested with. Of two objects with one id the later
    /// one counts.
    pub fn new(key: &DigestKey, objects: impl IntoIterator<Item = CloudObject>) -> Self {
        let mut index = Self {
            key: key.clone(),
            objects: Vec::new(),
            by_key: HashMap::new(),
            by_id: HashMap::new(),
            by_anchor: HashMap::new(),
            by_security_identifier: HashMap::new(),
        };
        for object in objects {
            if let Some(earlier) = index.by_id.get(&object.id).and_then(|at| index.objects.get_mut(*at)) {
                *earlier = object;
            } else {
                index.by_id.insert(object.id.clone(), index.objects.len());
                index.objects.push(object);
            }
        }
        for (at, object) in index.objects.iter().enumerate() {
            if object.key.is_keyed() {
                index.by_key.entry(object.key.clone()).or_default().push(at);
            }
            if let Some(anchor) = &object.anchor {
                index.by_anchor.entry(anchor.clone()).or_insert(at);
            }
            if let Some(identifier) = &object.security_identifier {
                index.by_security_identifier.entry(identifier.clone()).or_insert(at);
            }
        }
        index
    }

    /// [`DigestKey::id`] of the key that made the digests.
    pub fn key_id(&self) -> KeyDigest {
        self.key.id()
    }

    /// How many objects.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// All objects.
    pub fn objects(&self) -> impl Iterator<Item = &CloudObject> {
        self.objects.iter()
    }

    /// The objects with a key; more than one where the tenant holds doubles.
    pub fn find(&self, key: &ObjectKey) -> impl Iterator<Item = &CloudObject> {
        self.by_key.get(key).into_iter().flatten().filter_map(|at| self.objects.get(*at))
    }

    /// The object with an id.
    pub fn by_id(&self, id: &str) -> Option<&CloudObject> {
        self.by_id.get(id).and_then(|at| self.objects.get(*at))
    }

    /// An object that is the same by another mark than its key: the anchor Connect exported, or the security
    /// identifier.
    pub(crate) fn find_otherwise(
        &self,
        anchor: Option<&SourceAnchor>,
        identifier: Option<&SecurityIdentifier>,
    ) -> Option<&CloudObject> {
        let at = anchor
            .and_then(|anchor| self.by_anchor.get(anchor))
            .or_else(|| identifier.and_then(|identifier| self.by_security_identifier.get(identifier)))?;
        self.objects.get(*at)
    }

    /// A group's members as the directory side digests them; `None` where they were not read. Those that are not in the
    /// index (contacts, devices) are counted.
    pub fn members(&self, group: &CloudObject) -> Option<MembershipDigest> {
        let ids = group.member_ids.as_ref()?;
        let unknown: Vec<ObjectKey> =
            ids.iter().filter(|id| self.by_id(id).is_none()).cloned().map(ObjectKey::Unkeyed).collect();
        let known = ids.iter().filter_map(|id| self.by_id(id)).map(|member| &member.key);
        Some(self.key.members(known.chain(&unknown)))
    }

    /// The objects that an object refers to, as far as they are in the index: a group's members, a user's manager.
    pub(crate) fn referred<'a>(&'a self, object: &'a CloudObject) -> impl Iterator<Item = &'a CloudObject> {
        let manager = object.manager_id.iter().flatten();
        object.member_ids.iter().flatten().chain(manager).filter_map(|id| self.by_id(id))
    }

    /// A user's manager as the directory side digests it; `None` where it was not read or is not in the index.
    pub fn manager(&self, user: &CloudObject) -> Option<AttributeDigest> {
        match user.manager_id.as_ref()? {
            None => Some(AttributeDigest::Absent),
            Some(id) => self.by_id(id).map(|manager| self.key.reference(Some(&manager.key))),
        }
    }
}
