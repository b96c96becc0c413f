//! The job's guard against accidental deletions, as waves follow one another.

use super::*;

#[test]
fn the_guard_of_a_later_wave_lets_the_leavers_of_earlier_ones_go() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(200, |_, w| states(w, PILOT)["VerifyAfterSoak"] == StepState::Done);
    assert!(journal(&world).contains("tighten contoso.com to 10\n"), "{}", journal(&world));
    // The canary was a large one.
    let status = world.migration_mut(PILOT).object.status.as_mut().unwrap();
    let read = status.steps.iter_mut().find(|record| record.name == "ReadScope").unwrap();
    read.facts.iter_mut().find(|fact| fact.name == "objects").unwrap().value = "10000".to_owned();
    world.job_mut().deletion_threshold = Some(500);
    world.run_until(200, |_, w| journal(w).matches("tighten contoso.com").count() > 1);
    // A tenth of the two scopes of the wave, and one in 250 of what is served already.
    assert!(journal(&world).contains("tighten contoso.com to 60\n"), "{}", journal(&world));
}
