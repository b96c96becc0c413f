//! Deeds in the directory, each with its effect there and in the judge's log.

use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::Rig;
use crate::audit::Event;
use crate::directory::{DirectoryChange, DirectoryObject, ObjectClass};
use crate::dn::DistinguishedName;
use crate::people::Done;

fn object(rig: &Rig, guid: Uuid) -> &DirectoryObject {
    rig.running.estate.world.directory.get(guid).expect("an object")
}

fn deletions(rig: &Rig) -> usize {
    let records = rig.running.estate.world.audit().records().iter();
    records.filter(|r| matches!(r.event, Event::Directory(DirectoryChange::Deleted { .. }))).count()
}

#[test]
fn every_deed_in_the_directory_shows() {
    let mut rig = Rig::new();
    let (pilot, other) = (rig.units[0].clone(), rig.units[1].clone());
    let group = rig.all(ObjectClass::Group, 0)[0].clone();
    let at = |action: &str, dn: &DistinguishedName, more: Value| {
        let mut act = json!({"at": "directory", "action": action, "distinguishedName": dn.to_string()});
        for (name, value) in more.as_object().into_iter().flatten() {
            act[name] = value.clone();
        }
        act
    };
    let jane = pilot.child("CN", "Doe, Jane");
    let Done::Object { object_guid: guid } =
        rig.act(&at("create", &jane, json!({"class": "user", "attributes": {"userAccountControl": [512]}})))
    else {
        panic!("no object");
    };
    assert_eq!(object(&rig, guid).dn, jane);
    assert!(rig.refused(&at("create", &jane, json!({"class": "user"}))).contains("free name"));

    rig.act(&at("modify", &jane, json!({"attributes": {"title": ["Engineer"]}})));
    assert_eq!(object(&rig, guid).attributes.text("title"), Some("Engineer"));
    rig.act(&at("setPassword", &jane, json!({"mustChange": true})));
    assert!(
        object(&rig, guid).password.is_some_and(|password| password.version == 2 && password.must_change)
    );
    rig.act(&at("addMember", &group.dn, json!({"member": jane.to_string()})));
    assert!(object(&rig, group.guid).attributes.all("member").contains(&guid.into()));
    rig.act(&at("removeMember", &group.dn, json!({"member": jane.to_string()})));
    assert!(!object(&rig, group.guid).attributes.all("member").contains(&guid.into()));

    let given = Uuid::from_u128(0xC0);
    rig.act(&at("setConsistencyGuid", &jane, json!({"consistencyGuid": given})));
    assert_eq!(object(&rig, guid).consistency_guid(), Some(given));
    rig.act(&at("setConsistencyGuid", &jane, json!({"consistencyGuid": null})));
    assert_eq!(object(&rig, guid).consistency_guid(), None);

    // A person to another unit; then that unit gets another name.
    rig.act(&at("move", &jane, json!({"to": other.child("CN", "Doe, Jane").to_string()})));
    let renamed = other.parent().expect("a parent").child("OU", "Renamed");
    rig.act(&at("move", &other, json!({"to": renamed.to_string()})));
    let jane = renamed.child("CN", "Doe, Jane");
    assert_eq!(object(&rig, guid).dn, jane);

    rig.act(&at("delete", &jane, json!({})));
    assert!(!object(&rig, guid).is_alive());
    rig.act(&json!({"at": "directory", "action": "restore", "objectGuid": guid}));
    assert!(object(&rig, guid).is_alive());
    rig.act(&at("setReadable", &pilot, json!({"readable": false})));
    let hidden = rig.all(ObjectClass::User, 0)[0].clone();
    assert!(!rig.running.estate.world.directory.is_readable(&hidden));

    let before = deletions(&rig);
    let people = rig.all(ObjectClass::User, 0);
    let many = json!({"at": "directory", "action": "deleteMany", "below": pilot.to_string(), "class": "user", "count": 3});
    let Done::Objects { object_guids } = rig.act(&many) else { panic!("no objects") };
    assert_eq!(object_guids, people.iter().take(3).map(|person| person.guid).collect::<Vec<_>>());
    assert_eq!(rig.all(ObjectClass::User, 0).len(), people.len() - 3);
    assert_eq!(deletions(&rig), before + 3, "the judge knows");
    rig.act(&at("deleteTree", &pilot, json!({})));
    assert_eq!(rig.running.estate.world.directory.under(&pilot).count(), 0);
    assert!(rig.refused(&at("deleteTree", &pilot, json!({}))).contains("no object"));
    rig.assert_complete("directory");
}
