//! Every deed and every fault, each with what it shows. The lists are complete: a deed or fault that no test goes through, or
//! that the documentation does not name, fails here.

mod directory;
mod documentation;
mod graph_faults;
mod host_faults;
mod job;
mod rig;
mod server;
mod tenant;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Act;
use crate::faults::{CmdletFault, Faults, GraphFaults, HostFaults};

/// Names that an error about an unknown one says it expected.
fn expected_by(error: &str) -> BTreeSet<String> {
    let (_, list) = error.split_once("expected").expect("an error that names what is expected");
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Every place at which somebody can act.
fn places() -> BTreeSet<String> {
    let error = serde_json::from_value::<Act>(json!({"at": "?"})).expect_err("no place");
    expected_by(&error.to_string())
}

/// Every action at a place.
fn actions(at: &str) -> BTreeSet<String> {
    let nothing = json!({"at": at, "action": "?", "server": "x", "domain": "x", "machine": "x"});
    let error = serde_json::from_value::<Act>(nothing).expect_err("no action");
    expected_by(&error.to_string())
}

/// Every fault, by its path; `*` stands for a name of a server or an operation.
fn faults() -> BTreeSet<String> {
    let keys = |prefix: &str, value: Value| {
        let Value::Object(members) = value else { panic!("{prefix} is no object") };
        members.into_iter().map(|(name, _)| format!("{prefix}{name}")).collect::<Vec<_>>()
    };
    let mut all: BTreeSet<String> = keys("", json!(Faults::default())).into_iter().collect();
    all.extend(keys("graph/", json!(GraphFaults::default())));
    all.extend(keys("hosts/*/", json!(HostFaults::default())));
    all.extend(keys("hosts/*/cmdlets/*/", json!(CmdletFault::default())));
    for group in ["graph", "hosts", "hosts/*/cmdlets"] {
        all.remove(group);
    }
    // A counter, not a switch.
    all.remove("hosts/*/cmdlets/*/calls");
    all
}

/// The paths of faults that a change names.
fn named_by(change: &Value) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    name(change, "", &mut named);
    named
}

fn name(change: &Value, path: &str, named: &mut BTreeSet<String>) {
    let inner =
        matches!(path, "" | "graph/" | "hosts/" | "hosts/*/" | "hosts/*/cmdlets/" | "hosts/*/cmdlets/*/");
    match change {
        Value::Object(members) if inner => {
            for (member, value) in members {
                let member = if matches!(path, "hosts/" | "hosts/*/cmdlets/") { "*" } else { member };
                name(value, &format!("{path}{member}/"), named);
            }
        }
        // An entry that is taken away.
        Value::Null if inner => {}
        _ => {
            named.insert(path.trim_end_matches('/').to_owned());
        }
    }
}

#[test]
fn the_places_are_those_that_tests_go_through() {
    let tested = ["agent", "directory", "graph", "job", "server", "tenant"].map(str::to_owned);
    assert_eq!(places(), tested.into());
}
