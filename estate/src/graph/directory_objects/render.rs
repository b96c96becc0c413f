//! How objects of the tenant look in Graph. Pure.
//!
//! A property that the estate has no value for is null or an empty list, as on the wire; a property that Graph does not
//! have on the type is unknown here too, so that a client asking for it is refused.
//! Source: Microsoft Graph, resource types user, group and orgContact.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::tenant::{CloudKind, CloudObject};
use crate::value::Value;

/// Where a property's value comes from.
#[derive(Clone, Copy)]
enum Source {
    /// First value of the attribute of the same name.
    Text,
    /// First value of an attribute of another name: what engines write is not called as Graph calls it.
    TextOf(&'static str),
    /// All values of the attribute of the same name.
    TextList,
    /// Made from the whole object.
    Computed(fn(&CloudObject) -> Json),
    /// The estate never has it: null.
    Absent,
    /// The estate never has it: an empty list.
    AbsentList,
}

/// One property of a type: name, whether it is in answers without `$select`, source.
type Property = (&'static str, bool, Source);

const USER: &[Property] = &[
    ("id", true, Source::Computed(id)),
    ("deletedDateTime", false, Source::Computed(deleted_at)),
    ("accountEnabled", false, Source::Computed(account_enabled)),
    ("assignedLicenses", false, Source::Computed(licences)),
    ("businessPhones", true, Source::TextList),
    ("city", false, Source::Text),
    ("companyName", false, Source::Text),
    ("country", false, Source::Text),
    ("createdDateTime", false, Source::Computed(created_at)),
    ("department", false, Source::Text),
    ("displayName", true, Source::Text),
    ("employeeId", false, Source::Text),
    ("employeeType", false, Source::Text),
    ("faxNumber", false, Source::Text),
    ("givenName", true, Source::Text),
    ("identities", false, Source::AbsentList),
    ("jobTitle", true, Source::Text),
    ("lastPasswordChangeDateTime", false, Source::Computed(password_at)),
    ("mail", true, Source::Text),
    ("mailNickname", false, Source::Text),
    ("mobilePhone", true, Source::TextOf("mobile")),
    ("officeLocation", true, Source::Text),
    ("onPremisesDistinguishedName", false, Source::Text),
    ("onPremisesDomainName", false, Source::Text),
    ("onPremisesExtensionAttributes", false, Source::Computed(extension_attributes)),
    ("onPremisesImmutableId", false, Source::Computed(immutable_id)),
    ("onPremisesLastSyncDateTime", false, Source::Computed(last_sync_at)),
    ("onPremisesProvisioningErrors", false, Source::Computed(provisioning_errors)),
    ("onPremisesSamAccountName", false, Source::Text),
    ("onPremisesSecurityIdentifier", false, Source::Computed(security_identifier)),
    ("onPremisesSyncEnabled", false, Source::Computed(sync_enabled)),
    ("onPremisesUserPrincipalName", false, Source::Text),
    ("otherMails", false, Source::TextList),
    ("postalCode", false, Source::Text),
    ("preferredDataLocation", false, Source::Text),
    ("preferredLanguage", true, Source::Text),
    ("proxyAddresses", false, Source::TextList),
    ("state", false, Source::Text),
    ("streetAddress", false, Source::Text),
    ("surname", true, Source::Text),
    ("usageLocation", false, Source::Text),
    ("userPrincipalName", true, Source::Text),
    ("userType", false, Source::Computed(|_| json!("Member"))),
];

const GROUP: &[Property] = &[
    ("id", true, Source::Computed(id)),
    ("deletedDateTime", true, Source::Computed(deleted_at)),
    ("classification", true, Source::Absent),
    ("createdDateTime", true, Source::Computed(created_at)),
    ("description", true, Source::Text),
    ("displayName", true, Source::Text),
    ("expirationDateTime", true, Source::Absent),
    ("groupTypes", true, Source::AbsentList),
    ("isAssignableToRole", true, Source::Absent),
    ("mail", true, Source::Text),
    ("mailEnabled", true, Source::Computed(mail_enabled)),
    ("mailNickname", true, Source::Text),
    ("membershipRule", true, Source::Absent),
    ("membershipRuleProcessingState", true, Source::Absent),
    ("onPremisesDomainName", true, Source::Text),
    ("onPremisesExtensionAttributes", false, Source::Computed(extension_attributes)),
    ("onPremisesLastSyncDateTime", true, Source::Computed(last_sync_at)),
    ("onPremisesNetBiosName", true, Source::Text),
    ("onPremisesProvisioningErrors", true, Source::Computed(provisioning_errors)),
    ("onPremisesSamAccountName", true, Source::Text),
    ("onPremisesSecurityIdentifier", true, Source::Computed(security_identifier)),
    ("onPremisesSyncEnabled", true, Source::Computed(sync_enabled)),
    ("preferredDataLocation", true, Source::Text),
    ("preferredLanguage", true, Source::Text),
    ("proxyAddresses", true, Source::TextList),
    ("renewedDateTime", true, Source::Computed(created_at)),
    ("securityEnabled", true, Source::Computed(security_enabled)),
    ("theme", true, Source::Absent),
    ("visibility", true, Source::Absent),
];

const CONTACT: &[Property] = &[
    ("id", true, Source::Computed(id)),
    ("deletedDateTime", true, Source::Computed(deleted_at)),
    ("companyName", true, Source::Text),
    ("department", true, Source::Text),
    ("displayName", true, Source::Text),
    ("givenName", true, Source::Text),
    ("jobTitle", true, Source::Text),
    ("mail", true, Source::Text),
    ("mailNickname", true, Source::Text),
    ("onPremisesLastSyncDateTime", true, Source::Computed(last_sync_at)),
    ("onPremisesProvisioningErrors", true, Source::Computed(provisioning_errors)),
    ("onPremisesSyncEnabled", true, Source::Computed(sync_enabled)),
    ("proxyAddresses", true, Source::TextList),
    ("surname", true, Source::Text),
];

/// Properties of a user that live outside of the directory's store: they cannot be listed or tracked.
/// Source: Microsoft Graph, user resource type.
const OUTSIDE_THE_STORE: [&str; 10] = [
    "aboutMe",
    "birthday",
    "hireDate",
    "interests",
    "mySite",
    "pastProjects",
    "preferredName",
    "responsibilities",
    "schools",
    "skills",
];

/// A collection of directory objects that Graph serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectType {
    User,
    Group,
    Contact,
}

impl ObjectType {
    fn properties(self) -> &'static [Property] {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
            Self::Contact => CONTACT,
        }
    }

    /// Kind of object in the tenant.
    pub(crate) fn kind(self) -> CloudKind {
        match self {
            Self::User => CloudKind::User,
            Self::Group => CloudKind::Group,
            Self::Contact => CloudKind::Contact,
        }
    }

    /// The collection's path segment.
    pub(crate) fn collection(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Group => "groups",
            Self::Contact => "contacts",
        }
    }

    /// Name of the type in messages.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::User => "microsoft.graph.user",
            Self::Group => "microsoft.graph.group",
            Self::Contact => "microsoft.graph.orgContact",
        }
    }

    /// Whether Graph has the property on this type.
    pub(crate) fn has(self, name: &str) -> bool {
        self.properties().iter().any(|(known, ..)| *known == name)
    }

    /// Whether the property exists on the type and is kept elsewhere.
    pub(crate) fn is_outside_the_store(self, name: &str) -> bool {
        self == Self::User && OUTSIDE_THE_STORE.contains(&name)
    }

    /// Properties of an answer without `$select`.
    pub(crate) fn default_properties(self) -> Vec<&'static str> {
        self.properties().iter().filter(|(_, default, _)| *default).map(|(name, ..)| *name).collect()
    }

    /// The object with every property of its type.
    pub(crate) fn render(self, object: &CloudObject) -> Map<String, Json> {
        self.properties()
            .iter()
            .map(|(name, _, source)| ((*name).to_owned(), value(object, name, *source)))
            .collect()
    }

    /// The object with the properties named, in the order of the type.
    pub(crate) fn render_only(self, object: &CloudObject, names: &[String]) -> Map<String, Json> {
        self.properties()
            .iter()
            .filter(|(name, ..)| names.iter().any(|wanted| wanted == name))
            .map(|(name, _, source)| ((*name).to_owned(), value(object, name, *source)))
            .collect()
    }
}

