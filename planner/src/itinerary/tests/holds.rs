//! What holds a migration, and what it waits for.

use super::*;

#[test]
fn silence_waits_and_never_advances() {
    let mut world = World::new();
    world.server_mut("sync02").reporting = crate::observed::Reporting::Silent { since: world.now };
    for _ in 0..20 {
        world.step();
    }
    assert_eq!(states(&world, PILOT)["CheckSource"], StepState::Waiting);
    assert!(world.done.is_empty());
}

/// The last word before another engine may write is not an old one.
#[test]
fn no_scope_is_added_while_an_agent_is_silent() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(80, |_, w| states(w, PILOT)["StartScheduler"] == StepState::Done);
    world.server_mut("sync02").reporting = crate::observed::Reporting::Silent { since: world.now };
    for _ in 0..10 {
        world.step();
    }
    assert!(!journal(&world).contains("filter of"), "{}", journal(&world));
    assert!(format!("{:?}", world.plan().migrations[0]).contains("AgentSilent"));
    world.server_mut("sync02").reporting = crate::observed::Reporting::OnTime;
    world.run_until(300, |_, w| states(w, PILOT)["VerifyAfterSoak"] == StepState::Done);
}

#[test]
fn a_pause_holds_at_a_safe_place_only() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(60, |_, w| states(w, PILOT)["StopScheduler"] == StepState::Done);
    world.decide(PILOT, Decision::Pause, "ada");
    world.run_until(120, |plan, _| matches!(plan.migrations[0].standing, Standing::Paused { .. }));
    let states_now = states(&world, PILOT);
    assert_eq!(states_now["StartScheduler"], StepState::Done, "the scheduler is never left off for a pause");
    assert_eq!(
        states_now["ReleaseJob"],
        StepState::Done,
        "a scope is never left between two engines for a pause"
    );
    assert_eq!(states_now["VerifyParity"], StepState::Pending);
    world.decide(PILOT, Decision::Resume, "ada");
    world.run_until(200, |_, w| states(w, PILOT)["VerifyAfterSoak"] == StepState::Done);
}

/// What its own status said before it was resumed must not keep it out of its own claim.
#[test]
fn a_migration_that_was_paused_before_its_claim_takes_part_in_it() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.decide(PILOT, Decision::Pause, "ada");
    world.run_until(10, |plan, _| matches!(plan.migrations[0].standing, Standing::Paused { .. }));
    assert!(!journal(&world).contains("claim"), "{}", journal(&world));
    world.decide(PILOT, Decision::Resume, "ada");
    world.run_until(10, |_, w| journal(w).contains("claim 2 servers"));
    assert!(journal(&world).contains("claim 2 servers for canary with 1 migrations"), "{}", journal(&world));
    world.run_until(300, |_, w| states(w, PILOT)["VerifyAfterSoak"] == StepState::Done);
}

#[test]
fn limits_are_enforced_and_waiting_does_not_eat_them() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    // The job never reaches a steady state.
    world.run_until(60, |_, w| journal(w).contains("filter of"));
    world.job_mut().steady_state_at = None;
    world.step();
    world.now += SignedDuration::from_hours(5);
    assert!(matches!(world.step().migrations[0].standing, Standing::Running { .. }));
    world.now += SignedDuration::from_hours(2);
    let plan = world.step();
    assert!(
        format!("{:?}", plan.migrations[0].standing).contains("LimitExceeded"),
        "{:?}",
        plan.migrations[0].standing
    );
}

#[test]
fn a_restored_cluster_commands_nobody() {
    let mut world = World::new();
    world.run_until(30, |_, w| {
        w.observed
            .migration(PILOT)
            .is_some_and(|_| states(w, PILOT).get("CheckPrerequisites") == Some(&StepState::Done))
    });
    for name in ["sync01", "sync02"] {
        world.server_mut(name).agent.as_mut().unwrap().highest_epoch = crds::Epoch(40);
        world.server_mut(name).agent.as_mut().unwrap().command = None;
    }
    let before = world.done.len();
    for _ in 0..10 {
        world.step();
    }
    let commands =
        world.done.iter().skip(before).filter(|(_, e)| matches!(e, crate::Effect::Commands(_))).count();
    assert_eq!(commands, 0);
    assert!(
        matches!(&world.plan().migrations[0].standing, Standing::AwaitingPerson { message } if message.contains("Readopt"))
    );
}

/// Before the start and in the stop: what would be done on another host is not done.
#[test]
fn an_agent_on_another_host_is_commanded_nothing() {
    for until in ["CheckSource", "StopScheduler"] {
        let mut world = World::new();
        if until == "StopScheduler" {
            approve_when_asked(&mut world);
        }
        world.run_until(60, |_, w| {
            states_of(w, PILOT).is_some_and(|s| s.get(until) == Some(&StepState::Done))
        });
        let problem = crate::host::problem("sync02", "sync09", Some("SYNC02"), None);
        world.server_mut("sync02").host_problem.clone_from(&problem);
        let done = world.done.len();
        for _ in 0..20 {
            let plan = world.step();
            assert!(plan.blockers.iter().any(|b| b.reason == Reason::HostDiffers), "{:?}", plan.blockers);
        }
        let on_it = |effect: &crate::Effect| match effect {
            crate::Effect::Commands(commands) => commands.iter().any(|c| c.server.as_str() == "sync02"),
            _ => false,
        };
        assert!(
            !world.done.iter().skip(done).any(|(_, effect)| on_it(effect)),
            "{until}: {}",
            journal(&world)
        );
        world.server_mut("sync02").host_problem = None;
        if until == "CheckSource" {
            approve_when_asked(&mut world);
        }
        world.run_until(300, |_, w| states(w, PILOT)["VerifyAfterSoak"] == StepState::Done);
    }
}

