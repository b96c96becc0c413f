//! Which objects a job serves: its effective scope, and where one object stands in it.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::schema::{CompiledSchema, ObjectMapping};
use crate::directory::{Directory, DirectoryObject, LinkAttribute};
use crate::dn::DistinguishedName;
use crate::modes::RenamedUnit;

/// The scope as the service works with it: taken from the document at a start or restart, and not a moment earlier.
#[derive(Debug, Clone, Default)]
pub(super) struct EffectiveScope {
    /// The document it was taken from.
    pub(super) schema: CompiledSchema,
    /// When it was taken.
    pub(super) taken_at: Timestamp,
    /// Since when the whole domain is in scope; absent = it is not.
    whole_since: Option<Timestamp>,
    containers: Vec<Entry>,
    groups: Vec<Entry>,
}

/// One container or group of the scope.
#[derive(Debug, Clone)]
struct Entry {
    dn: DistinguishedName,
    /// Found by name when it was new; a rename later goes unnoticed until a restart (see [`RenamedUnit`]). Source: Microsoft,
    /// cloud sync prerequisites.
    id: Option<Uuid>,
    since: Timestamp,
}

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// In scope, since then.
    InScope(Timestamp),
    /// Out of scope: another container, filtered, critical system object, no mapping.
    OutOfScope,
    /// The agent may not read it.
    Unreadable,
    /// Deleted or never there.
    Gone,
}

impl EffectiveScope {
    /// Takes a document over; entries that were there before keep their time and their object.
    pub(super) fn take(
        schema: CompiledSchema,
        before: Option<&Self>,
        directory: &Directory,
        renamed: RenamedUnit,
        now: Timestamp,
    ) -> Self {
        let follows = renamed == RenamedUnit::Followed;
        let entries = |names: &[DistinguishedName], old: &[Entry]| {
            let entry = |dn: &DistinguishedName| {
                let held = old.iter().find(|entry| entry.dn == *dn);
                let found = directory.by_dn(dn).map(|object| object.guid);
                Entry {
                    dn: dn.clone(),
                    id: found.or(held.filter(|_| follows).and_then(|entry| entry.id)),
                    since: held.map_or(now, |entry| entry.since),
                }
            };
            names.iter().map(entry).collect()
        };
        let whole_since =
            schema.is_whole_domain().then(|| before.and_then(|old| old.whole_since).unwrap_or(now));
        Self {
            whole_since,
            containers: entries(&schema.containers, before.map_or(&[], |old| &old.containers)),
            groups: entries(&schema.groups, before.map_or(&[], |old| &old.groups)),
            taken_at: now,
            schema,
        }
    }

    /// Where an object of the job's domain stands.
    pub(super) fn standing(&self, directory: &Directory, domain: &DistinguishedName, id: Uuid) -> Standing {
        let Some(object) = directory.alive(id).filter(|object| object.dn.same_domain(domain)) else {
            return Standing::Gone;
        };
        if !directory.is_readable(object) {
            return Standing::Unreadable;
        }
        match self.since(directory, object) {
            Some(since) if self.admits(object) => Standing::InScope(since),
            _ => Standing::OutOfScope,
        }
    }

    fn admits(&self, object: &DirectoryObject) -> bool {
        !object.is_critical() && self.mapping(object).is_some_and(|mapping| mapping.admits(object))
    }

    /// The mapping that an object goes through.
    pub(super) fn mapping(&self, object: &DirectoryObject) -> Option<&ObjectMapping> {
        self.schema.mapping(object.class)
    }

    /// Since when the filters include an object; none = they do not.
    fn since(&self, directory: &Directory, object: &DirectoryObject) -> Option<Timestamp> {
        let in_container = self.containers.iter().filter(|entry| {
            let container = entry.id.and_then(|id| directory.alive(id));
            container.is_some_and(|container| {
                object.dn.is_under(&container.dn) && object.dn.same_domain(&container.dn)
            })
        });
        // Group scopes take first-level members only, and not the group's own content below that.
        let in_group = self.groups.iter().filter(|entry| {
            entry.id.is_some_and(|group| {
                directory.linked_from(object.guid, LinkAttribute::Member).any(|id| id == group)
            })
        });
        in_container.chain(in_group).map(|entry| entry.since).chain(self.whole_since).min()
    }

    /// Objects of the domain that the agent can read and that are in scope, by name.
    pub(super) fn content(&self, directory: &Directory, domain: &DistinguishedName) -> Vec<Uuid> {
        let found = directory.under(domain).filter(|object| !object.class.is_container());
        found
            .map(|object| object.guid)
            .filter(|id| matches!(self.standing(directory, domain, *id), Standing::InScope(_)))
            .collect()
    }
}
