//! Running an agent until it is told to stop: the loop, the heartbeat and the token's renewal, side by side.
//!
//! Whatever of these ends or panics ends the process: an agent that only looks alive is worse than none.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::agent::Agent;
use crate::backoff::{self, Failing};
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::heartbeat::Heartbeat;
use crate::journal::JournalError;
use crate::token::TokenFile;
use crate::world::World;

/// Shortest pause between two steps: a mistake must not become a storm.
const SHORTEST: Duration = Duration::from_millis(10);

/// Longest pause between two steps, whatever the agent asks for.
const LONGEST: Duration = Duration::from_mins(5);

/// Pause between two looks at the token.
const TOKEN_PAUSE: Duration = Duration::from_secs(30);

/// Why a running agent ended.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Without its journal it must not go on.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A part ended that never should.
    #[error(
        "expected {part} to run until the end, found that it ended ({problem}); start the agent again and report this"
    )]
    Ended {
        /// Which.
        part: &'static str,
        /// How.
        problem: String,
    },
}

/// What runs beside the loop.
#[derive(Debug)]
pub struct Companions<C> {
    /// The cluster.
    pub cluster: Arc<C>,
    /// The heartbeat.
    pub heartbeat: Heartbeat,
    /// The token, where there is one to be renewed, and how long a new one is to last.
    pub token: Option<(TokenFile, Duration)>,
}

/// Runs until `shutdown` is ready. What is under way then is cut off: the next start finds out how far it got.
///
/// # Errors
/// [`ServiceError`]
pub async fn run<W: World>(
    mut agent: Agent<W>,
    companions: Companions<W::Cluster>,
    clock: impl Clock + Clone + 'static,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServiceError> {
    let Companions { cluster, heartbeat, token } = companions;
    let (every, heard) = tokio::sync::watch::channel(agent.heartbeat());
    let mut tasks: JoinSet<&'static str> = JoinSet::new();
    tasks.spawn(beat(heartbeat, Arc::clone(&cluster), clock.clone(), heard));
    if let Some((token, lifetime)) = token {
        tasks.spawn(renew(token, lifetime, Arc::clone(&cluster), clock));
    }
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let pause = tokio::select! {
            () = &mut shutdown => return Ok(()),
            ended = tasks.join_next() => return Err(premature(ended)),
            step = agent.step() => step?.pause.clamp(SHORTEST, LONGEST),
        };
        every.send_if_modified(|known| {
            let wanted = agent.heartbeat();
            std::mem::replace(known, wanted) != wanted
        });
        tokio::select! {
            () = &mut shutdown => return Ok(()),
            ended = tasks.join_next() => return Err(premature(ended)),
            () = cluster.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn premature(ended: Option<Result<&'static str, tokio::task::JoinError>>) -> ServiceError {
    match ended {
        Some(Ok(part)) => ServiceError::Ended { part, problem: "without an error".to_owned() },
        Some(Err(error)) => ServiceError::Ended { part: "a task", problem: error.to_string() },
        None => ServiceError::Ended { part: "the heartbeat", problem: "it is gone".to_owned() },
    }
}

/// The pause after a heartbeat that did not arrive, at first.
const SOONEST_BEAT: Duration = Duration::from_secs(2);

async fn beat<C: Cluster>(
    mut heartbeat: Heartbeat,
    cluster: Arc<C>,
    clock: impl Clock,
    mut every: tokio::sync::watch::Receiver<Duration>,
) -> &'static str {
    let mut failing = Failing::default();
    loop {
        let wanted = *every.borrow_and_update();
        let pause = match heartbeat.beat(cluster.as_ref(), clock.now(), wanted).await {
            Ok(()) => {
                failing.ends();
                wanted
            }
            Err(error) => {
                tracing::warn!(%error, "the heartbeat did not arrive");
                backoff::pause(failing.goes_on(clock.now()), SOONEST_BEAT, wanted)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            changed = every.changed() => if changed.is_err() { return "the heartbeat" },
        }
    }
}

async fn renew<C: Cluster>(
    mut token: TokenFile,
    lifetime: Duration,
    cluster: Arc<C>,
    clock: impl Clock,
) -> &'static str {
    loop {
        match token.renew(cluster.as_ref(), lifetime, clock.now()).await {
            Ok(true) => tracing::info!(token = ?token.token(), "renewed the token"),
            Ok(false) => {}
            Err(error) if token.token().is_over(clock.now()) => {
                tracing::error!(%error, "the token is over: join the agent again");
            }
            Err(error) => tracing::warn!(%error, "the token could not be renewed yet"),
        }
        tokio::time::sleep(TOKEN_PAUSE).await;
    }
}

#[cfg(test)]
mod tests;
