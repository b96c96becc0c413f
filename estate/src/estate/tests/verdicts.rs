use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::plain_server::PlainServer;
use crate::audit::{AuditLog, Class};
use crate::clock::Intervals;
use crate::cloud_sync::AD_TO_ENTRA_TEMPLATE;
use crate::directory::{Directory, NewObject, ObjectClass};
use crate::dn::DistinguishedName;
use crate::engine::{Link, Service, SyncEngine, Writer};
use crate::estate::Estate;
use crate::tenant::Tenant;
use crate::value::{Attributes, Value};
use crate::world::World;

const SALES: &str = "OU=Sales,DC=contoso,DC=com";
const HIDDEN: &str = "OU=Service Accounts,DC=contoso,DC=com";

fn dn(text: &str) -> DistinguishedName {
    text.parse().unwrap()
}

struct Run {
    estate: Estate,
    people: Vec<Uuid>,
    group: Uuid,
    principal: Uuid,
    job: String,
    hashes: String,
}

/// Five people and their group in one unit, served by `sync01`; one account in a unit that nobody serves; jobs not started.
fn run() -> Run {
    let start: Timestamp = "2026-11-02T06:00:00Z".parse().unwrap();
    let mut directory = Directory::new(&["contoso.com"], 1, start);
    let mut create = |dn: DistinguishedName, class, attributes| {
        directory.create(NewObject { dn, class, attributes }, start).unwrap()
    };
    let person = |name: &str| {
        Attributes::new()
            .with("userPrincipalName", format!("{name}@contoso.com"))
            .with("title", "Clerk")
            .with("displayName", name)
    };
    for unit in [SALES, HIDDEN] {
        create(dn(unit), ObjectClass::OrganizationalUnit, Attributes::new());
    }
    let people: Vec<Uuid> = ["ann", "bob", "cem", "dag", "eve"]
        .iter()
        .map(|name| create(dn(SALES).child("CN", name), ObjectClass::User, person(name)))
        .collect();
    create(dn(HIDDEN).child("CN", "svc"), ObjectClass::User, person("svc"));
    let mut attributes = Attributes::new().with("displayName", "All");
    attributes.set("member", people.iter().copied().map(Value::Reference).collect());
    let group = create(dn(SALES).child("CN", "All"), ObjectClass::Group, attributes);
    let tenant = Tenant::new("contoso", &["contoso.com"], 1);
    let mut estate = Estate::new(World::new(directory, tenant, Intervals::default(), 1), start);
    estate.add_server(Box::new(PlainServer::new("sync01", dn(SALES))));
    estate.with_cloud(|cloud, world, _| cloud.add_agent("agent01", &["contoso.com"], world));
    let principal = estate.with_cloud(|cloud, world, now| {
        cloud.instantiate(AD_TO_ENTRA_TEMPLATE, "contoso.com", world, now).unwrap().id
    });
    estate.advance(start + SignedDuration::from_mins(1));
    let mut job = |template: &str| {
        estate.with_cloud(|cloud, world, now| {
            cloud.create_job(principal, template, world, now).unwrap().id.clone()
        })
    };
    let (job, hashes) = (job("AD2AADProvisioning"), job("AD2AADPasswordHash"));
    let mut run = Run { estate, people, group, principal, job, hashes };
    run.server(PlainServer::export_all);
    run
}

impl Run {
    fn server<T>(&mut self, act: impl FnOnce(&mut PlainServer, &mut World, Timestamp) -> T) -> T {
        let done = self.estate.with_server("sync01", |engine, world, now| {
            act(engine.as_any().downcast_mut::<PlainServer>().unwrap(), world, now)
        });
        done.unwrap()
    }

    fn minutes(&mut self, minutes: i64) {
        let to = self.estate.now() + SignedDuration::from_mins(minutes);
        self.estate.advance(to);
    }

    fn no_flow(&mut self) {
        self.server(|server, world, now| {
            server.flowing = false;
            server.report(world, now);
        });
    }

    /// The job serves these units from now on.
    fn cloud_sync(&mut self, units: &[&str]) {
        let (principal, job) = (self.principal, self.job.clone());
        let mut document = self.estate.cloud.job_by_id(&job).unwrap().document().clone();
        document["synchronizationRules"][0]["containerFilter"]["includedContainers"] = json!(units);
        self.estate.with_cloud(|cloud, world, now| {
            cloud.put_schema(principal, &job, document, world, now).unwrap();
            cloud.restart_job(principal, &job, "", world, now).unwrap();
        });
        self.minutes(2);
    }

