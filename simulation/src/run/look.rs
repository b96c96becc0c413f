//! The judge's looks: after every turn at what changed, at every instant at the scheduler, and at the end at everything. No IO.

use crds::conditions::{ConditionType, is_true};
use estate::engine::SyncEngine;
use estate::serve::Running;
use jiff::{SignedDuration, Timestamp};

use super::Run;
use crate::judge::{Background, End, Holder, Invariant, Standing};
use crate::microsoft::Deed;
use crate::people::Place;

/// Pause between two looks at a scheduler that is off.
const WATCH: SignedDuration = SignedDuration::from_secs(30);

impl Run {
    /// Looks at what the last turn changed: in the store, on the servers, in the estate.
    pub(super) fn look(&mut self) {
        let now = self.clock.now();
        for deed in self.deeds.take() {
            self.judge_deed(&deed, now);
        }
        for alarm in self.around.alarms.take() {
            self.judge.fail(Invariant::Review, now, alarm);
        }
        self.changes(now);
        let cluster = &self.cluster;
        let judge = &mut self.judge;
        self.microsoft.with(|running| judge.log(running, || says_limit_exceeded(cluster)));
    }

    fn judge_deed(&mut self, deed: &Deed, now: Timestamp) {
        if !self.snapshots.contains(&deed.server) && self.cluster.has_snapshot(&deed.server) {
            self.snapshots.insert(deed.server.clone());
        }
        let server = self.cluster.server(&deed.server);
        let journal = self.agents.get(&deed.server).and_then(|slot| slot.site.disk.journal());
        let background = Background {
            has_snapshot: self.snapshots.contains(&deed.server),
            server: server.as_ref().and_then(|server| server.status.as_ref()),
            journal: journal.as_ref(),
            restored: self.stale.contains(&deed.server),
        };
        let judge = &mut self.judge;
        self.microsoft.with(|running| judge.deed(deed, background, running, now));
    }

    /// Objects that were written: the judge looks at them, and whoever watches them wakes.
    fn changes(&mut self, now: Timestamp) {
        let version = self.cluster.version();
        if version == self.last_version {
            return;
        }
        self.last_version = version;
        for request in self.cluster.changes() {
            let (kind, name) = (request.kind.as_str(), request.name.as_str());
            match kind {
                "SyncServer" => {
                    if let Some(server) = self.cluster.server(name) {
                        self.judge.server(&server, now);
                    }
                }
                "SyncAgent" => {
                    if let Some(agent) = self.cluster.sync_agent(name) {
                        self.judge.agent(&agent, now);
                    }
                }
                "EntraTenant" => {
                    if let Some(tenant) = self.cluster.tenant() {
                        self.judge.tenant(&tenant, now);
                    }
                }
                "Migration" => self.migration(name, now),
                "MigrationDecision" if self.people.has_readopted() => self.stale.clear(),
                "SyncTopology" => self.completed = self.is_completed(),
                "Lease" | "Event" | "Secret" => continue,
                _ => {}
            }
            self.wake(kind, name);
        }
    }

    fn migration(&mut self, name: &str, now: Timestamp) {
        let Some(migration) = self.cluster.get::<crds::Migration>(name) else { return };
        self.judge.migration(&migration, now);
        let place = Place::of(&migration);
        let status = migration.status.as_ref();
        self.awaits(name, status.and_then(|status| status.next.as_ref()?.at), now);
        let phase = status.and_then(|status| status.phase.clone()).unwrap_or_default();
        let shown = place.as_ref().map_or_else(
            || phase.clone(),
            |place| format!("{phase}: {} {:?} {} {}", place.step, place.state, place.reason, place.message),
        );
        if self.phases.get(name) != Some(&shown) {
            self.trace.tell(name, &shown);
            self.phases.insert(name.to_owned(), shown);
        }
        // A step that looks again and again goes nowhere.
        let at = place.as_ref().map(|place| place.step.clone()).unwrap_or_default();
        let home = status.and_then(|status| status.way_back.as_ref()).map_or(0, |way_back| {
            1 + way_back.steps.iter().filter(|step| step.finished_at.is_some()).count()
        });
        if self.places.get(name) != Some(&(at.clone(), home)) {
            self.places.insert(name.to_owned(), (at, home));
            self.moved_at = now;
        }
        let conditions = status.map_or(&[] as &[_], |status| status.conditions.as_slice());
        if is_true(conditions, ConditionType::RolledBack) {
            let (judge, migrations) = (&mut self.judge, self.cluster.migrations());
            self.microsoft.with(|running| judge.homes(&migrations, running, now));
        }
    }

