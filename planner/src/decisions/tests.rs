//! Which decisions count.

use super::*;
use crate::plan::Standing;
use crate::testing::World;

const PILOT: &str = "contoso-scope-pilot-1";

fn world() -> World {
    let mut world = World::new();
    world.run_until(60, |plan, _| {
        plan.migrations.iter().any(|m| matches!(m.standing, Standing::AwaitingApproval { .. }))
    });
    world
}

fn standing_of(world: &World) -> super::Standing {
    standing(&world.observed, world.observed.migration(PILOT).unwrap(), world.now)
}

fn refused(world: &World) -> Option<Reason> {
    standing_of(world).consumed.first().and_then(|c| c.outcome.clone().err()).map(|(reason, _)| reason)
}

#[test]
fn an_approval_is_bound_to_its_plan_its_migration_and_its_time() {
    type Spoil = fn(&mut DecisionFacts, Timestamp);
    let cases: [(Spoil, Option<Reason>); 5] = [
        (|_, _| {}, None),
        (|d, _| d.plan_digest = Some(crate::testing::digest("another plan")), Some(Reason::PlanChanged)),
        (|d, _| d.migration_uid = "gone".to_owned(), Some(Reason::NoSuchMigration)),
        (|d, now| d.expires_at = Some(now), Some(Reason::Expired)),
        (|d, _| d.proven = false, Some(Reason::Unproven)),
    ];
    for (spoil, reason) in cases {
        let mut world = world();
        world.decide(PILOT, Decision::Approve, "ada");
        let now = world.now;
        spoil(world.observed.decisions.last_mut().unwrap(), now);
        assert_eq!(refused(&world), reason);
        assert_eq!(standing_of(&world).approved_by.is_empty(), reason.is_some(), "{reason:?}");
    }
}

#[test]
fn what_stops_something_needs_no_proof_and_no_digest() {
    for decision in [Decision::Pause, Decision::Deny, Decision::RollBack] {
        let mut world = world();
        world.decide(PILOT, decision, "ada");
        let made = world.observed.decisions.last_mut().unwrap();
        made.proven = false;
        made.plan_digest = None;
        assert_eq!(refused(&world), None, "{decision:?}");
        let standing = standing_of(&world);
        assert!(standing.paused.is_some() || standing.denied.is_some() || standing.roll_back.is_some());
    }
    let mut world = world();
    world.decide(PILOT, Decision::Resume, "ada");
    world.observed.decisions.last_mut().unwrap().proven = false;
    assert_eq!(refused(&world), Some(Reason::Unproven));
}

#[test]
fn the_record_keeps_who_decided_why_and_what_proves_it() {
    use crds::migration_decision::ProvenBy;
    for (proven, by, kept, who) in [
        (true, ProvenBy::Requester, Some(ProvenBy::Requester), "ada"),
        (true, ProvenBy::Git, Some(ProvenBy::Git), "ada (proven by Git)"),
        (false, ProvenBy::Requester, None, "ada (unproven)"),
        (false, ProvenBy::Git, None, "ada (unproven)"),
    ] {
        for decision in [Decision::Deny, Decision::Pause, Decision::RollBack] {
            let mut world = world();
            world.decide(PILOT, decision, "ada");
            let made = world.observed.decisions.last_mut().unwrap();
            made.proven = proven;
            made.proven_by = by;
            made.reason = "not before\nthe audit".to_owned();
            let plan = world.step();
            let status = world.observed.migration(PILOT).unwrap().object.status.clone().unwrap();
            let record = status.decisions.last().unwrap();
            assert_eq!((record.proven, record.proven_by), (proven, kept));
            assert_eq!(record.reason.as_deref(), Some("not before the audit"));
            let said = match &plan.migrations[0].standing {
                Standing::Paused { message, .. } => message.clone(),
                _ => plan.migrations[0].way_back.as_ref().unwrap().message.clone(),
            };
            assert!(said.starts_with(who), "{decision:?}: {said}");
            assert!(said.contains(", saying \"not before the audit\""), "{decision:?}: {said}");
        }
    }
}

