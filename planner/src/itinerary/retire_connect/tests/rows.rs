//! What keeps an engine from being stopped: residual exports by type, and each side service.

use crds::sync_agent::Evidence;
use crds::sync_agent::evidence::{ContainerCount, ResidualExportsEvidence, TypeCount};
use crds::sync_agent::inventory::FeaturesInventory;

use super::*;
use crate::observed::PassThroughAgent;

type Residue = fn(&mut ResidualExportsEvidence);

/// Every kind of residue: how it is reported, its reason, and the words that say the next step.
const RESIDUE: [(Residue, &str, &[&str]); 8] = [
    (
        |found| {
            found.exported = vec![TypeCount { object_type: "user".to_owned(), count: 2 }];
            found.containers =
                vec![ContainerCount { container: "CN=Users,DC=contoso,DC=com".to_owned(), count: 2 }];
        },
        "ResidualExports",
        &["2 user", "CN=Users,DC=contoso,DC=com (2)", "declare a scope"],
    ),
    (
        |found| found.exported = vec![TypeCount { object_type: "inetOrgPerson".to_owned(), count: 1 }],
        "ResidualExports",
        &["1 inetOrgPerson", "declare a scope"],
    ),
    (
        |found| found.exported = vec![TypeCount { object_type: "device".to_owned(), count: 7 }],
        "ResidualExports",
        &["7 device", "hybrid join"],
    ),
    (
        |found| {
            found.exported = vec![TypeCount { object_type: "foreignSecurityPrincipal".to_owned(), count: 1 }];
        },
        "ResidualExports",
        &["Foreign security principals"],
    ),
    (
        |found| found.exported = vec![TypeCount { object_type: "publicFolder".to_owned(), count: 1 }],
        "ResidualExports",
        &["Mail public folders"],
    ),
    (
        |found| found.other_connectors = vec!["HR".to_owned()],
        "ResidualExports",
        &["HR", "remove the connectors"],
    ),
    (
        |found| found.writes_to_directory = vec!["Out to AD - Exchange".to_owned()],
        "SideServiceWithoutOwner",
        &["Out to AD - Exchange"],
    ),
    (|found| found.pending = 3, "WaitingForEvidence", &["3 exports are pending"]),
];

#[test]
fn every_residue_keeps_the_engine_and_says_the_next_step() {
    for (residue, reason, words) in RESIDUE {
        let mut world = one();
        world.spoil = Box::new(move |action, outcome| {
            if let (true, Some(Evidence::ResidualExports(found))) =
                (action == "readResidualExports", &mut outcome.evidence)
            {
                residue(found);
            }
        });
        // What goes with the next cycle is looked at again and again; the rest is a person's.
        let waits = reason != "WaitingForEvidence";
        let state = if waits { StepState::Waiting } else { StepState::Active };
        until(&mut world, StepName::CheckResidualExports, state, |_| {});
        let found = record(&world, StepName::CheckResidualExports);
        assert!(!waits || found.reason.as_deref() == Some(reason), "{found:?}");
        for word in words.iter().filter(|_| waits) {
            assert!(found.message.contains(word), "{word}: {}", found.message);
        }
        for _ in 0..20 {
            pass(&mut world);
        }
        assert_eq!(stops(&world, "sync01"), 0);
    }
}

#[test]
fn what_the_last_look_finds_keeps_the_engine_too() {
    for (residue, reason, words) in RESIDUE {
        let mut world = one();
        world.spoil = Box::new(move |action, outcome| {
            if let (true, Some(Evidence::Service(found))) = (action == "setService", &mut outcome.evidence) {
                // The agent stopped nothing and gave the scheduler back.
                (found.running, found.start_type) = (true, "Automatic".to_owned());
                residue(found.residual.as_mut().expect("it looked"));
            }
        });
        until(&mut world, StepName::StopEngine, StepState::Waiting, |_| {});
        let found = record(&world, StepName::StopEngine);
        assert_eq!(found.reason.as_deref(), Some(reason));
        for word in words {
            assert!(found.message.contains(word), "{word}: {}", found.message);
        }
        let again = found.waiting_since.unwrap() + SignedDuration::from_mins(9);
        world.now = again;
        pass(&mut world);
        assert_eq!(stops(&world, "sync01"), 1, "not before the cycle that carries it off");
        world.now = again + SignedDuration::from_mins(2);
        pass(&mut world);
        assert_eq!(stops(&world, "sync01"), 2, "and looked at again later");
    }
}