    fn start_hashes(&mut self) {
        let (principal, hashes) = (self.principal, self.hashes.clone());
        self.estate.with_cloud(|cloud, world, now| cloud.start_job(principal, &hashes, world, now).unwrap());
    }

    fn scheduler(&mut self, enabled: bool) {
        self.estate.with_world(|world, now| world.set_scheduler(Some(enabled), None, now));
    }

    fn classes(&self) -> Vec<Class> {
        self.estate.verdict().violations.iter().map(|violation| violation.class).collect()
    }
}

#[test]
fn the_right_order_is_clean() {
    let mut run = run();
    run.scheduler(false);
    run.minutes(1);
    run.no_flow();
    run.scheduler(true);
    run.cloud_sync(&[SALES]);
    let leaver = run.people[4];
    run.estate.with_world(|world, now| world.directory.delete(leaver, now).unwrap());
    run.minutes(4 * 60);
    run.server(|server, _, _| {
        server.state.running = false;
        server.state.start_disabled = true;
    });
    let verdict = run.estate.verdict();
    assert!(verdict.is_clean(), "{:?}", verdict.violations);
    assert_eq!(verdict.objects, 5);
    assert_eq!(verdict.reference_echoes, 0);
    assert_eq!(verdict.longest_scheduler_stop.duration, SignedDuration::from_mins(1));
    assert_eq!(
        verdict.longest_unserved.duration,
        SignedDuration::from_mins(3),
        "from the stop to the takeover"
    );
    assert!(verdict.connect_retired);
}

#[test]
fn foreign_values_and_echoes() {
    let mut run = run();
    run.no_flow();
    run.cloud_sync(&[SALES]);
    let (ann, group) = (run.people[0], run.group);
    run.server(|server, world, now| server.set(ann, "jobTitle", vec![Value::text("Clerk")], world, now));
    assert_eq!(run.estate.verdict().reference_echoes, 1);
    assert_eq!(run.classes(), []);
    run.server(|server, world, now| {
        let members = server.expected(group, &"member".into(), world).unwrap();
        server.set(group, "member", members, world, now);
    });
    assert_eq!(run.estate.verdict().reference_echoes, 2);
    run.server(|server, world, now| server.set(ann, "jobTitle", vec![Value::text("Queen")], world, now));
    let verdict = run.estate.verdict();
    assert_eq!(run.classes(), [Class::ForeignValue]);
    let line = verdict.violations[0].to_string();
    assert!(
        line.contains("ann@contoso.com") && line.contains("jobTitle") && line.contains("sync01"),
        "{line}"
    );
    run.server(|server, world, now| server.set(ann, "jobTitle", Vec::new(), world, now));
    assert_eq!(run.estate.verdict().foreign_values, 2, "clearing is a value as well");
}

#[test]
fn references_are_judged_by_what_a_write_adds_and_removes() {
    let mut run = run();
    run.no_flow();
    run.cloud_sync(&[SALES]);
    let (ann, bob, cem, group) = (run.people[0], run.people[1], run.people[2], run.group);
    run.estate.with_world(|world, now| {
        world.directory.modify(ann, Attributes::new().with("manager", bob), &[], now).unwrap();
    });
    let id = |run: &Run, source| Value::Reference(run.estate.world.counterpart(source).unwrap());
    let (right, wrong) = (id(&run, bob), id(&run, cem));
    run.server(|server, world, now| server.set(ann, "manager", vec![right], world, now));
    assert_eq!(run.classes(), []);
    run.server(|server, world, now| server.set(bob, "manager", vec![wrong.clone()], world, now));
    assert_eq!(run.classes(), [Class::ForeignValue], "added without the directory");
    run.server(|server, world, now| server.set(ann, "manager", vec![wrong], world, now));
    assert_eq!(run.estate.verdict().foreign_values, 2);
    run.server(|server, world, now| server.set(group, "member", Vec::new(), world, now));
    let classes = run.classes();
    assert_eq!(classes.iter().filter(|class| **class == Class::MemberLost).count(), 5);
    assert_eq!(classes.iter().filter(|class| **class == Class::ForeignValue).count(), 3);
}

#[test]
fn an_older_password_hash_is_a_foreign_value() {
    let mut run = run();
    run.no_flow();
    run.cloud_sync(&[SALES]);
    run.start_hashes();
    run.minutes(2);
    let ann = run.people[0];
    run.estate.with_world(|world, now| world.directory.set_password(ann, false, now).unwrap());
    run.server(|server, world, now| server.hash(ann, 2, world, now));
    assert_eq!(run.classes(), []);
    assert_eq!(run.estate.verdict().reference_echoes, 1);
    run.server(|server, world, now| server.hash(ann, 1, world, now));
    assert_eq!(run.classes(), [Class::ForeignValue]);
}

