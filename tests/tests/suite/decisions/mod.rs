//! Decisions end to end: people and a GitOps controller create them under the chart's roles and policies, and the running operator
//! honours those that count. One scope of one organisation, moved in three attempts. Starts processes, network IO.

mod approvals;
mod holds;
mod home;
mod people;
mod restored;
mod unproven;
mod world;

use people::People;
use world::World;

/// One test: every part goes on from where the one before ended.
#[tokio::test]
async fn people_and_git_decide_and_the_operator_honours_what_counts() {
    let world = World::start().await;
    let people = People::of(&world.control_plane).await;

    let first = world.until(1, "the first attempt to ask for approval", |m| world::asks_with(m, 0)).await;
    approvals::what_does_not_count_is_refused_with_the_reason(&world, &people, &first).await;
    approvals::one_of_two_is_not_enough_and_deleting_it_undoes_nothing(&world, &people, &first).await;
    unproven::without_the_policy_a_decision_only_stops(&world, &people, &first).await;
    holds::a_denied_plan_does_not_start_although_it_is_approved(&world, &people, &first).await;
    let since = unproven::an_unproven_rollback_goes_home(&world, &people, &first).await;
    // What a store holds that is restored later.
    let backup = world.servers().await;

    unproven::resume_once_it_is_proven(&world, &people, &first, since).await;
    let second = home::another_attempt_asks_anew(&world).await;
    approvals::the_second_of_two_comes_from_git(&world, &people, &second).await;
    holds::a_pause_waits_for_a_safe_place(&world, &people, &second).await;
    home::a_scope_that_has_moved_comes_home(&world, &people, &second).await;

    world.set_back(&backup).await;
    let third =
        restored::nothing_goes_on_before_a_readoption_of_what_is_there(&world, &people, &second).await;
    approvals::both(&world, &people, &third).await;
    holds::steps_that_may_be_left_out_are(&world, &people, &third).await;

    assert_eq!(world.engine_that_carries("After").await, "cloudSync");
    home::nobody_was_lost_and_nothing_refused(&world).await;
    world.stop().await;
}