    /// When the scheduler is to be looked at next.
    pub(super) fn next_watch(&self) -> Option<Timestamp> {
        self.microsoft.with(|running| is_off(running)).then_some(self.next_watch)
    }

    /// Looks at the scheduler's flag, and at who holds it off.
    pub(super) fn watch(&mut self) {
        let now = self.clock.now();
        let enabled = !self.microsoft.with(|running| is_off(running));
        if !enabled && now < self.next_watch {
            return;
        }
        self.next_watch = now.saturating_add(WATCH).unwrap_or(Timestamp::MAX);
        let holders: Vec<Holder> = if enabled {
            Vec::new()
        } else {
            self.agents
                .iter()
                .map(|(name, slot)| Holder {
                    server: name.clone(),
                    journal: slot.site.disk.journal(),
                    able: slot.running.is_some() && !slot.site.disk.is_full() && self.host_answers(name),
                })
                .collect()
        };
        self.judge.scheduler(enabled, &holders, now);
    }

    fn host_answers(&self, server: &str) -> bool {
        self.microsoft.with(|running| {
            let faults = &running.estate.world.faults.hosts;
            faults.get(server).is_none_or(|faults| !faults.unreachable && faults.clock_offset.is_zero())
        })
    }

    /// Whether Git, as it stands now, retires every server there is.
    fn retires(&self) -> bool {
        let topology = self.cluster.topology();
        let servers = topology.iter().flat_map(|topology| &topology.spec.servers);
        servers.filter(|server| server.retire_by.is_some()).count() == self.setting.servers.len()
    }

    /// Whether everything declared is so.
    fn is_completed(&self) -> bool {
        let topology = self.cluster.topology();
        let status = topology.as_ref().and_then(|topology| topology.status.as_ref());
        status.is_some_and(|status| is_true(&status.conditions, ConditionType::Completed))
    }

    /// The last look.
    pub(super) fn finish(&mut self, now: Timestamp) -> End {
        let verdict = self.microsoft.with(|running| running.estate.verdict());
        let cluster = &self.cluster;
        self.judge.verdict(&verdict, now, || says_limit_exceeded(cluster));
        let standing = Standing {
            topology: self.cluster.topology(),
            migrations: self.cluster.migrations(),
            scheduler_enabled: self
                .microsoft
                .with(|running| running.estate.world.tenant.settings.scheduler.sync_cycle_enabled),
            retires: self.retires(),
        };
        self.judge.ending(&standing, &verdict, now)
    }

    /// A part of the product panicked.
    pub(super) fn panicked(&mut self, who: &str, words: &str) {
        let now = self.clock.now();
        self.judge.fail(Invariant::Panic, now, format!("{who}: {words}"));
    }
}

/// Whether the scheduler is off although a sync server is there to export. A server that is retired needs none.
fn is_off(running: &Running) -> bool {
    let in_service = |name: &str| {
        let state = running.estate.server(name).map(SyncEngine::state);
        state.is_some_and(|state| state.installed && state.running && !state.staging)
    };
    !running.estate.world.tenant.settings.scheduler.sync_cycle_enabled
        && running.estate.server_names().any(in_service)
}

/// Whether a migration says that a limit was exceeded, or that it is held.
fn says_limit_exceeded(cluster: &crate::cluster_side::ClusterSide) -> bool {
    cluster.migrations().iter().filter_map(|migration| migration.status.as_ref()).any(|status| {
        let held = status.conditions.iter().any(|c| c.type_ == "Ready" && c.status == "False");
        held || status.limits.iter().any(|limit| limit.exceeded)
    })
}