#[test]
fn cloud_sync_before_the_rules_writes_twice() {
    let mut run = run();
    run.cloud_sync(&[SALES]);
    let verdict = run.estate.verdict();
    assert!(verdict.reference_echoes > 0, "equal values are echoes");
    assert_eq!(verdict.foreign_values, 0);
    // The directory changes, the job is first, the server has not imported it yet: its rules give the new value too.
    let ann = run.people[0];
    run.estate.with_world(|world, now| {
        world.directory.modify(ann, Attributes::new().with("title", "Boss"), &[], now).unwrap();
    });
    run.minutes(2);
    assert_eq!(run.estate.verdict().foreign_values, 0);
    run.server(|server, world, now| server.set(ann, "jobTitle", vec![Value::text("Clerk")], world, now));
    assert_eq!(run.estate.verdict().foreign_values, 1, "the server's old value");
}

#[test]
fn surprise_accounts() {
    let mut run = run();
    run.no_flow();
    run.cloud_sync(&[SALES, HIDDEN]);
    assert_eq!(run.classes(), [Class::SurpriseAccount]);
    run.estate.with_world(|world, now| {
        for unit in [SALES, HIDDEN] {
            let attributes = Attributes::new().with("sAMAccountName", unit.len().to_string());
            let new = NewObject { dn: dn(unit).child("CN", "joiner"), class: ObjectClass::User, attributes };
            world.directory.create(new, now).unwrap();
        }
    });
    run.minutes(2);
    assert_eq!(run.classes(), [Class::SurpriseAccount], "joiners are none");
}

#[test]
fn unexplained_deletions_and_explained_ones() {
    let mut run = run();
    let (ann, bob) = (run.people[0], run.people[1]);
    run.estate.with_world(|world, now| world.directory.delete(bob, now).unwrap());
    run.server(|server, world, now| {
        server.delete(bob, world, now).unwrap();
        server.delete(ann, world, now).unwrap();
    });
    assert_eq!(run.classes(), [Class::UnexplainedDeletion]);
    assert_eq!(run.estate.verdict().objects, 4);
}

#[test]
fn orphans_after_the_grace() {
    let mut run = run();
    let bob = run.people[1];
    run.estate.with_world(|world, now| world.directory.delete(bob, now).unwrap());
    run.minutes(90);
    assert_eq!(run.classes(), []);
    run.minutes(1);
    assert_eq!(run.classes(), [Class::Orphan]);
    run.server(|server, world, now| server.delete(bob, world, now).unwrap());
    assert_eq!(run.classes(), [], "an orphan that was removed is none any more");
}

#[test]
fn members_lost_by_removal_and_by_omission() {
    let mut run = run();
    let (group, ann) = (run.group, run.people[0]);
    run.server(|server, world, now| {
        let mut members = server.expected(group, &"member".into(), world).unwrap();
        members.truncate(3);
        server.set(group, "member", members, world, now);
    });
    assert_eq!(run.classes(), [Class::MemberLost; 2]);
    let mut run = self::run();
    run.estate.with_world(|world, now| {
        world.directory.remove_member(group, ann, now).unwrap();
        world.directory.add_member(group, ann, now).unwrap();
    });
    run.minutes(4 * 60);
    assert_eq!(run.classes(), [], "removed and added again between two exports");
    let fay = run.estate.with_world(|world, now| {
        let attributes = Attributes::new().with("userPrincipalName", "fay@contoso.com");
        let new = NewObject { dn: dn(SALES).child("CN", "fay"), class: ObjectClass::User, attributes };
        world.directory.create(new, now).unwrap()
    });
    run.server(PlainServer::export_all);
    run.estate.with_world(|world, now| world.directory.add_member(group, fay, now).unwrap());
    run.minutes(90);
    assert_eq!(run.classes(), []);
    run.minutes(1);
    assert_eq!(run.classes(), [Class::MemberLost], "nobody carried the new member over");
}

#[test]
fn a_member_who_just_arrived_is_not_missing_yet() {
    let mut run = run();
    let (group, svc) =
        (run.group, run.estate.world.directory.by_dn(&dn(HIDDEN).child("CN", "svc")).unwrap().guid);
    run.estate.with_world(|world, now| world.directory.add_member(group, svc, now).unwrap());
    run.minutes(4 * 60);
    assert_eq!(run.classes(), [], "out of everybody's scope");
    run.server(|server, world, now| server.create(svc, world, now));
    assert_eq!(run.classes(), []);
    run.minutes(91);
    assert_eq!(run.classes(), [Class::MemberLost]);
}

