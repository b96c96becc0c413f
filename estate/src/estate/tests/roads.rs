//! The right road is clean in every mode; every wrong road shows in the log.

use adsync::protocol::RunProfile;
use jiff::SignedDuration;

use super::driver::{ALL, Driver, SERVERS, USERS};
use crate::audit::{Class, Verdict};
use crate::directory::ObjectClass;
use crate::engine::{Service, Writer};
use crate::modes::{CrossDomainReferences, NoFlowDelete, NoFlowHashes, ReferenceLeak, UnknownMembers};
use crate::scenario::{ACTIVE_SERVER, STAGING_SERVER};
use crate::value::Value;

fn whole_road(seed: u64, leak: ReferenceLeak) -> Driver {
    let mut driver = Driver::new(seed);
    driver.estate.world.modes.reference_leak = leak;
    driver.everyday_life(seed);
    let units = driver.units.clone();
    driver.wave(&units[0..1]);
    driver.pass(60);
    driver.wave(&units[1..3]);
    driver.pass(60);
    driver.wave(&units[3..5]);
    driver.pass(60);
    driver.retire();
    driver.pass(24 * 60);
    driver
}

fn lines(verdict: &Verdict) -> String {
    let some: Vec<String> = verdict.violations.iter().take(5).map(ToString::to_string).collect();
    format!("{verdict}\n{}", some.join("\n"))
}

#[test]
fn the_right_road_is_clean_with_the_nastiest_leak() {
    for seed in 1..4 {
        let verdict = whole_road(seed, ReferenceLeak::All).verdict();
        assert!(verdict.is_clean(), "seed {seed}: {}", lines(&verdict));
        assert!(verdict.reference_echoes > 0, "{verdict}");
        assert!(verdict.connect_retired);
        assert!(verdict.longest_unserved.duration < SignedDuration::from_mins(15), "{verdict}");
        assert!(verdict.longest_scheduler_stop.duration < SignedDuration::from_mins(10), "{verdict}");
    }
}

#[test]
fn the_right_road_is_clean_whatever_leaks() {
    for leak in [ReferenceLeak::References, ReferenceLeak::None] {
        let verdict = whole_road(5, leak).verdict();
        assert!(verdict.is_clean(), "{leak:?}: {}", lines(&verdict));
    }
}

/// Connect has staged a change; the directory changes again, cloud sync carries that over; then Connect exports.
fn stale_export(
    driver: &mut Driver,
    server: &str,
    unit: usize,
    class: ObjectClass,
    attribute: &str,
) -> Verdict {
    let object = driver.first(class, &driver.units[unit].clone());
    driver.scheduler(false);
    driver.modify(&object, attribute, "first");
    driver.delta_without_export(server);
    driver.modify(&object, attribute, "second");
    driver.pass(4);
    driver.run(server, adsync::ENTRA_CONNECTOR_ID, RunProfile::Export);
    driver.scheduler(true);
    driver.verdict()
}

#[test]
fn without_rules_both_engines_write() {
    let mut driver = Driver::new(1);
    driver.add_to_jobs(&driver.scopes(1..2));
    driver.take_over();
    let verdict = driver.verdict();
    assert!(verdict.reference_echoes > 100, "the takeover itself: {verdict}");
    assert_eq!(verdict.foreign_values, 0, "{}", lines(&verdict));
    let verdict = stale_export(&mut driver, ACTIVE_SERVER, 1, ObjectClass::User, "title");
    assert_eq!(verdict.foreign_values, 1, "{}", lines(&verdict));
    assert!(driver.found(Class::ForeignValue)[0].contains("Connect on sync01 wrote jobTitle"));
}

#[test]
fn with_rules_for_users_only_groups_have_two_writers() {
    let mut driver = Driver::new(1);
    driver.wave_with(&driver.scopes(1..2), SERVERS, &[USERS], true);
    let verdict = stale_export(&mut driver, ACTIVE_SERVER, 1, ObjectClass::User, "title");
    assert_eq!(verdict.foreign_values, 0, "{}", lines(&verdict));
    let verdict = stale_export(&mut driver, ACTIVE_SERVER, 1, ObjectClass::Group, "description");
    assert_eq!(verdict.foreign_values, 1, "{}", lines(&verdict));
}

#[test]
fn rules_without_a_full_synchronization_are_inert() {
    let mut driver = Driver::new(1);
    driver.wave_with(&driver.scopes(1..2), SERVERS, ALL, false);
    let verdict = stale_export(&mut driver, ACTIVE_SERVER, 1, ObjectClass::User, "title");
    assert_eq!(verdict.foreign_values, 1, "{}", lines(&verdict));
}

