//! What people do to servers, and what reaches several of them at once.

use adsync::protocol::{Scheduler, SchedulerChange};

use super::*;
use crate::engine::{Availability, Service};
use crate::modes::{FirstHashPass, WizardEnd};

fn switch(lab: &mut Lab, on: bool) {
    let change = SchedulerChange { sync_cycle_enabled: Some(on), ..SchedulerChange::default() };
    let _: () = lab.ask("SYNC01", &Operation::SetScheduler(change));
}

fn standby(lab: &mut Lab) {
    let mut standby = server("SYNC02");
    standby.set_staging(true);
    lab.estate.add_server(Box::new(standby));
    lab.cycle("SYNC02", CyclePolicy::Initial);
}

fn people_of(lab: &mut Lab, act: impl FnOnce(&mut SyncServer, &mut World, Timestamp)) {
    lab.estate
        .with_server("SYNC01", |engine, world, now| {
            act(engine.as_any().downcast_mut::<SyncServer>().expect("an ADSync engine"), world, now);
        })
        .expect("the server is there");
}

#[test]
fn a_completed_wizard_leaves_the_scheduler_off_or_turns_it_on() {
    for (mode, expected) in [(WizardEnd::LeavesScheduler, false), (WizardEnd::EnablesScheduler, true)] {
        let mut lab = Lab::populated();
        lab.modes(Modes { wizard_end: mode, ..Modes::default() });
        switch(&mut lab, false);
        lab.at("SYNC01", SyncServer::open_wizard);
        lab.at("SYNC01", SyncServer::close_wizard);
        let scheduler: Scheduler = lab.ask("SYNC01", &Operation::GetScheduler);
        assert!(!scheduler.sync_cycle_enabled, "{mode:?}: closed without a change");
        lab.at("SYNC01", SyncServer::open_wizard);
        people_of(&mut lab, SyncServer::complete_wizard);
        let scheduler: Scheduler = lab.ask("SYNC01", &Operation::GetScheduler);
        assert_eq!(
            (scheduler.sync_cycle_enabled, scheduler.scheduler_suspended),
            (expected, false),
            "{mode:?}"
        );
        // Somebody's change in between goes out although the scheduler was stopped.
        let sara = lab.guid(&format!("CN=sara,{SALES}"));
        lab.modify(sara, "department", "Shoes");
        lab.pass(SignedDuration::from_hours(1));
        assert_eq!(lab.cloud_text(sara, "department").is_some(), expected, "{mode:?}");
    }
}

#[test]
fn a_stop_of_the_scheduler_runs_down_the_standbys_seven_days_too() {
    let mut lab = Lab::populated();
    standby(&mut lab);
    switch(&mut lab, true);
    lab.pass(SignedDuration::from_hours(2));
    let before = lab.history("SYNC02").len();
    switch(&mut lab, false);
    lab.settle("SYNC02");
    lab.pass(SignedDuration::from_hours(24 * 7 + 1));
    assert!(lab.history("SYNC02").len() <= before + 6, "the standby's scheduler is the same switch");
    let run = lab.run("SYNC02", AD, RunProfile::DeltaImport);
    assert_eq!(run.result, "no-start-full-import-required");
    assert_eq!(lab.run("SYNC02", AD, RunProfile::FullImport).result, "success");
}

#[test]
fn objects_managed_in_the_cloud_refuse_connect_too() {
    let mut lab = Lab::populated();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    let id = lab.cloud(sara).expect("sara").id;
    lab.pass(SignedDuration::from_mins(3));
    lab.estate
        .with_world(|world, now| world.tenant.edit_by_person(id, now, |user| user.is_cloud_managed = true));
    let from = lab.write_count();
    lab.modify(sara, "department", "Shoes");
    lab.estate.with_world(|world, now| world.directory.set_password(sara, false, now).expect("a password"));
    let runs = lab.cycle("SYNC01", CyclePolicy::Delta);
    lab.pass(SignedDuration::from_mins(5));
    assert_eq!(lab.cloud_text(sara, "department"), None);
    assert!(lab.writes_since(from).iter().all(|write| write.object != id), "neither attributes nor the hash");
    let failed: u64 = runs.iter().map(|run| run.counters.export_failure).sum();
    let refused = lab.estate.world.audit().records().iter().any(|record| {
        matches!(&record.event, crate::audit::Event::Refused { reason, .. } if reason.contains("managed in the cloud"))
    });
    assert!(refused, "failures of the export: {failed}");
    lab.estate.with_world(|world, now| world.directory.delete(sara, now).expect("a deletion"));
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(lab.cloud(sara).is_some(), "and nobody deletes it");
}

