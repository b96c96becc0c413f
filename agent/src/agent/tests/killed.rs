//! Killed after everything that leaves a trace outside it, started again, and compared with an agent that was left alone.

use super::*;

/// Prepares a server, then gives the command that is to be killed.
type Prepare = fn() -> Rig;

fn with_probe() -> Rig {
    let mut rig = with_snapshot();
    rig.succeed(probe(ProbePhase::Create));
    rig.engine.lock().unwrap().log.clear();
    rig
}

/// What a command left behind, without what differs by when it was done.
fn traces(rig: &Rig) -> String {
    let engine = rig.engine.lock().unwrap();
    let mut rules: Vec<(u32, String)> = engine.rules.iter().map(|r| (r.precedence, r.name.clone())).collect();
    rules.sort();
    let objects: Vec<_> =
        engine.directory.values().map(|o| (&o.name, o.deleted, o.attributes.get("displayName"))).collect();
    let runs: Vec<_> = engine.runs.iter().map(|r| (r.connector, r.profile, &r.user_name)).collect();
    let journal = rig.journal();
    let own = journal.own_runs.len();
    let stop = journal.stop.is_some();
    format!(
        "log {:#?}\nrules {rules:#?}\nobjects {objects:#?}\nruns {runs:#?}\nenabled {} service {:?} upgrade {:?} own {own} stop {stop}",
        engine.log, engine.enabled, engine.service, engine.auto_upgrade
    )
}

/// Whatever a dead process has done, its journal knows how to go on from or how to undo.
fn written_down_before_it_was_done(rig: &Rig, point: usize) {
    let (engine, journal) = (rig.engine.lock().unwrap(), rig.journal());
    let told_off = journal.stop.is_some() || !engine.service.running;
    assert!(engine.enabled || told_off, "killed at {point}: a scheduler is off and forgotten");
    if engine.log.iter().any(|line| line.starts_with("rule")) {
        let before = journal.stop.as_ref().and_then(|stop| stop.rules_before.as_ref());
        assert!(before.is_some(), "killed at {point}: rules changed and what they were is not known");
    }
    for run in engine.runs.iter().filter(|run| run.user_name == AGENT) {
        assert!(crate::runs::is_ours(&journal, run), "killed at {point}: an own run is not known");
    }
    for object in engine.directory.values().filter(|object| object.name.contains("hybrid-identity-probe")) {
        let known = journal.probes.iter().any(|probe| probe.distinguished_name == object.name);
        assert!(known, "killed at {point}: a test user is not known");
    }
}

/// Kills the agent after every single thing that leaves a trace outside it, starts it again, and compares.
fn killed_at_every_point(prepare: Prepare, action: impl Fn(&Rig) -> Action) {
    let mut undisturbed = prepare();
    let wanted = action(&undisturbed);
    let expected_outcome = undisturbed.run(wanted);
    assert_eq!(expected_outcome.state, OutcomeState::Succeeded, "{}", expected_outcome.message);
    let expected = traces(&undisturbed);

    for point in 1.. {
        let mut rig = prepare();
        let wanted = action(&rig);
        let id = rig.give(wanted);
        rig.crash.after(point);
        let outcome = match rig.drive(&id) {
            Ok(outcome) => outcome,
            Err(ended) => {
                assert_eq!(ended, Ended::Crashed);
                written_down_before_it_was_done(&rig, point);
                rig.crash.disarm();
                rig.start();
                rig.drive(&id).expect("it is killed once only")
            }
        };
        rig.crash.disarm();
        assert_eq!(outcome.state, OutcomeState::Succeeded, "killed at {point}: {}", outcome.message);
        assert_eq!(traces(&rig), expected, "killed at {point}");
        assert_eq!(
            std::mem::discriminant(outcome.evidence.as_ref().unwrap()),
            std::mem::discriminant(expected_outcome.evidence.as_ref().unwrap())
        );
        if let (Some(Evidence::Runs(found)), Some(Evidence::Runs(expected))) =
            (&outcome.evidence, &expected_outcome.evidence)
        {
            assert_eq!(found.runs.len(), expected.runs.len(), "killed at {point}");
            assert_eq!(found.foreign_runs, 0, "killed at {point}: its own runs are its own");
        }
        // Where nothing was killed the point lies behind the end of the command.
        if rig.starts == undisturbed.starts {
            return;
        }
        assert!(point < 500, "the command has no end");
    }
}

#[test]
fn killed_while_it_stops_the_scheduler() {
    killed_at_every_point(with_snapshot, |rig| rig.stop_for(60));
}

#[test]
fn killed_while_it_starts_the_scheduler_and_a_cycle() {
    killed_at_every_point(Rig::stopped, |_| Action::StartScheduler(StartScheduler { start_cycle: true }));
}

#[test]
fn killed_while_it_stores_rules() {
    killed_at_every_point(Rig::stopped, |_| Action::PutNoFlowRules(sales()));
}

#[test]
fn killed_while_it_removes_rules() {
    killed_at_every_point(with_rules, |_| Action::PutNoFlowRules(NoFlowRules { scopes: vec![] }));
}

