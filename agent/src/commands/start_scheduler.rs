//! `startScheduler`: switches the scheduler on, asks for a cycle where one is wanted, and ends as soon as the scheduler is proven on.
//!
//! Proven on: read back as enabled and not suspended, in the staging and maintenance mode it had before, with a next cycle planned.
//! The cycle itself is not waited for: it lasts from seconds to half an hour, and the scope has no engine until this command has
//! ended. How the cycle went is in the inventory's runs.
//!
//! Only when the scheduler was read back as on does the agent forget that it had to switch it on by itself.

use std::collections::BTreeMap;

use adsync::protocol::{CyclePolicy, HostErrorCode, Scheduler};
use crds::sync_agent::Evidence;
use crds::sync_agent::command::StartScheduler;
use crds::sync_agent::evidence::SchedulerEvidence;

use super::{CommandError, Turn};
use crate::journal::{Modes, Progress, Starting};
use crate::world::{Context, World};
use crate::{pending, runs};

/// How often the engine is looked at for the next cycle before the command fails.
const MOST_LOOKS: u32 = 10;

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &StartScheduler,
) -> Result<Turn, CommandError> {
    let found = cx.host().scheduler().await?;
    refuse_suspended(&found)?;
    let mut starting = match cx.journal.state().progress() {
        Progress::Starting(starting) => starting,
        _ => begin(cx, arguments, &found).await?,
    };
    let scheduler = switch_on(cx, &starting, &found).await?;
    if scheduler.next_sync_cycle_start_time.is_none() && !scheduler.sync_cycle_in_progress {
        return look_again(cx, starting, &scheduler);
    }
    if !arguments.start_cycle || scheduler.sync_cycle_in_progress {
        return Ok(Turn::Done(evidence(&scheduler)));
    }
    // A process that was killed may have asked already: then its cycle has left runs, or runs now.
    if starting.cycle_requested && !runs::after(&mut cx.host(), &starting.newest_runs).await?.is_empty() {
        return Ok(Turn::Done(evidence(&scheduler)));
    }
    starting.cycle_requested = true;
    cx.journal.progress(Progress::Starting(starting))?;
    request_cycle(cx).await?;
    let after = cx.host().scheduler().await?;
    if !after.sync_cycle_enabled {
        return Err(CommandError::failed(
            "expected the scheduler to stay on when a cycle was asked for, found it off; find out who switched it off",
        ));
    }
    Ok(Turn::Done(evidence(&after)))
}

async fn begin<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &StartScheduler,
    found: &Scheduler,
) -> Result<Starting, CommandError> {
    let newest_runs =
        if arguments.start_cycle { runs::newest(&mut cx.host()).await? } else { BTreeMap::new() };
    let starting = Starting { newest_runs, cycle_requested: false, modes: Modes::of(found), looks: 0 };
    cx.journal.progress(Progress::Starting(starting.clone()))?;
    Ok(starting)
}

/// Switches it on where it is off, and reads back that it is on, and nothing else has changed.
async fn switch_on<W: World>(
    cx: &mut Context<'_, W>,
    starting: &Starting,
    found: &Scheduler,
) -> Result<Scheduler, CommandError> {
    if !found.sync_cycle_enabled {
        if starting.cycle_requested {
            return Err(CommandError::failed(
                "expected the scheduler to stay on when it had been switched on, found it off; find out who switched it off",
            ));
        }
        refuse_held_deletions(cx).await?;
        cx.host().set_scheduler_enabled(true).await?;
    }
    let scheduler = cx.host().scheduler().await?;
    if !scheduler.sync_cycle_enabled {
        return Err(CommandError::failed(
            "expected the scheduler to be on after it was switched on, found it off; switch it on by hand: Set-ADSyncScheduler \
             -SyncCycleEnabled $true",
        ));
    }
    refuse_suspended(&scheduler)?;
    cx.journal.record(|state| state.stop = None)?;
    let (before, now) = (starting.modes, Modes::of(&scheduler));
    if now != before {
        return Err(CommandError::failed_with(
            format!(
                "the scheduler is on; expected {before} as before it was switched on, found {now}; find out who changed it, then give a \
                 new command",
            ),
            evidence(&scheduler),
        ));
    }
    Ok(scheduler)
}

/// The engine plans its next cycle when it notices the switch.
fn look_again<W: World>(
    cx: &mut Context<'_, W>,
    mut starting: Starting,
    scheduler: &Scheduler,
) -> Result<Turn, CommandError> {
    if starting.looks >= MOST_LOOKS {
        return Err(CommandError::failed_with(
            format!(
                "the scheduler is on; expected a next cycle to be planned, found none at {MOST_LOOKS} looks; look at the server's event log"
            ),
            evidence(scheduler),
        ));
    }
    starting.looks += 1;
    cx.journal.progress(Progress::Starting(starting))?;
    Ok(Turn::wait(cx.settings.second_look, "the next cycle to be planned"))
}

fn refuse_suspended(scheduler: &Scheduler) -> Result<(), CommandError> {
    if !scheduler.scheduler_suspended {
        return Ok(());
    }
    Err(CommandError::failed(
        "expected a scheduler that can be switched on, found it suspended by an open wizard; close Microsoft Entra Connect on the \
         server, then give a new command",
    ))
}

/// Asks for a cycle at once. That the engine will not is no reason to fail: the scheduler is on, its next cycle is planned.
pub(super) async fn request_cycle<W: World>(cx: &mut Context<'_, W>) -> Result<(), CommandError> {
    match cx.host().start_cycle(CyclePolicy::Delta).await {
        Ok(()) => Ok(()),
        Err(error) if error.code() == Some(HostErrorCode::Busy) => Ok(()),
        Err(error) if error.is_transient() => Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "no cycle was begun at once; the scheduler begins its next one by itself");
            Ok(())
        }
    }
}

/// While the agent holds the scheduler back because of deletions, only their end or explanation lets it go on.
async fn refuse_held_deletions<W: World>(cx: &mut Context<'_, W>) -> Result<(), CommandError> {
    let held = cx.journal.state().stop.as_ref().is_some_and(|stop| stop.resuming.is_some());
    if !held {
        return Ok(());
    }
    let pending = pending::read(&mut cx.host(), None).await?;
    if pending.unexplained_count() == 0 {
        return Ok(());
    }
    Err(CommandError::failed(format!(
        "expected no deletion without explanation before exports go on, found {}, among them {}; restore what is missing in the \
         directory or in the server's scope, or switch the scheduler on by hand if they are wanted",
        pending.unexplained_count(),
        pending.unexplained.join(", "),
    )))
}

fn evidence(scheduler: &Scheduler) -> Evidence {
    Evidence::Scheduler(SchedulerEvidence {
        enabled: scheduler.sync_cycle_enabled,
        running: scheduler.sync_cycle_in_progress,
        suspended: scheduler.scheduler_suspended,
        idle_since: None,
    })
}
