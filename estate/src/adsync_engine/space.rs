//! Connector spaces: what the engine knows of each connected directory, and what it means to write there. Pure; does no IO.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use adsync::protocol::{ConnectorKind, Lineage, Modification};
use adsync::rule::LinkType;
use uuid::Uuid;

use super::record::Record;
use super::rules::{FlowError, JoinIndex};
use super::symbol::Symbol;
use crate::value::Value;

/// The objects of one connector.
#[derive(Debug, Clone)]
pub(super) struct Space {
    pub(super) kind: ConnectorKind,
    objects: BTreeMap<Uuid, SpaceObject>,
    by_key: HashMap<Uuid, Uuid>,
    by_dn: HashMap<String, Uuid>,
    joins: JoinIndex,
}

/// One object of a connector space.
#[derive(Debug, Clone)]
pub(super) struct SpaceObject {
    /// Identifier in the connector space.
    pub(super) id: Uuid,
    /// Identifier in the connected directory: `objectGUID`, or the tenant's object id. None until the first export.
    pub(super) key: Option<Uuid>,
    /// Distinguished name.
    pub(super) dn: String,
    pub(super) object_type: Symbol,
    /// Position of its partition among those of the connector.
    pub(super) partition: usize,
    /// Attributes as imports, and successful exports, left them. References hold keys.
    pub(super) imported: Record,
    /// An import that no synchronization has looked at yet.
    pub(super) staged: Staged,
    /// An export has changed it, and no import has confirmed that yet.
    pub(super) unconfirmed: bool,
    /// What an export would write.
    pub(super) pending: Option<Pending>,
    /// Joined metaverse object.
    pub(super) metaverse: Option<Uuid>,
    /// An outbound rule that provisions has been in scope: when none is any more, the object is deleted.
    pub(super) provisioned: bool,
    /// Inbound rules that were in scope when it was last synchronized.
    pub(super) inbound: Option<Arc<Vec<Lineage>>>,
    /// Outbound rules that were in scope then; those that JoinNoFlow silenced are left out.
    pub(super) outbound: Option<Arc<Vec<Lineage>>>,
    /// What went wrong when it was last synchronized.
    pub(super) errors: Vec<FlowError>,
}

/// State of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Staged {
    /// Nothing new.
    Nothing,
    /// A new object.
    Add,
    /// Changed attributes or name.
    Update,
    /// Gone from the directory, or out of the connector's scope.
    Delete,
}

/// A change on its way to the connected directory.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pending {
    pub(super) modification: Modification,
    /// New values; none clears an attribute. References hold keys, or connector space identifiers of objects that have none yet.
    pub(super) changes: Record,
    /// How often the export failed.
    pub(super) failures: u32,
    /// Why it failed last.
    pub(super) error: Option<String>,
}

impl Pending {
    /// A change that was never tried.
    pub(super) fn new(modification: Modification, changes: Record) -> Self {
        Self { modification, changes, failures: 0, error: None }
    }
}

impl SpaceObject {
    /// An object without attributes or link.
    pub(super) fn new(id: Uuid, key: Option<Uuid>, dn: String, object_type: Symbol) -> Self {
        Self {
            id,
            key,
            dn,
            object_type,
            partition: 0,
            imported: Record::default(),
            staged: Staged::Nothing,
            unconfirmed: false,
            pending: None,
            metaverse: None,
            provisioned: false,
            inbound: None,
            outbound: None,
            errors: Vec::new(),
        }
    }

    /// Values of an attribute with the pending export laid over what was imported: synchronization assumes that what was
    /// staged will arrive. Source: Microsoft, declarative provisioning, `ImportedValue`.
    pub(super) fn current(&self, attribute: Symbol) -> &[Value] {
        self.pending
            .as_ref()
            .filter(|pending| pending.modification != Modification::Delete)
            .and_then(|pending| pending.changes.find(attribute))
            .unwrap_or_else(|| self.imported.all(attribute))
    }

