//! One directory entry as a listed object. Pure.

use std::collections::{BTreeMap, BTreeSet};

use adsync::protocol::DirectoryEntry;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crds::primitive::DistinguishedName;
use jiff::Timestamp;
use parity::key::Marks;
use parity::mapping::Disposition;
use parity::object::{AttributeValue, DirectoryObject};
use parity::{ListedObject, ObjectKey, ObjectType, PredictedValue, SecurityIdentifier, SourceAnchor};

use super::Reader;
use crate::directory::{CONSISTENCY_GUID, consistency_anchor, guid_anchor, values};

/// `ACCOUNTDISABLE` of `userAccountControl`.
const ACCOUNT_DISABLED: i64 = 2;

/// Octet strings of Active Directory that mappings may name: the host prints their values as Base64.
const BINARY: [&str; 8] = [
    "objectguid",
    "ms-ds-consistencyguid",
    "objectsid",
    "msexchmailboxguid",
    "msexcharchiveguid",
    "thumbnailphoto",
    "usercertificate",
    "sidhistory",
];

/// An object of the listing whose members or manager are still to be set.
pub(super) struct Listed<'a> {
    object: ListedObject,
    entry: &'a DirectoryEntry,
    /// The job takes members or manager over as they are.
    writes_references: bool,
}

/// What members and managers are told by.
pub(super) struct References<'a> {
    pub(super) reader: &'a Reader<'a>,
    /// Keys of everything that may be named.
    pub(super) keys: BTreeMap<DistinguishedName, ObjectKey>,
    /// What the job itself provisions of the scope: it belongs to the cloud, whether Connect holds it or not.
    pub(super) own: BTreeSet<DistinguishedName>,
}

/// The entry as an object of the listing, without its references; `None` for classes that are not synchronized.
pub(super) fn listed<'a>(
    reader: &Reader<'_>,
    entry: &'a DirectoryEntry,
    asked_for: &[String],
) -> Option<Listed<'a>> {
    let object_type = object_type(entry)?;
    let name = DistinguishedName::parse(&entry.distinguished_name).ok();
    let exported = name.as_ref().and_then(|name| reader.exported.get(name)).copied();
    let joined = exported.is_some_and(|object| object.joined);
    let mut object = ListedObject {
        key: key_of(entry, reader.key)?,
        object_type,
        anchor: anchor(entry),
        exported_anchor: exported.filter(|object| object.joined).and_then(|object| object.anchor.clone()),
        security_identifier: security_identifier(entry),
        exported: joined,
        withheld: joined && exported.is_some_and(crate::space::EntraObject::is_withheld),
        created_recently: reader.is_recent(instant(entry, "whenCreated")),
        changed_recently: reader.is_recent(instant(entry, "whenChanged")),
        critical: first(entry, "isCriticalSystemObject")
            .is_some_and(|value| value.eq_ignore_ascii_case("true")),
        enabled: first(entry, "userAccountControl")
            .and_then(|value| value.parse::<i64>().ok())
            .map(|flags| flags & ACCOUNT_DISABLED == 0),
        distinguished_name: reader.key.distinguished_name(&entry.distinguished_name),
        disposition: Disposition::NotMapped,
        attributes: BTreeMap::new(),
        unpredictable: BTreeSet::new(),
        members: None,
        manager: None,
    };
    let name = DistinguishedName::parse(&entry.distinguished_name).ok();
    let domain = name.and_then(|name| name.domain()).unwrap_or_default();
    let predicted = reader.mappings.of(&domain).evaluate(&directory_object(object_type, entry, asked_for));
    object.set_predicted(&predicted, reader.key);
    let writes_references = predicted.references() == Some(&PredictedValue::References);
    Some(Listed { object, entry, writes_references })
}

impl Listed<'_> {
    /// Its name, where the job provisions it.
    pub(super) fn provisioned(&self) -> Option<DistinguishedName> {
        let would_be = self.object.disposition.may_be_provisioned() && !self.object.critical;
        would_be.then(|| DistinguishedName::parse(&self.entry.distinguished_name).ok()).flatten()
    }

    /// Sets members or manager: those of them that belong to the cloud. One that has no key here is counted as a member, and makes a
    /// manager unpredictable.
    pub(super) fn with_references(mut self, references: &References<'_>) -> ListedObject {
        if !self.writes_references {
            return self.object;
        }
        let object = &mut self.object;
        match object.object_type {
            ObjectType::Group => {
                let members = values(&self.entry.attributes, "member").iter();
                let members: Vec<ObjectKey> = members.filter_map(|name| references.key_of(name)).collect();
                object.members = Some(references.reader.key.members(&members));
            }
            ObjectType::User | ObjectType::InetOrgPerson => {
                let manager = values(&self.entry.attributes, "manager").first();
                match manager.and_then(|name| references.key_of(name)) {
                    Some(key) if !key.is_keyed() => {
                        object.unpredictable.insert("manager".to_owned());
                    }
                    key => object.manager = Some(references.reader.key.reference(key.as_ref())),
                }
            }
            ObjectType::Contact => {}
        }
        self.object
    }
}

impl References<'_> {
    /// Key of what a name refers to; `None` where it does not belong to the cloud.
    fn key_of(&self, text: &str) -> Option<ObjectKey> {
        let unknown = || ObjectKey::Unkeyed(text.to_owned());
        let Ok(name) = DistinguishedName::parse(text) else { return Some(unknown()) };
        (self.own.contains(&name) || self.reader.is_synchronised(&name))
            .then(|| self.keys.get(&name).cloned().unwrap_or_else(unknown))
    }
}

