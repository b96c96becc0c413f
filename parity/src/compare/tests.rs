//! Comparison: one case for each class, then everything at once.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::*;
use crate::fixture::{anchor, cloud, graph, graph_user, identifier, key, listed, listing, user, users};
use crate::{AttributeDigest, DigestKey, ListedObject, ObjectType};

fn options(expectation: Expectation) -> CompareOptions {
    CompareOptions { expectation, orphans: OrphanSearch::Off }
}

fn compared(objects: Vec<ListedObject>, cloud: &CloudIndex) -> ParityReport {
    compare(&listing(objects), cloud, &options(Expectation::ExportedByConnect)).unwrap()
}

/// The classes that were found, with their counts.
fn classes(report: &ParityReport) -> Vec<(Class, u64)> {
    report.classes.iter().map(|(class, found)| (*class, found.count)).collect()
}

fn changed(change: impl FnOnce(&mut ListedObject)) -> ListedObject {
    let mut object = user(1);
    change(&mut object);
    object
}

#[test]
fn equal_sides_are_clean() {
    let members = |index: &[u32]| -> Vec<Json> {
        index.iter().map(|number| json!({"id": format!("id-{number}")})).collect()
    };
    let mut group = listed(ObjectType::Group, 9);
    group.members = Some(key().members([&user(1).key, &user(2).key]));
    let mut report_to = user(2);
    report_to.manager = Some(key().reference(Some(&user(1).key)));
    let mut cloud_group = graph(ObjectType::Group, 9);
    cloud_group["members"] = json!(members(&[2, 1]));
    let index = cloud(&[
        (ObjectType::User, graph(ObjectType::User, 1)),
        (ObjectType::User, graph_user(2, &json!({"manager": {"id": "id-1"}}))),
        (ObjectType::Group, cloud_group),
        (ObjectType::Contact, graph(ObjectType::Contact, 5)),
    ]);
    let report = compared(vec![user(1), report_to, group, listed(ObjectType::Contact, 5)], &index);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.epoch, report.objects, report.attributes), (7, 4, 6));
    assert!(report.not_comparable.is_empty());
}

