//! Export to Active Directory ("Out to AD").

use adsync::protocol::{Modification, RunCounters};
use jiff::Timestamp;
use uuid::Uuid;

use crate::adsync_engine::core::Core;
use crate::engine::Writer;
use crate::value::{AttributeName, Attributes};
use crate::world::World;

impl Core {
    /// Writes what is pending. Objects are never made or deleted in a directory here: writeback of users, groups and devices
    /// is no part of this simulation, and a rule that asks for it is an export error.
    pub(crate) fn export_directory(
        &mut self,
        connector: Uuid,
        writer: &Writer,
        world: &mut World,
        now: Timestamp,
    ) -> RunCounters {
        let mut counters = RunCounters::default();
        for modification in [Modification::Add, Modification::Delete] {
            for id in self.pending(connector, modification) {
                let reason =
                    format!("{modification:?} in a directory is not simulated: take the writeback rule away");
                self.note_failure(connector, id, reason, &mut counters);
            }
        }
        for id in self.pending(connector, Modification::Update) {
            self.export_directory_update(connector, id, writer, world, now, &mut counters);
        }
        counters
    }

    fn export_directory_update(
        &mut self,
        connector: Uuid,
        id: Uuid,
        writer: &Writer,
        world: &mut World,
        now: Timestamp,
        counters: &mut RunCounters,
    ) {
        let Some(object) = self.spaces.get(&connector).and_then(|space| space.get(id)) else { return };
        let (Some(key), Some(pending)) = (object.key, object.pending.as_ref()) else { return };
        if pending.changes.iter().any(|(_, values)| values.is_empty()) {
            let reason =
                "clearing an attribute in a directory is not simulated: take the flow away".to_owned();
            self.note_failure(connector, id, reason, counters);
            return;
        }
        let values: Attributes = pending
            .changes
            .iter()
            .map(|(attribute, values)| (AttributeName::new(self.symbols.name(attribute)), values.to_vec()))
            .collect();
        match world.write_directory(writer, key, values, now) {
            Ok(()) => {
                counters.export_update += 1;
                let changes = pending.changes.clone();
                if let Some(space) = self.spaces.get_mut(&connector) {
                    space.edit(id, |object| {
                        for (attribute, values) in changes.iter() {
                            object.imported.set(attribute, values.to_vec());
                        }
                        object.unconfirmed = true;
                        object.pending = None;
                    });
                }
            }
            Err(error) => self.note_failure(connector, id, error.to_string(), counters),
        }
    }
}
