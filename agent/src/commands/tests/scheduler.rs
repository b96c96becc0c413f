//! `stopScheduler` and `startScheduler`.

use super::*;

#[test]
fn the_scheduler_stops_when_the_cycle_has_ended_and_remembers_to_start() {
    let mut rig = Rig::new();
    rig.snapshot();
    let until = rig.now() + jiff::SignedDuration::from_secs(100);
    rig.engine.lock().unwrap().cycle_until = Some(until);
    let stop = rig.stop_for(60);
    let id = rig.give(stop);
    rig.steps(2);
    assert!(rig.journal().stop.is_some(), "written down before the cycle has ended");
    assert!(rig.outcome(&id).is_none(), "it waits for the cycle");
    let outcome = rig.drive(&id).unwrap();
    let evidence = scheduler(outcome.evidence.unwrap());
    assert!(!evidence.enabled && !evidence.running);
    assert!(evidence.idle_since.unwrap() >= until);
    let status = rig.cluster.state.lock().unwrap().status.clone().unwrap();
    assert_eq!(status.resume_by, rig.journal().stop.map(|stop| stop.resume_by));
    assert!(status.resume_by.is_some());
}

#[test]
fn a_scheduler_held_by_a_wizard_is_neither_stopped_nor_started() {
    let mut rig = Rig::new();
    rig.snapshot();
    rig.engine.lock().unwrap().suspended = true;
    let stop = rig.stop_for(60);
    for action in [stop, Action::StartScheduler(StartScheduler { start_cycle: false })] {
        let outcome = rig.run(action);
        assert_eq!(outcome.state, OutcomeState::Failed);
        assert!(outcome.message.contains("open wizard"), "{}", outcome.message);
    }
    assert!(rig.log().is_empty());
    assert_eq!(rig.journal().stop, None, "nothing is to be undone");
}

#[test]
fn the_second_quiet_reading_is_a_second_after_the_first() {
    let mut rig = Rig::new();
    rig.snapshot();
    let begun = rig.now();
    let stop = rig.stop_for(60);
    let outcome = rig.run(stop);
    assert_eq!(outcome.state, OutcomeState::Succeeded, "{}", outcome.message);
    assert!(outcome.finished_at.unwrap().duration_since(begun) <= SignedDuration::from_secs(1));
}

/// What happens to the engine as it is switched.
type Change = fn(&mut Engine);

fn start_with_cycle() -> Action {
    Action::StartScheduler(StartScheduler { start_cycle: true })
}

/// The report's runs of the scheduler's own account that began at or after an instant, newest first: what proves that a cycle ran.
fn reported_runs(rig: &Rig, since: Timestamp) -> Vec<String> {
    let report = rig.cluster.state.lock().unwrap().report.clone().unwrap();
    let runs = report.inventory.unwrap().last_runs;
    let later = runs.into_iter().filter(|run| run.started_at >= since && !run.ours);
    later.map(|run| format!("{} on {}: {}", run.profile, run.connector, run.result)).collect()
}

#[test]
fn the_scheduler_is_on_at_once_and_the_cycle_goes_on_by_itself() {
    let mut rig = Rig::stopped();
    let begun = rig.now();
    let outcome = rig.run(start_with_cycle());
    assert_eq!(outcome.finished_at, Some(begun), "nothing is waited for");
    let evidence = scheduler(outcome.evidence.unwrap());
    assert!(evidence.enabled && evidence.running && !evidence.suspended);
    assert_eq!(rig.log(), ["scheduler on", "cycle"]);
    assert_eq!(rig.journal().stop, None);
    let status = rig.cluster.state.lock().unwrap().status.clone().unwrap();
    assert_eq!(status.resume_by, None);
}

#[test]
fn the_next_report_says_how_the_cycle_went() {
    let mut rig = Rig::stopped();
    rig.succeed(start_with_cycle());
    let started = rig.now();
    assert_eq!(reported_runs(&rig, started), [""; 0], "it has not ended yet");
    rig.engine.lock().unwrap().results.extend(["success".to_owned(), "no-start-connection".to_owned()]);
    while rig.engine.lock().unwrap().cycle_until.is_some() {
        rig.steps(1);
    }
    // A heartbeat later at the latest: one step begins it, the next one's pause ends it.
    rig.steps(2);
    let runs = reported_runs(&rig, started);
    assert_eq!(runs.len(), 6, "three profiles on two connectors: {runs:?}");
    let failed: Vec<&String> = runs.iter().filter(|run| !run.ends_with("success")).collect();
    assert_eq!(failed, ["Delta Import on contoso.onmicrosoft.com - AAD: no-start-connection"]);
    assert!(rig.engine.lock().unwrap().enabled, "a cycle that fails does not switch it off");
}

#[test]
fn without_a_cycle_asked_for_the_planned_one_is_enough() {
    let mut rig = Rig::stopped();
    let evidence = scheduler(rig.succeed(Action::StartScheduler(StartScheduler { start_cycle: false })));
    assert!(evidence.enabled && !evidence.running);
    assert_eq!(rig.log(), ["scheduler on"]);
}

