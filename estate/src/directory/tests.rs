use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::value::{Attributes, Value};

fn start() -> Timestamp {
    "2026-11-02T06:00:00Z".parse().unwrap()
}

fn dn(text: &str) -> DistinguishedName {
    text.parse().unwrap()
}

fn later(minutes: i64) -> Timestamp {
    start() + SignedDuration::from_mins(minutes)
}

struct Fixture {
    directory: Directory,
    sales: Uuid,
    jane: Uuid,
    boss: Uuid,
    group: Uuid,
}

fn fixture() -> Fixture {
    let mut directory = Directory::new(&["contoso.com", "emea.contoso.com"], 1, start());
    let mut create = |name: &str, class, attributes| {
        directory.create(NewObject { dn: dn(name), class, attributes }, start()).unwrap()
    };
    let none = Attributes::new;
    let sales = create("OU=Sales,DC=contoso,DC=com", ObjectClass::OrganizationalUnit, none());
    create("OU=Emea,DC=emea,DC=contoso,DC=com", ObjectClass::OrganizationalUnit, none());
    let boss = create("CN=Boss,OU=Emea,DC=emea,DC=contoso,DC=com", ObjectClass::User, none());
    let jane =
        create(r"CN=Doe\, Jane,OU=Sales,DC=contoso,DC=com", ObjectClass::User, none().with("manager", boss));
    let mut members = none();
    members.set("member", vec![Value::Reference(jane), Value::Reference(boss)]);
    let group = create("CN=All,OU=Sales,DC=contoso,DC=com", ObjectClass::Group, members);
    directory.take_changes();
    Fixture { directory, sales, jane, boss, group }
}

#[test]
fn every_change_gets_a_number_of_its_domain() {
    let mut f = fixture();
    let (root, emea) = (f.directory.domains()[0].clone(), f.directory.domains()[1].clone());
    let seen = root.highest_committed_usn();
    f.directory.modify(f.jane, Attributes::new().with("title", "Manager"), &[], later(1)).unwrap();
    let changed: Vec<Uuid> = f.directory.changed_since(&root, seen).map(|object| object.guid).collect();
    assert_eq!(changed, [f.jane]);
    assert_eq!(f.directory.changed_since(&emea, emea.highest_committed_usn()).count(), 0);
    assert_eq!(f.directory.get(f.jane).unwrap().when_changed, later(1));
    let seen = f.directory.domains()[0].highest_committed_usn();
    f.directory.modify(f.jane, Attributes::new().with("title", "Manager"), &[], later(2)).unwrap();
    assert_eq!(f.directory.domains()[0].highest_committed_usn(), seen, "nothing changed, nothing stamped");
}

#[test]
fn links_follow_renames_and_vanish_with_their_target() {
    let mut f = fixture();
    f.directory.rename(f.jane, dn("CN=Jane,OU=Sales,DC=contoso,DC=com"), later(1)).unwrap();
    assert_eq!(f.directory.name_of(f.jane).unwrap(), "CN=Jane,OU=Sales,DC=contoso,DC=com");
    assert!(f.directory.get(f.group).unwrap().attributes.all("member").contains(&Value::Reference(f.jane)));
    let seen = f.directory.domains()[0].highest_committed_usn();
    f.directory.delete(f.boss, later(2)).unwrap();
    assert_eq!(f.directory.get(f.group).unwrap().attributes.all("member"), [Value::Reference(f.jane)]);
    assert!(!f.directory.get(f.jane).unwrap().attributes.has("manager"));
    let root = f.directory.domains()[0].clone();
    let touched: Vec<Uuid> = f.directory.changed_since(&root, seen).map(|object| object.guid).collect();
    assert!(touched.contains(&f.group) && touched.contains(&f.jane));
}

#[test]
fn renaming_a_unit_moves_its_content_without_touching_it() {
    let mut f = fixture();
    let root = f.directory.domains()[0].clone();
    let seen = root.highest_committed_usn();
    f.directory.rename(f.sales, dn("OU=Vertrieb,DC=contoso,DC=com"), later(1)).unwrap();
    assert_eq!(f.directory.name_of(f.jane).unwrap(), r"CN=Doe\, Jane,OU=Vertrieb,DC=contoso,DC=com");
    let changed: Vec<Uuid> = f.directory.changed_since(&root, seen).map(|object| object.guid).collect();
    assert_eq!(changed, [f.sales]);
    assert_eq!(f.directory.under(&dn("OU=Vertrieb,DC=contoso,DC=com")).count(), 3);
    assert_eq!(f.directory.under(&dn("OU=Sales,DC=contoso,DC=com")).count(), 0);
}

