//! Drives migrations along their steps: keeps the records, enforces the limits, honours people's decisions. Pure.
//!
//! One pass looks at all migrations of a topology, because agents, servers and jobs are shared between them. A migration passes as
//! many steps as are proven and stops at the first that needs something done or waits; so there is at most one effect for each.

mod hold;
mod home;
mod keep;
mod limit;

use std::collections::{BTreeMap, BTreeSet};

use crds::ObjectName;
use crds::conditions::Reason;
use crds::migration::{NextTransition, Reversibility, StepRecord, StepState, WayBack};
use crds::sync_topology::Wave;
use jiff::Timestamp;

use self::hold::stop;
use self::keep::finish;
pub(super) use self::limit::describe;
use super::view::Desk;
use super::{Progress, Step, View, Wait, clocks, command, reopen, shared, steps, way_back};
use crate::decisions;
use crate::observed::{MigrationFacts, Observed};
use crate::plan::{Effect, MigrationPlan, Standing};
use crate::windows::Windows;

/// What all migrations of a pass share.
pub(crate) struct Pass<'a> {
    /// Everything known.
    pub(crate) observed: &'a Observed,
    /// The topology's windows.
    pub(crate) windows: &'a Windows,
    /// Something of the topology keeps new work from starting: reason and words.
    pub(crate) hold: Option<(Reason, String)>,
    /// The time.
    pub(crate) now: Timestamp,
}

/// Plans every migration of the topology.
pub(crate) fn advance(pass: &Pass) -> Vec<MigrationPlan> {
    let mut migrations: Vec<&MigrationFacts> = pass.observed.migrations.iter().collect();
    migrations.sort_by_key(|m| m.name().to_owned());
    let desk = Desk::default();
    let standings: BTreeMap<&str, decisions::Standing> =
        migrations.iter().map(|m| (m.name(), decisions::standing(pass.observed, m, pass.now))).collect();
    let home = way_back::homeward(pass, &migrations, &standings);
    for migration in &migrations {
        await_outcomes(pass, migration, standings.get(migration.name()), home.get(migration.name()), &desk);
    }
    let mut passed: Vec<(String, Vec<StepRecord>)> = Vec::with_capacity(migrations.len());
    let mut plans = Vec::with_capacity(migrations.len());
    for migration in migrations {
        let Some(standing) = standings.get(migration.name()) else { continue };
        let way_back = home.get(migration.name());
        let plan =
            Drive { pass, migration, decisions: standing, way_back, desk: &desk, passed: &passed }.run();
        let home = plan.way_back.iter().flat_map(|way_back| &way_back.steps);
        passed.push((plan.name.clone(), plan.steps.iter().chain(home).cloned().collect()));
        plans.push(plan);
    }
    begin_anew(pass, &mut plans);
    plans
}

/// A readoption takes servers over, and voids what was proven on them for everybody: whoever shares them and is under way begins anew in
/// the same pass, and never goes on beside one that does.
fn begin_anew(pass: &Pass, plans: &mut [MigrationPlan]) {
    let readopted: BTreeSet<ObjectName> = plans
        .iter()
        .filter_map(|plan| match &plan.effect {
            Some(Effect::Readopt { servers }) => Some(servers.iter().map(|(name, _)| name.clone())),
            _ => None,
        })
        .flatten()
        .collect();
    for plan in plans.iter_mut().filter(|plan| !matches!(plan.effect, Some(Effect::Readopt { .. }))) {
        let shares = pass.observed.migration(&plan.name).is_some_and(|migration| {
            pass.observed.servers_of(migration).iter().any(|server| readopted.contains(&server.name))
        });
        let records = plan.way_back.as_mut().map_or(&mut plan.steps, |way_back| &mut way_back.steps);
        // One that failed is held or goes home by what it recorded.
        let under_way = records.iter().any(|record| !is_over(record))
            && records.iter().all(|record| record.state != StepState::Failed);
        if shares && under_way {
            plan.effect = None;
            *records = home::again(std::mem::take(records), |_| true);
        }
    }
}

/// Records of the way out; all pending for a new migration.
fn records(migration: &MigrationFacts, list: &[&dyn Step]) -> Vec<StepRecord> {
    let stored =
        migration.object.status.as_ref().map_or(&[] as &[StepRecord], |status| status.steps.as_slice());
    fitted(stored, list)
}

