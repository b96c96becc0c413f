//! Objects of both sides for the tests of several modules.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::mapping::Disposition;
use crate::{
    CloudIndex, CloudObject, DigestKey, ListedObject, Marks, ObjectKey, ObjectType, ScopeListing,
    SecurityIdentifier, SourceAnchor,
};

pub(crate) fn key() -> DigestKey {
    DigestKey::new([42; 32])
}

pub(crate) fn anchor(number: u32) -> SourceAnchor {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    SourceAnchor::from_guid_bytes(bytes)
}

pub(crate) fn identifier(number: u32) -> SecurityIdentifier {
    SecurityIdentifier::parse(&format!("S-1-5-21-1-2-3-{number}")).unwrap()
}

/// An enabled object that Connect exports and the job would provision, with a display name.
pub(crate) fn listed(object_type: ObjectType, number: u32) -> ListedObject {
    let (anchor, identifier) = (anchor(number), identifier(number));
    let mail = format!("{number}@contoso.com");
    let marks = Marks { anchor: Some(&anchor), security_identifier: Some(&identifier), mail: Some(&mail) };
    ListedObject {
        key: ObjectKey::of(object_type, &marks, anchor.as_str(), &key()),
        object_type,
        exported_anchor: Some(anchor.clone()),
        anchor: Some(anchor),
        security_identifier: (object_type != ObjectType::Contact).then_some(identifier),
        exported: true,
        withheld: false,
        created_recently: false,
        changed_recently: false,
        critical: false,
        enabled: Some(true),
        distinguished_name: key().distinguished_name(&format!("CN={number},DC=contoso,DC=com")),
        disposition: Disposition::Provisioned,
        attributes: BTreeMap::from([(
            "displayName".to_owned(),
            key().attribute("displayName", &[format!("Name {number}")]),
        )]),
        unpredictable: BTreeSet::new(),
        members: None,
        manager: None,
    }
}

pub(crate) fn user(number: u32) -> ListedObject {
    listed(ObjectType::User, number)
}

pub(crate) fn listing(objects: Vec<ListedObject>) -> ScopeListing {
    ScopeListing {
        scope: "sales".to_owned(),
        epoch: 7,
        key_id: key().id(),
        mapping_digest: "m".to_owned(),
        objects,
    }
}

/// What Microsoft Graph answers for the same object.
pub(crate) fn graph(object_type: ObjectType, number: u32) -> Json {
    let mut json = json!({
        "id": format!("id-{number}"),
        "displayName": format!("Name {number}"),
        "mail": format!("{number}@contoso.com"),
        "onPremisesSyncEnabled": true,
    });
    match object_type {
        ObjectType::Contact => {}
        ObjectType::Group => json["onPremisesSecurityIdentifier"] = json!(identifier(number).as_str()),
        ObjectType::User | ObjectType::InetOrgPerson => {
            json["onPremisesSecurityIdentifier"] = json!(identifier(number).as_str());
            json["onPremisesImmutableId"] = json!(anchor(number).as_str());
        }
    }
    json
}

/// The same user with some properties replaced.
pub(crate) fn graph_user(number: u32, changes: &Json) -> Json {
    let mut json = graph(ObjectType::User, number);
    for (name, value) in changes.as_object().unwrap() {
        json[name.as_str()] = value.clone();
    }
    json
}

pub(crate) fn cloud(objects: &[(ObjectType, Json)]) -> CloudIndex {
    let key = key();
    let read =
        objects.iter().map(|(object_type, json)| CloudObject::from_graph(*object_type, json, &key).unwrap());
    CloudIndex::new(&key, read)
}

pub(crate) fn users(objects: &[Json]) -> CloudIndex {
    cloud(&objects.iter().map(|json| (ObjectType::User, json.clone())).collect::<Vec<_>>())
}
