//! The schema document that a new AD to Entra job comes with, generated for one domain.
//!
//! A complete one is not public; this one has the documented shape and the documented default mappings (Microsoft, cloud
//! sync attribute mapping and concept-attributes pages) as far as they matter for identity.

use serde_json::{Value as Json, json};
use uuid::{Uuid, uuid};

use super::Source;

/// Id of the one synchronization rule. Source: Microsoft, on-demand provisioning examples.
pub const RULE_ID: Uuid = uuid!("6c409270-f78a-4bc6-af23-7cf3ab6482fe");

/// (target, source); `%domain%` stands for the domain's DNS name, `%netbios%` for its short one.
type Mapping = (&'static str, &'static str);

const ANCHOR: Mapping = (
    "sourceAnchor",
    "ConvertToBase64(IIF(IsPresent([mS-DS-ConsistencyGuid]), [mS-DS-ConsistencyGuid], [objectGUID]))",
);

const PERSON: &[Mapping] = &[
    ("accountEnabled", "Not([accountDisabled])"),
    (
        "userPrincipalName",
        "IIF(IsPresent([userPrincipalName]), [userPrincipalName], IIF(IsPresent([sAMAccountName]), \
         Join(\"@\", [sAMAccountName], \"%domain%\"), Error(\"AccountName is not present\")))",
    ),
    ("displayName", "IIF(IsPresent([displayName]), [displayName], [cn])"),
    ("givenName", "[givenName]"),
    ("surname", "[sn]"),
    ("mail", "Trim([mail])"),
    ("mailNickname", "IIF(IsPresent([mailNickname]), [mailNickname], [sAMAccountName])"),
    ("proxyAddresses", "RemoveDuplicates(Trim([proxyAddresses]))"),
    ("department", "Trim([department])"),
    ("jobTitle", "Trim([title])"),
    ("companyName", "Trim([company])"),
    ("city", "Trim([l])"),
    ("state", "Trim([st])"),
    ("country", "Trim([co])"),
    ("postalCode", "Trim([postalCode])"),
    ("streetAddress", "Trim([streetAddress])"),
    ("businessPhones", "Trim([telephoneNumber])"),
    ("mobile", "Trim([mobile])"),
    ("faxNumber", "Trim([facsimileTelephoneNumber])"),
    ("officeLocation", "Trim([physicalDeliveryOfficeName])"),
    ("preferredLanguage", "Trim([preferredLanguage])"),
    ("employeeId", "[employeeID]"),
    ("usageLocation", "[msExchUsageLocation]"),
    ("manager", "[manager]"),
    ("onPremisesDistinguishedName", "[distinguishedName]"),
    ("onPremisesSamAccountName", "[sAMAccountName]"),
    ("onPremisesUserPrincipalName", "[userPrincipalName]"),
    ("onPremisesSecurityIdentifier", "[objectSid]"),
    ("onPremisesDomainName", "\"%domain%\""),
    ("onPremisesNetBiosName", "\"%netbios%\""),
];

const GROUP: &[Mapping] = &[
    ("displayName", "IIF(IsPresent([displayName]), [displayName], [cn])"),
    ("description", "[description]"),
    ("mail", "Trim([mail])"),
    ("mailNickname", "[mailNickname]"),
    ("proxyAddresses", "RemoveDuplicates(Trim([proxyAddresses]))"),
    ("securityEnabled", "[securityEnabled]"),
    ("member", "[member]"),
    ("onPremisesSamAccountName", "[sAMAccountName]"),
    ("onPremisesSecurityIdentifier", "[objectSid]"),
    ("onPremisesDomainName", "\"%domain%\""),
    ("onPremisesNetBiosName", "\"%netbios%\""),
];

const CONTACT: &[Mapping] = &[
    ("displayName", "IIF(IsPresent([displayName]), [displayName], [cn])"),
    ("givenName", "[givenName]"),
    ("surname", "[sn]"),
    ("mail", "Trim([mail])"),
    ("mailNickname", "[mailNickname]"),
    ("proxyAddresses", "RemoveDuplicates(Trim([proxyAddresses]))"),
    ("department", "Trim([department])"),
    ("jobTitle", "Trim([title])"),
    ("companyName", "Trim([company])"),
    ("manager", "[manager]"),
];

