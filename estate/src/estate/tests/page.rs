//! The page `docs/estate.md` against the crate: tests that it names exist, and modes are all there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::modes::{ModeSet, Modes};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/estate.md");
    std::fs::read_to_string(path).expect("the page")
}

/// Words between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Rows of all tables with that heading, as cells.
fn rows<'p>(page: &'p str, heading: &str) -> Vec<Vec<&'p str>> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line == heading {
            inside = true;
        } else if !line.starts_with('|') {
            inside = false;
        } else if inside && !line.starts_with("|---") {
            found.push(line.trim_matches('|').split(" | ").map(str::trim).collect());
        }
    }
    found
}

/// Names of the crate's tests.
fn tests(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("source");
            let mut marked = false;
            for line in text.lines().map(str::trim_start) {
                if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                    marked = true;
                } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| marked) {
                    let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next();
                    names.extend(name.map(str::to_owned));
                    marked = false;
                }
            }
        }
    }
}

const BEHAVIOURS: &str = "| behaviour | source | shown by |";

#[test]
fn every_behaviour_of_the_page_has_a_test_that_exists() {
    let mut known = BTreeSet::new();
    tests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut known);
    let page = page();
    let behaviours = rows(&page, BEHAVIOURS);
    assert!(behaviours.len() > 70, "{}", behaviours.len());
    for row in behaviours {
        let [behaviour, source, shown] = row[..] else { panic!("three cells: {row:?}") };
        assert!(!source.is_empty(), "{behaviour}");
        let named = quoted(shown);
        assert!(!named.is_empty(), "nothing shows {behaviour:?}");
        for name in named {
            assert!(known.contains(&name), "no test is called {name}: {behaviour}");
        }
    }
}

#[test]
fn every_mode_is_on_the_page_with_all_of_its_possibilities() {
    let page = page();
    let listed: BTreeMap<String, Vec<String>> =
        rows(&page, "| mode | possibilities | sources, and what they leave open |")
            .into_iter()
            .map(|row| (quoted(row[0]).remove(0), quoted(row[1])))
            .collect();
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    let expected: BTreeMap<String, Vec<String>> =
        Modes::possibilities().into_iter().map(|(name, all)| (name, sorted(all))).collect();
    let found = listed.iter().map(|(name, all)| (name.clone(), sorted(all.clone()))).collect();
    assert_eq!(expected, found);
    let defaults = serde_json::to_value(Modes::default()).expect("JSON");
    for (name, all) in &listed {
        assert_eq!(defaults[name], all[0].as_str(), "the default of {name} is named first");
    }
    let shown: BTreeSet<String> = rows(&page, BEHAVIOURS)
        .into_iter()
        .filter_map(|row| row[1].strip_prefix("unsettled: mode ").map(|name| quoted(name).remove(0)))
        .collect();
    assert_eq!(shown, listed.into_keys().collect(), "a behaviour shows each mode");
}

#[test]
fn every_named_set_is_on_the_page() {
    let page = page();
    let listed: Vec<String> =
        rows(&page, "| set | what it stands for |").into_iter().map(|row| quoted(row[0]).remove(0)).collect();
    let mut expected: Vec<String> = ModeSet::NAMED.iter().map(ToString::to_string).collect();
    expected.push("seed:NUMBER".to_owned());
    assert_eq!(listed, expected);
}
