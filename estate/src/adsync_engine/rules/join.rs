//! Join criteria, and an index that answers them without reading every object. Pure; does no IO.

use std::collections::{BTreeSet, HashMap};

use adsync::rule::JoinCondition;
use uuid::Uuid;

use super::subject::Subject;
use crate::adsync_engine::record::Record;
use crate::adsync_engine::symbol::{Symbol, Symbols};
use crate::value::Value;

/// One compiled join condition.
#[derive(Debug, Clone)]
pub(crate) struct JoinPair {
    /// Attribute in the connector space.
    pub(crate) space: Symbol,
    /// Attribute in the metaverse.
    pub(crate) metaverse: Symbol,
    case_sensitive: bool,
}

impl JoinPair {
    /// Compiles a condition.
    pub(super) fn new(condition: &JoinCondition, symbols: &mut Symbols) -> Self {
        Self {
            space: symbols.intern(&condition.cs_attribute),
            metaverse: symbols.intern(&condition.mv_attribute),
            case_sensitive: condition.case_sensitive,
        }
    }
}

/// Objects by the values of the attributes that joins look for.
#[derive(Debug, Clone, Default)]
pub(crate) struct JoinIndex {
    watched: BTreeSet<Symbol>,
    entries: HashMap<(Symbol, String), BTreeSet<Uuid>>,
}

impl JoinIndex {
    /// Watches more attributes. True if there was a new one: the caller then puts in all objects again.
    pub(crate) fn watch(&mut self, attributes: impl IntoIterator<Item = Symbol>) -> bool {
        let before = self.watched.len();
        self.watched.extend(attributes);
        self.watched.len() != before
    }

    /// Puts an object in.
    pub(crate) fn insert(&mut self, id: Uuid, record: &Record) {
        for attribute in &self.watched {
            for value in record.all(*attribute) {
                self.entries.entry((*attribute, key_of(value))).or_default().insert(id);
            }
        }
    }

    /// Takes an object out; the record must be the one it was put in with.
    pub(crate) fn remove(&mut self, id: Uuid, record: &Record) {
        for attribute in &self.watched {
            for value in record.all(*attribute) {
                let key = (*attribute, key_of(value));
                if let Some(held) = self.entries.get_mut(&key) {
                    held.remove(&id);
                    if held.is_empty() {
                        self.entries.remove(&key);
                    }
                }
            }
        }
    }

    /// Objects that have any of the values in the attribute.
    fn find<'a>(&'a self, attribute: Symbol, values: &'a [Value]) -> impl Iterator<Item = Uuid> + 'a {
        values
            .iter()
            .filter_map(move |value| self.entries.get(&(attribute, key_of(value))))
            .flatten()
            .copied()
    }

    /// Objects that meet all conditions of a group. `own` and `other` say which attribute of a pair belongs to the
    /// subject and which to the indexed objects; `record` gives an indexed object and whether it may be joined.
    pub(crate) fn candidates<'r>(
        &self,
        group: &[JoinPair],
        subject: &dyn Subject,
        sides: Sides,
        record: impl Fn(Uuid) -> Option<&'r Record>,
    ) -> BTreeSet<Uuid> {
        let Some(first) = group.first() else { return BTreeSet::new() };
        let (own, other) = sides.of(first);
        self.find(other, subject.values(own))
            .filter(|id| {
                record(*id).is_some_and(|record| {
                    group.iter().all(|pair| {
                        let (own, other) = sides.of(pair);
                        let held = record.all(other);
                        subject
                            .values(own)
                            .iter()
                            .any(|value| held.iter().any(|held| pair.matches(value, held)))
                    })
                })
            })
            .collect()
    }
}

/// Which side of a join the subject stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sides {
    /// The subject is a connector space object that looks into the metaverse.
    Inbound,
    /// The subject is a metaverse object that looks into a connector space.
    Outbound,
}

impl Sides {
    /// Attribute of the subject, attribute of the indexed objects.
    fn of(self, pair: &JoinPair) -> (Symbol, Symbol) {
        match self {
            Self::Inbound => (pair.space, pair.metaverse),
            Self::Outbound => (pair.metaverse, pair.space),
        }
    }
}

impl JoinPair {
    fn matches(&self, left: &Value, right: &Value) -> bool {
        match (left, right) {
            (Value::String(left), Value::String(right)) if self.case_sensitive => left == right,
            _ => key_of(left) == key_of(right),
        }
    }
}

/// Values that may be equal have the same key: texts without regard to case, everything else as it prints.
fn key_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_lowercase(),
        other => other.to_string(),
    }
}
