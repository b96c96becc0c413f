//! Commands, one file for each action.
//!
//! A command is a turn that is taken again and again until it is done. Each turn first finds out what has already happened, in this
//! process or one that was killed, and then does the next thing. So waiting, retrying and recovering are one and the same path.

mod probe;
mod prove_no_flow;
mod put_no_flow_rules;
mod read_inventory;
mod read_pending_exports;
mod read_residual_exports;
mod read_scope;
mod run_profiles;
mod set_auto_upgrade;
mod set_service;
mod start_scheduler;
mod stop_scheduler;
mod take_snapshot;

use std::time::Duration;

use crds::sync_agent::{Action, Command, Evidence};

use crate::cluster::ClusterError;
use crate::host::HostCallError;
use crate::journal::JournalError;
use crate::scratch::ScratchError;
use crate::world::{Context, World};

/// How a turn ended.
#[derive(Debug)]
pub enum Turn {
    /// The command is done.
    Done(Evidence),
    /// Take the next turn after a pause.
    Wait {
        /// The pause; may be zero.
        pause: Duration,
        /// What is waited for, for the log.
        why: String,
    },
}

impl Turn {
    /// Waits for something.
    pub(crate) fn wait(pause: Duration, why: impl Into<String>) -> Self {
        Self::Wait { pause, why: why.into() }
    }
}

/// Why a command is not done.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The host.
    #[error(transparent)]
    Host(#[from] HostCallError),
    /// The cluster.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The journal: nothing may be done any more.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The folder for exported configurations.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// The command failed for good; what was seen is reported with it.
    #[error("{message}")]
    Failed {
        /// What was expected, what was found, what to do.
        message: String,
        /// What was seen.
        evidence: Option<Box<Evidence>>,
    },
}

impl CommandError {
    /// Failed, with nothing seen.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), evidence: None }
    }

    /// Failed, with what was seen.
    pub(crate) fn failed_with(message: impl Into<String>, evidence: Evidence) -> Self {
        Self::Failed { message: message.into(), evidence: Some(Box::new(evidence)) }
    }

    /// Whether another turn can succeed without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Host(error) => error.is_transient(),
            Self::Cluster(error) => error.is_transient(),
            Self::Journal(_) | Self::Scratch(_) | Self::Failed { .. } => false,
        }
    }
}

/// Takes one turn of a command.
///
/// # Errors
/// [`CommandError`]
pub async fn turn<W: World>(cx: &mut Context<'_, W>, command: &Command) -> Result<Turn, CommandError> {
    match &command.action {
        Action::ReadInventory(_) => read_inventory::turn(cx).await,
        Action::TakeSnapshot(arguments) => take_snapshot::turn(cx, arguments).await,
        Action::SetAutoUpgrade(arguments) => set_auto_upgrade::turn(cx, arguments).await,
        Action::ReadScope(arguments) => read_scope::turn(cx, arguments, command.epoch).await,
        Action::StopScheduler(arguments) => stop_scheduler::turn(cx, arguments, command).await,
        Action::StartScheduler(arguments) => start_scheduler::turn(cx, arguments).await,
        Action::PutNoFlowRules(arguments) => put_no_flow_rules::turn(cx, arguments).await,
        Action::RunProfiles(arguments) => run_profiles::turn(cx, arguments).await,
        Action::ReadPendingExports(_) => read_pending_exports::turn(cx).await,
        Action::ProveNoFlow(arguments) => prove_no_flow::turn(cx, arguments).await,
        Action::Probe(arguments) => probe::turn(cx, arguments).await,
        Action::ReadResidualExports(arguments) => read_residual_exports::turn(cx, arguments).await,
        Action::SetService(arguments) => set_service::turn(cx, arguments, command).await,
    }
}

/// A count for the API, which has no unsigned numbers.
pub(crate) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A small count for the API.
pub(crate) fn small(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
