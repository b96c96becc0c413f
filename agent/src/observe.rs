//! Looks at the engine, as far as a command needs it before it is begun. Asks the host.

use adsync::protocol::HostErrorCode;
use crds::primitive::ContentDigest;

use crate::guard::{ForeignRun, Needs, Observed, SchedulerSeen, Seen};
use crate::host::{AdsyncHost, Calls, HostCallError};
use crate::journal::JournalState;
use crate::runs;

/// Asks what is needed. What the host answers with an error that lasts is reported as unknown.
///
/// # Errors
/// [`HostCallError`] that may pass: nothing can be said yet.
pub async fn observe<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    journal: &JournalState,
    needs: Needs,
) -> Result<Observed, HostCallError> {
    let mut observed = Observed::default();
    if needs.scheduler {
        observed.scheduler = Some(scheduler(host).await?);
    }
    if needs.service {
        observed.service_running = Some(seen(host.service().await.map(|service| service.running))?);
    }
    if needs.rules {
        observed.rules_digest = Some(seen(rules_digest(host).await)?);
    }
    if let Some(since) = needs.runs_since {
        let foreign = |history: Vec<adsync::protocol::RunResult>| {
            let mut runs: Vec<ForeignRun> = history
                .iter()
                .filter(|run| run.start_date >= since && !journal.is_own_run(run.run_history_id))
                .map(runs::foreign)
                .collect();
            runs.sort_by_key(|run| run.started_at);
            runs
        };
        let history = runs::history(host, None, |run| run.start_date < since).await;
        observed.foreign_runs = Some(seen(history.map(foreign))?);
    }
    Ok(observed)
}

async fn scheduler<H: AdsyncHost>(host: &mut Calls<'_, H>) -> Result<SchedulerSeen, HostCallError> {
    let found = match host.scheduler().await {
        Err(error) if error.code() == Some(HostErrorCode::ServiceStopped) => {
            // What is stopped runs nothing; the rest cannot be asked.
            let unknown = || Seen::Unknown(error.to_string());
            return Ok(SchedulerSeen { enabled: unknown(), idle: Seen::Known(true), staging: unknown() });
        }
        answer => seen(answer)?,
    };
    let scheduler = match found {
        Seen::Known(scheduler) => scheduler,
        Seen::Unknown(reason) => {
            let unknown = || Seen::Unknown(reason.clone());
            return Ok(SchedulerSeen { enabled: unknown(), idle: unknown(), staging: unknown() });
        }
    };
    let running = seen(host.connector_run_status().await)?;
    Ok(SchedulerSeen {
        enabled: Seen::Known(scheduler.sync_cycle_enabled),
        idle: match running {
            Seen::Known(running) => Seen::Known(!scheduler.sync_cycle_in_progress && running.is_empty()),
            Seen::Unknown(reason) => Seen::Unknown(reason),
        },
        staging: Seen::Known(scheduler.staging_mode_enabled),
    })
}

async fn rules_digest<H: AdsyncHost>(host: &mut Calls<'_, H>) -> Result<ContentDigest, HostCallError> {
    let rules = host.rules().await?;
    crate::rules::digest(&rules).map_err(|found| HostCallError::Unreadable {
        operation: "getRules",
        expected: "rules that have a digest",
        found,
    })
}

fn seen<T>(answer: Result<T, HostCallError>) -> Result<Seen<T>, HostCallError> {
    match answer {
        Ok(value) => Ok(Seen::Known(value)),
        Err(error) if error.is_transient() => Err(error),
        Err(error) => Ok(Seen::Unknown(error.to_string())),
    }
}
