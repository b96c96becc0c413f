//! `setService` and `setAutoUpgrade`.

use super::*;

#[test]
fn suspended_automatic_upgrade_is_left_alone() {
    let mut rig = Rig::new();
    rig.snapshot();
    rig.engine.lock().unwrap().auto_upgrade = AutoUpgradeState::Suspended;
    let Evidence::AutoUpgrade(evidence) = rig.succeed(Action::SetAutoUpgrade(Switch { enabled: false }))
    else {
        panic!("other evidence")
    };
    assert_eq!((evidence.before.as_str(), evidence.after.as_str()), ("Suspended", "Suspended"));
    assert!(rig.log().is_empty());
}

#[test]
fn a_stopped_service_ends_the_stop_and_waits_for_the_cycle() {
    let mut rig = Rig::stopped();
    let until = rig.now() + jiff::SignedDuration::from_secs(30);
    rig.engine.lock().unwrap().cycle_until = Some(until);
    let Evidence::Service(evidence) =
        rig.succeed(Action::SetService(SetService { running: false, automatic: false }))
    else {
        panic!("other evidence")
    };
    assert!(!evidence.running && evidence.start_type == "Disabled");
    assert!(rig.now() >= until);
    assert_eq!(rig.journal().stop, None, "nothing is to be switched on by itself any more");
    rig.pass(Duration::from_hours(2));
    rig.steps(3);
    assert!(!rig.engine.lock().unwrap().enabled);
}

#[test]
fn a_service_that_is_stopped_already_is_stopped_again_without_complaint() {
    let mut rig = Rig::stopped();
    let stop = Action::SetService(SetService { running: false, automatic: false });
    rig.succeed(stop.clone());
    let expects = crds::sync_agent::Expectation { idle: Some(true), ..Default::default() };
    let id = rig.give_expecting(stop, expects);
    assert_eq!(rig.drive(&id).unwrap().state, OutcomeState::Succeeded, "what is stopped is idle");
    assert_eq!(rig.log().len(), 1);
}
