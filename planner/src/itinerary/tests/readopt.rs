//! A restored cluster: nothing goes on before a person readopts exactly what the agents remember, and then nothing is taken as proven.

use crds::Epoch;

use super::*;

fn remember(world: &mut World, epoch: i64) {
    for name in ["sync01", "sync02"] {
        let agent = world.server_mut(name).agent.as_mut().unwrap();
        agent.highest_epoch = Epoch(epoch);
        agent.command = None;
    }
}

/// Steps until a person is asked to readopt; returns the digest that the message names.
fn asked(world: &mut World) -> crds::ContentDigest {
    let plan = world.run_until(40, |plan, _| {
        matches!(&plan.migrations[0].standing, Standing::AwaitingPerson { message } if message.contains("Readopt"))
    });
    let Standing::AwaitingPerson { message } = &plan.migrations[0].standing else { unreachable!() };
    let at = message.find("sha256:").unwrap();
    crds::ContentDigest::try_from(message[at..at + 71].to_owned()).unwrap()
}

fn readopt(world: &mut World, digest: crds::ContentDigest) {
    world.decide(PILOT, Decision::Readopt, "ada");
    world.observed.decisions.last_mut().unwrap().plan_digest = Some(digest);
}

fn refused(world: &World) -> Option<Reason> {
    let plan = world.plan();
    plan.migrations[0].consumed.iter().find_map(|c| c.outcome.clone().err()).map(|(reason, _)| reason)
}

fn proofs(world: &World) -> usize {
    journal(world).matches("command proveNoFlow").count()
}

#[test]
fn a_readoption_lifts_the_stop_and_every_proof_is_asked_for_anew() {
    for stage in
        ["BackUpConfiguration", "ProveNoFlow", "StartScheduler", "ClaimJob", "AddToJob", "ReleaseJob"]
    {
        let mut world = World::new();
        if stage == "BackUpConfiguration" {
            world.run_until(60, |_, w| states(w, PILOT).get(stage) == Some(&StepState::Done));
        } else {
            approve_when_asked(&mut world);
            world.run_until(80, |_, w| states(w, PILOT)[stage] == StepState::Done);
        }
        remember(&mut world, 40);
        // Nothing in the cloud either: what stands there may be the end of a road that the cluster has forgotten.
        let effects = world.done.len();
        let digest = asked(&mut world);
        let before = proofs(&world);
        for _ in 0..5 {
            world.step();
        }
        assert_eq!(world.done.len(), effects, "{stage}: {:?}", world.done.get(effects..));
        world.now += SignedDuration::from_hours(24);
        assert!(
            matches!(world.step().migrations[0].standing, Standing::AwaitingPerson { .. }),
            "{stage}: no limit ends it"
        );

        readopt(&mut world, digest);
        let plan = world.step();
        assert!(journal(&world).contains("readopt 2 servers"), "{stage}: {:?}", plan.migrations[0].standing);
        assert!(
            states(&world, PILOT).values().all(|s| *s == StepState::Pending),
            "{stage}: nothing counts as proven"
        );
        for name in ["sync01", "sync02"] {
            let server = world.server_mut(name);
            assert_eq!(server.epoch, Epoch(41), "{stage}: above everything that was commanded");
        }
        if stage == "BackUpConfiguration" {
            approve_when_asked(&mut world);
        }
        world.run_until(300, |_, w| states(w, PILOT)["VerifyAfterSoak"] == StepState::Done);
        assert!(proofs(&world) > before, "{stage}");
        assert_eq!(journal(&world).matches("readopt").count(), 1, "{stage}");
    }
}

#[test]
fn a_readoption_is_bound_to_what_was_seen() {
    let mut world = World::new();
    world.run_until(60, |_, w| states(w, PILOT).get("BackUpConfiguration") == Some(&StepState::Done));
    remember(&mut world, 40);
    let digest = asked(&mut world);

    // The plan's own digest says nothing about epochs.
    world.decide(PILOT, Decision::Readopt, "ada");
    assert_eq!(refused(&world), Some(Reason::PlanChanged));
    world.observed.decisions.clear();
    readopt(&mut world, digest.clone());
    world.observed.decisions.last_mut().unwrap().proven = false;
    assert_eq!(refused(&world), Some(Reason::Unproven));
    world.observed.decisions.clear();

    // The agents remember something else by the time it is read.
    readopt(&mut world, digest);
    remember(&mut world, 50);
    assert_eq!(refused(&world), Some(Reason::PlanChanged));
    for _ in 0..5 {
        world.step();
    }
    assert!(!journal(&world).contains("readopt"));

    // What was taken up once does not lift the next stop.
    let digest = asked(&mut world);
    readopt(&mut world, digest);
    world.step();
    assert_eq!(journal(&world).matches("readopt").count(), 1);
    remember(&mut world, 90);
    asked(&mut world);
    assert_eq!(journal(&world).matches("readopt").count(), 1);
}

