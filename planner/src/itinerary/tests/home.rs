//! The way home, from every step, for every cause, alone and together.

use crds::migration::{Way, WayBackCause};
use crds::sync_agent::Action;
use crds::sync_topology::Engine;

use super::*;
use crate::plan::{Effect, MigrationPlan, Plan};

/// Every step of the way out at which a rollback can be asked for.
fn steps_of_the_way_out() -> Vec<StepName> {
    super::super::connect_to_cloud_sync::STEPS.iter().map(|step| step.name()).collect()
}

fn plan_of<'p>(plan: &'p Plan, name: &str) -> &'p MigrationPlan {
    plan.migrations.iter().find(|m| m.name == name).unwrap()
}

fn is_home(plan: &Plan, name: &str) -> bool {
    plan.migrations.iter().any(|m| m.name == name && matches!(m.standing, Standing::RolledBack { .. }))
}

/// Nothing is held, no scheduler is off, and nothing is withheld but these scopes.
fn everything_is_given_back(world: &World, withheld: &[&str]) {
    for server in world.observed.servers.values() {
        assert_eq!(server.claim, None, "{} is held", server.name);
        assert_eq!(server.agent.as_ref().unwrap().resume_by, None, "the scheduler of {} is off", server.name);
    }
    for job in &world.observed.tenant.as_ref().unwrap().jobs {
        assert_eq!(job.recorded.claim, None, "the job of {} is held", job.domain);
    }
    let last = world.done.iter().rev().find_map(|(_, effect)| match effect {
        Effect::Commands(commands) => commands.iter().find_map(|c| match &c.action {
            Action::PutNoFlowRules(rules) => {
                Some(rules.scopes.iter().map(|s| s.name.to_string()).collect::<Vec<_>>())
            }
            _ => None,
        }),
        _ => None,
    });
    assert_eq!(last.unwrap_or_default(), withheld, "rules that are left");
}

/// The order that leaves neither two engines nor none.
fn in_order(lines: &[String]) {
    let at = |part: &str| lines.iter().position(|line| line.contains(part));
    let stop = at("stopScheduler").expect("a stop");
    let rules = at("putNoFlowRules").expect("the rules go");
    let export = lines.iter().rposition(|line| line.contains("runProfiles")).expect("an export");
    let on = at("startScheduler").expect("the scheduler goes on");
    assert!(stop < rules && rules < export && export < on, "{lines:#?}");
    if let Some(pause) = at("pause the jobs") {
        assert!(stop < pause && pause < rules, "{lines:#?}");
        let deleted = at("delete the jobs").expect("nothing of it starts again");
        assert!(on < deleted, "Connect serves before the job goes: {lines:#?}");
    }
}

/// A step that fails on the way home would leave the scope between two engines for as long as nobody looks.
#[test]
fn no_step_of_the_way_home_runs_into_a_limit() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    stand_at(&mut world, PILOT, "AwaitInitialCycle");
    world.decide(PILOT, Decision::RollBack, "ada");
    // Every answer comes late, and a week is between two looks.
    world.weather = Weather::of(vec![181; 2000]);
    for _ in 0..200 {
        world.now += SignedDuration::from_hours(7 * 24);
        let plan = world.step();
        world.answer(&plan);
        world.blow();
        let standing = &plan_of(&plan, PILOT).standing;
        assert!(!matches!(standing, Standing::Paused { .. }), "{standing:?}");
        if world.observed.migration(PILOT).unwrap().went_home() {
            return everything_is_given_back(&world, &[]);
        }
    }
    panic!("not home");
}

/// Whoever conducts the wave adds the units of all of it, and the job cannot be read when one of them has to go home.
#[test]
fn whoever_may_be_in_the_job_pauses_it_even_where_it_cannot_be_read() {
    let mut world = second_wave_at("AddToJob");
    let (labs, sales) = ("contoso-scope-labs-1", "contoso-scope-sales-1");
    assert_eq!(states(&world, sales)["ClaimJob"], StepState::Done);
    assert!(!world.observed.migration(sales).unwrap().has_started(StepName::AddToJob));
    let hidden = std::mem::take(&mut world.observed.tenant.as_mut().unwrap().jobs);
    world.decide(sales, Decision::RollBack, "ada");
    let plan = world.step();
    assert_eq!(plan_of(&plan, sales).way_back.as_ref().map(|home| home.way), Some(Way::PauseJob));
    world.observed.tenant.as_mut().unwrap().jobs = hidden;
    world.run_until(200, |plan, _| is_home(plan, labs) && is_home(plan, sales));
    everything_is_given_back(&world, &[]);
}

