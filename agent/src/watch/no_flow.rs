//! What the engine withholds against what lies below the claimed units: both differences have to be empty. Pure.
//!
//! The engine's rules match the end of a text; here names are parsed, so that escaped commas, case and a renamed unit show.

use std::collections::BTreeSet;

use crds::primitive::{DistinguishedName, ObjectName};
use crds::sync_agent::watch::{MOST_NAMED, WatchInventory};

use super::Place;
use crate::commands::count as signed;
use crate::space::EntraObject;

/// Longest text of a difference.
const LONGEST: usize = 192;

/// What differs, by scope in the order of the watch; the last entry is what lies below none of them.
pub(super) type Differs = Vec<BTreeSet<String>>;

/// Compares both sets.
pub(super) fn differs(places: &[Place<'_>], rules: &[ObjectName], objects: &[EntraObject]) -> Differs {
    let units: Vec<Vec<DistinguishedName>> = places.iter().map(reach).collect();
    let mut differs: Differs = vec![BTreeSet::new(); places.len() + 1];
    // Rules of scopes that are not watched here withhold objects that nothing is known about.
    let known = rules.iter().all(|rule| places.iter().any(|place| place.scope.name == *rule));
    for object in objects.iter().filter(|object| object.can_move()) {
        let at = units.iter().position(|units| object.is_below(units));
        let found = match at.and_then(|at| places.get(at)) {
            Some(place) if is_withheld(place, rules) && object.joined => {
                let why = match (object.cloud_no_flow, object.join_no_flow) {
                    (true, true) => continue,
                    (false, _) => "cloudNoFlow is not set",
                    (true, false) => "its link is not JoinNoFlow",
                };
                format!("{} ({why})", object.label())
            }
            None if object.cloud_no_flow && known => object.label(),
            _ => continue,
        };
        if let Some(set) = differs.get_mut(at.unwrap_or(places.len())) {
            set.insert(found.chars().take(LONGEST).collect());
        }
    }
    differs
}

/// Where the units are and where they were: before the engine has imported a renamed unit, its objects have the old names.
fn reach(place: &Place<'_>) -> Vec<DistinguishedName> {
    let mut units = place.units();
    let claimed = place.scope.units.iter().map(|unit| &unit.distinguished_name);
    let replaced = |name: &DistinguishedName| {
        place.moved.iter().any(|unit| unit.distinguished_name == *name && unit.replaced)
    };
    units.extend(claimed.filter(|name| !replaced(name)).cloned());
    units
}

/// No-flow was proven for the scope, and its rules are still there: taken back they withhold nothing, and nothing is wrong with that.
fn is_withheld(place: &Place<'_>, rules: &[ObjectName]) -> bool {
    place.scope.withheld && rules.contains(&place.scope.name)
}

/// Writes what differed at two looks in a row; gives what differs now, for the next look.
pub(super) fn count(
    differs: &Differs,
    suspects: &BTreeSet<String>,
    found: &mut WatchInventory,
) -> BTreeSet<String> {
    let key = |at: usize, label: &String| format!("{at} {label}");
    let twice = |at: usize| -> Vec<String> {
        let now = differs.get(at).into_iter().flatten();
        now.filter(|label| suspects.contains(&key(at, label))).cloned().collect()
    };
    let named = |labels: Vec<String>| labels.into_iter().take(MOST_NAMED).collect::<Vec<_>>();
    for (at, scope) in found.scopes.iter_mut().enumerate() {
        let labels = twice(at);
        scope.not_withheld = signed(labels.len());
        scope.not_withheld_anchors = named(labels);
    }
    let outside = twice(found.scopes.len());
    found.withheld_outside = signed(outside.len());
    found.withheld_outside_anchors = named(outside);
    let all = differs.iter().enumerate();
    all.flat_map(|(at, labels)| labels.iter().map(move |label| key(at, label))).collect()
}
