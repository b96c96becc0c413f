//! One object of the directory.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dn::DistinguishedName;
use crate::value::{Attributes, Value};

/// Most specific class of an object, as far as synchronization tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the directory's own")]
pub enum ObjectClass {
    DomainDns,
    OrganizationalUnit,
    Container,
    User,
    InetOrgPerson,
    Group,
    Contact,
    Computer,
}

impl ObjectClass {
    /// The directory's spelling (`objectClass`).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DomainDns => "domainDNS",
            Self::OrganizationalUnit => "organizationalUnit",
            Self::Container => "container",
            Self::User => "user",
            Self::InetOrgPerson => "inetOrgPerson",
            Self::Group => "group",
            Self::Contact => "contact",
            Self::Computer => "computer",
        }
    }

    /// The class of that name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        const ALL: [ObjectClass; 8] = [
            ObjectClass::DomainDns,
            ObjectClass::OrganizationalUnit,
            ObjectClass::Container,
            ObjectClass::User,
            ObjectClass::InetOrgPerson,
            ObjectClass::Group,
            ObjectClass::Contact,
            ObjectClass::Computer,
        ];
        ALL.into_iter().find(|class| class.as_str().eq_ignore_ascii_case(name))
    }

    /// Domains, units and containers: they hold objects and are never synchronized themselves.
    pub fn is_container(self) -> bool {
        matches!(self, Self::DomainDns | Self::OrganizationalUnit | Self::Container)
    }

    /// Users and inetOrgPersons.
    pub fn is_person(self) -> bool {
        matches!(self, Self::User | Self::InetOrgPerson)
    }
}

/// State of a password. The estate holds no passwords: a version stands for the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Password {
    /// Raised by every change: a higher version is the newer password.
    pub version: u64,
    /// When it was set.
    pub set_at: Timestamp,
    /// The user must change it at the next logon: no engine sends the hash of such a user.
    /// Source: Microsoft, cloud sync FAQ.
    pub must_change: bool,
}

/// One object of the directory, deleted ones included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryObject {
    /// `objectGUID`.
    pub guid: Uuid,
    /// Distinguished name; of a deleted object the last one it had.
    pub dn: DistinguishedName,
    /// Class.
    pub class: ObjectClass,
    /// Everything else. `objectGUID`, `distinguishedName`, `objectClass`, `uSNChanged`, `whenChanged` are not in here: see
    /// [`Self::values`]. References are `objectGUID`s.
    pub attributes: Attributes,
    /// `uSNCreated` in its domain.
    pub usn_created: u64,
    /// `uSNChanged` in its domain.
    pub usn_changed: u64,
    /// `whenCreated`.
    pub when_created: Timestamp,
    /// `whenChanged`.
    pub when_changed: Timestamp,
    /// When it was deleted; absent = alive.
    pub deleted_at: Option<Timestamp>,
    /// Users only.
    pub password: Option<Password>,
}

impl DirectoryObject {
    /// Still there.
    pub fn is_alive(&self) -> bool {
        self.deleted_at.is_none()
    }

    /// Values of an attribute, the computed ones included (`distinguishedName` and `dn`, `objectGUID`, `objectClass`, `cn`,
    /// `uSNChanged`, `uSNCreated`, `whenChanged`, `whenCreated`, `isDeleted`).
    pub fn values(&self, name: &str) -> Vec<Value> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("distinguishedName") || is("dn") {
            vec![Value::text(self.dn.to_string())]
        } else if is("objectGUID") {
            vec![Value::Binary(self.guid.to_bytes_le().to_vec())]
        } else if is("objectClass") {
            vec![Value::text(self.class.as_str())]
        } else if is("cn") || is("name") {
            vec![Value::text(self.dn.name())]
        } else if is("uSNChanged") {
            vec![Value::Integer(i64::try_from(self.usn_changed).unwrap_or(i64::MAX))]
        } else if is("uSNCreated") {
            vec![Value::Integer(i64::try_from(self.usn_created).unwrap_or(i64::MAX))]
        } else if is("whenChanged") {
            vec![Value::text(generalized_time(self.when_changed))]
        } else if is("whenCreated") {
            vec![Value::text(generalized_time(self.when_created))]
        } else if is("isDeleted") && !self.is_alive() {
            vec![Value::Boolean(true)]
        } else {
            self.attributes.all(name).to_vec()
        }
    }

    /// `userAccountControl` bit 2 (`ACCOUNTDISABLE`).
    pub fn is_disabled(&self) -> bool {
        self.attributes.integer("userAccountControl").is_some_and(|control| control & 2 != 0)
    }

    /// `isCriticalSystemObject`.
    pub fn is_critical(&self) -> bool {
        self.attributes.boolean("isCriticalSystemObject") == Some(true)
    }

    /// `mS-DS-ConsistencyGuid`, where it holds 16 octets.
    pub fn consistency_guid(&self) -> Option<Uuid> {
        match self.attributes.first("mS-DS-ConsistencyGuid") {
            Some(Value::Binary(bytes)) => Uuid::from_slice_le(bytes).ok(),
            _ => None,
        }
    }
}

/// An instant in LDAP's form. Source: RFC 4517, 3.3.13.
fn generalized_time(at: Timestamp) -> String {
    at.strftime("%Y%m%d%H%M%S.0Z").to_string()
}

/// Base64 of the 16 octets of a GUID in .NET layout: the form of a source anchor and of `onPremisesImmutableId`.
pub fn anchor_of(guid: Uuid) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(guid.to_bytes_le())
}
