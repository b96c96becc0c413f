//! Roads on which two engines, several servers and people get into each other's way; the log names who did it.

use std::collections::BTreeSet;

use adsync::ENTRA_CONNECTOR_ID;
use adsync::protocol::{
    AutoUpgradeState, Operation, RunProfile, RunResult, SchedulerChange, ServiceStartType,
};

use jiff::SignedDuration;

use super::driver::{ALL, Driver, SERVERS};
use crate::adsync_engine::SyncServer;
use crate::audit::{Class, WriteRecord};
use crate::directory::{DirectoryObject, NewObject, ObjectClass};
use crate::dn::DistinguishedName;
use crate::engine::{Link, Service, Writer};
use crate::modes::{CrossDomainReferences, ModeSet, Modes, ReferenceLeak, SoftDeletedMatch, UnknownMembers};
use crate::scenario::{ACTIVE_SERVER, STAGING_SERVER};
use crate::tenant::{CloudKind, Outcome};
use crate::value::Attributes;

fn writes_of(driver: &Driver, object: &DirectoryObject, from: usize) -> Vec<WriteRecord> {
    let writes = driver.estate.world.audit().writes().skip(from);
    writes.filter(|(_, write)| write.source == Some(object.guid)).map(|(_, write)| write.clone()).collect()
}

fn write_count(driver: &Driver) -> usize {
    driver.estate.world.audit().writes().count()
}

/// Switches the scheduler where the standby's service may be stopped.
fn switch(driver: &mut Driver, enabled: bool) {
    let change = SchedulerChange { sync_cycle_enabled: Some(enabled), ..SchedulerChange::default() };
    let _: () = driver.ask(ACTIVE_SERVER, &Operation::SetScheduler(change));
    driver.rest(ACTIVE_SERVER);
}

/// Lets a cycle of the active server begin and end.
fn after_a_cycle(driver: &mut Driver) {
    let newest = Operation::GetRunResults { connector: None, number_requested: 1 };
    let before: Vec<RunResult> = driver.ask(ACTIVE_SERVER, &newest);
    loop {
        driver.pass(1);
        let now: Vec<RunResult> = driver.ask(ACTIVE_SERVER, &newest);
        if now[0].run_history_id != before[0].run_history_id {
            break driver.rest(ACTIVE_SERVER);
        }
    }
}

fn move_to(driver: &mut Driver, person: &DirectoryObject, unit: &DistinguishedName) {
    let new = unit.child("CN", person.dn.name());
    driver.estate.with_world(|world, now| world.directory.rename(person.guid, new, now).unwrap());
}

#[test]
fn a_third_server_that_nobody_named_writes_what_is_held_back() {
    let mut driver = Driver::new(1);
    let unit = driver.units[1].clone();
    driver.wave(std::slice::from_ref(&unit));
    let mut third = None;
    driver.at(ACTIVE_SERVER, |server| third = Some(server.twin("sync99", false)));
    driver.estate.add_server(Box::new(third.unwrap()));
    let person = driver.first(ObjectClass::User, &unit);
    driver.pass(30);
    driver.scheduler(false);
    driver.rest("sync99");
    // It has read a value that cloud sync carries over; another one follows before it exports.
    driver.modify(&person, "title", "first");
    driver.delta_without_export("sync99");
    driver.modify(&person, "title", "second");
    driver.pass(4);
    driver.run("sync99", ENTRA_CONNECTOR_ID, RunProfile::Export);
    let found = driver.found(Class::ForeignValue);
    assert!(found.iter().any(|line| line.contains("Connect on sync99 wrote jobTitle")), "{found:?}");
    assert!(!driver.verdict().connect_retired);
    driver.retire();
    driver.pass(60);
    assert!(!driver.verdict().connect_retired, "the two known servers are not all");
}

