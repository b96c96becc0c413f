//! Which cloud object belongs to a listed one, and in what they differ. Pure; shared by comparison and prediction.

use std::collections::HashMap;

use crate::cloud::{CloudIndex, CloudObject, comparable};
use crate::compare::Class;
use crate::digest::{AttributeDigest, Memberships};
use crate::key::{ObjectKey, ObjectType};
use crate::listing::{ListedObject, ScopeListing};

/// The name under which memberships are counted.
pub(crate) const MEMBERS: &str = "members";

/// The name under which managers are counted.
pub(crate) const MANAGER: &str = "manager";

/// The name under which the loss of synchronisation is counted.
pub(crate) const SYNCHRONISED: &str = "onPremisesSyncEnabled";

/// What the tenant holds for a listed object.
pub(crate) enum Match<'a> {
    /// It has no key that both sides show.
    Unkeyed,
    /// Nothing.
    Nothing,
    /// One object with its key.
    One(&'a CloudObject),
    /// Several objects with its key.
    Several(Vec<&'a CloudObject>),
    /// An object that is the same by the anchor Connect exported or by its security identifier, under another anchor.
    OtherAnchor(&'a CloudObject),
}

pub(crate) fn find<'a>(object: &ListedObject, cloud: &'a CloudIndex) -> Match<'a> {
    if !object.key.is_keyed() {
        return Match::Unkeyed;
    }
    let found: Vec<&CloudObject> = cloud.find(&object.key).collect();
    match found.as_slice() {
        [only] => Match::One(only),
        [] => cloud
            .find_otherwise(object.exported_anchor.as_ref(), object.security_identifier.as_ref())
            .map_or(Match::Nothing, Match::OtherAnchor),
        _ => Match::Several(found),
    }
}

/// Keys that several objects of the listing have: a copied `mS-DS-ConsistencyGuid`, or two contacts with one address.
pub(crate) fn doubled_keys(listing: &ScopeListing) -> HashMap<&ObjectKey, usize> {
    let mut counts: HashMap<&ObjectKey, usize> = HashMap::with_capacity(listing.objects.len());
    for object in listing.objects.iter().filter(|object| object.key.is_keyed()) {
        *counts.entry(&object.key).or_default() += 1;
    }
    counts.retain(|_, count| *count > 1);
    counts
}

pub(crate) fn class_of_doubled(object: &ListedObject) -> Class {
    if object.object_type == ObjectType::Contact { Class::Unkeyed } else { Class::Anchor }
}

/// One difference between what is written and what is there.
pub(crate) struct Difference {
    /// The attribute.
    pub(crate) name: String,
    /// Whether the cloud's value would be cleared.
    pub(crate) cleared: bool,
}

/// The result of comparing one object.
#[derive(Default)]
pub(crate) struct Compared {
    pub(crate) count: u64,
    pub(crate) differences: Vec<Difference>,
    pub(crate) not_comparable: Vec<String>,
}

impl Compared {
    fn add(&mut self, name: &str, written: AttributeDigest, found: Option<AttributeDigest>) {
        let Some(found) = found else {
            self.not_comparable.push(name.to_owned());
            return;
        };
        self.count += 1;
        if written != found {
            let cleared = written == AttributeDigest::Absent;
            self.differences.push(Difference { name: name.to_owned(), cleared });
        }
    }
}

/// Compares every attribute of the listing, members and manager with the cloud object.
pub(crate) fn differences(object: &ListedObject, found: &CloudObject, cloud: &CloudIndex) -> Compared {
    let mut compared = Compared::default();
    for (name, written) in &object.attributes {
        let there =
            comparable(object.object_type, name).and_then(|property| found.attributes.get(property.target));
        compared.add(name, *written, there.copied());
    }
    compared.not_comparable.extend(object.unpredictable.iter().cloned());
    if let Some(written) = object.manager {
        compared.add(MANAGER, written, cloud.manager(found));
    }
    if let Some(written) = object.members {
        match cloud.members(found) {
            None => compared.not_comparable.push(MEMBERS.to_owned()),
            Some(there) => match written.against(&there) {
                Memberships::Same => compared.count += 1,
                Memberships::Differ => {
                    compared.count += 1;
                    let cleared = written.total() == 0;
                    compared.differences.push(Difference { name: MEMBERS.to_owned(), cleared });
                }
                Memberships::Undecided => compared.not_comparable.push(MEMBERS.to_owned()),
            },
        }
    }
    if found.synchronised == Some(false) {
        compared.differences.push(Difference { name: SYNCHRONISED.to_owned(), cleared: false });
    }
    compared
}
