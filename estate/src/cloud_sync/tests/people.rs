//! What people do to a job's document and its neighbourhood, and whom the job takes along.

use serde_json::json;

use super::fixture::{Fixture, LAB, PLANT, SALES, dn};
use crate::cloud_sync::{CloudError, JobCode};
use crate::directory::{NewObject, ObjectClass};
use crate::tenant::{CloudKind, Outcome};
use crate::value::Attributes;

#[test]
fn two_writers_of_the_scope_lose_a_unit_and_its_people() {
    let mut fixture = Fixture::serving(&[LAB]);
    // Both read the same document; each adds a unit to it and writes it back.
    let (principal, job, read) = (fixture.principal, fixture.job.clone(), fixture.job().document().clone());
    let with = |unit: &str| {
        let mut document = read.clone();
        document["synchronizationRules"][0]["containerFilter"]["includedContainers"] = json!([LAB, unit]);
        document
    };
    for unit in [PLANT, SALES] {
        let document = with(unit);
        fixture.estate.with_cloud(|cloud, world, now| {
            cloud.put_schema(principal, &job, document, world, now).unwrap();
        });
        if unit == PLANT {
            fixture.restart("");
            fixture.minutes(2);
            assert_eq!(fixture.live(CloudKind::User), 12, "the first unit is served");
        }
    }
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!(fixture.live(CloudKind::User), 12, "the second unit's ten came with the two of the lab");
    assert_eq!(fixture.estate.verdict().unexplained_deletions, 10, "and the first unit's ten are gone");
    let version = fixture.job().document()["version"].clone();
    assert_eq!(version, "4", "every write raises the version: that is how it can be noticed");
}

#[test]
fn a_restart_evaluates_everything_again_and_a_full_one_writes_it_again() {
    let mut fixture = Fixture::serving(&[SALES]);
    let imported = |fixture: &Fixture| fixture.job().status.last_execution.clone().unwrap().count_imported;
    let written = |fixture: &Fixture| fixture.estate.world.audit().writes().count();
    let before = written(&fixture);
    fixture.minutes(10);
    assert_eq!((imported(&fixture), written(&fixture)), (0, before));
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!((imported(&fixture), written(&fixture)), (14, before), "everything is looked at");
    fixture.restart("Full");
    fixture.minutes(2);
    assert_eq!(imported(&fixture), 14);
    let joined = fixture.estate.world.audit().writes().skip(before);
    let joined = joined.filter(|(_, write)| write.outcome == Outcome::HardMatched).count();
    assert_eq!(joined, 14, "what is forgotten is joined and written as if for the first time");
}

#[test]
fn group_deletions_count_for_the_threshold_and_removed_members_do_not() {
    let mut fixture = Fixture::serving(&[SALES]);
    fixture.threshold(1);
    let (group, members) = (fixture.group, [fixture.sales[0], fixture.sales[1]]);
    fixture.change(|directory, now| {
        for member in members {
            directory.remove_member(group, member, now).unwrap();
        }
    });
    fixture.minutes(2);
    assert_eq!(fixture.job().status.code, JobCode::Active);
    let id = fixture.cloud(group).unwrap().id;
    assert_eq!(fixture.estate.world.tenant.members(id).len(), 0, "all members are gone, and nothing trips");
    fixture.change(|directory, now| directory.delete(group, now).unwrap());
    fixture.minutes(2);
    assert_eq!(fixture.job().status.code, JobCode::Quarantine);
    assert!(fixture.cloud(group).is_some());
}

fn person(fixture: &mut Fixture, container: &str, name: &str, class: ObjectClass) -> uuid::Uuid {
    let mut made = uuid::Uuid::nil();
    fixture.change(|directory, now| {
        let attributes = Attributes::new()
            .with("userPrincipalName", format!("{name}@contoso.com"))
            .with("adminDescription", "User_excluded")
            .with("userAccountControl", 512_i64);
        let new = NewObject { dn: dn(container).child("CN", name), class, attributes };
        made = directory.create(new, now).unwrap();
    });
    made
}

#[test]
fn accounts_that_connect_leaves_out_by_rule_are_taken_along() {
    let mut fixture = Fixture::new();
    let made: Vec<_> = ["MSOL_0123456789ab", "AAD_0123456789ab", "SUPPORT_388945a0"]
        .map(|name| person(&mut fixture, LAB, name, ObjectClass::User))
        .to_vec();
    fixture.put_units(&[SALES]);
    fixture.start();
    fixture.minutes(2);
    for source in made {
        let account = fixture.cloud(source).expect("an account in the cloud");
        assert_eq!(account.attributes.boolean("accountEnabled"), Some(true));
    }
    assert_eq!(fixture.live(CloudKind::User), 15);
}

#[test]
fn a_container_and_the_domain_itself_can_be_a_scope() {
    let users = "CN=Users,DC=contoso,DC=com";
    let mut fixture = Fixture::new();
    let there = fixture.estate.world.directory.by_dn(&dn(users)).is_some();
    if !there {
        fixture.change(|directory, now| {
            let new =
                NewObject { dn: dn(users), class: ObjectClass::Container, attributes: Attributes::new() };
            directory.create(new, now).unwrap();
        });
    }
    let source = person(&mut fixture, users, "classic", ObjectClass::User);
    fixture.put_units(&[users]);
    fixture.start();
    fixture.minutes(2);
    assert!(fixture.cloud(source).is_some());
    assert_eq!(fixture.live(CloudKind::User), 1);
    fixture.put_units(&["DC=contoso,DC=com"]);
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!(fixture.live(CloudKind::User), 23);
}

#[test]
fn people_of_another_class_are_served_and_get_no_hash() {
    let mut fixture = Fixture::new();
    let source = person(&mut fixture, SALES, "visitor", ObjectClass::InetOrgPerson);
    fixture.put_units(&[SALES]);
    fixture.start();
    fixture.start_hashes();
    fixture.minutes(6);
    assert!(fixture.cloud(fixture.sales[0]).unwrap().password.is_some());
    assert_eq!(fixture.cloud(source).unwrap().password, None);
}

#[test]
fn a_document_of_more_than_four_megabytes_is_refused() {
    let mut fixture = Fixture::new();
    let (principal, job, mut document) =
        (fixture.principal, fixture.job.clone(), fixture.job().document().clone());
    document["padding"] = json!("x".repeat(5 * 1024 * 1024));
    let result = fixture
        .estate
        .with_cloud(|cloud, world, now| cloud.put_schema(principal, &job, document, world, now));
    assert!(matches!(result, Err(CloudError::BadRequest(text)) if text.contains("4 MiB")));
}

#[test]
fn a_paused_job_starves_everybody_that_it_serves() {
    let mut fixture = Fixture::serving(&[SALES, PLANT]);
    fixture.start_hashes();
    fixture.minutes(4);
    fixture.pause();
    let (leaver, mover) = (fixture.sales[0], fixture.plant[0]);
    fixture.change(|directory, now| {
        directory.delete(leaver, now).unwrap();
        directory.modify(mover, Attributes::new().with("title", "Head"), &[], now).unwrap();
    });
    fixture.minutes(7 * 60);
    assert!(fixture.cloud(leaver).is_some(), "a leaver keeps the account");
    assert_eq!(fixture.cloud(mover).unwrap().attributes.text("jobTitle"), Some("Clerk"));
    let verdict = fixture.estate.verdict();
    assert!(verdict.longest_unserved.duration >= jiff::SignedDuration::from_hours(7), "{verdict}");
    assert_eq!(verdict.orphans, 1);
    fixture.start();
    fixture.minutes(2);
    assert!(fixture.cloud(leaver).is_none());
}
