//! One name and one form for each attribute of the tenant, whoever writes it.

use crate::value::Value;

/// Names that differ between Connect's rules, cloud sync's mappings and Graph: (written, kept).
const SYNONYMS: [(&str, &str); 20] = [
    ("sn", "surname"),
    ("title", "jobTitle"),
    ("l", "city"),
    ("st", "state"),
    ("c", "countryLetterCode"),
    ("co", "country"),
    ("company", "companyName"),
    ("physicalDeliveryOfficeName", "officeLocation"),
    ("telephoneNumber", "businessPhones"),
    ("facsimileTelephoneNumber", "faxNumber"),
    ("alias", "mailNickname"),
    ("members", "member"),
    ("onPremiseSecurityIdentifier", "onPremisesSecurityIdentifier"),
    ("objectSid", "onPremisesSecurityIdentifier"),
    ("samAccountName", "onPremisesSamAccountName"),
    ("netBiosName", "onPremisesNetBiosName"),
    ("dnsDomainName", "onPremisesDomainName"),
    ("domainFQDN", "onPremisesDomainName"),
    ("distinguishedName", "onPremisesDistinguishedName"),
    ("cn", "commonName"),
];

/// The name under which the tenant keeps an attribute that an engine writes as `name`.
pub fn canonical_attribute(name: &str) -> &str {
    SYNONYMS.iter().find(|(written, _)| written.eq_ignore_ascii_case(name)).map_or(name, |(_, kept)| kept)
}

/// Attributes whose values are true or false.
const BOOLEANS: [&str; 5] =
    ["accountEnabled", "securityEnabled", "mailEnabled", "hideFromAddressLists", "isCriticalSystemObject"];

/// The form in which the tenant keeps values of an attribute: booleans as such whatever the engine calls them, empty texts
/// left out.
pub fn canonical_values(attribute: &str, values: Vec<Value>) -> Vec<Value> {
    let boolean = BOOLEANS.iter().any(|name| name.eq_ignore_ascii_case(attribute));
    values
        .into_iter()
        .map(|value| match value {
            Value::String(text) if boolean => match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Value::Boolean(true),
                "false" | "0" => Value::Boolean(false),
                _ => Value::String(text),
            },
            Value::Integer(number) if boolean => Value::Boolean(number != 0),
            other => other,
        })
        .filter(|value| value.as_str() != Some(""))
        .collect()
}
