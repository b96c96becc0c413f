//! One thing is different, and exactly that is named.

use std::collections::BTreeMap;

use estate::directory::{DirectoryObject, NewObject, ObjectClass};
use estate::tenant::CloudKind;
use estate::value::{Attributes, Value};
use jiff::SignedDuration;
use parity::compare::{Class, Expectation};
use parity::finding::Sampled;
use parity::{MappingSet, ObjectKey, Prediction};
use serde_json::{Value as Json, json};

use super::rig::{Rig, group_key};

/// Name and keys of each entry.
fn named(found: &BTreeMap<String, Sampled>) -> Vec<(String, Vec<ObjectKey>)> {
    found.iter().map(|(name, found)| (name.clone(), found.sample.iter().cloned().collect())).collect()
}

fn only(name: &str, key: &ObjectKey) -> Vec<(String, Vec<ObjectKey>)> {
    vec![(name.to_owned(), vec![key.clone()])]
}

fn nothing_else(prediction: &Prediction) {
    assert_eq!((prediction.creations.count, prediction.anchor_mismatches.count), (0, 0), "{prediction:#?}");
    assert!(prediction.nulls.is_empty() && prediction.unpredictable.is_empty(), "{prediction:#?}");
}

/// What the first unit's users would become if one of their mappings had another expression.
async fn predicted_with(rig: &Rig, target: &str, expression: &str) -> Prediction {
    let unit = rig.units().remove(0);
    let configuration = rig.configuration(&unit).await;
    let mut schema = Json::Object(configuration.schema.expect("a schema").as_json().clone());
    let mappings = schema["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"].as_array_mut();
    let mapping = mappings
        .expect("a list")
        .iter_mut()
        .find(|mapping| mapping["targetAttributeName"] == target)
        .expect("a default mapping");
    mapping["source"] = json!({"expression": expression});
    let mappings = MappingSet::from_schema(&schema).expect("readable");
    rig.predict_with(&unit, &mappings, &std::collections::BTreeSet::new()).await
}

fn text(object: &DirectoryObject, name: &str) -> String {
    object.attributes.text(name).expect("a text").to_owned()
}

#[tokio::test]
async fn another_mapping_shows_on_everybody_it_changes() {
    let rig = Rig::small().await;
    let unit = rig.units().remove(0);
    let people = rig.listing(&unit, &rig.mappings(&unit).await).await.objects;
    let people = people.iter().filter(|object| object.object_type == parity::ObjectType::User).count();

    let prediction = predicted_with(&rig, "department", "ToUpper([department])").await;
    let counts: Vec<_> =
        prediction.changes.iter().map(|(name, found)| (name.as_str(), found.count)).collect();
    assert_eq!(counts, [("department", u64::try_from(people).unwrap())]);
    nothing_else(&prediction);

    let prediction = predicted_with(&rig, "mail", "[extensionAttribute1]").await;
    let counts: Vec<_> = prediction.nulls.iter().map(|(name, found)| (name.as_str(), found.count)).collect();
    assert_eq!(counts, [("mail", u64::try_from(people).unwrap())]);
    assert!(prediction.changes.is_empty());

    // Nobody can say whom it would name.
    let prediction = predicted_with(&rig, "manager", "[secretary]").await;
    assert_eq!(
        prediction.unpredictable,
        BTreeMap::from([("manager".to_owned(), u64::try_from(people).unwrap())])
    );
    assert!(prediction.changes.is_empty() && prediction.nulls.is_empty());
    rig.stop().await;
}

#[tokio::test]
async fn one_sign_in_name_that_is_mapped_differently_is_named() {
    let rig = Rig::small().await;
    let person = rig.directory_object(&rig.units().remove(0), ObjectClass::User, 1);
    let logon = text(&person, "sAMAccountName");
    let expression =
        format!("Switch([sAMAccountName], [userPrincipalName], \"{logon}\", \"{logon}@elsewhere.example\")");
    let prediction = predicted_with(&rig, "userPrincipalName", &expression).await;
    assert_eq!(named(&prediction.changes), only("userPrincipalName", &rig.user_key(&person)));
    nothing_else(&prediction);
    rig.stop().await;
}

