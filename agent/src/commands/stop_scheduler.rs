//! `stopScheduler`: switches the scheduler off and waits until nothing runs, seen twice.
//!
//! When the agent will switch it on again is written down before the scheduler is touched.

use std::time::Duration;

use crds::sync_agent::command::StopScheduler;
use crds::sync_agent::evidence::SchedulerEvidence;
use crds::sync_agent::{Command, Evidence};
use jiff::Timestamp;

use super::{CommandError, Turn};
use crate::journal::{Progress, Reading, Stop};
use crate::runs;
use crate::world::{Context, World};

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &StopScheduler,
    command: &Command,
) -> Result<Turn, CommandError> {
    let earlier = match cx.journal.state().progress() {
        Progress::Stopping { idle } => idle,
        _ => None,
    };
    match quiet(cx, arguments.resume_by, command, earlier).await? {
        Quiet::NotYet { reading, pause, why } => {
            cx.journal.progress(Progress::Stopping { idle: reading })?;
            Ok(Turn::wait(pause, why))
        }
        Quiet::Since { at, suspended } => Ok(Turn::Done(Evidence::Scheduler(SchedulerEvidence {
            enabled: false,
            running: false,
            suspended,
            idle_since: Some(at),
        }))),
    }
}

/// How far the engine is on its way to rest.
pub(super) enum Quiet {
    /// Not there: the reading to compare the next with.
    NotYet {
        /// Absent while something runs.
        reading: Option<Reading>,
        /// Until the next look.
        pause: Duration,
        /// What is waited for.
        why: &'static str,
    },
    /// The scheduler is off and nothing has run since, seen twice.
    Since {
        /// The first of the two readings.
        at: Timestamp,
        /// A wizard suspends the scheduler.
        suspended: bool,
    },
}

/// Switches the scheduler off and looks once whether anything runs; `earlier` is the reading before.
///
/// # Errors
/// [`CommandError`]
pub(super) async fn quiet<W: World>(
    cx: &mut Context<'_, W>,
    resume_by: Timestamp,
    command: &Command,
    earlier: Option<Reading>,
) -> Result<Quiet, CommandError> {
    let now = cx.now();
    let found = cx.host().scheduler().await?;
    if found.scheduler_suspended {
        return Err(CommandError::failed(
            "expected a scheduler that nobody else holds, found it suspended by an open wizard; close Microsoft Entra Connect on the \
             server, then give a new command",
        ));
    }
    let known = cx.journal.state().stop.as_ref().is_some_and(|stop| stop.command_id == command.id);
    if !known {
        cx.journal.record(|state| {
            let earlier = state.stop.take();
            let carried = earlier.as_ref();
            state.stop = Some(Stop {
                command_id: command.id.clone(),
                epoch: command.epoch,
                requested_at: now,
                resume_by,
                newest_runs: carried.and_then(|stop| stop.newest_runs.clone()),
                rules_before: carried.and_then(|stop| stop.rules_before.clone()),
                resuming: None,
            });
            state.resumed = None;
        })?;
    }
    if found.sync_cycle_enabled {
        cx.host().set_scheduler_enabled(false).await?;
    }
    let (scheduler, reading) = runs::reading(&mut cx.host(), now).await?;
    if scheduler.sync_cycle_enabled {
        return Err(CommandError::failed(
            "expected the scheduler to stay off, found it on again at once; find out what switches it on",
        ));
    }
    let quiet = match (&earlier, &reading) {
        (Some(earlier), Some(reading)) if earlier.newest_runs == reading.newest_runs => Some(earlier.at),
        _ => None,
    };
    let Some(at) = quiet else {
        let (pause, why) = match &reading {
            Some(_) => (cx.settings.second_look, "the second quiet reading"),
            None => (cx.settings.poll, "the running cycle to end"),
        };
        return Ok(Quiet::NotYet { reading, pause, why });
    };
    let newest_runs = reading.map(|reading| reading.newest_runs);
    cx.journal.record(|state| {
        if let Some(stop) = &mut state.stop
            && stop.newest_runs.is_none()
        {
            stop.newest_runs = newest_runs;
        }
    })?;
    Ok(Quiet::Since { at, suspended: scheduler.scheduler_suspended })
}
