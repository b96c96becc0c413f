//! Evidence that is not good, one piece at a time.

use super::*;

/// Runs until the pilot is held, and returns why.
fn held(world: &mut World) -> (Reason, String) {
    approve_when_asked(world);
    let plan = world.run_until(80, |plan, _| {
        plan.migrations.iter().any(|m| matches!(m.standing, Standing::Paused { .. }))
    });
    match &plan.migrations[0].standing {
        Standing::Paused { reason, message } => (*reason, message.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn evidence_that_is_not_good_holds_the_migration_and_says_why() {
    let on = |action: &'static str, f: fn(&mut Evidence)| -> Spoil {
        Box::new(move |name, outcome| {
            if name == action {
                f(outcome.evidence.as_mut().unwrap());
            }
        })
    };
    let cases: Vec<(Spoil, &str, &str)> = vec![
        (
            on("takeSnapshot", |e| {
                if let Evidence::Snapshot(s) = e {
                    s.parsed = false;
                }
            }),
            "BackUpConfiguration",
            "SnapshotUnreadable",
        ),
        (
            on("readScope", |e| {
                if let Evidence::Scope(s) = e {
                    s.organizational_units[0].object_guid = None;
                }
            }),
            "ReadScope",
            "OrganizationalUnitNotFound",
        ),
        (
            on("putNoFlowRules", |e| {
                if let Evidence::Rules(r) = e {
                    r.foreign_runs = 1;
                }
            }),
            "PutNoFlowRules",
            "ForeignChange",
        ),
        (
            on("putNoFlowRules", |e| {
                if let Evidence::Rules(r) = e {
                    r.scopes.clear();
                }
            }),
            "PutNoFlowRules",
            "VerificationFailed",
        ),
        (
            on("proveNoFlow", |e| {
                if let Evidence::NoFlow(n) = e {
                    n.effective = 99;
                }
            }),
            "ProveNoFlow",
            "VerificationFailed",
        ),
        (
            on("proveNoFlow", |e| {
                if let Evidence::NoFlow(n) = e {
                    n.outside = 1;
                }
            }),
            "ProveNoFlow",
            "VerificationFailed",
        ),
        (
            on("proveNoFlow", |e| {
                if let Evidence::NoFlow(n) = e {
                    n.full_synchronization_started_at = None;
                }
            }),
            "ProveNoFlow",
            "VerificationFailed",
        ),
        (
            on("proveNoFlow", |e| {
                if let Evidence::NoFlow(n) = e {
                    n.rules_digest = digest("other");
                }
            }),
            "ProveNoFlow",
            "ForeignChange",
        ),
        (
            on("proveNoFlow", |e| {
                if let Evidence::NoFlow(n) = e {
                    n.foreign_runs = 2;
                }
            }),
            "ProveNoFlow",
            "ForeignChange",
        ),
    ];
    for (spoil, step, reason) in cases {
        let mut world = World::new();
        if matches!(step, "BackUpConfiguration" | "ReadScope") {
            world.spoil = spoil;
            let plan = world.run_until(80, |plan, _| {
                plan.migrations.iter().any(|m| matches!(m.standing, Standing::Paused { .. }))
            });
            assert!(format!("{:?}", plan.migrations[0].standing).contains(reason), "{step}");
            continue;
        }
        world.spoil = spoil;
        let (shown, message) = held(&mut world);
        assert!(message.contains(step) && shown.as_str() == reason, "{step}: {shown}: {message}");
        assert_eq!(states(&world, PILOT)[step], StepState::Failed);
        assert!(!states(&world, PILOT).values().any(|s| *s == StepState::Active));
        let plan = world.step();
        assert!(
            plan.migrations[0].way_back.is_some(),
            "{step}: after a failure it goes home and nowhere else"
        );
    }
}

#[test]
fn an_unexplained_deletion_keeps_the_export_off() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(60, |_, w| states(w, PILOT)["StopScheduler"] == StepState::Done);
    world.spoil = Box::new(|_, outcome| {
        if let Some(Evidence::PendingExports(found)) = &mut outcome.evidence {
            found.deletes = 2;
            found.unexplained = vec!["anchor-x".to_owned()];
        }
    });
    let plan = world.run_until(40, |plan, _| matches!(plan.migrations[0].standing, Standing::Paused { .. }));
    assert!(format!("{:?}", plan.migrations[0].standing).contains("anchor-x"));
    assert!(!journal(&world).contains("runProfiles on sync01\n"), "no export ran");
}

#[test]
fn surprises_block_before_anything_starts() {
    let mut world = World::new();
    world.run_until(60, |_, w| w.observed.migration(PILOT).is_some_and(|m| m.prediction.is_some()));
    world.migration_mut(PILOT).prediction.as_mut().unwrap().surprise_creations = 3;
    let plan = world.plan();
    assert!(
        matches!(&plan.migrations[0].standing, Standing::AwaitingPerson { message } if message.contains("3 accounts"))
    );
    world.migration_mut(PILOT).prediction.as_mut().unwrap().surprise_creations = 0;
    world.migration_mut(PILOT).prediction.as_mut().unwrap().changed_objects = 1;
    assert!(
        matches!(&world.plan().migrations[0].standing, Standing::AwaitingPerson { message } if message.contains("maxDrift"))
    );
    world.migration_mut(PILOT).prediction.as_mut().unwrap().changed_objects = 0;
    world.migration_mut(PILOT).prediction.as_mut().unwrap().anchor_mismatches = 1;
    assert!(
        matches!(&world.plan().migrations[0].standing, Standing::AwaitingPerson { message } if message.contains("anchor"))
    );
    assert!(!journal(&world).contains("stopScheduler"));
}

#[test]
fn what_blocks_today_is_looked_at_again_and_lets_go_by_itself() {
    let mut world = World::new();
    world.predicts.changed_objects = 1;
    world.predicts.took = jiff::SignedDuration::from_secs(5);
    let asks = |plan: &crate::Plan| {
        plan.migrations.first().is_some_and(|m| matches!(m.standing, Standing::AwaitingPerson { .. }))
    };
    world.run_until(60, |plan, w| {
        asks(plan) && w.observed.migration(PILOT).is_some_and(|m| m.prediction.is_some())
    });
    let readings = |world: &World| journal(world).matches("command readScope").count();
    let before = readings(&world);
    // It stays asked for a person while the scope is read and predicted anew.
    world.run_until(60, |plan, w| {
        assert!(asks(plan), "{:?}", plan.migrations[0].standing);
        readings(w) == before + 2
    });
    world.predicts.changed_objects = 0;
    world.run_until(60, |plan, _| matches!(plan.migrations[0].standing, Standing::AwaitingApproval { .. }));
    assert_eq!(states(&world, PILOT)["PredictChanges"], StepState::Done);
}

#[test]
fn changes_that_are_accepted_in_the_topology_pass_once_the_migration_is_made_anew() {
    let mut world = World::new();
    world.predicts.changed_objects = 3;
    let asks = |plan: &crate::Plan| {
        plan.migrations.first().is_some_and(|m| {
            matches!(&m.standing, Standing::AwaitingPerson { message } if message.contains("delete this Migration"))
        })
    };
    world.run_until(60, |plan, _| asks(plan));
    world.observed.topology.spec.strategy.as_mut().unwrap().verification.max_drift = 3;
    // What a migration was made with stays: the topology alone changes nothing under it.
    world.run_until(10, |plan, w| asks(plan) && w.now > START.parse().unwrap());
    world.observed.migrations.clear();
    world.run_until(60, |plan, _| {
        plan.migrations.first().is_some_and(|m| matches!(m.standing, Standing::AwaitingApproval { .. }))
    });
}

#[test]
fn the_nearest_container_decides_whether_a_unit_is_synchronised() {
    let cases: [(&[&str], &[&str], StepState); 4] = [
        (&["OU=Pilot,DC=contoso,DC=com"], &["DC=contoso,DC=com"], StepState::Done),
        (&["DC=contoso,DC=com"], &[], StepState::Done),
        (&["DC=contoso,DC=com"], &["OU=Pilot,DC=contoso,DC=com"], StepState::Waiting),
        (&["OU=Other,DC=contoso,DC=com"], &["DC=contoso,DC=com"], StepState::Waiting),
    ];
    for (included, excluded, state) in cases {
        let mut world = World::new();
        for server in ["sync01", "sync02"] {
            let partition =
                &mut world.server_mut(server).inventory.as_mut().unwrap().connectors[0].partitions[0];
            partition.included = included.iter().map(|name| dn(name)).collect();
            partition.excluded = excluded.iter().map(|name| dn(name)).collect();
        }
        world.step();
        world.step();
        assert_eq!(states(&world, PILOT)["CheckPrerequisites"], state, "{included:?} without {excluded:?}");
    }
}

#[test]
fn refusals_are_repeated_and_then_held() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.spoil = Box::new(|name, outcome| {
        if name == "stopScheduler" {
            outcome.state = OutcomeState::Refused;
            outcome.message = "expected epoch 3, found 4".to_owned();
            outcome.evidence = None;
        }
    });
    let plan = world.run_until(80, |plan, _| matches!(plan.migrations[0].standing, Standing::Paused { .. }));
    assert!(format!("{:?}", plan.migrations[0].standing).contains("CommandRefused"));
    assert_eq!(journal(&world).matches("command stopScheduler").count(), 3);
}

