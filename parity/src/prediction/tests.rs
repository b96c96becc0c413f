//! Prediction: what would be created, rewritten, cleared, doubled or left without an engine.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::*;
use crate::fixture::{anchor, cloud, graph, graph_user, key, listed, listing, user, users};
use crate::mapping::Disposition;
use crate::{AttributeDigest, ListedObject, ObjectKey, ObjectType};

fn predicted(objects: Vec<ListedObject>, cloud: &CloudIndex) -> Prediction {
    predict(&listing(objects), cloud, &BTreeSet::new()).unwrap()
}

fn changed(change: impl FnOnce(&mut ListedObject)) -> ListedObject {
    let mut object = user(1);
    change(&mut object);
    object
}

fn here() -> CloudIndex {
    users(&[graph_user(1, &json!({}))])
}

/// The names of the parts that are not empty.
fn parts(prediction: &Prediction) -> Vec<String> {
    let json = serde_json::to_value(prediction).unwrap();
    let filled = |value: &Json| match value {
        Json::Number(number) => number.as_u64() != Some(0),
        Json::Object(fields) => match fields.get("count") {
            Some(count) => count.as_u64() != Some(0),
            None => !fields.is_empty(),
        },
        _ => false,
    };
    let skipped = ["objects", "changedObjects", "findings", "digest"];
    json.as_object()
        .unwrap()
        .iter()
        .filter(|(name, value)| !skipped.contains(&name.as_str()) && filled(value))
        .map(|(name, _)| name.clone())
        .collect()
}

#[test]
fn what_is_already_so_needs_no_approval() {
    let prediction = predicted(vec![user(1)], &here());
    assert!(prediction.is_clean());
    assert_eq!(parts(&prediction), [""; 0]);
    assert_eq!(prediction.objects, 1);
}

