//! Rolling back and what follows: another attempt, home from after the takeover, and the judge's
//! verdict. Network IO.

use crds::Migration;
use crds::migration::{StepState, Way, WayBackCause};
use crds::migration_decision::Decision;

use super::people::People;
use super::world::{World, asked, asks_with, is_home, state, step};

/// The Resume on the attempt that went home begins another; nothing that was decided on the first counts for it.
pub(super) async fn another_attempt_asks_anew(world: &World) -> Migration {
    let asks = world.until(2, "another attempt to ask for approval", |m| asks_with(m, 0)).await;
    let message = asked(&asks);
    for name in ["anna", "dora"] {
        let void = format!("the approval of {name}@contoso.com is void");
        assert!(message.contains(&void), "{message}");
    }
    asks
}

/// From the soak: Cloud Sync serves the scope by then, and Connect does afterwards, with everything as it was.
pub(super) async fn a_scope_that_has_moved_comes_home(world: &World, people: &People, migration: &Migration) {
    world.accepted(people.berta.on(migration, Decision::RollBack)).await;
    let home = world.until(2, "the second attempt to be rolled back", is_home).await;
    let way_back = home.status.as_ref().unwrap().way_back.as_ref().unwrap();
    assert_eq!((way_back.way, way_back.cause), (Way::PauseJob, WayBackCause::Decision));
    for proof in ["ProveFlow", "VerifyHome"] {
        assert_eq!(state(&home, proof), StepState::Done, "{proof}");
    }
    assert!(step(&home, "StartSchedulerHome").unwrap().finished_at.is_some());

    let state = world.state().await;
    assert_eq!(state["schedulerEnabled"], true);
    for server in state["servers"].as_array().unwrap() {
        let its = &server["state"];
        assert_eq!((&its["installed"], &its["running"]), (&true.into(), &true.into()), "{server}");
    }
    assert_eq!(state["jobs"].as_array().unwrap().len(), 0, "{}", state["jobs"]);
    assert!(world.has_its_own_rules().await);
    assert_eq!(world.engine_that_carries("Home").await, "connect");
    nobody_was_lost(world).await;
}

pub(super) async fn nobody_was_lost_and_nothing_refused(world: &World) {
    nobody_was_lost(world).await;
    let log = world.control_plane.audit().unwrap().all().unwrap();
    let refused = log.refused().by(&World::operator());
    let refused: Vec<String> = refused.iter().map(|event| format!("{} {}", event.verb, event.uri)).collect();
    assert!(refused.is_empty(), "the operator was refused: {refused:#?}");
}

/// The verdict from the estate's own log.
async fn nobody_was_lost(world: &World) {
    let verdict = world.estate.verdict().await.unwrap();
    assert!(verdict.violations.is_empty(), "{:#?}", verdict.violations);
    let counts = [
        verdict.foreign_values,
        verdict.surprise_accounts,
        verdict.orphans,
        verdict.unexplained_deletions,
        verdict.members_lost,
    ];
    assert_eq!(counts, [0; 5]);
}