/// A user with a licence and a cloud-only membership moves from the job's unit into one of Connect's.
fn moved_to_connect(mode: SoftDeletedMatch) -> (bool, usize, usize) {
    let mut driver = Driver::new(1);
    driver.estate.world.modes.soft_deleted_match = mode;
    let units = driver.units.clone();
    driver.wave(&units[1..2]);
    let person = driver.first(ObjectClass::User, &units[1]);
    let before = driver.estate.world.counterpart(person.guid).unwrap();
    let group = driver.estate.with_world(|world, now| {
        world.tenant.edit_by_person(before, now, |user| user.licences = ["E5".to_owned()].into());
        let attributes = Attributes::new().with("displayName", "Cloud only").with("member", before);
        world.tenant.create_cloud_only(CloudKind::Group, attributes, now).unwrap()
    });
    move_to(&mut driver, &person, &units[2]);
    driver.pass(4);
    assert!(driver.estate.world.counterpart(person.guid).is_none(), "the job deletes at once");
    driver.pass(90);
    let tenant = &driver.estate.world.tenant;
    let after = driver.estate.world.counterpart(person.guid).expect("Connect makes the user again");
    let serving = driver.estate.world.service().serving(Service::Objects, person.guid);
    assert_eq!(serving, [Writer::connect(ACTIVE_SERVER)]);
    (after == before, tenant.get(after).unwrap().licences.len(), tenant.members(group).len())
}

#[test]
fn who_moves_to_connects_unit_is_deleted_and_comes_back_or_is_made_anew() {
    assert_eq!(moved_to_connect(SoftDeletedMatch::Restores), (true, 1, 1));
    assert_eq!(moved_to_connect(SoftDeletedMatch::PassedOver), (false, 0, 0));
}

#[test]
fn who_moves_to_the_jobs_unit_has_two_writers_until_connects_next_cycle() {
    let mut driver = Driver::new(1);
    let units = driver.units.clone();
    driver.wave(&units[1..2]);
    let person = driver.first(ObjectClass::User, &units[2]);
    let id = driver.estate.world.counterpart(person.guid).unwrap();
    after_a_cycle(&mut driver);
    let from = write_count(&driver);
    move_to(&mut driver, &person, &units[1]);
    driver.pass(4);
    let service =
        |driver: &Driver| driver.estate.world.service().serving(Service::Objects, person.guid).len();
    assert_eq!(service(&driver), 2);
    let writes = writes_of(&driver, &person, from);
    assert!(writes.iter().any(|write| !write.writer.is_connect() && write.outcome == Outcome::HardMatched));
    driver.pass(60);
    assert_eq!(service(&driver), 1, "the rules hold the object back from the next cycle on");
    assert_eq!(driver.estate.world.counterpart(person.guid), Some(id), "the same object all the time");
    assert_eq!(driver.verdict().unexplained_deletions, 0);
}

#[test]
fn a_renamed_unit_has_two_writers() {
    let mut driver = Driver::new(1);
    let unit = driver.units[1].clone();
    driver.wave(std::slice::from_ref(&unit));
    let person = driver.first(ObjectClass::User, &unit);
    let renamed = unit.parent().unwrap().child("OU", "Renamed");
    driver.estate.with_world(|world, now| {
        let unit = world.directory.by_dn(&unit).unwrap().guid;
        world.directory.rename(unit, renamed, now).unwrap();
    });
    // Connect's containers are selected by name: a person selects the new name, as the wizard shows it.
    driver.select_again(ACTIVE_SERVER, &unit, "Renamed");
    driver.pass(90);
    let link = |writer: &Writer| driver.estate.world.service().link(writer, Service::Objects, person.guid);
    assert_eq!(
        link(&Writer::connect(ACTIVE_SERVER)),
        Link::Served,
        "the rule's text does not match any more"
    );
    assert_eq!(driver.estate.world.service().serving(Service::Objects, person.guid).len(), 2);
    let ids = driver.estate.world.counterpart(person.guid);
    assert!(ids.is_some(), "the job goes on under the new name");
}