#[test]
fn killed_while_it_runs_profiles() {
    killed_at_every_point(with_rules, |_| {
        profiles(&[
            (ConnectorSelection::ActiveDirectory, Profile::FullImport),
            (ConnectorSelection::ActiveDirectory, Profile::FullSynchronization),
            (ConnectorSelection::Entra, Profile::Export),
        ])
    });
}

#[test]
fn killed_while_it_switches_automatic_upgrade_off() {
    killed_at_every_point(with_snapshot, |_| auto_upgrade_off());
}

#[test]
fn killed_while_it_makes_changes_and_removes_a_test_user() {
    killed_at_every_point(with_snapshot, |_| probe(ProbePhase::Create));
    killed_at_every_point(with_probe, |_| probe(ProbePhase::Change));
    killed_at_every_point(with_probe, |_| probe(ProbePhase::Remove));
}

#[test]
fn killed_while_it_stops_the_service() {
    killed_at_every_point(with_snapshot, |_| Action::SetService(SetService::default()));
}

#[test]
fn killed_while_it_stops_the_service_for_good() {
    killed_at_every_point(Rig::moved, |_| stop_for_good(everybody()));
}

#[test]
fn killed_while_it_gives_back_what_cannot_stop() {
    killed_at_every_point(Rig::moved, |_| stop_for_good(sales()));
}

/// Its scheduler is off on purpose and without an end, so the rule of the other stops does not hold for it.
#[test]
fn killed_while_it_starts_the_service_with_its_scheduler_held() {
    for point in 1.. {
        let mut rig = Rig::moved();
        rig.succeed(stop_for_good(everybody()));
        let runs = rig.engine.lock().unwrap().runs.len();
        let hold =
            SetService { running: true, automatic: true, hold_scheduler: true, ..SetService::default() };
        let id = rig.give(Action::SetService(hold));
        rig.crash.after(point);
        let outcome = rig.drive(&id).unwrap_or_else(|_| {
            rig.crash.disarm();
            rig.start();
            rig.drive(&id).expect("it is killed once only")
        });
        rig.crash.disarm();
        assert_eq!(outcome.state, OutcomeState::Succeeded, "killed at {point}: {}", outcome.message);
        let engine = rig.engine.lock().unwrap();
        assert!(engine.service.running && !engine.enabled, "killed at {point}");
        assert_eq!(engine.runs.len(), runs, "killed at {point}");
        if rig.starts == 1 {
            return;
        }
        assert!(point < 100, "the command has no end");
    }
}

#[test]
fn killed_while_it_takes_a_snapshot() {
    killed_at_every_point(Rig::new, |_| take_snapshot());
}

#[test]
fn an_automatic_upgrade_that_was_on_is_remembered_over_a_crash() {
    let mut rig = with_snapshot();
    let id = rig.give(auto_upgrade_off());
    // journal: begun; status: running; ask; journal: before; set.
    let crashed = (1..20).find(|point| {
        rig = with_snapshot();
        rig.give(auto_upgrade_off());
        rig.crash.after(*point);
        let ended = rig.drive(&id);
        ended.is_err() && rig.log() == ["auto upgrade Disabled"]
    });
    assert!(crashed.is_some(), "one of the points lies right behind the change");
    rig.crash.disarm();
    rig.start();
    let outcome = rig.drive(&id).unwrap();
    let Some(Evidence::AutoUpgrade(evidence)) = outcome.evidence else { panic!("{outcome:?}") };
    assert_eq!((evidence.before.as_str(), evidence.after.as_str()), ("Enabled", "Disabled"));
    assert_eq!(rig.log(), ["auto upgrade Disabled"]);
}

#[test]
fn a_command_that_was_interrupted_too_long_is_not_gone_on_with() {
    let mut rig = with_rules();
    let id = rig.give(full());
    rig.crash.after(8);
    assert_eq!(rig.drive(&id).unwrap_err(), Ended::Crashed);
    rig.crash.disarm();
    rig.pass(Duration::from_mins(6));
    let before = rig.log();
    rig.start();
    let outcome = rig.drive(&id).unwrap();
    assert_eq!(outcome.state, OutcomeState::Failed);
    assert!(outcome.message.contains("not gone on with: expected to begin by"), "{}", outcome.message);
    assert_eq!(rig.log(), before);
}

#[test]
fn a_command_begun_by_an_earlier_process_waits_for_a_look_at_the_cluster() {
    let mut rig = with_rules();
    let id = rig.give(full());
    rig.crash.after(8);
    assert_eq!(rig.drive(&id).unwrap_err(), Ended::Crashed);
    rig.crash.disarm();
    rig.cluster.state.lock().unwrap().down = true;
    let before = rig.log();
    rig.start();
    rig.steps(5);
    assert_eq!(rig.log(), before, "it may have been withdrawn");
    rig.cluster.state.lock().unwrap().down = false;
    assert_eq!(rig.drive(&id).unwrap().state, OutcomeState::Succeeded);
}