/// The document for one domain. Both filters are empty: **the whole domain** is in scope until somebody narrows it.
pub fn default_schema(id: &str, dns_name: &str, netbios_name: &str) -> Json {
    let fill = |text: &str| text.replace("%domain%", dns_name).replace("%netbios%", netbios_name);
    let attribute = |target: &str, text: &str, priority: u32| {
        // The table is ours; an entry that does not parse is left as a constant and shows in the tests.
        let source = Source::parse(&fill(text)).unwrap_or_else(|_| Source::Constant(fill(text)));
        json!({
            "targetAttributeName": target,
            "source": source.to_json(),
            "defaultValue": null,
            "flowType": "Always",
            "flowBehavior": "FlowWhenChanged",
            "matchingPriority": priority,
            "exportMissingReferences": false,
        })
    };
    let extensions =
        (1..=15).map(|n| (format!("extensionAttribute{n}"), format!("Trim([extensionAttribute{n}])")));
    let extensions: Vec<(String, String)> = extensions.collect();
    let object = |name: &str, source: &str, target: &str, table: &[Mapping], extended: bool| {
        let mut attributes = vec![attribute(ANCHOR.0, ANCHOR.1, 1)];
        attributes.extend(table.iter().map(|(target, text)| attribute(target, text, 0)));
        if extended {
            attributes.extend(extensions.iter().map(|(target, text)| attribute(target, text, 0)));
        }
        json!({
            "name": name,
            "enabled": true,
            "flowTypes": "Add,Update,Delete",
            "sourceObjectName": source,
            "targetObjectName": target,
            "metadata": [
                {"key": "EscrowBehavior", "value": "\"Default\""},
                {"key": "Disposition", "value": "\"Normal\""},
                {"key": "IsCustomerDefined", "value": "false"},
            ],
            "scope": null,
            "attributeMappings": attributes,
        })
    };
    let mappings = json!([
        object("Provision Active Directory users", "user", "User", PERSON, true),
        object("Provision Active Directory inetOrgPersons", "inetOrgPerson", "User", PERSON, true),
        object("Provision Active Directory groups", "group", "Group", GROUP, false),
        object("Provision Active Directory contacts", "contact", "Contact", CONTACT, false),
    ]);
    json!({
        "id": id,
        "version": "1",
        "directories": [source_directory(), target_directory()],
        "synchronizationRules": [{
            "id": RULE_ID,
            "name": "AD2AADProvisioning",
            "priority": 1,
            "editable": true,
            "sourceDirectoryName": "Active Directory",
            "targetDirectoryName": "Azure Active Directory",
            "metadata": [],
            "containerFilter": {"includedContainers": []},
            "groupFilter": {"includedGroups": []},
            "objectMappings": mappings,
        }],
    })
}

/// Lets the provisioning job carry password hashes: a mapping to `CredentialData` for people. Source: Microsoft, sample of
/// a schema document.
pub fn map_hashes(document: &mut Json) {
    let mappings =
        document.pointer_mut("/synchronizationRules/0/objectMappings").and_then(Json::as_array_mut);
    for mapping in mappings.into_iter().flatten() {
        let for_people = mapping.get("targetObjectName").and_then(Json::as_str) == Some("User");
        let attributes = mapping.get_mut("attributeMappings").and_then(Json::as_array_mut);
        if let Some(attributes) = attributes.filter(|_| for_people) {
            attributes.push(json!({
                "targetAttributeName": "CredentialData",
                "source": Source::Attribute("PasswordHash".to_owned()).to_json(),
                "defaultValue": null,
                "flowType": "Always",
                "flowBehavior": "FlowWhenChanged",
                "matchingPriority": 0,
                "exportMissingReferences": false,
            }));
        }
    }
}

