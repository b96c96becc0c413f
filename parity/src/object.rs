//! A directory object as the agent read it: the input of the mapping evaluator. Pure.

use std::collections::BTreeMap;

use crate::key::ObjectType;

/// One value of a directory attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// Text as the directory returned it (numbers, booleans and distinguished names are text in LDAP).
    Text(String),
    /// Bytes of an octet string (`objectGUID`, `mS-DS-ConsistencyGuid`, `objectSid`).
    Binary(Vec<u8>),
}

impl From<&str> for AttributeValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A directory object with the attributes that were read.
///
/// Attribute names are compared without regard to case, as in LDAP. An attribute that was not read is kept apart from
/// one that is empty: a server leaves empty attributes out of its answer, so whoever read the object says with
/// [`DirectoryObject::complete`] what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryObject {
    object_type: ObjectType,
    distinguished_name: String,
    attributes: BTreeMap<String, Vec<AttributeValue>>,
}

impl DirectoryObject {
    /// An object of which no attribute was read.
    pub fn new(object_type: ObjectType, distinguished_name: impl Into<String>) -> Self {
        Self { object_type, distinguished_name: distinguished_name.into(), attributes: BTreeMap::new() }
    }

    /// Sets an attribute as read; no values means that the directory holds none.
    pub fn set(&mut self, name: &str, values: Vec<AttributeValue>) {
        self.attributes.insert(name.to_ascii_lowercase(), values);
    }

    /// Sets an attribute to one text value and returns the object, for building one in a single expression.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, vec![value.into()]);
        self
    }

    /// Says which attributes were asked for: those that the answer did not hold are empty.
    pub fn complete<'a>(&mut self, asked_for: impl IntoIterator<Item = &'a str>) {
        for name in asked_for {
            self.attributes.entry(name.to_ascii_lowercase()).or_default();
        }
    }

    /// The values of an attribute; `None` where it was not read.
    pub fn values(&self, name: &str) -> Option<&[AttributeValue]> {
        self.attributes.get(&name.to_ascii_lowercase()).map(Vec::as_slice)
    }

    /// What kind of object it is.
    pub fn object_type(&self) -> ObjectType {
        self.object_type
    }

    /// Its distinguished name, as read.
    pub fn distinguished_name(&self) -> &str {
        &self.distinguished_name
    }
}