#[test]
fn started_again_after_the_cliff_with_the_rules_in_place_nothing_is_written() {
    let mut driver = Driver::new(1);
    driver.estate.world.modes.reference_leak = ReferenceLeak::None;
    driver.everyday_life(1);
    driver.wave(&driver.units.clone());
    driver.retire();
    driver.pass(9 * 24 * 60);
    // A reboot alone does nothing: the service is disabled.
    let now = driver.estate.now();
    driver.at(ACTIVE_SERVER, |server| server.restart_host(now));
    driver.pass(60);
    let from = write_count(&driver);
    let start = Operation::SetService { running: Some(true), start_type: Some(ServiceStartType::Automatic) };
    let _: () = driver.ask(ACTIVE_SERVER, &start);
    switch(&mut driver, true);
    driver.pass(120);
    switch(&mut driver, false);
    let runs: Vec<RunResult> =
        driver.ask(ACTIVE_SERVER, &Operation::GetRunResults { connector: None, number_requested: 1 });
    assert_eq!(runs[0].result, "no-start-full-import-required", "cycles end at their first import");
    driver.full_synchronization(ACTIVE_SERVER);
    let connects: Vec<String> = driver
        .estate
        .world
        .audit()
        .writes()
        .skip(from)
        .filter(|(_, write)| write.writer.is_connect() && write.outcome != Outcome::PasswordSet)
        .map(|(_, write)| format!("{:?} {} {:?}", write.outcome, write.label, write.direction))
        .collect();
    assert_eq!(connects, Vec::<String>::new());
    assert!(driver.verdict().is_clean(), "{:#?}", driver.verdict().violations);
}

#[test]
fn started_again_without_the_rules_everything_is_written_again() {
    let mut driver = Driver::new(1);
    driver.wave(&driver.units.clone());
    driver.retire();
    let start = Operation::SetService { running: Some(true), start_type: Some(ServiceStartType::Automatic) };
    let _: () = driver.ask(ACTIVE_SERVER, &start);
    let rules: Vec<adsync::rule::Rule> = driver.ask(ACTIVE_SERVER, &Operation::GetRules);
    for rule in rules.iter().filter(|rule| rule.name.starts_with("no flow")) {
        let _: () = driver.ask(ACTIVE_SERVER, &Operation::RemoveRule { identifier: rule.identifier });
    }
    driver.full_synchronization(ACTIVE_SERVER);
    switch(&mut driver, true);
    let person = driver.first(ObjectClass::User, &driver.units[1].clone());
    let serving = driver.estate.world.service().serving(Service::Objects, person.guid);
    assert_eq!(serving.len(), 2, "{serving:?}");
}

#[test]
fn accounts_that_connect_filters_by_rule_are_surprises() {
    let mut driver = Driver::new(1);
    let unit = driver.units[1].clone();
    let source = driver.estate.with_world(|world, now| {
        let attributes = Attributes::new()
            .with("userPrincipalName", "filtered@contoso.com")
            .with("sAMAccountName", "filtered")
            .with("adminDescription", "User_filtered")
            .with("userAccountControl", 512_i64);
        let new = NewObject { dn: unit.child("CN", "filtered"), class: ObjectClass::User, attributes };
        world.directory.create(new, now).unwrap()
    });
    driver.pass(90);
    assert!(driver.estate.world.counterpart(source).is_none(), "Connect leaves the account out");
    driver.wave(std::slice::from_ref(&unit));
    assert!(driver.estate.world.counterpart(source).is_some());
    let found = driver.found(Class::SurpriseAccount);
    assert!(found.len() == 1 && found[0].contains("filtered@contoso.com"), "{found:?}");
}

#[test]
fn an_upgrade_in_the_middle_of_a_wave_keeps_our_rules_and_not_those_that_were_edited() {
    let mut driver = Driver::new(1);
    let unit = driver.units[1].clone();
    let enable = Operation::SetAutoUpgrade { state: AutoUpgradeState::Enabled };
    let _: () = driver.ask(ACTIVE_SERVER, &enable);
    let rules: Vec<adsync::rule::Rule> = driver.ask(ACTIVE_SERVER, &Operation::GetRules);
    let mut edited = rules.iter().find(|rule| rule.is_standard()).unwrap().clone();
    edited.disabled = true;
    let _: adsync::rule::Rule =
        driver.ask(ACTIVE_SERVER, &Operation::AddRule { rule: Box::new(edited.clone()) });
    driver.scheduler(false);
    driver.add_rules(SERVERS, std::slice::from_ref(&unit), ALL);
    let mut result = None;
    driver.at(ACTIVE_SERVER, |server| result = Some(server.upgrade_by_itself("2.6.99.0", false)));
    assert!(result.unwrap().is_err(), "not while the scheduler is off");
    driver.scheduler(true);
    driver.pass(60);
    driver.at(ACTIVE_SERVER, |server| result = Some(server.upgrade_by_itself("2.6.99.0", true)));
    assert_eq!(result.unwrap(), Ok(()));
    let rules: Vec<adsync::rule::Rule> = driver.ask(ACTIVE_SERVER, &Operation::GetRules);
    assert!(rules.iter().any(|rule| rule.identifier == edited.identifier && !rule.disabled));
    assert!(rules.iter().any(|rule| rule.name.starts_with("no flow")));
    driver.pass(60);
    let person = driver.first(ObjectClass::User, &unit);
    let link =
        driver.estate.world.service().link(&Writer::connect(ACTIVE_SERVER), Service::Objects, person.guid);
    assert_eq!(link, Link::NoFlow, "the full cycle after the upgrade has the rules in force");
}