#[test]
fn automatic_upgrade_comes_back_with_the_last_that_goes_home_even_where_all_go_at_once() {
    let both = ["contoso-scope-labs-1", "contoso-scope-sales-1"];
    for together in [true, false] {
        let mut world = World::new();
        // The staging server never upgrades by itself, and shall not do so afterwards.
        set_auto_upgrade(&mut world, "sync01", "Enabled");
        set_auto_upgrade(&mut world, "sync02", "Disabled");
        let spec = &mut world.observed.topology.spec;
        spec.scopes.remove(0);
        let strategy = spec.strategy.as_mut().unwrap();
        strategy.waves.remove(0);
        strategy.windows = serde_yaml::from_str("[{schedule: \"0 3 * * 0\", duration: 1h}]").unwrap();
        let waits = |w: &World, name: &str| {
            w.observed.migration(name).is_some()
                && states(w, name).get("AwaitWindow") == Some(&StepState::Waiting)
        };
        world.run_until(100, |_, w| both.iter().all(|name| waits(w, name)));
        assert_eq!(auto_upgrade(&world), ["Disabled", "Disabled"]);
        if !together {
            engine_back(&mut world, 0);
            world.run_until(50, |plan, _| both.iter().any(|name| is_home(plan, name)));
            assert_eq!(auto_upgrade(&world), ["Disabled", "Disabled"], "the other needs it to be off");
        }
        engine_back(&mut world, 0);
        engine_back(&mut world, 1);
        world.run_until(50, |plan, _| both.iter().all(|name| is_home(plan, name)));
        assert_eq!(auto_upgrade(&world), ["Enabled", "Disabled"], "together: {together}");
    }
}

fn set_auto_upgrade(world: &mut World, server: &str, state: &str) {
    let inventory = world.server_mut(server).inventory.as_mut().unwrap();
    inventory.engine.as_mut().unwrap().auto_upgrade = Some(state.to_owned());
}

fn auto_upgrade(world: &World) -> Vec<String> {
    let inventories = world.observed.servers.values().filter_map(|server| server.inventory.as_ref());
    inventories.filter_map(|inventory| inventory.engine.as_ref()?.auto_upgrade.clone()).collect()
}

fn engine_back(world: &mut World, scope: usize) {
    world.observed.topology.spec.scopes[scope].engine = Engine::EntraConnect;
}

#[test]
fn a_rollback_comes_home_from_every_step_and_a_new_attempt_arrives() {
    for step in steps_of_the_way_out() {
        let mut world = World::new();
        let reached = |w: &World| {
            w.observed.migration(PILOT).is_some_and(|_| {
                states(w, PILOT).get(step.as_str()).is_some_and(|state| *state != StepState::Pending)
            })
        };
        world.run_until(300, |plan, w| {
            let asked =
                plan.migrations.iter().any(|m| matches!(m.standing, Standing::AwaitingApproval { .. }));
            asked || reached(w)
        });
        if !reached(&world) || step == StepName::AwaitApproval {
            world.decide(PILOT, Decision::Approve, "ada");
        }
        if !reached(&world) {
            world.run_until(300, |_, w| reached(w));
        }
        let before = world.done.len();
        world.decide(PILOT, Decision::RollBack, "grace");
        world.run_until(200, |plan, _| is_home(plan, PILOT));
        everything_is_given_back(&world, &[]);
        let lines: Vec<String> = journal(&world)
            .lines()
            .skip(before)
            .filter(|l| l.starts_with(PILOT))
            .map(str::to_owned)
            .collect();
        let way_back = world.observed.migration(PILOT).unwrap().way_back().unwrap().clone();
        assert_eq!(way_back.cause, WayBackCause::Decision);
        if way_back.way == Way::Release {
            assert!(lines.iter().all(|l| !l.contains("Scheduler")), "{}: {lines:#?}", step.as_str());
        } else {
            in_order(&lines);
        }
        let job = world.observed.job(DOMAIN);
        assert!(job.is_none_or(|job| !job.started && job.filter_empty), "{}: {job:?}", step.as_str());
        // Nobody asks for it again, so nothing begins by itself.
        let quiet = world.done.len();
        for _ in 0..5 {
            world.now += SignedDuration::from_hours(30);
            world.step();
        }
        assert_eq!(world.done.len(), quiet, "{}: {}", step.as_str(), journal(&world));
        // Forward, back, forward: the new attempt ends as if nothing had been.
        world.decide(PILOT, Decision::Resume, "grace");
        let plan = until_completed(&mut world, 600);
        assert!(plan.completed, "{}", step.as_str());
        assert!(plan.migrations.iter().any(|m| m.name == "contoso-scope-pilot-2"));
    }
}