#[test]
fn the_stop_carries_the_scopes_that_were_taken_over() {
    let (world, _) = observed(one());
    let Some(Action::SetService(set)) =
        given(&world, "sync01").into_iter().find(|a| matches!(a, Action::SetService(_)))
    else {
        panic!("it stopped")
    };
    let scopes = set.only_if_nothing_left.expect("a last look").scopes;
    assert_eq!(scopes.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>(), ["pilot"]);
    let stop = record(&world, StepName::StopEngine);
    let named = |name: &str| stop.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.as_str());
    assert_eq!((named("exported"), named("startTypeBefore")), (Some("0"), Some("Automatic")));
}

#[test]
fn a_refused_stop_is_asked_for_again_and_never_gives_up() {
    let mut world = one();
    world.spoil = Box::new(|action, outcome| {
        if action == "setService" {
            outcome.state = crds::sync_agent::OutcomeState::Failed;
            outcome.evidence = None;
            outcome.message = "the wizard is open".to_owned();
        }
    });
    until(&mut world, StepName::StopEngine, StepState::Waiting, |w| w.now += SignedDuration::from_secs(20));
    for _ in 0..60 {
        world.now += SignedDuration::from_mins(3);
        pass(&mut world);
        assert_ne!(record(&world, StepName::StopEngine).state, StepState::Failed);
    }
    assert!(record(&world, StepName::StopEngine).message.contains("wizard"));
    world.spoil = Box::new(|_, _| {});
    until(&mut world, StepName::StopEngine, StepState::Done, |w| w.now += SignedDuration::from_mins(3));
}

#[test]
fn every_listed_server_counts_whatever_its_mode() {
    type Press = fn(&mut World);
    let table: [(&str, Press, &str); 3] = [
        (
            "stopped, and back with its host",
            |w| {
                let engine = w.server_mut("sync02").inventory.as_mut().unwrap().engine.as_mut().unwrap();
                (engine.service_running, engine.service_start_type) = (false, "Automatic".to_owned());
            },
            "set its start type to Disabled",
        ),
        ("no report", |w| w.server_mut("sync02").inventory = None, "what it exports cannot be told"),
        (
            "no object",
            |w| {
                w.observed.servers.remove(&"sync02".into());
            },
            "expected a SyncServer sync02",
        ),
    ];
    for (what, press, words) in table {
        let mut world = before_the_stop(two());
        press(&mut world);
        for _ in 0..20 {
            press(&mut world);
            pass(&mut world);
        }
        assert_eq!(stops(&world, "sync01"), 0, "{what}");
        let message = record(&world, StepName::CheckResidualExports).message;
        assert!(message.contains(words), "{what}: {message}");
    }
    let mut world = two();
    until(&mut world, StepName::StopEngine, StepState::Done, |_| {});
    let looked = |server| given(&world, server).iter().any(|a| matches!(a, Action::ReadResidualExports(_)));
    assert!(looked("sync01") && looked("sync02"), "active and staging");
}

#[test]
fn both_servers_of_a_topology_stop() {
    let mut world = two();
    until(&mut world, StepName::Observe, StepState::Waiting, |_| {});
    for _ in 0..20 {
        pass(&mut world);
    }
    for server in ["sync01", "sync02"] {
        let engine =
            world.observed.servers[&server.into()].inventory.as_ref().unwrap().engine.as_ref().unwrap();
        assert_eq!(
            (engine.service_running, engine.service_start_type.as_str()),
            (false, "Disabled"),
            "{server}"
        );
        assert_eq!(stops(&world, server), 1, "{server}");
    }
}

#[test]
fn a_staging_server_that_would_stay_is_named_first() {
    let mut world = two();
    world.observed.topology.spec.servers[1].retire_by = None;
    until(&mut world, StepName::AwaitScopes, StepState::Waiting, |_| {});
    let found = record(&world, StepName::AwaitScopes);
    assert!(found.message.contains("sync02 is in staging mode and has no `retireBy`"), "{}", found.message);
}

