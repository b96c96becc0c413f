//! Runs: what the history says, which of them are ours, and starting one so that it is never started twice.

use std::collections::BTreeMap;

use adsync::protocol::{Connector, HostErrorCode, RunProfile, RunResult};
use crds::sync_agent::command::{ConnectorSelection, Profile};
use crds::sync_agent::evidence::RunRecord;
use jiff::Timestamp;
use uuid::Uuid;

use crate::commands::{CommandError, small};
use crate::guard::ForeignRun;
use crate::host::{AdsyncHost, Calls, HostCallError};
use crate::journal::{JournalState, PendingRun, Reading};
use crate::world::{Context, World};

/// Runs asked for at first.
const FIRST_REQUEST: u32 = 64;

/// Most runs that are ever asked for.
const LARGEST_REQUEST: u32 = 4096;

/// Reads the history until a run is reached that is old enough, or its beginning.
///
/// # Errors
/// [`HostCallError`]
pub async fn history<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    connector: Option<Uuid>,
    old_enough: impl Fn(&RunResult) -> bool + Send + Sync,
) -> Result<Vec<RunResult>, HostCallError> {
    let mut number = FIRST_REQUEST;
    loop {
        let runs = host.run_results(connector, number).await?;
        let all = runs.len() < usize::try_from(number).unwrap_or(usize::MAX);
        if all || number >= LARGEST_REQUEST || runs.iter().any(&old_enough) {
            return Ok(runs);
        }
        number = number.saturating_mul(4).min(LARGEST_REQUEST);
    }
}

/// Scheduler, running connectors and the newest run of each connector, read together.
///
/// # Errors
/// [`HostCallError`]
pub async fn reading<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    now: Timestamp,
) -> Result<(adsync::protocol::Scheduler, Option<Reading>), HostCallError> {
    let scheduler = host.scheduler().await?;
    let running = host.connector_run_status().await?;
    if scheduler.sync_cycle_in_progress || !running.is_empty() {
        return Ok((scheduler, None));
    }
    let newest_runs = newest(host).await?;
    Ok((scheduler, Some(Reading { at: now, newest_runs })))
}

/// Number of the newest run of each connector.
///
/// # Errors
/// [`HostCallError`]
pub async fn newest<H: AdsyncHost>(host: &mut Calls<'_, H>) -> Result<BTreeMap<Uuid, u64>, HostCallError> {
    let mut newest = BTreeMap::new();
    for connector in host.connectors().await? {
        let runs = host.run_results(Some(connector.identifier), 1).await?;
        newest.insert(connector.identifier, runs.iter().map(|run| run.run_number).max().unwrap_or(0));
    }
    Ok(newest)
}

/// Runs of every connector after the numbered ones, oldest first.
///
/// # Errors
/// [`HostCallError`]
pub async fn after<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    newest_runs: &BTreeMap<Uuid, u64>,
) -> Result<Vec<RunResult>, HostCallError> {
    let mut found = Vec::new();
    for connector in host.connectors().await? {
        let known = newest_runs.get(&connector.identifier).copied().unwrap_or(0);
        let runs = history(host, Some(connector.identifier), |run| run.run_number <= known).await?;
        found.extend(runs.into_iter().filter(|run| run.run_number > known));
    }
    found.sort_by_key(|run| (run.start_date, run.connector, run.run_number));
    Ok(found)
}

/// Whether this agent started a run, or is waiting to see the end of it.
pub fn is_ours(journal: &JournalState, run: &RunResult) -> bool {
    let awaited = journal
        .pending_run
        .as_ref()
        .is_some_and(|pending| pending.find(std::slice::from_ref(run), &journal.own_runs).is_some());
    awaited || journal.is_own_run(run.run_history_id)
}

/// Runs since the scheduler stopped that somebody else started; 0 while there is no stop of ours.
///
/// # Errors
/// [`CommandError::Host`]
pub async fn foreign_since_stop<W: World>(cx: &mut Context<'_, W>) -> Result<i32, CommandError> {
    let Some(newest_runs) = cx.journal.state().stop.as_ref().and_then(|stop| stop.newest_runs.clone()) else {
        return Ok(0);
    };
    let runs = after(&mut cx.host(), &newest_runs).await?;
    Ok(small(runs.iter().filter(|run| !is_ours(cx.journal.state(), run)).count()))
}

