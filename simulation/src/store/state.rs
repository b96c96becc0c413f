//! The objects, their versions and what became of them. Pure: time is handed in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::kind::{Kind, Kinds};
use super::object::{Key, meta_mut};
use super::refusal::Refusal;

/// How many changes are remembered: who resumes a watch further back must list again.
const REMEMBERED: usize = 2_000;

/// What happened to an object.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) version: u64,
    pub(super) key: Key,
    pub(super) before: Option<Value>,
    /// As it was stored; where it was deleted, as it was then.
    pub(super) after: Option<Value>,
    pub(super) last: Value,
}

/// Everything that the store knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) kinds: Arc<Kinds>,
    pub(super) objects: BTreeMap<Key, Value>,
    pub(super) version: u64,
    pub(super) changes: VecDeque<Change>,
    /// Changes up to this version are forgotten.
    pub(super) compacted: u64,
    pub(super) now: Timestamp,
    /// Who writes.
    pub(super) manager: String,
    /// Objects whose status was never written: what is read of it are defaults.
    pub(super) fresh: BTreeSet<Key>,
    /// What field managers applied last, by object and manager.
    pub(super) applied: BTreeMap<(Key, String), Value>,
    random: StdRng,
}

impl State {
    pub(super) fn new(kinds: Arc<Kinds>, seed: u64) -> Self {
        Self {
            kinds,
            objects: BTreeMap::new(),
            version: 1,
            changes: VecDeque::new(),
            compacted: 1,
            now: Timestamp::UNIX_EPOCH,
            manager: String::new(),
            fresh: BTreeSet::new(),
            applied: BTreeMap::new(),
            random: StdRng::seed_from_u64(seed),
        }
    }

    /// The present instant as `metadata` has it: to the second.
    pub(super) fn instant(&self) -> Value {
        Value::String(self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
    }

    /// A new uid.
    pub(super) fn uid(&mut self) -> Value {
        let uid = uuid::Builder::from_random_bytes(self.random.random()).into_uuid();
        Value::String(uid.to_string())
    }

    /// What `generateName` adds.
    pub(super) fn suffix(&mut self) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let letter = |index: usize| LETTERS.get(index).copied().map_or('b', char::from);
        (0..5).map(|_| letter(self.random.random_range(0..LETTERS.len()))).collect()
    }

    /// Stores an object under the next version, and gives it back as stored.
    pub(super) fn put(&mut self, key: Key, mut object: Value) -> Value {
        self.version += 1;
        if let Some(meta) = meta_mut(&mut object) {
            meta.insert("resourceVersion".to_owned(), self.version.to_string().into());
        }
        let before = self.objects.insert(key.clone(), object.clone());
        self.note(key, before, Some(object.clone()), object.clone());
        object
    }

    /// Removes an object for good, and gives back its last state.
    pub(super) fn remove(&mut self, key: &Key, mut last: Value) -> Value {
        self.version += 1;
        if let Some(meta) = meta_mut(&mut last) {
            meta.insert("resourceVersion".to_owned(), self.version.to_string().into());
        }
        let before = self.objects.remove(key);
        self.fresh.remove(key);
        self.applied.retain(|(applied, _), _| applied != key);
        self.note(key.clone(), before, None, last.clone());
        last
    }

    fn note(&mut self, key: Key, before: Option<Value>, after: Option<Value>, last: Value) {
        self.changes.push_back(Change { version: self.version, key, before, after, last });
        while self.changes.len() > REMEMBERED {
            if let Some(forgotten) = self.changes.pop_front() {
                self.compacted = forgotten.version;
            }
        }
    }

    /// Forgets every change so far.
    pub(super) fn compact(&mut self) {
        self.changes.clear();
        self.compacted = self.version;
    }

    /// One object.
    ///
    /// # Errors
    /// 404.
    pub(super) fn get(&self, kind: &Kind, key: &Key) -> Result<Value, Refusal> {
        self.objects.get(key).cloned().ok_or_else(|| Refusal::not_found(&kind.resource(), &key.name))
    }

    /// All objects of a kind, in a namespace or everywhere, in the order of namespace and name.
    pub(super) fn list(&self, kind: &Kind, namespace: &str) -> Vec<Value> {
        let of = |key: &Key| {
            key.group == kind.group
                && key.plural == kind.plural
                && (namespace.is_empty() || key.namespace == namespace)
        };
        self.objects.iter().filter(|(key, _)| of(key)).map(|(_, object)| object.clone()).collect()
    }

    /// The objects as they were some changes ago; as far back as changes are remembered. Gives the version as well.
    pub(super) fn past(&self, changes: usize) -> (BTreeMap<Key, Value>, u64) {
        let mut objects = self.objects.clone();
        let mut version = self.version;
        for change in self.changes.iter().rev().take(changes) {
            version = change.version.saturating_sub(1);
            match &change.before {
                Some(before) => objects.insert(change.key.clone(), before.clone()),
                None => objects.remove(&change.key),
            };
        }
        (objects, version)
    }

    /// What happened to objects of a kind after a version, in order.
    ///
    /// # Errors
    /// 410 where that lies too far back, or in a future that a restored store does not know.
    pub(super) fn since(&self, kind: &Kind, namespace: &str, version: u64) -> Result<Vec<Value>, Refusal> {
        if version < self.compacted || version > self.version {
            return Err(Refusal::expired());
        }
        let of = |change: &&Change| {
            change.version > version
                && change.key.group == kind.group
                && change.key.plural == kind.plural
                && (namespace.is_empty() || change.key.namespace == namespace)
        };
        let event = |change: &Change| {
            let what = match (&change.before, &change.after) {
                (None, _) => "ADDED",
                (Some(_), Some(_)) => "MODIFIED",
                (Some(_), None) => "DELETED",
            };
            json!({ "type": what, "object": change.last })
        };
        Ok(self.changes.iter().filter(of).map(event).collect())
    }
}