#[test]
fn somebody_elses_start_of_the_scheduler_brings_a_wave_into_force_too_early() {
    let mut driver = Driver::new(1);
    let units = driver.units.clone();
    driver.wave(&units[0..1]);
    // The second wave has saved its rules and nothing more when the first one's owner switches the scheduler on.
    driver.scheduler(false);
    driver.add_rules(SERVERS, &units[1..2], ALL);
    driver.scheduler(true);
    driver.pass(90);
    let person = driver.first(ObjectClass::User, &units[1]);
    let service = driver.estate.world.service();
    assert_eq!(service.link(&Writer::connect(ACTIVE_SERVER), Service::Objects, person.guid), Link::NoFlow);
    assert_eq!(service.serving(Service::Objects, person.guid), []);
    driver.pass(6 * 60);
    let unserved = driver.verdict().longest_unserved;
    assert!(unserved.duration > SignedDuration::from_hours(6), "{unserved:?}");
}

#[test]
fn two_active_servers_after_a_failover_that_nobody_ended() {
    let mut driver = Driver::new(1);
    let unit = driver.units[1].clone();
    driver.wave_with(std::slice::from_ref(&unit), &[ACTIVE_SERVER], ALL, true);
    driver.at(STAGING_SERVER, |server: &mut SyncServer| server.set_staging(false));
    driver.pass(60);
    let person = driver.first(ObjectClass::User, &unit);
    let serving = driver.estate.world.service().serving(Service::Objects, person.guid);
    assert!(serving.contains(&Writer::connect(STAGING_SERVER)), "its rules are its own: {serving:?}");
    assert_eq!(serving.len(), 2);
}

/// Two waves and the retirement in the right order; classes of what the judge found all the same.
fn right_road(seed: u64, modes: Modes) -> BTreeSet<Class> {
    let mut driver = Driver::in_modes(seed, modes);
    driver.everyday_life(seed);
    let units = driver.units.clone();
    driver.wave(&units[0..2]);
    driver.pass(60);
    driver.wave(&units[2..5]);
    driver.pass(60);
    driver.retire();
    driver.pass(4 * 60);
    driver.verdict().violations.iter().map(|violation| violation.class).collect()
}

/// The estate never blames a mover who does everything right, unless the mode takes something away that no order of steps can
/// keep.
#[test]
fn the_right_road_is_clean_in_every_single_mode() {
    let default = serde_json::to_value(Modes::default()).unwrap();
    let mut blamed = Vec::new();
    for modes in Modes::default().neighbours() {
        let classes = right_road(3, modes);
        if !classes.is_empty() {
            let value = serde_json::to_value(modes).unwrap();
            let changed = value.as_object().unwrap().iter().find(|(name, held)| default[*name] != **held);
            blamed.push(format!("{:?}: {classes:?}", changed.unwrap()));
        }
    }
    // A job that drops members it does not know loses those of units that come later, whatever the order.
    assert_eq!(blamed, ["(\"unknownMembers\", String(\"Dropped\")): {MemberLost}"]);
}

#[test]
fn the_right_road_is_clean_in_every_set_but_for_members_that_cannot_be_kept() {
    let sets = ModeSet::NAMED.into_iter().chain((1..=4).map(ModeSet::Seed));
    for set in sets {
        let modes = set.modes();
        let drops = modes.unknown_members == UnknownMembers::Dropped
            || modes.cross_domain_references == CrossDomainReferences::Unknown;
        let mut classes = right_road(4, modes);
        if drops {
            classes.remove(&Class::MemberLost);
        }
        assert!(classes.is_empty(), "{set}: {classes:?}");
    }
}