/// The document of a password hash job: no object mappings, it follows the provisioning job beside it.
pub fn hash_schema(id: &str) -> Json {
    json!({"id": id, "version": "1", "directories": [source_directory(), target_directory()], "synchronizationRules": []})
}

fn source_directory() -> Json {
    let common = [
        "objectGUID",
        "mS-DS-ConsistencyGuid",
        "distinguishedName",
        "cn",
        "displayName",
        "mail",
        "mailNickname",
        "proxyAddresses",
        "sAMAccountName",
        "objectSid",
        "isCriticalSystemObject",
    ];
    let person = [
        "userPrincipalName",
        "accountDisabled",
        "givenName",
        "sn",
        "department",
        "title",
        "company",
        "l",
        "st",
        "co",
        "postalCode",
        "streetAddress",
        "telephoneNumber",
        "mobile",
        "facsimileTelephoneNumber",
        "physicalDeliveryOfficeName",
        "preferredLanguage",
        "employeeID",
        "msExchUsageLocation",
        "manager",
    ];
    let group = ["description", "member", "groupType", "securityEnabled"];
    let object = |name: &str, own: &[&str]| {
        let attributes = common.iter().chain(own).map(|attribute| source_attribute(attribute));
        json!({"name": name, "supportedApis": [], "metadata": [], "attributes": attributes.collect::<Vec<_>>()})
    };
    json!({
        "id": "b1a5a2a3-6a0b-4b66-8b0f-4a3a4f3e6a01", "name": "Active Directory", "readOnly": false, "version": "1",
        "discoverabilities": "AttributeNames, AttributeDataTypes, AttributeReadOnly, ReferenceAttributes",
        "discoveryDateTime": null,
        "objects": [object("user", &person), object("inetOrgPerson", &person), object("group", &group),
            object("contact", &person)],
    })
}

fn source_attribute(name: &str) -> Json {
    let (kind, multivalued, referenced) = match name {
        "member" => (
            "Reference",
            true,
            vec![json!({"referencedObjectName": "user", "referencedProperty": "objectGUID"})],
        ),
        "manager" => (
            "Reference",
            false,
            vec![json!({"referencedObjectName": "user", "referencedProperty": "objectGUID"})],
        ),
        "objectGUID" | "mS-DS-ConsistencyGuid" | "objectSid" => ("Binary", false, vec![]),
        "accountDisabled" | "securityEnabled" | "isCriticalSystemObject" => ("Boolean", false, vec![]),
        "groupType" => ("Integer", false, vec![]),
        "proxyAddresses" => ("String", true, vec![]),
        _ => ("String", false, vec![]),
    };
    json!({
        "name": name, "type": kind, "anchor": name == "objectGUID", "caseExact": false, "multivalued": multivalued,
        "mutability": "ReadOnly", "required": false, "defaultValue": null, "flowNullValues": true,
        "apiExpressions": [], "metadata": [], "referencedObjects": referenced,
    })
}

fn target_directory() -> Json {
    let object = |name: &str, table: &[Mapping]| {
        let attributes = std::iter::once(&ANCHOR).chain(table).map(|(target, _)| {
            json!({
                "name": target, "type": if matches!(*target, "member" | "manager") { "Reference" } else { "String" },
                "anchor": false, "caseExact": false,
                "multivalued": matches!(*target, "member" | "proxyAddresses"), "mutability": "ReadWrite",
                "required": *target == "userPrincipalName", "defaultValue": null, "flowNullValues": true,
                "apiExpressions": [], "metadata": [], "referencedObjects": [],
            })
        });
        json!({"name": name, "supportedApis": [], "metadata": [], "attributes": attributes.collect::<Vec<_>>()})
    };
    json!({
        "id": "b1a5a2a3-6a0b-4b66-8b0f-4a3a4f3e6a02", "name": "Azure Active Directory", "readOnly": false, "version": "1",
        "discoverabilities": "None", "discoveryDateTime": null,
        "objects": [object("User", PERSON), object("Group", GROUP), object("Contact", CONTACT)],
    })
}