/// Stored records of the steps of a list, pending where there is none.
fn fitted(stored: &[StepRecord], list: &[&dyn Step]) -> Vec<StepRecord> {
    list.iter()
        .map(|step| {
            stored
                .iter()
                .find(|record| record.name == step.name().as_str())
                .cloned()
                .unwrap_or_else(|| StepRecord::pending(step.name().as_str()))
        })
        .collect()
}

/// What is said of a migration whose steps this release does not know: it was made by another one.
pub(crate) fn unknown(migration: &MigrationFacts) -> String {
    let spec = &migration.object.spec;
    format!(
        "expected itinerary version {} of {} at most, found {} in {}: it is left exactly as it stands, and nothing else of the topology \
         begins or goes home. Run the release of the operator that made it, or a later one, until it ends",
        super::ITINERARY_VERSION,
        spec.itinerary,
        spec.itinerary_version,
        migration.name()
    )
}

fn is_over(record: &StepRecord) -> bool {
    matches!(record.state, StepState::Done | StepState::Skipped)
}

/// Tells the desk which outcomes a migration still waits for.
fn await_outcomes(
    pass: &Pass,
    migration: &MigrationFacts,
    standing: Option<&decisions::Standing>,
    way_back: Option<&WayBack>,
    desk: &Desk,
) {
    let spec = &migration.object.spec;
    let (Some(list), Some(decisions)) = (steps(spec.itinerary, spec.itinerary_version), standing) else {
        return;
    };
    let (list, records) = match way_back {
        // What the way out still waited for is of no use on the way home.
        Some(way_back) => {
            (way_back::steps(way_back.way), fitted(&way_back.steps, way_back::steps(way_back.way)))
        }
        None => (list, records(migration, list)),
    };
    let Some((step, record)) = list.iter().zip(&records).find(|(_, record)| !is_over(record)) else { return };
    if record.attempts == 0 || record.state == StepState::Failed {
        return;
    }
    let drive = Drive { pass, migration, decisions, way_back, desk, passed: &[] };
    let view = drive.view(&records, record, &[]);
    for server in view.servers() {
        desk.awaits(command::command_id(&view, step.name(), server, record.attempts), migration.name());
    }
}

struct Drive<'a> {
    pass: &'a Pass<'a>,
    migration: &'a MigrationFacts,
    decisions: &'a decisions::Standing,
    /// It goes home this way.
    way_back: Option<&'a WayBack>,
    desk: &'a Desk,
    passed: &'a [(String, Vec<StepRecord>)],
}

/// What one look at a step came to.
#[expect(clippy::large_enum_variant, reason = "one exists at a time, and it is taken apart at once")]
enum Look {
    /// The step is over; look at the next.
    Next,
    /// Stop here.
    Stop { standing: Standing, effect: Option<Effect>, next: Option<NextTransition> },
}

