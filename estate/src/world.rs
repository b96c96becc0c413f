//! Everything that engines act on, in one place: directory, tenant, log, modes, faults, intervals.
//!
//! Engines hold no reference to each other or to the world; they get it for the time of a call. All writes of engines pass
//! through here, so that nothing is written without a record.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::audit::{AuditLog, Direction, Event, ServiceBook, WriteRecord, WrittenValue};
use crate::clock::{Identifiers, Intervals};
use crate::cloud_sync::AgentVersions;
use crate::directory::{Directory, DirectoryError};
use crate::engine::{Link, Service, Writer};
use crate::faults::Faults;
use crate::modes::Modes;
use crate::password_writeback::PasswordWriteback;
use crate::tenant::{CloudKind, ObjectWrite, Outcome, Receipt, Refusal, Tenant, WriteOperation};
use crate::value::{Attributes, Value, same_values};

/// What engines act on.
#[derive(Debug)]
pub struct World {
    /// Active Directory. People and population scripts change it freely; engines only by [`Self::write_directory`].
    pub directory: Directory,
    /// The tenant. Engines change it only by [`Self::write`].
    pub tenant: Tenant,
    /// Unsettled behaviours.
    pub modes: Modes,
    /// What is broken.
    pub faults: Faults,
    /// How long things take.
    pub intervals: Intervals,
    /// Which engine writes passwords back.
    pub password_writeback: PasswordWriteback,
    /// Which provisioning agents are out of date.
    pub agent_versions: AgentVersions,
    /// Identifiers for runs, jobs and the like.
    pub identifiers: Identifiers,
    audit: AuditLog,
    service: ServiceBook,
    /// Writes whose comparison with the directory waits for the engines' views (see `Estate::settle`).
    unsettled: Vec<(Timestamp, Box<WriteRecord>)>,
}

impl World {
    /// A world around a directory and a tenant.
    pub fn new(directory: Directory, tenant: Tenant, intervals: Intervals, seed: u64) -> Self {
        Self {
            directory,
            tenant,
            modes: Modes::default(),
            faults: Faults::default(),
            intervals,
            password_writeback: PasswordWriteback::default(),
            agent_versions: AgentVersions::default(),
            identifiers: Identifiers::new(seed ^ 0x57_4F52_4C44),
            audit: AuditLog::default(),
            service: ServiceBook::default(),
            unsettled: Vec::new(),
        }
    }

    /// The log.
    pub fn audit(&self) -> &AuditLog {
        &self.audit
    }

    /// Who serves what just now.
    pub fn service(&self) -> &ServiceBook {
        &self.service
    }

    /// One write of an engine to the tenant. This is the only way in, and it leaves a record.
    ///
    /// # Errors
    /// If the tenant refuses; the refusal is recorded as well.
    pub fn write(
        &mut self,
        writer: &Writer,
        write: &ObjectWrite,
        now: Timestamp,
    ) -> Result<Receipt, Refusal> {
        self.write_in_scope(writer, write, None, now)
    }

