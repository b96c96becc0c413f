//! The limits of a topology are one clock each.

use crds::migration::{LimitName, LimitUse};
use crds::sync_agent::OutcomeState;

use super::*;

fn limited(limits: &str) -> World {
    let spec = TOPOLOGY
        .replace("  observationPeriod: 2h", &format!("  observationPeriod: 2h\n  limits: {{{limits}}}"));
    World::of(serde_yaml::from_str(&spec).unwrap())
}

fn clock(world: &World, name: LimitName) -> Option<LimitUse> {
    let status = world.observed.migration(PILOT).unwrap().object.status.clone()?;
    status.limits.into_iter().find(|clock| clock.name == name)
}

fn until_done(world: &mut World, step: &str) {
    world.run_until(80, |_, w| states(w, PILOT)[step] == StepState::Done);
}

#[test]
fn each_clock_runs_over_all_its_steps_and_holds_with_the_figure() {
    /// At which steps time passes, how much at each, which step is held then, and by which limit.
    type Row = (&'static str, &'static [&'static str], i64, &'static str, &'static str);
    let table: [Row; 4] = [
        // No step takes longer than two hours.
        (
            "schedulerStop: 2h, unserved: 9h, hashGap: 9h",
            &["StopScheduler", "PutNoFlowRules", "SynchronizeWithoutExport"],
            50,
            "Export",
            "schedulerStop",
        ),
        (
            "schedulerStop: 9h, unserved: 2h, hashGap: 9h",
            &["SynchronizeWithoutExport", "StartScheduler", "AwaitInitialCycle"],
            50,
            "ProbeCreation",
            "unserved",
        ),
        (
            "schedulerStop: 9h, unserved: 9h, hashGap: 2h",
            &["SynchronizeWithoutExport", "ProveNoFlow", "StartScheduler"],
            50,
            "AddToJob",
            "hashGap",
        ),
        // What has no engine is not held before the scheduler is on again.
        (
            "schedulerStop: 9h, unserved: 2h, hashGap: 9h",
            &["SynchronizeWithoutExport", "Export"],
            90,
            "ClaimJob",
            "unserved",
        ),
    ];
    for (limits, stages, minutes, held, limit) in table {
        let mut world = limited(limits);
        approve_when_asked(&mut world);
        for stage in stages {
            until_done(&mut world, stage);
            world.now += SignedDuration::from_mins(minutes);
        }
        let plan =
            world.run_until(40, |plan, _| matches!(plan.migrations[0].standing, Standing::Paused { .. }));
        let message = format!("{:?}", plan.migrations[0].standing);
        for part in ["LimitExceeded", limit, "no longer than 2h", "been for ", "It goes home"] {
            assert!(message.contains(part), "{limit}: {part} in {message}");
        }
        assert_eq!(states(&world, PILOT)[held], StepState::Failed, "{limit}");
        let exceeded: Vec<&str> = world
            .observed
            .migration(PILOT)
            .unwrap()
            .object
            .status
            .as_ref()
            .unwrap()
            .limits
            .iter()
            .filter(|clock| clock.exceeded)
            .map(|clock| clock.name.field())
            .collect();
        assert_eq!(exceeded, [limit]);
    }
}

#[test]
fn within_the_limits_nothing_is_held_and_the_figures_stay() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(300, |_, w| states(w, PILOT)["VerifyAfterSoak"] == StepState::Done);
    for (name, from, to) in [
        (LimitName::SchedulerStop, "StopScheduler", "StartScheduler"),
        (LimitName::Unserved, "SynchronizeWithoutExport", "ProbeRemoval"),
        (LimitName::HashGap, "SynchronizeWithoutExport", "AwaitInitialCycle"),
    ] {
        let clock = clock(&world, name).unwrap();
        let status = world.observed.migration(PILOT).unwrap().object.status.clone().unwrap();
        let record = |step: &str| status.steps.iter().find(|r| r.name == step).unwrap().clone();
        assert_eq!(Some(clock.since), record(from).started_at);
        assert_eq!(clock.until, record(to).finished_at);
        assert!(!clock.exceeded && clock.elapsed(world.now) > SignedDuration::ZERO);
    }
}

#[test]
fn the_step_that_switches_the_scheduler_on_is_never_held() {
    let mut world = limited("schedulerStop: 30m");
    approve_when_asked(&mut world);
    until_done(&mut world, "Export");
    world.spoil = Box::new(|name, outcome| {
        if name == "startScheduler" {
            outcome.state = OutcomeState::Succeeded;
            outcome.evidence = None;
        }
    });
    until_done(&mut world, "ProveNoFlow");
    world.now += SignedDuration::from_hours(3);
    for _ in 0..5 {
        world.step();
    }
    assert!(clock(&world, LimitName::SchedulerStop).unwrap().exceeded, "it is told");
    assert_ne!(states(&world, PILOT)["StartScheduler"], StepState::Failed);
    world.spoil = Box::new(|_, _| {});
    until_done(&mut world, "StartScheduler");
    assert!(clock(&world, LimitName::SchedulerStop).unwrap().exceeded, "and stays told");
}

#[test]
fn without_password_hashes_there_is_no_hash_gap() {
    let mut world = limited("hashGap: 1m");
    for server in ["sync01", "sync02"] {
        world.server_mut(server).inventory.as_mut().unwrap().features.as_mut().unwrap().password_hash_sync =
            false;
    }
    approve_when_asked(&mut world);
    until_done(&mut world, "ReleaseJob");
    assert_eq!(clock(&world, LimitName::HashGap), None);
    assert!(clock(&world, LimitName::Unserved).is_some());
}

#[test]
fn the_next_look_is_no_later_than_the_end_of_a_limit() {
    let mut world = limited("unserved: 1h");
    approve_when_asked(&mut world);
    until_done(&mut world, "AddToJob");
    world.job_mut().steady_state_at = None;
    let plan = world.step();
    let since = clock(&world, LimitName::Unserved).unwrap().since;
    assert!(plan.migrations[0].next.as_ref().unwrap().at.unwrap() <= since + SignedDuration::from_secs(3601));
}
