//! May this command be begun? Every refusal of stale or surprising work is decided here. Pure.
//!
//! Two looks: what the journal and the clock say needs no question to the host; only then is the engine looked at.

mod refusal;

use crds::primitive::{ContentDigest, Epoch};
use crds::sync_agent::command::{Profile, SetService, StopScheduler};
use crds::sync_agent::{Action, Command, CommandOutcome, Expectation};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub use refusal::Refusal;

use crate::journal::JournalState;

/// What is to be done with a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Admission {
    /// Begin it.
    Begin,
    /// It was begun; go on, finding out first what already happened.
    Continue,
    /// It has ended before: say again what came of it.
    Repeat(Box<CommandOutcome>),
    /// Do nothing, and say why.
    Refuse(Refusal),
    /// It was begun by a process that was killed, and is too late to go on with: end it, and say so.
    Abandon(Refusal),
}

/// When and by whom a command is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The present instant.
    pub now: Timestamp,
    /// The running process.
    pub began_here: bool,
    /// Longest stop that is accepted.
    pub longest_stop: SignedDuration,
}

/// What the engine is asked before a command is begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// Scheduler and running connectors.
    pub scheduler: bool,
    /// The service.
    pub service: bool,
    /// The rules.
    pub rules: bool,
    /// Runs since this instant.
    pub runs_since: Option<Timestamp>,
}

/// What was seen; `None` where it was not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Scheduler and running connectors.
    pub scheduler: Option<SchedulerSeen>,
    /// The service runs.
    pub service_running: Option<Seen<bool>>,
    /// Digest of all rules.
    pub rules_digest: Option<Seen<ContentDigest>>,
    /// Runs that somebody else started.
    pub foreign_runs: Option<Seen<Vec<ForeignRun>>>,
}

/// A value, or why it cannot be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen<T> {
    /// The value.
    Known(T),
    /// The host's reason.
    Unknown(String),
}

/// Scheduler and running connectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulerSeen {
    /// `SyncCycleEnabled`.
    pub enabled: Seen<bool>,
    /// Neither cycle nor run in progress.
    pub idle: Seen<bool>,
    /// Staging mode.
    pub staging: Seen<bool>,
}

/// A run that this agent did not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignRun {
    /// Its id.
    pub run_history_id: Uuid,
    /// Connector and profile, for people.
    pub what: String,
    /// Who started it.
    pub user_name: String,
    /// When.
    pub started_at: Timestamp,
}

/// What must be asked of the engine before this command can be admitted.
pub fn needs(command: &Command) -> Needs {
    let Expectation { scheduler_enabled, idle, staging, service_running, rules_digest, no_foreign_run_since } =
        &command.expects;
    let stated = scheduler_enabled.is_some() || idle.is_some() || staging.is_some();
    Needs {
        scheduler: stated || changes_rules(&command.action) || exports(&command.action),
        service: service_running.is_some(),
        rules: rules_digest.is_some(),
        runs_since: *no_foreign_run_since,
    }
}

/// What journal and clock say. `None`: the engine must be looked at.
pub fn before_looking(command: &Command, journal: &JournalState, moment: Moment) -> Option<Admission> {
    if let Some(outcome) = journal.outcome_of(&command.id) {
        return Some(Admission::Repeat(Box::new(outcome.clone())));
    }
    if let Err(refusal) = epoch(command.epoch, journal) {
        return Some(Admission::Refuse(refusal));
    }
    let too_late = (moment.now > command.not_after)
        .then_some(Refusal::TooLate { not_after: command.not_after, now: moment.now });
    if journal.intent.as_ref().is_some_and(|intent| intent.command.id == command.id) {
        return Some(match too_late {
            Some(refusal) if !moment.began_here => Admission::Abandon(refusal),
            _ => Admission::Continue,
        });
    }
    too_late.or_else(|| own_rules(command, journal, moment)).map(Admission::Refuse)
}

/// What the engine's state says.
pub fn after_looking(command: &Command, observed: &Observed) -> Admission {
    match built_in(command, observed).and_then(|()| expectations(&command.expects, observed)) {
        Ok(()) => Admission::Begin,
        Err(refusal) => Admission::Refuse(refusal),
    }
}

/// Both looks at once.
pub fn admit(command: &Command, journal: &JournalState, observed: &Observed, moment: Moment) -> Admission {
    before_looking(command, journal, moment).unwrap_or_else(|| after_looking(command, observed))
}

/// Refuses an epoch below the highest ever seen.
///
/// # Errors
/// [`Refusal::StaleEpoch`]
pub fn epoch(epoch: Epoch, journal: &JournalState) -> Result<(), Refusal> {
    if epoch < journal.highest_epoch {
        return Err(Refusal::StaleEpoch { expected: journal.highest_epoch, found: epoch });
    }
    Ok(())
}

