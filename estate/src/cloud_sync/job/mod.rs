//! One synchronization job: its life, its ticks, what it knows.

mod cycle;
mod deletes;
mod export;
mod hashes;
mod life;
mod on_demand;
mod quarantined;
mod references;
mod scope;
mod status;

pub use on_demand::OnDemandResult;
pub use status::{
    Execution, ExecutionState, JobCode, JobError, JobStatus, JobTemplate, Progress, Quarantine,
    QuarantineReason, RestartScope, ScheduleState,
};

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use super::schema::ObjectMapping;
use crate::directory::ObjectClass;
use crate::engine::Service;
use crate::tenant::CloudKind;
use crate::value::{AttributeName, Value};
use crate::world::World;
use scope::EffectiveScope;

/// A synchronization job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Id: opaque to clients.
    pub id: String,
    /// Its service principal.
    pub principal: Uuid,
    /// What it was made from.
    pub template: JobTemplate,
    /// When it was made.
    pub created_at: Timestamp,
    /// State of the schedule.
    pub schedule: ScheduleState,
    /// Status.
    pub status: JobStatus,
    document: Json,
    /// Raised by every write of the document; shown as its `version`.
    document_version: u64,
    document_changed_at: Timestamp,
    next_tick: Option<Timestamp>,
    paused_at: Option<Timestamp>,
    work: Work,
}

/// What a job keeps between ticks.
#[derive(Debug, Clone, Default)]
struct Work {
    scope: Option<EffectiveScope>,
    known: BTreeMap<Uuid, Known>,
    full_cycle: Option<FullCycle>,
    /// Update number up to which changes are imported.
    watermark: u64,
    /// Carry out deletions whatever their number, once.
    force_deletes: bool,
    /// Objects whose references wait for the end of the cycle.
    open_references: BTreeSet<Uuid>,
    /// Hash job: version sent for each user.
    sent_hashes: BTreeMap<Uuid, u64>,
}

/// What a job knows of one object that it has imported.
#[derive(Debug, Clone)]
struct Known {
    class: ObjectClass,
    kind: CloudKind,
    anchor: String,
    /// Object id in the tenant, once it was exported.
    target: Option<Uuid>,
    /// Values as last exported.
    exported: BTreeMap<AttributeName, Vec<Value>>,
    /// Why the last export failed; it is tried again at every tick.
    error: Option<String>,
    /// It left the scope while deletions out of scope were switched off.
    spared: bool,
}

/// A full cycle that runs: the initial one, or one after a restart.
#[derive(Debug, Clone)]
struct FullCycle {
    id: Uuid,
    queue: VecDeque<Uuid>,
    total: usize,
    /// The time up to which objects were handled.
    worked_until: Timestamp,
    /// Update number of the domain when it began: changes after it wait for its end.
    began_at_usn: u64,
    began: Timestamp,
}

/// What a tick needs to know of the job's surroundings.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    /// DNS name of the AD domain.
    pub(super) domain: String,
    /// Accidental delete threshold, if on.
    pub(super) delete_threshold: Option<usize>,
    /// `SkipOutOfScopeDeletions` is set.
    pub(super) skip_out_of_scope: bool,
    /// A provisioning agent of the domain runs.
    pub(super) agent_runs: bool,
}

impl Job {
    pub(super) fn new(
        id: String,
        principal: Uuid,
        template: JobTemplate,
        document: Json,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            principal,
            template,
            created_at: now,
            schedule: ScheduleState::Disabled,
            status: JobStatus::new(),
            document,
            document_version: 1,
            document_changed_at: now,
            next_tick: None,
            paused_at: None,
            work: Work::default(),
        }
    }

    /// The schema document as it was last written.
    pub fn document(&self) -> &Json {
        &self.document
    }

    /// When it ticks next; none while it is not active.
    pub fn next_tick(&self) -> Option<Timestamp> {
        self.next_tick
    }

    /// The mapping of a class that is in force.
    pub(super) fn mapping_in_force(&self, class: ObjectClass) -> Option<&ObjectMapping> {
        self.work.scope.as_ref()?.schema.mapping(class)
    }

    /// The job is deleted: it serves nothing any more.
    pub(super) fn leave(&self, world: &mut World, now: Timestamp) {
        for service in [Service::Objects, Service::PasswordHashes] {
            world.report_links(&self.writer(), service, BTreeMap::new(), now);
        }
    }

    /// Objects that the job has imported and exported, by `objectGUID`, with their object ids.
    pub fn taken_over(&self) -> impl Iterator<Item = (Uuid, Uuid)> + '_ {
        self.work.known.iter().filter_map(|(source, known)| Some((*source, known.target?)))
    }
}
