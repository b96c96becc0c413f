//! What was already wrong before, and what is wrong only now. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Class, ParityReport};
use crate::finding::{Change, FindingSet};

/// How a comparison differs from an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delta {
    /// By class; a class without findings on either side is not here. Attributes are counted one by one, not by object.
    pub classes: BTreeMap<Class, Change>,
    /// Whether `new` is exact; otherwise it is an upper bound, because one comparison had more findings than are
    /// remembered one by one.
    pub exact: bool,
}

impl Delta {
    /// How many findings of a class the migration is answerable for.
    pub fn new_of(&self, class: Class) -> u64 {
        self.classes.get(&class).map_or(0, |change| change.new)
    }

    /// Whether nothing was broken.
    pub fn is_clean(&self) -> bool {
        self.classes.values().all(|change| change.new == 0)
    }
}

/// Subtracts a comparison made before a migration from one made after it.
pub fn against_baseline(before: &ParityReport, after: &ParityReport) -> Delta {
    let changes = FindingSet::changes(&before.findings, &after.findings);
    Delta {
        classes: Class::ALL
            .into_iter()
            .filter_map(|class| changes.get(class.name()).map(|change| (class, *change)))
            .collect(),
        exact: before.findings.is_complete() && after.findings.is_complete(),
    }
}
