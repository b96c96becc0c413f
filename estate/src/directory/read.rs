//! Reading the directory: by identifier, by name, below a base, by update number.

use std::ops::Bound;

use uuid::Uuid;

use super::{Directory, DirectoryObject, Domain, LinkAttribute};
use crate::dn::DistinguishedName;

impl Directory {
    /// An object by `objectGUID`, deleted ones included.
    pub fn get(&self, guid: Uuid) -> Option<&DirectoryObject> {
        self.objects.get(&guid)
    }

    /// An object that is not deleted.
    pub fn alive(&self, guid: Uuid) -> Option<&DirectoryObject> {
        self.get(guid).filter(|object| object.is_alive())
    }

    /// The object of that name, deleted ones excluded.
    pub fn by_dn(&self, dn: &DistinguishedName) -> Option<&DirectoryObject> {
        self.by_name.get(dn).and_then(|guid| self.get(*guid))
    }

    /// All objects that are not deleted, containers included, by name (a container before its content).
    pub fn iter(&self) -> impl Iterator<Item = &DirectoryObject> {
        self.by_name.values().filter_map(|guid| self.get(*guid))
    }

    /// `base` and everything below it in its domain, deleted objects excluded, by name. Empty if there is no such base.
    /// Child domains are other domains, although their names lie below.
    pub fn under<'a>(&'a self, base: &'a DistinguishedName) -> impl Iterator<Item = &'a DirectoryObject> {
        self.by_name
            .range((Bound::Included(base), Bound::Unbounded))
            .take_while(move |(dn, _)| dn.is_under(base))
            .filter(move |(dn, _)| dn.same_domain(base))
            .filter_map(|(_, guid)| self.get(*guid))
    }

    /// Deleted objects of a domain (recycle bin).
    pub fn deleted<'a>(&'a self, domain: &'a Domain) -> impl Iterator<Item = &'a DirectoryObject> {
        self.objects.values().filter(move |object| !object.is_alive() && object.dn.same_domain(&domain.dn))
    }

    /// Objects of a domain whose `uSNChanged` is above `usn`, deleted ones included, by update number. Objects that only
    /// got a new name because a container above them was renamed are not among them.
    pub fn changed_since<'a>(
        &'a self,
        domain: &'a Domain,
        usn: u64,
    ) -> impl Iterator<Item = &'a DirectoryObject> {
        let index = self.domains.iter().position(|held| held.dn == domain.dn);
        index
            .and_then(|at| self.by_usn.get(at))
            .into_iter()
            .flat_map(move |sequence| sequence.range((Bound::Excluded(usn), Bound::Unbounded)))
            .filter_map(|(_, guid)| self.get(*guid))
    }

    /// Objects that link to `target`.
    pub fn linked_from(&self, target: Uuid, link: LinkAttribute) -> impl Iterator<Item = Uuid> + '_ {
        self.back_links
            .get(&target)
            .into_iter()
            .flatten()
            .filter(move |(_, attribute)| *attribute == link)
            .map(|(holder, _)| *holder)
    }

    /// Whether the provisioning agents may read the object: no container above it is closed to them.
    pub fn is_readable(&self, object: &DirectoryObject) -> bool {
        if self.unreadable.is_empty() {
            return true;
        }
        let mut at = Some(object.dn.clone());
        while let Some(dn) = at {
            if self.by_name.get(&dn).is_some_and(|guid| self.unreadable.contains(guid)) {
                return false;
            }
            at = dn.parent();
        }
        true
    }

    /// The object's name as links print it; none if it is gone.
    pub fn name_of(&self, guid: Uuid) -> Option<String> {
        self.alive(guid).map(|object| object.dn.to_string())
    }
}
