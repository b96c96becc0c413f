//! Reading the tenant.

use uuid::Uuid;

use super::{CloudKind, CloudObject, Tenant};
use crate::value::Value;

impl Tenant {
    /// An object by id, soft-deleted ones included.
    pub fn get(&self, id: Uuid) -> Option<&CloudObject> {
        self.objects.get(&id)
    }

    /// The live object with that anchor.
    pub fn by_anchor(&self, anchor: &str) -> Option<&CloudObject> {
        self.by_anchor.get(anchor).and_then(|id| self.objects.get(id)).filter(|object| object.is_live())
    }

    /// The live object that an engine wrote for that directory object last.
    pub fn by_source(&self, source: Uuid) -> Option<&CloudObject> {
        self.by_source.get(&source).and_then(|id| self.objects.get(id)).filter(|object| object.is_live())
    }

    /// Live objects by id.
    pub fn iter(&self) -> impl Iterator<Item = &CloudObject> {
        self.objects.values().filter(|object| object.is_live())
    }

    /// Live objects of one kind by id.
    pub fn of_kind(&self, kind: CloudKind) -> impl Iterator<Item = &CloudObject> {
        self.iter().filter(move |object| object.kind == kind)
    }

    /// Soft-deleted users by id.
    pub fn deleted(&self) -> impl Iterator<Item = &CloudObject> {
        self.objects.values().filter(|object| !object.is_live())
    }

    /// Live members of a group. Soft-deleted users are hidden and come back with a restore.
    pub fn members(&self, group: Uuid) -> Vec<Uuid> {
        self.live_references(group, "member")
    }

    /// Targets of a reference attribute that are live.
    pub fn live_references(&self, id: Uuid, attribute: &str) -> Vec<Uuid> {
        let values = self.get(id).map_or(&[][..], |object| object.attributes.all(attribute));
        let targets = values.iter().filter_map(Value::as_reference);
        targets.filter(|target| self.get(*target).is_some_and(CloudObject::is_live)).collect()
    }
}
