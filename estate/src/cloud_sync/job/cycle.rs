//! The tick: full cycles in slices, incremental cycles, executions.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::super::log::ProvisioningLogEntry;
use super::deletes::DeleteReason;
use super::scope::Standing;
use super::{
    Execution, ExecutionState, Job, JobCode, JobError, JobTemplate, Progress, Quarantine, QuarantineReason,
    Surroundings,
};
use crate::clock::{later, times};
use crate::directory::{LinkAttribute, ObjectClass};
use crate::dn::DistinguishedName;
use crate::modes::{LateDeletes, ScopeChange, UnreadableUnit};
use crate::tenant::CloudKind;
use crate::world::World;

/// Complete failures in a row after which a job goes to quarantine.
const FAILURES_TO_QUARANTINE: u64 = 10;

/// A quarantined job tries again after this many of its ticks. Source: Microsoft, quarantine page (6 hours at 2 minutes).
pub(super) const QUARANTINE_TICKS: usize = 180;

/// Counters and log of one tick.
pub(super) struct Tick<'a> {
    pub(super) world: &'a mut World,
    pub(super) log: &'a mut Vec<ProvisioningLogEntry>,
    pub(super) now: Timestamp,
    pub(super) cycle: Uuid,
    pub(super) domain: DistinguishedName,
    pub(super) imported: u64,
    pub(super) deltas: u64,
    pub(super) reference_deltas: u64,
    pub(super) exported: u64,
    pub(super) escrowed: u64,
}

impl<'a> Tick<'a> {
    /// One in which nothing has been done yet.
    pub(super) fn new(
        world: &'a mut World,
        log: &'a mut Vec<ProvisioningLogEntry>,
        now: Timestamp,
        cycle: Uuid,
        domain: DistinguishedName,
    ) -> Self {
        Self {
            world,
            log,
            now,
            cycle,
            domain,
            imported: 0,
            deltas: 0,
            reference_deltas: 0,
            exported: 0,
            escrowed: 0,
        }
    }
}

impl Job {
    /// Does what is due at `now`. `users` are the users that the provisioning job beside a hash job has taken over.
    pub(in super::super) fn tick(
        &mut self,
        around: &Surroundings,
        users: &[(Uuid, String)],
        world: &mut World,
        log: &mut Vec<ProvisioningLogEntry>,
        now: Timestamp,
    ) {
        let activity = world.identifiers.next_id();
        let domain = DistinguishedName::of_domain(&around.domain);
        let length = self.tick_length(world);
        if let Err(error) = check_surroundings(around, world, &domain) {
            self.fail(error, activity, length, now);
            return;
        }
        // An attempt out of quarantine: what is still wrong puts the job back.
        let quarantined_since = self.status.quarantine.take().map(|quarantine| quarantine.began);
        let cycle = self.work.full_cycle.as_ref().map_or(activity, |cycle| cycle.id);
        let began = self.work.full_cycle.as_ref().map_or(now, |cycle| cycle.began);
        let mut tick = Tick::new(world, log, now, cycle, domain);
        match self.template {
            JobTemplate::PasswordHash => {
                self.send_hashes(users, &mut tick);
                self.status.steady_first.get_or_insert(tick.now);
                self.status.steady_last = Some(tick.now);
            }
            JobTemplate::Provisioning => {
                self.drift(around, &mut tick);
                if self.work.full_cycle.is_some() {
                    self.full_cycle_slice(around, &mut tick);
                } else {
                    self.incremental_cycle(around, &mut tick);
                }
                let carried = if self.carries_hashes(tick.world) { self.hash_users() } else { Vec::new() };
                self.send_hashes(&carried, &mut tick);
            }
        }
        let execution = Execution {
            activity,
            began,
            ended: now,
            state: if tick.escrowed > 0 {
                ExecutionState::EntryLevelErrors
            } else {
                ExecutionState::Succeeded
            },
            error: None,
            count_entitled: tick.imported,
            count_escrowed: tick.escrowed,
            count_exported: tick.exported,
            count_imported: tick.imported,
            count_imported_deltas: tick.deltas,
            count_imported_reference_deltas: tick.reference_deltas,
        };
        self.status.record(execution);
        self.count_entries();
        if let Some(quarantine) = self.status.quarantine.as_mut() {
            quarantine.began = quarantined_since.unwrap_or(now);
            quarantine.next_attempt = later(now, times(length, QUARANTINE_TICKS));
            self.status.code = JobCode::Quarantine;
            self.next_tick = Some(quarantine.next_attempt);
        } else {
            self.status.code = JobCode::Active;
            self.next_tick = Some(later(now, length));
        }
    }

