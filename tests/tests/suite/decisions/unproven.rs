//! Without the admission policy nobody proved who decided: such a decision may stop something, and lets nothing go on. Network IO.

use crds::ContentDigest;
use crds::Migration;
use crds::conditions::{ConditionType, Reason};
use crds::migration::{Way, WayBackCause};
use crds::migration_decision::{Decision, ProvenBy};
use jiff::{SignedDuration, Timestamp};

use super::people::{People, digest_in};
use super::world::{World, asked, is_denied, is_home, is_told, told};

/// So long after it was made the policy is certainly in force, by the API server's times in whole seconds.
const TAKEN_UP: SignedDuration = SignedDuration::from_secs(5);

pub(super) async fn without_the_policy_a_decision_only_stops(
    world: &World,
    people: &People,
    migration: &Migration,
) {
    let expected = digest_in(asked(migration));
    let binding = world.take_the_policy_away().await;
    let mut unproven = Vec::new();
    for draft in [
        // It would be the second approval.
        people.berta.on(migration, Decision::Approve).for_plan(expected.clone()),
        people.berta.skips(migration, "Soak"),
        people.berta.on(migration, Decision::Readopt).for_plan(ContentDigest::of(b"whatever")),
        people.berta.on(migration, Decision::Resume),
    ] {
        let decision = draft.take().await;
        let answer = world.answer(&decision).await;
        assert_eq!(answer.reason, Reason::Unproven.as_str(), "{answer:?}");
        let way_out = "install the policy and take the decision again";
        assert!(answer.message.contains(way_out), "{answer:?}");
        unproven.push(decision);
    }
    world.accepted(people.berta.on(migration, Decision::Pause)).await;
    let paused = |m: &Migration| is_told(m, ConditionType::Paused, Reason::PausedByDecision);
    world.until(1, "the unproven Pause to hold", paused).await;
    let denial = world.accepted(people.berta.on(migration, Decision::Deny)).await;
    let denied = world.until(1, "the unproven Deny to hold", is_denied).await;
    let message = &told(&denied, ConditionType::Paused).unwrap().message;
    let expected = "berta@contoso.com (unproven) denied the plan, saying \"berta@contoso.com has looked at it\": change the \
                    topology, and a new plan is made";
    assert_eq!(message, expected);
    assert_eq!(world.row(&denial).await, ["berta@contoso.com", "<none>", "True"]);
    assert_eq!(world.answer(&denial).await.message, "taken up into the migration, unproven");
    let records = denied.status.unwrap().decisions;
    let taken_up: Vec<(Decision, Option<ProvenBy>)> =
        records.iter().map(|record| (record.decision, record.proven_by)).collect();
    let expected =
        [(Decision::Approve, Some(ProvenBy::Requester)), (Decision::Pause, None), (Decision::Deny, None)];
    assert_eq!(taken_up, expected);
    assert_eq!(records.iter().map(|record| record.proven).collect::<Vec<_>>(), [true, false, false]);

    let since = world.put_the_policy_back(binding).await;
    resume_once_it_is_proven(world, people, migration, since).await;
    // What was decided without the policy proves nothing afterwards either.
    for decision in &unproven {
        let answer = world.answer(decision).await;
        assert_eq!(answer.reason, Reason::Unproven.as_str(), "{answer:?}");
    }
}

/// Resumes until it counts. The API server takes a binding up a moment after it is stored, at `since`: what is decided in that moment
/// is not proven either.
pub(super) async fn resume_once_it_is_proven(
    world: &World,
    people: &People,
    migration: &Migration,
    since: Timestamp,
) {
    loop {
        let resume = people.berta.on(migration, Decision::Resume).take().await;
        let created = resume.metadata.creation_timestamp.as_ref().unwrap().0;
        let answer = world.answer(&resume).await;
        if created.duration_since(since) > TAKEN_UP {
            assert_eq!(answer.reason, Reason::Accepted.as_str(), "{answer:?}");
            return;
        }
        assert_eq!(answer.reason, Reason::Unproven.as_str(), "{answer:?}");
    }
}

/// Rolling back is possible in every state, a denied one included, and needs no proof. Going on afterwards does. Gives the instant at
/// which the policy was put back.
pub(super) async fn an_unproven_rollback_goes_home(
    world: &World,
    people: &People,
    migration: &Migration,
) -> Timestamp {
    let binding = world.take_the_policy_away().await;
    world.accepted(people.anna.on(migration, Decision::RollBack)).await;
    let home = world.until(1, "the denied attempt to be rolled back", is_home).await;
    let way_back = home.status.as_ref().unwrap().way_back.as_ref().unwrap();
    assert_eq!((way_back.way, way_back.cause), (Way::Release, WayBackCause::Decision));
    let name = &people.anna.name;
    let expected = format!("{name} (unproven) asked for it, saying \"{name} has looked at it\"");
    assert_eq!(way_back.message, expected);
    let message = &told(&home, ConditionType::RolledBack).unwrap().message;
    assert_eq!(*message, format!("it went home: {expected}"));
    assert!(!world.was_ever_stopped().await);
    assert!(world.has_its_own_rules().await);
    world.put_the_policy_back(binding).await
}
