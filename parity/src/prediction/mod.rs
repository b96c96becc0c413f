//! What Cloud Sync would create or rewrite if the scope were added to its job (invariant S11). Pure.

mod pass;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cloud::CloudIndex;
use crate::compare::{CompareError, check_keys};
use crate::finding::{Change, FindingSet, Sampled};
use crate::key::ObjectKey;
use crate::listing::ScopeListing;

/// What would happen. Counts are exact, samples bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// Objects in the listing.
    pub objects: u64,
    /// Surprise accounts: they exist in the directory and not in the tenant, and are neither recent nor critical. Most
    /// are objects that Connect leaves out; one that Connect exports and the tenant lacks is among them.
    pub creations: Sampled,
    /// Of these, accounts that are enabled.
    pub creations_enabled: u64,
    /// Would be created because they are new.
    pub joiners: Sampled,
    /// Objects that Connect does not export and the tenant has under the same key, not synchronised: Cloud Sync would
    /// take them over by hard match.
    pub takeovers: Sampled,
    /// The anchor Connect exported or the tenant holds is not the one Cloud Sync computes, it cannot be computed, or
    /// two objects have the same: a duplicate account, or a refused one.
    pub anchor_mismatches: Sampled,
    /// Exported by Connect today, left out by the job: nobody would serve them.
    pub unserved: Sampled,
    /// Nothing to match it by, or several objects match.
    pub unkeyed: Sampled,
    /// The job's scope filter cannot be evaluated for them. They are predicted as if they were in scope.
    pub scope_unpredictable: Sampled,
    /// Objects of which an attribute or a reference would be rewritten or cleared.
    #[serde(default)]
    pub changed_objects: u64,
    /// Attributes that would be rewritten, by name.
    pub changes: BTreeMap<String, Sampled>,
    /// Attributes that would be cleared, by name. Not part of `changes`.
    pub nulls: BTreeMap<String, Sampled>,
    /// References (`members`, `manager`) that exist on both sides and point to users and groups of the same domain that neither
    /// the scope nor the job holds. A job resolves what it knows; whether it leaves the others or drops them is not settled by
    /// any source. Neither a change nor equal.
    pub outside_references: BTreeMap<String, Sampled>,
    /// References to users and groups of another domain, which another job serves. Provisioning agents before 1.1.2505.0 resolve
    /// references within the domain only (Microsoft, "Cloud sync FAQ"); for them these are outside references too.
    #[serde(default)]
    pub cross_domain_references: BTreeMap<String, Sampled>,
    /// Attributes and references that could not be predicted, by name, with the number of objects: what the mapping makes
    /// of them is not known, the cloud does not show what would have to be compared, or the object changed so recently
    /// that a difference can be a change under way.
    pub unpredictable: BTreeMap<String, u64>,
    /// Attributes that Graph does not show or that were not read, by name, with the number of objects.
    pub not_comparable: BTreeMap<String, u64>,
    /// Critical system objects, which Cloud Sync leaves out.
    pub critical_skipped: u64,
    /// Everything that needs approval, for subtraction.
    pub findings: FindingSet,
    /// SHA-256 over everything that needs approval: the same as long as nothing of that changes.
    pub digest: String,
}

impl Prediction {
    /// Whether nothing needs approval.
    pub fn is_clean(&self) -> bool {
        let none = |found: &Sampled| found.count == 0;
        [
            &self.creations,
            &self.takeovers,
            &self.anchor_mismatches,
            &self.unserved,
            &self.unkeyed,
            &self.scope_unpredictable,
        ]
        .into_iter()
        .all(none)
            && self.changes.is_empty()
            && self.nulls.is_empty()
            && self.outside_references.is_empty()
            && self.cross_domain_references.is_empty()
            && self.unpredictable.is_empty()
    }

    /// What this prediction holds beyond an approved one, by class (the names of the fields; changes, nulls, outside
    /// references and unpredictable attributes each as one class). Empty means: covered by the approval. Findings that an approved
    /// prediction only counted are never covered.
    pub fn beyond(&self, approved: &Self) -> BTreeMap<String, u64> {
        FindingSet::changes(&approved.findings, &self.findings)
            .into_iter()
            .filter(|(_, Change { new, .. })| *new > 0)
            .map(|(class, change)| (class, change.new))
            .collect()
    }
}

/// Predicts what the job would do to a scope. `served` are the objects that the job holds already, from listings of its
/// other scopes; what is not named counts as outside.
///
/// # Errors
/// [`CompareError::KeyDiffers`] where the digests were made with different keys.
pub fn predict(
    listing: &ScopeListing,
    cloud: &CloudIndex,
    served: &BTreeSet<ObjectKey>,
) -> Result<Prediction, CompareError> {
    check_keys(listing, cloud)?;
    Ok(pass::run(listing, cloud, served))
}