/// Name, directory side, cloud side, what is found.
type Case = (&'static str, Vec<ListedObject>, CloudIndex, Vec<(Class, u64)>);

#[test]
fn each_class_is_told_apart() {
    let here = || graph_user(1, &json!({}));
    let there = |changes: Json| users(&[graph_user(1, &changes)]);
    let other_anchor = || json!({"onPremisesImmutableId": anchor(9).as_str()});
    let twice = || users(&[here(), graph_user(1, &json!({"id": "second"}))]);
    let contacts = || cloud(&[(ObjectType::Contact, graph(ObjectType::Contact, 1))]);
    let table: Vec<Case> = vec![
        ("missing", vec![user(1)], users(&[]), vec![(Class::Missing, 1)]),
        ("a joiner", vec![changed(|object| object.created_recently = true)], users(&[]), vec![]),
        ("not exported", vec![changed(|object| object.exported = false)], users(&[]), vec![]),
        (
            "exported by nobody",
            vec![changed(|object| object.exported = false)],
            users(&[here()]),
            vec![(Class::Extra, 1)],
        ),
        (
            "a cloud account with this anchor",
            vec![changed(|object| object.exported = false)],
            there(json!({"onPremisesSyncEnabled": null})),
            vec![],
        ),
        ("twice in the cloud", vec![user(1)], twice(), vec![(Class::Extra, 1)]),
        ("twice in the directory", vec![user(1), user(1)], users(&[here()]), vec![(Class::Anchor, 2)]),
        (
            "another display name",
            vec![user(1)],
            there(json!({"displayName": "X"})),
            vec![(Class::Attribute, 1)],
        ),
        (
            "no longer synchronised",
            vec![user(1)],
            there(json!({"onPremisesSyncEnabled": false})),
            vec![(Class::Attribute, 1)],
        ),
        (
            "same security identifier, other anchor",
            vec![user(1)],
            there(other_anchor()),
            vec![(Class::Anchor, 1)],
        ),
        (
            "Connect exported another anchor",
            vec![changed(|object| {
                object.exported_anchor = Some(anchor(9));
                object.security_identifier = None;
            })],
            there(other_anchor()),
            vec![(Class::Anchor, 1)],
        ),
        (
            "the computed anchor is another",
            vec![changed(|object| object.exported_anchor = Some(anchor(9)))],
            users(&[here()]),
            vec![(Class::Anchor, 1)],
        ),
        (
            "no key",
            vec![changed(|object| object.key = ObjectKey::Unkeyed("x".to_owned()))],
            users(&[here()]),
            vec![(Class::Unkeyed, 1)],
        ),
        (
            "two contacts with one address",
            vec![listed(ObjectType::Contact, 1), listed(ObjectType::Contact, 1)],
            contacts(),
            vec![(Class::Unkeyed, 2)],
        ),
    ];
    for (name, objects, cloud, expected) in table {
        assert_eq!(classes(&compared(objects, &cloud)), expected, "{name}");
    }
}

#[test]
fn members_and_managers_are_compared_by_key() {
    let index = |members: Json, manager: Json| {
        let mut group = graph(ObjectType::Group, 9);
        group["members"] = members;
        cloud(&[
            (ObjectType::User, graph_user(1, &json!({"manager": manager}))),
            (ObjectType::User, graph(ObjectType::User, 2)),
            (ObjectType::Group, group),
        ])
    };
    let group = || {
        let mut group = listed(ObjectType::Group, 9);
        group.members = Some(key().members([&user(1).key, &user(2).key]));
        group
    };
    let managed = || changed(|object| object.manager = Some(key().reference(Some(&user(2).key))));
    let full = json!([{"id": "id-1"}, {"id": "id-2"}]);

    let report = compared(vec![group(), managed()], &index(full.clone(), json!({"id": "id-2"})));
    assert!(report.is_clean());
    let report = compared(vec![group(), managed()], &index(json!([{"id": "id-1"}]), json!(null)));
    assert_eq!(classes(&report), [(Class::Attribute, 1), (Class::Membership, 1)]);
    assert_eq!(report.by_attribute, BTreeMap::from([("manager".to_owned(), 1), ("members".to_owned(), 1)]));
    // Members or a manager that were not read prove nothing in either direction, as long as there are as many.
    let unknown = json!([{"id": "x"}, {"id": "id-1"}]);
    let report = compared(vec![group(), managed()], &index(unknown, json!({"id": "x"})));
    assert_eq!(classes(&report), [(Class::Unkeyed, 2)]);
    assert!(report.by_attribute.is_empty());
    assert_eq!(report.not_comparable, BTreeMap::from([("manager".to_owned(), 1), ("members".to_owned(), 1)]));
}

#[test]
fn what_cannot_be_compared_is_counted() {
    let object = changed(|object| {
        object.attributes.insert("homePhone".to_owned(), AttributeDigest::Absent);
        object.attributes.insert("city".to_owned(), AttributeDigest::Absent);
        object.unpredictable.insert("mail".to_owned());
    });
    let report = compared(vec![object], &users(&[graph_user(1, &json!({}))]));
    assert!(report.is_clean());
    assert_eq!(report.attributes, 1);
    let names: Vec<&str> = report.not_comparable.keys().map(String::as_str).collect();
    assert_eq!(names, ["city", "homePhone", "mail"]);
}

#[test]
fn the_expectation_decides_what_must_be_there() {
    let cases = [
        (changed(|object| object.exported = false), 0, 1),
        (changed(|object| object.disposition = Disposition::OutOfScope), 1, 0),
        (changed(|object| object.disposition = Disposition::NotMapped), 1, 0),
        (changed(|object| object.critical = true), 1, 0),
        (changed(|object| object.disposition = Disposition::Unpredictable { reason: String::new() }), 1, 1),
        (
            changed(|object| {
                object.exported = false;
                object.disposition = Disposition::Unpredictable { reason: String::new() };
            }),
            0,
            0,
        ),
    ];
    for (object, by_connect, by_cloud_sync) in cases {
        let whole = listing(vec![object.clone()]);
        for (expectation, expected) in [
            (Expectation::ExportedByConnect, by_connect),
            (Expectation::ProvisionedByCloudSync, by_cloud_sync),
        ] {
            let report = compare(&whole, &users(&[]), &options(expectation)).unwrap();
            assert_eq!(report.count(Class::Missing), expected, "{expectation:?} {object:?}");
        }
    }
}

#[test]
fn orphans_are_found_where_they_are_looked_for() {
    let mut keyless = graph_user(6, &json!({"onPremisesImmutableId": null}));
    keyless["id"] = json!("id-6");
    let index = users(&[
        graph_user(1, &json!({})),
        graph_user(2, &json!({})),
        graph_user(3, &json!({})),
        graph_user(4, &json!({"onPremisesSyncEnabled": false})),
        // The same person as 1 by security identifier is not an orphan.
        graph_user(5, &json!({"onPremisesImmutableId": anchor(55).as_str()})),
        keyless,
    ]);
    let found = |orphans: OrphanSearch| {
        let options = CompareOptions { expectation: Expectation::ExportedByConnect, orphans };
        compare(&listing(vec![user(1), user(5)]), &index, &options).unwrap()
    };
    assert_eq!(classes(&found(OrphanSearch::Off)), [(Class::Anchor, 1)]);
    let among: BTreeSet<ObjectKey> = [1, 2, 4, 7].map(|number| user(number).key).into();
    let report = found(OrphanSearch::Among(among));
    assert_eq!(classes(&report), [(Class::Orphan, 1), (Class::Anchor, 1)]);
    assert_eq!(report.classes[&Class::Orphan].sample, BTreeSet::from([user(2).key]));
    let report = found(OrphanSearch::WholeTenant { elsewhere: BTreeSet::from([user(3).key]) });
    assert_eq!(classes(&report), [(Class::Orphan, 1), (Class::Anchor, 1), (Class::Unkeyed, 1)]);
}

#[test]
fn digests_of_two_keys_are_not_compared() {
    let other = DigestKey::new([1; 32]);
    let index = CloudIndex::new(&other, []);
    let expected = CompareError::KeyDiffers { cloud: other.id(), listing: key().id() };
    assert_eq!(
        compare(&listing(vec![]), &index, &options(Expectation::ExportedByConnect)),
        Err(expected.clone())
    );
    assert_eq!(crate::predict(&listing(vec![]), &index, &BTreeSet::new()), Err(expected));
}

#[test]
fn the_baseline_is_subtracted() {
    let report = |names: [&str; 3]| {
        let objects: Vec<Json> = names
            .iter()
            .zip(1..)
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, number)| graph_user(number, &json!({"displayName": *name})))
            .collect();
        compared(vec![user(1), user(2), user(3)], &users(&objects))
    };
    let (before, after) = (report(["X", "Name 2", ""]), report(["Y", "X", "Name 3"]));
    let delta = against_baseline(&before, &after);
    assert!(delta.exact);
    assert_eq!(delta.new_of(Class::Attribute), 1, "the second; the first was wrong before");
    assert_eq!(delta.classes[&Class::Missing].gone, 1);
    assert!(!delta.is_clean());
    assert!(against_baseline(&after, &after).is_clean());
    let text = serde_json::to_string(&before).unwrap();
    let again: ParityReport = serde_json::from_str(&text).unwrap();
    assert_eq!(against_baseline(&again, &after), delta, "a baseline survives JSON");
}