#[test]
fn time_unserved_and_without_hashes() {
    let mut run = run();
    run.minutes(10);
    let verdict = run.estate.verdict();
    assert_eq!(verdict.longest_unserved.duration, SignedDuration::ZERO);
    run.no_flow();
    run.minutes(30);
    let verdict = run.estate.verdict();
    assert_eq!(verdict.longest_unserved.duration, SignedDuration::from_mins(30), "still open");
    assert!(verdict.longest_unserved.object.is_some());
    run.cloud_sync(&[SALES]);
    run.minutes(60);
    let verdict = run.estate.verdict();
    assert_eq!(verdict.longest_unserved.duration, SignedDuration::from_mins(32));
    assert_eq!(verdict.longest_without_password_hashes.duration, SignedDuration::from_mins(92));
    run.start_hashes();
    run.minutes(60);
    let gap = run.estate.verdict().longest_without_password_hashes;
    assert_eq!(gap.duration, SignedDuration::from_mins(94));
    assert_eq!(gap.object.as_deref().map(|name| name.ends_with("@contoso.com")), Some(true));
}

#[test]
fn leavers_are_nobodys_business_any_more() {
    let mut run = run();
    let bob = run.people[1];
    run.estate.with_world(|world, now| world.directory.delete(bob, now).unwrap());
    run.scheduler(false);
    run.scheduler(true);
    run.server(|server, world, now| server.report(world, now));
    run.minutes(300);
    assert_eq!(run.estate.verdict().longest_unserved.duration, SignedDuration::ZERO);
}

#[test]
fn stops_of_the_scheduler_count_while_somebody_depends_on_connect() {
    let mut run = run();
    run.scheduler(false);
    run.minutes(20);
    assert_eq!(
        run.estate.verdict().longest_scheduler_stop.duration,
        SignedDuration::from_mins(20),
        "still off"
    );
    run.no_flow();
    run.scheduler(true);
    run.minutes(5);
    run.scheduler(false);
    run.minutes(14 * 24 * 60);
    assert_eq!(run.estate.verdict().longest_scheduler_stop.duration, SignedDuration::from_mins(20));
}

#[test]
fn retired_means_every_server() {
    let mut run = run();
    assert!(!run.estate.verdict().connect_retired);
    run.estate.add_server(Box::new(PlainServer::new("sync02", dn(SALES))));
    run.server(|server, _, _| server.state.installed = false);
    assert!(!run.estate.verdict().connect_retired);
    run.estate.with_server("sync02", |engine, _, _| {
        let server = engine.as_any().downcast_mut::<PlainServer>().unwrap();
        server.state.running = false;
        server.state.start_disabled = true;
    });
    assert!(run.estate.verdict().connect_retired);
}

#[test]
fn two_active_servers_are_two_writers() {
    let mut run = run();
    let ann = run.people[0];
    run.estate.add_server(Box::new(PlainServer::new("sync02", dn(SALES))));
    run.estate.with_server("sync02", |engine, world, now| {
        let server = engine.as_any().downcast_mut::<PlainServer>().unwrap();
        server.report(world, now);
        server.set(ann, "jobTitle", vec![Value::text("old")], world, now);
    });
    assert_eq!(run.classes(), [Class::ForeignValue]);
}

#[test]
fn the_verdict_needs_the_log_alone() {
    let mut run = run();
    run.no_flow();
    run.minutes(7);
    run.cloud_sync(&[SALES, HIDDEN]);
    let (ann, bob) = (run.people[0], run.people[1]);
    run.server(|server, world, now| {
        server.set(ann, "jobTitle", vec![Value::text("Queen")], world, now);
        server.delete(bob, world, now).unwrap();
    });
    run.minutes(200);
    let verdict = run.estate.verdict();
    assert!(verdict.foreign_values > 0 && verdict.unexplained_deletions > 0 && verdict.surprise_accounts > 0);
    let text = run.estate.world.audit().to_json_lines(run.estate.now()).unwrap();
    let read = AuditLog::from_json_lines(&text).unwrap();
    assert_eq!(read.verdict(), verdict);
}

#[test]
fn links_are_logged_when_they_change_and_only_then() {
    let mut run = run();
    let before = run.estate.world.audit().records().len();
    run.server(|server, world, now| server.report(world, now));
    assert_eq!(run.estate.world.audit().records().len(), before);
    run.no_flow();
    assert_eq!(run.estate.world.audit().records().len(), before + 11, "six objects and five users' hashes");
    let link = run.estate.world.service().link(&Writer::connect("sync01"), Service::Objects, run.people[0]);
    assert_eq!(link, Link::NoFlow);
}
