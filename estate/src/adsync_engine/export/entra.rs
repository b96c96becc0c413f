//! Export to Entra.

use adsync::protocol::{Modification, RunCounters};
use jiff::Timestamp;
use uuid::Uuid;

use crate::adsync_engine::anchor_name::anchor_in;
use crate::adsync_engine::core::Core;
use crate::adsync_engine::record::Record;
use crate::adsync_engine::space::{Pending, Space, SpaceObject};
use crate::adsync_engine::symbol::Symbol;
use crate::engine::Writer;
use crate::tenant::{
    AttributeChange, CloudKind, DeletionPrevention, ObjectWrite, Refusal, ValueChange, WriteOperation,
};
use crate::value::{AttributeName, Attributes, Value, same_values};
use crate::world::World;

/// A pending change, split into what can be written now and what waits for the first export of an object it refers to.
struct Ready {
    changes: Vec<(Symbol, Vec<Value>)>,
    waiting: Record,
}

impl Core {
    /// Whether the tenant's accidental deletion prevention stops the export of what is pending.
    /// Source: Microsoft, "Prevent accidental deletes": the export stops when there are more deletions than the threshold.
    pub(crate) fn exceeds_deletion_threshold(&self, connector: Uuid, prevention: DeletionPrevention) -> bool {
        let deletes = self.pending(connector, Modification::Delete).len();
        let total = self.spaces.get(&connector).map_or(0, Space::len);
        match prevention {
            DeletionPrevention::Disabled => false,
            DeletionPrevention::EnabledForCount(limit) => {
                deletes > usize::try_from(limit).unwrap_or(usize::MAX)
            }
            DeletionPrevention::EnabledForPercentage(limit) => {
                deletes.saturating_mul(100)
                    > total.saturating_mul(usize::try_from(limit).unwrap_or(usize::MAX))
            }
        }
    }

    /// Writes everything that is pending: deletions first, so that names become free, then new objects, then changes.
    pub(crate) fn export_entra(
        &mut self,
        connector: Uuid,
        writer: &Writer,
        world: &mut World,
        now: Timestamp,
    ) -> RunCounters {
        let mut counters = RunCounters::default();
        let updates = self.pending(connector, Modification::Update);
        for id in self.pending(connector, Modification::Delete) {
            self.export_delete(connector, id, writer, world, now, &mut counters);
        }
        let adds = self.pending(connector, Modification::Add);
        for id in &adds {
            self.export_add(connector, *id, writer, world, now, &mut counters);
        }
        for id in updates {
            let before = counters.export_failure;
            if self.export_update(connector, id, writer, world, now, &mut counters)
                && counters.export_failure == before
            {
                counters.export_update += 1;
            }
        }
        // References of new objects to other new objects, which exist only now.
        for id in adds {
            let left = self
                .spaces
                .get(&connector)
                .and_then(|space| space.get(id))
                .and_then(|it| it.pending.as_ref());
            if left.is_some_and(|pending| pending.modification == Modification::Update) {
                self.export_update(connector, id, writer, world, now, &mut counters);
            }
        }
        counters
    }

    fn export_delete(
        &mut self,
        connector: Uuid,
        id: Uuid,
        writer: &Writer,
        world: &mut World,
        now: Timestamp,
        counters: &mut RunCounters,
    ) {
        let Some(object) = self.spaces.get(&connector).and_then(|space| space.get(id)) else { return };
        let Some(anchor) = self.anchor_of(object) else { return };
        let write = ObjectWrite { anchor, source: None, operation: WriteOperation::Delete };
        match world.write(writer, &write, now) {
            // Deleting what is gone is done.
            Ok(_) | Err(Refusal::NotFound(_)) => {
                counters.export_delete += 1;
                self.forget(connector, id);
            }
            Err(refusal) => self.note_failure(connector, id, refusal.to_string(), counters),
        }
    }

    fn export_add(
        &mut self,
        connector: Uuid,
        id: Uuid,
        writer: &Writer,
        world: &mut World,
        now: Timestamp,
        counters: &mut RunCounters,
    ) {
        let Some(space) = self.spaces.get(&connector) else { return };
        let Some(object) = space.get(id) else { return };
        let Some(ready) = Self::ready(space, object) else { return };
        let kind = self.kind_of(object);
        let (Some(anchor), Some(kind)) = (self.anchor_of(object), kind) else {
            let reason = "expected a source anchor and a type that Entra knows: correct the rules".to_owned();
            self.note_failure(connector, id, reason, counters);
            return;
        };
        let attributes: Attributes = ready
            .changes
            .iter()
            .filter(|(attribute, values)| *attribute != self.known.source_anchor && !values.is_empty())
            .map(|(attribute, values)| (AttributeName::new(self.symbols.name(*attribute)), values.clone()))
            .collect();
        let operation = WriteOperation::Provision { kind, attributes };
        let write = ObjectWrite { anchor, source: self.source_of(object), operation };
        match world.write(writer, &write, now) {
            Ok(receipt) => {
                counters.export_add += 1;
                self.note_exported(connector, id, Some(receipt.id), ready);
            }
            Err(refusal) => self.note_failure(connector, id, refusal.to_string(), counters),
        }
    }

