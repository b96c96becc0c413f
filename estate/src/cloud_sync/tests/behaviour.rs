use uuid::Uuid;

use super::fixture::{Fixture, PLANT, SALES, dn};
use crate::cloud_sync::{ProvisioningAction, ProvisioningStatus, Subject, schema::RULE_ID};
use crate::directory::{NewObject, ObjectClass};
use crate::modes::UnknownMembers;
use crate::tenant::{CloudKind, ObjectWrite, Outcome, WriteOperation};
use crate::value::{Attributes, Value};

fn title(text: &str) -> Attributes {
    Attributes::new().with("title", text)
}

#[test]
fn changes_arrive_within_a_tick_and_are_logged_late() {
    let mut fixture = Fixture::serving(&[SALES]);
    let person = fixture.sales[0];
    fixture.change(|directory, now| directory.modify(person, title("Boss"), &[], now).unwrap());
    fixture.minutes(2);
    assert_eq!(fixture.cloud(person).unwrap().attributes.text("jobTitle"), Some("Boss"));
    let seen = |fixture: &Fixture| {
        let log = fixture.estate.cloud.provisioning_log(fixture.estate.now());
        log.filter(|entry| entry.source == person && entry.modified.iter().any(|m| m.name == "jobTitle"))
            .count()
    };
    assert_eq!(seen(&fixture), 1, "the creation");
    fixture.minutes(4);
    assert_eq!(seen(&fixture), 2);
    fixture.change(|directory, now| directory.modify(person, Attributes::new(), &["title"], now).unwrap());
    fixture.minutes(2);
    assert!(!fixture.cloud(person).unwrap().attributes.has("jobTitle"), "null flows");
}

#[test]
fn joiners_arrive_and_leavers_go() {
    let mut fixture = Fixture::serving(&[SALES]);
    let mut joiner = Uuid::nil();
    fixture.change(|directory, now| {
        let attributes = Attributes::new().with("userPrincipalName", "new@contoso.com");
        let new = NewObject { dn: dn(SALES).child("CN", "new"), class: ObjectClass::User, attributes };
        joiner = directory.create(new, now).unwrap();
    });
    fixture.minutes(2);
    assert!(fixture.cloud(joiner).is_some());
    fixture.change(|directory, now| directory.delete(joiner, now).unwrap());
    fixture.minutes(2);
    assert!(fixture.cloud(joiner).is_none());
    let verdict = fixture.estate.verdict();
    assert_eq!((verdict.orphans, verdict.unexplained_deletions), (0, 0));
    assert!(!verdict.violations.iter().any(|violation| violation.object == "new@contoso.com"));
}

#[test]
fn a_deletion_before_the_first_import_is_never_seen() {
    let mut fixture = Fixture::new();
    let (leaver, anchor) = (fixture.sales[0], crate::directory::anchor_of(fixture.sales[0]));
    // Somebody synchronized the person before; the job does not know.
    fixture.estate.with_world(|world, now| {
        let attributes = Attributes::new().with("userPrincipalName", "sales0@contoso.com");
        let operation = WriteOperation::Provision { kind: CloudKind::User, attributes };
        let write = ObjectWrite { anchor: anchor.clone(), source: Some(leaver), operation };
        world.write(&crate::Writer::connect("sync01"), &write, now).unwrap();
        world.directory.delete(leaver, now).unwrap();
    });
    fixture.put_units(&[SALES]);
    fixture.start();
    fixture.minutes(3 * 60);
    assert!(fixture.estate.world.tenant.by_anchor(&anchor).is_some());
    assert_eq!(fixture.estate.verdict().orphans, 1);
}

#[test]
fn taking_over_joins_by_anchor_and_rewrites_by_its_own_mappings() {
    let mut fixture = Fixture::new();
    let person = fixture.sales[0];
    let before = fixture.estate.with_world(|world, now| {
        let attributes = Attributes::new()
            .with("userPrincipalName", "alternate@contoso.com")
            .with("department", "set by a rule of Connect");
        let operation = WriteOperation::Provision { kind: CloudKind::User, attributes };
        let write =
            ObjectWrite { anchor: crate::directory::anchor_of(person), source: Some(person), operation };
        world.write(&crate::Writer::connect("sync01"), &write, now).unwrap().id
    });
    fixture.put_units(&[SALES]);
    fixture.start();
    fixture.minutes(2);
    let after = fixture.cloud(person).unwrap();
    assert_eq!(after.id, before);
    assert_eq!(after.attributes.text("userPrincipalName"), Some("sales0@contoso.com"));
    assert!(!after.attributes.has("department"), "an empty source clears");
}

