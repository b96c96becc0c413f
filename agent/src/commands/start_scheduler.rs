//! `startScheduler`: switches the scheduler on, and waits for a cycle if one is wanted.
//!
//! Only when the scheduler was read back as on does the agent forget that it had to switch it on by itself.

use std::collections::BTreeSet;

use adsync::protocol::{Connector, ConnectorKind, CyclePolicy, HostErrorCode, RunResult, Scheduler};
use crds::sync_agent::Evidence;
use crds::sync_agent::command::StartScheduler;
use crds::sync_agent::evidence::SchedulerEvidence;
use jiff::Timestamp;

use super::{CommandError, Turn};
use crate::journal::{Progress, Reading, SUCCESS};
use crate::world::{Context, World};
use crate::{pending, runs};

/// How often a cycle is asked for before the command fails: the host may have been killed while it asked.
const MOST_REQUESTS: u32 = 3;

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &StartScheduler,
) -> Result<Turn, CommandError> {
    let found = cx.host().scheduler().await?;
    if found.scheduler_suspended {
        return Err(CommandError::failed(
            "expected a scheduler that can be switched on, found it suspended by an open wizard; close Microsoft Entra Connect on \
             the server, then give a new command",
        ));
    }
    let Progress::Starting { newest_runs, cycles_requested, idle } = cx.journal.state().progress() else {
        let newest_runs = runs::newest(&mut cx.host()).await?;
        cx.journal.progress(Progress::Starting { newest_runs, cycles_requested: 0, idle: None })?;
        return Ok(Turn::wait(std::time::Duration::ZERO, "the scheduler"));
    };
    if !found.sync_cycle_enabled {
        if cycles_requested > 0 {
            return Err(CommandError::failed(
                "expected the scheduler to stay on while its first cycle ran, found it off; find out who switched it off",
            ));
        }
        refuse_held_deletions(cx).await?;
        cx.host().set_scheduler_enabled(true).await?;
    }
    let now = cx.now();
    let (scheduler, reading) = runs::reading(&mut cx.host(), now).await?;
    if !scheduler.sync_cycle_enabled {
        return Err(CommandError::failed(
            "expected the scheduler to be on after it was switched on, found it off; switch it on by hand: Set-ADSyncScheduler \
             -SyncCycleEnabled $true",
        ));
    }
    cx.journal.record(|state| state.stop = None)?;
    if !arguments.start_cycle {
        return Ok(Turn::Done(evidence(&scheduler, reading.as_ref(), None)));
    }
    let progress = |cycles_requested, idle| Progress::Starting {
        newest_runs: newest_runs.clone(),
        cycles_requested,
        idle,
    };
    let Some(reading) = reading else {
        cx.journal.progress(progress(cycles_requested, None))?;
        return Ok(Turn::wait(cx.settings.poll, "the cycle to end"));
    };
    let seen_before = idle.is_some_and(|earlier| earlier.newest_runs == reading.newest_runs);
    let new_runs = runs::after(&mut cx.host(), &newest_runs).await?;
    if new_runs.is_empty() && (cycles_requested == 0 || seen_before) {
        return request_cycle(cx, cycles_requested, &scheduler, progress(cycles_requested + 1, None)).await;
    }
    if !seen_before {
        cx.journal.progress(progress(cycles_requested, Some(reading)))?;
        return Ok(Turn::wait(cx.settings.poll, "the second reading after the cycle"));
    }
    let connectors = cx.host().connectors().await?;
    match judge(&connectors, &new_runs) {
        Ok(at) => Ok(Turn::Done(evidence(&scheduler, Some(&reading), Some(at)))),
        Err(problem) => {
            // The scheduler is on, which is what was asked for; that no cycle succeeded is in the evidence.
            tracing::warn!(problem, "the first cycle did not succeed on every connector");
            Ok(Turn::Done(evidence(&scheduler, Some(&reading), None)))
        }
    }
}

async fn request_cycle<W: World>(
    cx: &mut Context<'_, W>,
    requested: u32,
    scheduler: &Scheduler,
    next: Progress,
) -> Result<Turn, CommandError> {
    if requested >= MOST_REQUESTS {
        return Err(CommandError::failed_with(
            format!(
                "the scheduler is on; expected a cycle to run after {requested} requests, found none; look at the server's event log"
            ),
            evidence(scheduler, None, None),
        ));
    }
    cx.journal.progress(next)?;
    match cx.host().start_cycle(CyclePolicy::Delta).await {
        Ok(()) => {}
        // One runs already: that is the one to wait for.
        Err(error) if error.code() == Some(HostErrorCode::Busy) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Turn::wait(cx.settings.poll, "the cycle to end"))
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

/// End of the cycle, if every connector that matters took part and every run succeeded.
fn judge(connectors: &[Connector], new_runs: &[RunResult]) -> Result<Timestamp, String> {
    let mut problems: Vec<String> = new_runs
        .iter()
        .filter(|run| run.result != SUCCESS)
        .map(|run| format!("{:?} on {}: {}", run.profile, run.connector_name, run.result))
        .collect();
    let ran: BTreeSet<_> = new_runs.iter().map(|run| run.connector).collect();
    for connector in connectors.iter().filter(|connector| connector.kind != ConnectorKind::Other) {
        if !ran.contains(&connector.identifier) {
            problems.push(format!("no run on {}", connector.name));
        }
    }
    if !problems.is_empty() {
        return Err(problems.join(", "));
    }
    new_runs.iter().filter_map(|run| run.end_date).max().ok_or_else(|| "no run that has ended".to_owned())
}

fn evidence(scheduler: &Scheduler, idle: Option<&Reading>, succeeded_at: Option<Timestamp>) -> Evidence {
    Evidence::Scheduler(SchedulerEvidence {
        enabled: scheduler.sync_cycle_enabled,
        running: idle.is_none(),
        suspended: scheduler.scheduler_suspended,
        idle_since: None,
        cycle_succeeded_at: succeeded_at,
    })
}