    /// How other objects of the space refer to this one.
    pub(super) fn reference(&self) -> Uuid {
        self.key.unwrap_or(self.id)
    }

    /// A JoinNoFlow rule was in scope when it was last synchronized.
    pub(super) fn is_no_flow(&self) -> bool {
        self.outbound
            .as_ref()
            .is_some_and(|rules| rules.iter().any(|rule| rule.operation == LinkType::JoinNoFlow))
    }

    /// A rule raised an error when it was last synchronized: nothing of it flows.
    pub(super) fn is_unsynchronized(&self) -> bool {
        self.errors.iter().any(|error| error.raised)
    }

    /// The last export failed.
    pub(super) fn has_export_error(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.failures > 0)
    }
}

impl Space {
    /// An empty space.
    pub(super) fn new(kind: ConnectorKind) -> Self {
        Self {
            kind,
            objects: BTreeMap::new(),
            by_key: HashMap::new(),
            by_dn: HashMap::new(),
            joins: JoinIndex::default(),
        }
    }

    /// An object.
    pub(super) fn get(&self, id: Uuid) -> Option<&SpaceObject> {
        self.objects.get(&id)
    }

    /// Changes an object's state; its attributes, name and key are changed with [`Self::edit`].
    pub(super) fn get_mut(&mut self, id: Uuid) -> Option<&mut SpaceObject> {
        self.objects.get_mut(&id)
    }

    /// Changes anything about an object and keeps the indexes right.
    pub(super) fn edit(&mut self, id: Uuid, change: impl FnOnce(&mut SpaceObject)) {
        let Some(mut object) = self.take(id) else { return };
        change(&mut object);
        self.insert(object);
    }

    /// Puts an object in.
    pub(super) fn insert(&mut self, object: SpaceObject) {
        if let Some(key) = object.key {
            self.by_key.insert(key, object.id);
        }
        self.by_dn.insert(object.dn.to_lowercase(), object.id);
        self.joins.insert(object.id, &object.imported);
        self.objects.insert(object.id, object);
    }

    /// Takes an object out.
    pub(super) fn take(&mut self, id: Uuid) -> Option<SpaceObject> {
        let object = self.objects.remove(&id)?;
        if let Some(key) = object.key {
            self.by_key.remove(&key);
        }
        let folded = object.dn.to_lowercase();
        if self.by_dn.get(&folded) == Some(&id) {
            self.by_dn.remove(&folded);
        }
        self.joins.remove(id, &object.imported);
        Some(object)
    }

    /// The object with that identifier in the connected directory.
    pub(super) fn by_key(&self, key: Uuid) -> Option<&SpaceObject> {
        self.by_key.get(&key).and_then(|id| self.objects.get(id))
    }

    /// The object that a reference names: by key, or by identifier where there is no key yet.
    pub(super) fn by_reference(&self, reference: Uuid) -> Option<&SpaceObject> {
        self.by_key(reference).or_else(|| self.get(reference))
    }

    /// The object of that name, without regard to case.
    pub(super) fn by_dn(&self, dn: &str) -> Option<&SpaceObject> {
        self.by_dn.get(&dn.to_lowercase()).and_then(|id| self.objects.get(id))
    }

    /// All objects, by identifier.
    pub(super) fn iter(&self) -> impl Iterator<Item = &SpaceObject> {
        self.objects.values()
    }

    /// Identifiers of all objects.
    pub(super) fn ids(&self) -> Vec<Uuid> {
        self.objects.keys().copied().collect()
    }

    /// Number of objects.
    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Index that joins from the metaverse use.
    pub(super) fn joins(&self) -> &JoinIndex {
        &self.joins
    }

    /// Prepares the index for more attributes.
    pub(super) fn watch(&mut self, attributes: impl IntoIterator<Item = Symbol>) {
        if self.joins.watch(attributes) {
            for object in self.objects.values() {
                self.joins.insert(object.id, &object.imported);
            }
        }
    }
}
