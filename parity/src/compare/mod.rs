//! Do both sides hold the same objects with the same attributes? Pure.
//!
//! One pass over the listing and, for orphans, one over the tenant; every lookup is by hash.

mod baseline;
mod pass;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cloud::CloudIndex;
use crate::digest::KeyDigest;
use crate::finding::{FindingSet, Sampled};
use crate::key::ObjectKey;
use crate::listing::{ListedObject, ScopeListing};
use crate::mapping::Disposition;

pub use baseline::{Delta, against_baseline};

/// Why two sides cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// The digests were made with different keys.
    #[error(
        "expected digests made with key {cloud}, found a listing made with key {listing}; ask the agent for a new listing"
    )]
    KeyDiffers {
        /// The cloud side's key.
        cloud: KeyDigest,
        /// The listing's key.
        listing: KeyDigest,
    },
}

/// The classes of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Expected in the cloud, not there.
    Missing,
    /// Synchronised in the cloud although the engine does not provision it, or there twice.
    Extra,
    /// Gone in the directory, alive in the cloud.
    Orphan,
    /// An attribute differs, the manager among them.
    Attribute,
    /// A group's members differ.
    Membership,
    /// The anchor in the cloud, or the one Connect exported, is not the one Cloud Sync computes; or two objects of the
    /// directory have the same.
    Anchor,
    /// Nothing to match it by, or several objects match; or it refers to something without a key, so that nobody can say
    /// whether its members or its manager are the same.
    Unkeyed,
}

impl Class {
    /// Every class, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::Missing,
        Self::Extra,
        Self::Orphan,
        Self::Attribute,
        Self::Membership,
        Self::Anchor,
        Self::Unkeyed,
    ];

    /// The name that metrics, status and fingerprints use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "Missing",
            Self::Extra => "Extra",
            Self::Orphan => "Orphan",
            Self::Attribute => "Attribute",
            Self::Membership => "Membership",
            Self::Anchor => "Anchor",
            Self::Unkeyed => "Unkeyed",
        }
    }
}

/// Who is expected to have written the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expectation {
    /// Before the move: what Connect exports must be there.
    ExportedByConnect,
    /// After the move: what the job provisions must be there.
    ProvisionedByCloudSync,
}

impl Expectation {
    /// Whether an object must be in the cloud. One whose scope filter cannot be evaluated is expected where Connect
    /// exports it: a loss must not hide behind a filter.
    fn covers(self, object: &ListedObject) -> bool {
        match self {
            Self::ExportedByConnect => object.exported,
            Self::ProvisionedByCloudSync => match &object.disposition {
                Disposition::Provisioned => !object.critical,
                Disposition::Unpredictable { .. } => object.exported,
                Disposition::OutOfScope | Disposition::NotMapped => false,
            },
        }
    }
}

/// Where orphans are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OrphanSearch {
    /// Not at all: this listing says nothing about other scopes.
    #[default]
    Off,
    /// Among these keys: objects of an earlier listing of this scope. One that has moved to another scope must not be
    /// among them.
    Among(BTreeSet<ObjectKey>),
    /// Among all synchronised objects of the tenant, except those seen in other scopes.
    WholeTenant {
        /// Keys that listings of the other scopes and domains hold.
        elsewhere: BTreeSet<ObjectKey>,
    },
}

/// What to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompareOptions {
    /// Who is expected to have written the objects.
    pub expectation: Expectation,
    /// Where orphans are looked for.
    pub orphans: OrphanSearch,
}

/// The result of a comparison. Counts are exact, samples bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParityReport {
    /// The listing's epoch.
    pub epoch: u64,
    /// Objects of the listing that were looked up.
    pub objects: u64,
    /// Attribute values that were compared, memberships and managers among them.
    pub attributes: u64,
    /// By class; a class that was not found is not here.
    pub classes: BTreeMap<Class, Sampled>,
    /// Objects with a difference, by attribute.
    pub by_attribute: BTreeMap<String, u64>,
    /// Attributes that Graph does not show, that were not read or that could not be predicted, with the number of
    /// objects.
    pub not_comparable: BTreeMap<String, u64>,
    /// Every finding, for subtraction.
    pub findings: FindingSet,
}

impl ParityReport {
    /// How many findings of a class.
    pub fn count(&self, class: Class) -> u64 {
        self.classes.get(&class).map_or(0, |found| found.count)
    }

    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.classes.values().all(|found| found.count == 0)
    }
}

/// Compares a scope with the tenant.
///
/// # Errors
/// [`CompareError::KeyDiffers`] where the digests were made with different keys.
pub fn compare(
    listing: &ScopeListing,
    cloud: &CloudIndex,
    options: &CompareOptions,
) -> Result<ParityReport, CompareError> {
    check_keys(listing, cloud)?;
    Ok(pass::run(listing, cloud, options))
}

/// Digests made with different keys never match, which would read as a difference of everything.
pub(crate) fn check_keys(listing: &ScopeListing, cloud: &CloudIndex) -> Result<(), CompareError> {
    let cloud = cloud.key_id();
    if listing.key_id == cloud {
        Ok(())
    } else {
        Err(CompareError::KeyDiffers { cloud, listing: listing.key_id })
    }
}
