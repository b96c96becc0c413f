//! Attribute names, values and sets of attributes, shared by directory, engines and tenant. Pure.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Name of an attribute: compared without regard to case, printed as it was first spelled.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttributeName(String);

impl AttributeName {
    /// Keeps the spelling given.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names the same attribute as `other`.
    pub fn is(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

fn compare_folded(left: &str, right: &str) -> Ordering {
    let left = left.bytes().map(|b| b.to_ascii_lowercase());
    left.cmp(right.bytes().map(|b| b.to_ascii_lowercase()))
}

impl PartialEq for AttributeName {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.0)
    }
}
impl Eq for AttributeName {}
impl PartialOrd for AttributeName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for AttributeName {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_folded(&self.0, &other.0)
    }
}
impl Hash for AttributeName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}
impl fmt::Debug for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl From<&str> for AttributeName {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}
impl From<String> for AttributeName {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

/// One value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Value {
    /// Text.
    String(String),
    /// A whole number (`userAccountControl`, `groupType`, large integers such as `pwdLastSet`).
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// Octets, such as `mS-DS-ConsistencyGuid`.
    Binary(#[serde(with = "as_base64")] Vec<u8>),
    /// A link to another object of the same store: `objectGUID` in the directory, metaverse id in an engine, object id in
    /// the tenant. Links follow renames, as they do in the real directory.
    Reference(Uuid),
}

impl Value {
    /// A text value.
    pub fn text(value: impl Into<String>) -> Self {
        Self::String(value.into())
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The link's target, if it is one.
    pub fn as_reference(&self) -> Option<Uuid> {
        match self {
            Self::Reference(id) => Some(*id),
            _ => None,
        }
    }

    /// Whether it is a link.
    pub fn is_reference(&self) -> bool {
        matches!(self, Self::Reference(_))
    }
}

/// As the directory and the engine print it: base64 for octets, `True`/`False` for booleans.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => f.write_str(text),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Boolean(true) => f.write_str("True"),
            Self::Boolean(false) => f.write_str("False"),
            Self::Binary(bytes) => f.write_str(&STANDARD.encode(bytes)),
            Self::Reference(id) => write!(f, "{id}"),
        }
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}
impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}
impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Reference(id)
    }
}

/// Attributes of one object, ordered by name. An attribute without values is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(Vec<(AttributeName, Vec<Value>)>);

impl Attributes {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(held, _)| compare_folded(held.as_str(), name))
    }

    /// All values of an attribute; empty when absent.
    pub fn all(&self, name: &str) -> &[Value] {
        self.position(name).ok().and_then(|at| self.0.get(at)).map_or(&[], |(_, values)| values)
    }

    /// The first value.
    pub fn first(&self, name: &str) -> Option<&Value> {
        self.all(name).first()
    }

    /// The first value, if it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.first(name).and_then(Value::as_str)
    }

    /// The first value, if it is a number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.first(name) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// The first value, if it is a boolean.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        match self.first(name) {
            Some(Value::Boolean(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// Whether the attribute has a value.
    pub fn has(&self, name: &str) -> bool {
        !self.all(name).is_empty()
    }

    /// Replaces all values; no values removes the attribute. True if that changed anything (order does not count).
    pub fn set(&mut self, name: impl Into<AttributeName>, values: Vec<Value>) -> bool {
        let name = name.into();
        match self.position(name.as_str()) {
            Ok(at) if values.is_empty() => {
                self.0.remove(at);
                true
            }
            Ok(at) => {
                let Some((_, held)) = self.0.get_mut(at) else { return false };
                let changed = !same_values(held, &values);
                *held = values;
                changed
            }
            Err(_) if values.is_empty() => false,
            Err(at) => {
                self.0.insert(at, (name, values));
                true
            }
        }
    }

    /// Sets a single value.
    pub fn put(&mut self, name: impl Into<AttributeName>, value: impl Into<Value>) -> bool {
        self.set(name, vec![value.into()])
    }

    /// Adds one value to a multi-valued attribute. True if it was not there.
    pub fn add(&mut self, name: &str, value: Value) -> bool {
        match self.position(name) {
            Ok(at) => self.0.get_mut(at).is_some_and(|(_, held)| {
                let new = !held.contains(&value);
                if new {
                    held.push(value);
                }
                new
            }),
            Err(at) => {
                self.0.insert(at, (AttributeName::new(name), vec![value]));
                true
            }
        }
    }

    /// Removes one value of a multi-valued attribute. True if it was there.
    pub fn take(&mut self, name: &str, value: &Value) -> bool {
        let Ok(at) = self.position(name) else { return false };
        let Some((_, held)) = self.0.get_mut(at) else { return false };
        let before = held.len();
        held.retain(|v| v != value);
        let removed = held.len() != before;
        if held.is_empty() {
            self.0.remove(at);
        }
        removed
    }

    /// Removes an attribute.
    pub fn remove(&mut self, name: &str) -> bool {
        self.position(name).map(|at| self.0.remove(at)).is_ok()
    }

    /// Name and values, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&AttributeName, &[Value])> {
        self.0.iter().map(|(name, values)| (name, values.as_slice()))
    }

    /// Builder form of [`Self::put`].
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.put(name, value);
        self
    }
}

impl IntoIterator for Attributes {
    type Item = (AttributeName, Vec<Value>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<(AttributeName, Vec<Value>)> for Attributes {
    fn from_iter<T: IntoIterator<Item = (AttributeName, Vec<Value>)>>(iter: T) -> Self {
        let mut attributes = Self::new();
        for (name, values) in iter {
            attributes.set(name, values);
        }
        attributes
    }
}

/// Whether two lists hold the same values, in whatever order.
pub fn same_values(left: &[Value], right: &[Value]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    if left == right {
        return true;
    }
    let (mut left, mut right) = (left.to_vec(), right.to_vec());
    left.sort();
    right.sort();
    left == right
}

mod as_base64 {
    use super::STANDARD;
    use base64::Engine as _;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ignore_case_and_keep_spelling() {
        let mut attributes = Attributes::new();
        attributes.put("displayName", "A");
        attributes.put("DISPLAYNAME", "B");
        assert_eq!(attributes.text("displayname"), Some("B"));
        let names: Vec<_> = attributes.iter().map(|(n, _)| n.to_string()).collect();
        assert_eq!(names, ["displayName"]);
    }

    #[test]
    fn setting_reports_change_without_regard_to_order() {
        let mut attributes = Attributes::new();
        assert!(attributes.set("member", vec![Value::text("a"), Value::text("b")]));
        assert!(!attributes.set("member", vec![Value::text("b"), Value::text("a")]));
        assert!(attributes.take("member", &Value::text("a")));
        assert!(!attributes.take("member", &Value::text("a")));
        assert!(attributes.add("member", Value::text("c")));
        assert!(!attributes.add("member", Value::text("c")));
        assert!(attributes.set("member", vec![]));
        assert!(!attributes.has("member"));
    }

    #[test]
    fn values_survive_json() {
        let values = vec![
            Value::text("x"),
            Value::Integer(-1),
            Value::Boolean(true),
            Value::Binary(vec![0, 255]),
            Value::Reference(Uuid::from_u128(7)),
        ];
        let json = serde_json::to_string(&values).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Value>>(&json).unwrap(), values);
    }
}
