//! Exporting one object: create or join on first sight, differences later.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::log::{ModifiedProperty, ProvisioningAction, ProvisioningLogEntry, ProvisioningStatus};
use super::super::schema::{MappedObject, ObjectMapping};
use super::cycle::Tick;
use super::{Job, Known};
use crate::directory::DirectoryObject;
use crate::engine::{Link, Service, Writer};
use crate::modes::LogActions;
use crate::tenant::{
    AttributeChange, CloudKind, ObjectWrite, Outcome, Receipt, Refusal, ValueChange, WriteOperation,
};
use crate::value::{AttributeName, Attributes, Value, same_values};

impl Job {
    pub(super) fn writer(&self) -> Writer {
        Writer::cloud_sync(self.id.clone())
    }

    /// Exports what changed about one object, references apart. True if it is in the tenant afterwards.
    pub(super) fn export(&mut self, source: Uuid, since: Option<Timestamp>, tick: &mut Tick<'_>) -> bool {
        let Some(object) = tick.world.directory.alive(source).cloned() else { return false };
        let Some(mapping) = self.work.scope.as_ref().and_then(|scope| scope.mapping(&object)).cloned() else {
            return false;
        };
        let mapped = mapping.apply(&object);
        let anchor = ObjectMapping::anchor(&object);
        let known = self.work.known.entry(source).or_insert_with(|| Known {
            class: object.class,
            kind: mapping.kind,
            anchor: anchor.clone(),
            target: None,
            exported: std::collections::BTreeMap::new(),
            error: None,
            spared: false,
        });
        known.spared = false;
        let first = known.target.is_none();
        if first {
            known.anchor = anchor;
        }
        let held = known.clone();
        let outcome = if let Some((attribute, reason)) = mapped.errors.first() {
            Err((mapping_code().to_owned(), format!("{attribute}: {reason}")))
        } else if first {
            self.provision(source, &held, &mapping, &mapped, since, tick)
        } else {
            self.update(source, &held, &mapping, &mapped, tick)
        };
        let error = match outcome {
            Ok(written) => {
                if let Some(receipt) = written {
                    tick.exported += 1;
                    let created = matches!(receipt.outcome, Outcome::Created | Outcome::Restored);
                    let told_as_created = match tick.world.modes.log_actions {
                        LogActions::Told => created,
                        LogActions::JoinsAsCreate => first,
                        LogActions::CreatesAsUpdate => false,
                    };
                    let action =
                        if told_as_created { ProvisioningAction::Create } else { ProvisioningAction::Update };
                    self.note(tick, &object, action, ProvisioningStatus::Success, Some(&receipt));
                    self.remember(source, &receipt);
                }
                None
            }
            Err((code, reason)) => {
                tick.escrowed += 1;
                let status = ProvisioningStatus::Failure { code, reason: reason.clone() };
                let action = if first { ProvisioningAction::Create } else { ProvisioningAction::Update };
                self.note(tick, &object, action, status, None);
                Some(reason)
            }
        };
        let served = error.is_none();
        if let Some(known) = self.work.known.get_mut(&source) {
            known.error = error;
        }
        let link = if served { Link::Served } else { Link::Filtered };
        tick.world.report_link(&self.writer(), Service::Objects, source, link, tick.now);
        served
    }

    /// First sight: joins or creates, writes every mapped attribute and clears those without a value.
    fn provision(
        &mut self,
        source: Uuid,
        held: &Known,
        mapping: &ObjectMapping,
        mapped: &MappedObject,
        since: Option<Timestamp>,
        tick: &mut Tick<'_>,
    ) -> Result<Option<Receipt>, (String, String)> {
        let exists = tick.world.tenant.by_anchor(&held.anchor).is_some();
        if !mapping.adds && !exists {
            return Ok(None);
        }
        let attributes: Attributes =
            mapped.values.iter().filter(|(_, values)| !values.is_empty()).cloned().collect();
        let operation = WriteOperation::Provision { kind: mapping.kind, attributes };
        let write = ObjectWrite { anchor: held.anchor.clone(), source: Some(source), operation };
        let writer = self.writer();
        let mut receipt = tick
            .world
            .write_in_scope(&writer, &write, since, tick.now)
            .map_err(|refusal| described(&refusal))?;
        let object = tick.world.tenant.get(receipt.id);
        let stale = mapped.values.iter().filter(|(name, values)| {
            values.is_empty()
                && !mapped.add_only.contains(name)
                && object.is_some_and(|object| object.attributes.has(name.as_str()))
        });
        let changes: Vec<AttributeChange> = stale
            .map(|(name, _)| AttributeChange { name: name.clone(), change: ValueChange::Replace(Vec::new()) })
            .collect();
        if !changes.is_empty() {
            let cleared = self.change(source, &held.anchor, changes, tick)?;
            receipt.written.extend(cleared.written);
        }
        Ok(Some(receipt))
    }

