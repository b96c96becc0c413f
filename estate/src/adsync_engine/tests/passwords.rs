//! The password hash loop.

use super::*;
use crate::modes::NoFlowHashes;

fn version(lab: &Lab, source: Uuid) -> Option<u64> {
    lab.cloud(source)?.password.as_ref().map(|password| password.version)
}

fn set_password(lab: &mut Lab, source: Uuid, must_change: bool) {
    lab.estate
        .with_world(|world, now| world.directory.set_password(source, must_change, now).expect("a password"));
}

#[test]
fn hashes_go_by_their_own_clock_while_the_scheduler_is_off() {
    let mut lab = Lab::populated();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    lab.pass(SignedDuration::from_mins(3));
    assert_eq!(version(&lab, anna), Some(1), "the first pass sends everything");
    let from = lab.write_count();
    set_password(&mut lab, anna, false);
    lab.pass(SignedDuration::from_mins(3));
    assert_eq!(version(&lab, anna), Some(2));
    assert_eq!(lab.writes_since(from).len(), 1, "and later ones what changed");
}

#[test]
fn a_password_that_must_be_changed_is_not_sent_until_it_was() {
    let mut lab = Lab::populated();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    lab.pass(SignedDuration::from_mins(3));
    set_password(&mut lab, anna, true);
    lab.pass(SignedDuration::from_mins(5));
    assert_eq!(version(&lab, anna), Some(1));
    set_password(&mut lab, anna, false);
    lab.pass(SignedDuration::from_mins(3));
    assert_eq!(version(&lab, anna), Some(3));
}

#[test]
fn users_held_back_are_served_by_the_mode() {
    for (mode, expected) in [(NoFlowHashes::Sent, 2), (NoFlowHashes::Skipped, 1)] {
        let mut lab = Lab::populated();
        lab.modes(Modes { no_flow_hashes: mode, ..Modes::default() });
        lab.add_no_flow_rules("SYNC01", PILOT);
        lab.full_synchronization("SYNC01");
        let anna = lab.guid(&format!("CN=anna,{PILOT}"));
        lab.pass(SignedDuration::from_mins(3));
        set_password(&mut lab, anna, false);
        lab.pass(SignedDuration::from_mins(3));
        assert_eq!(version(&lab, anna), Some(expected), "{mode:?}");
    }
}

#[test]
fn staging_and_a_stopped_service_are_silent() {
    let mut lab = Lab::populated();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    lab.pass(SignedDuration::from_mins(3));
    lab.at("SYNC01", |server| server.set_staging(true));
    set_password(&mut lab, anna, false);
    lab.pass(SignedDuration::from_mins(10));
    assert_eq!(version(&lab, anna), Some(1));
    lab.at("SYNC01", |server| server.set_staging(false));
    lab.pass(SignedDuration::from_mins(3));
    assert_eq!(version(&lab, anna), Some(2));

    let _: () = lab.ask("SYNC01", &Operation::SetService { running: Some(false), start_type: None });
    set_password(&mut lab, anna, false);
    lab.pass(SignedDuration::from_mins(10));
    assert_eq!(version(&lab, anna), Some(2));
}

#[test]
fn a_connector_with_hashes_off_sends_none() {
    let mut lab = Lab::empty();
    lab.at("SYNC01", |server| server.set_password_hash_sync(AD, false));
    let anna = lab.user("anna", PILOT);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    lab.pass(SignedDuration::from_mins(5));
    assert!(lab.cloud(anna).is_some());
    assert_eq!(version(&lab, anna), None);
    let features: adsync::protocol::Features = lab.ask("SYNC01", &Operation::GetFeatures);
    assert!(!features.password_hash_sync);
}
