use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::clock::Intervals;
use crate::directory::{Directory, ObjectClass};
use crate::dn::DistinguishedName;
use crate::tenant::Tenant;
use crate::value::Value;
use crate::world::World;

fn start() -> Timestamp {
    "2026-11-02T06:00:00Z".parse().unwrap()
}

fn demo() -> Directory {
    Organisation::demo().build(7, start()).unwrap()
}

fn count(directory: &Directory, class: ObjectClass) -> usize {
    directory.iter().filter(|object| object.class == class).count()
}

#[test]
fn the_demo_has_the_promised_size() {
    let directory = demo();
    assert_eq!(count(&directory, ObjectClass::User), 1_200 + 24);
    assert_eq!(count(&directory, ObjectClass::Group), 80);
    assert_eq!(count(&directory, ObjectClass::Contact), 40);
    assert_eq!(count(&directory, ObjectClass::Computer), 20);
    assert_eq!(directory.domains().len(), 2);
    assert_eq!(directory.forest_name(), "contoso.com");
}

#[test]
fn references_cross_units_and_domains() {
    let directory = demo();
    let unit = |dn: &DistinguishedName| dn.depth();
    let mut domains = 0;
    let mut units = 0;
    let mut nested = 0;
    for group in directory.iter().filter(|object| object.class == ObjectClass::Group) {
        let home = group.dn.parent().unwrap();
        for member in group.attributes.all("member").iter().filter_map(Value::as_reference) {
            let member = directory.get(member).unwrap();
            domains += usize::from(member.dn.domain() != group.dn.domain());
            units += usize::from(!member.dn.is_under(&home) && member.dn.domain() == group.dn.domain());
            nested += usize::from(member.class == ObjectClass::Group);
        }
        assert!(unit(&group.dn) >= 3);
    }
    assert!(domains > 20 && units > 100 && nested > 2, "{domains} {units} {nested}");
    let managed = directory.iter().filter(|object| object.attributes.has("manager")).count();
    assert!(managed > 1_190, "{managed}");
}

#[test]
fn the_pilot_refers_to_nobody_else() {
    let directory = demo();
    let pilot: DistinguishedName = "OU=Pilot,DC=contoso,DC=com".parse().unwrap();
    let mut references = 0;
    for object in directory.under(&pilot) {
        for target in ["member", "manager"].iter().flat_map(|name| object.attributes.all(name)) {
            let target = directory.get(target.as_reference().unwrap()).unwrap();
            assert!(target.dn.is_under(&pilot), "{} refers to {}", object.dn, target.dn);
            references += 1;
        }
    }
    assert!(references > 100, "{references}");
}

#[test]
fn names_are_unique_and_some_need_escapes() {
    let directory = demo();
    let people: Vec<_> = directory.iter().filter(|object| object.class == ObjectClass::User).collect();
    let names: BTreeSet<_> = people.iter().filter_map(|p| p.attributes.text("userPrincipalName")).collect();
    assert_eq!(names.len(), people.len());
    assert!(people.iter().any(|person| person.dn.to_string().contains("\\,")));
}

#[test]
fn the_same_seed_gives_the_same_people() {
    let list =
        |directory: Directory| directory.iter().map(|o| (o.guid, o.dn.to_string())).collect::<Vec<_>>();
    assert_eq!(list(demo()), list(demo()));
    assert_ne!(list(demo()), list(Organisation::demo().build(8, start()).unwrap()));
}

#[test]
fn an_inclusion_list_is_filled_evenly() {
    let list: Vec<DistinguishedName> =
        ["OU=A,DC=fabrikam,DC=net", "OU=Deep,OU=B,DC=fabrikam,DC=net", "OU=In,OU=A,DC=fabrikam,DC=net"]
            .iter()
            .map(|dn| dn.parse().unwrap())
            .collect();
    let size = Size { users: 11, groups: 2, contacts: 3, computers: 1 };
    let directory = Organisation::filling(&list, size, "fabrikam.net").build(1, start()).unwrap();
    assert_eq!(count(&directory, ObjectClass::User), 11);
    assert_eq!(directory.under(&list[1]).filter(|o| o.class == ObjectClass::User).count(), 5);
    assert_eq!(directory.forest_name(), "fabrikam.net");
}

#[test]
fn everyday_life_happens_on_time_and_to_everybody_in_turn() {
    let directory = demo();
    let tenant = Tenant::new("contoso", &["contoso.com"], 1);
    let mut world = World::new(directory, tenant, Intervals::default(), 1);
    let units = Organisation::demo().units;
    let life = EverydayLife {
        every: SignedDuration::from_mins(1),
        changes: 30,
        units: units.iter().take(5).map(|unit| unit.dn.clone()).collect(),
        suffix: "contoso.com".to_owned(),
    };
    let mut script = Script::everyday(&life, 3, start());
    let end = start() + SignedDuration::from_mins(12);
    script.advance(end, &mut world);
    assert_eq!(script.remaining(), 18);
    assert_eq!(script.next_due(), Some(start() + SignedDuration::from_mins(13)));
    script.advance(start() + SignedDuration::from_hours(1), &mut world);
    assert_eq!(script.remaining(), 0);
    assert!(script.done().len() >= 28, "{:?}", script.done());
    // Five joined, five left.
    assert_eq!(count(&world.directory, ObjectClass::User), 1_224);
    let gone =
        world.directory.domains().to_vec().iter().map(|d| world.directory.deleted(d).count()).sum::<usize>();
    assert_eq!(gone, 5);
}