/// Runs on while people do what they are asked.
fn until_completed(world: &mut World, most: usize) -> Plan {
    for _ in 0..most {
        let before = world.observed.clone();
        let plan = world.step();
        if plan.completed {
            return plan;
        }
        world.answer(&plan);
        let next =
            plan.migrations.iter().filter_map(|m| m.next.as_ref()?.at).filter(|at| *at > world.now).min();
        if let Some(at) = next.filter(|_| before == world.observed) {
            world.now = at;
        }
    }
    let plan = world.plan();
    panic!("no end: {:#?}", plan.migrations.iter().map(|m| (&m.name, &m.standing)).collect::<Vec<_>>());
}

/// The canary has moved, and the second wave is at this step.
fn second_wave_at(step: &str) -> World {
    let mut world = World::new();
    approve_when_asked(&mut world);
    stand_at(&mut world, "contoso-scope-labs-1", step);
    world
}

/// Runs until a migration is at this step and not through it; a first cycle is made to last.
fn stand_at(world: &mut World, migration: &str, step: &str) {
    let active = |w: &World, step: &str| {
        w.observed.migration(migration).is_some()
            && states(w, migration).get(step).is_some_and(|state| *state == StepState::Active)
    };
    if step == "AwaitInitialCycle" {
        world.run_until(300, |_, w| {
            active(w, "AddToJob")
                && w.done
                    .iter()
                    .any(|(who, effect)| who == migration && matches!(effect, Effect::AddContainers { .. }))
        });
        world.job_mut().steady_state_at = None;
    }
    world.run_until(300, |_, w| active(w, step));
}

#[test]
fn a_wave_that_fails_in_the_stop_comes_home_and_leaves_the_canary_where_it_is() {
    let mut world = second_wave_at("ProveNoFlow");
    world.spoil = Box::new(|_, outcome| {
        if let Some(Evidence::NoFlow(found)) = &mut outcome.evidence {
            found.foreign_runs = 1;
        }
    });
    // The evidence that is on its way is spoilt too.
    for server in ["sync01", "sync02"] {
        let agent = world.server_mut(server).agent.as_mut().unwrap();
        if let Some(Evidence::NoFlow(found)) = agent.outcome.as_mut().and_then(|o| o.evidence.as_mut()) {
            found.foreign_runs = 1;
        }
    }
    let plan = world.run_until(200, |plan, _| {
        is_home(plan, "contoso-scope-labs-1") && is_home(plan, "contoso-scope-sales-1")
    });
    everything_is_given_back(&world, &["pilot"]);
    assert_eq!(plan_of(&plan, PILOT).standing, Standing::Completed, "earlier waves stay served");
    assert!(world.observed.job(DOMAIN).unwrap().started, "and their job runs");
    let labs = world.observed.migration("contoso-scope-labs-1").unwrap();
    assert_eq!(labs.way_back().unwrap().cause, WayBackCause::Failure);
    assert!(labs.way_back().unwrap().message.contains("ForeignChange"), "{:?}", labs.way_back());
    // After its cause is gone a new attempt succeeds.
    world.spoil = Box::new(|_, _| {});
    for scope in ["labs", "sales"] {
        world.decide(&format!("contoso-scope-{scope}-1"), Decision::Resume, "ada");
    }
    until_completed(&mut world, 600);
}

