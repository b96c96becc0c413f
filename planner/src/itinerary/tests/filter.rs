//! Somebody else changes the filter of a job: what they did comes into force when the job is started again, and nobody here does that
//! for them.

use super::*;
use crate::plan::Plan;

const SALES: &str = "OU=Sales,DC=contoso,DC=com";
const PILOT_UNIT: &str = "OU=Pilot,DC=contoso,DC=com";
const NOBODYS: &str = "OU=Service Accounts,DC=contoso,DC=com";

fn state(world: &World, migration: &str, step: &str) -> Option<StepState> {
    world.observed.migration(migration)?;
    states(world, migration).get(step).copied()
}

fn asks(plan: &Plan, migration: &str) -> Option<String> {
    let found = plan.migrations.iter().find(|m| m.name == migration)?;
    match &found.standing {
        Standing::AwaitingPerson { message } => Some(message.clone()),
        _ => None,
    }
}

/// Looks many times, and gives what is asked of a person then.
fn asked(world: &mut World, migration: &str) -> String {
    let mut plan = world.step();
    for _ in 0..20 {
        plan = world.step();
    }
    asks(&plan, migration).unwrap_or_else(|| panic!("{:#?}", plan.migrations))
}

fn filters_written(world: &World) -> usize {
    world
        .done
        .iter()
        .filter(|(_, effect)| matches!(effect, crate::plan::Effect::AddContainers { .. }))
        .count()
}

#[test]
fn a_unit_that_connect_serves_is_not_brought_into_the_job_by_the_way() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(60, |_, w| state(w, PILOT, "StartScheduler") == Some(StepState::Done));
    world.job_mut().containers.push(dn(SALES));
    let message = asked(&mut world, PILOT);
    assert!(message.contains(SALES) && message.contains("Take it out"), "{message}");
    assert_eq!(filters_written(&world), 0);
    world.job_mut().containers.clear();
    world.run_until(20, |_, w| state(w, PILOT, "AddToJob") == Some(StepState::Done));
}

#[test]
fn mappings_that_somebody_rewrote_after_the_prediction_are_asked_about_before_the_stop() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(60, |_, w| state(w, PILOT, "AwaitWindow") == Some(StepState::Done));
    let predicted = world.job_mut().mappings_digest.clone();
    world.job_mut().mappings_digest = crds::ContentDigest::of(b"somebody's mappings");
    let message = asked(&mut world, PILOT);
    assert!(message.contains("changed the mappings"), "{message}");
    assert!(world.observed.servers.values().all(|server| server.claim.is_none()), "nothing was stopped");
    world.job_mut().mappings_digest = predicted;
    world.run_until(60, |_, w| state(w, PILOT, "AddToJob") == Some(StepState::Done));
}

#[test]
fn a_unit_that_was_taken_out_is_asked_about_before_the_next_stop() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    let next = "contoso-scope-labs-1";
    world.run_until(200, |_, w| state(w, next, "AwaitWindow") == Some(StepState::Done));
    let written = filters_written(&world);
    world.job_mut().containers.clear();
    let message = asked(&mut world, next);
    assert!(message.contains(PILOT_UNIT) && message.contains("Put it back"), "{message}");
    assert!(world.observed.servers.values().all(|server| server.claim.is_none()), "nothing was stopped");
    assert_eq!(filters_written(&world), written);
    world.job_mut().containers.push(dn(PILOT_UNIT));
    world.run_until(60, |_, w| state(w, next, "AddToJob") == Some(StepState::Done));
}

#[test]
fn a_unit_of_the_wave_that_somebody_added_too_early_is_asked_about() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    let next = "contoso-scope-labs-1";
    world.run_until(200, |_, w| state(w, next, "AwaitWindow") == Some(StepState::Done));
    world.job_mut().containers.push(dn(SALES));
    let message = asked(&mut world, next);
    assert!(message.contains("contoso-scope-sales-1 has not come that far"), "{message}");
}

#[test]
fn what_nobody_claims_and_was_there_from_the_start_stays_and_what_came_since_is_asked_about() {
    for (before, since, held) in [(true, false, false), (false, true, true), (true, true, true)] {
        let mut world = World::new();
        // It is no unit that Connect selects.
        let other = "OU=Kiosk,DC=contoso,DC=com";
        world.run_until(60, |_, w| state(w, PILOT, "CheckPrerequisites") == Some(StepState::Done));
        world.run_until(20, |_, w| w.observed.tenant.as_ref().is_some_and(|t| !t.jobs.is_empty()));
        if before {
            world.job_mut().containers.push(dn(other));
        }
        approve_when_asked(&mut world);
        world.run_until(60, |_, w| state(w, PILOT, "StartScheduler") == Some(StepState::Done));
        if since {
            world.job_mut().containers.push(dn(NOBODYS));
        }
        if held {
            let message = asked(&mut world, PILOT);
            assert!(message.contains("since the plan was made") && message.contains(NOBODYS), "{message}");
            assert_eq!(filters_written(&world), 0);
            world.job_mut().containers.retain(|unit| *unit != dn(NOBODYS));
        }
        world.run_until(20, |_, w| state(w, PILOT, "AddToJob") == Some(StepState::Done));
        assert_eq!(world.job_mut().containers.contains(&dn(other)), before);
    }
}

const TWO_DOMAINS: &str = r#"
tenantRef: {name: contoso}
timeZone: Europe/Berlin
scopes:
- name: pilot
  organizationalUnits: ["OU=Pilot,DC=contoso,DC=com", "OU=Pilot,DC=emea,DC=contoso,DC=com"]
  engine: CloudSync
servers:
- {name: sync01}
strategy:
  waves:
  - {name: canary, scopes: [pilot], approval: {required: true}}
"#;

/// The agent reads by the mappings of the configurations that are there; those of two domains are never the same.
#[test]
fn a_scope_of_two_domains_is_not_read_over_and_over_while_one_job_is_missing() {
    let prepared = |w: &World| {
        w.observed.migration(PILOT).is_some() && state(w, PILOT, "PrepareJob") == Some(StepState::Done)
    };
    let mut world = World::of(serde_yaml::from_str(TWO_DOMAINS).unwrap());
    world.run_until(60, |_, w| prepared(w));
    let mut theirs = world.observed.job("emea.contoso.com").unwrap().clone();
    theirs.mappings_digest = crds::ContentDigest::of(b"mappings of another domain");

    let mut world = World::of(serde_yaml::from_str(TWO_DOMAINS).unwrap());
    world.observed.tenant.as_mut().unwrap().jobs = vec![theirs];
    world.run_until(60, |_, w| prepared(w));
    let readings = journal(&world).matches("command readScope").count();
    // Once for the units, and the next step's own has begun.
    assert!(readings <= 2, "{}", journal(&world));
    world.run_until(30, |_, w| state(w, PILOT, "ReadScope") == Some(StepState::Done));

    // Mappings that change while the scope is read are noticed, in whichever domain.
    let jobs = &mut world.observed.tenant.as_mut().unwrap().jobs;
    let theirs = jobs.iter_mut().find(|job| job.domain == "emea.contoso.com").unwrap();
    theirs.mappings_digest = crds::ContentDigest::of(b"somebody's mappings");
    let before = journal(&world).matches("command readScope").count();
    world.run_until(30, |_, w| state(w, PILOT, "PredictChanges") == Some(StepState::Done));
    assert!(journal(&world).matches("command readScope").count() > before);
}
