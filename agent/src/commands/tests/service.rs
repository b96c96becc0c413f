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
fn what_automatic_upgrade_was_before_is_known_until_it_is_given_back() {
    let mut rig = Rig::new();
    rig.snapshot();
    let mut turn = |enabled| match rig.succeed(Action::SetAutoUpgrade(Switch { enabled })) {
        Evidence::AutoUpgrade(evidence) => (evidence.before, evidence.after),
        other => panic!("{other:?}"),
    };
    let pair = |before: &str, after: &str| (before.to_owned(), after.to_owned());
    assert_eq!(turn(false), pair("Enabled", "Disabled"));
    assert_eq!(
        turn(false),
        pair("Enabled", "Disabled"),
        "asked again, by another migration or after a restore"
    );
    assert_eq!(turn(true), pair("Disabled", "Enabled"));
    rig.engine.lock().unwrap().auto_upgrade = AutoUpgradeState::Disabled;
    let Evidence::AutoUpgrade(found) = rig.succeed(Action::SetAutoUpgrade(Switch { enabled: false })) else {
        panic!("other evidence")
    };
    assert_eq!(found.before, "Disabled", "what people switched off is theirs");
}

#[test]
fn a_stopped_service_ends_the_stop_and_waits_for_the_cycle() {
    let mut rig = Rig::stopped();
    let until = rig.now() + jiff::SignedDuration::from_secs(30);
    rig.engine.lock().unwrap().cycle_until = Some(until);
    let Evidence::Service(evidence) = rig.succeed(Action::SetService(SetService::default())) else {
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
    let stop = Action::SetService(SetService::default());
    rig.succeed(stop.clone());
    let expects = crds::sync_agent::Expectation { idle: Some(true), ..Default::default() };
    let id = rig.give_expecting(stop, expects);
    assert_eq!(rig.drive(&id).unwrap().state, OutcomeState::Succeeded, "what is stopped is idle");
    assert_eq!(rig.log().len(), 1);
}

fn service(evidence: Evidence) -> ServiceEvidence {
    let Evidence::Service(evidence) = evidence else { panic!("{evidence:?}") };
    evidence
}

#[test]
fn a_stop_for_good_looks_once_more_with_nothing_running() {
    let mut rig = Rig::moved();
    let found = service(rig.succeed(stop_for_good(everybody())));
    assert_eq!((found.running, found.start_type.as_str()), (false, "Disabled"));
    assert_eq!(found.start_type_before.as_deref(), Some("Automatic"));
    let residual = found.residual.expect("a last look");
    assert!(residual.is_nothing() && residual.withheld == 3, "{residual:?}");
    assert_eq!(rig.log(), ["scheduler off", "service Some(false) Some(Disabled)"]);
    assert_eq!(rig.journal().stop, None);
    // For weeks: whoever starts the service, nothing runs.
    rig.pass(Duration::from_hours(24 * 9));
    let runs = {
        let mut engine = rig.engine.lock().unwrap();
        engine.service.running = true;
        engine.runs.len()
    };
    rig.pass(Duration::from_hours(2));
    rig.steps(3);
    assert_eq!(rig.engine.lock().unwrap().runs.len(), runs);
}

#[test]
fn what_is_still_exported_keeps_the_engine_running() {
    let mut rig = Rig::moved();
    let found = service(rig.succeed(stop_for_good(sales())));
    assert!(found.running && found.scheduler_enabled == Some(true), "{found:?}");
    let residual = found.residual.expect("what is left");
    assert_eq!((residual.exported[0].count, residual.anchors), (1, vec![label(3)]));
    assert_eq!(rig.log(), ["scheduler off", "scheduler on", "cycle"], "what was pending goes at once");
    assert_eq!(rig.journal().stop, None, "it was given back: nothing to switch on any more");
}

#[test]
fn a_scheduler_that_was_off_stays_off() {
    let mut rig = Rig::moved();
    rig.engine.lock().unwrap().enabled = false;
    let found = service(rig.succeed(stop_for_good(sales())));
    assert_eq!((found.running, found.scheduler_enabled), (true, Some(false)));
    assert!(rig.log().is_empty());
}

#[test]
fn a_run_after_the_look_makes_it_look_again() {
    use crate::journal::Progress;
    let mut rig = Rig::moved();
    let id = rig.give(stop_for_good(everybody()));
    let looked = |rig: &Rig| match rig.journal().progress() {
        Progress::Service(servicing) => servicing.residual.is_some(),
        _ => false,
    };
    for _ in 0..40 {
        if looked(&rig) {
            break;
        }
        rig.steps(1);
    }
    assert!(looked(&rig));
    rig.engine.lock().unwrap().run(AD, RunProfile::DeltaImport, "CONTOSO\\eve");
    rig.steps(1);
    assert!(!looked(&rig), "what was seen before that run proves nothing");
    assert!(rig.engine.lock().unwrap().service.running);
    assert_eq!(rig.drive(&id).unwrap().state, OutcomeState::Succeeded);
}

#[test]
fn an_open_wizard_refuses_a_stop_for_good_and_changes_nothing() {
    let mut rig = Rig::moved();
    rig.engine.lock().unwrap().suspended = true;
    let outcome = rig.run(stop_for_good(everybody()));
    assert_eq!(outcome.state, OutcomeState::Failed);
    assert!(outcome.message.contains("close Microsoft Entra Connect"), "{}", outcome.message);
    assert!(rig.log().is_empty());
}

fn start_held() -> Action {
    Action::SetService(SetService {
        running: true,
        automatic: false,
        start_type: Some(StartType::Manual),
        hold_scheduler: true,
        only_if_nothing_left: None,
    })
}

#[test]
fn a_held_start_runs_nothing_until_it_is_told() {
    let mut rig = Rig::moved();
    rig.succeed(stop_for_good(everybody()));
    rig.pass(Duration::from_hours(24 * 9));
    // Somebody switched the shared scheduler on meanwhile, at another server.
    rig.engine.lock().unwrap().enabled = true;
    let runs = rig.engine.lock().unwrap().runs.len();
    let found = service(rig.succeed(start_held()));
    assert_eq!((found.running, found.scheduler_enabled, found.foreign_runs), (true, Some(false), 0));
    assert_eq!(found.start_type, "Manual");
    rig.pass(Duration::from_hours(3));
    rig.steps(3);
    let engine = rig.engine.lock().unwrap();
    assert!(!engine.enabled, "nothing switches it on but a command");
    assert_eq!(engine.runs.len(), runs);
}

#[test]
fn a_cycle_that_begins_with_the_service_is_stopped() {
    let mut rig = Rig::moved();
    rig.succeed(stop_for_good(everybody()));
    {
        let mut engine = rig.engine.lock().unwrap();
        engine.enabled = true;
        engine.cycle_until = Some(engine.now + jiff::SignedDuration::from_hours(1));
    }
    let found = service(rig.succeed(start_held()));
    assert_eq!(found.scheduler_enabled, Some(false));
    assert!(rig.log().contains(&"cycle stopped".to_owned()), "{:?}", rig.log());
}

#[test]
fn runs_that_were_faster_than_the_hold_are_counted() {
    let mut rig = Rig::moved();
    rig.succeed(stop_for_good(everybody()));
    let id = rig.give(start_held());
    rig.engine.lock().unwrap().cycle_until = Some(rig.now() + jiff::SignedDuration::from_hours(1));
    rig.steps(1);
    rig.engine.lock().unwrap().run(AD, RunProfile::DeltaImport, "NT SERVICE\\ADSync");
    let Some(Evidence::Service(found)) = rig.drive(&id).unwrap().evidence else { panic!("no evidence") };
    assert_eq!(found.foreign_runs, 1);
}

#[test]
fn a_start_and_a_stop_between_two_reports_and_a_restart_of_the_host_show_in_the_inventory() {
    let mut rig = Rig::moved();
    rig.succeed(stop_for_good(everybody()));
    let inventory = |rig: &mut Rig| {
        rig.succeed(Action::ReadInventory(Nothing {}));
        rig.cluster.state.lock().unwrap().report.clone().unwrap().inventory.unwrap()
    };
    let before = inventory(&mut rig);
    rig.pass(Duration::from_hours(30));
    let started = rig.now();
    {
        let mut engine = rig.engine.lock().unwrap();
        engine.service.last_started_at = Some(started);
        engine.booted_at += jiff::SignedDuration::from_secs(3);
    }
    let after = inventory(&mut rig);
    let engine = after.engine.unwrap();
    assert_eq!((engine.service_running, engine.service_last_started_at), (false, Some(started)));
    assert!(after.host.booted_at.is_some());
    assert_ne!(before.engine.unwrap().service_last_started_at, Some(started));
    rig.engine.lock().unwrap().booted_at = started;
    assert_eq!(inventory(&mut rig).host.booted_at, Some(started), "one report later");
}
