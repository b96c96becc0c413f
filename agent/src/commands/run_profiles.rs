//! `runProfiles`: runs profiles one after the other, and stops at the first that does not come to its end.
//!
//! A run that completed with errors of single objects is reported as it is and does not stop the others: what that means is for
//! the planner to say.
//!
//! One run a turn: between two runs the agent looks at the clock and at the cluster. No export is begun while a deletion without
//! explanation is pending on its connector, whoever asks.

use std::time::Duration;

use adsync::protocol::{Connector, HostErrorCode, RunResult};
use crds::sync_agent::Evidence;
use crds::sync_agent::command::{ConnectorSelection, Profile, RunProfiles};
use crds::sync_agent::evidence::{RunRecord, RunsEvidence};

use super::{CommandError, Turn};
use crate::journal::{JournalState, Progress, is_complete};
use crate::runs::Settled;
use crate::world::{Context, World};
use crate::{pending, rules, runs};

/// Most runs of one command; as many fit into the evidence.
const MOST_RUNS: usize = 64;

/// One run to be made.
struct Planned<'a> {
    selection: ConnectorSelection,
    connector: &'a Connector,
    profile: Profile,
}

impl Planned<'_> {
    /// What the end of the run means for the command.
    fn done(&self) -> impl FnOnce(&mut JournalState, &RunResult) + use<'_> {
        |state, run| {
            let record = runs::record(self.selection, self.connector, self.profile, run);
            if let Some(intent) = &mut state.intent {
                match &mut intent.progress {
                    Progress::Runs { done } => done.push(record),
                    other => *other = Progress::Runs { done: vec![record] },
                }
            }
        }
    }
}

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &RunProfiles,
) -> Result<Turn, CommandError> {
    let connectors = cx.host().connectors().await?;
    let planned = plan(&connectors, arguments)?;
    let done = done(cx);
    if let Some(last) = done.last()
        && !is_complete(&last.result)
    {
        return finish(cx, Some(cut_off(last))).await;
    }
    let Some(next) = planned.get(done.len()) else {
        return finish(cx, None).await;
    };
    match runs::settle(cx, next.done()).await? {
        Settled::InProgress => return Ok(Turn::wait(cx.settings.poll, "a run that was begun before")),
        Settled::Ended(_) => return Ok(Turn::wait(Duration::ZERO, "the next run")),
        Settled::Nothing | Settled::NeverStarted => {}
    }
    if next.profile == Profile::Export
        && let Some(problem) = unexplained(cx, next.connector).await?
    {
        return finish(cx, Some(problem)).await;
    }
    let run = runs::invoke(cx, next.connector.identifier, runs::profile(next.profile), next.done()).await;
    match run {
        Ok(_) => Ok(Turn::wait(Duration::ZERO, "the next run")),
        Err(CommandError::Host(error)) if error.code() == Some(HostErrorCode::Busy) => {
            let problem = format!("expected an idle engine, found that {error}; find out who else runs it");
            finish(cx, Some(problem)).await
        }
        Err(error) => Err(error),
    }
}

fn plan<'a>(connectors: &'a [Connector], arguments: &RunProfiles) -> Result<Vec<Planned<'a>>, CommandError> {
    let mut planned = Vec::new();
    for run in &arguments.runs {
        let chosen: Vec<&Connector> = match run.connectors {
            ConnectorSelection::ActiveDirectory => rules::active_directory(connectors).collect(),
            ConnectorSelection::Entra => rules::entra(connectors).into_iter().collect(),
        };
        if chosen.is_empty() {
            return Err(CommandError::failed(format!(
                "expected a connector for {:?}, found none on this server; look at its connectors",
                run.connectors
            )));
        }
        planned.extend(chosen.into_iter().map(|connector| Planned {
            selection: run.connectors,
            connector,
            profile: run.profile,
        }));
    }
    if planned.len() > MOST_RUNS {
        return Err(CommandError::failed(format!(
            "expected at most {MOST_RUNS} runs, found {} (every AD connector counts); give fewer profiles at once",
            planned.len()
        )));
    }
    Ok(planned)
}

fn done<W: World>(cx: &Context<'_, W>) -> Vec<RunRecord> {
    match cx.journal.state().progress() {
        Progress::Runs { done } => done,
        _ => Vec::new(),
    }
}

fn cut_off(run: &RunRecord) -> String {
    format!(
        "expected {:?} on {} to come to its end, found {}; look at the run in the Synchronization Service Manager",
        run.profile, run.connector, run.result
    )
}

async fn unexplained<W: World>(
    cx: &mut Context<'_, W>,
    connector: &Connector,
) -> Result<Option<String>, CommandError> {
    let pending = pending::read(&mut cx.host(), Some(connector.identifier)).await?;
    if pending.unexplained_count() == 0 {
        return Ok(None);
    }
    Ok(Some(format!(
        "expected every deletion that {} would export to be explained by a deleted object of the directory, found {} that are not, \
         among them {}; nothing was exported",
        connector.name,
        pending.unexplained_count(),
        pending.unexplained.join(", "),
    )))
}

async fn finish<W: World>(cx: &mut Context<'_, W>, problem: Option<String>) -> Result<Turn, CommandError> {
    let stored = cx.host().rules().await?;
    let evidence = Evidence::Runs(RunsEvidence {
        runs: done(cx),
        foreign_runs: runs::foreign_since_stop(cx).await?,
        rules_digest: rules::digest(&stored).map_err(CommandError::failed)?,
    });
    match problem {
        None => Ok(Turn::Done(evidence)),
        Some(message) => Err(CommandError::failed_with(message, evidence)),
    }
}