#[test]
fn a_cycle_that_runs_already_is_not_asked_for_again() {
    let mut rig = Rig::stopped();
    let until = rig.now() + SignedDuration::from_secs(90);
    rig.engine.lock().unwrap().cycle_until = Some(until);
    let evidence = scheduler(rig.succeed(start_with_cycle()));
    assert!(evidence.enabled && evidence.running);
    assert_eq!(rig.log(), ["scheduler on"]);
    assert!(rig.now() < until, "its end is not waited for");
}

#[test]
fn an_engine_that_refuses_a_cycle_at_once_is_on_all_the_same() {
    let mut rig = Rig::stopped();
    rig.engine.lock().unwrap().errors.push_back(("startSyncCycle", HostErrorCode::Failed));
    let evidence = scheduler(rig.succeed(start_with_cycle()));
    assert!(evidence.enabled && !evidence.running);
    assert_eq!(rig.log(), ["scheduler on"]);
}

#[test]
fn a_scheduler_that_plans_nothing_is_looked_at_again_and_then_told() {
    let mut rig = Rig::stopped();
    rig.engine.lock().unwrap().plans = false;
    let id = rig.give(start_with_cycle());
    rig.steps(3);
    assert!(rig.outcome(&id).is_none(), "the engine may not have noticed yet");
    rig.engine.lock().unwrap().plans = true;
    assert_eq!(rig.drive(&id).unwrap().state, OutcomeState::Succeeded);

    let mut rig = Rig::stopped();
    rig.engine.lock().unwrap().plans = false;
    let begun = rig.now();
    let outcome = rig.run(start_with_cycle());
    assert_eq!(outcome.state, OutcomeState::Failed);
    assert!(outcome.message.contains("expected a next cycle to be planned"), "{}", outcome.message);
    assert!(scheduler(outcome.evidence.unwrap()).enabled, "what was seen is told");
    assert!(outcome.finished_at.unwrap().duration_since(begun) <= SignedDuration::from_secs(10));
    assert_eq!(rig.log(), ["scheduler on"], "no cycle hides that none is planned");
}

#[test]
fn a_switch_that_changes_more_than_it_should_is_told() {
    let changes: [Change; 2] = [|engine| engine.staging = true, |engine| engine.maintenance = false];
    for change in changes {
        let mut rig = Rig::stopped();
        rig.engine.lock().unwrap().after_switch = Some(change);
        let outcome = rig.run(start_with_cycle());
        assert_eq!(outcome.state, OutcomeState::Failed);
        assert!(
            outcome.message.contains("expected staging mode false and maintenance true"),
            "{}",
            outcome.message
        );
        assert!(scheduler(outcome.evidence.unwrap()).enabled);
        assert_eq!(rig.log(), ["scheduler on"], "no cycle is asked for");
        assert_eq!(rig.journal().stop, None, "it is on");
    }
}

#[test]
fn a_switch_that_does_not_hold_leaves_resume_by_in_force() {
    let held: [(Change, &str); 2] = [
        (|engine| engine.enabled = false, "found it off"),
        (|engine| engine.suspended = true, "open wizard"),
    ];
    for (change, said) in held {
        let mut rig = Rig::stopped();
        rig.engine.lock().unwrap().after_switch = Some(change);
        let outcome = rig.run(start_with_cycle());
        assert_eq!(outcome.state, OutcomeState::Failed);
        assert!(outcome.message.contains(said), "{}", outcome.message);
        assert!(rig.journal().stop.is_some(), "{said}: not forgotten");
        {
            let mut engine = rig.engine.lock().unwrap();
            engine.after_switch = None;
            engine.suspended = false;
        }
        rig.pass(Duration::from_mins(61));
        rig.steps(8);
        assert!(rig.engine.lock().unwrap().enabled, "{said}: on when resumeBy has passed");
        assert_eq!(rig.journal().stop, None);
    }
}

#[test]
fn killed_before_the_switch_the_agent_still_switches_on_when_the_time_is_up() {
    let mut rig = Rig::stopped();
    let id = rig.give(start_with_cycle());
    for point in 1.. {
        rig = Rig::stopped();
        rig.give(start_with_cycle());
        rig.crash.after(point);
        let ended = rig.drive(&id);
        rig.crash.disarm();
        if ended.is_ok() {
            assert!(point > 4, "it was killed before and after the switch");
            return;
        }
        // Nobody is reachable any more, and the command is never gone on with.
        rig.cluster.state.lock().unwrap().down = true;
        rig.start();
        rig.pass(Duration::from_mins(61));
        rig.steps(12);
        assert!(rig.engine.lock().unwrap().enabled, "killed at {point}");
        assert_eq!(rig.journal().stop, None, "killed at {point}");
    }
}

#[test]
fn killed_after_the_cycle_was_asked_for_it_is_not_asked_for_again() {
    let asked = ["scheduler on", "cycle"];
    let killed = (1..30).find_map(|point| {
        let mut rig = Rig::stopped();
        let id = rig.give(start_with_cycle());
        rig.crash.after(point);
        let ended = rig.drive(&id);
        rig.crash.disarm();
        (ended.is_err() && rig.log() == asked).then_some((rig, id))
    });
    let (mut rig, id) = killed.expect("one of the points lies right behind the request");
    // Its cycle has ended before the next process looks.
    rig.pass(Duration::from_mins(1));
    rig.start();
    assert_eq!(rig.drive(&id).unwrap().state, OutcomeState::Succeeded);
    assert_eq!(rig.log(), asked);
}