#[test]
fn another_anchor_means_a_conflict_for_users_and_a_double_for_groups() {
    let mut fixture = Fixture::new();
    let (person, group) = (fixture.sales[0], fixture.group);
    fixture.estate.with_world(|world, now| {
        for (source, kind) in [(person, CloudKind::User), (group, CloudKind::Group)] {
            let attributes = match kind {
                CloudKind::User => Attributes::new().with("userPrincipalName", "sales0@contoso.com"),
                _ => Attributes::new().with("displayName", "Everybody"),
            };
            let operation = WriteOperation::Provision { kind, attributes };
            let anchor = crate::directory::anchor_of(Uuid::from_u128(source.as_u128() ^ 1));
            let write = ObjectWrite { anchor, source: Some(source), operation };
            world.write(&crate::Writer::connect("sync01"), &write, now).unwrap();
        }
    });
    fixture.put_units(&[SALES]);
    fixture.start();
    fixture.minutes(2);
    assert_eq!(fixture.live(CloudKind::Group), 2);
    let failed = fixture
        .estate
        .cloud
        .provisioning_log(jiff::Timestamp::MAX)
        .find(|entry| entry.source == person)
        .unwrap();
    assert!(
        matches!(&failed.status, ProvisioningStatus::Failure { code, .. } if code == "AttributeValueMustBeUnique")
    );
    assert_eq!(
        fixture.job().status.last_execution.clone().unwrap().count_escrowed,
        1,
        "tried again at every tick"
    );
    let verdict = fixture.estate.verdict();
    let doubles =
        verdict.violations.iter().filter(|violation| violation.detail.contains("second object")).count();
    assert_eq!(doubles, 1, "{:?}", verdict.violations);
}

#[test]
fn unknown_members_are_left_or_dropped() {
    let run = |mode| {
        let mut fixture = Fixture::new();
        fixture.estate.world.modes.unknown_members = mode;
        // Connect has put everybody in; the job will know the people of one unit only.
        let (group, everybody) = (fixture.group, [fixture.sales[0], fixture.sales[1], fixture.plant[0]]);
        fixture.estate.with_world(|world, now| {
            let writer = crate::Writer::connect("sync01");
            let mut members = Vec::new();
            for source in everybody {
                let name = world
                    .directory
                    .get(source)
                    .unwrap()
                    .attributes
                    .text("userPrincipalName")
                    .unwrap()
                    .to_owned();
                let attributes = Attributes::new().with("userPrincipalName", name);
                let operation = WriteOperation::Provision { kind: CloudKind::User, attributes };
                let write = ObjectWrite {
                    anchor: crate::directory::anchor_of(source),
                    source: Some(source),
                    operation,
                };
                members.push(Value::Reference(world.write(&writer, &write, now).unwrap().id));
            }
            let attributes = [("member".into(), members)].into_iter().collect();
            let operation = WriteOperation::Provision { kind: CloudKind::Group, attributes };
            let write =
                ObjectWrite { anchor: crate::directory::anchor_of(group), source: Some(group), operation };
            world.write(&writer, &write, now).unwrap();
        });
        fixture.put_units(&[SALES]);
        fixture.start();
        fixture.minutes(2);
        let members = fixture.estate.world.tenant.members(fixture.cloud(group).unwrap().id).len();
        (members, fixture.estate.verdict().members_lost)
    };
    assert_eq!(run(UnknownMembers::Left), (3, 0));
    assert_eq!(run(UnknownMembers::Dropped), (2, 1));
}

#[test]
fn members_that_become_known_are_added() {
    let mut fixture = Fixture::serving(&[SALES]);
    let group = fixture.cloud(fixture.group).unwrap().id;
    assert_eq!(fixture.estate.world.tenant.members(group).len(), 2);
    fixture.put_units(&[SALES, PLANT]);
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!(fixture.estate.world.tenant.members(group).len(), 3);
}

#[test]
fn on_demand_is_a_real_write_that_ignores_the_scope() {
    let mut fixture = Fixture::serving(&[SALES]);
    let (principal, job) = (fixture.principal, fixture.job.clone());
    let subject =
        Subject { rule: RULE_ID.to_string(), object: dn(PLANT).child("CN", "plant3"), members: Vec::new() };
    let before = fixture.estate.verdict().surprise_accounts;
    let result = fixture.estate.with_cloud(|cloud, world, now| {
        cloud.provision_on_demand(principal, &job, &subject, world, now).unwrap()
    });
    assert!(result.target.is_some());
    assert_eq!(result.entry.unwrap().action, ProvisioningAction::Create);
    assert!(fixture.cloud(fixture.plant[3]).is_some());
    assert_eq!(fixture.estate.verdict().surprise_accounts, before + 1);
    let missing = Subject { object: dn("CN=nobody,DC=contoso,DC=com"), ..subject.clone() };
    let result = fixture.estate.with_cloud(|cloud, world, now| {
        cloud.provision_on_demand(principal, &job, &missing, world, now).unwrap()
    });
    assert!(result.skipped.is_some());
    let wrong = Subject { rule: "x".to_owned(), ..subject };
    assert!(
        fixture
            .estate
            .with_cloud(|cloud, world, now| cloud.provision_on_demand(principal, &job, &wrong, world, now))
            .is_err()
    );
}

