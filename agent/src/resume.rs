//! What the agent does by itself when `resumeBy` has passed, whoever is reachable.
//!
//! The scheduler is switched on again, unless a deletion nobody asked for would be exported: then our rules are first taken back to
//! what they were, and if the deletion is still there the scheduler stays off, imports and synchronizations go on, and a person is
//! called. Nothing here exports. One thing a turn, each written down before it is done.

use std::time::Duration;

use adsync::protocol::{HostErrorCode, RunProfile, RunResult};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::commands::CommandError;
use crate::journal::{JournalState, Resuming, Stop, Takeover, is_complete};
use crate::runs::Settled;
use crate::world::{Context, World};
use crate::{pending, rule_change, rules, runs};

/// Longest report.
const LONGEST: usize = 1024;

/// Takes one turn; gives the pause before the next. When the journal holds no stop any more, it is over.
///
/// # Errors
/// [`CommandError`]; the next turn tries again.
pub async fn turn<W: World>(cx: &mut Context<'_, W>) -> Result<Duration, CommandError> {
    let now = cx.now();
    let Some(stop) = cx.journal.state().stop.clone() else {
        return Ok(Duration::ZERO);
    };
    let resuming = begin(cx, &stop, now)?;
    let scheduler = match cx.host().scheduler().await {
        Ok(scheduler) => scheduler,
        Err(error) if error.code() == Some(HostErrorCode::ServiceStopped) => {
            let text = format!(
                "{}the service ADSync is stopped, so the scheduler cannot be switched on: start the service",
                since(&stop)
            );
            say(cx, &text, |_| {})?;
            return Ok(cx.settings.poll);
        }
        Err(error) => return Err(error.into()),
    };
    if scheduler.sync_cycle_enabled {
        say(cx, &format!("{}the scheduler is on", since(&stop)), |state| state.stop = None)?;
        return Ok(Duration::ZERO);
    }
    if scheduler.staging_mode_enabled {
        return leave_to_the_exporting_server(cx, &stop);
    }
    let interval = Duration::try_from(scheduler.currently_effective_sync_cycle_interval)
        .unwrap_or(Duration::from_mins(30));
    match resuming.takeover {
        Takeover::Looking => {
            if let Some(pause) = round(cx, &resuming, &looking(&stop, &resuming)).await? {
                return Ok(pause);
            }
            match deletions(cx).await? {
                None => switch_on(cx, &stop).await,
                Some(problem) => {
                    say(
                        cx,
                        &format!("{}{problem}; taking our rules back", since(&stop)),
                        to(Takeover::TakingBack),
                    )?;
                    Ok(Duration::ZERO)
                }
            }
        }
        Takeover::TakingBack => {
            if let Some(before) = &stop.rules_before {
                rule_change::apply(cx, before).await?;
            }
            if let Some(pause) = round(cx, &resuming, &TAKING_BACK).await? {
                return Ok(pause);
            }
            match deletions(cx).await? {
                None => switch_on(cx, &stop).await,
                Some(problem) => hold(cx, &stop, &problem, interval),
            }
        }
        Takeover::Holding { next_round } => {
            if let Some(pause) = until(now, next_round) {
                return Ok(pause);
            }
            if let Some(pause) = round(cx, &resuming, &HOLDING).await? {
                return Ok(pause);
            }
            match deletions(cx).await? {
                None => switch_on(cx, &stop).await,
                Some(problem) => hold(cx, &stop, &problem, interval),
            }
        }
    }
}

/// Active and staging server share one switch (Source: Microsoft, "Microsoft Entra Connect Sync: Scheduler"): whoever turns it makes
/// the active server export, so only the agent that sees what would be exported does. This one looks again.
fn leave_to_the_exporting_server<W: World>(
    cx: &mut Context<'_, W>,
    stop: &Stop,
) -> Result<Duration, CommandError> {
    let text = format!(
        "{}this server is in staging mode and shares its scheduler's switch with the exporting server, whose agent decides; if there \
         is none, switch the scheduler on by hand before day 7",
        since(stop)
    );
    let next_round = cx.now().checked_add(STAGING_PAUSE).unwrap_or(Timestamp::MAX);
    say(cx, &text, to(Takeover::Holding { next_round }))?;
    Ok(cx.settings.poll)
}

/// Pause between two looks at whether the exporting server's agent has switched the scheduler on.
const STAGING_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Whether commands may be looked at although the agent acts by itself: it only waits for its next round.
pub fn is_waiting(state: &JournalState, now: Timestamp) -> bool {
    let takeover =
        state.stop.as_ref().and_then(|stop| stop.resuming.as_ref()).map(|resuming| resuming.takeover);
    matches!(takeover, Some(Takeover::Holding { next_round }) if now < next_round)
}

