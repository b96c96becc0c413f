//! The directory: one Active Directory forest in memory, with any number of domains. Pure.
//!
//! Each domain has one domain controller and so one sequence of update numbers. Links (`member`, `manager`) are held by
//! `objectGUID` and follow renames; deleting an object removes the links to it. Renaming a unit changes the names of
//! everything below it without touching their `uSNChanged`, as in the real directory.

mod change;
mod event;
mod object;
mod read;
#[cfg(test)]
mod tests;

pub use event::{DirectoryChange, DirectoryError, NewObject};
pub use object::{DirectoryObject, ObjectClass, Password, anchor_of};

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Identifiers;
use crate::dn::DistinguishedName;

/// The forest.
#[derive(Debug, Clone)]
pub struct Directory {
    domains: Vec<Domain>,
    objects: BTreeMap<Uuid, DirectoryObject>,
    by_name: BTreeMap<DistinguishedName, Uuid>,
    /// Groups and users that link to an object: target → (holder, attribute).
    back_links: BTreeMap<Uuid, BTreeSet<(Uuid, LinkAttribute)>>,
    /// For each domain by index: update number → object; only the latest number of each object.
    by_usn: Vec<BTreeMap<u64, Uuid>>,
    /// Units whose content the provisioning agents may not read.
    unreadable: BTreeSet<Uuid>,
    identifiers: Identifiers,
    changes: Vec<DirectoryChange>,
}

/// Link attributes that the forest keeps consistent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the directory's own")]
pub enum LinkAttribute {
    Member,
    Manager,
    ManagedBy,
}

impl LinkAttribute {
    /// The directory's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Manager => "manager",
            Self::ManagedBy => "managedBy",
        }
    }

    /// The link of that name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Member, Self::Manager, Self::ManagedBy]
            .into_iter()
            .find(|l| l.as_str().eq_ignore_ascii_case(name))
    }
}

/// One domain of the forest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Domain {
    /// `DC=contoso,DC=com`.
    pub dn: DistinguishedName,
    /// `contoso.com`.
    pub dns_name: String,
    /// `CONTOSO`.
    pub netbios_name: String,
    /// First part of every `objectSid`: the three sub-authorities of the domain.
    pub sid: [u32; 3],
    highest_usn: u64,
    next_rid: u32,
}

impl Domain {
    /// `highestCommittedUSN` of its domain controller.
    pub fn highest_committed_usn(&self) -> u64 {
        self.highest_usn
    }
}

impl Directory {
    /// A forest whose first domain is its root; each further name is one more domain of it. Each domain comes with its
    /// head, `CN=Users` and `CN=Computers`.
    pub fn new(domains: &[&str], seed: u64, now: Timestamp) -> Self {
        let mut forest = Self {
            domains: Vec::new(),
            objects: BTreeMap::new(),
            by_name: BTreeMap::new(),
            back_links: BTreeMap::new(),
            by_usn: Vec::new(),
            unreadable: BTreeSet::new(),
            identifiers: Identifiers::new(seed),
            changes: Vec::new(),
        };
        for dns in domains {
            forest.add_domain(dns, now);
        }
        forest
    }

    /// The domains, the forest's root first.
    pub fn domains(&self) -> &[Domain] {
        &self.domains
    }

    /// DNS name of the forest: that of its first domain.
    pub fn forest_name(&self) -> &str {
        self.domains.first().map_or("", |domain| &domain.dns_name)
    }

    /// The domain that a name lies in.
    pub fn domain_of(&self, dn: &DistinguishedName) -> Option<&Domain> {
        let head = dn.domain();
        self.domains.iter().find(|domain| domain.dn == head)
    }

    /// Takes the changes that happened since the last call, oldest first: what the judge records of the directory.
    pub fn take_changes(&mut self) -> Vec<DirectoryChange> {
        std::mem::take(&mut self.changes)
    }
}
