//! Drives migrations along their steps: keeps the records, enforces the limits, honours people's decisions. Pure.
//!
//! One pass looks at all migrations of a topology, because agents, servers and jobs are shared between them. A migration passes as
//! many steps as are proven and stops at the first that needs something done or waits; so there is at most one effect for each.

use std::collections::BTreeMap;

use crds::conditions::Reason;
use crds::migration::step_epochs;
use crds::migration::{NextTransition, Reversibility, StepRecord, StepState, Verdict};
use crds::sync_topology::FailurePolicy;
use jiff::{SignedDuration, Timestamp};

use super::view::Desk;
use super::{Progress, Step, StepName, View, Wait, WaitingOn, command, shared, steps};
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
    let standings: BTreeMap<&str, decisions::Standing> = migrations
        .iter()
        .map(|m| {
            (m.name(), decisions::standing(m, migrations.iter().copied(), &pass.observed.decisions, pass.now))
        })
        .collect();
    for migration in &migrations {
        await_outcomes(pass, migration, standings.get(migration.name()), &desk);
    }
    let mut passed: Vec<(String, Vec<StepRecord>)> = Vec::with_capacity(migrations.len());
    let mut plans = Vec::with_capacity(migrations.len());
    for migration in migrations {
        let Some(standing) = standings.get(migration.name()) else { continue };
        let plan = Drive { pass, migration, decisions: standing, desk: &desk, passed: &passed }.run();
        passed.push((plan.name.clone(), plan.steps.clone()));
        plans.push(plan);
    }
    plans
}

