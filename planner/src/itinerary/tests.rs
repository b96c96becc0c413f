//! Whole runs of the itineraries in a small world, and one thing spoilt at a time.

use crds::conditions::Reason;
use crds::migration::StepState;
use crds::migration_decision::Decision;
use crds::sync_agent::{Evidence, OutcomeState};
use jiff::SignedDuration;

mod approval;
mod clocks;
mod evidence;
mod filter;
mod guard;
mod holds;
mod home;
mod parity;
mod readopt;
mod steps;
mod unkept;
mod versions;
mod worlds;

use super::{ITINERARY_VERSION, StepName, steps};
use crate::plan::Standing;
use crate::review::review;
use crate::testing::*;

const PILOT: &str = "contoso-scope-pilot-1";

/// Lets the canary be approved as soon as that is asked.
fn approve_when_asked(world: &mut World) {
    world.run_until(60, |plan, _| {
        plan.migrations.iter().any(|m| matches!(m.standing, Standing::AwaitingApproval { .. }))
    });
    world.decide(PILOT, Decision::Approve, "ada");
}

#[test]
fn a_whole_estate_moves_and_retires() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    let retiring = |plan: &crate::Plan, name: &str| {
        plan.migrations
            .iter()
            .any(|m| m.name == name && matches!(m.standing, Standing::AwaitingApproval { .. }))
    };
    world.run_until(400, |plan, _| {
        retiring(plan, "contoso-server-sync01-1") && retiring(plan, "contoso-server-sync02-1")
    });
    for server in ["sync01", "sync02"] {
        world.decide(&format!("contoso-server-{server}-1"), Decision::Approve, "grace");
    }
    world.run_until(20, |plan, _| {
        plan.migrations.iter().filter(|m| matches!(m.standing, Standing::AwaitingPerson { .. })).count() == 2
    });
    for server in ["sync01", "sync02"] {
        world.server_mut(server).inventory.as_mut().unwrap().engine = None;
    }
    let plan = world.run_until(20, |plan, _| plan.completed);
    assert!(plan.migrations.iter().all(|m| m.standing == Standing::Completed));
    assert!(world.observed.servers.values().all(|s| s.claim.is_none()), "every claim was given back");
    insta::assert_snapshot!("a_whole_estate", journal(&world));
}

#[test]
fn planning_twice_changes_nothing() {
    let mut world = World::new();
    for _ in 0..120 {
        let plan = world.plan();
        assert_eq!(plan, world.plan());
        // What was recorded but not carried out is decided again, the same.
        let before = world.observed.clone();
        world.step();
        if matches!(plan.migrations.first().map(|m| &m.standing), Some(Standing::AwaitingApproval { .. })) {
            world.decide(PILOT, Decision::Approve, "ada");
        }
        if before == world.observed {
            let again = world.plan();
            assert_eq!(
                again.migrations.iter().filter(|m| m.effect.is_some()).count(),
                0,
                "nothing changed, and something would be done"
            );
        }
    }
}

#[test]
fn every_step_has_limits_an_undo_and_a_name_of_its_own() {
    use crds::migration::Itinerary;
    for itinerary in [Itinerary::ConnectToCloudSync, Itinerary::RetireConnect] {
        let list = steps(itinerary, ITINERARY_VERSION).unwrap();
        let mut names: Vec<&str> = list.iter().map(|s| s.name().as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), list.len());
    }
    let used: std::collections::BTreeSet<StepName> =
        [Itinerary::ConnectToCloudSync, Itinerary::RetireConnect]
            .into_iter()
            .flat_map(|i| steps(i, ITINERARY_VERSION).unwrap().iter().map(|s| s.name()))
            .chain(
                crds::migration::Way::ALL
                    .iter()
                    .flat_map(|way| super::way_back::steps(*way).iter().map(|s| s.name())),
            )
            .collect();
    assert_eq!(used.len(), StepName::ALL.len(), "a step name that no itinerary uses");
}

#[test]
fn a_wave_shares_one_stop() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(200, |_, w| {
        states_of(w, "contoso-scope-sales-1")
            .is_some_and(|s| s.get("StartScheduler") == Some(&StepState::Done))
            && states_of(w, "contoso-scope-labs-1")
                .is_some_and(|s| s.get("StartScheduler") == Some(&StepState::Done))
    });
    let stops = journal(&world).lines().filter(|l| l.contains("command stopScheduler")).count();
    assert_eq!(stops, 2, "one for each wave, not for each scope");
    let sales = world.observed.migration("contoso-scope-sales-1").unwrap().object.status.clone().unwrap();
    let shared = sales.steps.iter().find(|r| r.name == "StopScheduler").unwrap();
    assert_eq!(shared.shared_with.as_ref().map(crds::ObjectName::as_str), Some("contoso-scope-labs-1"));
}

fn states_of(world: &World, migration: &str) -> Option<std::collections::BTreeMap<String, StepState>> {
    world.observed.migration(migration).map(|_| states(world, migration))
}

#[test]
fn the_review_finds_what_a_broken_step_would_do() {
    use crate::plan::Effect;
    use crate::review::Invariant;
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(60, |_, w| {
        states(w, PILOT)["ReadScope"] == StepState::Done && w.observed.job(DOMAIN).is_some()
    });
    let mut plan = world.plan();
    let job = world.observed.job(DOMAIN).unwrap().clone();
    let add = |expected: Vec<_>, wanted: Vec<_>, epoch| Effect::AddContainers {
        domain: DOMAIN.to_owned(),
        epoch,
        expected,
        wanted,
    };
    let pilot = dn("OU=Pilot,DC=contoso,DC=com");
    for (effect, invariant) in [
        (add(Vec::new(), vec![pilot.clone()], job.epoch().next()), Invariant::S1),
        (add(Vec::new(), Vec::new(), job.epoch().next()), Invariant::S11),
        (add(vec![dn("OU=Other,DC=contoso,DC=com")], vec![pilot.clone()], job.epoch().next()), Invariant::S3),
        (add(Vec::new(), vec![pilot], job.epoch()), Invariant::S8),
        (Effect::PrepareJob { domain: DOMAIN.to_owned(), deletion_threshold: 5000 }, Invariant::S3),
    ] {
        plan.migrations[0].effect = Some(effect.clone());
        let found = review(&world.observed, &plan, world.now);
        assert!(found.iter().any(|v| v.invariant == invariant), "{effect:?}: {found:?}");
    }
}
