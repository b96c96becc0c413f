//! Tests of the review: what a broken step would do is found whatever the step says.

use crds::Epoch;
use crds::migration::{Fact, StepRecord, StepState, Verdict};
use crds::migration_decision::Decision;

use super::*;
use crate::plan::Effect;
use crate::testing::{World, states};

const PILOT: &str = "contoso-scope-pilot-1";

fn found(world: &World, change: impl Fn(&mut Plan)) -> Vec<Invariant> {
    let mut plan = world.plan();
    change(&mut plan);
    review(&world.observed, &plan, world.now).into_iter().map(|violation| violation.invariant).collect()
}

fn restored() -> World {
    let mut world = World::new();
    world.run_until(60, |_, w| states(w, PILOT).get("BackUpConfiguration") == Some(&StepState::Done));
    for name in ["sync01", "sync02"] {
        world.server_mut(name).agent.as_mut().unwrap().highest_epoch = Epoch(40);
    }
    world
}

fn take_over(epoch: i64) -> impl Fn(&mut Plan) {
    move |plan| {
        let migration = &mut plan.migrations[0];
        migration.effect = Some(Effect::Readopt { servers: vec![("sync01".into(), Epoch(epoch))] });
        migration.steps = migration.steps.iter().map(|r| StepRecord::pending(&r.name)).collect();
    }
}

#[test]
fn nothing_is_taken_over_that_nobody_readopted() {
    let mut world = restored();
    assert_eq!(found(&world, take_over(41)), [Invariant::S12]);
    world.decide(PILOT, Decision::Readopt, "ada");
    assert_eq!(
        found(&world, take_over(41)),
        [Invariant::S12],
        "the plan's digest alone says nothing about epochs"
    );
    let seen =
        crate::decisions::standing(&world.observed, world.observed.migration(PILOT).unwrap(), world.now);
    world.observed.decisions[0].plan_digest = Some(seen.binding.readopt);
    assert_eq!(found(&world, take_over(41)), []);
    assert_eq!(found(&world, take_over(40)), [Invariant::S8], "evidence from before would count");
    let kept = |plan: &mut Plan| {
        let steps = plan.migrations[0].steps.clone();
        take_over(41)(plan);
        plan.migrations[0].steps = steps;
        plan.migrations[0].steps[0].state = StepState::Done;
        plan.migrations[0].steps[0].verdict = Some(Verdict::Pass);
        plan.migrations[0].steps[0].finished_at = Some(world.now);
    };
    assert!(found(&world, kept).contains(&Invariant::S12), "proofs from before would be kept");
}

#[test]
fn a_comparison_with_orphans_is_no_proof() {
    let mut world = World::new();
    world.run_until(10, |_, w| w.observed.migration(PILOT).is_some());
    let done = |orphans: &'static str| {
        move |plan: &mut Plan| {
            let steps = plan.migrations[0].steps.iter();
            let mut record = steps.clone().find(|r| r.name == "VerifyAfterSoak").unwrap().clone();
            record.state = StepState::Done;
            record.verdict = Some(Verdict::Pass);
            record.finished_at = Some("2026-11-23T09:00:00Z".parse().unwrap());
            record.facts = vec![Fact { name: "orphans".to_owned(), value: orphans.to_owned() }];
            plan.migrations[0].steps = vec![record];
        }
    };
    assert_eq!(found(&world, done("0")), []);
    assert_eq!(found(&world, done("1")), [Invariant::S3]);
}
