//! The observation, day by day: what every report shows, and what it does to the clock.

use crds::sync_agent::inventory::{EngineInventory, RunInventory};

use super::*;
use crate::observed::Reporting;

const DAYS: [i64; 4] = [1, 6, 7, 8];

fn engine(world: &mut World) -> &mut EngineInventory {
    world.server_mut("sync01").inventory.as_mut().unwrap().engine.as_mut().unwrap()
}

fn message(world: &World) -> String {
    record(world, StepName::Observe).message
}

#[test]
fn a_quiet_observation_says_on_each_day_how_the_engine_would_come_back() {
    let (mut world, stopped) = observed(one());
    for day in DAYS {
        at(&mut world, stopped + days(day));
        assert_eq!(record(&world, StepName::Observe).state, StepState::Waiting, "day {day}");
        let found = message(&world);
        let cheap = format!("a restart is cheap until {}", stopped + days(7));
        if day < 7 {
            assert!(found.contains(&cheap), "day {day}: {found}");
        } else {
            assert!(found.contains("only by full import and full synchronization"), "day {day}: {found}");
        }
    }
    at(&mut world, stopped + days(14) - SignedDuration::from_secs(1));
    assert_eq!(record(&world, StepName::Observe).state, StepState::Waiting);
    at(&mut world, stopped + days(14));
    assert_eq!(record(&world, StepName::Observe).state, StepState::Done);
    until(&mut world, StepName::VerifyStopped, StepState::Done, |_| {});
    until(&mut world, StepName::ListLeftovers, StepState::Done, |_| {});
    let left = record(&world, StepName::ListLeftovers).facts;
    for name in
        ["tenantDeletionGuard", "directoryAccount", "folders", "groups", "cloudAccount", "seamlessSignOn"]
    {
        assert!(left.iter().any(|fact| fact.name == name), "{name}");
    }
}

#[test]
fn a_start_is_seen_on_any_day_and_named_with_its_runs() {
    for day in DAYS.into_iter().chain([14, 20]) {
        let (mut world, stopped) = observed(one());
        world.server_mut("sync01").inventory.as_mut().unwrap().last_runs = vec![RunInventory {
            connector: "contoso.com".to_owned(),
            profile: "Export".to_owned(),
            result: "success".to_owned(),
            started_at: stopped + days(day),
            ended_at: None,
            ours: false,
        }];
        engine(&mut world).service_running = true;
        let plan = at(&mut world, stopped + days(day) + SignedDuration::from_mins(1));
        assert!(
            matches!(standing(&plan), Standing::AwaitingPerson { .. }),
            "day {day}: {:?}",
            standing(&plan)
        );
        let found = record(&world, StepName::Observe);
        assert_eq!(
            (found.state, found.reason.as_deref()),
            (StepState::Waiting, Some("ForeignChange")),
            "day {day}"
        );
        for words in ["Export of contoso.com", "Stop-Service ADSync", "RollBack"] {
            assert!(found.message.contains(words), "day {day}: {}", found.message);
        }
        // However long nobody cares.
        at(&mut world, stopped + days(60));
        assert_eq!(record(&world, StepName::Observe).state, StepState::Waiting, "day {day}");
    }
}

#[test]
fn a_report_from_within_the_stop_alarms_nobody_and_a_start_right_after_it_does() {
    let (mut world, stopped) = observed(one());
    engine(&mut world).service_running = true;
    let plan = at(&mut world, stopped + SignedDuration::from_secs(20));
    assert!(matches!(standing(&plan), Standing::Running { .. }), "{:?}", standing(&plan));
    assert!(message(&world).contains("is awaited"), "{}", message(&world));
    engine(&mut world).service_last_started_at = Some(stopped + SignedDuration::from_secs(15));
    let plan = at(&mut world, stopped + SignedDuration::from_secs(40));
    assert!(matches!(standing(&plan), Standing::AwaitingPerson { .. }), "{:?}", standing(&plan));
}

#[test]
fn another_start_type_is_seen_though_nothing_runs() {
    for start_type in ["Automatic", "Manual"] {
        let (mut world, stopped) = observed(one());
        start_type.clone_into(&mut engine(&mut world).service_start_type);
        at(&mut world, stopped + days(3));
        assert_eq!(
            record(&world, StepName::Observe).reason.as_deref(),
            Some("ForeignChange"),
            "{start_type}"
        );
    }
}

#[test]
fn a_start_between_two_reports_makes_the_observation_count_anew() {
    for day in DAYS {
        let (mut world, stopped) = observed(one());
        let started = stopped + days(day);
        engine(&mut world).service_last_started_at = Some(started);
        at(&mut world, started + SignedDuration::from_mins(1));
        assert!(
            message(&world).contains(&format!("was started at {started} and stopped again")),
            "day {day}"
        );
        at(&mut world, stopped + days(14));
        assert_eq!(record(&world, StepName::Observe).state, StepState::Waiting, "day {day}");
        at(&mut world, started + days(14));
        assert_eq!(record(&world, StepName::Observe).state, StepState::Done, "day {day}");
    }
}

