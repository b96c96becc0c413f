//! Bytes of an agent that could not be kept: told, taken again now and then, and no step passes without them.

use super::*;
use crate::observed::UnkeptCause;

fn said(plan: &crate::Plan) -> Option<String> {
    match &plan.migrations.first()?.standing {
        Standing::AwaitingPerson { message } => Some(message.clone()),
        _ => None,
    }
}

#[test]
fn bytes_that_cannot_be_kept_are_told_and_taken_again_until_they_can() {
    for (step, reason, command) in [
        ("BackUpConfiguration", Reason::SnapshotUnreadable, "command takeSnapshot"),
        ("ReadScope", Reason::ListingUnreadable, "command readScope"),
    ] {
        for (cause, next) in [
            (UnkeptCause::Damaged, "run `kubectl hybrid agent revoke sync01`"),
            (UnkeptCause::Place, "it is taken again now and then"),
        ] {
            let mut world = World::new();
            world.run_until(60, |_, w| {
                states(w, PILOT).get(step).is_some_and(|state| *state == StepState::Active)
            });
            world.unkeepable = Some(cause);
            let plan = world.run_until(10, |plan, _| said(plan).is_some());
            let message = said(&plan).unwrap();
            assert!(message.starts_with("expected one digest, found another"), "{step}: {message}");
            assert!(message.contains(next), "{step}: {message}");
            let taken = |world: &World| journal(world).matches(command).count();
            let before = taken(&world);
            for _ in 0..20 {
                world.now += SignedDuration::from_mins(1);
                let plan = world.step();
                assert!(said(&plan).is_some(), "{step}: {:?}", plan.migrations[0].standing);
                let record = plan.migrations[0].steps.iter().find(|record| record.name == step).unwrap();
                assert_eq!(record.reason.as_deref(), Some(reason.as_str()), "{step}");
                assert!(plan.next.is_some());
            }
            let again = taken(&world) - before;
            assert!((3..=10).contains(&again), "{step}: taken {again} times in 20 minutes");
            assert_ne!(states(&world, PILOT)[step], StepState::Done);

            world.unkeepable = None;
            world.now += SignedDuration::from_mins(10);
            world.run_until(20, |_, w| states(w, PILOT)[step] == StepState::Done);
        }
    }
}
