//! The tenant's objects, replayed from the writes: which are alive, and which have lost their source.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::super::{Direction, Event, Record};
use super::{Class, Violation};
use crate::directory::DirectoryChange;
use crate::tenant::Outcome;

/// One object of the tenant as the log shows it.
#[derive(Debug, Clone)]
struct Held {
    source: Option<Uuid>,
    label: String,
    alive: bool,
    /// Since when it has been alive without a break.
    since: Timestamp,
}

/// The tenant at the end of the log.
#[derive(Debug, Default)]
pub(super) struct Tenant {
    objects: BTreeMap<Uuid, Held>,
    labels: BTreeMap<Uuid, String>,
    /// Directory objects that are gone, since when.
    gone: BTreeMap<Uuid, Timestamp>,
}

impl Tenant {
    pub(super) fn replay(records: &[Record]) -> Self {
        let mut tenant = Self::default();
        for record in records {
            tenant.apply(record);
        }
        tenant
    }

    /// Takes one record into account.
    pub(super) fn apply(&mut self, record: &Record) {
        match &record.event {
            Event::Write(write) if write.direction == Direction::ToEntra => {
                let alive = !matches!(write.outcome, Outcome::SoftDeleted | Outcome::HardDeleted);
                let held = self.objects.entry(write.object).or_insert_with(|| Held {
                    source: None,
                    label: String::new(),
                    alive: false,
                    since: record.at,
                });
                if alive && !held.alive {
                    held.since = record.at;
                }
                held.alive = alive;
                held.source = write.source.or(held.source);
                held.label.clone_from(&write.label);
                if let Some(source) = held.source {
                    self.labels.insert(source, write.label.clone());
                }
            }
            Event::DeletedByPerson { id, .. } => {
                if let Some(held) = self.objects.get_mut(id) {
                    held.alive = false;
                }
            }
            Event::Directory(DirectoryChange::Deleted { at, source }) => {
                self.gone.insert(*source, *at);
            }
            Event::Directory(DirectoryChange::Created { source, .. }) => {
                self.gone.remove(source);
            }
            _ => {}
        }
    }

    /// Number of objects alive.
    pub(super) fn alive(&self) -> usize {
        self.objects.values().filter(|object| object.alive).count()
    }

    /// Whether an object is alive, and since when.
    pub(super) fn alive_since(&self, object: Uuid) -> Option<Timestamp> {
        self.objects.get(&object).filter(|held| held.alive).map(|held| held.since)
    }

    /// The directory object behind an object.
    pub(super) fn source(&self, object: Uuid) -> Option<Uuid> {
        self.objects.get(&object).and_then(|held| held.source)
    }

    /// Objects alive that stand for a directory object.
    pub(super) fn standing_for(&self, source: Uuid) -> impl Iterator<Item = Uuid> + '_ {
        let alive = self.objects.iter().filter(move |(_, held)| held.alive && held.source == Some(source));
        alive.map(|(id, _)| *id)
    }

    /// All objects alive, by the directory object they stand for.
    pub(super) fn by_source(&self) -> BTreeMap<Uuid, Uuid> {
        let alive = self.objects.iter().filter(|(_, held)| held.alive);
        alive.filter_map(|(id, held)| Some((held.source?, *id))).collect()
    }

    pub(super) fn label(&self, source: Uuid) -> Option<String> {
        self.labels.get(&source).cloned()
    }

    /// Objects alive whose source has been gone for longer than the grace.
    pub(super) fn orphans(&self, until: Timestamp, grace: SignedDuration) -> Vec<Violation> {
        let alive = self.objects.values().filter(|held| held.alive);
        alive
            .filter_map(|held| {
                let gone_at = *self.gone.get(&held.source?)?;
                (until.duration_since(gone_at) > grace).then(|| Violation {
                    at: gone_at,
                    class: Class::Orphan,
                    object: held.label.clone(),
                    detail: format!(
                        "deleted in the directory, alive in the tenant {:#} later",
                        until.duration_since(gone_at)
                    ),
                })
            })
            .collect()
    }
}
