//! An approval is for what was predicted when it was given.

use super::*;

/// A world that holds at a closed window after the approval, and in which a few changed objects are allowed.
fn at_the_window() -> World {
    let spec = TOPOLOGY.replace(
        "  observationPeriod: 2h",
        "  observationPeriod: 2h\n  verification: {maxDrift: 5}\n  windows: [{schedule: \"0 12 * * *\", duration: 1h}]",
    );
    let mut world = World::of(serde_yaml::from_str(&spec).unwrap());
    approve_when_asked(&mut world);
    world.run_until(10, |_, w| states(w, PILOT)["AwaitWindow"] == StepState::Waiting);
    world
}

/// Somebody is asked to approve.
fn asks(plan: &crate::Plan) -> bool {
    plan.migrations.iter().any(|m| matches!(m.standing, Standing::AwaitingApproval { .. }))
}

fn predict(world: &mut World, change: impl Fn(&mut crate::observed::PredictionFacts)) {
    change(world.migration_mut(PILOT).prediction.as_mut().unwrap());
}

#[test]
fn a_changed_prediction_voids_an_approval_and_says_which_figure_changed() {
    let mut world = at_the_window();
    predict(&mut world, |p| p.changed_objects = 2);
    let plan = world.run_until(20, |plan, _| asks(plan));
    let Standing::AwaitingApproval { message } = &plan.migrations[0].standing else { unreachable!() };
    assert!(message.contains("the approval of ada is void: changes was 0, is 2"), "{message}");
    assert!(message.contains("creations 0, changes 2, anchorMismatches 0"), "{message}");
    // The window opens, and nothing begins.
    world.now += SignedDuration::from_hours(4);
    for _ in 0..10 {
        world.step();
    }
    assert!(!journal(&world).contains("claim"), "{}", journal(&world));
    assert_eq!(
        journal(&world).matches("command readPendingExports").count(),
        2,
        "the gates before it are asked anew"
    );

    world.now -= SignedDuration::from_hours(4);
    world.decide(PILOT, Decision::Approve, "ada");
    let plan = world.run_until(10, |_, w| states(w, PILOT)["AwaitWindow"] == StepState::Waiting);
    world.now = plan.migrations[0].next.as_ref().unwrap().at.unwrap();
    world.run_until(10, |_, w| states(w, PILOT)["ClaimServers"] == StepState::Done);
}

#[test]
fn a_prediction_that_is_not_allowed_any_more_blocks_again() {
    let mut world = at_the_window();
    predict(&mut world, |p| p.surprise_creations = 3);
    let plan =
        world.run_until(5, |plan, _| matches!(plan.migrations[0].standing, Standing::AwaitingPerson { .. }));
    assert!(format!("{:?}", plan.migrations[0].standing).contains("3 accounts"));
    // Back to what was approved: the approval holds again.
    predict(&mut world, |p| p.surprise_creations = 0);
    world.run_until(10, |_, w| states(w, PILOT)["AwaitWindow"] == StepState::Waiting);
}

#[test]
fn once_begun_the_prediction_of_then_stays() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(60, |_, w| states(w, PILOT)["StopScheduler"] == StepState::Done);
    predict(&mut world, |p| p.changed_objects = 2);
    world.step();
    assert_eq!(states(&world, PILOT)["AwaitApproval"], StepState::Done);
    world.run_until(60, |_, w| states(w, PILOT)["StartScheduler"] == StepState::Done);
}

#[test]
fn an_approval_from_before_the_prediction_is_refused() {
    let mut world = World::new();
    world.run_until(10, |_, w| w.observed.migration(PILOT).is_some());
    world.decide(PILOT, Decision::Approve, "ada");
    let refusal = |w: &World| w.plan().migrations[0].consumed.iter().find_map(|c| c.outcome.clone().err());
    let (reason, message) = refusal(&world).unwrap();
    assert_eq!(reason, Reason::PlanChanged);
    assert!(message.contains("no prediction") || message.contains("has none yet"), "{message}");
    world.run_until(60, |plan, _| asks(plan));
    assert_eq!(refusal(&world).unwrap().0, Reason::PlanChanged);
    assert_eq!(states(&world, PILOT)["AwaitApproval"], StepState::Waiting);
}

#[test]
fn the_message_names_the_digest_that_is_accepted() {
    let mut world = World::new();
    let plan = world.run_until(60, |plan, _| asks(plan));
    let message = format!("{:?}", plan.migrations[0].standing);
    let at = message.find("sha256:").unwrap();
    let digest = crds::ContentDigest::try_from(message[at..at + 71].to_owned()).unwrap();
    assert_ne!(digest, world.observed.migration(PILOT).unwrap().object.spec.plan_digest);
    world.decide(PILOT, Decision::Approve, "ada");
    world.observed.decisions.last_mut().unwrap().plan_digest = Some(digest.clone());
    // Whenever it was made: the digest says what was read.
    world.observed.decisions.last_mut().unwrap().created_at = START.parse().unwrap();
    world.run_until(5, |_, w| states(w, PILOT)["AwaitApproval"] == StepState::Done);
    let status = world.observed.migration(PILOT).unwrap().object.status.clone().unwrap();
    assert_eq!(status.decisions[0].bound_to, Some(digest));
    assert_eq!(status.decisions[0].shown.len(), 3);
}

#[test]
fn everything_a_person_is_asked_for_comes_before_the_stop() {
    let order: Vec<StepName> = steps(crds::migration::Itinerary::ConnectToCloudSync, ITINERARY_VERSION)
        .unwrap()
        .iter()
        .map(|s| s.name())
        .collect();
    let at = |name| order.iter().position(|n| *n == name).unwrap();
    assert!(at(StepName::PredictChanges) < at(StepName::AwaitApproval));
    assert!(at(StepName::AwaitApproval) < at(StepName::ClaimServers));
    assert!(at(StepName::ClaimServers) < at(StepName::StopScheduler));
}

#[test]
fn a_wave_is_approved_as_a_whole() {
    let spec = TOPOLOGY
        .replace("approval: {required: true}", "soak: 1h")
        .replace("soak: 1h, soak: 1h", "soak: 1h")
        .replace("maxConcurrent: 2", "maxConcurrent: 2, approval: {required: true, distinctUsers: 2}");
    let mut world = World::of(serde_yaml::from_str(&spec).unwrap());
    let (labs, sales) = ("contoso-scope-labs-1", "contoso-scope-sales-1");
    world.run_until(300, |plan, _| {
        plan.migrations.iter().any(|m| matches!(m.standing, Standing::AwaitingApproval { .. }))
    });
    // One approval on each of two scopes: both count for both.
    world.decide(labs, Decision::Approve, "ada");
    world.step();
    world.decide(sales, Decision::Approve, "grace");
    world
        .run_until(10, |_, w| [labs, sales].iter().all(|m| states(w, m)["AwaitApproval"] == StepState::Done));
}
