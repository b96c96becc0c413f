//! Carrying out what a setting says will happen. No IO.

use crds::SyncTopology;
use estate::cloud_sync::{JobTemplate, ScheduleState};
use estate::people::{Act, JobAction, ServerAction};
use jiff::Timestamp;

use super::Run;
use crate::setting::{Happening, Hold, NAME, Planned, Who};
use crate::store::Restore;

impl Run {
    /// When something happens next.
    pub(super) fn next_happening(&self) -> Option<Timestamp> {
        self.happenings.last().map(|planned| planned.at)
    }

    /// Carries out what is due.
    pub(super) fn happen(&mut self) {
        let now = self.clock.now();
        while self.happenings.last().is_some_and(|planned| planned.at <= now) {
            let Some(Planned { happening, .. }) = self.happenings.pop() else { return };
            self.trace.tell("happening", format_args!("{happening:?}"));
            for class in happening.causes() {
                self.judge.blames.add(now, *class, format!("{happening:?}"));
            }
            self.carry_out(happening, now);
        }
    }

    fn carry_out(&mut self, happening: Happening, now: Timestamp) {
        match happening {
            Happening::Death { who, points, gone } => match &who {
                Who::Operator => {
                    self.operator.gone.length = gone;
                    if let Some(parts) = &self.operator.parts {
                        parts.running.process.dies_after(points);
                    }
                }
                Who::Agent(server) => {
                    if let Some(slot) = self.agents.get_mut(server) {
                        slot.gone.length = gone;
                        if let Some(running) = &slot.running {
                            running.process.dies_after(points);
                        }
                    }
                }
            },
            Happening::StandStill { length } => self.stand_still(length),
            Happening::Road { who, road, closed } => self.around.weather.set(who.name(), road, closed),
            Happening::Graph(faults) => {
                self.microsoft.with(|running| running.estate.world.faults.graph = faults);
            }
            Happening::Host { server, unreachable } => self.microsoft.with(|running| {
                running.estate.world.faults.hosts.entry(server).or_default().unreachable = unreachable;
            }),
            Happening::Clock { server, offset } => {
                if let Some(slot) = self.agents.get(&server) {
                    slot.site.clock.set_offset(offset);
                }
                self.microsoft.with(|running| {
                    running.estate.world.faults.hosts.entry(server).or_default().clock_offset = offset;
                });
            }
            Happening::Disk { server, full } => {
                if let Some(slot) = self.agents.get(&server) {
                    slot.site.disk.set_full(full);
                }
            }
            Happening::Act { act, hold } => self.act(act, hold, now),
            Happening::Suspend(suspend) => self.cluster.suspend(suspend),
            Happening::BackUp => self.cluster.save(),
            Happening::Restore(how) => self.restore(how),
            Happening::Decide(decision) => self.people.decide_on_all(decision, &self.cluster),
            Happening::Edit(edit) => self.edit(&edit),
            Happening::Delete => {
                let outcome = self.cluster.delete_topology();
                self.trace.tell("git", format_args!("the topology is deleted: {outcome}"));
            }
            Happening::Declare => {
                let declared = self.cluster.declare::<SyncTopology>(self.setting.declared.topology());
                self.trace.tell("git", format_args!("the topology is declared: {declared:?}"));
            }
            Happening::Do(deed) => self.deed(deed, now),
        }
    }

    /// The cluster goes back to its backup; whoever watched it lists everything again.
    fn restore(&mut self, how: Restore) {
        if !self.cluster.restore(how) {
            return;
        }
        self.judge.forget_cluster();
        self.stale.clear();
        for (name, slot) in &self.agents {
            let remembered =
                slot.site.disk.journal().map(|journal| journal.highest_epoch).unwrap_or_default();
            let known = self.cluster.server(name).and_then(|server| server.status).unwrap_or_default().epoch;
            if remembered > known {
                self.stale.insert(name.clone());
            }
        }
        for kind in ["EntraTenant", "SyncTopology", "Migration"] {
            self.wake(kind, NAME);
        }
        for server in self.setting.servers.clone() {
            self.wake("SyncServer", &server);
            self.wake("SyncAgent", &server);
        }
    }

    /// Somebody does something in the Microsoft products.
    fn act(&mut self, act: Act, hold: Hold, now: Timestamp) {
        if !self.makes_sense(&act) {
            self.trace.tell("people", format_args!("nothing to do"));
            return;
        }
        match hold {
            Hold::Not => {}
            Hold::Begins(name) => self.judge.blames.holds_up(now, name),
            Hold::Ends(name) => self.judge.blames.lets_go(now, &name),
        }
        if let Act::Server {
            server,
            action: ServerAction::UpgradeByItself { .. } | ServerAction::CompleteWizard,
        } = &act
        {
            self.judge.touches(server);
        }
        if matches!(act, Act::Job { .. }) {
            self.edits_in_force(now);
        }
        // The agent's service ends and begins with its host.
        if let Act::Server { server, action: ServerAction::RestartHost } = &act
            && let Some(running) = self.agents.get(server).and_then(|slot| slot.running.as_ref())
        {
            running.process.dies_after(1);
        }
        let done = self.microsoft.with(|running| running.act(act));
        self.trace.tell("people", format_args!("{done:?}"));
    }

    /// People pause what runs, and start again what they paused: a configuration that was only prepared has no filter yet, and whoever starts
    /// that provisions the whole domain.
    fn makes_sense(&mut self, act: &Act) -> bool {
        match act {
            Act::Job { domain, action: JobAction::Pause { .. } } => {
                let runs = self.job_runs(domain);
                if runs {
                    self.paused.insert(domain.clone());
                }
                runs
            }
            Act::Job { domain, action: JobAction::Start { .. } } => self.paused.remove(domain),
            Act::Job { domain, action: JobAction::Restart { .. } } => self.job_runs(domain),
            _ => true,
        }
    }

    fn job_runs(&self, domain: &str) -> bool {
        self.microsoft.with(|running| {
            running.estate.with_cloud(|cloud, world, now| {
                let principal = cloud
                    .principals(world, now)
                    .find(|held| held.domain().eq_ignore_ascii_case(domain))
                    .map(|held| held.id);
                let mut jobs = cloud.jobs().filter(|job| job.template == JobTemplate::Provisioning);
                jobs.any(|job| Some(job.principal) == principal && job.schedule == ScheduleState::Active)
            })
        })
    }
}