impl Drive<'_> {
    fn run(&self) -> MigrationPlan {
        let spec = &self.migration.object.spec;
        let mut plan = MigrationPlan {
            name: self.migration.name().to_owned(),
            steps: Vec::new(),
            way_back: self.migration.way_back().cloned(),
            standing: Standing::Completed,
            reversibility: Reversibility::Free {},
            next: None,
            effect: None,
            limits: Vec::new(),
            consumed: self.decisions.consumed.clone(),
            asked_for: None,
        };
        let Some(list) = steps(spec.itinerary, spec.itinerary_version) else {
            if let Some(status) = &self.migration.object.status {
                plan.steps.clone_from(&status.steps);
                plan.limits.clone_from(&status.limits);
                plan.reversibility = status.reversibility.unwrap_or(plan.reversibility);
            }
            let message = unknown(self.migration);
            plan.next = Some(NextTransition { at: None, why: keep::clip(&message) });
            plan.standing = Standing::Paused { reason: Reason::UnknownItinerary, message };
            return plan;
        };
        if let Some(message) = self.forgotten() {
            plan.next = Some(NextTransition { at: None, why: keep::clip(&message) });
            plan.standing = Standing::AwaitingPerson { message };
            plan.asked_for = Some(Reason::StateRestored);
            return plan;
        }
        let mut records = records(self.migration, list);
        if let Some(way_back) = self.way_back {
            return self.go_home(plan, records, way_back);
        }
        reopen::reopen(self.migration, self.decisions, self.wave(), &mut records);
        for (index, step) in list.iter().enumerate() {
            if records.get(index).is_none_or(is_over) {
                continue;
            }
            match self.look(*step, index, &mut records, &[]) {
                Look::Next => {}
                Look::Stop { standing, effect, next } => {
                    plan.standing = standing;
                    plan.effect = effect;
                    plan.next = next;
                    break;
                }
            }
        }
        if matches!(plan.effect, Some(Effect::Readopt { .. })) {
            // Nothing that was proven before is known to hold: every proof is asked for anew.
            records = list.iter().map(|step| StepRecord::pending(step.name().as_str())).collect();
        }
        if let Some(first) = records.first() {
            plan.limits = clocks::figures(&self.view(&records, first, &[]), &records);
            let runs_out = clocks::runs_out(&plan.limits, self.pass.now);
            if let (Some(next), Some(at)) = (&mut plan.next, runs_out) {
                next.at = Some(next.at.map_or(at, |other| other.min(at)));
            }
        }
        plan.reversibility = records
            .iter()
            .filter(|r| r.state == StepState::Done)
            .map(|r| r.reversibility)
            .max()
            .unwrap_or(Reversibility::Free {});
        plan.steps = records;
        plan
    }

    /// The wave of the migration's scope.
    fn wave(&self) -> Option<&Wave> {
        let name = &self.migration.object.spec.scope.as_ref()?.wave;
        self.pass.observed.topology.spec.strategy.as_ref()?.waves.iter().find(|wave| wave.name == *name)
    }

    fn view<'v>(
        &'v self,
        records: &'v [StepRecord],
        record: &'v StepRecord,
        past: &'v [StepRecord],
    ) -> View<'v> {
        View {
            observed: self.pass.observed,
            migration: self.migration,
            decisions: self.decisions,
            records,
            record,
            past,
            desk: self.desk,
            windows: self.pass.windows,
            now: self.pass.now,
        }
    }

    /// Looks at one step; `past` are the records of the way out on the way home.
    fn look(&self, step: &dyn Step, index: usize, records: &mut [StepRecord], past: &[StepRecord]) -> Look {
        let snapshot = records.to_vec();
        let Some(record) = records.get_mut(index) else { return Look::Next };
        let before = record.clone();
        let view = self.view(&snapshot, &before, past);
        if record.state == StepState::Failed {
            return stop(self.held(record));
        }
        if let Some(standing) = self.held_by_people(step, record).filter(|_| self.way_back.is_none()) {
            return self.stop_for_good(standing);
        }
        if self.decisions.skip.contains(step.name().as_str()) && step.skippable(&view) {
            finish(record, StepState::Skipped, self.pass.now);
            "left out by decision".clone_into(&mut record.message);
            self.desk.consumed(self.migration.name());
            return Look::Next;
        }
        if let Some(look) = self.follow(step, &view, record) {
            return look;
        }
        // S12: not only commands are withheld from agents that remember more than the cluster, the cloud is too.
        let progress = match (command::behind(&view), step.precondition(&view)) {
            (Some(restored), _) => restored,
            (None, Err(wait)) if record.started_at.is_none() => Progress::Waiting(wait),
            (None, _) => step.evaluate(&view),
        };
        let progress = self.limit(step, &view, self.exclusive(progress));
        let progress = crate::moved::guard(&view, step.name(), progress);
        let progress = clocks::enforce(&view, step.name(), progress);
        self.keep(step, &view, record, progress)
    }

    /// Takes over what the conductor of a shared step did.
    fn follow(&self, step: &dyn Step, view: &View, record: &mut StepRecord) -> Option<Look> {
        let (conductor, theirs) = shared::conductor_record(view, step.sharing(), step.name(), self.passed)?;
        match theirs {
            Some(theirs) if is_over(theirs) || theirs.state == StepState::Failed => {
                *record = StepRecord { shared_with: Some(conductor.into()), ..theirs.clone() };
                Some(if theirs.state == StepState::Failed { stop(self.held(record)) } else { Look::Next })
            }
            _ => {
                let wait = Wait::system(
                    Reason::WaitingForWave,
                    format!("{conductor} carries it out for the wave"),
                    None,
                );
                Some(self.keep(step, view, record, Progress::Waiting(wait)))
            }
        }
    }
}