/// A run of somebody else, for people.
pub fn foreign(run: &RunResult) -> ForeignRun {
    ForeignRun {
        run_history_id: run.run_history_id,
        what: format!("{:?} on {}", run.profile, run.connector_name),
        user_name: run.user_name.clone(),
        started_at: run.start_date,
    }
}

/// What became of a run.
#[derive(Debug)]
pub enum Settled {
    /// There was none to wait for.
    Nothing,
    /// It has not ended.
    InProgress,
    /// It never started.
    NeverStarted,
    /// It ended.
    Ended(Box<RunResult>),
}

/// Finds out what became of a run that was about to start when this or an earlier process lost sight of it. `also` records what the
/// end of the run means, in the same write.
///
/// # Errors
/// [`CommandError`]
pub async fn settle<W: World>(
    cx: &mut Context<'_, W>,
    also: impl FnOnce(&mut JournalState, &RunResult),
) -> Result<Settled, CommandError> {
    let Some(pending) = cx.journal.state().pending_run.clone() else {
        return Ok(Settled::Nothing);
    };
    let after = pending.after;
    let runs = history(&mut cx.host(), Some(pending.connector), |run| run.run_number <= after).await?;
    match pending.find(&runs, &cx.journal.state().own_runs) {
        Some(run) if run.is_run_complete => {
            cx.journal.record(|state| {
                state.ended(run);
                also(state, run);
            })?;
            Ok(Settled::Ended(Box::new(run.clone())))
        }
        Some(_) => Ok(Settled::InProgress),
        None => {
            let running = cx.host().connector_run_status().await?;
            if running.iter().any(|status| status.connector == pending.connector) {
                return Ok(Settled::InProgress);
            }
            cx.journal.record(|state| state.pending_run = None)?;
            Ok(Settled::NeverStarted)
        }
    }
}

/// Runs a profile to its end. The intent is on disk before the engine is asked, the end in the same write as what it means.
///
/// # Errors
/// [`CommandError`]; after an error of the host the run may have started: [`settle`] finds out.
pub async fn invoke<W: World>(
    cx: &mut Context<'_, W>,
    connector: Uuid,
    profile: RunProfile,
    also: impl FnOnce(&mut JournalState, &RunResult),
) -> Result<RunResult, CommandError> {
    let runs = cx.host().run_results(Some(connector), 1).await?;
    let after = runs.iter().map(|run| run.run_number).max().unwrap_or(0);
    cx.journal.record(|state| state.pending_run = Some(PendingRun { connector, profile, after }))?;
    let answer = cx.host().invoke_run_profile(connector, profile).await;
    if let Err(error) = &answer
        && error.code().is_some_and(|code| code != HostErrorCode::Failed)
    {
        // The engine said no: nothing started. `Failed` may also come after the start.
        cx.journal.record(|state| state.pending_run = None)?;
    }
    let run = answer?;
    cx.journal.record(|state| {
        state.ended(&run);
        also(state, &run);
    })?;
    Ok(run)
}

/// The profile as the engine names it.
pub fn profile(profile: Profile) -> RunProfile {
    match profile {
        Profile::FullImport => RunProfile::FullImport,
        Profile::DeltaImport => RunProfile::DeltaImport,
        Profile::FullSynchronization => RunProfile::FullSynchronization,
        Profile::DeltaSynchronization => RunProfile::DeltaSynchronization,
        Profile::Export => RunProfile::Export,
    }
}

/// A run as evidence.
pub fn record(
    connectors: ConnectorSelection,
    connector: &Connector,
    which: Profile,
    run: &RunResult,
) -> RunRecord {
    let counter = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    RunRecord {
        connectors,
        connector: connector.name.clone(),
        profile: which,
        result: run.result.clone(),
        started_at: run.start_date,
        ended_at: run.end_date.unwrap_or(run.start_date),
        export_adds: counter(run.counters.export_add),
        export_updates: counter(run.counters.export_update),
        export_deletes: counter(run.counters.export_delete),
    }
}
