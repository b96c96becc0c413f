//! What an engine can do to the tenant: the only way in, and visible to the crate only (see `World::write`).

use jiff::Timestamp;
use uuid::Uuid;

use super::matching::Match;
use super::{
    AttributeChange, CloudKind, CloudObject, CloudPassword, ObjectWrite, Outcome, ProvisioningError, Receipt,
    Refusal, Tenant, ValueChange, WriteOperation, WrittenAttribute, canonical_attribute, canonical_values,
};
use crate::modes::Modes;
use crate::value::{AttributeName, Attributes, Value};

impl Tenant {
    /// Carries out one write of an engine.
    pub(crate) fn apply(
        &mut self,
        write: &ObjectWrite,
        modes: &Modes,
        now: Timestamp,
    ) -> Result<Receipt, Refusal> {
        match &write.operation {
            WriteOperation::Provision { kind, attributes } => {
                self.provision(write, *kind, attributes, modes, now)
            }
            WriteOperation::Update { changes } => {
                let id = self.writable(&write.anchor)?;
                let values = self.resolve(id, changes);
                self.write_values(id, Outcome::Updated, values, write.source, now)
            }
            WriteOperation::Delete => self.delete(write, now),
            WriteOperation::PasswordHash { version } => {
                let id = self.writable(&write.anchor)?;
                let object =
                    self.objects.get_mut(&id).ok_or_else(|| Refusal::NotFound(write.anchor.clone()))?;
                let number = |version: u64| Value::Integer(i64::try_from(version).unwrap_or(i64::MAX));
                let old =
                    object.password.as_ref().map(|password| number(password.version)).into_iter().collect();
                object.password = Some(CloudPassword { version: *version, at: now });
                let kind = object.kind;
                self.settings.organization.last_password_sync_at = Some(now);
                let written =
                    vec![WrittenAttribute { name: "passwordHash".into(), old, new: vec![number(*version)] }];
                Ok(Receipt { id, kind, outcome: Outcome::PasswordSet, written, lost: Vec::new() })
            }
        }
    }

    fn writable(&self, anchor: &str) -> Result<Uuid, Refusal> {
        let object = self.by_anchor(anchor).ok_or_else(|| Refusal::NotFound(anchor.to_owned()))?;
        if object.is_cloud_managed {
            return Err(Refusal::CloudManaged(object.id));
        }
        Ok(object.id)
    }

    fn provision(
        &mut self,
        write: &ObjectWrite,
        kind: CloudKind,
        attributes: &Attributes,
        modes: &Modes,
        now: Timestamp,
    ) -> Result<Receipt, Refusal> {
        let found = self.find_match(&write.anchor, kind, attributes, modes)?;
        let (id, outcome) = match found {
            Match::Hard(id) => (id, Outcome::HardMatched),
            Match::Soft(id) => (id, Outcome::SoftMatched),
            Match::Deleted(id) => (id, Outcome::Restored),
            Match::None => (self.identifiers.next_id(), Outcome::Created),
        };
        let values =
            attributes.iter().map(|(name, values)| canonical(name, values.to_vec())).collect::<Vec<_>>();
        self.check_unique(id, &values)?;
        self.check_references(&values)?;
        match outcome {
            Outcome::Created => {
                self.objects.insert(id, new_object(id, kind, now));
            }
            Outcome::Restored => self.undelete(id),
            _ => {}
        }
        if let Some(object) = self.objects.get_mut(&id) {
            object.anchor = Some(write.anchor.clone());
            object.synced = true;
        }
        self.by_anchor.insert(write.anchor.clone(), id);
        self.write_values(id, outcome, values, write.source, now)
    }

    /// Full values after single adds and removals.
    fn resolve(&self, id: Uuid, changes: &[AttributeChange]) -> Vec<(AttributeName, Vec<Value>)> {
        let held = self.objects.get(&id);
        changes
            .iter()
            .map(|change| {
                let name = AttributeName::new(canonical_attribute(change.name.as_str()));
                let values = match &change.change {
                    ValueChange::Replace(values) => values.clone(),
                    ValueChange::Modify { add, remove } => {
                        let before = held.map_or(&[][..], |object| object.attributes.all(name.as_str()));
                        let mut after: Vec<Value> =
                            before.iter().filter(|v| !remove.contains(v)).cloned().collect();
                        for value in add {
                            if !after.contains(value) {
                                after.push(value.clone());
                            }
                        }
                        after
                    }
                };
                canonical(&name, values)
            })
            .collect()
    }

    fn write_values(
        &mut self,
        id: Uuid,
        outcome: Outcome,
        values: Vec<(AttributeName, Vec<Value>)>,
        source: Option<Uuid>,
        now: Timestamp,
    ) -> Result<Receipt, Refusal> {
        self.check_unique(id, &values)?;
        self.check_references(&values)?;
        self.release_unique(id);
        let mut written = Vec::with_capacity(values.len());
        let mut kind = CloudKind::User;
        if let Some(object) = self.objects.get_mut(&id) {
            kind = object.kind;
            for (name, new) in values {
                let old = object.attributes.all(name.as_str()).to_vec();
                object.attributes.set(name.clone(), new.clone());
                written.push(WrittenAttribute { name, old, new });
            }
            object.last_sync_at = Some(now);
            object.source = source.or(object.source);
            if let Some(source) = object.source {
                self.by_source.insert(source, id);
            }
        }
        self.claim_unique(id);
        self.settings.organization.sync_enabled = Some(true);
        self.settings.organization.last_sync_at = Some(now);
        let receipt = Receipt { id, kind, outcome, written, lost: Vec::new() };
        self.log_receipt(&receipt, now);
        Ok(receipt)
    }

