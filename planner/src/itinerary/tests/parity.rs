//! What differs between the two sides after the takeover.

use super::*;

#[test]
fn a_difference_is_looked_at_again_without_hurry_and_passes_once_it_is_gone() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(80, |_, w| states(w, PILOT)["ReleaseJob"] == StepState::Done);
    world.missing = 1;
    let before = journal(&world).matches("readScope").count();
    let began = world.now;
    while world.now.duration_since(began) < SignedDuration::from_mins(5) {
        world.step();
    }
    let readings = journal(&world).matches("readScope").count() - before;
    assert!((2..=15).contains(&readings), "{readings} readings in five minutes");
    assert_ne!(states(&world, PILOT)["VerifyParity"], StepState::Done);
    world.missing = 0;
    world.run_until(30, |_, w| states(w, PILOT)["VerifyParity"] == StepState::Done);
}

#[test]
fn orphans_wait_for_a_person_and_go_on_by_themselves() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(80, |_, w| states(w, PILOT)["ReleaseJob"] == StepState::Done);
    world.orphans = vec!["anchor:AAAA".to_owned(), "sid:S-1-5-21-1".to_owned()];
    let plan =
        world.run_until(20, |plan, _| matches!(plan.migrations[0].standing, Standing::AwaitingPerson { .. }));
    let Standing::AwaitingPerson { message } = &plan.migrations[0].standing else { unreachable!() };
    for part in [
        "2 objects",
        "onPremisesImmutableId eq 'AAAA'",
        "onPremisesSecurityIdentifier eq 'S-1-5-21-1'",
        "delete it in the cloud",
        "restore it",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let counts = |w: &World| {
        (journal(w).matches("command readScope").count(), journal(w).matches("compare with").count())
    };
    let before = counts(&world);
    for _ in 0..24 {
        let plan = world.step();
        assert!(
            matches!(plan.migrations[0].standing, Standing::AwaitingPerson { .. }),
            "{:?}",
            plan.migrations[0].standing
        );
        let record = plan.migrations[0].steps.iter().find(|r| r.name == "VerifyParity").unwrap();
        assert_eq!(record.reason.as_deref(), Some("Orphans"));
    }
    let after = counts(&world);
    assert!(
        (8..=13).contains(&(after.1 - before.1)),
        "every 20 seconds for four minutes, four times what it takes: {before:?} {after:?}"
    );
    assert_eq!(after.0, before.0, "the directory is not read again for a change in the cloud");
    // A day without anybody looking fails nothing.
    world.now += SignedDuration::from_hours(24);
    world.run_until(5, |_, w| counts(w).0 > after.0);
    assert!(matches!(world.step().migrations[0].standing, Standing::AwaitingPerson { .. }));
    world.orphans.clear();
    world.run_until(8, |_, w| states(w, PILOT)["VerifyParity"] == StepState::Done);
}

#[test]
fn orphans_and_drift_are_both_shown_and_both_block() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(80, |_, w| states(w, PILOT)["ReleaseJob"] == StepState::Done);
    world.orphans = vec!["anchor:AAAA".to_owned()];
    world.missing = 3;
    let plan =
        world.run_until(20, |plan, _| matches!(plan.migrations[0].standing, Standing::AwaitingPerson { .. }));
    let message = format!("{:?}", plan.migrations[0].standing);
    assert!(
        message.contains("orphans 1 (allowed 0)") && message.contains("missing 3 (allowed 0)"),
        "{message}"
    );
    let readings = journal(&world).matches("command readScope").count();
    world.orphans.clear();
    let plan = world
        .run_until(20, |plan, _| !matches!(plan.migrations[0].standing, Standing::AwaitingPerson { .. }));
    assert!(
        journal(&world).matches("command readScope").count() > readings,
        "drift shows in the directory too"
    );
    assert!(matches!(plan.migrations[0].standing, Standing::Running { .. }));
    assert_ne!(states(&world, PILOT)["VerifyParity"], StepState::Done);
    world.missing = 0;
    world.run_until(20, |_, w| states(w, PILOT)["VerifyParity"] == StepState::Done);
}
