//! The pass over both sides. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Class, CompareOptions, OrphanSearch, ParityReport};
use crate::cloud::{CloudIndex, CloudObject};
use crate::finding::FindingSet;
use crate::key::{ObjectKey, ObjectType};
use crate::listing::{ListedObject, ScopeListing};
use crate::matching::{self, Difference, Match};

pub(super) fn run(listing: &ScopeListing, cloud: &CloudIndex, options: &CompareOptions) -> ParityReport {
    let mut pass = Pass {
        cloud,
        options,
        seen: HashSet::new(),
        report: ParityReport {
            epoch: listing.epoch,
            objects: 0,
            attributes: 0,
            classes: BTreeMap::new(),
            by_attribute: BTreeMap::new(),
            not_comparable: BTreeMap::new(),
            findings: FindingSet::default(),
        },
    };
    let doubled = matching::doubled_keys(listing);
    for object in &listing.objects {
        pass.object(object, &doubled);
    }
    pass.orphans(listing);
    pass.report
}

struct Pass<'a> {
    cloud: &'a CloudIndex,
    options: &'a CompareOptions,
    /// Ids of the cloud objects that belong to an object of the listing.
    seen: HashSet<&'a str>,
    report: ParityReport,
}

impl<'a> Pass<'a> {
    fn object(&mut self, object: &'a ListedObject, doubled: &HashMap<&ObjectKey, usize>) {
        self.report.objects += 1;
        let expected = self.options.expectation.covers(object);
        if doubled.contains_key(&object.key) {
            // Two directory objects would fight over one cloud object: nothing further can be said of either.
            self.seen.extend(self.cloud.find(&object.key).map(|found| found.id.as_str()));
            self.find(matching::class_of_doubled(object), &object.key, "");
            return;
        }
        match matching::find(object, self.cloud) {
            Match::Unkeyed if expected => self.find(Class::Unkeyed, &object.key, ""),
            Match::Nothing if expected && !object.created_recently => {
                self.find(Class::Missing, &object.key, "");
            }
            Match::Unkeyed | Match::Nothing => {}
            Match::OtherAnchor(found) => {
                self.seen.insert(&found.id);
                if expected {
                    self.find(Class::Anchor, &object.key, "");
                }
            }
            Match::Several(found) => {
                self.seen.extend(found.iter().map(|found| found.id.as_str()));
                let class =
                    if object.object_type == ObjectType::Contact { Class::Unkeyed } else { Class::Extra };
                self.find(class, &object.key, "");
            }
            Match::One(found) => {
                self.seen.insert(&found.id);
                self.matched(object, found, expected);
            }
        }
    }

    fn matched(&mut self, object: &ListedObject, found: &CloudObject, expected: bool) {
        if !expected {
            if found.synchronised == Some(true) {
                self.find(Class::Extra, &object.key, "");
            }
            return;
        }
        if object.has_anchor_mismatch() {
            self.find(Class::Anchor, &object.key, "");
        }
        let compared = matching::differences(object, found, self.cloud);
        self.report.attributes += compared.count;
        for name in compared.not_comparable {
            // Graph shows references: one that cannot be compared is not simply out of sight.
            if name == matching::MEMBERS || name == matching::MANAGER {
                self.find(Class::Unkeyed, &object.key, &name);
            }
            *self.report.not_comparable.entry(name).or_default() += 1;
        }
        let mut attribute = false;
        for Difference { name, .. } in compared.differences {
            if name == matching::MEMBERS {
                self.find(Class::Membership, &object.key, "");
            } else {
                attribute = true;
                self.report.findings.add(Class::Attribute.name(), &object.key, &name);
            }
            *self.report.by_attribute.entry(name).or_default() += 1;
        }
        if attribute {
            // The fingerprints are by attribute, the count is by object.
            self.report.classes.entry(Class::Attribute).or_default().add(&object.key);
        }
    }

    fn orphans(&mut self, listing: &'a ScopeListing) {
        let orphans: Vec<&CloudObject> = match &self.options.orphans {
            OrphanSearch::Off => return,
            OrphanSearch::Among(keys) => {
                let listed: HashSet<&ObjectKey> = listing.objects.iter().map(|object| &object.key).collect();
                keys.iter()
                    .filter(|key| !listed.contains(key))
                    .flat_map(|key| self.cloud.find(key))
                    .filter(|found| {
                        found.synchronised != Some(false) && !self.seen.contains(found.id.as_str())
                    })
                    .collect()
            }
            OrphanSearch::WholeTenant { elsewhere } => self
                .cloud
                .objects()
                .filter(|found| found.synchronised == Some(true) && !self.seen.contains(found.id.as_str()))
                .filter(|found| !elsewhere.contains(&found.key))
                .collect(),
        };
        for orphan in orphans {
            // Without a key nobody can say whether its source is gone.
            let class = if orphan.key.is_keyed() { Class::Orphan } else { Class::Unkeyed };
            self.find(class, &orphan.key, "");
        }
    }

    fn find(&mut self, class: Class, key: &ObjectKey, attribute: &str) {
        self.report.classes.entry(class).or_default().add(key);
        self.report.findings.add(class.name(), key, attribute);
    }
}
