//! `setService`: starts or stops the engine's service and sets whether it starts with the host.
//!
//! A stopped service is the end of a stopped scheduler: from there on nothing is to be switched on by itself. A stop for good goes in one
//! command through what must not be torn apart: scheduler off, nothing running, a look at what is still exported, the stop. Whatever is
//! found on the way, the scheduler is given back as it was. A start can hold the scheduler, so that nothing is exported unread.

use std::time::Duration;

use adsync::protocol::{HostErrorCode, ServiceStartType, ServiceState};
use crds::sync_agent::command::{NoFlowRules, SetService, StartType};
use crds::sync_agent::evidence::{ResidualExportsEvidence, ServiceEvidence};
use crds::sync_agent::{Command, Evidence};
use jiff::{SignedDuration, Timestamp};

use super::stop_scheduler::{Quiet, quiet};
use super::{CommandError, Turn, read_residual_exports, small, start_scheduler};
use crate::host::HostCallError;
use crate::journal::{Progress, Servicing};
use crate::runs;
use crate::world::{Context, World};

/// How long the scheduler may be off for a stop that does not get on; then it goes on by itself. Reading a million objects takes an
/// hour, and nobody depends on the engine any more.
const LONGEST_HOLD: SignedDuration = SignedDuration::from_hours(6);

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &SetService,
    command: &Command,
) -> Result<Turn, CommandError> {
    let found = cx.host().service().await?;
    if !found.installed {
        return Err(CommandError::failed_with(
            "expected the service ADSync, found no such service on this server; is this the right host?",
            evidence(found, None),
        ));
    }
    let servicing = if let Progress::Service(servicing) = cx.journal.state().progress() {
        servicing
    } else {
        let servicing = begin(cx, found).await?;
        cx.journal.progress(Progress::Service(servicing.clone()))?;
        servicing
    };
    if found.running && !arguments.running {
        if let Some(scopes) = &arguments.only_if_nothing_left {
            if let Some(turn) = look(cx, scopes, servicing.clone(), command, found).await? {
                return Ok(turn);
            }
        } else {
            let now = cx.now();
            let (_, reading) = runs::reading(&mut cx.host(), now).await?;
            if reading.is_none() {
                return Ok(Turn::wait(cx.settings.poll, "the running cycle to end before the service stops"));
            }
        }
    }
    let after = set(cx, arguments, found, &servicing).await?;
    if !after.running {
        cx.journal.record(|state| state.stop = None)?;
        return Ok(Turn::Done(evidence(after, Some(&servicing))));
    }
    if arguments.hold_scheduler {
        return hold(cx, after, &servicing).await;
    }
    Ok(Turn::Done(evidence(after, Some(&servicing))))
}

/// What was found, written down before anything is changed.
async fn begin<W: World>(cx: &mut Context<'_, W>, found: ServiceState) -> Result<Servicing, CommandError> {
    let scheduler_before =
        if found.running { Some(cx.host().scheduler().await?.sync_cycle_enabled) } else { None };
    Ok(Servicing {
        start_type_before: format!("{:?}", found.start_type),
        scheduler_before,
        began_at: cx.now(),
        idle: None,
        residual: None,
    })
}

/// Scheduler off, nothing running, nothing exported: `None` when the service may stop now, and nothing ran since the look.
async fn look<W: World>(
    cx: &mut Context<'_, W>,
    scopes: &NoFlowRules,
    mut servicing: Servicing,
    command: &Command,
    found: ServiceState,
) -> Result<Option<Turn>, CommandError> {
    if let Some(residual) = servicing.residual.clone().filter(|residual| !residual.is_nothing()) {
        let enabled = give_back(cx, &servicing).await?;
        return Ok(Some(Turn::Done(left(found, &servicing, residual, enabled))));
    }
    let resume_by = servicing.began_at.checked_add(LONGEST_HOLD).unwrap_or(Timestamp::MAX);
    match quiet(cx, resume_by, command, servicing.idle.clone()).await? {
        Quiet::NotYet { reading, pause, why } => {
            servicing.idle = reading;
            servicing.residual = None;
            cx.journal.progress(Progress::Service(servicing))?;
            Ok(Some(Turn::wait(pause, why)))
        }
        Quiet::Since { .. } if servicing.residual.is_some() => Ok(None),
        Quiet::Since { .. } => {
            // Written down before anything follows from it: a process that is killed then does not begin again.
            servicing.residual = Some(read_residual_exports::read(cx, scopes).await?);
            cx.journal.progress(Progress::Service(servicing))?;
            Ok(Some(Turn::wait(Duration::ZERO, "a last look at the runs before the service stops")))
        }
    }
}

