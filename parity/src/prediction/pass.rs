//! The pass over the listing. Pure.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::Prediction;
use crate::cloud::{CloudIndex, CloudObject, comparable};
use crate::compare::Class;
use crate::digest::hex;
use crate::finding::absorb;
use crate::key::ObjectKey;
use crate::listing::{ListedObject, ScopeListing};
use crate::mapping::Disposition;
use crate::matching::{self, Match};

pub(super) fn run(listing: &ScopeListing, cloud: &CloudIndex) -> Prediction {
    let mut pass = Pass { cloud, hash: Sha256::new(), prediction: Prediction::default() };
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
            // What Graph does not show can neither surprise nor reassure, predictable or not.
            if object.unpredictable.contains(&name) && comparable(object.object_type, &name).is_some() {
                self.note("unpredictable", &object.key, &name);
                *self.prediction.unpredictable.entry(name).or_default() += 1;
            } else {
                *self.prediction.not_comparable.entry(name).or_default() += 1;
            }
        }
        for difference in compared.differences {
            // That an object is not synchronised yet is what a takeover is about, no value of an attribute.
            if difference.name == matching::SYNCHRONISED {
                continue;
            }
            let (class, by_name) = if difference.cleared {
                ("nulls", &mut self.prediction.nulls)
            } else {
                ("changes", &mut self.prediction.changes)
            };
            by_name.entry(difference.name.clone()).or_default().add(&object.key);
            self.note(class, &object.key, &difference.name);
        }
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
