//! Exports: pending changes written to the connected directories, through the world and so on record.

mod directory;
mod entra;

use adsync::protocol::{Modification, RunCounters};
use uuid::Uuid;

use super::core::Core;

impl Core {
    /// Objects of a connector with a pending export of that kind, by identifier.
    pub(super) fn pending(&self, connector: Uuid, modification: Modification) -> Vec<Uuid> {
        let Some(space) = self.spaces.get(&connector) else { return Vec::new() };
        let pending = space.iter().filter(|object| {
            object.pending.as_ref().is_some_and(|pending| pending.modification == modification)
        });
        pending.map(|object| object.id).collect()
    }

    /// Number of pending exports of a connector.
    pub(super) fn pending_count(&self, connector: Uuid) -> usize {
        self.spaces
            .get(&connector)
            .map_or(0, |space| space.iter().filter(|object| object.pending.is_some()).count())
    }

    /// Notes that an export failed: it stays pending and is tried again.
    fn note_failure(&mut self, connector: Uuid, id: Uuid, reason: String, counters: &mut RunCounters) {
        counters.export_failure += 1;
        let object = self.spaces.get_mut(&connector).and_then(|space| space.get_mut(id));
        if let Some(pending) = object.and_then(|object| object.pending.as_mut()) {
            pending.failures = pending.failures.saturating_add(1);
            pending.error = Some(reason);
        }
    }
}