/// `@odata.type` of an object among others.
pub(crate) fn odata_type(kind: CloudKind) -> &'static str {
    match kind {
        CloudKind::User => "#microsoft.graph.user",
        CloudKind::Group => "#microsoft.graph.group",
        CloudKind::Contact => "#microsoft.graph.orgContact",
        CloudKind::Device => "#microsoft.graph.device",
    }
}

/// An instant as Graph prints it: whole seconds in UTC.
pub(crate) fn instant(at: Timestamp) -> Json {
    json!(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn value(object: &CloudObject, name: &str, source: Source) -> Json {
    match source {
        Source::Text => text(object, name),
        Source::TextOf(attribute) => text(object, attribute),
        Source::TextList => {
            object.attributes.all(name).iter().map(|value| json!(value.to_string())).collect()
        }
        Source::Computed(compute) => compute(object),
        Source::Absent => Json::Null,
        Source::AbsentList => json!([]),
    }
}

fn text(object: &CloudObject, attribute: &str) -> Json {
    object.attributes.first(attribute).map_or(Json::Null, |value| json!(value.to_string()))
}

fn optional(at: Option<Timestamp>) -> Json {
    at.map_or(Json::Null, instant)
}

fn id(object: &CloudObject) -> Json {
    json!(object.id.to_string())
}

fn deleted_at(object: &CloudObject) -> Json {
    optional(object.deleted_at)
}

fn created_at(object: &CloudObject) -> Json {
    instant(object.created_at)
}

fn last_sync_at(object: &CloudObject) -> Json {
    optional(object.last_sync_at)
}

fn password_at(object: &CloudObject) -> Json {
    optional(object.password.as_ref().map(|password| password.at))
}

fn account_enabled(object: &CloudObject) -> Json {
    match object.attributes.first("accountEnabled") {
        Some(Value::Boolean(enabled)) => json!(enabled),
        // Expressions may have produced text.
        Some(Value::String(text)) => json!(text.eq_ignore_ascii_case("true")),
        _ => json!(true),
    }
}

fn licences(object: &CloudObject) -> Json {
    object.licences.iter().map(|name| json!({"disabledPlans": [], "skuId": sku(name)})).collect()
}

/// A licence's name as the identifier that Graph prints for it.
fn sku(name: &str) -> String {
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    uuid::Uuid::from_bytes(bytes).to_string()
}

fn immutable_id(object: &CloudObject) -> Json {
    json!(object.anchor)
}

/// True on synchronized objects, null on those that never were. Source: Microsoft Graph, user resource type.
fn sync_enabled(object: &CloudObject) -> Json {
    if object.synced { json!(true) } else { Json::Null }
}

fn extension_attributes(object: &CloudObject) -> Json {
    let attributes: Map<String, Json> = (1..=15)
        .map(|number| {
            let name = format!("extensionAttribute{number}");
            let value = text(object, &name);
            (name, value)
        })
        .collect();
    Json::Object(attributes)
}

fn provisioning_errors(object: &CloudObject) -> Json {
    object
        .errors
        .iter()
        .map(|error| {
            json!({
                "category": "PropertyConflict",
                "occurredDateTime": instant(error.at),
                "propertyCausingError": error.property,
                "value": error.value,
            })
        })
        .collect()
}

fn mail_enabled(object: &CloudObject) -> Json {
    json!(object.attributes.boolean("mailEnabled").unwrap_or_else(|| object.attributes.has("mail")))
}

/// Bit 31 of `groupType`; security groups are the rule where nothing was written. Source: Microsoft, groupType attribute.
fn security_enabled(object: &CloudObject) -> Json {
    let by_type =
        || object.attributes.integer("groupType").is_none_or(|group_type| group_type & 0x8000_0000 != 0);
    json!(object.attributes.boolean("securityEnabled").unwrap_or_else(by_type))
}

fn security_identifier(object: &CloudObject) -> Json {
    match object.attributes.first("onPremisesSecurityIdentifier") {
        Some(Value::Binary(bytes)) => json!(sid_text(bytes)),
        Some(Value::String(text)) => json!(text),
        _ => Json::Null,
    }
}

/// `S-1-5-21-…` of a binary security identifier; `None` for octets that are none.
/// Source: Microsoft, [MS-DTYP] 2.4.2.
pub(crate) fn sid_text(bytes: &[u8]) -> Option<String> {
    let (head, rest) = bytes.split_first_chunk::<8>()?;
    let [revision, count, authority @ ..] = *head;
    let authority = authority.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let (parts, rest) = rest.as_chunks::<4>();
    if parts.len() != usize::from(count) || !rest.is_empty() {
        return None;
    }
    let parts: Vec<String> = parts.iter().map(|part| u32::from_le_bytes(*part).to_string()).collect();
    Some(format!("S-{revision}-{authority}-{}", parts.join("-")))
}
