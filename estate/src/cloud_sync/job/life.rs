//! Start, pause, restart, schema: what people and Graph do to a job.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::super::schema::{CompiledSchema, ObjectMapping, SchemaError};
use super::scope::EffectiveScope;
use super::{FullCycle, Job, JobCode, JobTemplate, RestartScope, ScheduleState, Surroundings};
use crate::clock::later;
use crate::directory::ObjectClass;
use crate::dn::DistinguishedName;
use crate::engine::{Availability, Link, Service, Writer};
use crate::modes::{HashCarrier, WatermarkLife};
use crate::world::World;

impl Job {
    /// Replaces the schema document. What it says takes effect at the next restart.
    pub(in super::super) fn put_document(
        &mut self,
        mut document: Json,
        now: Timestamp,
    ) -> Result<(), SchemaError> {
        CompiledSchema::accept(&document)?;
        self.document_version += 1;
        if let Some(fields) = document.as_object_mut() {
            fields.insert("version".to_owned(), json!(self.document_version.to_string()));
        }
        self.document = document;
        self.document_changed_at = now;
        Ok(())
    }

    /// Starts the job, or goes on after a pause; also lifts a quarantine.
    pub(in super::super) fn start(&mut self, around: &Surroundings, world: &mut World, now: Timestamp) {
        self.status.quarantine = None;
        self.status.successive_failures = 0;
        let paused_since = self.paused_at.take();
        let was_active = self.schedule == ScheduleState::Active;
        self.schedule = ScheduleState::Active;
        let first = self.work.scope.is_none() && self.template == JobTemplate::Provisioning;
        let too_long = paused_since.is_some_and(|since| watermark_is_lost(since, world, now));
        if first {
            self.take_scope(world, now);
            self.begin_full_cycle(around, world, now);
        } else if too_long && self.template == JobTemplate::Provisioning {
            // The watermark is lost: every object is evaluated again, against the scope that was in force.
            self.begin_full_cycle(around, world, now);
        } else if let Some(cycle) = self.work.full_cycle.as_mut() {
            cycle.worked_until = now;
        }
        self.status.code =
            if self.status.last_execution.is_none() { JobCode::NotRun } else { JobCode::Active };
        if !was_active || self.next_tick.is_none() {
            self.next_tick = Some(later(now, self.tick_length(world)));
        }
    }

    /// Pauses the job.
    pub(in super::super) fn pause(&mut self, now: Timestamp) {
        if self.schedule == ScheduleState::Active {
            self.paused_at = Some(now);
        }
        self.schedule = ScheduleState::Paused;
        self.status.code = JobCode::Paused;
        self.next_tick = None;
    }

    /// Restarts the job: forgets what `scope` names, takes the document into force and goes on.
    pub(in super::super) fn restart(
        &mut self,
        scope: RestartScope,
        around: &Surroundings,
        world: &mut World,
        now: Timestamp,
    ) {
        if scope.connector_data_store {
            let writer = Writer::cloud_sync(self.id.clone());
            for source in std::mem::take(&mut self.work.known).into_keys() {
                world.report_link(&writer, Service::Objects, source, Link::Unknown, now);
            }
            self.work.sent_hashes.clear();
        }
        if scope.escrows {
            for known in self.work.known.values_mut() {
                known.error = None;
            }
        }
        if scope.quarantine || scope.force_deletes {
            self.status.quarantine = None;
        }
        self.work.force_deletes = scope.force_deletes;
        self.schedule = ScheduleState::Active;
        self.paused_at = None;
        let all =
            scope.watermark || scope.connector_data_store || scope.force_deletes || self.work.scope.is_none();
        match self.template {
            JobTemplate::Provisioning if all => {
                self.take_scope(world, now);
                self.begin_full_cycle(around, world, now);
            }
            JobTemplate::PasswordHash if all => self.work.sent_hashes.clear(),
            _ => {}
        }
        self.status.code = if self.status.quarantine.is_some() {
            JobCode::Quarantine
        } else if self.status.last_execution.is_none() {
            JobCode::NotRun
        } else {
            JobCode::Active
        };
        self.next_tick = Some(later(now, self.tick_length(world)));
    }

    /// Takes the document into force.
    pub(super) fn take_scope(&mut self, world: &World, now: Timestamp) {
        let schema = CompiledSchema::from_json(&self.document).unwrap_or_default();
        let before = self.work.scope.take();
        let renamed = world.modes.renamed_unit;
        self.work.scope = Some(EffectiveScope::take(schema, before.as_ref(), &world.directory, renamed, now));
    }

    /// Lines up every object in scope.
    pub(super) fn begin_full_cycle(&mut self, around: &Surroundings, world: &mut World, now: Timestamp) {
        let domain = DistinguishedName::of_domain(&around.domain);
        let Some(scope) = &self.work.scope else { return };
        let queue: std::collections::VecDeque<_> = scope.content(&world.directory, &domain).into();
        let usn =
            world.directory.domain_of(&domain).map_or(0, crate::directory::Domain::highest_committed_usn);
        self.work.full_cycle = Some(FullCycle {
            id: world.identifiers.next_id(),
            total: queue.len(),
            queue,
            worked_until: now,
            began_at_usn: usn,
            began: now,
        });
    }

    pub(super) fn tick_length(&self, world: &World) -> jiff::SignedDuration {
        match self.template {
            JobTemplate::Provisioning => world.intervals.job_tick,
            JobTemplate::PasswordHash => world.intervals.hash_loop,
        }
    }

    /// Whether the job would carry a change over, for each service that it renders.
    pub(in super::super) fn availability(
        &self,
        around: &Surroundings,
        world: &World,
    ) -> Vec<(Service, Availability)> {
        let down = |reason: &str| Availability::Down(reason.to_owned());
        let state = match (self.schedule, self.status.code) {
            (ScheduleState::Disabled, _) => down("never started"),
            (ScheduleState::Paused, _) => down("paused"),
            (_, JobCode::Quarantine) => down("quarantine"),
            _ if !around.agent_runs => down("no provisioning agent runs"),
            _ => Availability::Up,
        };
        let mut services = match self.template {
            JobTemplate::Provisioning => vec![(Service::Objects, state.clone())],
            JobTemplate::PasswordHash => vec![(Service::PasswordHashes, state.clone())],
        };
        if self.carries_hashes(world) {
            services.push((Service::PasswordHashes, state));
        }
        services
    }

    /// Whether this provisioning job sends password hashes by a mapping of its own (see [`HashCarrier`]).
    pub(in super::super) fn carries_hashes(&self, world: &World) -> bool {
        world.modes.hash_carrier == HashCarrier::UserMapping
            && self.template == JobTemplate::Provisioning
            && self.mapping_in_force(ObjectClass::User).is_some_and(ObjectMapping::carries_hashes)
    }
}

/// Whether a job that was paused has to start over.
fn watermark_is_lost(paused_since: Timestamp, world: &World, now: Timestamp) -> bool {
    let week = world.intervals.watermark_life;
    match world.modes.watermark_life {
        WatermarkLife::Week => later(paused_since, week) <= now,
        WatermarkLife::Day => later(paused_since, week / 7) <= now,
        WatermarkLife::Endless => false,
    }
}