#[test]
fn a_job_that_cannot_be_narrowed_goes_home_with_everybody_it_serves() {
    let mut world = second_wave_at("AwaitInitialCycle");
    world.decide("contoso-scope-labs-1", Decision::RollBack, "ada");
    let before = world.done.len();
    world.run_until(200, |plan, _| {
        ["contoso-scope-labs-1", "contoso-scope-sales-1", PILOT].iter().all(|name| is_home(plan, name))
    });
    everything_is_given_back(&world, &[]);
    let stops = journal(&world).lines().skip(before).filter(|l| l.contains("command stopScheduler")).count();
    assert_eq!(stops, 1, "one stop for all: nobody is without an engine longer than it");
    let cause = |name: &str| world.observed.migration(name).unwrap().way_back().unwrap().cause;
    assert_eq!(cause("contoso-scope-labs-1"), WayBackCause::Decision);
    assert_eq!(cause(PILOT), WayBackCause::SharedJob);
    assert!(
        world.plan().waves[1].way_back.contains("every scope that it serves goes home"),
        "and that is said before: {}",
        world.plan().waves[1].way_back
    );
}

#[test]
fn units_that_nobody_here_put_into_the_job_hold_the_way_home_before_anything_stops() {
    let mut world = second_wave_at("AwaitInitialCycle");
    world.job_mut().containers.push(dn("OU=Someone Else's,DC=contoso,DC=com"));
    world.decide("contoso-scope-labs-1", Decision::RollBack, "ada");
    let before = world.done.len();
    let plan = world.run_until(60, |plan, _| {
        plan.migrations.iter().any(|m| matches!(&m.standing, Standing::AwaitingPerson { message } if message.contains("Someone Else")))
    });
    assert!(plan.waves.len() == 2);
    for _ in 0..10 {
        world.step();
    }
    let lines = journal(&world);
    assert!(
        !lines.lines().skip(before).any(|l| l.contains("stopScheduler") || l.contains("pause")),
        "{lines}"
    );
}

#[test]
fn engine_changed_back_in_git_comes_home_and_changed_again_moves_again() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(300, |_, w| states(w, PILOT)["Soak"] == StepState::Waiting);
    world.observed.topology.spec.scopes[0].engine = Engine::EntraConnect;
    world.run_until(200, |plan, _| is_home(plan, PILOT));
    assert_eq!(world.observed.migration(PILOT).unwrap().way_back().unwrap().cause, WayBackCause::Declared);
    for _ in 0..60 {
        let plan = world.step();
        world.answer(&plan);
    }
    assert!(world.observed.migration("contoso-scope-pilot-2").is_none(), "Git asks for Connect");
    assert!(world.observed.migration("contoso-scope-labs-1").is_some(), "and holds nobody else up");
    world.observed.topology.spec.scopes[0].engine = Engine::CloudSync;
    until_completed(&mut world, 900);
    assert!(crate::topology::has_moved(&world.observed, &"pilot".into()));
}

#[test]
fn a_deleted_topology_brings_home_only_what_has_no_takeover_proof() {
    for step in ["PutNoFlowRules", "Export", "StartScheduler", "AwaitInitialCycle", "ProbeChange"] {
        let mut world = World::new();
        approve_when_asked(&mut world);
        stand_at(&mut world, PILOT, step);
        world.observed.topology.deleted = true;
        assert!(
            crate::topology::is_bound(&world.observed, &world.plan()),
            "{step}: the object would be gone too early"
        );
        world.run_until(200, |plan, _| is_home(plan, PILOT));
        everything_is_given_back(&world, &[]);
        assert!(!crate::topology::is_bound(&world.observed, &world.plan()), "{step}");
    }
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(300, |_, w| states(w, PILOT)["Soak"] == StepState::Waiting);
    world.observed.topology.deleted = true;
    for _ in 0..20 {
        world.step();
    }
    assert_eq!(world.observed.migration(PILOT).unwrap().way_back(), None);
    assert!(world.observed.job(DOMAIN).unwrap().started);
    everything_is_given_back(&world, &["pilot"]);
    assert!(!crate::topology::is_bound(&world.observed, &world.plan()));
}