#[test]
fn after_a_start_the_hash_loop_sends_what_is_new_or_everything() {
    for (mode, expected) in [(FirstHashPass::Remembers, 0), (FirstHashPass::SendsAll, 3)] {
        let mut lab = Lab::populated();
        lab.modes(Modes { first_hash_pass: mode, ..Modes::default() });
        lab.pass(SignedDuration::from_mins(3));
        let from = lab.write_count();
        let now = lab.estate.now();
        lab.at("SYNC01", |server| server.restart_host(now));
        lab.pass(SignedDuration::from_mins(5));
        let sent = lab.writes_since(from);
        assert_eq!(sent.len(), expected, "{mode:?}");
        assert!(
            sent.iter().all(|write| write.values[0].old == write.values[0].new),
            "{mode:?}: the same again"
        );
    }
}

#[test]
fn the_hash_loop_belongs_to_one_connector() {
    let mut configuration = super::rules_in_force::two_connectors();
    for connector in &mut configuration.connectors {
        connector.password_hash_sync = Some(connector.identifier == AD);
    }
    let mut lab = Lab { estate: Estate::new(world(), start()) };
    let server = SyncServer::from_configuration(&configuration, HostFacts::current("SYNC01"));
    lab.estate.add_server(Box::new(server));
    let anna = lab.user("anna", PILOT);
    let emil = lab.user("emil", REGIONS);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    lab.pass(SignedDuration::from_mins(5));
    let has_hash = |lab: &Lab, source| lab.cloud(source).expect("in the tenant").password.is_some();
    assert!(has_hash(&lab, anna));
    assert!(!has_hash(&lab, emil));
}

#[test]
fn a_standby_is_available_for_nothing() {
    let mut lab = Lab::populated();
    standby(&mut lab);
    switch(&mut lab, true);
    let server = lab.estate.server("SYNC02").expect("the standby");
    for service in [Service::Objects, Service::PasswordHashes] {
        let state = server.availability(service, lab.estate.now(), &lab.estate.world);
        assert_eq!(state, Availability::Down("staging".to_owned()));
    }
}

#[test]
fn a_second_engine_that_writes_passwords_back_breaks_the_first() {
    use crate::password_writeback::WritebackEngine;
    let mut lab = Lab::populated();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    let version =
        |lab: &Lab| lab.estate.world.directory.get(anna).expect("anna").password.expect("one").version;
    assert!(!lab.estate.reset_password_in_cloud(anna), "nobody writes back");
    people_of(&mut lab, |server, world, _| server.set_password_writeback(true, world));
    assert!(lab.estate.reset_password_in_cloud(anna));
    assert_eq!(version(&lab), 2);

    // Cloud sync's is turned on as well, and no agent runs: Connect's says that it is on, and nothing arrives.
    lab.estate.with_world(|world, _| world.password_writeback.take(WritebackEngine::CloudSync));
    let features: adsync::protocol::Features = lab.ask("SYNC01", &Operation::GetFeatures);
    assert!(features.password_writeback);
    assert!(!lab.estate.reset_password_in_cloud(anna));
    assert_eq!(version(&lab), 2);
    let agent =
        lab.estate.with_cloud(|cloud, world, _| cloud.add_agent("agent01", &["corp.example.com"], world));
    assert!(lab.estate.reset_password_in_cloud(anna), "through the agent");

    // Turned off again there, Connect's stays broken until somebody turns it on anew.
    lab.estate.with_world(|world, _| world.password_writeback.give_up(WritebackEngine::CloudSync));
    assert!(!lab.estate.reset_password_in_cloud(anna));
    people_of(&mut lab, |server, world, _| server.set_password_writeback(true, world));
    assert!(lab.estate.reset_password_in_cloud(anna));
    lab.at("SYNC01", |server| server.set_staging(true));
    assert!(!lab.estate.reset_password_in_cloud(anna), "a standby writes nothing back");
    let logged: Vec<(Option<String>, bool)> = lab
        .estate
        .world
        .audit()
        .records()
        .iter()
        .filter_map(|record| match &record.event {
            crate::audit::Event::PasswordReset { writer, arrived, .. } => {
                Some((writer.as_ref().map(ToString::to_string), *arrived))
            }
            _ => None,
        })
        .collect();
    assert_eq!(logged.len(), 7);
    assert_eq!(logged[1], (Some("Connect on SYNC01".to_owned()), true));
    assert_eq!(logged[3], (Some("cloud sync job agent01".to_owned()), true));
    assert!(lab.estate.cloud.agents().any(|known| known.id == agent));
}