fn object_type(entry: &DirectoryEntry) -> Option<ObjectType> {
    [ObjectType::User, ObjectType::InetOrgPerson, ObjectType::Group, ObjectType::Contact]
        .into_iter()
        .find(|kind| kind.directory_class().eq_ignore_ascii_case(&entry.object_class))
}

/// What the object is matched by; `None` for classes that are not synchronized.
pub(super) fn key_of(entry: &DirectoryEntry, key: &parity::DigestKey) -> Option<ObjectKey> {
    let anchor = anchor(entry);
    let security_identifier = security_identifier(entry);
    let marks = Marks {
        anchor: anchor.as_ref(),
        security_identifier: security_identifier.as_ref(),
        mail: first(entry, "mail").map(String::as_str),
    };
    Some(ObjectKey::of(object_type(entry)?, &marks, guid_anchor(entry).as_str(), key))
}

/// The anchor Cloud Sync computes; none where `mS-DS-ConsistencyGuid` holds something that is no GUID.
fn anchor(entry: &DirectoryEntry) -> Option<SourceAnchor> {
    if first(entry, CONSISTENCY_GUID).is_none_or(String::is_empty) {
        return Some(guid_anchor(entry));
    }
    consistency_anchor(entry)
}

fn security_identifier(entry: &DirectoryEntry) -> Option<SecurityIdentifier> {
    let text = first(entry, "objectSid")?;
    SecurityIdentifier::parse(text)
        .ok()
        .or_else(|| SecurityIdentifier::from_bytes(&STANDARD.decode(text).ok()?).ok())
}

/// `whenCreated` and the like: an instant, or LDAP's generalized time (`20261121140000.0Z`).
fn instant(entry: &DirectoryEntry, name: &str) -> Option<Timestamp> {
    let text = first(entry, name)?;
    text.parse().ok().or_else(|| {
        let digits = text.get(..14).filter(|_| text.ends_with('Z'))?;
        jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", digits)
            .ok()?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    })
}

fn first<'a>(entry: &'a DirectoryEntry, name: &str) -> Option<&'a String> {
    values(&entry.attributes, name).first()
}

/// Distinguished names that an entry refers to.
pub(super) fn references(entry: &DirectoryEntry) -> impl Iterator<Item = String> {
    let members = values(&entry.attributes, "member").iter();
    members.chain(values(&entry.attributes, "manager")).cloned()
}

fn directory_object(kind: ObjectType, entry: &DirectoryEntry, asked_for: &[String]) -> DirectoryObject {
    let mut object = DirectoryObject::new(kind, entry.distinguished_name.clone());
    for attribute in &entry.attributes {
        let binary = BINARY.contains(&attribute.name.to_ascii_lowercase().as_str());
        let value = |text: &String| match STANDARD.decode(text) {
            Ok(bytes) if binary => AttributeValue::Binary(bytes),
            _ => AttributeValue::Text(text.clone()),
        };
        object.set(&attribute.name, attribute.values.iter().map(value).collect());
    }
    object.complete(asked_for.iter().map(String::as_str));
    // The protocol carries it beside the attributes.
    object.set("objectGUID", vec![AttributeValue::Binary(entry.object_guid.to_bytes_le().to_vec())]);
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsync::protocol::Attribute;
    use uuid::Uuid;

    fn entry(class: &str, attributes: &[(&str, &str)]) -> DirectoryEntry {
        DirectoryEntry {
            distinguished_name: "CN=a,DC=x".to_owned(),
            object_guid: Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
            object_class: class.to_owned(),
            deleted: false,
            attributes: attributes
                .iter()
                .map(|(name, value)| Attribute {
                    name: (*name).to_owned(),
                    values: vec![(*value).to_owned()],
                })
                .collect(),
        }
    }

    #[test]
    fn the_anchor_is_the_consistency_guid_where_there_is_one_and_never_a_guess() {
        let plain = entry("user", &[]);
        // .NET writes the first three parts of a GUID in little-endian order.
        let bytes =
            [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];
        assert_eq!(anchor(&plain).unwrap().as_str(), STANDARD.encode(bytes));
        let other = STANDARD.encode([7_u8; 16]);
        let set = entry("user", &[("ms-ds-consistencyguid", other.as_str())]);
        assert_eq!(anchor(&set).unwrap().as_str(), other);
        assert_eq!(anchor(&entry("user", &[(CONSISTENCY_GUID, "AAAA")])), None, "three bytes are no GUID");
    }

    #[test]
    fn security_identifiers_and_creation_times_come_in_two_forms() {
        let sid = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0];
        let encoded = STANDARD.encode(sid);
        for text in [encoded.as_str(), "S-1-5-32-544"] {
            let found = security_identifier(&entry("group", &[("objectSid", text)])).unwrap();
            assert_eq!(found.as_str(), "S-1-5-32-544");
        }
        for text in ["2026-11-21T14:00:00Z", "20261121140000.0Z"] {
            let found = instant(&entry("user", &[("whenCreated", text)]), "whenCreated").unwrap();
            assert_eq!(found.to_string(), "2026-11-21T14:00:00Z");
        }
        assert_eq!(instant(&entry("user", &[("whenCreated", "yesterday")]), "whenCreated"), None);
    }

    #[test]
    fn computers_are_not_listed() {
        assert!(object_type(&entry("computer", &[])).is_none());
        assert!(object_type(&entry("INETORGPERSON", &[])).is_some());
    }
}