/// A server that is away for a day finds a command that it must not begin any more: nobody said no to what was asked.
#[test]
fn a_command_that_came_too_late_is_given_again_as_often_as_it_takes() {
    let mut world = World::new();
    let late = std::cell::Cell::new(8);
    world.spoil = Box::new(move |name, outcome| {
        if name == "readPendingExports" && late.get() > 0 {
            late.set(late.get() - 1);
            outcome.state = OutcomeState::Refused;
            outcome.message = "expected to begin by yesterday, found today".to_owned();
            outcome.evidence = None;
            outcome.started_at += SignedDuration::from_hours(24);
        }
    });
    world.run_until(80, |_, w| {
        let at = |m: &str| states(w, m).get("ReviewPendingExports") == Some(&StepState::Done);
        w.observed.migration(PILOT).is_some() && at(PILOT)
    });
    assert!(journal(&world).matches("command readPendingExports").count() > 4, "{}", journal(&world));
}

#[test]
fn evidence_of_an_older_epoch_is_taken_again() {
    let mut world = World::new();
    approve_when_asked(&mut world);
    world.run_until(60, |_, w| journal(w).contains("command proveNoFlow"));
    // Somebody else's change of ours: the epoch rose after the evidence was seen.
    let server = world.server_mut("sync01");
    server.epoch = server.epoch.next();
    let before = journal(&world).matches("proveNoFlow").count();
    world.run_until(30, |_, w| states(w, PILOT)["ProveNoFlow"] == StepState::Done);
    assert!(journal(&world).matches("proveNoFlow").count() > before);
}
