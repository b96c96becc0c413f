//! The cloud side: properties, keys, delta entries, the index.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::*;
use crate::fixture::{anchor, cloud, graph, graph_user, identifier, key, users};
use crate::{AttributeDigest, ObjectKey, ObjectType};

const TYPES: [ObjectType; 3] = [ObjectType::User, ObjectType::Group, ObjectType::Contact];

fn read(object_type: ObjectType, json: &Json) -> CloudObject {
    CloudObject::from_graph(object_type, json, &key()).unwrap()
}

#[test]
fn every_target_has_one_property_and_every_property_is_selected() {
    for object_type in TYPES {
        let mut names = BTreeSet::new();
        let selected = select(object_type);
        assert_eq!(selected.iter().collect::<BTreeSet<_>>().len(), selected.len(), "no repetition");
        for property in comparable_properties(object_type) {
            for name in property.aliases.iter().chain([&property.target]) {
                assert!(names.insert(name.to_ascii_lowercase()), "{object_type:?}: {name} twice");
                let found = comparable(object_type, &name.to_uppercase()).map(|found| found.target);
                assert_eq!(found, Some(property.target));
            }
            assert!(selected.contains(&property.select), "{}", property.select);
        }
        assert!(selected.contains(&"id") && selected.contains(&"onPremisesSyncEnabled"));
        let references = &select_with_references(object_type)[selected.len()..];
        let expected: &[&str] = match object_type {
            ObjectType::Group => &["members"],
            ObjectType::Contact => &[],
            _ => &["manager"],
        };
        assert_eq!(references, expected);
    }
    assert_eq!(comparable(ObjectType::User, "thumbnailPhoto"), None);
}

/// The properties exist in Microsoft's own description, read in place.
#[test]
fn every_property_is_one_of_graph() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/facts/graph/openapi.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: ../shared is not here");
        return;
    };
    let document: Json = serde_json::from_str(&text).unwrap();
    for (object_type, schema) in [(ObjectType::User, "user"), (ObjectType::Group, "group")] {
        let pointer = format!("/components/schemas/v1.0.microsoft.graph.{schema}");
        let definition = document.pointer(&pointer).unwrap().to_string();
        for name in select(object_type).into_iter().filter(|name| *name != "id") {
            assert!(definition.contains(&format!("\"{name}\":")), "{schema}.{name}");
        }
    }
}

#[test]
fn values_are_digested_under_the_names_of_targets() {
    let json = graph_user(
        1,
        &json!({
            "accountEnabled": true, "businessPhones": ["+1"], "mobilePhone": null, "officeLocation": "",
            "onPremisesExtensionAttributes": {"extensionAttribute3": "x", "extensionAttribute4": null},
        }),
    );
    let object = read(ObjectType::User, &json);
    let value = |name: &str, text: &str| Some(key().attribute(name, &[text.to_owned()]));
    let found = |name: &str| object.attributes.get(name).copied();
    assert_eq!(found("displayName"), value("displayName", "Name 1"));
    assert_eq!(found("accountEnabled"), value("accountEnabled", "TRUE"));
    assert_eq!(found("telephoneNumber"), value("telephoneNumber", "+1"));
    assert_eq!(found("extensionAttribute3"), value("extensionAttribute3", "x"));
    for absent in ["mobile", "physicalDeliveryOfficeName", "extensionAttribute4", "extensionAttribute5"] {
        assert_eq!(found(absent), Some(AttributeDigest::Absent), "{absent}");
    }
    assert_eq!(found("city"), None, "not selected is not absent");
}

#[test]
fn contacts_have_addresses_and_phones() {
    let mut json = graph(ObjectType::Contact, 1);
    json["addresses"] = json!([{"city": "Bonn", "street": null}]);
    json["phones"] = json!([{"type": "business", "number": "1"}, {"type": "mobile", "number": "2"}]);
    let object = read(ObjectType::Contact, &json);
    assert_eq!(object.attributes["city"], key().attribute("city", &["Bonn".to_owned()]));
    assert_eq!(object.attributes["mobile"], key().attribute("mobile", &["2".to_owned()]));
    assert_eq!(object.attributes["facsimileTelephoneNumber"], AttributeDigest::Absent);
    assert_eq!(object.attributes["streetAddress"], AttributeDigest::Absent);
}

#[test]
fn keys_follow_the_type() {
    assert_eq!(read(ObjectType::User, &graph(ObjectType::User, 1)).key, ObjectKey::Anchor(anchor(1)));
    assert_eq!(read(ObjectType::InetOrgPerson, &graph(ObjectType::User, 1)).object_type, ObjectType::User);
    assert_eq!(read(ObjectType::Group, &graph(ObjectType::Group, 1)).key, ObjectKey::Sid(identifier(1)));
    assert_eq!(
        read(ObjectType::Contact, &graph(ObjectType::Contact, 1)).key,
        crate::fixture::listed(ObjectType::Contact, 1).key
    );
    for object_type in TYPES {
        let object = read(object_type, &json!({"id": "x"}));
        assert_eq!(object.key, ObjectKey::Unkeyed("x".to_owned()));
        assert_eq!(object.synchronised, None);
    }
    assert_eq!(
        read(ObjectType::User, &json!({"id": "x", "onPremisesSyncEnabled": null})).synchronised,
        Some(false)
    );
}

