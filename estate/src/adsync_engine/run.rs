//! Runs: one profile of one connector, from start to its effect at the end.
//!
//! A run takes simulated time and takes effect when it ends, all at once: one that is stopped before has done nothing.

use adsync::protocol::{ConnectorKind, RunProfile, RunResult};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::core::{Core, Surroundings};
use super::history::{Ending, Run};
use super::import::ImportReach;
use super::rules::SavedRules;
use super::schedule::Cycle;
use super::server::SyncServer;
use super::synchronize::Reach;
use crate::clock::{later, times};
use crate::world::World;

/// What the engine is doing.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    /// The run that goes on.
    pub(super) run: Run,
    /// The cycle that it belongs to; none for a run by hand.
    pub(super) cycle: Option<Cycle>,
}

/// The rules that a full synchronization began with.
pub(super) type SavedForRun = SavedRules;

/// Shortest time a run takes, however short the intervals are made.
const SHORTEST: SignedDuration = SignedDuration::from_millis(1);

impl SyncServer {
    /// Begins a run.
    pub(super) fn begin(
        &mut self,
        connector: Uuid,
        profile: RunProfile,
        user: &str,
        world: &World,
        now: Timestamp,
    ) -> Run {
        let size = self.size_of(connector, profile, world);
        let duration = world.intervals.run_base + times(world.intervals.run_per_object, size);
        if profile == RunProfile::FullSynchronization {
            self.saved_for_run = Some(self.core.store.snapshot());
        }
        Run {
            id: self.core.identifiers.next_id(),
            connector,
            connector_name: self.connector_name(connector),
            profile,
            number: self.history.next_number(connector),
            user: user.to_owned(),
            started: now,
            ends: later(now, duration.max(SHORTEST)),
        }
    }

    /// Number of objects that a run would handle: its duration follows from it.
    fn size_of(&self, connector: Uuid, profile: RunProfile, world: &World) -> usize {
        match profile {
            RunProfile::Export => self.core.pending_count(connector),
            RunProfile::FullSynchronization => self.core.reach_of(connector, Reach::Full).len(),
            RunProfile::DeltaSynchronization => self.core.reach_of(connector, Reach::Delta).len(),
            RunProfile::FullImport | RunProfile::DeltaImport => {
                let reach = import_reach(profile);
                match (self.selections.get(&connector), self.watermarks.get(&connector)) {
                    (Some(selection), Some(watermark)) => {
                        Core::directory_import_size(selection, reach, watermark, &world.directory)
                    }
                    _ => Core::entra_import_scope(reach, self.entra_watermark, &world.tenant).len(),
                }
            }
        }
    }

    /// Ends a run: it takes effect, is filed, and the judge hears of it.
    pub(super) fn finish(&mut self, run: &Run, world: &mut World, now: Timestamp) -> Ending {
        if let Some(ending) = self.spoiled(run, world, now) {
            self.file(run, ending.clone(), now);
            return ending;
        }
        let ending = match run.profile {
            RunProfile::FullImport | RunProfile::DeltaImport => self.import(run, world, now),
            RunProfile::FullSynchronization | RunProfile::DeltaSynchronization => {
                let ending = self.synchronize(run, world, now);
                self.report_links(world, now);
                ending
            }
            RunProfile::Export => {
                let ending = self.export(run, world, now);
                self.report_links(world, now);
                ending
            }
        };
        self.file(run, ending.clone(), now);
        ending
    }

    /// Files a run as ended.
    pub(super) fn file(&mut self, run: &Run, ending: Ending, now: Timestamp) {
        self.history.file(run.result(Some((now, ending))));
    }

    fn import(&mut self, run: &Run, world: &mut World, now: Timestamp) -> Ending {
        let reach = import_reach(run.profile);
        if reach == ImportReach::Delta && !self.delta_is_possible(run.connector, world, now) {
            return Ending::not_started("no-start-full-import-required");
        }
        let counters = match (self.selections.get(&run.connector), self.watermarks.get_mut(&run.connector)) {
            (Some(selection), Some(watermark)) => {
                let reachable = selection
                    .partitions()
                    .iter()
                    .all(|partition| world.directory.domain_of(&partition.domain).is_some());
                if !reachable {
                    return Ending::not_started("no-start-no-domain-controller");
                }
                self.core.import_directory(run.connector, selection, reach, watermark, &world.directory)
            }
            _ if self.core.entra() == Some(run.connector) => self.core.import_entra(
                run.connector,
                &self.entra_names,
                reach,
                &mut self.entra_watermark,
                &world.tenant,
            ),
            _ => return Ending::not_started("no-start-connection"),
        };
        self.last_import.insert(run.connector, now);
        if reach == ImportReach::Full {
            self.import_in_full.remove(&run.connector);
        }
        Ending { result: "success", counters }
    }

    /// Whether the watermark of the last import still serves: it is kept for seven days.
    /// Source: Microsoft, Entra Connect Sync scheduler page ("must run at least once every 7 days").
    pub(super) fn delta_is_possible(&self, connector: Uuid, world: &World, now: Timestamp) -> bool {
        let last = self.last_import.get(&connector);
        last.is_some_and(|last| now.duration_since(*last) <= world.intervals.cycle_limit)
    }

    fn synchronize(&mut self, run: &Run, world: &World, now: Timestamp) -> Ending {
        let around = Surroundings { now, modes: world.modes };
        let reach = if run.profile == RunProfile::FullSynchronization { Reach::Full } else { Reach::Delta };
        if let Some(evaluated) = self.saved_for_run.take().filter(|_| reach == Reach::Full)
            && self.core.store.come_into_force(run.connector, &evaluated)
        {
            self.core.compile();
            self.expected.forget();
        }
        let counters = self.core.synchronize(run.connector, reach, around);
        let failed = counters.sync_errors > 0 || counters.flow_failure > 0;
        Ending { result: if failed { "completed-sync-errors" } else { "success" }, counters }
    }

    pub(super) fn export(&mut self, run: &Run, world: &mut World, now: Timestamp) -> Ending {
        let writer = self.writer();
        let kind = self.core.spaces.get(&run.connector).map(|space| space.kind);
        let counters = match kind {
            Some(ConnectorKind::Entra) => {
                let prevention = world.tenant.settings.deletion_prevention;
                if self.core.exceeds_deletion_threshold(run.connector, prevention) {
                    return Ending::not_started("stopped-deletion-threshold-exceeded");
                }
                self.core.export_entra(run.connector, &writer, world, now)
            }
            Some(ConnectorKind::ActiveDirectory) => {
                self.core.export_directory(run.connector, &writer, world, now)
            }
            _ => return Ending::not_started("no-start-connection"),
        };
        let result = if counters.export_failure > 0 { "completed-export-errors" } else { "success" };
        Ending { result, counters }
    }

    /// Result of a run that has ended.
    pub(super) fn result_of(&self, id: Uuid) -> Option<RunResult> {
        self.history.get(id).cloned()
    }
}

fn import_reach(profile: RunProfile) -> ImportReach {
    if profile == RunProfile::FullImport { ImportReach::Full } else { ImportReach::Delta }
}
