//! What people are told about findings: what was expected, what was found, what it does, what to do next. Pure.

use crds::sync_agent::watch::{MovedObject, MovedUnit, ScopeInventory, WatchInventory};
use crds::{DistinguishedName, ObjectName};

/// A claimed unit has another name; `ruled` says whether no-flow rules of its scope are on the server.
pub(super) fn moved_unit(
    scope: &ScopeInventory,
    unit: &MovedUnit,
    now: &DistinguishedName,
    ruled: bool,
) -> String {
    let MovedUnit { distinguished_name: claimed, object_guid: guid, replaced, .. } = unit;
    let name = &scope.name;
    let other = if *replaced { ", and another unit has taken its name" } else { "" };
    let found =
        format!("expected the unit {claimed} of scope {name} (objectGUID {guid}), found it as {now}{other}");
    if !ruled {
        return format!(
            "{found}. Nothing of the scope has changed yet. Either rename or move it back to {claimed}; or set `organizationalUnits` of \
             scope {name} in topology {} to {now} and delete the scope's Migration: it is made anew",
            scope.topology
        );
    }
    format!(
        "{found}. Cloud Sync goes on serving it there, while Connect's no-flow rules match the old name: from Connect's next cycle on two \
         engines would write its objects. Nothing new is started. Either rename or move it back to {claimed} now; or keep the new name on \
         both sides: write {now} in place of {claimed} into the scoping filters of the scope's rules on every sync server \
         (Synchronization Rules Editor), run a full synchronization there, and set `organizationalUnits` of scope {name} in topology {} \
         to {now}",
        scope.topology
    )
}

/// A claimed unit is gone, or cannot be read.
pub(super) fn lost_unit(scope: &ScopeInventory, unit: &MovedUnit) -> String {
    let other = if unit.replaced { "; another unit has taken its name" } else { "" };
    format!(
        "expected the unit {} of scope {} (objectGUID {}), found none with that objectGUID{other}. It was deleted, or the agent's account may \
         no longer read it. Look for it with Get-ADObject -IncludeDeletedObjects; if it was deleted restore it from the AD recycle bin \
         before the engines delete its objects in the cloud, else give the accounts of the agent and of both engines the right to read it \
         back",
        unit.distinguished_name, scope.name, unit.object_guid
    )
}

/// Objects of a withheld scope that Connect does not withhold.
pub(super) fn not_withheld(server: &ObjectName, scope: &ScopeInventory) -> String {
    format!(
        "expected every object below the units of scope {} to be withheld by Connect on {server}, found {} that are not: {}. Two engines \
         write them. Compare the scoping filters of the scope's rules with the names of its units, look for rules of a lower precedence \
         that set cloudNoFlow, and run a full synchronization on {server}",
        scope.name,
        scope.not_withheld,
        scope.not_withheld_anchors.join(", ")
    )
}

/// Objects outside every scope that Connect withholds.
pub(super) fn withheld_outside(server: &ObjectName, watch: &WatchInventory) -> String {
    format!(
        "expected Connect on {server} to withhold nobody outside the moved scopes, found {}: {}. No engine serves them. The engine's rules \
         match the end of a name as text: look for an object whose own name ends like a unit's, rename it, and run a full synchronization \
         on {server}; or look for a rule that is not ours and sets cloudNoFlow",
        watch.withheld_outside,
        watch.withheld_outside_anchors.join(", ")
    )
}

/// Objects that left a scope which Cloud Sync serves.
pub(super) fn moved_objects(scope: &ScopeInventory) -> String {
    let (late, early): (Vec<&MovedObject>, Vec<&MovedObject>) =
        scope.moved_objects.iter().partition(|object| object.seen_by_connect);
    let rest = scope.moved - i64::try_from(scope.moved_objects.len()).unwrap_or(i64::MAX);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let found = format!(
        "expected the objects of scope {} to stay below its units, found {} elsewhere in the directory{more}. Cloud Sync deletes them in \
         the cloud.",
        scope.name, scope.moved
    );
    let early = (!early.is_empty()).then(|| {
        format!(
            " Connect has not read these at their new place: move them back below the scope's units now, before the next cycle: {}.",
            early.iter().map(|object| place(object)).collect::<Vec<_>>().join("; ")
        )
    });
    let late = (!late.is_empty()).then(|| {
        format!(
            " These may have been deleted in the cloud, and made anew with another id: {}. For each, move it back below the scope's units, \
             restore it in the cloud within 30 days, and let Cloud Sync match it by its anchor; then compare its licences and memberships \
             with those before. A group cannot be restored: give its members back what it granted",
            late.iter().map(|object| restored(object)).collect::<Vec<_>>().join("; ")
        )
    });
    [Some(found), early, late].into_iter().flatten().collect()
}

fn place(object: &MovedObject) -> String {
    format!("{} {} in {}", object.object_type, object.anchor, object.container)
}

/// How one of them is found among the deleted.
fn restored(object: &MovedObject) -> String {
    if object.object_type.eq_ignore_ascii_case("group") {
        return place(object);
    }
    format!(
        "{} (/directory/deletedItems/microsoft.graph.user?$filter=onPremisesImmutableId eq '{}')",
        place(object),
        object.anchor
    )
}