#[test]
fn objects_without_an_id_are_refused() {
    for json in [json!({}), json!({"id": ""}), json!({"id": 1}), json!([]), json!(null)] {
        let found = CloudObject::from_graph(ObjectType::Group, &json, &key());
        assert_eq!(found, Err(CloudError::NoId { object_type: "group" }), "{json}");
    }
}

#[test]
fn later_entries_replace_what_they_hold() {
    let mut object = read(ObjectType::Contact, &graph(ObjectType::Contact, 1));
    let before = object.clone();
    object.update(&json!({"id": "id-1", "displayName": null}), &key()).unwrap();
    assert_eq!(object.key, before.key, "the mail did not change");
    assert_eq!(object.attributes["displayName"], AttributeDigest::Absent);
    assert_eq!(object.attributes["mail"], before.attributes["mail"]);
    object.update(&json!({"id": "id-1", "mail": null}), &key()).unwrap();
    assert!(!object.key.is_keyed());
    assert_eq!(
        object.update(&json!({"id": "id-2"}), &key()),
        Err(CloudError::OtherObject { expected: "id-1".to_owned(), found: "id-2".to_owned() })
    );
}

#[test]
fn members_and_managers_come_whole_or_as_changes() {
    let mut group = read(ObjectType::Group, &graph(ObjectType::Group, 1));
    assert_eq!(group.member_ids, None);
    group.references_were_selected();
    assert_eq!(group.member_ids, Some(BTreeSet::new()));
    let change = json!({"id": "id-1", "members@delta": [{"id": "a"}, {"id": "b"}, {"id": "b", "@removed": {"reason": "deleted"}}]});
    for _ in 0..2 {
        group.update(&change, &key()).unwrap();
        assert_eq!(group.member_ids, Some(BTreeSet::from(["a".to_owned()])));
    }
    group.update(&json!({"id": "id-1", "members": [{"id": "c"}]}), &key()).unwrap();
    assert_eq!(group.member_ids, Some(BTreeSet::from(["c".to_owned()])));

    let mut user = read(ObjectType::User, &graph(ObjectType::User, 1));
    assert_eq!(user.manager_id, None);
    user.update(&json!({"id": "id-1", "manager": {"id": "m"}}), &key()).unwrap();
    assert_eq!(user.manager_id, Some(Some("m".to_owned())));
    let removed = json!({"id": "id-1", "manager@delta": [{"id": "m", "@removed": {"reason": "deleted"}}]});
    user.update(&removed, &key()).unwrap();
    assert_eq!(user.manager_id, Some(None));
}

#[test]
fn the_index_finds_by_key_and_resolves_references() {
    let mut group = graph(ObjectType::Group, 9);
    group["members"] = json!([{"id": "id-1"}, {"id": "id-2"}]);
    let mut stranger = graph(ObjectType::Group, 8);
    stranger["members"] = json!([{"id": "nobody"}]);
    let index = cloud(&[
        (ObjectType::User, graph_user(1, &json!({"manager": {"id": "id-2"}}))),
        (ObjectType::User, graph_user(2, &json!({"manager": null}))),
        (ObjectType::User, graph_user(3, &json!({"manager": {"id": "nobody"}}))),
        (ObjectType::Group, group),
        (ObjectType::Group, stranger),
    ]);
    assert_eq!(index.len(), 5);
    let keys = [ObjectKey::Anchor(anchor(1)), ObjectKey::Anchor(anchor(2))];
    let found = |id: &str| index.by_id(id).unwrap();
    assert_eq!(index.find(&keys[0]).map(|object| object.id.as_str()).collect::<Vec<_>>(), ["id-1"]);
    assert_eq!(index.members(found("id-9")), Some(key().members(&keys)));
    let stranger = ObjectKey::Unkeyed("nobody".to_owned());
    assert_eq!(index.members(found("id-8")), Some(key().members([&stranger])), "a member that was not read");
    assert_eq!(index.members(found("id-1")), None);
    assert_eq!(index.manager(found("id-1")), Some(key().reference(Some(&keys[1]))));
    assert_eq!(index.manager(found("id-2")), Some(AttributeDigest::Absent));
    assert_eq!(index.manager(found("id-3")), None);
}

#[test]
fn of_two_objects_with_one_id_the_later_counts() {
    let index = users(&[
        graph_user(1, &json!({})),
        graph_user(1, &json!({"onPremisesImmutableId": anchor(5).as_str()})),
    ]);
    assert_eq!(index.len(), 1);
    assert_eq!(index.find(&ObjectKey::Anchor(anchor(1))).count(), 0);
    assert_eq!(index.find(&ObjectKey::Anchor(anchor(5))).count(), 1);
}
