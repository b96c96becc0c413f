//! Bad input and absence: each becomes a condition with a reason, what was expected and what to do, and nothing starts. One
//! organisation, one operator and its agents as processes on a control plane of their own; what is wrong comes and goes. Starts
//! processes, network IO.

mod cases;
mod export;
mod world;

use cases::{AFTER_JOINING, BEFORE_JOINING};
use world::World;

/// What is missing before anybody has joined, then everything else, one after the other in one organisation.
#[tokio::test]
async fn what_is_missing_or_wrong_is_said_and_nothing_starts() {
    let mut world = World::start().await;
    let mut wrong = Vec::new();
    for case in BEFORE_JOINING {
        wrong.extend(world.show(case).await);
    }
    world.join_agents().await;
    for case in AFTER_JOINING {
        wrong.extend(world.show(case).await);
    }
    wrong.extend(world.what_has_started().await);
    world.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
