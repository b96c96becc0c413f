//! Deletions: why an object must go, the guard against too many of them, and the switch against leaving the scope.

use uuid::Uuid;

use super::super::log::{ProvisioningAction, ProvisioningStatus};
use super::cycle::Tick;
use super::export::described;
use super::{Job, JobError, Quarantine, QuarantineReason, Surroundings};
use crate::engine::{Link, Service};
use crate::modes::{OutOfScopeSwitch, TenantGuard};
use crate::tenant::{DeletionPrevention, ObjectWrite, WriteOperation};

/// Why an object that the job knows must go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeleteReason {
    /// The directory has it no more, as far as the agent can see.
    SourceGone,
    /// It left the scope.
    OutOfScope,
}

impl Job {
    /// Deletes, or stops the cycle because there are too many. False if it stopped.
    pub(super) fn delete_all(
        &mut self,
        gone: Vec<(Uuid, DeleteReason)>,
        around: &Surroundings,
        tick: &mut Tick<'_>,
    ) -> bool {
        let spare =
            around.skip_out_of_scope && tick.world.modes.out_of_scope_switch == OutOfScopeSwitch::Honoured;
        let mut due = Vec::new();
        for (source, reason) in gone {
            if reason == DeleteReason::OutOfScope && spare {
                if let Some(known) = self.work.known.get_mut(&source) {
                    known.spared = true;
                }
                tick.world.report_link(&self.writer(), Service::Objects, source, Link::Filtered, tick.now);
            } else if self.deletes(source) {
                due.push(source);
            } else {
                self.forget(source, tick);
            }
        }
        // Source: Microsoft, how-to-accidental-deletes: with 500, at most 499 pass. Member removals do not count.
        let forced = std::mem::take(&mut self.work.force_deletes);
        if !forced
            && around.delete_threshold.is_some_and(|threshold| !due.is_empty() && due.len() >= threshold)
        {
            self.quarantine(&due, tick);
            return false;
        }
        let guarded = tick.world.modes.tenant_guard == TenantGuard::BothEngines
            && match tick.world.tenant.settings.deletion_prevention {
                DeletionPrevention::Disabled => false,
                DeletionPrevention::EnabledForCount(most) => due.len() > most as usize,
                DeletionPrevention::EnabledForPercentage(most) => {
                    due.len() * 100 > self.work.known.len().max(1) * most as usize
                }
            };
        for source in due {
            self.delete(source, guarded, tick);
        }
        true
    }

    fn deletes(&self, source: Uuid) -> bool {
        let known = self.work.known.get(&source).filter(|known| known.target.is_some());
        let mapping = known.and_then(|known| self.work.scope.as_ref()?.schema.mapping(known.class));
        // Without a mapping of its class the object is simply out of scope.
        known.is_some() && mapping.is_none_or(|mapping| mapping.deletes)
    }

    fn delete(&mut self, source: Uuid, guarded: bool, tick: &mut Tick<'_>) {
        let Some(known) = self.work.known.get(&source).cloned() else { return };
        let write =
            ObjectWrite { anchor: known.anchor, source: Some(source), operation: WriteOperation::Delete };
        let result = if guarded {
            let reason = "the tenant's accidental deletion prevention stops the deletion".to_owned();
            Err(("TenantDeletionThresholdExceeded".to_owned(), reason))
        } else {
            tick.world.write(&self.writer(), &write, tick.now).map_err(|refusal| described(&refusal))
        };
        let object = tick.world.directory.get(source).cloned();
        match result {
            Ok(receipt) => {
                tick.exported += 1;
                if let Some(object) = object {
                    let status = ProvisioningStatus::Success;
                    self.note(tick, &object, ProvisioningAction::Delete, status, Some(&receipt));
                }
                self.forget(source, tick);
            }
            Err((code, reason)) => {
                tick.escrowed += 1;
                if let Some(object) = object {
                    let status = ProvisioningStatus::Failure { code: code.clone(), reason: reason.clone() };
                    self.note(tick, &object, ProvisioningAction::Delete, status, None);
                }
                if code == "EntryNotFound" {
                    self.forget(source, tick);
                } else if let Some(known) = self.work.known.get_mut(&source) {
                    known.error = Some(reason);
                }
            }
        }
    }

    pub(super) fn forget(&mut self, source: Uuid, tick: &mut Tick<'_>) {
        self.work.known.remove(&source);
        self.work.open_references.remove(&source);
        tick.world.report_link(&self.writer(), Service::Objects, source, Link::Unknown, tick.now);
    }

    fn quarantine(&mut self, due: &[Uuid], tick: &mut Tick<'_>) {
        for source in due {
            if let Some(object) = tick.world.directory.get(*source).cloned() {
                let reason = "held back by the accidental delete threshold".to_owned();
                self.note(
                    tick,
                    &object,
                    ProvisioningAction::StagedDelete,
                    ProvisioningStatus::Skipped(reason),
                    None,
                );
            }
        }
        self.status.quarantine = Some(Quarantine {
            reason: QuarantineReason::TooManyDeletes,
            error: JobError {
                code: "TooManyDeletes".to_owned(),
                message: format!("{} objects would be deleted; allow or reject the deletions", due.len()),
                tenant_actionable: true,
            },
            began: tick.now,
            next_attempt: tick.now,
        });
    }
}