    /// [`Self::write`] of a cloud sync job that knows since when the object has been in its scope.
    ///
    /// # Errors
    /// If the tenant refuses.
    pub(crate) fn write_in_scope(
        &mut self,
        writer: &Writer,
        write: &ObjectWrite,
        in_scope_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Receipt, Refusal> {
        let label = self.tenant.by_anchor(&write.anchor).map(label_of);
        let source =
            write.source.or_else(|| self.tenant.by_anchor(&write.anchor).and_then(|object| object.source));
        let service = match write.operation {
            WriteOperation::PasswordHash { .. } => Service::PasswordHashes,
            _ => Service::Objects,
        };
        let serving = source.map(|source| self.service.serving(service, source)).unwrap_or_default();
        let outcome = match self.faults.failing_exports.get(&write.anchor) {
            Some(reason) => Err(Refusal::Fault(reason.clone())),
            None => self.tenant.apply(write, &self.modes, now),
        };
        let receipt = match outcome {
            Ok(receipt) => receipt,
            Err(refusal) => {
                let reason = refusal.to_string();
                let event =
                    Event::Refused { writer: writer.clone(), anchor: write.anchor.clone(), source, reason };
                self.audit.append(now, event);
                return Err(refusal);
            }
        };
        let held = source.and_then(|source| self.directory.get(source));
        let label = label.or_else(|| self.tenant.get(receipt.id).map(label_of)).unwrap_or_default();
        let values = receipt.written.iter().map(|written| WrittenValue {
            attribute: written.name.clone(),
            reference: written.old.iter().chain(&written.new).any(Value::is_reference),
            old: written.old.clone(),
            new: written.new.clone(),
            directory: None,
            differs: false,
        });
        let record = WriteRecord {
            writer: writer.clone(),
            direction: Direction::ToEntra,
            object: receipt.id,
            kind: receipt.kind,
            anchor: write.anchor.clone(),
            source,
            label,
            outcome: receipt.outcome,
            values: values.collect(),
            serving,
            source_exists: held.is_some_and(crate::directory::DirectoryObject::is_alive),
            source_created: held.map(|object| object.when_created),
            in_scope_since,
            connect_would_export: false,
            lost: receipt.lost.clone(),
        };
        self.unsettled.push((now, Box::new(record)));
        Ok(receipt)
    }

    /// One write of an engine to the directory ("Out to AD").
    ///
    /// # Errors
    /// If the directory refuses.
    pub fn write_directory(
        &mut self,
        writer: &Writer,
        source: Uuid,
        values: Attributes,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let before = self.directory.get(source).map(|object| object.attributes.clone()).unwrap_or_default();
        let written: Vec<WrittenValue> = values
            .iter()
            .map(|(name, new)| WrittenValue {
                attribute: name.clone(),
                reference: new.iter().any(Value::is_reference),
                old: before.all(name.as_str()).to_vec(),
                new: new.to_vec(),
                directory: Some(before.all(name.as_str()).to_vec()),
                differs: !same_values(before.all(name.as_str()), new),
            })
            .collect();
        self.directory.modify(source, values, &[], now)?;
        let object = self.directory.get(source);
        let record = WriteRecord {
            writer: writer.clone(),
            direction: Direction::ToDirectory,
            object: source,
            kind: CloudKind::User,
            anchor: String::new(),
            source: Some(source),
            label: object.map(|object| object.dn.to_string()).unwrap_or_default(),
            outcome: Outcome::Updated,
            values: written,
            serving: self.service.serving(Service::Objects, source),
            source_exists: true,
            source_created: object.map(|object| object.when_created),
            in_scope_since: None,
            connect_would_export: false,
            lost: Vec::new(),
        };
        self.audit.append(now, Event::Write(Box::new(record)));
        Ok(())
    }

    /// Object id of the tenant object that stands for a directory object, whichever anchor it was given.
    pub fn counterpart(&self, source: Uuid) -> Option<Uuid> {
        let object = self.directory.get(source)?;
        let by_anchor = |guid| self.tenant.by_anchor(&crate::directory::anchor_of(guid));
        let found = object.consistency_guid().and_then(by_anchor).or_else(|| by_anchor(source));
        found.or_else(|| self.tenant.by_source(source)).map(|object| object.id)
    }

    /// An engine says what it does with every object it knows; those it does not name are unknown to it.
    pub fn report_links(
        &mut self,
        writer: &Writer,
        service: Service,
        links: BTreeMap<Uuid, Link>,
        now: Timestamp,
    ) {
        self.service.set_links(&mut self.audit, now, writer, service, links);
    }

    /// An engine says what it does with one object.
    pub fn report_link(
        &mut self,
        writer: &Writer,
        service: Service,
        source: Uuid,
        link: Link,
        now: Timestamp,
    ) {
        self.service.set_link(&mut self.audit, now, writer, service, source, link);
    }

    /// Changes the scheduler settings that all sync servers share.
    pub fn set_scheduler(
        &mut self,
        enabled: Option<bool>,
        interval: Option<Option<SignedDuration>>,
        now: Timestamp,
    ) {
        let scheduler = &mut self.tenant.settings.scheduler;
        if let Some(interval) = interval {
            scheduler.customized_interval = interval;
        }
        if let Some(enabled) = enabled
            && enabled != scheduler.sync_cycle_enabled
        {
            scheduler.sync_cycle_enabled = enabled;
            self.audit.append(now, Event::Scheduler { enabled });
        }
    }

    /// A person deletes an object of the tenant in the portal. Returns whether there was one.
    pub fn delete_by_person(&mut self, anchor: &str, now: Timestamp) -> bool {
        let Some((id, lost)) = self.tenant.delete_by_person(anchor, now) else { return false };
        self.audit.append(now, Event::DeletedByPerson { id, lost });
        true
    }

    /// A person deletes an object of the tenant for good, soft-deleted or not. Gives its id; none if there is none.
    pub fn hard_delete_by_person(&mut self, anchor: &str, now: Timestamp) -> Option<Uuid> {
        let gone = self.tenant.hard_delete_by_person(anchor, now)?;
        if gone.was_live {
            self.audit.append(now, Event::DeletedByPerson { id: gone.id, lost: gone.lost.clone() });
        }
        self.audit.append(now, Event::Purged { id: gone.id, lost: gone.lost });
        Some(gone.id)
    }

    /// Removes for good what has been soft-deleted for its time.
    pub(crate) fn purge(&mut self, now: Timestamp) {
        let life = self.intervals.deleted_user_life;
        let Ok(deadline) = now.checked_sub(life) else { return };
        for (object, lost) in self.tenant.purge(deadline, now) {
            self.audit.append(now, Event::Purged { id: object.id, lost });
        }
    }

    /// Parts that only the estate touches.
    pub(crate) fn judge(&mut self) -> (&mut AuditLog, &mut ServiceBook) {
        (&mut self.audit, &mut self.service)
    }

    pub(crate) fn take_unsettled(&mut self) -> Vec<(Timestamp, Box<WriteRecord>)> {
        std::mem::take(&mut self.unsettled)
    }
}

fn label_of(object: &crate::tenant::CloudObject) -> String {
    ["userPrincipalName", "mail", "displayName"]
        .into_iter()
        .find_map(|name| object.attributes.text(name))
        .map_or_else(|| object.id.to_string(), str::to_owned)
}