#[test]
fn deleted_objects_are_enumerated_and_can_come_back() {
    let mut f = fixture();
    let root = f.directory.domains()[0].clone();
    let seen = root.highest_committed_usn();
    f.directory.delete(f.jane, later(1)).unwrap();
    assert!(f.directory.alive(f.jane).is_none());
    assert!(f.directory.by_dn(&dn(r"CN=Doe\, Jane,OU=Sales,DC=contoso,DC=com")).is_none());
    assert_eq!(f.directory.deleted(&root).map(|object| object.guid).collect::<Vec<_>>(), [f.jane]);
    let changes: Vec<Uuid> = f.directory.changed_since(&root, seen).map(|object| object.guid).collect();
    assert!(changes.contains(&f.jane));
    f.directory.restore(f.jane, later(2)).unwrap();
    assert!(f.directory.alive(f.jane).is_some());
    assert!(!f.directory.get(f.group).unwrap().attributes.all("member").contains(&Value::Reference(f.jane)));
    let kinds: Vec<_> = f.directory.take_changes();
    assert!(matches!(kinds.last(), Some(DirectoryChange::Created { restored: true, .. })));
}

#[test]
fn the_directory_refuses_what_makes_no_sense() {
    let mut f = fixture();
    let new =
        |name: &str| NewObject { dn: dn(name), class: ObjectClass::User, attributes: Attributes::new() };
    let d = &mut f.directory;
    assert!(matches!(
        d.create(new("CN=x,OU=None,DC=contoso,DC=com"), start()),
        Err(DirectoryError::NoContainer(_))
    ));
    assert!(matches!(d.create(new("CN=x,DC=other,DC=com"), start()), Err(DirectoryError::ForeignDomain(_))));
    assert!(matches!(
        d.create(new("cn=ALL,ou=sales,dc=contoso,dc=com"), start()),
        Err(DirectoryError::AlreadyExists(_))
    ));
    assert!(matches!(d.delete(f.sales, start()), Err(DirectoryError::NotEmpty(_))));
    assert!(matches!(
        d.rename(f.jane, dn("CN=J,DC=emea,DC=contoso,DC=com"), start()),
        Err(DirectoryError::ForeignDomain(_))
    ));
    let link = Attributes::new().with("manager", Uuid::from_u128(9));
    assert!(matches!(d.modify(f.jane, link, &[], start()), Err(DirectoryError::BadLink { .. })));
    assert!(matches!(d.set_password(f.group, false, start()), Err(DirectoryError::NoSuchObject(_))));
}

#[test]
fn closed_units_hide_what_lies_below() {
    let mut f = fixture();
    f.directory.set_readable(f.sales, false);
    let readable = |d: &Directory, id| d.is_readable(d.get(id).unwrap());
    assert!(!readable(&f.directory, f.jane));
    assert!(readable(&f.directory, f.boss));
    f.directory.set_readable(f.sales, true);
    assert!(readable(&f.directory, f.jane));
}

#[test]
fn passwords_and_identifiers() {
    let mut f = fixture();
    f.directory.set_password(f.jane, true, later(3)).unwrap();
    let jane = f.directory.get(f.jane).unwrap();
    assert_eq!(jane.password, Some(Password { version: 2, set_at: later(3), must_change: true }));
    assert_eq!(
        anchor_of(Uuid::from_u128(0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF)),
        "MyIRAFVEd2aImaq7zN3u/w=="
    );
    let sids: std::collections::BTreeSet<_> = [f.jane, f.boss, f.group]
        .iter()
        .map(|id| f.directory.get(*id).unwrap().attributes.all("objectSid").to_vec())
        .collect();
    assert_eq!(sids.len(), 3);
}

#[test]
fn every_membership_change_reaches_the_judge() {
    let mut f = fixture();
    assert!(f.directory.remove_member(f.group, f.boss, later(1)).unwrap());
    assert!(!f.directory.remove_member(f.group, f.boss, later(1)).unwrap());
    assert!(f.directory.add_member(f.group, f.boss, later(2)).unwrap());
    let changes = f.directory.take_changes();
    let (group, member) = (f.group, f.boss);
    assert_eq!(
        changes,
        [
            DirectoryChange::MemberRemoved { at: later(1), group, member },
            DirectoryChange::MemberAdded { at: later(2), group, member },
        ]
    );
}

#[test]
fn a_search_in_a_domain_stays_in_it() {
    let f = fixture();
    let names: Vec<String> =
        f.directory.under(&dn("DC=contoso,DC=com")).map(|object| object.dn.to_string()).collect();
    assert!(names.iter().any(|name| name.starts_with("CN=All")));
    assert!(!names.iter().any(|name| name.contains("DC=emea")), "{names:?}");
    assert_eq!(f.directory.under(&dn("OU=Emea,DC=emea,DC=contoso,DC=com")).count(), 2);
}
