//! Imports: what the connected directories say, staged for synchronization. Reads the world, writes the database only.

mod directory;
mod entra;

use adsync::protocol::RunCounters;
use uuid::Uuid;

use super::core::Core;
use super::record::Record;
use super::space::{SpaceObject, Staged};
use super::symbol::Symbol;

pub(super) use directory::DirectoryWatermark;
pub(super) use entra::EntraNames;

/// How much an import reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImportReach {
    /// What changed since the last import.
    Delta,
    /// Everything.
    Full,
}

/// An object as a connected directory shows it.
struct Seen {
    key: Uuid,
    dn: String,
    object_type: Symbol,
    partition: usize,
    record: Record,
}

impl Core {
    /// Stages what an import saw of one object.
    fn stage_seen(&mut self, connector: Uuid, seen: Seen, counters: &mut RunCounters) {
        let Some(space) = self.spaces.get(&connector) else { return };
        // An object that waits for its first export may meanwhile have been made by someone else.
        let waiting = || space.by_dn(&seen.dn).filter(|object| object.key.is_none());
        let Some(known) = space.by_key(seen.key).or_else(waiting) else {
            counters.stage_add += 1;
            let id = self.identifiers.next_id();
            let mut object = SpaceObject::new(id, Some(seen.key), seen.dn, seen.object_type);
            object.partition = seen.partition;
            object.imported = seen.record;
            object.staged = Staged::Add;
            if let Some(space) = self.spaces.get_mut(&connector) {
                space.insert(object);
            }
            return;
        };
        let same = known.imported == seen.record && known.dn == seen.dn && known.key == Some(seen.key);
        if same && !known.unconfirmed && known.staged != Staged::Delete {
            counters.stage_no_change += 1;
            return;
        }
        counters.stage_update += 1;
        let id = known.id;
        if let Some(space) = self.spaces.get_mut(&connector) {
            space.edit(id, |object| {
                object.key = Some(seen.key);
                object.dn = seen.dn;
                object.partition = seen.partition;
                object.imported = seen.record;
                object.unconfirmed = false;
                if object.staged != Staged::Add {
                    object.staged = Staged::Update;
                }
            });
        }
    }

    /// Stages that an object is gone from the directory, or from what the connector reads of it.
    fn stage_gone(&mut self, connector: Uuid, key: Uuid, counters: &mut RunCounters) {
        let Some(space) = self.spaces.get_mut(&connector) else { return };
        let Some(id) =
            space.by_key(key).filter(|object| object.staged != Staged::Delete).map(|object| object.id)
        else {
            return;
        };
        counters.stage_delete += 1;
        if let Some(object) = space.get_mut(id) {
            object.staged = Staged::Delete;
        }
    }

    /// Stages as gone what a full import did not see.
    fn stage_unseen(
        &mut self,
        connector: Uuid,
        seen: &std::collections::HashSet<Uuid>,
        counters: &mut RunCounters,
    ) {
        let Some(space) = self.spaces.get(&connector) else { return };
        let gone: Vec<Uuid> =
            space.iter().filter_map(|object| object.key).filter(|key| !seen.contains(key)).collect();
        for key in gone {
            self.stage_gone(connector, key, counters);
        }
    }
}