fn until(now: Timestamp, then: Timestamp) -> Option<Duration> {
    (now < then).then(|| Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO))
}

fn since(stop: &Stop) -> String {
    format!("resumeBy {} of command {} has passed: ", stop.resume_by, stop.command_id)
}

fn begin<W: World>(cx: &mut Context<'_, W>, stop: &Stop, now: Timestamp) -> Result<Resuming, CommandError> {
    if let Some(resuming) = &stop.resuming {
        return Ok(resuming.clone());
    }
    let resuming =
        Resuming { since: now, takeover: Takeover::Looking, attempts: 0, runs_done: 0, trouble: None };
    let begun = resuming.clone();
    let text = format!(
        "{}importing and synchronizing without export before the scheduler is switched on",
        since(stop)
    );
    say(cx, &text, |state| {
        if let Some(stop) = &mut state.stop {
            stop.resuming = Some(begun);
        }
    })?;
    Ok(resuming)
}

/// Says it in the status and in the log, in the same write as what it is about.
fn say<W: World>(
    cx: &mut Context<'_, W>,
    text: &str,
    also: impl FnOnce(&mut JournalState),
) -> Result<(), CommandError> {
    let trouble = cx
        .journal
        .state()
        .stop
        .as_ref()
        .and_then(|stop| stop.resuming.as_ref())
        .and_then(|resuming| resuming.trouble.clone());
    let full = trouble
        .map_or_else(|| text.to_owned(), |trouble| format!("{text} (not everything went well: {trouble})"));
    let full: String = full.chars().take(LONGEST).collect();
    if cx.journal.state().resumed.as_deref() != Some(full.as_str()) {
        tracing::error!(resumed = full, "acting without being told");
    }
    cx.journal.record(|state| {
        state.resumed = Some(full);
        also(state);
    })?;
    Ok(())
}

fn to(takeover: Takeover) -> impl FnOnce(&mut JournalState) {
    move |state| {
        if let Some(resuming) = state.stop.as_mut().and_then(|stop| stop.resuming.as_mut()) {
            resuming.takeover = takeover;
            resuming.attempts = 0;
            resuming.runs_done = 0;
        }
    }
}

/// Which connectors a run of a round is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    Directory,
    Entra,
}

/// Without a fresh import the rules' effect on what was already imported is all that changes.
const TAKING_BACK: [(On, RunProfile); 2] =
    [(On::Directory, RunProfile::FullSynchronization), (On::Entra, RunProfile::DeltaSynchronization)];

const HOLDING: [(On, RunProfile); 4] = [
    (On::Directory, RunProfile::DeltaImport),
    (On::Entra, RunProfile::DeltaImport),
    (On::Directory, RunProfile::DeltaSynchronization),
    (On::Entra, RunProfile::DeltaSynchronization),
];

/// Changed rules show their effect after a full synchronization only; a delta import that failed is tried in full.
fn looking(stop: &Stop, resuming: &Resuming) -> [(On, RunProfile); 4] {
    let import = if resuming.attempts == 0 { RunProfile::DeltaImport } else { RunProfile::FullImport };
    let synchronization = if stop.rules_before.is_some() || resuming.attempts > 0 {
        RunProfile::FullSynchronization
    } else {
        RunProfile::DeltaSynchronization
    };
    [
        (On::Directory, import),
        (On::Entra, import),
        (On::Directory, synchronization),
        (On::Entra, RunProfile::DeltaSynchronization),
    ]
}

/// Takes the next run of a round. `None`: the round is over, or has been tried often enough.
async fn round<W: World>(
    cx: &mut Context<'_, W>,
    resuming: &Resuming,
    profiles: &[(On, RunProfile)],
) -> Result<Option<Duration>, CommandError> {
    let most = cx.settings.resume_attempts;
    match runs::settle(cx, |state, run| ended(state, run, most)).await? {
        Settled::InProgress => return Ok(Some(cx.settings.poll)),
        Settled::Ended(_) => return Ok(Some(Duration::ZERO)),
        Settled::Nothing | Settled::NeverStarted => {}
    }
    if resuming.attempts >= most {
        return Ok(None);
    }
    let connectors = cx.host().connectors().await?;
    let planned: Vec<(Uuid, RunProfile)> = profiles
        .iter()
        .flat_map(|(on, profile)| {
            let chosen: Vec<Uuid> = match on {
                On::Directory => rules::active_directory(&connectors).map(|c| c.identifier).collect(),
                On::Entra => rules::entra(&connectors).into_iter().map(|c| c.identifier).collect(),
            };
            chosen.into_iter().map(|connector| (connector, *profile))
        })
        .collect();
    let Some((connector, profile)) =
        planned.get(usize::try_from(resuming.runs_done).unwrap_or(usize::MAX)).copied()
    else {
        return Ok(None);
    };
    match runs::invoke(cx, connector, profile, |state, run| ended(state, run, most)).await {
        Ok(_) => Ok(Some(Duration::ZERO)),
        Err(CommandError::Host(error)) if error.is_transient() => {
            tracing::warn!(%error, "waiting for the engine");
            Ok(Some(cx.settings.poll))
        }
        Err(CommandError::Host(error)) => {
            cx.journal.record(|state| failed(state, &error.to_string(), most))?;
            Ok(Some(cx.settings.poll))
        }
        Err(error) => Err(error),
    }
}

