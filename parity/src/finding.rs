//! Counting findings exactly while keeping only a bounded sample of them, and subtracting two comparisons. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::key::ObjectKey;

/// How many objects a sample names.
pub const SAMPLE_LIMIT: usize = 20;

/// An exact count and the objects with the smallest keys of those that it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampled {
    /// How many objects.
    pub count: u64,
    /// At most [`SAMPLE_LIMIT`] of them.
    pub sample: BTreeSet<ObjectKey>,
}

impl Sampled {
    /// Counts one object. The sample keeps the smallest keys, so it does not depend on the order of counting.
    pub fn add(&mut self, key: &ObjectKey) {
        self.count += 1;
        if self.sample.len() < SAMPLE_LIMIT || self.sample.last().is_some_and(|last| key < last) {
            self.sample.insert(key.clone());
            if self.sample.len() > SAMPLE_LIMIT {
                self.sample.pop_last();
            }
        }
    }
}

/// How many findings a [`FindingSet`] remembers one by one: about 200 KiB as JSON.
pub const FINDING_LIMIT: usize = 10_000;

/// The findings of one comparison by fingerprint, so that two comparisons can be subtracted.
///
/// A fingerprint is 64 bits of SHA-256 over class, object key and attribute. At most [`FINDING_LIMIT`] are kept; beyond
/// that the rest is only counted, and a subtraction is an upper bound.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingSet {
    classes: BTreeMap<String, Fingerprints>,
    #[serde(skip)]
    kept: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Fingerprints {
    kept: BTreeSet<u64>,
    /// Findings beyond the limit.
    #[serde(default)]
    dropped: u64,
}

/// What became of the findings of one class between two comparisons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Found before and after.
    pub already: u64,
    /// Found only after. An upper bound where a set is not complete.
    pub new: u64,
    /// Found only before.
    pub gone: u64,
}

impl FindingSet {
    /// Remembers one finding.
    pub fn add(&mut self, class: &str, key: &ObjectKey, attribute: &str) {
        let full = self.kept >= FINDING_LIMIT;
        let entry = match self.classes.get_mut(class) {
            Some(entry) => entry,
            None => self.classes.entry(class.to_owned()).or_default(),
        };
        if full {
            entry.dropped += 1;
        } else if entry.kept.insert(fingerprint(class, key, attribute)) {
            self.kept += 1;
        }
    }

    /// Whether every finding is remembered.
    pub fn is_complete(&self) -> bool {
        self.classes.values().all(|entry| entry.dropped == 0)
    }

    /// What changed from one comparison to a later one, by class; classes without any finding are not here.
    ///
    /// Findings that were only counted cannot be recognised again: those of the later comparison count as new.
    pub fn changes(before: &Self, after: &Self) -> BTreeMap<String, Change> {
        let none = Fingerprints::default();
        let names: BTreeSet<&String> = before.classes.keys().chain(after.classes.keys()).collect();
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        names
            .into_iter()
            .map(|name| {
                let old = before.classes.get(name).unwrap_or(&none);
                let new = after.classes.get(name).unwrap_or(&none);
                let already = count(old.kept.intersection(&new.kept).count());
                let change = Change {
                    already,
                    new: count(new.kept.len()) - already + new.dropped,
                    gone: count(old.kept.len()) - already,
                };
                (name.clone(), change)
            })
            .collect()
    }
}

fn fingerprint(class: &str, key: &ObjectKey, attribute: &str) -> u64 {
    let mut hash = Sha256::new();
    absorb(&mut hash, &[class, &key.to_string(), attribute]);
    hash.finalize().iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// Adds texts to a hash, each preceded by its length.
pub(crate) fn absorb(hash: &mut Sha256, parts: &[&str]) {
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> ObjectKey {
        ObjectKey::Unkeyed(format!("{number:06}"))
    }

    #[test]
    fn a_sample_is_bounded_and_independent_of_order() {
        let (mut up, mut down) = (Sampled::default(), Sampled::default());
        for number in 0..100 {
            up.add(&key(number));
            down.add(&key(99 - number));
        }
        assert_eq!(up, down);
        assert_eq!((up.count, up.sample.len()), (100, SAMPLE_LIMIT));
        assert_eq!(up.sample.last(), Some(&key(SAMPLE_LIMIT - 1)));
    }

    #[test]
    fn two_sets_are_subtracted_by_class() {
        let (mut before, mut after) = (FindingSet::default(), FindingSet::default());
        before.add("Missing", &key(1), "");
        before.add("Missing", &key(2), "");
        after.add("Missing", &key(2), "");
        after.add("Missing", &key(3), "");
        after.add("Attribute", &key(2), "mail");
        let changes = FindingSet::changes(&before, &after);
        assert_eq!(changes.get("Missing"), Some(&Change { already: 1, new: 1, gone: 1 }));
        assert_eq!(changes.get("Attribute"), Some(&Change { already: 0, new: 1, gone: 0 }));
    }

    #[test]
    fn what_was_only_counted_is_new() {
        let mut many = FindingSet::default();
        for number in 0..FINDING_LIMIT + 5 {
            many.add("Missing", &key(number), "");
        }
        assert!(!many.is_complete());
        let changes = FindingSet::changes(&many, &many);
        let kept = u64::try_from(FINDING_LIMIT).unwrap();
        assert_eq!(changes.get("Missing"), Some(&Change { already: kept, new: 5, gone: 0 }));
    }

    #[test]
    fn a_set_survives_json() {
        let mut set = FindingSet::default();
        set.add("Missing", &key(1), "");
        let text = serde_json::to_string(&set).unwrap();
        let read: FindingSet = serde_json::from_str(&text).unwrap();
        assert_eq!(FindingSet::changes(&set, &read).get("Missing").map(|change| change.already), Some(1));
    }
}
