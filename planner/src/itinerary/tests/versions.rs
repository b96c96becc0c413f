//! Releases that come and go in mid-run: what another one began is left as it is, or gone on with.

use super::*;
use crds::migration::{Itinerary, Reversibility};

const ANOTHER: i32 = ITINERARY_VERSION + 1;

fn made_by(world: &mut World, version: i32) {
    let pilot = world.observed.migrations.iter_mut().find(|m| m.name() == PILOT).unwrap();
    pilot.object.spec.itinerary_version = version;
    pilot.object.status.as_mut().unwrap().reversibility = Some(Reversibility::Never {});
}

fn status(world: &World) -> crds::migration::MigrationStatus {
    world.observed.migration(PILOT).unwrap().object.status.clone().unwrap()
}

#[test]
fn every_version_up_to_this_one_stays_known() {
    for itinerary in [Itinerary::ConnectToCloudSync, Itinerary::RetireConnect] {
        for version in 1..=ITINERARY_VERSION {
            assert!(
                steps(itinerary, version).is_some(),
                "{itinerary} {version}: who finishes what it began?"
            );
        }
        assert!(steps(itinerary, ANOTHER).is_none());
    }
}

/// In every state of the stop, the takeover and the soak.
#[test]
fn what_a_newer_release_began_is_left_as_it_stands_and_gone_on_with_by_one_that_knows_it() {
    for until in
        ["CheckPrerequisites", "StopScheduler", "ProveNoFlow", "AddToJob", "ProbeRemoval", "VerifyParity"]
    {
        let mut world = World::new();
        approve_when_asked(&mut world);
        world.run_until(120, |_, w| states(w, PILOT).get(until) == Some(&StepState::Done));
        made_by(&mut world, ANOTHER);
        let (before, done) = (status(&world), world.done.len());
        for _ in 0..20 {
            let plan = world.step();
            let held = plan.migrations.iter().find(|m| m.name == PILOT).unwrap();
            assert!(
                matches!(&held.standing, Standing::Paused { reason: Reason::UnknownItinerary, message } if message.contains("release")),
                "{until}: {:?}",
                held.standing
            );
            assert_eq!((&held.steps, &held.effect), (&before.steps, &None), "{until}");
            assert_eq!(held.reversibility, Reversibility::Never {}, "{until}");
            assert_eq!(plan.create, Vec::new(), "{until}: something new begins");
            assert!(
                plan.blockers.iter().any(|b| b.reason == Reason::UnknownItinerary),
                "{until}: {:?}",
                plan.blockers
            );
        }
        assert_eq!(world.done.len(), done, "{until}: {:?}", world.done.get(done..));
        made_by(&mut world, ITINERARY_VERSION);
        world.run_until(300, |_, w| states(w, PILOT)["VerifyAfterSoak"] == StepState::Done);
    }
}

#[test]
fn nobody_goes_home_through_a_job_of_which_another_release_holds_a_scope() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    let labs = "contoso-scope-labs-1";
    world.run_until(300, |_, w| {
        states_of(w, labs).is_some_and(|s| s.get("AddToJob") == Some(&StepState::Done))
    });
    made_by(&mut world, ANOTHER);
    world.decide(labs, Decision::RollBack, "ada");
    let done = world.done.len();
    for _ in 0..20 {
        let plan = world.step();
        assert!(plan.migrations.iter().all(|m| m.way_back.is_none()), "{:?}", plan.migrations);
    }
    let paused = |effect: &crate::Effect| format!("{effect:?}").contains("PauseJob");
    assert!(!world.done.iter().skip(done).any(|(_, effect)| paused(effect)), "{:?}", world.done.get(done..));
    made_by(&mut world, ITINERARY_VERSION);
    world.run_until(300, |plan, _| plan.migrations.iter().any(|m| m.name == labs && m.way_back.is_some()));
}