#[test]
fn a_deleted_topology_stops_its_retirements_where_they_are() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(400, |plan, _| {
        plan.migrations
            .iter()
            .any(|m| m.steps.iter().any(|r| r.name == "Observe" && r.state == StepState::Waiting))
    });
    world.observed.topology.deleted = true;
    for _ in 0..10 {
        world.step();
        world.now += SignedDuration::from_hours(1);
    }
    let plan = world.plan();
    assert!(!crate::topology::is_bound(&world.observed, &plan), "{:?}", world.observed.servers);
    let retired = world.observed.migration("contoso-server-sync01-1").unwrap();
    assert_eq!(retired.way_back(), None, "nothing rolls back or forward");
    assert!(!retired.is_past(StepName::AwaitRemovalApproval));
}

#[test]
fn with_pause_a_failed_takeover_is_held_and_a_failed_stop_still_goes_home() {
    let spec: crds::sync_topology::SyncTopologySpec = serde_yaml::from_str(
        &TOPOLOGY.replace("  observationPeriod: 2h", "  observationPeriod: 2h\n  onFailure: Pause"),
    )
    .unwrap();
    let mut world = World::of(spec.clone());
    approve_when_asked(&mut world);
    world.spoil = Box::new(|_, outcome| {
        if let Some(Evidence::NoFlow(found)) = &mut outcome.evidence {
            found.effective = 99;
        }
    });
    // The proof of the way home is of the same kind, and would be spoilt as well.
    world.run_until(200, |_, w| states(w, PILOT)["ProveNoFlow"] == StepState::Failed);
    world.spoil = Box::new(|_, _| {});
    world.run_until(200, |plan, _| is_home(plan, PILOT));
    everything_is_given_back(&world, &[]);

    let mut world = World::of(spec);
    approve_when_asked(&mut world);
    stand_at(&mut world, PILOT, "AwaitInitialCycle");
    world.job_mut().quarantine = Some("EncounteredQuarantineException".to_owned());
    let plan = world.run_until(20, |plan, _| matches!(plan.migrations[0].standing, Standing::Paused { .. }));
    assert!(format!("{:?}", plan.migrations[0].standing).contains("RollBack brings it home"));
    assert_eq!(world.observed.migration(PILOT).unwrap().way_back(), None);
    world.decide(PILOT, Decision::RollBack, "ada");
    world.run_until(200, |plan, _| is_home(plan, PILOT));
    everything_is_given_back(&world, &[]);
}

#[test]
fn a_scheduler_that_came_on_by_itself_is_stopped_again_on_the_way_home() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    stand_at(&mut world, PILOT, "AwaitInitialCycle");
    world.decide(PILOT, Decision::RollBack, "ada");
    world.run_until(60, |_, w| {
        w.observed.migration(PILOT).unwrap().state_of(StepName::RemoveNoFlowRules) == Some(StepState::Done)
    });
    let agent = world.server_mut("sync02").agent.as_mut().unwrap();
    agent.resume_by = None;
    agent.resumed = Some("the scheduler was switched on at its time".to_owned());
    let before = world.done.len();
    world.step();
    world.server_mut("sync02").agent.as_mut().unwrap().resumed = None;
    world.run_until(200, |plan, _| is_home(plan, PILOT));
    let again = journal(&world).lines().skip(before).filter(|l| l.contains("command stopScheduler")).count();
    assert_eq!(again, 1);
    everything_is_given_back(&world, &[]);
}

#[test]
fn an_engine_that_is_being_retired_starts_again_when_a_scope_goes_home() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(400, |plan, _| {
        plan.migrations.iter().any(|m| {
            m.name == "contoso-server-sync01-1"
                && m.steps.iter().any(|r| r.name == "Observe" && r.state == StepState::Waiting)
        })
    });
    world.observed.topology.spec.scopes[0].engine = Engine::EntraConnect;
    world.run_until(400, |plan, _| is_home(plan, PILOT));
    let retired = world.observed.migration("contoso-server-sync01-1").unwrap();
    assert_eq!(retired.way_back().unwrap().cause, WayBackCause::EngineNeeded);
    assert!(retired.went_home());
}
