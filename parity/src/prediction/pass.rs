//! The pass over the listing. Pure.

use std::collections::{BTreeSet, HashMap, HashSet};

use sha2::{Digest as _, Sha256};

use super::Prediction;
use crate::cloud::{CloudIndex, CloudObject, comparable};
use crate::compare::Class;
use crate::digest::hex;
use crate::finding::absorb;
use crate::key::{ObjectKey, SecurityIdentifier};
use crate::listing::{ListedObject, ScopeListing};
use crate::mapping::Disposition;
use crate::matching::{self, Match};

pub(super) fn run(listing: &ScopeListing, cloud: &CloudIndex, served: &BTreeSet<ObjectKey>) -> Prediction {
    let own =
        listing.objects.iter().filter(|object| !object.critical && object.disposition.may_be_provisioned());
    let held = own.map(|object| &object.key).chain(served).collect();
    let mut pass = Pass { cloud, held, hash: Sha256::new(), prediction: Prediction::default() };
    let doubled = matching::doubled_keys(listing);
    // In the order of keys: the digest must not depend on the order in which a server returned its objects.
    let mut objects: Vec<&ListedObject> = listing.objects.iter().collect();
    objects.sort_by_key(|object| (&object.key, object.distinguished_name));
    for object in objects {
        pass.object(object, &doubled);
    }
    pass.prediction.digest = hex(&pass.hash.finalize());
    pass.prediction
}

struct Pass<'a> {
    cloud: &'a CloudIndex,
    /// What the job will know: the scope's objects and those that it serves already.
    held: HashSet<&'a ObjectKey>,
    hash: Sha256,
    prediction: Prediction,
}

impl Pass<'_> {
    fn object(&mut self, object: &ListedObject, doubled: &HashMap<&ObjectKey, usize>) {
        self.prediction.objects += 1;
        if !self.would_be_provisioned(object) {
            return;
        }
        if doubled.contains_key(&object.key) {
            match matching::class_of_doubled(object) {
                Class::Unkeyed => self.unkeyed(object),
                _ => self.anchor_mismatch(object),
            }
            return;
        }
        match matching::find(object, self.cloud) {
            Match::Unkeyed | Match::Several(_) => self.unkeyed(object),
            Match::OtherAnchor(_) => self.anchor_mismatch(object),
            Match::Nothing if object.has_anchor_mismatch() => self.anchor_mismatch(object),
            Match::Nothing if object.created_recently => self.prediction.joiners.add(&object.key),
            Match::Nothing => self.creation(object),
            Match::One(found) => self.existing(object, found),
        }
    }

    /// Whether the job would touch the object; notes what is left out and why.
    fn would_be_provisioned(&mut self, object: &ListedObject) -> bool {
        let left_out =
            object.critical || matches!(object.disposition, Disposition::OutOfScope | Disposition::NotMapped);
        if object.critical {
            self.prediction.critical_skipped += 1;
        }
        if left_out {
            if object.exported {
                self.prediction.unserved.add(&object.key);
                self.note("unserved", &object.key, "");
            }
            return false;
        }
        if matches!(object.disposition, Disposition::Unpredictable { .. }) {
            self.prediction.scope_unpredictable.add(&object.key);
            self.note("scopeUnpredictable", &object.key, "");
        }
        true
    }

    fn existing(&mut self, object: &ListedObject, found: &CloudObject) {
        if object.has_anchor_mismatch() {
            self.anchor_mismatch(object);
        }
        if !object.exported && found.synchronised == Some(false) {
            self.prediction.takeovers.add(&object.key);
            self.note("takeovers", &object.key, "");
        }
        let compared = matching::differences(object, found, self.cloud);
        for name in compared.not_comparable {
            let is_reference = name == matching::MEMBERS || name == matching::MANAGER;
            // What Graph does not show can neither surprise nor reassure, predictable or not. It does show references: one
            // that was not read, or that points to something without a key, is undecided.
            if is_reference
                || object.unpredictable.contains(&name) && comparable(object.object_type, &name).is_some()
            {
                self.unpredictable(object, name);
            } else {
                *self.prediction.not_comparable.entry(name).or_default() += 1;
            }
        }
        let mut changed = false;
        for difference in compared.differences {
            // That an object is not synchronised yet is what a takeover is about, no value of an attribute.
            if difference.name == matching::SYNCHRONISED {
                continue;
            }
            // Connect may be about to export what differs.
            if object.changed_recently {
                self.unpredictable(object, difference.name);
                continue;
            }
            let (class, by_name) = if difference.cleared {
                ("nulls", &mut self.prediction.nulls)
            } else {
                ("changes", &mut self.prediction.changes)
            };
            by_name.entry(difference.name.clone()).or_default().add(&object.key);
            self.note(class, &object.key, &difference.name);
            changed = true;
        }
        self.prediction.changed_objects += u64::from(changed);
        self.references(object, found);
    }

    /// References to users and groups that the job does not know, and to those of other domains.
    fn references(&mut self, object: &ListedObject, found: &CloudObject) {
        let name = match (object.members.is_some(), object.manager.is_some()) {
            (true, _) => matching::MEMBERS,
            (_, true) => matching::MANAGER,
            // The mapping leaves them alone.
            (false, false) => return,
        };
        let outside = |to: &&CloudObject| to.key.is_of_user_or_group() && !self.held.contains(&to.key);
        let (abroad, near): (Vec<_>, Vec<_>) =
            self.cloud.referred(found).filter(outside).partition(|to| is_of_another_domain(found, to));
        if !near.is_empty() {
            self.prediction.outside_references.entry(name.to_owned()).or_default().add(&object.key);
            self.note("outsideReferences", &object.key, name);
        }
        if !abroad.is_empty() {
            self.prediction.cross_domain_references.entry(name.to_owned()).or_default().add(&object.key);
            self.note("crossDomainReferences", &object.key, name);
        }
    }

    fn unpredictable(&mut self, object: &ListedObject, name: String) {
        self.note("unpredictable", &object.key, &name);
        *self.prediction.unpredictable.entry(name).or_default() += 1;
    }

    fn creation(&mut self, object: &ListedObject) {
        self.prediction.creations.add(&object.key);
        if object.enabled == Some(true) {
            self.prediction.creations_enabled += 1;
        }
        self.note("creations", &object.key, "");
    }

    fn anchor_mismatch(&mut self, object: &ListedObject) {
        self.prediction.anchor_mismatches.add(&object.key);
        self.note("anchorMismatches", &object.key, "");
    }

    fn unkeyed(&mut self, object: &ListedObject) {
        self.prediction.unkeyed.add(&object.key);
        self.note("unkeyed", &object.key, "");
    }

    /// Notes something that needs approval.
    fn note(&mut self, class: &str, key: &ObjectKey, attribute: &str) {
        self.prediction.findings.add(class, key, attribute);
        absorb(&mut self.hash, &[class, &key.to_string(), attribute]);
    }
}

/// Whether both are known to be of a domain, and not of the same. What cannot be told counts as the own domain: the careful side.
fn is_of_another_domain(one: &CloudObject, other: &CloudObject) -> bool {
    let domain = |object: &CloudObject| {
        object.security_identifier.as_ref().and_then(SecurityIdentifier::domain).map(str::to_owned)
    };
    matches!((domain(one), domain(other)), (Some(one), Some(other)) if one != other)
}