    fn fail(&mut self, error: JobError, activity: Uuid, length: SignedDuration, now: Timestamp) {
        self.status.record(Execution {
            activity,
            began: now,
            ended: now,
            state: ExecutionState::Failed,
            error: Some(error.clone()),
            count_entitled: 0,
            count_escrowed: 0,
            count_exported: 0,
            count_imported: 0,
            count_imported_deltas: 0,
            count_imported_reference_deltas: 0,
        });
        // Time without an agent is no time to work in.
        if let Some(cycle) = self.work.full_cycle.as_mut() {
            cycle.worked_until = now;
        }
        if self.status.successive_failures < FAILURES_TO_QUARANTINE {
            self.status.code = JobCode::Active;
            self.next_tick = Some(later(now, length));
            return;
        }
        let next_attempt = later(now, times(length, QUARANTINE_TICKS));
        let began = self.status.quarantine.as_ref().map_or(now, |quarantine| quarantine.began);
        let reason = QuarantineReason::EncounteredQuarantineException;
        self.status.quarantine = Some(Quarantine { reason, error, began, next_attempt });
        self.status.code = JobCode::Quarantine;
        self.next_tick = Some(next_attempt);
    }

    /// A document that nobody restarted the job for is noticed in the end.
    fn drift(&mut self, around: &Surroundings, tick: &mut Tick<'_>) {
        let taken_at = self.work.scope.as_ref().map_or(Timestamp::MIN, |scope| scope.taken_at);
        let stale = self.document_changed_at > taken_at;
        let patience = match tick.world.modes.scope_change {
            ScopeChange::AtRestart => tick.world.intervals.scope_drift,
            ScopeChange::AtNextCycle => SignedDuration::ZERO,
        };
        if stale && later(self.document_changed_at, patience) <= tick.now {
            self.take_scope(tick.world, tick.now);
            self.begin_full_cycle(around, tick.world, tick.now);
        }
    }

    /// Handles as many objects as the time since the last slice allows; finishes the cycle when none is left. Changes of
    /// other objects wait until then.
    fn full_cycle_slice(&mut self, around: &Surroundings, tick: &mut Tick<'_>) {
        let Some(mut cycle) = self.work.full_cycle.take() else { return };
        let each = tick.world.intervals.job_per_object;
        while let Some(source) = cycle.queue.front().copied() {
            let done_at = later(cycle.worked_until, each);
            if done_at > tick.now {
                break;
            }
            cycle.queue.pop_front();
            cycle.worked_until = done_at;
            self.import(source, tick);
        }
        self.status.progress = Some(Progress {
            completed: u64::try_from(cycle.total - cycle.queue.len()).unwrap_or(0),
            total: u64::try_from(cycle.total).unwrap_or(0),
            at: tick.now,
        });
        if !cycle.queue.is_empty() {
            self.work.full_cycle = Some(cycle);
            return;
        }
        let gone: Vec<(Uuid, DeleteReason)> = self
            .work
            .known
            .keys()
            .filter_map(|id| Some((*id, self.delete_reason(*id, true, tick)?)))
            .collect();
        if !self.delete_all(gone, around, tick) {
            // Kept at its end, so that the next attempt looks at the deletions again.
            self.work.full_cycle = Some(cycle);
            return;
        }
        self.work.open_references = self.work.known.keys().copied().collect();
        self.resolve_references(tick);
        self.work.watermark = cycle.began_at_usn;
        self.status.progress = None;
        self.status.steady_first.get_or_insert(tick.now);
        self.status.steady_last = Some(tick.now);
    }