#[tokio::test]
async fn a_manager_and_a_member_that_differ_in_the_cloud_only_are_named() {
    let rig = Rig::small().await;
    let unit = rig.units().remove(1);
    rig.hold_connect();
    let person = rig.directory_object(&unit, ObjectClass::User, 2);
    let other = rig.directory_object(&unit, ObjectClass::User, 3);
    let group = rig.directory_object(&unit, ObjectClass::Group, 0);
    let (person_key, group_key) = (rig.user_key(&person), group_key(&group));
    assert!(rig.compare(&unit, Expectation::ExportedByConnect).await.is_clean());

    // Whoever is not the manager now.
    let manager = rig.copy(&person).attributes.first("manager").and_then(Value::as_reference);
    let new = [rig.copy(&other).id, rig.copy(&person).id].into_iter().find(|id| Some(*id) != manager);
    rig.refer_in_the_cloud(&person, "manager", &[new.expect("somebody")]);
    let prediction = rig.predict(&unit).await;
    assert_eq!(named(&prediction.changes), only("manager", &person_key));
    nothing_else(&prediction);
    let report = rig.compare(&unit, Expectation::ProvisionedByCloudSync).await;
    assert_eq!(report.by_attribute, BTreeMap::from([("manager".to_owned(), 1)]));
    assert!(report.classes[&Class::Attribute].sample.contains(&person_key));

    rig.refer_in_the_cloud(&person, "manager", &manager.into_iter().collect::<Vec<_>>());
    let members: Vec<_> =
        rig.copy(&group).attributes.all("member").iter().filter_map(Value::as_reference).collect();
    rig.refer_in_the_cloud(&group, "member", &members[1..]);
    let prediction = rig.predict(&unit).await;
    assert_eq!(named(&prediction.changes), only("members", &group_key));
    nothing_else(&prediction);
    let report = rig.compare(&unit, Expectation::ProvisionedByCloudSync).await;
    assert_eq!(report.by_attribute, BTreeMap::from([("members".to_owned(), 1)]));
    assert!(report.classes[&Class::Membership].sample.contains(&group_key));

    // One in the place of another is as many, and different.
    let outsider = rig.with(|running| {
        let users = running.estate.world.tenant.of_kind(CloudKind::User);
        users.map(|user| user.id).find(|id| !members.contains(id)).expect("somebody else")
    });
    let swapped: Vec<_> = members[1..].iter().copied().chain([outsider]).collect();
    rig.refer_in_the_cloud(&group, "member", &swapped);
    assert_eq!(named(&rig.predict(&unit).await.changes), only("members", &group_key));
    rig.refer_in_the_cloud(&group, "member", &members);
    assert!(rig.compare(&unit, Expectation::ProvisionedByCloudSync).await.is_clean());
    rig.stop().await;
}

#[tokio::test]
async fn what_is_under_way_is_no_change_until_connect_had_its_time() {
    let rig = Rig::small().await;
    let unit = rig.units().remove(0);
    let person = rig.directory_object(&unit, ObjectClass::User, 0);
    rig.with(|running| {
        running.estate.with_world(|world, now| {
            let title = Attributes::new().with("title", "Captain");
            world.directory.modify(person.guid, title, &[], now).expect("modified");
            let dn = person.dn.parent().expect("a unit").child("CN", "New Joiner");
            let attributes = Attributes::new()
                .with("sAMAccountName", "new.joiner")
                .with("userPrincipalName", "new.joiner@contoso.com")
                .with("userAccountControl", 512);
            let new = NewObject { dn, class: ObjectClass::User, attributes };
            world.directory.create(new, now).expect("created");
        });
    });
    let prediction = rig.predict(&unit).await;
    assert_eq!(prediction.unpredictable, BTreeMap::from([("jobTitle".to_owned(), 1)]));
    assert_eq!((prediction.joiners.count, prediction.creations.count), (1, 0));
    assert!(prediction.changes.is_empty() && prediction.nulls.is_empty());

    // Connect exports nothing more: what is under way never arrives, and becomes what it is.
    rig.hold_connect();
    rig.advance(SignedDuration::from_hours(2));
    let prediction = rig.predict(&unit).await;
    assert_eq!(named(&prediction.changes), only("jobTitle", &rig.user_key(&person)));
    assert_eq!((prediction.joiners.count, prediction.creations.count), (0, 1));
    assert_eq!(prediction.creations_enabled, 1);
    rig.stop().await;
}

#[tokio::test]
async fn accounts_and_contacts_that_connect_leaves_out_would_be_created() {
    let rig = Rig::small().await;
    let unit = rig.units().remove(0);
    let accounts = rig.with(|running| {
        running.estate.with_world(|world, now| {
            // Before everything else, so that it is no joiner.
            let long_ago = now - SignedDuration::from_hours(100);
            let base: estate::dn::DistinguishedName = unit.as_str().parse().expect("a name");
            for (class, attributes) in [
                (
                    ObjectClass::User,
                    Attributes::new().with("sAMAccountName", "svc").with("adminDescription", "User_1"),
                ),
                (
                    ObjectClass::Contact,
                    Attributes::new().with("mail", "x@partner.example").with("adminDescription", "Contact_1"),
                ),
            ] {
                let dn = base.child("CN", &format!("Left out {class:?}"));
                world.directory.create(NewObject { dn, class, attributes }, long_ago).expect("created");
            }
            2
        })
    });
    let prediction = rig.predict(&unit).await;
    assert_eq!(prediction.creations.count, accounts);
    assert!(prediction.changes.is_empty() && prediction.nulls.is_empty());
    rig.stop().await;
}