    /// True if something was written, or tried.
    fn export_update(
        &mut self,
        connector: Uuid,
        id: Uuid,
        writer: &Writer,
        world: &mut World,
        now: Timestamp,
        counters: &mut RunCounters,
    ) -> bool {
        let Some(space) = self.spaces.get(&connector) else { return false };
        let Some(object) = space.get(id) else { return false };
        let (Some(ready), Some(anchor)) = (Self::ready(space, object), self.anchor_of(object)) else {
            return false;
        };
        if ready.changes.is_empty() {
            return false;
        }
        let changes = ready.changes.iter().map(|(attribute, values)| {
            let held = object.imported.all(*attribute);
            let reference = values.iter().chain(held).any(Value::is_reference);
            let change = if reference {
                // Only what changes is named, so that links which others made meanwhile stay.
                ValueChange::Modify {
                    add: values.iter().filter(|value| !held.contains(value)).cloned().collect(),
                    remove: held.iter().filter(|value| !values.contains(value)).cloned().collect(),
                }
            } else {
                ValueChange::Replace(values.clone())
            };
            AttributeChange { name: AttributeName::new(self.symbols.name(*attribute)), change }
        });
        let operation = WriteOperation::Update { changes: changes.collect() };
        let write = ObjectWrite { anchor, source: self.source_of(object), operation };
        match world.write(writer, &write, now) {
            Ok(_) => self.note_exported(connector, id, None, ready),
            Err(refusal) => self.note_failure(connector, id, refusal.to_string(), counters),
        }
        true
    }

    /// Splits what is pending. A reference to an object that was never exported waits.
    fn ready(space: &Space, object: &SpaceObject) -> Option<Ready> {
        let pending = object.pending.as_ref()?;
        let mut ready = Ready { changes: Vec::new(), waiting: Record::default() };
        for (attribute, values) in pending.changes.iter() {
            let mut resolved = Vec::with_capacity(values.len());
            let mut complete = true;
            for value in values {
                match value {
                    Value::Reference(reference) => match space.by_reference(*reference) {
                        Some(target) => match target.key {
                            Some(key) => resolved.push(Value::Reference(key)),
                            None => complete = false,
                        },
                        None => resolved.push(value.clone()),
                    },
                    other => resolved.push(other.clone()),
                }
            }
            if !complete {
                ready.waiting.note(attribute, values.to_vec());
            }
            if complete || !same_values(&resolved, object.imported.all(attribute)) {
                ready.changes.push((attribute, resolved));
            }
        }
        Some(ready)
    }

    /// Notes that an export arrived; an import will confirm it.
    fn note_exported(&mut self, connector: Uuid, id: Uuid, key: Option<Uuid>, ready: Ready) {
        let Some(space) = self.spaces.get_mut(&connector) else { return };
        space.edit(id, |object| {
            object.key = key.or(object.key);
            for (attribute, values) in ready.changes {
                object.imported.set(attribute, values);
            }
            object.unconfirmed = true;
            object.pending =
                (!ready.waiting.is_empty()).then(|| Pending::new(Modification::Update, ready.waiting));
        });
    }

    /// The source anchor of an object of the Entra connector. Shipped rules for devices flow it only as part of the name.
    pub(crate) fn anchor_of(&self, object: &SpaceObject) -> Option<String> {
        let staged =
            || object.pending.as_ref().and_then(|pending| pending.changes.text(self.known.source_anchor));
        let flowed = object.imported.text(self.known.source_anchor).or_else(staged);
        flowed.map(str::to_owned).or_else(|| anchor_in(&object.dn))
    }

    fn kind_of(&self, object: &SpaceObject) -> Option<CloudKind> {
        match self.symbols.name(object.object_type).to_ascii_lowercase().as_str() {
            "user" => Some(CloudKind::User),
            "group" => Some(CloudKind::Group),
            "contact" => Some(CloudKind::Contact),
            "device" => Some(CloudKind::Device),
            _ => None,
        }
    }

    /// `objectGUID` of the directory object behind an object of the Entra connector.
    pub(crate) fn source_of(&self, object: &SpaceObject) -> Option<Uuid> {
        let metaverse = self.metaverse.get(object.metaverse?)?;
        let joined = self.joined(metaverse).into_iter();
        joined.filter(|(connector, _)| Some(*connector) != self.entra()).find_map(|(_, object)| object.key)
    }
}
