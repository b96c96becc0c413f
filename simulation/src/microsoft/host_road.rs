//! The ADSync host of a sync server without a process: the agent's calls on the estate. No IO of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adsync::protocol::Operation;
use agent::host::{AdsyncHost, HostCallError, operation_name};
use estate::engine::Answer;
use estate::host_faults::HostReply;
use serde_json::Value;

use super::Microsoft;
use crate::process::{Process, Road};

/// How long a call to a host that does not answer is waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// Pause between two looks at a run that has not ended.
const LOOK: Duration = Duration::from_secs(2);

/// Something that an agent did to its server.
#[derive(Debug, Clone)]
pub struct Deed {
    /// The server.
    pub server: String,
    /// What.
    pub operation: Operation,
    /// Whether the scheduler was on when it came.
    pub scheduler_enabled: bool,
    /// Whether it was done; false where the host refused.
    pub done: bool,
}

/// What agents have done to their servers and nobody has looked at yet.
#[derive(Debug, Clone, Default)]
pub struct Deeds(Arc<Mutex<Vec<Deed>>>);

impl Deeds {
    fn add(&self, deed: Deed) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(deed);
    }

    /// Takes them, oldest first.
    pub fn take(&self) -> Vec<Deed> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One agent's way to the host beside it.
#[derive(Debug)]
pub struct HostRoad {
    microsoft: Microsoft,
    process: Process,
    server: String,
    deeds: Deeds,
}

impl HostRoad {
    /// The way of a process to a server's host.
    pub fn new(microsoft: Microsoft, process: Process, server: &str, deeds: Deeds) -> Self {
        Self { microsoft, process, server: server.to_owned(), deeds }
    }

    /// Nothing comes back any more.
    async fn times_out(&self, operation: &'static str) -> HostCallError {
        self.process.around().clock.pass(PATIENCE).await;
        HostCallError::TimedOut { operation, limit: PATIENCE }
    }
}

impl AdsyncHost for HostRoad {
    async fn call(&mut self, operation: Operation) -> Result<Value, HostCallError> {
        let name = operation_name(&operation);
        let clock = self.process.around().clock.clone();
        let lost = |_| HostCallError::Lost { operation: name, detail: "ended before it answered".to_owned() };
        self.process.there(Road::Host).await.map_err(lost)?;
        let (reply, scheduler_enabled) = self.microsoft.with(|running| {
            let enabled = running.estate.world.tenant.settings.scheduler.sync_cycle_enabled;
            (running.estate.ask(&self.server, &operation), enabled)
        });
        if changes(&operation) && reply != Some(HostReply::Silence) {
            // What hangs may have been done.
            let done = !matches!(reply, None | Some(HostReply::From(_, Answer::Now(Err(_)))));
            let what = if done { "" } else { " (refused)" };
            self.process.around().trace.tell(self.process.name(), format_args!("{name}{what}"));
            let server = self.server.clone();
            self.deeds.add(Deed { server, operation, scheduler_enabled, done });
            self.process.back(Road::Host).await.map_err(lost)?;
        }
        let answer = match reply {
            None => return Err(HostCallError::Lost { operation: name, detail: "is gone".to_owned() }),
            Some(HostReply::Silence | HostReply::Hangs) => return Err(self.times_out(name).await),
            Some(HostReply::From(from, answer)) => {
                clock.until(from).await;
                answer
            }
        };
        match answer {
            Answer::Now(Ok(value)) => Ok(value),
            Answer::Now(Err(error)) => Err(HostCallError::Refused { operation: name, error }),
            Answer::WhenRunEnds(run) => loop {
                let told = self.microsoft.with(|running| running.estate.told_run_result(&self.server, run));
                if let Some(result) = told {
                    return Ok(result);
                }
                clock.pass(LOOK).await;
            },
        }
    }
}

/// Whether an operation changes anything on the server, in the directory or in the tenant.
fn changes(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::SetScheduler(_)
            | Operation::StartSyncCycle { .. }
            | Operation::StopSyncCycle
            | Operation::InvokeRunProfile { .. }
            | Operation::AddRule { .. }
            | Operation::RemoveRule { .. }
            | Operation::SetAutoUpgrade { .. }
            | Operation::SetService { .. }
            | Operation::CreateDirectoryObject { .. }
            | Operation::ModifyDirectoryObject { .. }
            | Operation::DeleteDirectoryObject { .. }
    )
}