/// The scheduler is as it was, and what is pending goes with a cycle at once.
async fn give_back<W: World>(cx: &mut Context<'_, W>, servicing: &Servicing) -> Result<bool, CommandError> {
    let wanted = servicing.scheduler_before == Some(true);
    if wanted && !cx.host().scheduler().await?.sync_cycle_enabled {
        cx.host().set_scheduler_enabled(true).await?;
        if !cx.host().scheduler().await?.sync_cycle_enabled {
            return Err(CommandError::failed(
                "expected the scheduler to be on after it was switched on again, found it off; switch it on by hand: \
                 Set-ADSyncScheduler -SyncCycleEnabled $true",
            ));
        }
    }
    cx.journal.record(|state| state.stop = None)?;
    if wanted {
        start_scheduler::request_cycle(cx).await?;
    }
    Ok(wanted)
}

async fn set<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &SetService,
    found: ServiceState,
    servicing: &Servicing,
) -> Result<ServiceState, CommandError> {
    let usual = if arguments.automatic { StartType::Automatic } else { StartType::Disabled };
    let start_type = match arguments.start_type.unwrap_or(usual) {
        StartType::Automatic => ServiceStartType::Automatic,
        StartType::Manual => ServiceStartType::Manual,
        StartType::Disabled => ServiceStartType::Disabled,
    };
    if found.running != arguments.running || found.start_type != start_type {
        cx.host().set_service(Some(arguments.running), Some(start_type)).await?;
    }
    let after = cx.host().service().await?;
    if after.running == arguments.running && after.start_type == start_type {
        return Ok(after);
    }
    Err(CommandError::failed_with(
        format!(
            "expected service ADSync with running = {} and start type {start_type:?} after it was set, found running = {} and {:?}; set it \
             by hand",
            arguments.running, after.running, after.start_type
        ),
        evidence(after, Some(servicing)),
    ))
}

/// The scheduler goes off before a cycle that the start of the service set off comes to its export.
async fn hold<W: World>(
    cx: &mut Context<'_, W>,
    after: ServiceState,
    servicing: &Servicing,
) -> Result<Turn, CommandError> {
    let scheduler = match cx.host().scheduler().await {
        Ok(scheduler) => scheduler,
        Err(error) if error.code() == Some(HostErrorCode::ServiceStopped) => {
            return Ok(Turn::wait(cx.settings.poll, "the service to answer"));
        }
        Err(error) => return Err(error.into()),
    };
    if scheduler.sync_cycle_enabled {
        cx.host().set_scheduler_enabled(false).await?;
        if cx.host().scheduler().await?.sync_cycle_enabled {
            return Err(CommandError::failed(
                "expected the scheduler to stay off, found it on again at once; find out what switches it on",
            ));
        }
    }
    let now = cx.now();
    let (_, reading) = runs::reading(&mut cx.host(), now).await?;
    if reading.is_none() {
        match cx.host().stop_cycle().await {
            Ok(()) => {}
            Err(error) if error.is_transient() => return Err(error.into()),
            Err(error) => tracing::warn!(%error, "the cycle that began with the service is waited for"),
        }
        return Ok(Turn::wait(cx.settings.poll, "the cycle that began with the service to end"));
    }
    let foreign_runs = foreign_since(cx, servicing.began_at).await?;
    let mut seen = service(after, Some(servicing));
    seen.scheduler_enabled = Some(false);
    seen.foreign_runs = foreign_runs;
    Ok(Turn::Done(Evidence::Service(seen)))
}

async fn foreign_since<W: World>(cx: &mut Context<'_, W>, since: Timestamp) -> Result<i32, HostCallError> {
    let history = runs::history(&mut cx.host(), None, |run| run.start_date < since).await?;
    let foreign = history
        .iter()
        .filter(|run| run.start_date >= since && !runs::is_ours(cx.journal.state(), run))
        .count();
    Ok(small(foreign))
}

fn left(
    found: ServiceState,
    servicing: &Servicing,
    residual: ResidualExportsEvidence,
    scheduler_enabled: bool,
) -> Evidence {
    let mut seen = service(found, Some(servicing));
    seen.residual = Some(residual);
    seen.scheduler_enabled = Some(scheduler_enabled);
    Evidence::Service(seen)
}

fn evidence(state: ServiceState, servicing: Option<&Servicing>) -> Evidence {
    Evidence::Service(service(state, servicing))
}

fn service(state: ServiceState, servicing: Option<&Servicing>) -> ServiceEvidence {
    ServiceEvidence {
        installed: state.installed,
        running: state.running,
        start_type: format!("{:?}", state.start_type),
        start_type_before: servicing.map(|servicing| servicing.start_type_before.clone()),
        last_started_at: state.last_started_at,
        scheduler_enabled: None,
        foreign_runs: 0,
        residual: servicing.and_then(|servicing| servicing.residual.clone()),
    }
}