#[test]
fn retirement_waits_for_side_services_and_residual_exports() {
    let mut world = World::new();
    world.server_mut("sync01").inventory.as_mut().unwrap().features.as_mut().unwrap().device_write_up = true;
    let plan = world.plan();
    assert!(
        plan.servers[0].blockers[0].contains("hybrid join"),
        "known from the start: {:?}",
        plan.servers[0].blockers
    );
    approve_when_asked(&mut world);
    let plan = world.run_until(400, |plan, _| {
        plan.migrations.iter().any(|m| {
            m.name == "contoso-server-sync01-1" && matches!(m.standing, Standing::AwaitingPerson { .. })
        })
    });
    assert!(!plan.completed);
    assert!(
        !journal(&world)
            .lines()
            .any(|l| l.starts_with("contoso-server-sync01-1") && l.contains("setService"))
    );
    world.server_mut("sync01").inventory.as_mut().unwrap().features.as_mut().unwrap().device_write_up = false;
    world.spoil = Box::new(|_, outcome| {
        if let Some(Evidence::ResidualExports(found)) = &mut outcome.evidence {
            found.exported[0].count = 7;
        }
    });
    for _ in 0..20 {
        world.step();
    }
    let record = world.observed.migration("contoso-server-sync01-1").unwrap().object.status.clone().unwrap();
    let step = record.steps.iter().find(|r| r.name == "CheckResidualExports").unwrap();
    assert!(step.message.contains("7 user"), "{step:?}");
    assert!(
        !journal(&world)
            .lines()
            .any(|l| l.starts_with("contoso-server-sync01-1") && l.contains("setService"))
    );
}

#[test]
fn windows_gate_the_start_and_not_the_finish() {
    let spec = TOPOLOGY.replace(
        "  observationPeriod: 2h",
        "  observationPeriod: 2h\n  windows: [{schedule: \"0 12 * * *\", duration: 1m}]",
    );
    let mut world = World::of(serde_yaml::from_str(&spec).unwrap());
    approve_when_asked(&mut world);
    let plan = world.run_until(10, |_, w| states(w, PILOT)["AwaitWindow"] == StepState::Waiting);
    // Noon in Berlin is 11:00 in UTC.
    let opens = plan.migrations[0].next.as_ref().unwrap().at.unwrap();
    assert_eq!(opens.to_string(), "2026-11-23T11:00:00Z");
    world.now = opens;
    world.step();
    world.step();
    assert!(journal(&world).contains("claim 2 servers"), "{}", journal(&world));
    world.now += SignedDuration::from_mins(5);
    world.run_until(60, |_, w| states(w, PILOT)["StartScheduler"] == StepState::Done);
}

/// Another topology's unit in the same job, renamed meanwhile: a restart of the job could delete everybody in it.
#[test]
fn a_job_is_not_started_again_while_any_unit_of_its_filter_is_not_in_its_place() {
    use crds::sync_agent::watch::{MovedUnit, ScopeInventory, WatchInventory};
    let theirs = dn("OU=Theirs,DC=contoso,DC=com");
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(80, |_, w| states(w, PILOT)["StartScheduler"] == StepState::Done);
    world.job_mut().containers.push(theirs.clone());
    world.job_mut().filter_empty = false;
    let moved = MovedUnit {
        distinguished_name: theirs,
        object_guid: "5b1e4f2a-6a54-4a6c-9a43-1a2b3c4d5e6f".to_owned(),
        now: Some(dn("OU=Renamed,DC=contoso,DC=com")),
        replaced: false,
    };
    world.observed.other_scopes.push(crate::observed::ForeignScope {
        topology: "identity/another".to_owned(),
        scope: "theirs".into(),
        organizational_units: vec![dn("OU=Theirs,DC=contoso,DC=com")],
    });
    let scope = ScopeInventory {
        topology: "another".into(),
        name: "theirs".into(),
        moved_units: vec![moved],
        not_withheld: 0,
        not_withheld_anchors: Vec::new(),
        moved: 0,
        moved_objects: Vec::new(),
    };
    let watch = WatchInventory { scopes: vec![scope], ..WatchInventory::default() };
    world.server_mut("sync01").inventory.as_mut().unwrap().watch = Some(watch);
    let plan = world.run_until(20, |plan, _| {
        matches!(&plan.migrations[0].standing, Standing::AwaitingPerson { message } if message.contains("OU=Theirs"))
    });
    assert!(plan.migrations[0].effect.is_none());
    assert!(!journal(&world).contains("filter of"), "the job was started again");
    world.server_mut("sync01").inventory.as_mut().unwrap().watch = None;
    world.run_until(20, |_, w| states(w, PILOT)["AddToJob"] == StepState::Done);
}
