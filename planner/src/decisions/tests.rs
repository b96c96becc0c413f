//! Which decisions count.

use super::*;
use crate::testing::World;

const PILOT: &str = "contoso-scope-pilot-1";

fn world() -> World {
    let mut world = World::new();
    world.run_until(10, |_, w| w.observed.migration(PILOT).is_some());
    world
}

fn standing_of(world: &World) -> Standing {
    let migration = world.observed.migration(PILOT).unwrap();
    standing(migration, world.observed.migrations.iter(), &world.observed.decisions, world.now)
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
        assert!(
            standing.paused_by.is_some() || standing.denied_by.is_some() || standing.roll_back_by.is_some()
        );
    }
    let mut world = world();
    world.decide(PILOT, Decision::Resume, "ada");
    world.observed.decisions.last_mut().unwrap().proven = false;
    assert_eq!(refused(&world), Some(Reason::Unproven));
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
    assert_eq!(standing_of(&world).paused_by.as_deref(), Some("ada"));
    world.decide(PILOT, Decision::Resume, "ada");
    assert_eq!(standing_of(&world).paused_by, None);
}
