//! Source attributes that Active Directory does not have and the provisioning agent makes out of others. Pure.
//!
//! Default mappings read `accountDisabled` and `securityEnabled`. That the agent computes them as below is plain from
//! what they are called; no page says so (UNVERIFIED). An attribute of AD that really has such a name and a value wins.

use super::value::{Outcome, Unpredictable, Value, number};
use crate::object::{AttributeValue, DirectoryObject};

/// One attribute made out of bits of another.
struct Derived {
    name: &'static str,
    source: &'static str,
    bit: i64,
}

/// Source of the bits: Microsoft, "User-Account-Control attribute" (`ADS_UF_ACCOUNTDISABLE`) and "Group-Type
/// attribute" (`GROUP_TYPE_SECURITY_ENABLED`).
const DERIVED: [Derived; 2] = [
    Derived { name: "accountDisabled", source: "userAccountControl", bit: 0x2 },
    Derived { name: "securityEnabled", source: "groupType", bit: 0x8000_0000 },
];

fn find(name: &str) -> Option<&'static Derived> {
    DERIVED.iter().find(|derived| derived.name.eq_ignore_ascii_case(name))
}

/// The directory attribute that must be read for a source attribute.
pub(super) fn directory_attribute(name: &str) -> &str {
    find(name).map_or(name, |derived| derived.source)
}

/// The value of a derived attribute; `None` where the name is an ordinary one, or the directory holds a value under it.
pub(super) fn value(name: &str, object: &DirectoryObject) -> Option<Outcome> {
    let derived = find(name)?;
    if object.values(name).is_some_and(|values| !values.is_empty()) {
        return None;
    }
    Some(match object.values(derived.source) {
        Some([AttributeValue::Text(text)]) => number(text).map(|flags| Value::Bool(flags & derived.bit != 0)),
        _ => Err(Unpredictable::new(format!("{name} is made of {}, which was not read", derived.source))),
    })
}
