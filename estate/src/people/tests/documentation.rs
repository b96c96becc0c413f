//! The documentation names every deed and every fault, and its examples work.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{actions, faults, named_by, places};
use crate::admin::merged;
use crate::faults::Faults;
use crate::people::Act;

const PAGE: &str = include_str!("../../../../docs/estate-faults.md");

/// JSON in the tables' code spans that begin with `start`.
fn examples(start: &str) -> Vec<Value> {
    let rows = PAGE.lines().filter(|line| line.starts_with('|'));
    let spans = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let json = spans.filter(|span| span.starts_with(start));
    json.map(|text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))).collect()
}

#[test]
fn every_deed_is_documented_with_an_example_that_works() {
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for example in examples(r#"{"at""#) {
        let act: Act =
            serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{example}: {error}"));
        let written = serde_json::to_value(&act).expect("JSON");
        let text = |name: &str| written[name].as_str().expect("text").to_owned();
        named.entry(text("at")).or_default().insert(text("action"));
    }
    let all = places().into_iter().map(|place| (place.clone(), actions(&place))).collect();
    assert_eq!(named, all);
}

#[test]
fn every_fault_is_documented_with_an_example_that_works() {
    let mut named = BTreeSet::new();
    for start in [r#"{"graph""#, r#"{"hosts""#, r#"{"failingExports""#] {
        for example in examples(start) {
            let changed: Faults =
                merged(&Faults::default(), &example).unwrap_or_else(|error| panic!("{example}: {error}"));
            assert_ne!(changed, Faults::default(), "{example} changes nothing");
            assert!(changed.unknown_operations().is_empty(), "{example}");
            named.extend(named_by(&example));
        }
    }
    assert_eq!(named, faults());
}
