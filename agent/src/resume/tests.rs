//! The agent on its own.

use std::time::Duration;

use crds::sync_agent::OutcomeState;
use crds::sync_agent::command::*;

use crate::model::rig::{full, sales};
use crate::model::{Ended, Rig};

/// Under a stop with our rules in force, when an OU has left the scope of the connector.
fn scope_narrowed(rig: &Rig) {
    rig.engine.lock().unwrap().included = vec!["OU=Sales,DC=contoso,DC=com".to_owned()];
}

fn with_rules() -> Rig {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    rig.succeed(full());
    rig.engine.lock().unwrap().log.clear();
    rig
}

fn resumed(rig: &Rig) -> String {
    rig.journal().resumed.unwrap_or_default()
}

fn is_on(rig: &Rig) -> bool {
    rig.engine.lock().unwrap().enabled
}

#[test]
fn the_scheduler_is_switched_on_although_nobody_is_reachable() {
    let mut rig = with_rules();
    rig.cluster.state.lock().unwrap().down = true;
    rig.pass(Duration::from_mins(59));
    rig.steps(1);
    assert!(!is_on(&rig), "not before the time");
    rig.pass(Duration::from_mins(2));
    rig.steps(10);
    assert!(is_on(&rig));
    let log = rig.log();
    assert_eq!(log.last().map(String::as_str), Some("scheduler on"));
    assert!(log.iter().all(|line| !line.contains("Export")), "nothing is exported by hand: {log:?}");
    assert!(log.iter().any(|line| line.contains("FullSynchronization")), "rules had changed: {log:?}");
    assert!(log.iter().all(|line| !line.starts_with("rule")), "the rules stay: {log:?}");
    assert!(resumed(&rig).contains("the scheduler was switched on"), "{}", resumed(&rig));
    assert_eq!(rig.journal().stop, None);

    rig.cluster.state.lock().unwrap().down = false;
    rig.steps(2);
    let status = rig.cluster.state.lock().unwrap().status.clone().unwrap();
    assert_eq!((status.resume_by, status.resumed), (None, Some(resumed(&rig))));
}

#[test]
fn somebody_who_left_is_no_reason_to_hold() {
    let mut rig = with_rules();
    rig.engine.lock().unwrap().delete(3);
    rig.pass(Duration::from_mins(61));
    rig.steps(10);
    assert!(is_on(&rig), "{}", resumed(&rig));
}

#[test]
fn rules_are_taken_back_where_a_deletion_has_no_explanation() {
    let mut rig = with_rules();
    // The deletion goes away with our rules: the model's unit comes back into scope when they are gone.
    scope_narrowed(&rig);
    rig.pass(Duration::from_mins(61));
    rig.steps(5);
    assert!(!is_on(&rig));
    while !resumed(&rig).contains("taking our rules back") {
        rig.steps(1);
    }
    rig.engine.lock().unwrap().included = vec!["DC=contoso,DC=com".to_owned()];
    rig.engine.lock().unwrap().run(
        crate::model::AD,
        adsync::protocol::RunProfile::DeltaImport,
        crate::model::engine::SERVICE,
    );
    rig.steps(10);
    assert!(is_on(&rig), "{}", resumed(&rig));
    let engine = rig.engine.lock().unwrap();
    assert!(!engine.rules.iter().any(adsync::no_flow::is_ours), "our rules are gone");
    drop(engine);
    assert!(resumed(&rig).contains("our rules are as they were before the stop"), "{}", resumed(&rig));
}

#[test]
fn deletions_that_stay_keep_the_scheduler_off_and_the_imports_going() {
    let mut rig = with_rules();
    scope_narrowed(&rig);
    rig.pass(Duration::from_mins(61));
    rig.steps(30);
    assert!(!is_on(&rig));
    assert!(resumed(&rig).contains("A PERSON IS NEEDED"), "{}", resumed(&rig));
    assert!(resumed(&rig).contains(crate::model::Engine::anchor(3).as_str()), "{}", resumed(&rig));
    let before = rig.log().len();
    rig.pass(Duration::from_mins(31));
    rig.steps(10);
    let log = rig.log();
    assert!(log.len() > before, "imports and synchronizations go on");
    assert!(log.iter().all(|line| !line.contains("Export")), "{log:?}");
    assert_eq!(rig.engine.lock().unwrap().cloud.len(), 3, "nobody is deleted");
    assert!(resumed(&rig).contains("resumeBy"), "{}", resumed(&rig));

    // Neither a command nor a restart changes that.
    let refused = rig.run(Action::PutNoFlowRules(sales()));
    assert!(refused.message.contains("acts by itself"), "{}", refused.message);
    let start = rig.run(Action::StartScheduler(StartScheduler { start_cycle: false }));
    assert_eq!(start.state, OutcomeState::Failed);
    assert!(start.message.contains("expected no deletion without explanation"), "{}", start.message);
    rig.start();
    rig.steps(3);
    assert!(!is_on(&rig));

    // A person puts the scope right: the next round sees it.
    rig.engine.lock().unwrap().included = vec!["DC=contoso,DC=com".to_owned()];
    rig.pass(Duration::from_mins(31));
    rig.steps(10);
    assert!(is_on(&rig), "{}", resumed(&rig));
}