#[test]
fn an_approval_from_git_shows_as_one() {
    let mut world = world();
    world.decide(PILOT, Decision::Approve, "ada");
    world.observed.decisions.last_mut().unwrap().proven_by = crds::migration_decision::ProvenBy::Git;
    world.run_until(10, |_, w| {
        crate::testing::states(w, PILOT)["AwaitApproval"] == crds::migration::StepState::Done
    });
    let status = world.observed.migration(PILOT).unwrap().object.status.clone().unwrap();
    let step = status.steps.iter().find(|record| record.name == "AwaitApproval").unwrap();
    let by: Vec<&str> =
        step.facts.iter().filter(|fact| fact.name == "approvedBy").map(|fact| fact.value.as_str()).collect();
    assert_eq!(by, ["ada (proven by Git)"]);
}

#[test]
fn one_person_twice_is_one_person() {
    let mut world = world();
    world.decide(PILOT, Decision::Approve, "ada");
    world.decide(PILOT, Decision::Approve, "ada");
    assert_eq!(standing_of(&world).approved_by.len(), 1);
    world.decide(PILOT, Decision::Approve, "grace");
    assert_eq!(standing_of(&world).approved_by.len(), 2);
}

#[test]
fn deleting_a_decision_undoes_nothing() {
    let mut world = world();
    world.decide(PILOT, Decision::Pause, "ada");
    world.step();
    world.observed.decisions.clear();
    assert_eq!(standing_of(&world).paused.map(|record| record.decided_by).as_deref(), Some("ada"));
    world.decide(PILOT, Decision::Resume, "ada");
    assert_eq!(standing_of(&world).paused, None);
}

#[test]
fn a_step_that_was_left_out_stays_left_out_without_the_object() {
    let mut world = world();
    world.decide(PILOT, Decision::SkipStep, "ada");
    world.observed.decisions.last_mut().unwrap().step = Some("Soak".to_owned());
    assert!(standing_of(&world).skip.contains("Soak"));
    world.step();
    world.observed.decisions.clear();
    assert!(standing_of(&world).skip.contains("Soak"), "it is in the record");
    world.decide(PILOT, Decision::Approve, "ada");
    world.run_until(200, |_, w| {
        crate::testing::states(w, PILOT)["Soak"] == crds::migration::StepState::Skipped
    });
}

#[test]
fn an_unproven_record_leaves_nothing_out() {
    let mut world = world();
    world.decide(PILOT, Decision::SkipStep, "ada");
    world.observed.decisions.last_mut().unwrap().step = Some("Soak".to_owned());
    world.observed.decisions.last_mut().unwrap().proven = false;
    world.step();
    assert!(standing_of(&world).skip.is_empty());
    assert!(world.observed.migration(PILOT).unwrap().object.status.as_ref().unwrap().decisions.is_empty());
}

#[test]
fn a_step_that_may_not_be_left_out_is_refused_to_its_author() {
    let mut world = World::new();
    world.run_until(60, |plan, _| {
        plan.migrations.iter().any(|m| matches!(m.standing, Standing::AwaitingApproval { .. }))
    });
    for (step, expected) in [
        ("VerifyParity", Some(Reason::StepNotSkippable)),
        ("ProveNoFlow", Some(Reason::StepNotSkippable)),
        ("Nothing", Some(Reason::StepNotSkippable)),
        // The scope has a probe unit.
        ("ProbeCreation", Some(Reason::StepNotSkippable)),
        ("Soak", None),
    ] {
        world.decide(PILOT, Decision::SkipStep, "ada");
        let decision = world.observed.decisions.last_mut().unwrap();
        decision.step = Some(step.to_owned());
        let uid = decision.uid.clone();
        let plan = world.step();
        let consumed = plan.migrations[0].consumed.iter().find(|c| c.uid == uid).unwrap();
        assert_eq!(consumed.outcome.as_ref().err().map(|(reason, _)| *reason), expected, "{step}");
    }
}