#[test]
fn rules_on_one_of_two_servers_fail_with_the_first_failover() {
    let mut driver = Driver::new(1);
    driver.wave_with(&driver.scopes(1..2), &[ACTIVE_SERVER], ALL, true);
    assert_eq!(stale_export(&mut driver, ACTIVE_SERVER, 1, ObjectClass::User, "title").foreign_values, 0);
    driver.at(ACTIVE_SERVER, |server| server.set_staging(true));
    driver.at(STAGING_SERVER, |server| server.set_staging(false));
    let verdict = stale_export(&mut driver, STAGING_SERVER, 1, ObjectClass::User, "title");
    assert!(verdict.foreign_values > 0, "{}", lines(&verdict));
    assert!(driver.found(Class::ForeignValue)[0].contains("Connect on sync02"));
    let mut driver = Driver::new(1);
    driver.wave(&driver.scopes(1..2));
    driver.at(ACTIVE_SERVER, |server| server.set_staging(true));
    driver.at(STAGING_SERVER, |server| server.set_staging(false));
    let verdict = stale_export(&mut driver, STAGING_SERVER, 1, ObjectClass::User, "title");
    assert_eq!(verdict.foreign_values, 0, "with rules on both: {}", lines(&verdict));
}

#[test]
fn a_unit_out_of_connects_scope_loses_its_objects() {
    let mut driver = Driver::new(1);
    let unit = driver.units[1].clone();
    let people = driver.count(ObjectClass::User, &unit);
    driver.exclude(ACTIVE_SERVER, &unit);
    driver.pass(90);
    let verdict = driver.verdict();
    assert!(verdict.unexplained_deletions >= people, "{people} people: {}", lines(&verdict));
}

#[test]
fn a_narrowed_job_deletes_what_it_served() {
    let mut driver = Driver::new(1);
    let units = driver.units[0..2].to_vec();
    driver.wave(&units);
    let people = driver.count(ObjectClass::User, &units[1]);
    let gone = units[1].clone();
    driver.set_job_units(|held| held.retain(|unit| *unit != gone));
    driver.take_over();
    let verdict = driver.verdict();
    assert!(verdict.unexplained_deletions >= people, "{people} people: {}", lines(&verdict));
}

#[test]
fn emptied_filters_bring_service_accounts_into_the_cloud() {
    let mut driver = Driver::new(1);
    driver.wave(&driver.scopes(0..1));
    assert!(driver.verdict().is_clean());
    let accounts = driver.count(ObjectClass::User, &driver.excluded[0].clone());
    driver.set_job_units(Vec::clear);
    driver.take_over();
    let verdict = driver.verdict();
    assert_eq!(verdict.surprise_accounts, accounts, "{}", lines(&verdict));
    assert!(verdict.reference_echoes > 0, "everybody else has two writers");
}

#[test]
fn cloud_sync_before_the_rules_is_seen_even_if_the_rules_follow() {
    let mut driver = Driver::new(1);
    let units = driver.units[1..2].to_vec();
    driver.add_to_jobs(&units);
    driver.take_over();
    driver.wave(&units);
    let late = driver.verdict().reference_echoes;
    let mut driver = Driver::new(1);
    driver.wave(&units);
    let early = driver.verdict().reference_echoes;
    assert!(late > early + 100, "{late} against {early}");
}

#[test]
fn somebody_who_leaves_between_the_engines_stays_for_ever() {
    let leave = |mode| {
        let mut driver = Driver::new(1);
        driver.estate.world.modes.no_flow_delete = mode;
        let units = driver.units[1..2].to_vec();
        driver.scheduler(false);
        driver.add_rules(SERVERS, &units, ALL);
        for server in SERVERS {
            driver.full_synchronization(server);
        }
        driver.scheduler(true);
        let leaver = driver.first(ObjectClass::User, &units[0]);
        driver.estate.with_world(|world, now| world.directory.delete(leaver.guid, now).unwrap());
        driver.pass(40);
        driver.add_to_jobs(&units);
        driver.pass(3 * 60);
        driver.verdict()
    };
    assert_eq!(leave(NoFlowDelete::Withheld).orphans, 1);
    assert_eq!(leave(NoFlowDelete::Exported).orphans, 0);
}

#[test]
fn a_forgotten_scheduler_shows_its_length() {
    let mut driver = Driver::new(1);
    driver.scheduler(false);
    driver.pass(5 * 60);
    let verdict = driver.verdict();
    assert!(verdict.longest_scheduler_stop.duration >= SignedDuration::from_hours(5));
    assert!(verdict.longest_unserved.duration >= SignedDuration::from_hours(5));
    assert_eq!(
        verdict.longest_without_password_hashes.duration,
        SignedDuration::ZERO,
        "hashes have a loop of their own"
    );
}