fn ended(state: &mut JournalState, run: &RunResult, most: u32) {
    if is_complete(&run.result) {
        if let Some(resuming) = state.stop.as_mut().and_then(|stop| stop.resuming.as_mut()) {
            resuming.runs_done += 1;
        }
    } else {
        let trouble = format!("{:?} on {} ended as {}", run.profile, run.connector_name, run.result);
        failed(state, &trouble, most);
    }
}

fn failed(state: &mut JournalState, trouble: &str, most: u32) {
    if let Some(resuming) = state.stop.as_mut().and_then(|stop| stop.resuming.as_mut()) {
        resuming.attempts = (resuming.attempts + 1).min(most);
        resuming.runs_done = 0;
        resuming.trouble = Some(trouble.chars().take(300).collect());
    }
}

/// Deletions that must not be exported, if there are any or if it cannot be seen that there are none.
async fn deletions<W: World>(cx: &mut Context<'_, W>) -> Result<Option<String>, CommandError> {
    match pending::read(&mut cx.host(), None).await {
        Ok(pending) if pending.unexplained_count() == 0 => Ok(None),
        Ok(pending) => Ok(Some(format!(
            "{} pending deletions are not explained by deleted objects of the directory, among them {}",
            pending.unexplained_count(),
            pending.unexplained.iter().take(5).cloned().collect::<Vec<_>>().join(", ")
        ))),
        Err(CommandError::Host(error)) if !error.is_transient() => {
            Ok(Some(format!("it cannot be seen which deletions are pending ({error})")))
        }
        Err(error) => Err(error),
    }
}

async fn switch_on<W: World>(cx: &mut Context<'_, W>, stop: &Stop) -> Result<Duration, CommandError> {
    cx.host().set_scheduler_enabled(true).await?;
    let scheduler = cx.host().scheduler().await?;
    if !scheduler.sync_cycle_enabled {
        say(
            cx,
            &format!(
                "{}the scheduler was switched on and is off all the same: switch it on by hand",
                since(stop)
            ),
            |_| {},
        )?;
        return Ok(cx.settings.poll);
    }
    let took_back = matches!(
        cx.journal
            .state()
            .stop
            .as_ref()
            .and_then(|stop| stop.resuming.as_ref())
            .map(|resuming| resuming.takeover),
        Some(Takeover::TakingBack | Takeover::Holding { .. })
    );
    let rules = if took_back {
        "our rules are as they were before the stop"
    } else {
        "our rules were left as they are"
    };
    let wizard =
        if scheduler.scheduler_suspended { "; an open wizard still suspends it: close it" } else { "" };
    let text = format!(
        "{}no deletion without explanation is pending, the scheduler was switched on; {rules}{wizard}",
        since(stop)
    );
    say(cx, &text, |state| state.stop = None)?;
    Ok(Duration::ZERO)
}

fn hold<W: World>(
    cx: &mut Context<'_, W>,
    stop: &Stop,
    problem: &str,
    interval: Duration,
) -> Result<Duration, CommandError> {
    let interval = SignedDuration::try_from(interval).unwrap_or(SignedDuration::from_mins(30));
    let next_round = cx.now().checked_add(interval).unwrap_or(Timestamp::MAX);
    let text = format!(
        "{}{problem}; our rules are as they were before the stop and it did not help: the scheduler stays off, imports and \
         synchronizations go on without export, A PERSON IS NEEDED before day 7: restore what is missing, or switch the scheduler on by \
         hand if the deletions are wanted",
        since(stop)
    );
    say(cx, &text, to(Takeover::Holding { next_round }))?;
    Ok(cx.settings.poll)
}

#[cfg(test)]
mod tests;