fn changes_rules(action: &Action) -> bool {
    matches!(action, Action::PutNoFlowRules(_))
}

fn exports(action: &Action) -> bool {
    matches!(action, Action::RunProfiles(runs) if runs.runs.iter().any(|run| run.profile == Profile::Export))
}

/// Whether an action only gives the engine back to itself. That is never made to wait for anything.
fn returns_to_service(action: &Action) -> bool {
    matches!(action, Action::StartScheduler(_) | Action::SetService(SetService { running: true, .. }))
}

/// What no command can ask for, whatever it expects: as far as journal and clock know.
fn own_rules(command: &Command, journal: &JournalState, moment: Moment) -> Option<Refusal> {
    let action = &command.action;
    if !action.mutates() {
        return None;
    }
    let taken_over = journal.stop.as_ref().and_then(|stop| stop.resuming.as_ref());
    if let Some(resuming) = taken_over
        && !matches!(action, Action::StartScheduler(_))
    {
        return Some(Refusal::TakenOver { since: resuming.since });
    }
    if journal.snapshot.is_none() && !returns_to_service(action) {
        return Some(Refusal::NoSnapshot);
    }
    match action {
        Action::PutNoFlowRules(_) if journal.stop.is_none() => Some(Refusal::NotStopped),
        Action::StopScheduler(stop) => resume_by(stop, moment),
        _ => None,
    }
}

fn resume_by(stop: &StopScheduler, moment: Moment) -> Option<Refusal> {
    let latest = moment.now.checked_add(moment.longest_stop).unwrap_or(Timestamp::MAX);
    (stop.resume_by <= moment.now || stop.resume_by > latest).then_some(Refusal::ResumeBy {
        found: stop.resume_by,
        now: moment.now,
        latest,
    })
}

/// The same, as far as the engine must be looked at.
fn built_in(command: &Command, observed: &Observed) -> Result<(), Refusal> {
    let scheduler = observed.scheduler.as_ref();
    if changes_rules(&command.action) {
        expect("schedulerEnabled", &false, scheduler.map(|seen| &seen.enabled))?;
        expect("idle", &true, scheduler.map(|seen| &seen.idle))?;
    }
    if exports(&command.action) && *known("staging", &false, scheduler.map(|seen| &seen.staging))? {
        return Err(Refusal::StagingExport);
    }
    Ok(())
}

fn expectations(expects: &Expectation, observed: &Observed) -> Result<(), Refusal> {
    let scheduler = observed.scheduler.as_ref();
    if let Some(expected) = &expects.scheduler_enabled {
        expect("schedulerEnabled", expected, scheduler.map(|seen| &seen.enabled))?;
    }
    if let Some(expected) = &expects.idle {
        expect("idle", expected, scheduler.map(|seen| &seen.idle))?;
    }
    if let Some(expected) = &expects.staging {
        expect("staging", expected, scheduler.map(|seen| &seen.staging))?;
    }
    if let Some(expected) = &expects.service_running {
        expect("serviceRunning", expected, observed.service_running.as_ref())?;
    }
    if let Some(expected) = &expects.rules_digest {
        expect("rulesDigest", expected, observed.rules_digest.as_ref())?;
    }
    if let Some(since) = expects.no_foreign_run_since {
        let expected = format!("no run of anybody else since {since}");
        let runs = known("noForeignRunSince", &expected, observed.foreign_runs.as_ref())?;
        if let Some(run) = runs.first() {
            return Err(Refusal::ForeignRun { since, run: run.clone(), count: runs.len() });
        }
    }
    Ok(())
}

/// What was not asked for counts as unknown: nothing is ever assumed.
fn known<'a, T>(
    what: &'static str,
    expected: &dyn std::fmt::Display,
    seen: Option<&'a Seen<T>>,
) -> Result<&'a T, Refusal> {
    let reason = match seen {
        Some(Seen::Known(value)) => return Ok(value),
        Some(Seen::Unknown(reason)) => reason.clone(),
        None => "it was not read".to_owned(),
    };
    Err(Refusal::Unknown { what, expected: expected.to_string(), reason })
}

fn expect<T: PartialEq + std::fmt::Display>(
    what: &'static str,
    expected: &T,
    seen: Option<&Seen<T>>,
) -> Result<(), Refusal> {
    let found = known(what, expected, seen)?;
    if expected == found {
        return Ok(());
    }
    Err(Refusal::OtherState { what, expected: expected.to_string(), found: found.to_string() })
}

#[cfg(test)]
mod tests;
