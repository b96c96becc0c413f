//! Findings, what they say, and what they hold.

use crds::migration::{Way, WayBack, WayBackCause};
use crds::migration_decision::Decision;
use crds::sync_agent::watch::{MovedObject, MovedUnit, WatchInventory};

use super::*;
use crate::plan::{Plan, Standing};
use crate::testing::{World, dn, journal, reason, states};

const PILOT: &str = "contoso-scope-pilot-1";
const UNIT: &str = "OU=Pilot,DC=contoso,DC=com";
const RENAMED: &str = "OU=Vorhut,DC=contoso,DC=com";

fn in_place() -> ScopeInventory {
    ScopeInventory {
        topology: "contoso".into(),
        name: "pilot".into(),
        moved_units: Vec::new(),
        not_withheld: 0,
        not_withheld_anchors: Vec::new(),
        moved: 0,
        moved_objects: Vec::new(),
    }
}

fn unit(now: Option<&str>) -> MovedUnit {
    MovedUnit {
        distinguished_name: dn(UNIT),
        object_guid: "3f2504e0-4f89-41d3-9a0c-0305e82c3301".to_owned(),
        now: now.map(dn),
        replaced: false,
    }
}

fn object(anchor: &str, object_type: &str, seen_by_connect: bool) -> MovedObject {
    MovedObject {
        anchor: anchor.to_owned(),
        object_type: object_type.to_owned(),
        container: dn("OU=Sales,DC=contoso,DC=com"),
        seen_by_connect,
    }
}

fn renamed() -> ScopeInventory {
    ScopeInventory { moved_units: vec![unit(Some(RENAMED))], ..in_place() }
}

/// The agents' next report.
fn report(world: &mut World, scope: &ScopeInventory) {
    for server in ["sync01", "sync02"] {
        let watch = WatchInventory { scopes: vec![scope.clone()], ..Default::default() };
        world.server_mut(server).inventory.as_mut().unwrap().watch = Some(watch);
    }
}

fn approved() -> World {
    let mut world = World::new();
    world.run_until(60, |plan, _| {
        plan.migrations.iter().any(|m| matches!(m.standing, Standing::AwaitingApproval { .. }))
    });
    world.decide(PILOT, Decision::Approve, "ada");
    world
}

fn until(world: &mut World, step: &str, state: StepState) {
    world.run_until(160, |_, w| states(w, PILOT).get(step) == Some(&state));
}

fn pilot(plan: &Plan) -> &crate::MigrationPlan {
    plan.migrations.iter().find(|m| m.name == PILOT).unwrap()
}

fn watched_pilot(world: &World) -> Option<WatchedScope> {
    let migrations: Vec<&Migration> = world.observed.migrations.iter().map(|m| &m.object).collect();
    let jobs = &world.observed.tenant.as_ref().unwrap().jobs;
    let jobs: Vec<CloudSyncJob> = jobs
        .iter()
        .map(|job| CloudSyncJob { containers: job.containers.clone(), ..job.recorded.clone() })
        .collect();
    watch(&migrations, &jobs).scopes.into_iter().find(|scope| scope.name.as_str() == "pilot")
}

#[test]
fn a_scope_is_watched_from_its_first_reading_on_and_for_what_was_proven_of_it() {
    let mut world = World::new();
    world.step();
    assert_eq!(watched_pilot(&world), None);
    let mut world = approved();
    let of = |world: &World| watched_pilot(world).map(|scope| (scope.withheld, scope.provisioned));
    assert_eq!(of(&world), Some((false, false)));
    let guid = watched_pilot(&world).unwrap().units.remove(0).object_guid;
    assert!(
        world.observed.migration(PILOT).unwrap().fact_of(StepName::ReadScope, &unit_fact(UNIT))
            == Some(&guid)
    );
    until(&mut world, "ProveNoFlow", StepState::Done);
    assert_eq!(of(&world), Some((true, false)));
    until(&mut world, "Soak", StepState::Waiting);
    assert_eq!(of(&world), Some((true, true)));
    let status = world.migration_mut(PILOT).object.status.as_mut().unwrap();
    status.way_back = Some(WayBack {
        way: Way::RemoveRules,
        cause: WayBackCause::Decision,
        message: String::new(),
        since: crate::testing::START.parse().unwrap(),
        leaves: Vec::new(),
        steps: Vec::new(),
    });
    assert_eq!(of(&world), Some((false, false)), "whoever goes home is Connect's");
}