/// Half of a hundred thousand objects: counts stay exact, samples and remembered findings bounded.
#[test]
fn a_hundred_thousand_objects_are_compared() {
    const COUNT: u32 = 100_000;
    let index = users(
        &(0..COUNT)
            .filter(|number| number % 2 == 0)
            .map(|number| graph_user(number, &json!({})))
            .collect::<Vec<_>>(),
    );
    let whole = listing((0..COUNT).map(user).collect());
    let options = CompareOptions {
        expectation: Expectation::ExportedByConnect,
        orphans: OrphanSearch::WholeTenant { elsewhere: BTreeSet::new() },
    };
    let report = compare(&whole, &index, &options).unwrap();
    assert_eq!(classes(&report), [(Class::Missing, 50_000)]);
    assert_eq!(report.classes[&Class::Missing].sample.len(), crate::finding::SAMPLE_LIMIT);
    let delta = against_baseline(&report, &report);
    assert!(!delta.exact);
    assert_eq!(delta.classes[&Class::Missing].already, 10_000);
    assert_eq!(delta.new_of(Class::Missing), 40_000, "an upper bound: what was only counted is not excused");
    assert_eq!(crate::predict(&whole, &index, &BTreeSet::new()).unwrap().creations.count, 50_000);
}

#[test]
fn an_identifier_finds_a_group_that_has_none_of_its_own_doubles() {
    let index = cloud(&[(ObjectType::Group, graph(ObjectType::Group, 9))]);
    assert_eq!(index.find(&ObjectKey::Sid(identifier(9))).count(), 1);
    let mut group = listed(ObjectType::Group, 9);
    group.exported_anchor = Some(anchor(1));
    assert_eq!(classes(&compared(vec![group], &index)), [(Class::Anchor, 1)], "groups have anchors too");
}
