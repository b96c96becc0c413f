//! Looks on the model of a sync server, reported with its inventory.

use crds::sync_agent::command::{Action, StartScheduler};
use crds::sync_agent::watch::{MovedUnit, WatchInventory, WatchedScope, WatchedUnit};
use uuid::Uuid;

use super::*;
use crate::model::rig::{full, sales, unit};
use crate::model::{Engine as Model, Rig};

/// `objectGUID` of OU=Sales in the model.
const SALES: u128 = 9;

fn dn(text: &str) -> DistinguishedName {
    DistinguishedName::parse(text).unwrap()
}

fn scope(withheld: bool, provisioned: bool) -> WatchedScope {
    WatchedScope {
        topology: "contoso".into(),
        name: "sales".into(),
        units: vec![WatchedUnit {
            distinguished_name: unit(),
            object_guid: Uuid::from_u128(SALES).to_string(),
        }],
        withheld,
        provisioned,
    }
}

/// A server whose agent watches the scope.
fn watching(withheld: bool, provisioned: bool) -> Rig {
    let rig = Rig::new();
    rig.cluster.state.lock().unwrap().watch = Watch { scopes: vec![scope(withheld, provisioned)] };
    rig
}

/// The same, with no-flow rules in force and the scheduler on again.
fn withholding() -> Rig {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    rig.succeed(full());
    rig.succeed(Action::StartScheduler(StartScheduler { start_cycle: false }));
    rig.cluster.state.lock().unwrap().watch = Watch { scopes: vec![scope(true, true)] };
    rig
}

fn rename(rig: &Rig, number: u128, name: &str) {
    rig.engine.lock().unwrap().directory.get_mut(&Uuid::from_u128(number)).unwrap().name = name.to_owned();
}

/// What the next report says.
fn look(rig: &mut Rig) -> WatchInventory {
    rig.steps(2);
    let state = rig.cluster.state.lock().unwrap();
    state.report.clone().unwrap().inventory.unwrap().watch.expect("it is looked at")
}

#[test]
fn nothing_is_looked_at_that_nobody_asked_for() {
    let mut rig = Rig::new();
    rig.steps(2);
    let report = rig.cluster.state.lock().unwrap().report.clone().unwrap();
    assert_eq!(report.inventory.unwrap().watch, None);
}

#[test]
fn a_unit_is_held_by_its_guid_wherever_it_goes() {
    let mut rig = watching(false, false);
    assert_eq!(look(&mut rig).scopes[0].moved_units, []);
    let moved = |now: Option<&str>, replaced| MovedUnit {
        distinguished_name: unit(),
        object_guid: Uuid::from_u128(SALES).to_string(),
        now: now.map(dn),
        replaced,
    };
    let renamed = r"OU=Vertrieb\, Süd,DC=contoso,DC=com";
    rename(&rig, SALES, renamed);
    assert_eq!(look(&mut rig).scopes[0].moved_units, [moved(Some(renamed), false)]);
    rig.engine.lock().unwrap().add(10, "OU=SALES,DC=contoso,DC=com", "organizationalUnit");
    assert_eq!(look(&mut rig).scopes[0].moved_units, [moved(Some(renamed), true)]);
    rig.engine.lock().unwrap().delete(SALES);
    assert_eq!(look(&mut rig).scopes[0].moved_units, [moved(None, true)]);
    rig.engine.lock().unwrap().service.running = false;
    assert_eq!(
        look(&mut rig).scopes[0].moved_units,
        [moved(None, true)],
        "the directory is there without Connect"
    );
}

#[test]
fn both_differences_of_what_is_withheld_count_once_they_are_seen_twice() {
    let mut rig = withholding();
    let clean = look(&mut rig);
    assert_eq!((clean.scopes[0].not_withheld, clean.withheld_outside), (0, 0));
    {
        let mut engine = rig.engine.lock().unwrap();
        let ada = engine.space.get_mut(&Uuid::from_u128(1)).unwrap();
        ada.no_flow = false;
        let eve = engine.space.get_mut(&Uuid::from_u128(3)).unwrap();
        // The engine's ENDSWITH takes her for a child of the unit.
        eve.name = r"CN=eve\,OU=Sales,DC=contoso,DC=com".to_owned();
        eve.no_flow = true;
    }
    let found = {
        rig.steps(1);
        look(&mut rig)
    };
    assert_eq!((found.scopes[0].not_withheld, found.withheld_outside), (1, 1));
    let ada = format!("{} (cloudNoFlow is not set)", Model::anchor(1));
    assert_eq!(found.scopes[0].not_withheld_anchors, [ada]);
    assert_eq!(found.withheld_outside_anchors, [Model::anchor(3).to_string()]);
}

#[test]
fn while_the_agent_holds_the_scheduler_back_the_engine_is_not_judged() {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    rig.cluster.state.lock().unwrap().watch = Watch { scopes: vec![scope(true, true)] };
    let found = look(&mut rig);
    let again = look(&mut rig);
    assert_eq!(
        (found.scopes[0].not_withheld, again.scopes[0].not_withheld),
        (0, 0),
        "rules are inert until a full synchronization"
    );
}

#[test]
fn who_leaves_a_provisioned_scope_is_named_with_the_place_until_they_are_back() {
    let mut rig = withholding();
    assert_eq!(look(&mut rig).scopes[0].moved, 0);
    rename(&rig, 1, "CN=ada,OU=Else,DC=contoso,DC=com");
    let found = look(&mut rig).scopes.remove(0);
    assert_eq!(found.moved, 1);
    let [ada] = found.moved_objects.as_slice() else { panic!("{found:?}") };
    assert_eq!((ada.anchor.as_str(), ada.object_type.as_str()), (Model::anchor(1).as_str(), "user"));
    assert_eq!((&ada.container, ada.seen_by_connect), (&dn("OU=Else,DC=contoso,DC=com"), false));
    rig.engine.lock().unwrap().space.get_mut(&Uuid::from_u128(1)).unwrap().name =
        "CN=ada,OU=Else,DC=contoso,DC=com".to_owned();
    let found = look(&mut rig).scopes.remove(0);
    assert!(found.moved_objects[0].seen_by_connect);
    // Another process does not forget who left before it began, although the engine shows nothing of it any more.
    rig.start();
    assert_eq!(look(&mut rig).scopes[0].moved, 1);
    rename(&rig, 1, "CN=ada,OU=Sales,DC=contoso,DC=com");
    assert_eq!(look(&mut rig).scopes[0].moved, 0);
}

#[test]
fn leavers_have_not_moved_and_nobody_is_missed_where_nothing_can_be_read() {
    let mut rig = withholding();
    assert_eq!(look(&mut rig).scopes[0].moved, 0);
    rig.engine.lock().unwrap().delete(2);
    assert_eq!(look(&mut rig).scopes[0].moved, 0, "a tombstone is no move");
    rename(&rig, SALES, "OU=Vertrieb,DC=contoso,DC=com");
    rename(&rig, 1, "CN=ada,OU=Vertrieb,DC=contoso,DC=com");
    assert_eq!(look(&mut rig).scopes[0].moved, 0, "who moves with the unit has not left it");
    rig.engine.lock().unwrap().delete(SALES);
    assert_eq!(look(&mut rig).scopes[0].moved, 0, "a unit that cannot be read tells nothing of its objects");
}
