//! Backups of the store, and what it is after one was restored. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kind::{Content, Habit};
use super::object::{Key, meta_mut};
use super::schema;
use super::state::State;

/// A backup: the objects at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(super) objects: BTreeMap<Key, Value>,
    pub(super) version: u64,
}

/// How a backup is restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restore {
    /// As `etcdctl snapshot restore` does it: everything is as it was, uids and versions too, and versions that were given since
    /// are given again.
    Everything,
    /// The same without any status: a backup of what is declared, uids kept.
    WithoutStatus,
    /// As tools that back up objects one by one do it: each is created anew, with another uid, generation 1 and no status, and without
    /// the names of its owners.
    Recreated,
}

impl State {
    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot { objects: self.objects.clone(), version: self.version }
    }

    /// Nobody's watch goes on after it: what it would resume from is not known any more.
    pub(super) fn restore(&mut self, snapshot: &Snapshot, how: Restore) {
        self.applied.clear();
        if how == Restore::Everything {
            self.objects.clone_from(&snapshot.objects);
            self.version = snapshot.version;
            self.compact();
            return;
        }
        self.objects.clear();
        for (key, object) in &snapshot.objects {
            let mut object = object.clone();
            let Some(kind) = self.kinds.find(&key.group, &key.plural) else { continue };
            if how == Restore::Recreated {
                let (uid, created) = (self.uid(), self.instant());
                if let Some(meta) = meta_mut(&mut object) {
                    for word in ["ownerReferences", "deletionTimestamp", "deletionGracePeriodSeconds"] {
                        meta.remove(word);
                    }
                    meta.insert("uid".to_owned(), uid);
                    meta.insert("creationTimestamp".to_owned(), created);
                    if kind.habit == Habit::Generation {
                        meta.insert("generation".to_owned(), 1.into());
                    }
                }
            }
            if let Content::Custom(schema) = &kind.content {
                if let Some(fields) = object.as_object_mut() {
                    fields.remove("status");
                }
                schema::fill(schema, &mut object);
            }
            self.put(key.clone(), object);
        }
        self.compact();
    }
}