#[test]
fn each_finding_says_what_it_does_and_what_to_do_next() {
    let early = object("AAAA", "user", false);
    let late = object("BBBB", "user", true);
    let group = object("CCCC", "group", true);
    let twisted = |count| ScopeInventory {
        not_withheld: count,
        not_withheld_anchors: vec!["DDDD (cloudNoFlow is not set)".to_owned()],
        ..in_place()
    };
    let moved = |objects: &[&MovedObject]| ScopeInventory {
        moved: 9,
        moved_objects: objects.iter().map(|object| (*object).clone()).collect(),
        ..in_place()
    };
    let lost = ScopeInventory { moved_units: vec![unit(None)], ..in_place() };
    let table: [(ScopeInventory, bool, Reason, bool, &[&str]); 6] = [
        (
            renamed(),
            true,
            Reason::ScopeMoved,
            true,
            &[UNIT, RENAMED, "rename or move it back", "Synchronization Rules Editor", "two engines"],
        ),
        (
            renamed(),
            false,
            Reason::ScopeMoved,
            true,
            &["Nothing of the scope has changed yet", "delete the scope's Migration"],
        ),
        (lost, true, Reason::OrganizationalUnitNotFound, true, &["recycle bin", "objectGUID 3f2504e0"]),
        (
            twisted(2),
            true,
            Reason::NoFlowDiffers,
            true,
            &["DDDD (cloudNoFlow is not set)", "full synchronization"],
        ),
        (
            moved(&[&early]),
            true,
            Reason::ObjectsMoved,
            true,
            &["user AAAA in OU=Sales,DC=contoso,DC=com", "before the next cycle", "and 8 more"],
        ),
        (
            moved(&[&late, &group]),
            true,
            Reason::ObjectsMoved,
            false,
            &[
                "deletedItems/microsoft.graph.user?$filter=onPremisesImmutableId eq 'BBBB'",
                "30 days",
                "group CCCC in",
                "cannot be restored",
            ],
        ),
    ];
    for (scope, ruled, expected, holds, parts) in table {
        let mut world = World::new();
        report(&mut world, &scope);
        if ruled {
            for server in ["sync01", "sync02"] {
                let rules = world.server_mut(server).inventory.as_mut().unwrap().rules.as_mut().unwrap();
                rules.no_flow_scopes = vec!["pilot".into()];
            }
        }
        let found = of_topology(&world.observed);
        let [finding] = found.as_slice() else {
            assert_eq!(
                expected,
                Reason::NoFlowDiffers,
                "only what is said of a server is said for each: {found:#?}"
            );
            continue;
        };
        assert_eq!((finding.reason, finding.holds), (expected, holds), "{finding:#?}");
        for part in parts {
            assert!(finding.message.contains(part), "{part}: {}", finding.message);
        }
    }
}

#[test]
fn who_is_withheld_outside_every_scope_is_told_too() {
    let mut world = World::new();
    let outside = WatchInventory {
        withheld_outside: 1,
        withheld_outside_anchors: vec!["EEEE".to_owned()],
        ..Default::default()
    };
    world.server_mut("sync01").inventory.as_mut().unwrap().watch = Some(outside);
    let [finding] = of_topology(&world.observed).try_into().unwrap();
    assert_eq!((finding.reason, finding.scope.as_ref(), finding.holds), (Reason::NoFlowDiffers, None, true));
    assert!(finding.message.contains("EEEE") && finding.message.contains("rename it"), "{}", finding.message);
}

