//! Cycles: by themselves, by hand, and what keeps them from running.

use adsync::protocol::{HostErrorCode, Scheduler, SchedulerChange, ServiceStartType, ServiceState};

use super::*;

fn enable(lab: &mut Lab, server: &str, on: bool) {
    let change = SchedulerChange { sync_cycle_enabled: Some(on), ..SchedulerChange::default() };
    let _: () = lab.ask(server, &Operation::SetScheduler(change));
}

fn scheduler(lab: &mut Lab, server: &str) -> Scheduler {
    lab.ask(server, &Operation::GetScheduler)
}

fn initial_runs(runs: &[RunResult]) -> usize {
    runs.iter().filter(|run| run.profile == RunProfile::FullSynchronization).count()
}

#[test]
fn cycles_run_by_themselves_every_half_hour() {
    let mut lab = Lab::populated();
    let before = lab.history("SYNC01").len();
    lab.pass(SignedDuration::from_hours(2));
    assert_eq!(lab.history("SYNC01").len(), before, "the scheduler is off");
    enable(&mut lab, "SYNC01", true);
    lab.pass(SignedDuration::from_hours(2));
    let runs = lab.history("SYNC01").split_off(before);
    let exports =
        runs.iter().filter(|run| run.profile == RunProfile::Export && run.connector == ENTRA).count();
    assert!((4..=5).contains(&exports), "{exports}");
    let order: Vec<(Uuid, RunProfile)> =
        runs.iter().take(6).map(|run| (run.connector, run.profile)).collect();
    assert_eq!(
        order,
        [
            (AD, RunProfile::DeltaImport),
            (ENTRA, RunProfile::DeltaImport),
            (AD, RunProfile::DeltaSynchronization),
            (ENTRA, RunProfile::DeltaSynchronization),
            (ENTRA, RunProfile::Export),
            (AD, RunProfile::Export),
        ]
    );
    assert!(runs.iter().all(|run| run.user_name == "NT SERVICE\\ADSync"));
}

#[test]
fn the_switch_is_shared_but_staging_is_not() {
    let mut lab = Lab::populated();
    let mut standby = server("SYNC02");
    standby.set_staging(true);
    lab.estate.add_server(Box::new(standby));
    enable(&mut lab, "SYNC02", true);
    let first = scheduler(&mut lab, "SYNC01");
    let second = scheduler(&mut lab, "SYNC02");
    assert!(first.sync_cycle_enabled && second.sync_cycle_enabled);
    assert!(!first.staging_mode_enabled && second.staging_mode_enabled);
    enable(&mut lab, "SYNC01", false);
    assert!(!scheduler(&mut lab, "SYNC02").sync_cycle_enabled);
    assert_eq!(scheduler(&mut lab, "SYNC02").next_sync_cycle_start_time, None);
}

#[test]
fn a_cycle_by_hand_runs_while_the_scheduler_is_off() {
    let mut lab = Lab::populated();
    assert!(!scheduler(&mut lab, "SYNC01").sync_cycle_enabled);
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(sara, "department", "Shoes");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud_text(sara, "department").as_deref(), Some("Shoes"));
}

#[test]
fn the_next_policy_holds_for_one_cycle() {
    let mut lab = Lab::populated();
    let change = SchedulerChange {
        next_sync_cycle_policy_type: Some(CyclePolicy::Initial),
        sync_cycle_enabled: Some(true),
    };
    let _: () = lab.ask("SYNC01", &Operation::SetScheduler(change));
    let before = lab.history("SYNC01").len();
    lab.pass(SignedDuration::from_mins(100));
    let runs = lab.history("SYNC01").split_off(before);
    assert_eq!(initial_runs(&runs), 2, "one for each connector");
    assert_eq!(scheduler(&mut lab, "SYNC01").next_sync_cycle_policy_type, CyclePolicy::Delta);
}

