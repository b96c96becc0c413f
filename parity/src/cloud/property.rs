//! Which target attribute of a synchronisation schema shows in which property of Microsoft Graph. Pure.
//!
//! Sources: Microsoft, "user resource type", "group resource type", "orgContact resource type" for the properties;
//! "Attributes synchronized to Microsoft Entra ID" for the names of targets. The names on the wire of a cloud sync
//! schema are not documented completely, so several writings of one target are accepted, without regard to case.

use serde_json::Value as Json;

use crate::key::ObjectType;

/// Where a value stands in a Graph object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A property of its own, named like the one selected.
    Whole,
    /// A property of an object property.
    Inner(&'static str),
    /// A property of the first element of a list.
    First(&'static str),
    /// The number of a phone of this type.
    Phone(&'static str),
}

/// A target attribute of a synchronisation schema and the Graph property that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComparableProperty {
    /// The name that listings, reports and predictions use.
    pub target: &'static str,
    /// Other names that a mapping may give the target.
    pub aliases: &'static [&'static str],
    /// The property for `$select`.
    pub select: &'static str,
    place: Place,
}

impl ComparableProperty {
    /// The values in a Graph object; `None` where the property was not selected.
    pub(super) fn read(&self, object: &Json) -> Option<Vec<String>> {
        let value = object.get(self.select)?;
        let value = match self.place {
            Place::Whole => Some(value),
            Place::Inner(name) => value.get(name),
            Place::First(name) => value.get(0).and_then(|first| first.get(name)),
            Place::Phone(kind) => value
                .as_array()
                .into_iter()
                .flatten()
                .find(|phone| phone.get("type").and_then(Json::as_str) == Some(kind))
                .and_then(|phone| phone.get("number")),
        };
        Some(value.map(texts).unwrap_or_default())
    }
}

fn texts(value: &Json) -> Vec<String> {
    match value {
        Json::Array(values) => values.iter().filter_map(text).collect(),
        other => text(other).into_iter().collect(),
    }
}

fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Number(number) => Some(number.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

const fn same(name: &'static str) -> ComparableProperty {
    renamed(name, &[], name)
}

const fn renamed(
    target: &'static str,
    aliases: &'static [&'static str],
    select: &'static str,
) -> ComparableProperty {
    ComparableProperty { target, aliases, select, place: Place::Whole }
}

const fn inner(target: &'static str, select: &'static str, name: &'static str) -> ComparableProperty {
    ComparableProperty { target, aliases: &[], select, place: Place::Inner(name) }
}

const fn extension(name: &'static str) -> ComparableProperty {
    inner(name, "onPremisesExtensionAttributes", name)
}

const fn address(
    target: &'static str,
    aliases: &'static [&'static str],
    name: &'static str,
) -> ComparableProperty {
    ComparableProperty { target, aliases, select: "addresses", place: Place::First(name) }
}

const fn phone(
    target: &'static str,
    aliases: &'static [&'static str],
    kind: &'static str,
) -> ComparableProperty {
    ComparableProperty { target, aliases, select: "phones", place: Place::Phone(kind) }
}

const DOMAIN_NAME: ComparableProperty =
    renamed("onPremisesDomainName", &["dnsDomainName", "domainFQDN"], "onPremisesDomainName");
const MAIL_NICKNAME: ComparableProperty = renamed("mailNickname", &["alias"], "mailNickname");
const SAM_ACCOUNT_NAME: ComparableProperty =
    renamed("onPremisesSamAccountName", &["samAccountName"], "onPremisesSamAccountName");
const SECURITY_IDENTIFIER: ComparableProperty = renamed(
    "onPremisesSecurityIdentifier",
    &["onPremiseSecurityIdentifier", "objectSid"],
    "onPremisesSecurityIdentifier",
);

static USER: [ComparableProperty; 45] = [
    same("accountEnabled"),
    renamed("city", &["l"], "city"),
    renamed("companyName", &["company"], "companyName"),
    renamed("country", &["co"], "country"),
    same("department"),
    same("displayName"),
    same("employeeId"),
    same("employeeType"),
    extension("extensionAttribute1"),
    extension("extensionAttribute2"),
    extension("extensionAttribute3"),
    extension("extensionAttribute4"),
    extension("extensionAttribute5"),
    extension("extensionAttribute6"),
    extension("extensionAttribute7"),
    extension("extensionAttribute8"),
    extension("extensionAttribute9"),
    extension("extensionAttribute10"),
    extension("extensionAttribute11"),
    extension("extensionAttribute12"),
    extension("extensionAttribute13"),
    extension("extensionAttribute14"),
    extension("extensionAttribute15"),
    renamed("facsimileTelephoneNumber", &["faxNumber"], "faxNumber"),
    same("givenName"),
    renamed("jobTitle", &["title"], "jobTitle"),
    same("mail"),
    MAIL_NICKNAME,
    renamed("mobile", &["mobilePhone"], "mobilePhone"),
    renamed("onPremisesDistinguishedName", &["distinguishedName"], "onPremisesDistinguishedName"),
    DOMAIN_NAME,
    SAM_ACCOUNT_NAME,
    SECURITY_IDENTIFIER,
    same("onPremisesUserPrincipalName"),
    renamed("physicalDeliveryOfficeName", &["officeLocation"], "officeLocation"),
    same("postalCode"),
    same("preferredLanguage"),
    renamed("proxyAddresses", &["proxyAddress"], "proxyAddresses"),
    renamed("state", &["st"], "state"),
    same("streetAddress"),
    renamed("surname", &["sn"], "surname"),
    renamed("telephoneNumber", &["businessPhones"], "businessPhones"),
    same("usageLocation"),
    same("userPrincipalName"),
    same("userType"),
];

