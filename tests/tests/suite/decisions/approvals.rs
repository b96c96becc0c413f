//! Approvals: of the plan that was read, in time, with the right, in one's own name or by Git, and by as many as are asked. Network IO.

use crds::conditions::Reason;
use crds::migration::StepState;
use crds::migration_decision::Decision;
use crds::{ContentDigest, Migration, MigrationDecision};
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use super::people::{DORA, People, digest_in};
use super::world::{World, asked, asks_with, state, step};

pub(super) async fn what_does_not_count_is_refused_with_the_reason(
    world: &World,
    people: &People,
    migration: &Migration,
) {
    let expected = digest_in(asked(migration));
    let approve = |by| super::people::Person::on(by, migration, Decision::Approve);

    let another = approve(&people.anna).for_plan(ContentDigest::of(b"another plan"));
    let said = world.refused(another, Reason::PlanChanged).await;
    assert!(said.contains(expected.as_str()), "{said}");

    let past = Timestamp::now() - SignedDuration::from_mins(1);
    let late = approve(&people.berta).for_plan(expected.clone()).until(past);
    let said = world.refused(late, Reason::Expired).await;
    assert!(said.contains("take another one"), "{said}");

    let forged = approve(&people.carl).for_plan(expected.clone()).in_the_name_of(&people.berta.name);
    let said = forged.turned_away().await;
    assert!(said.contains("decide in your own name"), "{said}");
    let said = approve(&people.anna).in_git().in_the_name_of(DORA).turned_away().await;
    assert!(said.contains("to have the verb `decideforothers` on migration contoso-scope-pilot-1"), "{said}");
    // Git may speak for others where it says so, and what it has no verb for it may not say for them either.
    let said = approve(&people.gitops).in_the_name_of(DORA).turned_away().await;
    assert!(said.contains("say so with `spec.provenBy: Git`"), "{said}");
    let for_others = people.gitops.on(migration, Decision::RollBack).in_git().in_the_name_of(DORA);
    let said = for_others.turned_away().await;
    assert!(said.contains("to have the verb `rollback`"), "{said}");
    let said = people.carl.skips(migration, "Soak").turned_away().await;
    assert!(said.contains("to have the verb `skipstep` on migration contoso-scope-pilot-1"), "{said}");
}

pub(super) async fn one_of_two_is_not_enough_and_deleting_it_undoes_nothing(
    world: &World,
    people: &People,
    migration: &Migration,
) {
    let draft = people.anna.on(migration, Decision::Approve).for_plan(digest_in(asked(migration)));
    let approval = world.accepted(draft).await;
    let waiting = world.until(1, "one approval to be counted", |m| asks_with(m, 1)).await;
    assert!(is_recorded(&waiting, &approval, &people.anna.name), "{:?}", waiting.status);
    assert_eq!(world.row(&approval).await, [people.anna.name.as_str(), "Requester", "True"]);
    people.erik.deletes(&approval).await;
}

/// The first by a person, the second applied by the GitOps controller for somebody who never talks to the cluster.
pub(super) async fn the_second_of_two_comes_from_git(world: &World, people: &People, migration: &Migration) {
    let expected = digest_in(asked(migration));
    let said = people.carl.on(migration, Decision::Approve).for_plan(expected.clone()).turned_away().await;
    assert!(said.contains("to have the verb `approve` on migration contoso-scope-pilot-2"), "{said}");

    world.accepted(people.anna.on(migration, Decision::Approve).for_plan(expected.clone())).await;
    let waiting = world.until(2, "one approval to be counted", |m| asks_with(m, 1)).await;
    assert_eq!(state(&waiting, "AwaitApproval"), StepState::Waiting);

    let approval = by_git(people, migration, expected).await;
    let on = world
        .until(2, "the approved attempt to go on", |m| state(m, "AwaitApproval") == StepState::Done)
        .await;
    assert!(is_recorded(&on, &approval, DORA), "{:?}", on.status);
    let facts = &step(&on, "AwaitApproval").unwrap().facts;
    let by: Vec<&str> = facts.iter().filter(|f| f.name == "approvedBy").map(|f| f.value.as_str()).collect();
    assert_eq!(by, [people.anna.name.clone(), format!("{DORA} (proven by Git)")]);
    let answer = world.answer(&approval).await;
    assert_eq!(answer.message, "taken up into the migration, proven by Git");
    // What `kubectl get migrationdecisions` prints of it, and `kubectl describe` of the migration.
    let row = world.row(&approval).await;
    assert_eq!(row, [DORA, "Git", "True"]);
    let told = world.event(migration, "DecisionTakenUp", DORA).await;
    let expected = format!("Approve by {DORA} (proven by Git), saying \"{}\"", approval.spec.reason);
    assert_eq!(told, expected);
}

/// What Git says for Dora.
pub(super) async fn by_git(
    people: &People,
    migration: &Migration,
    digest: ContentDigest,
) -> MigrationDecision {
    people
        .gitops
        .on(migration, Decision::Approve)
        .for_plan(digest)
        .in_git()
        .in_the_name_of(DORA)
        .apply()
        .await
}

pub(super) async fn both(world: &World, people: &People, migration: &Migration) {
    for person in [&people.anna, &people.berta] {
        let draft = person.on(migration, Decision::Approve).for_plan(digest_in(asked(migration)));
        world.accepted(draft).await;
    }
}

/// Whether a decision is kept in the migration, proven, with who took it, why, and what proves it.
pub(super) fn is_recorded(migration: &Migration, decision: &MigrationDecision, by: &str) -> bool {
    let records = migration.status.iter().flat_map(|status| &status.decisions);
    let mut of_decision = records.filter(|record| Some(&record.uid) == decision.uid().as_ref());
    let spec = &decision.spec;
    of_decision.any(|record| {
        record.decided_by == by
            && record.proven
            && record.proven_by == Some(spec.proven_by)
            && record.reason.as_ref() == Some(&spec.reason)
    })
}