#[test]
fn a_migration_whose_status_is_gone_while_it_holds_servers_is_readopted_or_stays() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(80, |_, w| states(w, PILOT)["PutNoFlowRules"] == StepState::Done);
    world.migration_mut(PILOT).object.status = None;
    let effects = world.done.len();
    let digest = asked(&mut world);
    for _ in 0..5 {
        world.step();
    }
    assert_eq!(world.done.len(), effects, "nothing is done for it");
    readopt(&mut world, digest);
    world.step();
    assert_eq!(states(&world, PILOT)["PutNoFlowRules"], StepState::Pending);
    // The approval went with the status; the one that is still there was given before the new prediction.
    approve_when_asked(&mut world);
    world.run_until(300, |_, w| states(w, PILOT)["VerifyAfterSoak"] == StepState::Done);
}

#[test]
fn a_comparison_from_a_newer_epoch_than_the_job_is_readopted_or_stays() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.missing = 1;
    world.run_until(200, |_, w| w.observed.migration(PILOT).unwrap().parity.is_some());
    world.job_mut().recorded.epoch = Epoch(0);
    world.missing = 0;
    let digest = asked(&mut world);
    assert_ne!(states(&world, PILOT)["VerifyParity"], StepState::Done);
    let readings = journal(&world).matches("command readScope").count();
    readopt(&mut world, digest);
    world.run_until(20, |_, w| states(w, PILOT)["VerifyParity"] == StepState::Done);
    assert!(journal(&world).matches("command readScope").count() > readings);
}

#[test]
fn what_comes_next_says_that_a_person_has_to_readopt() {
    let says = |plan: &crate::Plan, what: &str| {
        let next = plan.migrations[0].next.as_ref().map_or("", |next| next.why.as_str());
        assert!(next.starts_with(&format!("a person has to readopt {PILOT}")), "{what}: {next}");
        let all = plan.next.as_ref().map_or("", |next| next.why.as_str());
        assert!(all.contains("a person has to readopt"), "{what}: {all}");
    };
    for stage in ["BackUpConfiguration", "ProveNoFlow", "ReleaseJob"] {
        let mut world = World::new();
        if stage != "BackUpConfiguration" {
            approve_when_asked(&mut world);
        }
        world.run_until(80, |_, w| states(w, PILOT).get(stage) == Some(&StepState::Done));
        remember(&mut world, 40);
        asked(&mut world);
        says(&world.step(), stage);
    }
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(80, |_, w| states(w, PILOT)["PutNoFlowRules"] == StepState::Done);
    world.migration_mut(PILOT).object.status = None;
    asked(&mut world);
    let plan = world.step();
    says(&plan, "a status that is gone");
    assert_eq!(plan.migrations[0].asked_for, Some(Reason::StateRestored));
}

#[test]
fn a_restored_cluster_changes_nothing_in_the_cloud_either() {
    for stage in ["StartScheduler", "ClaimJob", "AwaitWindow", "AwaitApproval", "AddToJob", "ProbeRemoval"] {
        let mut world = World::new();
        approve_when_asked(&mut world);
        world.run_until(120, |_, w| states(w, PILOT).get(stage) == Some(&StepState::Done));
        remember(&mut world, 40);
        let effects = world.done.len();
        for _ in 0..10 {
            let plan = world.step();
            assert!(review(&world.observed, &plan, world.now).is_empty(), "{stage}");
        }
        assert_eq!(world.done.get(effects..), Some(&[][..]), "{stage}");
        let mut broken = world.plan();
        broken.migrations[0].effect =
            Some(crate::Effect::PauseJob { domain: DOMAIN.to_owned(), epoch: Epoch(90) });
        let found = review(&world.observed, &broken, world.now);
        assert!(found.iter().any(|v| v.invariant == crate::review::Invariant::S12), "{stage}: {found:?}");
        let digest = asked(&mut world);
        readopt(&mut world, digest);
        world.step();
        assert!(journal(&world).contains("readopt 2 servers"), "{stage}");
    }
}

#[test]
fn whoever_shares_the_servers_begins_anew_with_the_one_that_is_readopted() {
    const LABS: &str = "contoso-scope-labs-1";
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(400, |_, w| {
        w.observed.migration(LABS).is_some_and(|m| m.is_past(StepName::StartScheduler))
    });
    let wave: Vec<String> = world
        .observed
        .wave_of(world.observed.migration(LABS).unwrap())
        .iter()
        .map(|m| m.name().to_owned())
        .collect();
    assert_eq!(wave.len(), 2);
    remember(&mut world, 90);
    let plan = world.step();
    let labs = plan.migrations.iter().find(|m| m.name == LABS).unwrap();
    let Standing::AwaitingPerson { message } = &labs.standing else { panic!("{:?}", labs.standing) };
    let at = message.find("sha256:").unwrap();
    let digest = crds::ContentDigest::try_from(message[at..at + 71].to_owned()).unwrap();
    world.decide(LABS, Decision::Readopt, "ada");
    world.observed.decisions.last_mut().unwrap().plan_digest = Some(digest);
    world.step();
    for name in &wave {
        assert!(states(&world, name).values().all(|state| *state == StepState::Pending), "{name}");
    }
    // What has moved for good stays so.
    assert_eq!(states(&world, PILOT)["VerifyAfterSoak"], StepState::Done);
    world.run_until(400, |_, w| {
        wave.iter().all(|name| states(w, name).get("VerifyAfterSoak") == Some(&StepState::Done))
    });
}
