//! No rule and no kind of bound is without a bad manifest.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{self, Refuser};
use super::schema::{bounds, definitions, rules};

#[test]
fn every_rule_has_a_bad_manifest() {
    let mut covered = BTreeMap::<String, BTreeSet<String>>::new();
    for manifest in manifest::all() {
        if let Refuser::Rule(text) = manifest.refuser {
            covered.entry(manifest.kind).or_default().insert(text);
        }
    }
    let mut uncovered = Vec::new();
    let mut count = 0;
    for definition in definitions() {
        let kind = definition["spec"]["names"]["kind"].as_str().unwrap();
        for rule in rules(definition) {
            count += 1;
            if !covered.get(kind).is_some_and(|texts| texts.contains(&rule)) {
                uncovered.push(format!("{kind}: {rule}"));
            }
        }
    }
    assert!(count >= 25, "{count} rules were seen");
    assert!(uncovered.is_empty(), "no bad manifest names these rules:\n{}", uncovered.join("\n"));
}

/// What bounds of one kind do at each field is the matter of `bounds`.
#[test]
fn every_kind_of_bound_has_a_bad_manifest() {
    let in_schemas: BTreeSet<_> = definitions().iter().flat_map(bounds).map(|bound| bound.keyword).collect();
    let in_manifests: BTreeSet<_> = manifest::all()
        .into_iter()
        .filter_map(|manifest| match manifest.refuser {
            Refuser::Bound(bound) => Some(bound.keyword),
            Refuser::Rule(_) => None,
        })
        .collect();
    assert!(in_schemas.len() >= 10, "{in_schemas:?}");
    let uncovered: Vec<_> = in_schemas.difference(&in_manifests).collect();
    assert!(uncovered.is_empty(), "no bad manifest names a bound of these kinds: {uncovered:?}");
}
