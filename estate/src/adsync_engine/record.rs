//! Attributes of an object inside the engine, by symbol. Pure; does no IO.

use crate::value::{Value, same_values};

use super::symbol::Symbol;

/// Attributes in order of their symbols; an attribute without values is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Record(Vec<(Symbol, Vec<Value>)>);

impl Record {
    /// All values of an attribute; empty when absent.
    pub(super) fn all(&self, attribute: Symbol) -> &[Value] {
        self.find(attribute).unwrap_or(&[])
    }

    /// The values held for an attribute, if it is held at all: in a set of changes, no values means "clear".
    pub(super) fn find(&self, attribute: Symbol) -> Option<&[Value]> {
        let at = self.position(attribute).ok()?;
        self.0.get(at).map(|(_, values)| values.as_slice())
    }

    /// The first value as text.
    pub(super) fn text(&self, attribute: Symbol) -> Option<&str> {
        self.all(attribute).first().and_then(Value::as_str)
    }

    /// Whether a Boolean attribute is true, stored as a Boolean or as text.
    pub(super) fn is_true(&self, attribute: Symbol) -> bool {
        self.all(attribute).iter().any(|value| match value {
            Value::Boolean(flag) => *flag,
            Value::String(text) => text.eq_ignore_ascii_case("true"),
            _ => false,
        })
    }

    /// Replaces all values; no values removes the attribute. True if that changed anything.
    pub(super) fn set(&mut self, attribute: Symbol, values: Vec<Value>) -> bool {
        match self.position(attribute) {
            Ok(at) if values.is_empty() => {
                self.0.remove(at);
                true
            }
            Ok(at) => self.0.get_mut(at).is_some_and(|(_, held)| {
                let changed = !same_values(held, &values);
                *held = values;
                changed
            }),
            Err(_) if values.is_empty() => false,
            Err(at) => {
                self.0.insert(at, (attribute, values));
                true
            }
        }
    }

    /// Notes a change: values to set, or none to clear. Unlike [`Self::set`] it keeps the empty list.
    pub(super) fn note(&mut self, attribute: Symbol, values: Vec<Value>) {
        match self.position(attribute) {
            Ok(at) => {
                if let Some((_, held)) = self.0.get_mut(at) {
                    *held = values;
                }
            }
            Err(at) => self.0.insert(at, (attribute, values)),
        }
    }

    /// Forgets an attribute.
    pub(super) fn remove(&mut self, attribute: Symbol) {
        if let Ok(at) = self.position(attribute) {
            self.0.remove(at);
        }
    }

    /// Attributes with their values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Symbol, &[Value])> {
        self.0.iter().map(|(attribute, values)| (*attribute, values.as_slice()))
    }

    /// Whether there is no attribute.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn position(&self, attribute: Symbol) -> Result<usize, usize> {
        self.0.binary_search_by_key(&attribute, |(held, _)| *held)
    }
}

impl FromIterator<(Symbol, Vec<Value>)> for Record {
    fn from_iter<T: IntoIterator<Item = (Symbol, Vec<Value>)>>(items: T) -> Self {
        let mut items: Vec<_> = items.into_iter().filter(|(_, values)| !values.is_empty()).collect();
        items.sort_by_key(|(attribute, _)| *attribute);
        items.dedup_by_key(|(attribute, _)| *attribute);
        Self(items)
    }
}