#[test]
fn a_restart_of_the_host_is_noted_and_harmless() {
    for day in DAYS {
        let mut world = one();
        let boot: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        world.server_mut("sync01").inventory.as_mut().unwrap().host.booted_at = Some(boot);
        let (mut world, stopped) = observed(world);
        assert!(!message(&world).contains("restarted"));
        let host = |world: &mut World, at| {
            world.server_mut("sync01").inventory.as_mut().unwrap().host.booted_at = Some(at);
        };
        host(&mut world, boot + SignedDuration::from_secs(30));
        at(&mut world, stopped + days(day));
        assert!(!message(&world).contains("restarted"), "a corrected clock is no restart");
        let again = stopped + days(day);
        host(&mut world, again);
        at(&mut world, again + SignedDuration::from_mins(5));
        assert!(
            message(&world).contains(&format!("the host of sync01 restarted at {again}")),
            "{}",
            message(&world)
        );
        at(&mut world, stopped + days(14));
        let done = record(&world, StepName::Observe);
        assert_eq!(done.state, StepState::Done, "day {day}");
        assert!(done.facts.iter().any(|fact| fact.value.contains("restarted")));
    }
}

#[test]
fn what_nobody_reports_does_not_pass() {
    type Press = fn(&mut World);
    let table: [(&str, Press); 3] = [
        ("AgentSilent", |w| w.server_mut("sync01").reporting = Reporting::Silent { since: w.now }),
        ("WaitingForEvidence", |w| w.server_mut("sync01").inventory = None),
        ("WaitingForEvidence", |w| {
            let epoch = w.observed.servers[&"sync01".into()].epoch;
            w.server_mut("sync01").inventory.as_mut().unwrap().epoch = crds::Epoch(epoch.0 - 1);
        }),
    ];
    for (reason, press) in table {
        let (mut world, stopped) = observed(one());
        for day in [1, 14, 30] {
            press(&mut world);
            at(&mut world, stopped + days(day));
            let found = record(&world, StepName::Observe);
            assert_eq!(
                (found.state, found.reason.as_deref()),
                (StepState::Waiting, Some(reason)),
                "day {day}"
            );
        }
    }
}

#[test]
fn a_job_that_fails_meanwhile_is_told_at_once() {
    type Press = fn(&mut World);
    let table: [(Press, &str); 3] = [
        (|w| w.job_mut().started = false, "paused"),
        (|w| w.job_mut().quarantine = Some("broken".to_owned()), "broken"),
        (|w| w.job_mut().password_hash_active = Some(false), "nobody sends its hashes"),
    ];
    for (press, words) in table {
        let (mut world, stopped) = observed(one());
        press(&mut world);
        let plan = at(&mut world, stopped + days(2));
        assert!(matches!(standing(&plan), Standing::AwaitingPerson { .. }), "{words}");
        assert!(message(&world).contains(words), "{}", message(&world));
    }
    let (mut world, stopped) = observed(one());
    world.now = stopped + days(14);
    world.job_mut().last_success_at = Some(stopped - SignedDuration::from_hours(1));
    pass(&mut world);
    let found = record(&world, StepName::Observe);
    assert_eq!(found.state, StepState::Waiting, "a job that never succeeded since serves nobody");
    assert!(found.message.contains("has not succeeded since"), "{}", found.message);
}

#[test]
fn a_start_after_the_observation_is_seen_before_the_removal() {
    for step in [StepName::VerifyStopped, StepName::AwaitRemovalApproval, StepName::RemoveConnect] {
        let (mut world, stopped) = observed(one());
        at(&mut world, stopped + days(14));
        let began = |world: &World| world.observed.migration(SERVER).is_some_and(|m| m.is_past(step));
        for _ in 0..40 {
            if record(&world, step).state == StepState::Waiting && step != StepName::VerifyStopped {
                break;
            }
            if step == StepName::VerifyStopped && record(&world, step).state == StepState::Active {
                break;
            }
            assert!(!began(&world));
            world.step();
            if step == StepName::RemoveConnect
                && record(&world, StepName::AwaitRemovalApproval).state == StepState::Waiting
            {
                world.decide(SERVER, crds::migration_decision::Decision::Approve, "grace");
            }
        }
        engine(&mut world).service_running = true;
        for _ in 0..6 {
            world.step();
        }
        let found = record(&world, step);
        assert_eq!(
            (found.state, found.reason.as_deref()),
            (StepState::Waiting, Some("ForeignChange")),
            "{}: {}",
            step.as_str(),
            found.message
        );
    }
}

#[test]
fn a_product_that_is_removed_too_early_is_noted() {
    let (mut world, stopped) = observed(one());
    world.server_mut("sync01").inventory.as_mut().unwrap().engine = None;
    at(&mut world, stopped + days(2));
    assert!(message(&world).contains("is not installed on sync01 any more"));
    assert_eq!(record(&world, StepName::Observe).state, StepState::Waiting);
}