/// Name, directory side, cloud side, the parts of the prediction that are not empty.
type Case = (&'static str, Vec<ListedObject>, CloudIndex, &'static [&'static str]);

fn check(table: Vec<Case>) {
    for (name, objects, cloud, expected) in table {
        let prediction = predicted(objects, &cloud);
        assert_eq!(parts(&prediction), expected, "{name}");
        let harmless = ["joiners", "criticalSkipped", "notComparable"];
        let clean = expected.iter().all(|part| harmless.contains(part));
        assert_eq!(prediction.is_clean(), clean, "{name}");
    }
}

fn nobody() -> CloudIndex {
    users(&[])
}

fn there(changes: &Json) -> CloudIndex {
    users(&[graph_user(1, changes)])
}

fn not_exported(change: impl FnOnce(&mut ListedObject)) -> ListedObject {
    changed(|object| {
        object.exported = false;
        object.exported_anchor = None;
        change(object);
    })
}

#[test]
fn objects_that_the_tenant_lacks() {
    let recent = |object: &mut ListedObject| object.created_recently = true;
    let critical = |object: &mut ListedObject| object.critical = true;
    let disabled = |object: &mut ListedObject| object.enabled = Some(false);
    let unmapped = |object: &mut ListedObject| object.disposition = Disposition::NotMapped;
    let contact = || listed(ObjectType::Contact, 1);
    check(vec![
        ("not exported", vec![not_exported(|_| {})], nobody(), &["creations", "creationsEnabled"]),
        ("not exported and disabled", vec![not_exported(disabled)], nobody(), &["creations"]),
        ("exported", vec![user(1)], nobody(), &["creations", "creationsEnabled"]),
        ("new", vec![changed(recent)], nobody(), &["joiners"]),
        ("critical", vec![not_exported(critical)], nobody(), &["criticalSkipped"]),
        ("not mapped", vec![not_exported(unmapped)], nobody(), &[]),
        ("two contacts with one address", vec![contact(), contact()], nobody(), &["unkeyed"]),
    ]);
}

#[test]
fn objects_that_nobody_would_serve() {
    let critical = changed(|object| object.critical = true);
    let out_of_scope = changed(|object| object.disposition = Disposition::OutOfScope);
    let unmapped = changed(|object| object.disposition = Disposition::NotMapped);
    let unknown = changed(|object| object.disposition = Disposition::Unpredictable { reason: String::new() });
    check(vec![
        ("critical and exported", vec![critical], here(), &["criticalSkipped", "unserved"]),
        ("left out by the job", vec![out_of_scope], here(), &["unserved"]),
        ("not mapped by the job", vec![unmapped], here(), &["unserved"]),
        ("unknown filter", vec![unknown], here(), &["scopeUnpredictable"]),
    ]);
}

#[test]
fn anchors_that_would_not_match() {
    let other = |object: &mut ListedObject| object.exported_anchor = Some(anchor(2));
    let other_and_recent = changed(|object| {
        other(object);
        object.created_recently = true;
    });
    let other_in_cloud = there(&json!({"onPremisesImmutableId": anchor(2).as_str()}));
    let never_synchronised = there(&json!({"onPremisesSyncEnabled": null}));
    let none = changed(|object| object.anchor = None);
    let unkeyed = changed(|object| object.key = ObjectKey::Unkeyed("x".to_owned()));
    check(vec![
        ("other anchor exported", vec![changed(other)], here(), &["anchorMismatches"]),
        ("the same, nothing there", vec![other_and_recent], nobody(), &["anchorMismatches"]),
        ("other anchor in the cloud", vec![user(1)], other_in_cloud, &["anchorMismatches"]),
        ("one anchor twice", vec![user(1), user(1)], here(), &["anchorMismatches"]),
        ("no anchor can be computed", vec![none], here(), &["anchorMismatches"]),
        ("a cloud account with this anchor", vec![not_exported(|_| {})], never_synchronised, &["takeovers"]),
        ("already served by another job", vec![not_exported(|_| {})], here(), &[]),
        ("no key", vec![unkeyed], here(), &["unkeyed"]),
    ]);
}

#[test]
fn values_that_would_change() {
    let absent = |name: &str| {
        changed(|object| {
            object.attributes.insert(name.to_owned(), AttributeDigest::Absent);
        })
    };
    let unpredictable = |name: &str| {
        changed(|object| {
            object.unpredictable.insert(name.to_owned());
        })
    };
    check(vec![
        ("another value", vec![user(1)], there(&json!({"displayName": "X"})), &["changes"]),
        ("cleared", vec![absent("displayName")], here(), &["nulls"]),
        ("nothing to clear", vec![absent("city")], there(&json!({"city": null})), &[]),
        ("not visible in Graph", vec![absent("homePhone")], here(), &["notComparable"]),
        ("unpredictable", vec![unpredictable("mail")], here(), &["unpredictable"]),
        ("unpredictable and not visible", vec![unpredictable("homePhone")], here(), &["notComparable"]),
    ]);
}

#[test]
fn changes_are_counted_by_attribute() {
    let mut group = listed(ObjectType::Group, 9);
    group.members = Some(key().members([&user(1).key]));
    let mut cloud_group = graph(ObjectType::Group, 9);
    cloud_group["members"] = json!([]);
    let managed = changed(|object| object.manager = Some(AttributeDigest::Absent));
    let index = cloud(&[
        (ObjectType::User, graph_user(1, &json!({"displayName": "X", "manager": {"id": "id-2"}}))),
        (ObjectType::User, graph_user(2, &json!({"displayName": "Y"}))),
        (ObjectType::Group, cloud_group),
    ]);
    let prediction = predicted(vec![managed, user(2), group], &index);
    let counts = |map: &BTreeMap<String, Sampled>| -> Vec<(String, u64)> {
        map.iter().map(|(name, found)| (name.clone(), found.count)).collect()
    };
    assert_eq!(counts(&prediction.changes), [("displayName".to_owned(), 2), ("members".to_owned(), 1)]);
    assert_eq!(counts(&prediction.nulls), [("manager".to_owned(), 1)]);
    assert_eq!(prediction.changed_objects, 3, "an object with two changes counts once");
    assert_eq!(prediction.changes["displayName"].sample, BTreeSet::from([user(1).key, user(2).key]));
}

#[test]
fn a_difference_of_what_has_just_changed_is_undecided() {
    let cloud = || users(&[graph_user(1, &json!({"displayName": "X", "manager": {"id": "id-1"}}))]);
    let recent = |recently: bool| {
        changed(|object| {
            object.changed_recently = recently;
            object.manager = Some(AttributeDigest::Absent);
        })
    };
    let prediction = predicted(vec![recent(false)], &cloud());
    assert_eq!(parts(&prediction), ["changes", "nulls"]);
    let prediction = predicted(vec![recent(true)], &cloud());
    assert_eq!(parts(&prediction), ["unpredictable"]);
    let counts = BTreeMap::from([("displayName".to_owned(), 1), ("manager".to_owned(), 1)]);
    assert_eq!(prediction.unpredictable, counts);
    assert!(!prediction.is_clean());
}

/// A group with user 1, user 2 and `more` on both sides, and user 1 managed by user 2.
fn referring(more: &[&str]) -> (Vec<ListedObject>, CloudIndex) {
    let mut group = listed(ObjectType::Group, 9);
    let others: Vec<ObjectKey> = more.iter().map(|name| ObjectKey::Unkeyed((*name).to_owned())).collect();
    group.members = Some(key().members([&user(1).key, &user(2).key].into_iter().chain(&others)));
    let managed = changed(|object| object.manager = Some(key().reference(Some(&user(2).key))));
    let mut cloud_group = graph(ObjectType::Group, 9);
    let ids = ["id-1", "id-2"].into_iter().chain(more.iter().copied());
    cloud_group["members"] = ids.map(|id| json!({"id": id})).collect();
    let index = cloud(&[
        (ObjectType::User, graph_user(1, &json!({"manager": {"id": "id-2"}}))),
        (ObjectType::User, graph(ObjectType::User, 2)),
        (ObjectType::Group, cloud_group),
    ]);
    (vec![managed, group], index)
}

#[test]
fn references_to_another_domain_are_told_apart_because_newer_agents_resolve_them() {
    let (objects, _) = referring(&[]);
    let index = |identifier: &Json| {
        let mut cloud_group = graph(ObjectType::Group, 9);
        cloud_group["members"] = json!([{"id": "id-1"}, {"id": "id-2"}]);
        cloud(&[
            (ObjectType::User, graph_user(1, &json!({"manager": {"id": "id-2"}}))),
            (ObjectType::User, graph_user(2, &json!({"onPremisesSecurityIdentifier": identifier}))),
            (ObjectType::Group, cloud_group),
        ])
    };
    let prediction = predicted(objects.clone(), &index(&json!("S-1-5-21-9-9-9-2")));
    assert_eq!(parts(&prediction), ["crossDomainReferences"]);
    let counts: Vec<(&str, u64)> =
        prediction.cross_domain_references.iter().map(|(name, found)| (name.as_str(), found.count)).collect();
    assert_eq!(counts, [("manager", 1), ("members", 1)]);
    assert!(!prediction.is_clean());
    // Where the domain cannot be told, it counts as the own one.
    for unknown in [json!(null), json!("S-1-5-32-544")] {
        assert_eq!(parts(&predicted(objects.clone(), &index(&unknown))), ["outsideReferences"], "{unknown}");
    }
}

#[test]
fn references_out_of_the_scope_are_told_until_the_job_holds_what_they_point_to() {
    let (objects, index) = referring(&[]);
    let prediction = predicted(objects.clone(), &index);
    assert_eq!(parts(&prediction), ["outsideReferences"]);
    let counts: Vec<(&str, u64)> =
        prediction.outside_references.iter().map(|(name, found)| (name.as_str(), found.count)).collect();
    assert_eq!(counts, [("manager", 1), ("members", 1)]);
    assert!(!prediction.is_clean());
    assert_eq!(
        prediction.beyond(&Prediction::default()),
        BTreeMap::from([("outsideReferences".to_owned(), 2)])
    );

    let served = BTreeSet::from([user(2).key]);
    assert!(predict(&listing(objects.clone()), &index, &served).unwrap().is_clean());
    let mut with_target = objects.clone();
    with_target.push(user(2));
    assert!(predicted(with_target, &index).is_clean());
    // One that the job leaves out does not help, and a mapping that leaves references alone needs no help.
    let mut left_out = objects.clone();
    left_out.push(ListedObject { disposition: Disposition::OutOfScope, exported: false, ..user(2) });
    assert_eq!(parts(&predicted(left_out, &index)), ["outsideReferences"]);
    let unmapped = objects.into_iter().map(|object| ListedObject { members: None, manager: None, ..object });
    assert!(predicted(unmapped.collect(), &index).is_clean());
}

#[test]
fn members_and_managers_without_a_key_are_undecided_never_equal() {
    let served = BTreeSet::from([user(2).key]);
    let look = |objects: &[ListedObject], index: &CloudIndex| {
        predict(&listing(objects.to_vec()), index, &served).unwrap()
    };
    let (objects, index) = referring(&["contact"]);
    let prediction = look(&objects, &index);
    assert_eq!(prediction.unpredictable, BTreeMap::from([("members".to_owned(), 1)]));
    assert_eq!(parts(&prediction), ["unpredictable"]);
    // One more or one less of them is a difference all the same, and so is another user beside them.
    for (here, there) in [(vec![], vec!["contact"]), (vec!["contact"], vec![])] {
        let ((objects, _), (_, index)) = (referring(&here), referring(&there));
        assert_eq!(parts(&look(&objects, &index)), ["changes"], "{here:?} {there:?}");
    }
    let (mut objects, index) = referring(&["contact"]);
    let contact = ObjectKey::Unkeyed("contact".to_owned());
    objects[1].members = Some(key().members([&user(1).key, &user(3).key, &contact]));
    assert_eq!(parts(&look(&objects, &index)), ["changes"]);

    let index = users(&[graph_user(1, &json!({"manager": {"id": "contact"}}))]);
    let managed = changed(|object| object.manager = Some(key().reference(Some(&contact))));
    assert_eq!(parts(&look(&[managed], &index)), ["unpredictable"]);
    let unread = changed(|object| {
        object.unpredictable.insert("manager".to_owned());
    });
    assert_eq!(parts(&look(&[unread], &here())), ["unpredictable"]);
}

#[test]
fn the_digest_follows_what_needs_approval_and_nothing_else() {
    let nobody = users(&[]);
    let first = predicted(vec![user(1), user(2)], &nobody);
    let turned = predicted(vec![user(2), user(1)], &nobody);
    assert_eq!(first.digest, turned.digest, "the order of objects does not matter");
    let mut joiner = user(3);
    joiner.created_recently = true;
    let with_joiner = predicted(vec![user(1), user(2), joiner], &nobody);
    assert_eq!(first.digest, with_joiner.digest, "joiners need no approval");
    assert_ne!(first.digest, predicted(vec![user(1)], &nobody).digest);
    assert_ne!(first.digest, predicted(vec![user(1), user(3)], &nobody).digest);
}

#[test]
fn an_approval_covers_what_it_named() {
    let nobody = users(&[]);
    let approved = predicted(vec![user(1), user(2)], &nobody);
    assert!(predicted(vec![user(1)], &nobody).beyond(&approved).is_empty(), "less is covered");
    let more = predicted(vec![user(1), user(3)], &users(&[graph_user(3, &json!({"displayName": "X"}))]));
    assert_eq!(more.beyond(&approved), BTreeMap::from([("changes".to_owned(), 1)]));
    let stored: Prediction = serde_json::from_str(&serde_json::to_string(&approved).unwrap()).unwrap();
    assert!(approved.beyond(&stored).is_empty(), "an approval survives JSON");
    assert_eq!(approved.beyond(&Prediction::default()), BTreeMap::from([("creations".to_owned(), 2)]));
}
