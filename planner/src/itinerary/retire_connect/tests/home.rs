//! The way back, on any day.

use crds::migration_decision::Decision;
use crds::sync_agent::evidence::PendingExportsEvidence;
use crds::sync_agent::{Action, Evidence};

use super::*;

fn engine_runs(world: &World, server: &str) -> bool {
    let engine = world.observed.servers[&server.into()].inventory.as_ref().unwrap().engine.as_ref().unwrap();
    engine.service_running && engine.service_start_type == "Automatic"
}

/// Names of the commands to a server after its stop.
fn after_the_stop(world: &World, server: &str) -> Vec<String> {
    let all = given(world, server);
    let stop =
        all.iter().position(|a| matches!(a, Action::SetService(set) if !set.running)).expect("it stopped");
    all[stop + 1..].iter().map(|action| action.name().to_owned()).collect()
}

fn went_home(world: &World, migration: &str) -> bool {
    world.observed.migration(migration).is_some_and(crate::observed::MigrationFacts::went_home)
}

#[test]
fn the_engine_comes_back_by_full_import_and_review_on_any_day() {
    for day in [1, 6, 7, 8, 13] {
        let (mut world, stopped) = observed(one());
        at(&mut world, stopped + days(day));
        world.decide(SERVER, Decision::RollBack, "ada");
        for _ in 0..60 {
            world.step();
            if went_home(&world, SERVER) {
                break;
            }
        }
        assert!(went_home(&world, SERVER), "day {day}: {:#?}", world.observed.migration(SERVER));
        assert_eq!(
            after_the_stop(&world, "sync01"),
            ["setService", "runProfiles", "readPendingExports", "startScheduler"],
            "day {day}"
        );
        assert!(engine_runs(&world, "sync01"), "day {day}");
        assert_eq!(world.observed.servers[&"sync01".into()].claim, None, "day {day}");
        let start = given(&world, "sync01").into_iter().find_map(|action| match action {
            Action::SetService(set) if set.running => Some(set),
            _ => None,
        });
        assert!(start.expect("it started").hold_scheduler, "nothing is exported before it was read");
    }
}

#[test]
fn nothing_goes_on_while_the_exports_hold_what_nobody_wants() {
    type Press = fn(&mut PendingExportsEvidence);
    let table: [(Press, &str); 3] = [
        (|found| found.adds = 1, "SurpriseCreations"),
        (|found| (found.deletes, found.explained_deletes) = (3, 2), "UnexplainedDeletion"),
        (|found| found.no_flow_values = 1, "ForeignChange"),
    ];
    for (press, reason) in table {
        let (mut world, stopped) = observed(one());
        world.spoil = Box::new(move |_, outcome| {
            if let Some(Evidence::PendingExports(found)) = &mut outcome.evidence {
                press(found);
            }
        });
        at(&mut world, stopped + days(9));
        world.decide(SERVER, Decision::RollBack, "ada");
        for _ in 0..40 {
            world.step();
        }
        let found = record(&world, StepName::RestoreServiceReview);
        assert_eq!((found.state, found.reason.as_deref()), (StepState::Waiting, Some(reason)));
        assert!(!given(&world, "sync01").iter().any(|action| matches!(action, Action::StartScheduler(_))));
    }
}

#[test]
fn the_shared_switch_goes_on_when_every_server_was_read() {
    let (mut world, stopped) = observed(two());
    for _ in 0..20 {
        pass(&mut world);
    }
    at(&mut world, stopped + days(2));
    let other = "contoso-server-sync02-1";
    world.decide(SERVER, Decision::RollBack, "ada");
    world.decide(other, Decision::RollBack, "ada");
    for _ in 0..80 {
        world.step();
        if went_home(&world, SERVER) && went_home(&world, other) {
            break;
        }
    }
    assert!(went_home(&world, SERVER) && went_home(&world, other));
    let commands: Vec<(usize, Action)> = world
        .done
        .iter()
        .enumerate()
        .filter_map(|(n, (_, effect))| match effect {
            Effect::Commands(commands) => commands.first().map(|command| (n, command.action.clone())),
            _ => None,
        })
        .collect();
    let stop =
        commands.iter().rposition(|(_, a)| matches!(a, Action::SetService(set) if !set.running)).unwrap();
    let home = &commands[stop..];
    let read = home.iter().rposition(|(_, a)| matches!(a, Action::ReadPendingExports(_))).unwrap();
    let on = home.iter().position(|(_, a)| matches!(a, Action::StartScheduler(_))).unwrap();
    assert!(read < on, "{home:?}");
}

#[test]
fn before_the_stop_there_is_nothing_to_restore() {
    let mut world = before_the_stop(one());
    world.decide(SERVER, Decision::RollBack, "ada");
    for _ in 0..20 {
        world.step();
    }
    assert_eq!(stops(&world, "sync01"), 0);
    assert!(!given(&world, "sync01").iter().any(|action| matches!(action, Action::SetService(_))));
    assert_eq!(world.observed.servers[&"sync01".into()].claim, None, "given back");
}
