//! The metaverse: one object for each identity, joined to its objects in the connector spaces. Pure; does no IO.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::record::Record;
use super::rules::JoinIndex;
use super::symbol::Symbol;

/// One identity.
#[derive(Debug, Clone)]
pub(super) struct MetaverseObject {
    pub(super) id: Uuid,
    pub(super) object_type: Symbol,
    /// Attributes; references hold metaverse identifiers.
    pub(super) attributes: Record,
    /// Joined connector space object of each connector.
    pub(super) connectors: BTreeMap<Uuid, Uuid>,
}

/// All identities.
#[derive(Debug, Clone, Default)]
pub(super) struct Metaverse {
    objects: BTreeMap<Uuid, MetaverseObject>,
    /// Who refers to an object: target → holders.
    referrers: BTreeMap<Uuid, BTreeSet<Uuid>>,
    joins: JoinIndex,
}

impl Metaverse {
    /// An object.
    pub(super) fn get(&self, id: Uuid) -> Option<&MetaverseObject> {
        self.objects.get(&id)
    }

    /// Creates an object without attributes.
    pub(super) fn project(&mut self, id: Uuid, object_type: Symbol) {
        let object =
            MetaverseObject { id, object_type, attributes: Record::default(), connectors: BTreeMap::new() };
        self.objects.insert(id, object);
    }

    /// Removes an object.
    pub(super) fn remove(&mut self, id: Uuid) -> Option<MetaverseObject> {
        let object = self.objects.remove(&id)?;
        self.joins.remove(id, &object.attributes);
        for target in references(&object.attributes) {
            self.forget_referrer(target, id);
        }
        Some(object)
    }

    /// Joins a connector space object.
    pub(super) fn join(&mut self, id: Uuid, connector: Uuid, space_object: Uuid) {
        if let Some(object) = self.objects.get_mut(&id) {
            object.connectors.insert(connector, space_object);
        }
    }

    /// Ends a join.
    pub(super) fn disjoin(&mut self, id: Uuid, connector: Uuid) {
        if let Some(object) = self.objects.get_mut(&id) {
            object.connectors.remove(&connector);
        }
    }

    /// Replaces the attributes. True if that changed anything.
    pub(super) fn set_attributes(&mut self, id: Uuid, attributes: Record) -> bool {
        let Some(object) = self.objects.get_mut(&id) else { return false };
        if object.attributes == attributes {
            return false;
        }
        let before = std::mem::replace(&mut object.attributes, attributes);
        let after: BTreeSet<Uuid> = references(&object.attributes).collect();
        self.joins.remove(id, &before);
        self.joins.insert(id, &object.attributes);
        for target in references(&before).filter(|target| !after.contains(target)).collect::<Vec<_>>() {
            self.forget_referrer(target, id);
        }
        for target in after {
            self.referrers.entry(target).or_default().insert(id);
        }
        true
    }

    /// Objects that refer to an object.
    pub(super) fn referrers(&self, target: Uuid) -> impl Iterator<Item = Uuid> + '_ {
        self.referrers.get(&target).into_iter().flatten().copied()
    }

    /// Index that joins from connector spaces use.
    pub(super) fn joins(&self) -> &JoinIndex {
        &self.joins
    }

    /// Prepares the index for more attributes.
    pub(super) fn watch(&mut self, attributes: impl IntoIterator<Item = Symbol>) {
        if self.joins.watch(attributes) {
            for object in self.objects.values() {
                self.joins.insert(object.id, &object.attributes);
            }
        }
    }

    fn forget_referrer(&mut self, target: Uuid, holder: Uuid) {
        if let Some(holders) = self.referrers.get_mut(&target) {
            holders.remove(&holder);
            if holders.is_empty() {
                self.referrers.remove(&target);
            }
        }
    }
}

fn references(record: &Record) -> impl Iterator<Item = Uuid> + '_ {
    record.iter().flat_map(|(_, values)| values.iter().filter_map(crate::value::Value::as_reference))
}