#[test]
fn stopped_for_more_than_seven_days_nobody_is_served() {
    let mut driver = Driver::new(1);
    driver.scheduler(false);
    driver.pass(8 * 24 * 60);
    driver.scheduler(true);
    let down = |driver: &Driver| {
        let source = driver.first(ObjectClass::User, &driver.units[1]).guid;
        !driver
            .estate
            .world
            .service()
            .serving(Service::Objects, source)
            .contains(&Writer::connect(ACTIVE_SERVER))
    };
    assert!(down(&driver));
    driver.pass(120);
    assert!(driver.verdict().longest_unserved.duration > SignedDuration::from_hours(8 * 24));
}

#[test]
fn retiring_before_everything_is_taken_over_leaves_people_alone() {
    let mut driver = Driver::new(1);
    driver.wave(&driver.scopes(0..3));
    driver.retire();
    driver.pass(48 * 60);
    let verdict = driver.verdict();
    assert!(verdict.longest_unserved.duration >= SignedDuration::from_hours(48), "{verdict}");
    assert!(verdict.longest_scheduler_stop.duration >= SignedDuration::from_hours(48), "{verdict}");
}

#[test]
fn nobody_sends_hashes_if_the_hash_job_is_forgotten() {
    let mut driver = Driver::new(1);
    driver.estate.world.modes.no_flow_hashes = NoFlowHashes::Skipped;
    let units = driver.units[1..2].to_vec();
    driver.start_hash_jobs = false;
    driver.wave(&units);
    driver.pass(6 * 60);
    let verdict = driver.verdict();
    assert!(verdict.longest_without_password_hashes.duration >= SignedDuration::from_hours(6), "{verdict}");
    assert!(verdict.longest_unserved.duration < SignedDuration::from_mins(15), "{verdict}");
}

#[test]
fn dropped_members_are_lost() {
    let mut driver = Driver::new(1);
    driver.estate.world.modes.unknown_members = UnknownMembers::Dropped;
    driver.estate.world.modes.reference_leak = ReferenceLeak::None;
    driver.wave(&driver.scopes(1..2));
    assert!(driver.verdict().members_lost > 0);
}

#[test]
fn members_of_another_domain_are_lost_where_references_do_not_cross() {
    let mut driver = Driver::new(1);
    driver.estate.world.modes.cross_domain_references = CrossDomainReferences::Unknown;
    driver.wave(&driver.units.clone());
    let emea = driver.first(ObjectClass::User, &driver.units[3].clone()).guid;
    let group = driver.outsider_group(emea, 1);
    driver.estate.with_world(|world, now| world.directory.add_member(group, emea, now).unwrap());
    driver.retire();
    driver.pass(4 * 60);
    assert_eq!(driver.verdict().members_lost, 1, "{:?}", driver.found(Class::MemberLost));
}

#[test]
fn updated_agents_resolve_members_of_another_domain() {
    let mut driver = Driver::new(1);
    driver.estate.world.modes.cross_domain_references = CrossDomainReferences::Unknown;
    driver.estate.world.modes.unknown_members = UnknownMembers::Dropped;
    for agent in ["sync01", "sync02"] {
        driver.estate.world.agent_versions.update(agent);
    }
    driver.wave(&driver.scopes(0..3));
    assert_eq!(driver.verdict().members_lost, 0, "{:?}", driver.found(Class::MemberLost));
}

#[test]
fn moving_to_the_other_engines_unit_is_delete_and_create() {
    let mut driver = Driver::new(1);
    let units = driver.units.clone();
    driver.wave(&units[1..2]);
    let person = driver.first(ObjectClass::User, &units[1]);
    let before = driver.estate.world.counterpart(person.guid).unwrap();
    let new = units[2].child("CN", person.dn.name());
    driver.estate.with_world(|world, now| world.directory.rename(person.guid, new, now).unwrap());
    driver.pass(4);
    let verdict = driver.verdict();
    assert!(verdict.unexplained_deletions > 0, "{}", lines(&verdict));
    let tenant = &driver.estate.world.tenant;
    assert!(tenant.get(before).is_some_and(|object| !object.is_live()));
}

#[test]
fn an_older_value_through_the_leak_is_foreign() {
    let mut driver = Driver::new(1);
    driver.estate.world.modes.reference_leak = ReferenceLeak::All;
    let unit = driver.units[1].clone();
    driver.wave(std::slice::from_ref(&unit));
    driver.scheduler(false);
    let people = driver.all(ObjectClass::User, &unit);
    let (person, manager) = (&people[0], &people[1]);
    driver.modify(person, "title", "first");
    driver.estate.with_world(|world, now| {
        let values = crate::value::Attributes::new().with("manager", Value::Reference(manager.guid));
        world.directory.modify(person.guid, values, &[], now).unwrap();
    });
    driver.delta_without_export(ACTIVE_SERVER);
    driver.modify(person, "title", "second");
    driver.pass(4);
    driver.run(ACTIVE_SERVER, adsync::ENTRA_CONNECTOR_ID, RunProfile::Export);
    let verdict = driver.verdict();
    assert_eq!(verdict.foreign_values, 1, "{}", lines(&verdict));
}