    /// Imports what changed since the watermark, retries what failed, exports.
    fn incremental_cycle(&mut self, around: &Surroundings, tick: &mut Tick<'_>) {
        let Some(domain) = tick.world.directory.domain_of(&tick.domain).cloned() else { return };
        let highest = domain.highest_committed_usn();
        let changed: Vec<Uuid> = tick
            .world
            .directory
            .changed_since(&domain, self.work.watermark)
            .map(|object| object.guid)
            .collect();
        let gone: Vec<(Uuid, DeleteReason)> =
            changed.iter().filter_map(|id| Some((*id, self.delete_reason(*id, false, tick)?))).collect();
        if !self.delete_all(gone, around, tick) {
            return;
        }
        tick.deltas = u64::try_from(changed.len()).unwrap_or(0);
        let retried = self.work.known.iter().filter(|(_, known)| known.error.is_some()).map(|(id, _)| *id);
        let retried: Vec<Uuid> = retried.filter(|id| !changed.contains(id)).collect();
        for source in changed.into_iter().chain(retried) {
            self.import(source, tick);
        }
        self.resolve_references(tick);
        self.work.watermark = highest;
        self.status.steady_last = Some(tick.now);
    }

    /// Imports one object and exports what changed about it, references apart.
    fn import(&mut self, source: Uuid, tick: &mut Tick<'_>) {
        let Some(scope) = self.work.scope.as_ref() else { return };
        let Standing::InScope(since) = scope.standing(&tick.world.directory, &tick.domain, source) else {
            return;
        };
        tick.imported += 1;
        let new = self.work.known.get(&source).is_none_or(|known| known.target.is_none());
        self.export(source, Some(since), tick);
        self.work.open_references.insert(source);
        if new {
            // Objects that refer to it can name it now.
            let directory = &tick.world.directory;
            for link in [LinkAttribute::Member, LinkAttribute::Manager] {
                let holders =
                    directory.linked_from(source, link).filter(|id| self.work.known.contains_key(id));
                self.work.open_references.extend(holders);
            }
        }
    }

    /// Whether an object that the job knows must go, and why.
    fn delete_reason(&self, source: Uuid, full: bool, tick: &Tick<'_>) -> Option<DeleteReason> {
        let known = self.work.known.get(&source)?;
        let scope = self.work.scope.as_ref()?;
        match scope.standing(&tick.world.directory, &tick.domain, source) {
            Standing::InScope(_) => None,
            Standing::Gone => Some(DeleteReason::SourceGone),
            Standing::OutOfScope if known.spared => (full
                && tick.world.modes.late_deletes == LateDeletes::AtNextRestart)
                .then_some(DeleteReason::OutOfScope),
            Standing::OutOfScope => Some(DeleteReason::OutOfScope),
            Standing::Unreadable => (tick.world.modes.unreadable_unit == UnreadableUnit::SeenAsDeleted)
                .then_some(DeleteReason::SourceGone),
        }
    }

    fn count_entries(&mut self) {
        let mut counts: BTreeMap<(ObjectClass, CloudKind), u64> = BTreeMap::new();
        for known in self.work.known.values().filter(|known| known.target.is_some()) {
            *counts.entry((known.class, known.kind)).or_default() += 1;
        }
        let named = counts
            .into_iter()
            .map(|((class, kind), count)| (format!("{} to {kind:?}", class.as_str()), count));
        self.status.entries = named.collect();
    }
}

fn check_surroundings(
    around: &Surroundings,
    world: &World,
    domain: &DistinguishedName,
) -> Result<(), JobError> {
    let error =
        |code: &str, message: String| JobError { code: code.to_owned(), message, tenant_actionable: true };
    if world.directory.domain_of(domain).is_none() {
        let message = format!("no agent knows a directory named {}", around.domain);
        return Err(error("HybridIdentityServiceInvalidResource", message));
    }
    if !around.agent_runs {
        let message = format!("no active provisioning agent for {}", around.domain);
        return Err(error("HybridIdentityServiceNoActiveAgents", message));
    }
    Ok(())
}
