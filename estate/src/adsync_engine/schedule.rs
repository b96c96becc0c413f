//! The scheduler: cycles by themselves and by hand, and everything else that happens when its time has come.

use std::collections::VecDeque;

use adsync::protocol::{CyclePolicy, RunProfile};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::history::{Ending, SERVICE_ACCOUNT};
use super::run::Activity;
use super::server::SyncServer;
use crate::clock::later;
use crate::world::World;

/// A cycle that goes on.
#[derive(Debug, Clone)]
pub(super) struct Cycle {
    policy: CyclePolicy,
    steps: VecDeque<(Uuid, Step)>,
}

/// Steps of a cycle; whether a step reads or evaluates everything is decided when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Import,
    Synchronize,
    Export,
}

impl SyncServer {
    /// The interval in force: the one set by hand, but not below what the tenant allows.
    pub(super) fn interval(world: &World) -> SignedDuration {
        let allowed = world.intervals.cycle;
        world.tenant.settings.scheduler.customized_interval.map_or(allowed, |own| own.max(allowed))
    }

    /// Whether cycles start by themselves.
    pub(super) fn scheduler_runs(&self, world: &World) -> bool {
        self.service.installed
            && self.service.running
            && !self.wizard_open
            && world.tenant.settings.scheduler.sync_cycle_enabled
    }

    /// When something happens by itself next.
    pub(super) fn next_event(&self, world: &World) -> Option<Timestamp> {
        let run = self.activity.as_ref().map(|activity| activity.run.ends);
        // The first cycle of a new installation is due at once.
        let cycle = (self.activity.is_none() && self.scheduler_runs(world))
            .then(|| self.next_cycle.unwrap_or(Timestamp::MIN));
        [run, cycle, self.next_hash_pass()].into_iter().flatten().min()
    }

    /// Does everything that is due.
    pub(super) fn do_what_is_due(&mut self, now: Timestamp, world: &mut World) {
        if let Some(activity) = self.activity.take_if(|activity| activity.run.ends <= now) {
            let ending = self.finish(&activity.run, world, now);
            if let Some(cycle) = activity.cycle
                && self.service.running
            {
                // An import that could not begin ends the cycle: nothing is synchronized or exported on stale data.
                if !ending.result.starts_with("no-start") {
                    self.activity = self.next_step(cycle, world, now);
                }
            }
        }
        if self.activity.is_none()
            && self.scheduler_runs(world)
            && self.next_cycle.is_none_or(|due| due <= now)
        {
            let policy = std::mem::replace(&mut self.next_policy, CyclePolicy::Delta);
            self.start_cycle(policy, world, now);
        }
        self.do_hash_pass(now, world);
    }

    /// Starts a cycle.
    ///
    /// Whatever its policy, it reads and evaluates in full where a change of filter or rules asks for it.
    /// Source: Microsoft, Entra Connect Sync scheduler page.
    pub(super) fn start_cycle(&mut self, policy: CyclePolicy, world: &World, now: Timestamp) {
        self.next_cycle = Some(later(now, Self::interval(world)));
        let directories = self.core.directories();
        let entra = self.core.entra();
        let all = || directories.iter().copied().chain(entra);
        let mut steps: VecDeque<(Uuid, Step)> = all().map(|connector| (connector, Step::Import)).collect();
        steps.extend(all().map(|connector| (connector, Step::Synchronize)));
        let exports = entra.into_iter().chain(directories.iter().copied());
        steps.extend(exports.map(|connector| (connector, Step::Export)));
        self.activity = self.next_step(Cycle { policy, steps }, world, now);
    }

    /// Begins the next step of a cycle; none if it was the last.
    fn next_step(&mut self, mut cycle: Cycle, world: &World, now: Timestamp) -> Option<Activity> {
        let (connector, step) = cycle.steps.pop_front()?;
        // In staging mode a cycle ends here, also where the mode was turned on meanwhile.
        if step == Step::Export && self.staging {
            return None;
        }
        let initial = cycle.policy == CyclePolicy::Initial;
        let profile = match step {
            Step::Import => {
                let never = !self.last_import.contains_key(&connector);
                if initial || never || self.import_in_full.contains(&connector) {
                    RunProfile::FullImport
                } else {
                    RunProfile::DeltaImport
                }
            }
            Step::Synchronize if initial || self.core.store.needing_full().contains(&connector) => {
                RunProfile::FullSynchronization
            }
            Step::Synchronize => RunProfile::DeltaSynchronization,
            Step::Export => RunProfile::Export,
        };
        let run = self.begin(connector, profile, SERVICE_ACCOUNT, world, now);
        Some(Activity { run, cycle: Some(cycle) })
    }

    /// Stops a cycle, if one runs: its run ends without effect.
    pub(super) fn stop_cycle(&mut self, now: Timestamp) {
        if let Some(activity) = self.activity.take_if(|activity| activity.cycle.is_some()) {
            self.abandon(&activity, "stopped-user-termination-from-wmi-or-ui", now);
        }
    }

    /// Stops the service, and with it whatever runs.
    pub(super) fn stop_service(&mut self, now: Timestamp) {
        if let Some(activity) = self.activity.take() {
            self.abandon(&activity, "stopped-server", now);
        }
        self.service.running = false;
    }

    fn abandon(&mut self, activity: &Activity, result: &'static str, now: Timestamp) {
        self.saved_for_run = None;
        self.file(&activity.run, Ending::not_started(result), now);
    }

    /// Whether a cycle runs.
    pub(super) fn cycle_runs(&self) -> bool {
        self.activity.as_ref().is_some_and(|activity| activity.cycle.is_some())
    }
}