    /// Later: only what differs from what was exported last.
    fn update(
        &mut self,
        source: Uuid,
        held: &Known,
        mapping: &ObjectMapping,
        mapped: &MappedObject,
        tick: &mut Tick<'_>,
    ) -> Result<Option<Receipt>, (String, String)> {
        if !mapping.updates {
            return Ok(None);
        }
        let differs = |name: &AttributeName, values: &[Value]| {
            !mapped.add_only.contains(name)
                && !same_values(held.exported.get(name).map_or(&[], Vec::as_slice), values)
        };
        let changes: Vec<AttributeChange> = mapped
            .values
            .iter()
            .filter(|(name, values)| differs(name, values))
            .map(|(name, values)| AttributeChange {
                name: name.clone(),
                change: ValueChange::Replace(values.clone()),
            })
            .collect();
        if changes.is_empty() {
            return Ok(None);
        }
        self.change(source, &held.anchor, changes, tick).map(Some)
    }

    /// One update of one object.
    pub(super) fn change(
        &self,
        source: Uuid,
        anchor: &str,
        changes: Vec<AttributeChange>,
        tick: &mut Tick<'_>,
    ) -> Result<Receipt, (String, String)> {
        let operation = WriteOperation::Update { changes };
        let write = ObjectWrite { anchor: anchor.to_owned(), source: Some(source), operation };
        tick.world.write(&self.writer(), &write, tick.now).map_err(|refusal| described(&refusal))
    }

    /// Keeps what was written.
    pub(super) fn remember(&mut self, source: Uuid, receipt: &Receipt) {
        if let Some(known) = self.work.known.get_mut(&source) {
            known.target = Some(receipt.id);
            for written in &receipt.written {
                known.exported.insert(written.name.clone(), written.new.clone());
            }
        }
    }

    /// Writes a line of the provisioning log.
    pub(super) fn note(
        &self,
        tick: &mut Tick<'_>,
        object: &DirectoryObject,
        action: ProvisioningAction,
        status: ProvisioningStatus,
        receipt: Option<&Receipt>,
    ) {
        let known = self.work.known.get(&object.guid);
        let text = |values: &[Value]| {
            let texts: Vec<String> = values.iter().map(Value::to_string).collect();
            (!texts.is_empty()).then(|| texts.join(";"))
        };
        let written = receipt.map_or(&[][..], |receipt| &receipt.written);
        tick.log.push(ProvisioningLogEntry {
            id: tick.world.identifiers.next_id(),
            at: tick.now,
            visible_at: crate::clock::later(tick.now, tick.world.intervals.log_lag),
            principal: self.principal,
            job: self.id.clone(),
            cycle: tick.cycle,
            action,
            status,
            source: object.guid,
            source_class: object.class,
            source_dn: object.dn.to_string(),
            source_name: object.attributes.text("displayName").unwrap_or_else(|| object.dn.name()).to_owned(),
            target: receipt.map(|receipt| receipt.id).or_else(|| known.and_then(|known| known.target)),
            target_kind: known.map_or(CloudKind::User, |known| known.kind),
            modified: written
                .iter()
                .filter(|written| written.changed())
                .map(|w| ModifiedProperty { name: w.name.to_string(), old: text(&w.old), new: text(&w.new) })
                .collect(),
        });
    }
}

fn mapping_code() -> &'static str {
    "AttributeMappingFailed"
}

/// Code and text of a refusal, as the log shows them.
pub(super) fn described(refusal: &Refusal) -> (String, String) {
    let code = match refusal {
        Refusal::NotFound(_) => "EntryNotFound",
        Refusal::AttributeValueMustBeUnique { .. } => "AttributeValueMustBeUnique",
        Refusal::CloudManaged(_) => "SourceOfAuthorityInCloud",
        Refusal::WrongKind { .. } => "ObjectTypeMismatch",
        Refusal::MatchBlocked { .. } => "InvalidHardMatch",
        Refusal::UnknownReference { .. } => "MissingReference",
        Refusal::Fault(_) => "AzureDirectoryServiceServerBusy",
    };
    (code.to_owned(), refusal.to_string())
}