static GROUP: [ComparableProperty; 11] = [
    same("description"),
    same("displayName"),
    same("mail"),
    same("mailEnabled"),
    MAIL_NICKNAME,
    DOMAIN_NAME,
    renamed("onPremisesNetBiosName", &["netBiosName"], "onPremisesNetBiosName"),
    SAM_ACCOUNT_NAME,
    SECURITY_IDENTIFIER,
    renamed("proxyAddresses", &["proxyAddress"], "proxyAddresses"),
    same("securityEnabled"),
];

static CONTACT: [ComparableProperty; 17] = [
    address("city", &["l"], "city"),
    renamed("companyName", &["company"], "companyName"),
    address("country", &["co"], "countryOrRegion"),
    same("department"),
    same("displayName"),
    phone("facsimileTelephoneNumber", &["faxNumber"], "businessFax"),
    same("givenName"),
    renamed("jobTitle", &["title"], "jobTitle"),
    same("mail"),
    MAIL_NICKNAME,
    phone("mobile", &["mobilePhone"], "mobile"),
    address("physicalDeliveryOfficeName", &["officeLocation"], "officeLocation"),
    address("postalCode", &[], "postalCode"),
    renamed("proxyAddresses", &["proxyAddress"], "proxyAddresses"),
    address("state", &["st"], "state"),
    address("streetAddress", &[], "street"),
    renamed("surname", &["sn"], "surname"),
];

/// What can be compared of an object of a type.
pub fn comparable_properties(object_type: ObjectType) -> &'static [ComparableProperty] {
    match object_type.in_cloud() {
        ObjectType::Group => &GROUP,
        ObjectType::Contact => &CONTACT,
        ObjectType::User | ObjectType::InetOrgPerson => &USER,
    }
}

/// What shows a target attribute, by the name a mapping gives it; `None` where Graph does not show it.
pub fn comparable(object_type: ObjectType, target: &str) -> Option<&'static ComparableProperty> {
    comparable_properties(object_type).iter().find(|property| {
        property.target.eq_ignore_ascii_case(target)
            || property.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(target))
    })
}

/// Every property that [`super::CloudObject::from_graph`] reads, for `$select`, without repetition; members and managers
/// are not among them ([`select_with_references`]).
pub fn select(object_type: ObjectType) -> Vec<&'static str> {
    let identity: &[&str] = match object_type.in_cloud() {
        ObjectType::User | ObjectType::InetOrgPerson => {
            &["id", "onPremisesImmutableId", "onPremisesSyncEnabled"]
        }
        ObjectType::Group | ObjectType::Contact => &["id", "onPremisesSyncEnabled"],
    };
    let mut names = identity.to_vec();
    for property in comparable_properties(object_type) {
        if !names.contains(&property.select) {
            names.push(property.select);
        }
    }
    names
}

/// [`select`] and the relationship that is compared: members of groups, managers of users. Delta queries only: there
/// `$select` takes these two relationships, elsewhere they are read by requests of their own. Source: Microsoft,
/// "Get incremental changes for users" and "... for groups".
pub fn select_with_references(object_type: ObjectType) -> Vec<&'static str> {
    let mut names = select(object_type);
    match object_type.in_cloud() {
        ObjectType::Group => names.push("members"),
        ObjectType::User | ObjectType::InetOrgPerson => names.push("manager"),
        ObjectType::Contact => {}
    }
    names
}

/// Targets that are not compared as attributes: references are compared by key, the anchor is the key, and password
/// hashes are proven by their own evidence.
pub(crate) fn is_proven_elsewhere(target: &str) -> bool {
    const NAMES: [&str; 9] = [
        "credentialdata",
        "sourceanchor",
        "sourceanchorbinary",
        "immutableid",
        "onpremisesimmutableid",
        "manager",
        "member",
        "members",
        "cloudanchor",
    ];
    NAMES.contains(&target.to_ascii_lowercase().as_str())
}