#[test]
fn one_thing_at_a_time() {
    let mut lab = Lab::populated();
    let start = Operation::StartSyncCycle { policy_type: CyclePolicy::Delta };
    let invoke = Operation::InvokeRunProfile { connector: AD, profile: RunProfile::DeltaImport };
    let _: () = lab.ask("SYNC01", &start);
    assert!(scheduler(&mut lab, "SYNC01").sync_cycle_in_progress);
    assert_eq!(lab.refused("SYNC01", &start).code, HostErrorCode::Busy);
    assert_eq!(lab.refused("SYNC01", &invoke).code, HostErrorCode::Busy);
    let running: Vec<RunResult> =
        lab.ask("SYNC01", &Operation::GetRunResults { connector: None, number_requested: 1 });
    assert_eq!((running[0].result.as_str(), running[0].is_run_complete), ("in-progress", false));

    let _: () = lab.ask("SYNC01", &Operation::StopSyncCycle);
    assert!(!scheduler(&mut lab, "SYNC01").sync_cycle_in_progress);
    let last = lab.history("SYNC01").pop().expect("a run");
    assert_eq!(last.result, "stopped-user-termination-from-wmi-or-ui");
    lab.pass(SignedDuration::from_mins(5));
    assert_eq!(
        lab.history("SYNC01").last().map(|run| run.run_history_id),
        Some(last.run_history_id),
        "and nothing follows"
    );
}

#[test]
fn a_run_by_hand_bears_the_name_of_who_started_it() {
    let mut lab = Lab::populated();
    let run = lab.run("SYNC01", AD, RunProfile::DeltaImport);
    assert_eq!(run.user_name, "CONTOSO\\hybrid-agent$");
    let unknown = Operation::InvokeRunProfile { connector: Uuid::nil(), profile: RunProfile::Export };
    assert_eq!(lab.refused("SYNC01", &unknown).code, HostErrorCode::NotFound);
}

#[test]
fn an_open_wizard_suspends_everything() {
    let mut lab = Lab::populated();
    enable(&mut lab, "SYNC01", true);
    lab.settle("SYNC01");
    lab.at("SYNC01", SyncServer::open_wizard);
    lab.settle("SYNC01");
    let before = lab.history("SYNC01").len();
    assert!(scheduler(&mut lab, "SYNC01").scheduler_suspended);
    let start = Operation::StartSyncCycle { policy_type: CyclePolicy::Delta };
    assert_eq!(lab.refused("SYNC01", &start).code, HostErrorCode::Busy);
    lab.pass(SignedDuration::from_hours(2));
    assert_eq!(lab.history("SYNC01").len(), before);
    lab.at("SYNC01", SyncServer::close_wizard);
    lab.pass(SignedDuration::from_mins(5));
    assert!(lab.history("SYNC01").len() > before);
}

#[test]
fn staging_reads_and_evaluates_but_does_not_export_unless_forced() {
    let mut lab = Lab::populated();
    let mut standby = server("SYNC02");
    standby.set_staging(true);
    lab.estate.add_server(Box::new(standby));
    lab.cycle("SYNC02", CyclePolicy::Delta);
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(sara, "department", "Shoes");
    let runs = lab.cycle("SYNC02", CyclePolicy::Delta);
    assert!(runs.iter().all(|run| run.profile != RunProfile::Export));
    assert_eq!(lab.pending("SYNC02", ENTRA).len(), 1);
    assert_eq!(lab.cloud_text(sara, "department"), None);
    // Staging is not a lock.
    let from = lab.write_count();
    assert_eq!(lab.run("SYNC02", ENTRA, RunProfile::Export).counters.export_update, 1);
    assert_eq!(lab.writes_since(from)[0].writer.to_string(), "Connect on SYNC02");
    assert_eq!(lab.cloud_text(sara, "department").as_deref(), Some("Shoes"));
}

