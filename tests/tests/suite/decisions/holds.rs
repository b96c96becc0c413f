//! Deny, Pause, Resume and SkipStep: what holds, where, and what may be left out. Network IO.

use crds::Migration;
use crds::conditions::{ConditionType, Reason};
use crds::migration::StepState;
use crds::migration_decision::Decision;

use super::approvals::{by_git, is_recorded};
use super::people::{DORA, People, digest_in};
use super::world::{World, asked, is_denied, is_told, state, step, told};

/// Proofs of takeover that a person makes where the scope names no unit for test objects.
const PROBES: [&str; 3] = ["ProbeCreation", "ProbeChange", "ProbeRemoval"];

pub(super) async fn a_denied_plan_does_not_start_although_it_is_approved(
    world: &World,
    people: &People,
    migration: &Migration,
) {
    let approval = by_git(people, migration, digest_in(asked(migration))).await;
    let held = world.until(1, "the second approval to be kept", |m| is_recorded(m, &approval, DORA)).await;
    assert!(is_denied(&held), "{:?}", held.status);
    assert_eq!(state(&held, "AwaitApproval"), StepState::Waiting);
    assert_eq!(state(&held, "ClaimServers"), StepState::Pending);
    assert!(!world.was_ever_stopped().await);
}

/// The Pause comes while the scheduler is off. Nothing is held before the scope is proven to have an engine.
pub(super) async fn a_pause_waits_for_a_safe_place(world: &World, people: &People, migration: &Migration) {
    world
        .until(2, "the scheduler to be stopped", |m| {
            step(m, "StopScheduler").is_some_and(|r| r.started_at.is_some())
        })
        .await;
    let pause = world.accepted(people.berta.on(migration, Decision::Pause)).await;

    let asking = |m: &Migration| {
        is_told(m, ConditionType::Stalled, Reason::HumanActionRequired)
            && state(m, PROBES[0]) == StepState::Waiting
    };
    let asks = world.until(2, "the first proof of takeover to ask for a person", asking).await;
    let record = asks
        .status
        .as_ref()
        .unwrap()
        .decisions
        .iter()
        .find(|record| record.name.as_str() == pause.metadata.name.as_deref().unwrap());
    let on = step(&asks, "StartScheduler").unwrap();
    assert!(record.unwrap().at < on.finished_at.unwrap(), "the Pause came in the stopped section");
    assert_eq!(world.state().await["schedulerEnabled"], true);
    let message = &told(&asks, ConditionType::Stalled).unwrap().message;
    assert!(message.contains("create a MigrationDecision SkipStep for step ProbeCreation"), "{message}");
    assert!(!world.has_its_own_rules().await, "no-flow rules are on the servers");

    // A comparison may not be left out, whoever asks for it.
    let said = world.refused(people.anna.skips(migration, "VerifyParity"), Reason::StepNotSkippable).await;
    assert!(said.contains("ProbeRemoval"), "{said}");
    for probe in PROBES {
        world.accepted(people.anna.skips(migration, probe)).await;
    }
    let paused = |m: &Migration| is_told(m, ConditionType::Paused, Reason::PausedByDecision);
    let held = world.until(2, "the Pause to hold at a safe place", paused).await;
    assert_eq!(state(&held, "ProbeRemoval"), StepState::Skipped);
    assert_eq!(state(&held, "ReleaseJob"), StepState::Done);
    assert_eq!(state(&held, "VerifyParity"), StepState::Pending);

    world.accepted(people.berta.on(migration, Decision::Resume)).await;
    let soaks =
        world.until(2, "the resumed attempt to soak", |m| state(m, "Soak") == StepState::Waiting).await;
    assert_eq!(state(&soaks, "VerifyParity"), StepState::Done);
}

pub(super) async fn steps_that_may_be_left_out_are(world: &World, people: &People, migration: &Migration) {
    for name in PROBES.into_iter().chain(["Soak"]) {
        world.accepted(people.berta.skips(migration, name)).await;
    }
    let is_over = |m: &Migration| told(m, ConditionType::Completed).is_some();
    let completed = world.until(3, "the third attempt to be completed", is_over).await;
    for record in &completed.status.as_ref().unwrap().steps {
        let expected = if PROBES.contains(&record.name.as_str()) || record.name == "Soak" {
            record.state == StepState::Skipped && record.message == "left out by decision"
        } else {
            record.state == StepState::Done || record.message != "left out by decision"
        };
        assert!(expected, "{record:?}");
    }
    for proof in ["ProveNoFlow", "VerifyParity", "VerifyAfterSoak"] {
        assert_eq!(state(&completed, proof), StepState::Done, "{proof}");
    }
}