#[test]
fn what_cannot_be_seen_is_not_taken_for_good() {
    use adsync::protocol::HostErrorCode;
    let mut rig = with_rules();
    rig.engine.lock().unwrap().delete(3);
    rig.engine.lock().unwrap().errors.extend([("searchDirectory", HostErrorCode::AccessDenied); 3]);
    rig.pass(Duration::from_mins(61));
    rig.steps(25);
    assert!(!is_on(&rig));
    assert!(resumed(&rig).contains("it cannot be seen which deletions are pending"), "{}", resumed(&rig));
}

#[test]
fn a_domain_that_is_not_reachable_does_not_hold_the_scheduler_back() {
    let mut rig = with_rules();
    let failures = std::iter::repeat_n("no-start-connection".to_owned(), 20);
    rig.engine.lock().unwrap().results.extend(failures);
    rig.pass(Duration::from_mins(61));
    rig.steps(20);
    assert!(is_on(&rig), "{}", resumed(&rig));
    assert!(resumed(&rig).contains("no-start-connection"), "{}", resumed(&rig));
    let imports = rig.log().iter().filter(|line| line.contains("Import")).count();
    assert_eq!(imports, 3, "tried three times, in full after the first");
    assert!(rig.log().iter().any(|line| line.contains("FullImport")));
}

#[test]
fn a_staging_server_leaves_the_shared_switch_to_the_exporting_one() {
    let mut rig = Rig::new();
    rig.engine.lock().unwrap().staging = true;
    rig.snapshot();
    let stop = rig.stop_for(60);
    rig.succeed(stop);
    rig.pass(Duration::from_mins(61));
    rig.steps(20);
    assert!(!is_on(&rig));
    assert!(resumed(&rig).contains("whose agent decides"), "{}", resumed(&rig));
    let read = rig.run(Action::ReadPendingExports(Nothing {}));
    assert_eq!(read.state, OutcomeState::Succeeded, "it can still be asked");
    // The other agent has switched it on.
    rig.engine.lock().unwrap().enabled = true;
    rig.steps(10);
    assert_eq!(rig.journal().stop, None);
    assert!(resumed(&rig).contains("the scheduler is on"), "{}", resumed(&rig));
}

#[test]
fn a_stop_that_is_prolonged_ends_at_its_new_time() {
    let mut rig = Rig::stopped();
    rig.pass(Duration::from_mins(30));
    let longer = rig.stop_for(60);
    rig.succeed(longer);
    rig.pass(Duration::from_mins(40));
    rig.steps(2);
    assert!(!is_on(&rig), "the new time counts");
    rig.pass(Duration::from_mins(30));
    rig.steps(10);
    assert!(is_on(&rig));
}

#[test]
fn a_clock_that_goes_back_ends_the_stop() {
    let mut rig = Rig::stopped();
    rig.set_clock(rig.now() - jiff::SignedDuration::from_hours(48));
    rig.steps(10);
    assert!(is_on(&rig), "else it would be forgotten for days");
}

#[test]
fn a_command_under_way_ends_when_the_time_is_up() {
    let mut rig = Rig::stopped();
    let expected = rig.now() + jiff::SignedDuration::from_mins(58);
    rig.set_clock(expected);
    let id = rig.give(full());
    rig.steps(2);
    rig.pass(Duration::from_mins(5));
    let outcome = rig.drive(&id).unwrap();
    assert_eq!(outcome.state, OutcomeState::Failed);
    assert!(outcome.message.contains("expected to end before resumeBy"), "{}", outcome.message);
    rig.steps(10);
    assert!(is_on(&rig));
    let late = rig.give_expecting(
        Action::PutNoFlowRules(sales()),
        crds::sync_agent::Expectation { scheduler_enabled: Some(false), ..Default::default() },
    );
    assert_eq!(rig.drive(&late).unwrap().state, OutcomeState::Refused, "the operator's picture is old");
}

#[test]
fn a_stopped_service_is_reported_and_the_agent_goes_on_trying() {
    let mut rig = with_rules();
    rig.engine.lock().unwrap().service.running = false;
    rig.pass(Duration::from_mins(61));
    rig.steps(5);
    assert!(resumed(&rig).contains("start the service"), "{}", resumed(&rig));
    rig.engine.lock().unwrap().service.running = true;
    rig.steps(20);
    assert!(is_on(&rig));
}

#[test]
fn killed_at_every_point_it_still_ends_with_the_scheduler_on() {
    for point in 1.. {
        let mut rig = with_rules();
        rig.cluster.state.lock().unwrap().down = true;
        rig.pass(Duration::from_mins(61));
        rig.crash.after(point);
        let mut crashed = false;
        for _ in 0..12 {
            if rig.step() == Ended::Crashed {
                crashed = true;
                rig.crash.disarm();
                rig.start();
            }
        }
        assert!(is_on(&rig) && rig.journal().stop.is_none(), "killed at {point}: {}", resumed(&rig));
        let log = rig.log();
        let runs = log.iter().filter(|line| line.starts_with("run")).count();
        assert_eq!(runs, 4, "killed at {point}: nothing runs twice: {log:?}");
        let switched = log.iter().filter(|line| *line == "scheduler on").count();
        assert_eq!(switched, 1, "killed at {point}: {log:?}");
        if !crashed {
            return;
        }
    }
}