#[test]
fn after_seven_days_a_delta_is_not_enough() {
    use crate::engine::{Availability, Service};
    let mut lab = Lab::populated();
    let available = |lab: &Lab| {
        let server = lab.estate.server("SYNC01").expect("the server");
        server.availability(Service::Objects, lab.estate.now(), &lab.estate.world)
    };
    lab.pass(SignedDuration::from_hours(24 * 7 + 1));
    enable(&mut lab, "SYNC01", true);
    assert!(matches!(available(&lab), Availability::Down(reason) if reason.contains("seven days")));
    lab.pass(SignedDuration::from_mins(40));
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(sara, "department", "Shoes");
    lab.pass(SignedDuration::from_mins(40));
    let last = lab.history("SYNC01").pop().expect("a run");
    assert_eq!(
        (last.profile, last.result.as_str()),
        (RunProfile::DeltaImport, "no-start-full-import-required")
    );
    assert_eq!(lab.cloud_text(sara, "department"), None, "nothing goes on after it");

    lab.settle("SYNC01");
    lab.cycle("SYNC01", CyclePolicy::Initial);
    assert_eq!(lab.cloud_text(sara, "department").as_deref(), Some("Shoes"));
    assert_eq!(available(&lab), Availability::Up);
    assert_eq!(lab.run("SYNC01", AD, RunProfile::DeltaImport).result, "success");
}

#[test]
fn a_stopped_service_answers_little_and_does_nothing() {
    let mut lab = Lab::populated();
    enable(&mut lab, "SYNC01", true);
    let service = |running, start_type| Operation::SetService { running, start_type };
    let _: () = lab.ask("SYNC01", &service(Some(false), Some(ServiceStartType::Disabled)));
    assert_eq!(lab.refused("SYNC01", &Operation::GetScheduler).code, HostErrorCode::ServiceStopped);
    let state: ServiceState = lab.ask("SYNC01", &Operation::GetService);
    assert_eq!((state.installed, state.running, state.start_type), (true, false, ServiceStartType::Disabled));
    assert_eq!(lab.refused("SYNC01", &service(Some(true), None)).code, HostErrorCode::Failed);

    let from = lab.write_count();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(sara, "department", "Shoes");
    lab.pass(SignedDuration::from_hours(2));
    let now = lab.estate.now();
    lab.at("SYNC01", |server| server.restart_host(now));
    lab.pass(SignedDuration::from_hours(2));
    assert_eq!(lab.writes_since(from), []);

    let _: () = lab.ask("SYNC01", &service(Some(true), Some(ServiceStartType::Automatic)));
    lab.pass(SignedDuration::from_hours(1));
    assert_eq!(lab.cloud_text(sara, "department").as_deref(), Some("Shoes"));
}

#[test]
fn stopping_the_service_in_a_run_loses_the_run() {
    let mut lab = Lab::populated();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(sara, "department", "Shoes");
    let _: () = lab.ask("SYNC01", &Operation::StartSyncCycle { policy_type: CyclePolicy::Delta });
    let service = |running| Operation::SetService { running: Some(running), start_type: None };
    let _: () = lab.ask("SYNC01", &service(false));
    let _: () = lab.ask("SYNC01", &service(true));
    assert_eq!(lab.history("SYNC01").pop().expect("a run").result, "stopped-server");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud_text(sara, "department").as_deref(), Some("Shoes"));
}

#[test]
fn after_uninstalling_only_the_host_answers() {
    let mut lab = Lab::populated();
    let now = lab.estate.now();
    lab.at("SYNC01", |server| server.uninstall(now));
    assert_eq!(lab.refused("SYNC01", &Operation::GetRules).code, HostErrorCode::NotFound);
    let service = Operation::SetService { running: Some(true), start_type: None };
    assert_eq!(lab.refused("SYNC01", &service).code, HostErrorCode::NotFound);
    let host: adsync::protocol::HostInformation = lab.ask("SYNC01", &Operation::GetHostInformation);
    assert_eq!(host.engine, None);
    assert_eq!(host.sql, None);
    assert_eq!(lab.estate.world.tenant.iter().count(), 4, "objects stay");
}

#[test]
fn a_domain_that_does_not_answer_ends_the_cycle() {
    let mut configuration = small_export();
    for connector in &mut configuration.connectors {
        for partition in &mut connector.partitions {
            if partition.partition.distinguished_name.starts_with("DC=emea") {
                partition.partition.distinguished_name = "DC=gone,DC=example,DC=com".to_owned();
            }
        }
    }
    let mut lab = Lab { estate: Estate::new(world(), start()) };
    lab.estate
        .add_server(Box::new(SyncServer::from_configuration(&configuration, HostFacts::current("SYNC01"))));
    let runs = lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].result, "no-start-no-domain-controller");
}