#[test]
fn hashes_have_a_job_of_their_own() {
    let mut fixture = Fixture::serving(&[SALES]);
    let (person, other) = (fixture.sales[0], fixture.sales[1]);
    let version =
        |fixture: &Fixture, id| fixture.cloud(id).unwrap().password.as_ref().map(|password| password.version);
    fixture.minutes(4);
    assert_eq!(version(&fixture, person), None);
    fixture.change(|directory, now| directory.set_password(other, true, now).unwrap());
    fixture.start_hashes();
    fixture.minutes(2);
    assert_eq!(version(&fixture, person), Some(1));
    assert_eq!(version(&fixture, other), None, "must change at the next logon");
    fixture.change(|directory, now| {
        directory.set_password(person, false, now).unwrap();
        directory.set_password(other, false, now).unwrap();
    });
    fixture.pause();
    fixture.minutes(2);
    assert_eq!(version(&fixture, person), Some(2), "the other job's pause does not matter");
    assert_eq!(version(&fixture, other), Some(3));
}

#[test]
fn critical_objects_are_left_out_and_disabled_ones_are_not() {
    let mut fixture = Fixture::new();
    let mut made = Vec::new();
    fixture.change(|directory, now| {
        for (name, critical) in [("Guest", true), ("Former", false)] {
            let attributes = Attributes::new()
                .with("userPrincipalName", format!("{name}@contoso.com"))
                .with("userAccountControl", 514_i64)
                .with("isCriticalSystemObject", critical);
            let new = NewObject { dn: dn(SALES).child("CN", name), class: ObjectClass::User, attributes };
            made.push(directory.create(new, now).unwrap());
        }
    });
    fixture.put_units(&[SALES]);
    fixture.start();
    fixture.minutes(2);
    assert!(fixture.cloud(made[0]).is_none());
    assert_eq!(fixture.cloud(made[1]).unwrap().attributes.boolean("accountEnabled"), Some(false));
}

#[test]
fn failed_exports_stay_and_are_tried_again() {
    let mut fixture = Fixture::serving(&[SALES]);
    let person = fixture.sales[0];
    let anchor = crate::directory::anchor_of(person);
    fixture.estate.world.faults.failing_exports.insert(anchor.clone(), "server busy".to_owned());
    fixture.change(|directory, now| directory.modify(person, title("Boss"), &[], now).unwrap());
    fixture.minutes(4);
    assert_eq!(fixture.cloud(person).unwrap().attributes.text("jobTitle"), Some("Clerk"));
    fixture.estate.world.faults.failing_exports.remove(&anchor);
    fixture.minutes(2);
    assert_eq!(fixture.cloud(person).unwrap().attributes.text("jobTitle"), Some("Boss"));
}

#[test]
fn cloud_managed_objects_refuse_the_job() {
    let mut fixture = Fixture::serving(&[SALES]);
    let person = fixture.sales[0];
    let id = fixture.cloud(person).unwrap().id;
    fixture.estate.with_world(|world, now| {
        world.tenant.edit_by_person(id, now, |object| object.is_cloud_managed = true)
    });
    fixture.change(|directory, now| directory.modify(person, title("Boss"), &[], now).unwrap());
    fixture.minutes(2);
    assert_eq!(fixture.cloud(person).unwrap().attributes.text("jobTitle"), Some("Clerk"));
    let refused = fixture.estate.world.audit().records().iter().any(|record| {
        matches!(&record.event, crate::audit::Event::Refused { reason, .. } if reason.contains("managed in the cloud"))
    });
    assert!(refused);
}

#[test]
fn deleting_a_job_leaves_the_objects() {
    let mut fixture = Fixture::serving(&[SALES]);
    let (principal, job) = (fixture.principal, fixture.job.clone());
    fixture.estate.with_cloud(|cloud, world, now| cloud.delete_job(principal, &job, world, now).unwrap());
    fixture.minutes(60);
    assert_eq!(fixture.live(CloudKind::User), 12);
    assert!(fixture.estate.verdict().longest_unserved.duration >= jiff::SignedDuration::from_mins(60));
}

#[test]
fn every_write_is_in_the_log() {
    let fixture = Fixture::serving(&[SALES]);
    let created =
        fixture.estate.world.audit().writes().filter(|(_, write)| write.outcome == Outcome::Created).count();
    assert_eq!(created, 14);
    assert_eq!(fixture.estate.verdict().objects, 14);
}