fn features(world: &mut World) -> &mut FeaturesInventory {
    world.server_mut("sync01").inventory.as_mut().unwrap().features.as_mut().unwrap()
}

/// Installs pass-through agents, each with whether it answers.
fn agents(world: &mut World, hosts: &[(&str, bool)]) {
    let agent = |(name, active): &(&str, bool)| PassThroughAgent {
        machine_name: (*name).to_owned(),
        active: *active,
    };
    world.observed.tenant.as_mut().unwrap().pass_through_agents = Some(hosts.iter().map(agent).collect());
}

type Press = fn(&mut World);

/// Each service without an owner, and the words of its row.
const OPEN: [(&str, Press); 13] = [
    ("Device objects", |w| features(w).device_write_up = true),
    ("Device writeback", |w| features(w).device_writeback = true),
    ("Exchange hybrid writeback", |w| features(w).exchange_hybrid = true),
    ("Group writeback", |w| features(w).group_writeback = true),
    ("User writeback", |w| features(w).user_writeback = true),
    ("Password writeback", |w| features(w).password_writeback = true),
    ("Custom directory extensions", |w| features(w).directory_extensions = true),
    ("does not run", |w| w.job_mut().password_hash_active = Some(false)),
    ("has not succeeded", |w| w.job_mut().password_hash_success_at = None),
    ("no password hash job", |w| w.job_mut().password_hash_active = None),
    ("cannot be read with this credential", |w| {
        features(w).sign_on_method = "PassThroughAuthentication".to_owned();
    }),
    ("no agent is active on another host", |w| {
        features(w).sign_on_method = "PassThroughAuthentication".to_owned();
        // Its own agent goes with it, and one that does not report signs nobody in.
        agents(w, &[("SYNC01.contoso.com", true), ("pta1", false)]);
    }),
    ("agents active on other hosts: pta1", |w| {
        features(w).sign_on_method = "PassThroughAuthentication".to_owned();
        agents(w, &[("pta1", true), ("sync01", true)]);
    }),
];

/// Applies a change once the server retires.
fn once_it_retires(press: Press) -> impl Fn(&mut World) {
    move |world: &mut World| {
        if world.observed.migration(SERVER).is_some() {
            press(world);
        }
    }
}

#[test]
fn every_side_service_without_owner_waits_for_a_person() {
    for (words, press) in OPEN {
        let mut world = one();
        until(&mut world, StepName::CheckSideServices, StepState::Waiting, once_it_retires(press));
        let found = record(&world, StepName::CheckSideServices);
        assert_eq!(found.reason.as_deref(), Some("SideServiceWithoutOwner"), "{words}");
        assert!(found.message.contains(words), "{words}: {}", found.message);
        assert!(
            found.message.contains("New owner: ") && found.message.contains("Proven when "),
            "{}",
            found.message
        );
    }
}

#[test]
fn a_service_that_somebody_switches_on_before_the_stop_is_seen() {
    for (words, press) in OPEN {
        let mut world = one();
        until(&mut world, StepName::StopEngine, StepState::Waiting, move |world| {
            let checked =
                world.observed.migration(SERVER).is_some_and(|m| m.is_past(StepName::CheckSideServices));
            if checked {
                press(world);
            }
        });
        assert!(record(&world, StepName::StopEngine).message.contains(words), "{words}");
        assert_eq!(stops(&world, "sync01"), 0, "{words}");
    }
}

#[test]
fn owners_are_recorded_with_their_proof() {
    let mut world = one();
    until(
        &mut world,
        StepName::CheckSideServices,
        StepState::Done,
        once_it_retires(|w| {
            let features = features(w);
            features.sign_on_method = "PassThroughAuthentication".to_owned();
            features.desktop_sso = true;
            agents(w, &[("pta1", true), ("pta2", true)]);
        }),
    );
    let facts = record(&world, StepName::CheckSideServices).facts;
    let named =
        |name: &str| facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.as_str()).unwrap();
    assert!(named("passThrough").contains("pta1, pta2"));
    assert!(named("passwordHashes").starts_with("Cloud Sync: job of contoso.com succeeded at"));
    assert!(named("seamlessSignOn").contains("AZUREADSSOACC"));
    assert_eq!(named("passwordWriteback"), "off on every listed server");
    assert_eq!(facts.len(), 11);
}