/// Records of a migration; all pending for a new one.
fn records(migration: &MigrationFacts, list: &[&dyn Step]) -> Vec<StepRecord> {
    let stored =
        migration.object.status.as_ref().map_or(&[] as &[StepRecord], |status| status.steps.as_slice());
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

fn is_over(record: &StepRecord) -> bool {
    matches!(record.state, StepState::Done | StepState::Skipped)
}

/// Tells the desk which outcomes a migration still waits for.
fn await_outcomes(
    pass: &Pass,
    migration: &MigrationFacts,
    standing: Option<&decisions::Standing>,
    desk: &Desk,
) {
    let spec = &migration.object.spec;
    let (Some(list), Some(decisions)) = (steps(spec.itinerary, spec.itinerary_version), standing) else {
        return;
    };
    let records = records(migration, list);
    let Some((step, record)) = list.iter().zip(&records).find(|(_, record)| !is_over(record)) else { return };
    if record.attempts == 0 || record.state == StepState::Failed {
        return;
    }
    let drive = Drive { pass, migration, decisions, desk, passed: &[] };
    let view = drive.view(&records, record);
    for server in view.servers() {
        desk.awaits(command::command_id(&view, step.name(), server, record.attempts), migration.name());
    }
}

struct Drive<'a> {
    pass: &'a Pass<'a>,
    migration: &'a MigrationFacts,
    decisions: &'a decisions::Standing,
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
            standing: Standing::Completed,
            reversibility: Reversibility::Free {},
            next: None,
            effect: None,
            consumed: self.decisions.consumed.clone(),
        };
        let Some(list) = steps(spec.itinerary, spec.itinerary_version) else {
            plan.steps = self.migration.object.status.as_ref().map(|s| s.steps.clone()).unwrap_or_default();
            plan.standing = Standing::Paused {
                reason: Reason::HumanActionRequired,
                message: format!(
                    "expected itinerary version {} of {}, found {}: run the operator version that made this migration until it ends",
                    super::ITINERARY_VERSION,
                    spec.itinerary,
                    spec.itinerary_version
                ),
            };
            return plan;
        };
        let mut records = records(self.migration, list);
        for (index, step) in list.iter().enumerate() {
            if records.get(index).is_none_or(is_over) {
                continue;
            }
            match self.look(*step, index, &mut records) {
                Look::Next => {}
                Look::Stop { standing, effect, next } => {
                    plan.standing = standing;
                    plan.effect = effect;
                    plan.next = next;
                    break;
                }
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

    fn view<'v>(&'v self, records: &'v [StepRecord], record: &'v StepRecord) -> View<'v> {
        View {
            observed: self.pass.observed,
            migration: self.migration,
            decisions: self.decisions,
            records,
            record,
            desk: self.desk,
            windows: self.pass.windows,
            now: self.pass.now,
        }
    }

    fn look(&self, step: &dyn Step, index: usize, records: &mut [StepRecord]) -> Look {
        let snapshot = records.to_vec();
        let Some(record) = records.get_mut(index) else { return Look::Next };
        let before = record.clone();
        let view = self.view(&snapshot, &before);
        if record.state == StepState::Failed {
            return stop(self.held(record));
        }
        if let Some(standing) = self.held_by_people(step, record) {
            return stop(standing);
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
        let progress = match step.precondition(&view) {
            Err(wait) if record.started_at.is_none() => Progress::Waiting(wait),
            _ => step.evaluate(&view),
        };
        let progress = self.limit(step, &view, self.exclusive(progress));
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

    /// People's holds, and the topology's, take effect at safe places only: before a step of its own begins, and never while a
    /// scheduler is off or a scope is between two engines.
    fn held_by_people(&self, step: &dyn Step, record: &StepRecord) -> Option<Standing> {
        let safe = record.started_at.is_none() && is_safe(step.name());
        if !safe {
            return None;
        }
        if let Some(by) = &self.decisions.denied_by {
            return Some(paused(
                Reason::Denied,
                format!("{by} denied the plan: change the topology, and a new plan is made"),
            ));
        }
        if let Some(by) = &self.decisions.roll_back_by {
            return Some(paused(
                Reason::RollbackUnavailable,
                format!(
                    "{by} asked for a rollback, which this release cannot do: it is held here, and nothing more is started"
                ),
            ));
        }
        if let Some(by) = &self.decisions.paused_by {
            return Some(paused(
                Reason::PausedByDecision,
                format!("{by} paused it: a Resume decision lets it go on"),
            ));
        }
        self.pass.hold.clone().map(|(reason, message)| Standing::Blocked { reason, message })
    }

    /// A failed step holds the migration; rolling back is not available in this release.
    fn held(&self, record: &StepRecord) -> Standing {
        let reason = Reason::ALL
            .iter()
            .copied()
            .find(|r| Some(r.as_str()) == record.reason.as_deref())
            .unwrap_or(Reason::VerificationFailed);
        let mut message = format!("step {} failed: {}", record.name, record.message);
        if self.migration.object.spec.on_failure == FailurePolicy::RollBack {
            message.push_str(
                ". `onFailure: RollBack` is not available in this release (RollbackUnavailable): the migration is held instead",
            );
            return Standing::Paused {
                reason: Reason::RollbackUnavailable,
                message: format!("{message} ({reason})"),
            };
        }
        Standing::Paused { reason, message }
    }

    /// Lets one migration of a pass take a claim; whoever comes later looks again.
    fn exclusive(&self, progress: Progress) -> Progress {
        let free = match &progress {
            Progress::Begin(Effect::ClaimServers { servers, .. }) => {
                self.desk.claim(servers.iter().map(crds::ObjectName::as_str))
            }
            Progress::Begin(Effect::ClaimJobs { domains, .. }) => {
                self.desk.claim(domains.iter().map(String::as_str))
            }
            _ => true,
        };
        if free {
            progress
        } else {
            Progress::Waiting(Wait::system(
                Reason::WaitingForClaim,
                "another migration takes the claim",
                None,
            ))
        }
    }

    /// Enforces the two limits.
    fn limit(&self, step: &dyn Step, view: &View, progress: Progress) -> Progress {
        let record = view.record;
        let limits = step.limits(view);
        match &progress {
            Progress::Waiting(_) => {
                let waited = record
                    .waiting_since
                    .map_or(SignedDuration::ZERO, |since| self.pass.now.duration_since(since));
                match limits.waiting {
                    Some(limit) if waited > limit => Progress::Fail(
                        Reason::LimitExceeded,
                        format!(
                            "expected it to wait no longer than {}, and it still waits: {}",
                            text(limit),
                            describe(&progress)
                        ),
                    ),
                    _ => progress,
                }
            }
            Progress::Working(_) | Progress::Inconclusive(..) => match record.started_at {
                Some(began) if active(record, began, self.pass.now) > limits.active => Progress::Fail(
                    Reason::LimitExceeded,
                    format!(
                        "expected it to take no longer than {}: {}",
                        text(limits.active),
                        describe(&progress)
                    ),
                ),
                _ => progress,
            },
            _ => progress,
        }
    }

    /// Writes what a step said into its record.
    fn keep(&self, step: &dyn Step, view: &View, record: &mut StepRecord, progress: Progress) -> Look {
        let now = self.pass.now;
        let limits = step.limits(view);
        if !matches!(progress, Progress::Waiting(_))
            && let Some(since) = record.waiting_since.take()
        {
            record.waited_seconds += now.duration_since(since).as_secs().max(0);
        }
        match progress {
            Progress::Begin(effect) => {
                record.state = StepState::Active;
                record.started_at.get_or_insert(now);
                record.reason = Some(Reason::InProgress.as_str().to_owned());
                if let Effect::Commands(commands) = &effect {
                    if let Some(first) = commands.first() {
                        record.attempts = command::attempt_of(view, step.name(), first);
                    }
                    for command in commands {
                        self.desk.give(&command.server);
                    }
                } else if let Effect::AddContainers { domain, epoch, .. } = &effect {
                    let name = super::connect_to_cloud_sync::epoch_fact(domain);
                    record.facts.retain(|fact| fact.name != name);
                    record.facts.push(super::fact(&name, epoch));
                }
                // Other effects belong to the attempt that is under way; the first of them begins one.
                record.attempts = record.attempts.max(1);
                Self::running(
                    record,
                    limits.active,
                    Some(effect),
                    &format!("{} is being carried out", record.name),
                )
            }
            Progress::Working(why) => {
                record.state = StepState::Active;
                record.started_at.get_or_insert(now);
                record.reason = Some(Reason::InProgress.as_str().to_owned());
                record.message.clone_from(&why);
                Self::running(record, limits.active, None, &why)
            }
            Progress::Inconclusive(reason, why) => {
                record.state = StepState::Active;
                record.started_at.get_or_insert(now);
                record.verdict = Some(Verdict::Inconclusive);
                record.reason = Some(reason.as_str().to_owned());
                record.message.clone_from(&why);
                Self::running(record, limits.active, None, &why)
            }
            Progress::Waiting(wait) => {
                record.state = StepState::Waiting;
                record.waiting_since.get_or_insert(now);
                record.reason = Some(wait.reason.as_str().to_owned());
                record.message.clone_from(&wait.why);
                let next = Some(NextTransition { at: wait.until, why: clip(&wait.why) });
                let standing = match wait.on {
                    WaitingOn::System => Standing::Running { step: record.name.clone() },
                    WaitingOn::Approval => Standing::AwaitingApproval { message: wait.why },
                    WaitingOn::Person => Standing::AwaitingPerson { message: wait.why },
                    WaitingOn::Obstacle => Standing::Blocked { reason: wait.reason, message: wait.why },
                };
                Look::Stop { standing, effect: None, next }
            }
            Progress::Pass(facts) => {
                record.started_at.get_or_insert(now);
                finish(record, StepState::Done, now);
                record.verdict = Some(Verdict::Pass);
                record.facts = facts.into_iter().take(24).collect();
                record.server_epochs = step_epochs(command::epochs(&view.servers()));
                record.job_epoch = view
                    .domains()
                    .iter()
                    .filter_map(|d| view.observed.job(d))
                    .map(crate::observed::JobFacts::epoch)
                    .max();
                record.reversibility = step.reversibility(view);
                self.desk.consumed(self.migration.name());
                Look::Next
            }
            Progress::Skip(why) => {
                finish(record, StepState::Skipped, now);
                record.message = why;
                self.desk.consumed(self.migration.name());
                Look::Next
            }
            Progress::Fail(reason, why) => {
                record.started_at.get_or_insert(now);
                finish(record, StepState::Failed, now);
                record.verdict = Some(Verdict::Fail);
                record.reason = Some(reason.as_str().to_owned());
                record.message = why.chars().take(2048).collect();
                self.desk.consumed(self.migration.name());
                stop(self.held(record))
            }
        }
    }

    fn running(record: &StepRecord, limit: SignedDuration, effect: Option<Effect>, why: &str) -> Look {
        let at = record
            .started_at
            .and_then(|began| began.checked_add(limit).ok())
            .and_then(|end| end.checked_add(SignedDuration::from_secs(record.waited_seconds)).ok());
        Look::Stop {
            standing: Standing::Running { step: record.name.clone() },
            effect,
            next: Some(NextTransition { at, why: clip(why) }),
        }
    }
}

/// Places at which a migration may be held: no scheduler is off, and no scope is without a proven engine.
pub(crate) fn is_safe(step: StepName) -> bool {
    use StepName as S;
    !matches!(
        step,
        S::StopScheduler
            | S::PutNoFlowRules
            | S::SynchronizeWithoutExport
            | S::ReadPendingExports
            | S::Export
            | S::ProveNoFlow
            | S::StartScheduler
            | S::ClaimJob
            | S::AddToJob
            | S::AwaitInitialCycle
            | S::ProbeCreation
            | S::ProbeChange
            | S::ProbeRemoval
            | S::ReleaseJob
    )
}

fn finish(record: &mut StepRecord, state: StepState, now: Timestamp) {
    record.state = state;
    record.finished_at = Some(now);
    record.reason = None;
    record.message.clear();
    if let Some(since) = record.waiting_since.take() {
        record.waited_seconds += now.duration_since(since).as_secs().max(0);
    }
}

fn paused(reason: Reason, message: String) -> Standing {
    Standing::Paused { reason, message }
}

fn stop(standing: Standing) -> Look {
    let why = match &standing {
        Standing::Paused { message, .. } | Standing::Blocked { message, .. } => clip(message),
        _ => String::new(),
    };
    Look::Stop { standing, effect: None, next: Some(NextTransition { at: None, why }) }
}

fn active(record: &StepRecord, began: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(began) - SignedDuration::from_secs(record.waited_seconds)
}

fn text(duration: SignedDuration) -> String {
    crds::DurationText::from_secs(u32::try_from(duration.as_secs()).unwrap_or(0)).to_string()
}

fn describe(progress: &Progress) -> &str {
    match progress {
        Progress::Working(why)
        | Progress::Inconclusive(_, why)
        | Progress::Fail(_, why)
        | Progress::Skip(why) => why,
        Progress::Waiting(wait) => &wait.why,
        Progress::Begin(_) | Progress::Pass(_) => "",
    }
}

fn clip(text: &str) -> String {
    text.chars().take(1024).collect()
}
