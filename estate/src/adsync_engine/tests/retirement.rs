//! An engine that is stopped for good: what its host shows of it, and how it comes back, without a foreign write.

use adsync::protocol::{HostErrorCode, HostInformation, SchedulerChange, ServiceStartType, ServiceState};

use super::*;
use crate::audit::Direction as Towards;
use crate::modes::ReferenceLeak;

fn enable(lab: &mut Lab, on: bool) {
    let change = SchedulerChange { sync_cycle_enabled: Some(on), ..SchedulerChange::default() };
    let _: () = lab.ask("SYNC01", &Operation::SetScheduler(change));
}

fn service(lab: &mut Lab) -> ServiceState {
    lab.ask("SYNC01", &Operation::GetService)
}

fn host(lab: &mut Lab) -> HostInformation {
    lab.ask("SYNC01", &Operation::GetHostInformation)
}

fn set_service(lab: &mut Lab, running: bool, start_type: ServiceStartType) {
    let operation = Operation::SetService { running: Some(running), start_type: Some(start_type) };
    let _: () = lab.ask("SYNC01", &operation);
}

fn restart_host(lab: &mut Lab) {
    let now = lab.estate.now();
    lab.at("SYNC01", |server| server.restart_host(now));
}

fn days(number: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * number)
}

/// Everybody is held back, the scheduler is off, the service is stopped and Disabled.
fn retired(leak: ReferenceLeak) -> Lab {
    let mut lab = Lab::populated();
    lab.modes(Modes { reference_leak: leak, ..Modes::default() });
    lab.add_no_flow_rules("SYNC01", HEADQUARTERS);
    lab.full_synchronization("SYNC01");
    enable(&mut lab, true);
    lab.pass(SignedDuration::from_hours(2));
    lab.settle("SYNC01");
    enable(&mut lab, false);
    lab.settle("SYNC01");
    set_service(&mut lab, false, ServiceStartType::Disabled);
    lab
}

/// People work on in the directory, and Cloud Sync would carry it over.
fn two_weeks_of_work(lab: &mut Lab) -> Uuid {
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    lab.modify(anna, "department", "Boats");
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(sara, "title", "Captain");
    lab.user("newcomer", SALES)
}

/// What a server wrote to the tenant.
fn to_entra(lab: &Lab, from: usize) -> Vec<WriteRecord> {
    let mut writes = lab.writes_since(from);
    writes.retain(|write| write.direction == Towards::ToEntra);
    writes
}

#[test]
fn it_rests_through_restarts_and_every_one_of_them_shows() {
    let mut lab = retired(ReferenceLeak::All);
    let from = lab.write_count();
    let before = host(&mut lab).boot_time;
    for day in 1..=14 {
        lab.pass(days(1));
        if day == 2 {
            two_weeks_of_work(&mut lab);
        }
        if day % 3 == 0 {
            restart_host(&mut lab);
            let now = lab.estate.now();
            assert_eq!(host(&mut lab).boot_time, Some(now), "day {day}");
        }
        let state = service(&mut lab);
        assert_eq!((state.running, state.start_type), (false, ServiceStartType::Disabled), "day {day}");
        assert_eq!(state.last_started_at, None, "day {day}");
    }
    assert_eq!(before, None);
    assert_eq!(lab.writes_since(from), []);
}

#[test]
fn without_the_start_type_a_restart_brings_it_back_and_that_shows() {
    let mut lab = retired(ReferenceLeak::All);
    set_service(&mut lab, false, ServiceStartType::Automatic);
    lab.pass(days(1));
    restart_host(&mut lab);
    let started = lab.estate.now();
    let state = service(&mut lab);
    assert_eq!((state.running, state.last_started_at), (true, Some(started)));
    // Somebody stops it again before anyone has looked: the log still says when it came up.
    lab.pass(SignedDuration::from_hours(1));
    set_service(&mut lab, false, ServiceStartType::Disabled);
    assert_eq!(service(&mut lab).last_started_at, Some(started));
}

#[test]
fn a_person_who_starts_it_sets_off_nothing_while_the_scheduler_is_off() {
    for leak in [ReferenceLeak::All, ReferenceLeak::References, ReferenceLeak::None] {
        let mut lab = retired(leak);
        lab.pass(days(3));
        two_weeks_of_work(&mut lab);
        let from = lab.write_count();
        let runs = {
            set_service(&mut lab, true, ServiceStartType::Manual);
            lab.history("SYNC01").len()
        };
        let at = lab.estate.now();
        lab.pass(days(2));
        assert_eq!(lab.history("SYNC01").len(), runs, "{leak:?}");
        assert_eq!(service(&mut lab).last_started_at, Some(at), "{leak:?}");
        assert_eq!(to_entra(&lab, from), [], "{leak:?}");
    }
}

#[test]
fn on_day_nine_it_comes_back_by_full_import_without_a_foreign_write() {
    for leak in [ReferenceLeak::All, ReferenceLeak::References, ReferenceLeak::None] {
        let mut lab = retired(leak);
        lab.pass(days(2));
        let newcomer = two_weeks_of_work(&mut lab);
        lab.pass(days(3));
        restart_host(&mut lab);
        lab.pass(days(4));
        let from = lab.write_count();
        set_service(&mut lab, true, ServiceStartType::Automatic);
        lab.pass(SignedDuration::from_hours(3));
        assert_eq!(to_entra(&lab, from), [], "{leak:?}: its scheduler is off");
        // What a delta would be: the cliff of seven days.
        assert_ne!(lab.run("SYNC01", AD, RunProfile::DeltaImport).result, "success", "{leak:?}");
        for (connector, profile) in [
            (ENTRA, RunProfile::FullImport),
            (AD, RunProfile::FullImport),
            (AD, RunProfile::FullSynchronization),
            (ENTRA, RunProfile::FullSynchronization),
        ] {
            assert_eq!(lab.run("SYNC01", connector, profile).result, "success", "{leak:?}: {profile:?}");
        }
        assert_eq!(lab.pending("SYNC01", ENTRA), [], "{leak:?}: nothing to add, nothing to remove, no value");
        enable(&mut lab, true);
        lab.pass(days(1));
        lab.settle("SYNC01");
        let results: Vec<String> =
            lab.history("SYNC01").into_iter().rev().take(6).map(|run| run.result).collect();
        assert_eq!(results, ["success"; 6], "{leak:?}");
        assert_eq!(to_entra(&lab, from), [], "{leak:?}: Cloud Sync goes on to own everybody");
        assert!(lab.cloud(newcomer).is_none(), "{leak:?}: it makes nobody");
    }
}

#[test]
fn a_disabled_service_is_not_started_by_mistake() {
    let mut lab = retired(ReferenceLeak::All);
    let start = Operation::SetService { running: Some(true), start_type: None };
    assert_eq!(lab.refused("SYNC01", &start).code, HostErrorCode::Failed);
}
