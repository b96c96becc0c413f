//! Claimed units and their objects, watched over a simulated estate: what people do in the directory behind the product's back.

use agent::watch::Watching;
use crds::DistinguishedName;
use crds::sync_agent::watch::{ScopeInventory, Watch, WatchInventory, WatchedScope, WatchedUnit};
use estate::directory::ObjectClass;
use jiff::SignedDuration;
use uuid::Uuid;

use super::rig::Rig;

/// The unit, claimed and in the job.
fn watch(rig: &Rig, unit: &DistinguishedName, withheld: bool) -> Watching {
    let guid = rig.with(|running| {
        let name = unit.as_str().parse().expect("a name");
        running.estate.world.directory.by_dn(&name).expect("the unit").guid
    });
    let mut watching = Watching::default();
    watching.set(&Watch {
        scopes: vec![WatchedScope {
            topology: "contoso".into(),
            name: "sales".into(),
            units: vec![WatchedUnit { distinguished_name: unit.clone(), object_guid: guid.to_string() }],
            withheld,
            provisioned: true,
        }],
    });
    watching
}

async fn look(rig: &Rig, watching: &mut Watching) -> (ScopeInventory, WatchInventory) {
    let mut found = rig.look(watching).await;
    let all = found.clone();
    (found.scopes.remove(0), all)
}

/// Renames or moves an object of the directory.
fn rename(rig: &Rig, guid: Uuid, to: &str) {
    rig.with(|running| {
        let to = to.parse().expect("a name");
        running.estate.with_world(|world, now| world.directory.rename(guid, to, now)).expect("renamed");
    });
}

#[tokio::test]
async fn a_renamed_unit_is_found_by_its_guid_with_its_people_in_it() {
    let rig = Rig::small().await;
    let unit = rig.units().remove(1);
    rig.take_over(&unit).await;
    let mut watching = watch(&rig, &unit, false);
    let (scope, _) = look(&rig, &mut watching).await;
    assert_eq!((scope.moved_units.len(), scope.moved), (0, 0), "{scope:#?}");
    let guid = rig.with(|running| {
        let name = unit.as_str().parse().expect("a name");
        running.estate.world.directory.by_dn(&name).expect("the unit").guid
    });
    let parent = unit.parent().expect("a parent");
    let renamed = format!("OU=Künftig,{parent}");
    rename(&rig, guid, &renamed);
    let (scope, _) = look(&rig, &mut watching).await;
    let [moved] = scope.moved_units.as_slice() else { panic!("{scope:#?}") };
    assert_eq!(moved.now, Some(DistinguishedName::parse(&renamed).expect("a name")));
    assert_eq!((moved.replaced, scope.moved), (false, 0), "nobody has left it");
    // Connect has imported it under the new name: the people are still the unit's.
    rig.advance(SignedDuration::from_mins(70));
    let (scope, _) = look(&rig, &mut watching).await;
    assert_eq!((scope.moved_units.len(), scope.moved), (1, 0), "{scope:#?}");
    rename(&rig, guid, unit.as_str());
    let (scope, _) = look(&rig, &mut watching).await;
    assert_eq!(scope.moved_units, []);
    rig.stop().await;
}

#[tokio::test]
async fn who_is_moved_to_a_unit_of_connect_is_caught_before_connect_reads_it() {
    let rig = Rig::small().await;
    let units = rig.units();
    let (unit, other) = (&units[1], &units[2]);
    rig.take_over(unit).await;
    let mut watching = watch(&rig, unit, false);
    assert_eq!(look(&rig, &mut watching).await.0.moved, 0);
    let person = rig.directory_object(unit, ObjectClass::User, 0);
    let group = rig.directory_object(unit, ObjectClass::Group, 0);
    for object in [&person, &group] {
        let leaf = object.dn.to_string();
        let leaf = DistinguishedName::parse(&leaf).expect("a name");
        let parent = leaf.parent().expect("a parent").as_str().len();
        let name = format!("{},{other}", &leaf.as_str()[..leaf.as_str().len() - parent - 1]);
        rename(&rig, object.guid, &name);
    }
    let (scope, _) = look(&rig, &mut watching).await;
    assert_eq!(scope.moved, 2, "{scope:#?}");
    assert!(scope.moved_objects.iter().all(|moved| moved.container == *other && !moved.seen_by_connect));
    let anchor = rig.copy(&person).anchor.expect("an anchor");
    assert!(scope.moved_objects.iter().any(|moved| moved.anchor == anchor), "{anchor}: {scope:#?}");
    rig.advance(SignedDuration::from_mins(70));
    let (scope, _) = look(&rig, &mut watching).await;
    assert_eq!(scope.moved, 2, "{scope:#?}");
    assert!(scope.moved_objects.iter().all(|moved| moved.seen_by_connect), "{scope:#?}");
    // A process that has just begun knows from the report alone.
    let mut anew = watch(&rig, unit, false);
    anew.remember(watching.last());
    assert_eq!(look(&rig, &mut anew).await.0.moved, 2);
    rename(&rig, person.guid, &person.dn.to_string());
    assert_eq!(look(&rig, &mut watching).await.0.moved, 1);
    rig.stop().await;
}

#[tokio::test]
async fn who_is_not_withheld_below_a_unit_of_cloud_sync_counts_at_the_second_look() {
    let rig = Rig::small().await;
    let unit = rig.units().remove(1);
    rig.take_over(&unit).await;
    let mut watching = watch(&rig, &unit, true);
    assert_eq!(look(&rig, &mut watching).await.0.not_withheld, 0);
    // No rule withholds anybody in this estate: two engines write all of them.
    let (scope, all) = look(&rig, &mut watching).await;
    assert!(scope.not_withheld > 10, "{scope:#?}");
    assert_eq!((scope.not_withheld_anchors.len(), all.withheld_outside), (8, 0));
    rig.stop().await;
}