#[test]
fn nothing_begins_while_a_unit_is_elsewhere_and_all_goes_on_once_it_is_back() {
    let mut world = approved();
    report(&mut world, &renamed());
    let done = journal(&world);
    for _ in 0..20 {
        let plan = world.step();
        assert_eq!(reason(&pilot(&plan).standing), Some(Reason::ScopeMoved), "{:?}", pilot(&plan).standing);
        assert_eq!(plan.blockers.first().map(|b| b.reason), Some(Reason::ScopeMoved));
    }
    assert_eq!(journal(&world), done, "something began");
    report(&mut world, &in_place());
    until(&mut world, "VerifyParity", StepState::Done);
}

#[test]
fn in_the_stop_nobody_is_waited_for() {
    let mut world = approved();
    until(&mut world, "PutNoFlowRules", StepState::Done);
    report(&mut world, &renamed());
    world.run_until(20, |_, w| states(w, PILOT).values().any(|state| *state == StepState::Failed));
    let status = world.observed.migration(PILOT).unwrap().object.status.clone().unwrap();
    let failed = status.steps.iter().find(|record| record.state == StepState::Failed).unwrap();
    assert_eq!(failed.reason.as_deref(), Some("ScopeMoved"), "{failed:#?}");
    assert!(!journal(&world).contains("filter of contoso.com"), "the scope was added all the same");
}

#[test]
fn a_scope_that_moved_is_not_added_to_the_job() {
    let mut world = approved();
    until(&mut world, "StartScheduler", StepState::Done);
    report(&mut world, &renamed());
    for _ in 0..20 {
        let plan = world.step();
        let Standing::AwaitingPerson { message } = &pilot(&plan).standing else {
            panic!("{:?}", pilot(&plan).standing)
        };
        assert!(message.contains(RENAMED), "{message}");
    }
    assert!(!journal(&world).contains("filter of contoso.com"));
    report(&mut world, &in_place());
    until(&mut world, "AddToJob", StepState::Done);
}

#[test]
fn the_soak_does_not_end_and_no_wave_begins_while_a_unit_is_elsewhere() {
    let mut world = approved();
    until(&mut world, "Soak", StepState::Waiting);
    report(&mut world, &renamed());
    for _ in 0..20 {
        world.now += jiff::SignedDuration::from_hours(1);
        world.step();
    }
    assert_ne!(states(&world, PILOT)["Soak"], StepState::Done);
    report(&mut world, &in_place());
    until(&mut world, "VerifyAfterSoak", StepState::Done);
    // Completed, and still watched.
    let scopes = world.observed.migrations.len();
    report(&mut world, &renamed());
    let plan = world.step();
    assert_eq!(plan.blockers.first().map(|b| b.reason), Some(Reason::ScopeMoved));
    assert_eq!(world.observed.migrations.len(), scopes, "the next wave began");
}

#[test]
fn a_new_name_that_the_topology_takes_up_is_no_finding_and_goes_into_the_rules() {
    let mut world = approved();
    until(&mut world, "VerifyAfterSoak", StepState::Done);
    report(&mut world, &renamed());
    assert_eq!(of_topology(&world.observed).len(), 1);
    let pilot = world.observed.migration(PILOT).unwrap().object.clone();
    assert_eq!(units_now(&world.observed, &pilot), [dn(UNIT)]);
    let scope = world.observed.topology.spec.scopes.iter_mut().find(|s| s.name.as_str() == "pilot").unwrap();
    scope.organizational_units = vec![dn(RENAMED)];
    assert_eq!(of_topology(&world.observed), []);
    assert_eq!(units_now(&world.observed, &pilot), [dn(RENAMED)]);
}

#[test]
fn who_left_before_connect_saw_it_holds_new_work_and_who_left_later_does_not() {
    for (seen, held) in [(false, true), (true, false)] {
        let mut world = approved();
        let moved =
            ScopeInventory { moved: 1, moved_objects: vec![object("AAAA", "user", seen)], ..in_place() };
        report(&mut world, &moved);
        let plan = world.step();
        let blocked = plan.blockers.iter().any(|blocker| blocker.reason == Reason::ObjectsMoved);
        assert_eq!(blocked, held, "{:?}", plan.blockers);
    }
}