    fn delete(&mut self, write: &ObjectWrite, now: Timestamp) -> Result<Receipt, Refusal> {
        let id = self.writable(&write.anchor)?;
        Ok(self.remove(id, now))
    }

    /// Deletes softly what is kept for a while, everything else for good.
    fn remove(&mut self, id: Uuid, now: Timestamp) -> Receipt {
        let kind = self.objects.get(&id).map_or(CloudKind::User, |object| object.kind);
        let mut lost = Vec::new();
        let outcome = if kind == CloudKind::User {
            self.release_unique(id);
            if let Some(object) = self.objects.get_mut(&id) {
                object.deleted_at = Some(now);
            }
            Outcome::SoftDeleted
        } else {
            lost = self.destroy(id, now).map(|(_, lost)| lost).unwrap_or_default();
            Outcome::HardDeleted
        };
        let receipt = Receipt { id, kind, outcome, written: Vec::new(), lost };
        self.log_receipt(&receipt, now);
        receipt
    }

    /// Makes a soft-deleted user live again.
    fn undelete(&mut self, id: Uuid) {
        if let Some(object) = self.objects.get_mut(&id) {
            object.deleted_at = None;
        }
    }

    /// Removes an object and every link to it. Gives what no engine can bring back: its licences and its memberships in
    /// cloud-only groups.
    pub(super) fn destroy(&mut self, id: Uuid, now: Timestamp) -> Option<(CloudObject, Vec<String>)> {
        self.release_unique(id);
        let object = self.objects.remove(&id)?;
        if let Some(source) = object.source
            && self.by_source.get(&source) == Some(&id)
        {
            self.by_source.remove(&source);
        }
        if let Some(anchor) = &object.anchor
            && self.by_anchor.get(anchor) == Some(&id)
        {
            self.by_anchor.remove(anchor);
        }
        let holders: Vec<(Uuid, AttributeName)> = self
            .objects
            .values()
            .flat_map(|holder| {
                let links = holder.attributes.iter().filter(|(_, v)| v.contains(&Value::Reference(id)));
                links.map(|(name, _)| (holder.id, name.clone())).collect::<Vec<_>>()
            })
            .collect();
        let mut lost: Vec<String> =
            object.licences.iter().map(|licence| format!("licence {licence}")).collect();
        for (holder, name) in holders {
            if let Some(holder) = self.objects.get_mut(&holder) {
                holder.attributes.take(name.as_str(), &Value::Reference(id));
                if holder.kind == CloudKind::Group && !holder.synced {
                    let group = holder
                        .attributes
                        .text("displayName")
                        .map_or_else(|| holder.id.to_string(), str::to_owned);
                    lost.push(format!("membership of {group}"));
                }
            }
            self.log_reference_loss(holder, &name, id, now);
        }
        Some((object, lost))
    }
}

/// Name and values as the tenant keeps them.
fn canonical(name: &AttributeName, values: Vec<Value>) -> (AttributeName, Vec<Value>) {
    let kept = canonical_attribute(name.as_str());
    (AttributeName::new(kept), canonical_values(kept, values))
}

fn new_object(id: Uuid, kind: CloudKind, now: Timestamp) -> CloudObject {
    CloudObject {
        id,
        kind,
        anchor: None,
        attributes: Attributes::new(),
        synced: false,
        is_cloud_managed: false,
        is_administrator: false,
        licences: std::collections::BTreeSet::new(),
        password: None,
        created_at: now,
        last_sync_at: None,
        deleted_at: None,
        errors: Vec::<ProvisioningError>::new(),
        source: None,
    }
}

impl Tenant {
    /// A person makes a cloud-only object.
    ///
    /// # Errors
    /// If a value that must be unique is taken, or a reference names nothing.
    pub fn create_cloud_only(
        &mut self,
        kind: CloudKind,
        attributes: Attributes,
        now: Timestamp,
    ) -> Result<Uuid, Refusal> {
        let id = self.identifiers.next_id();
        let values: Vec<_> =
            attributes.iter().map(|(name, values)| (name.clone(), values.to_vec())).collect();
        self.check_unique(id, &values)?;
        self.check_references(&values)?;
        let mut object = new_object(id, kind, now);
        object.attributes = attributes;
        self.objects.insert(id, object);
        self.claim_unique(id);
        self.log_created(id, now);
        Ok(id)
    }

    /// A person deletes an object, by its anchor. Gives its id and what no engine can bring back; none if there is no such
    /// object alive.
    pub(crate) fn delete_by_person(&mut self, anchor: &str, now: Timestamp) -> Option<(Uuid, Vec<String>)> {
        let id = self.by_anchor(anchor).filter(|object| object.is_live())?.id;
        let receipt = self.remove(id, now);
        Some((id, receipt.lost))
    }

    /// A person changes what engines do not own: licences, roles, source of authority, membership of cloud-only groups.
    pub fn edit_by_person(&mut self, id: Uuid, now: Timestamp, edit: impl FnOnce(&mut CloudObject)) -> bool {
        let Some(object) = self.objects.get_mut(&id) else { return false };
        edit(object);
        self.log_updated(id, now);
        true
    }
}
