//! The loop: look, decide, act, report. Everything outside is reached through [`World`].

mod report;
mod work;

use std::sync::Arc;
use std::time::Duration;

use crds::primitive::ContentDigest;
use jiff::{SignedDuration, Timestamp};

use crate::backoff::{self, Failing};
use crate::clock::Clock as _;
use crate::cluster::{AgentObject, Cluster as _, ClusterError, Given};
use crate::commands::CommandError;
use crate::heartbeat::Standing;
use crate::inventory;
use crate::journal::{Journal, JournalError};
use crate::watch::Watching;
use crate::world::{Context, Settings, World};

/// One agent.
#[derive(Debug)]
pub struct Agent<W: World> {
    host: W::Host,
    cluster: Arc<W::Cluster>,
    journal: Journal<W::Store>,
    clock: W::Clock,
    scratch: W::Scratch,
    settings: Settings,
    longest_poll: Duration,
    standing: Standing,
    /// The SyncAgent as last read; nothing until it was read once: what an earlier process began is not gone on with unseen.
    seen: Option<AgentObject>,
    /// Digest of the inventory that was last reported.
    inventory_digest: Option<ContentDigest>,
    /// When the engine is looked at next.
    next_inventory: Option<Timestamp>,
    /// What is looked at again with every inventory.
    watching: Watching,
    /// The current command.
    command_failing: Failing,
    /// Reporting the inventory.
    inventory_failing: Failing,
}

/// The parts of an agent.
#[derive(Debug)]
pub struct Parts<W: World> {
    /// The ADSync host.
    pub host: W::Host,
    /// The cluster.
    pub cluster: Arc<W::Cluster>,
    /// The journal.
    pub journal: Journal<W::Store>,
    /// The clock.
    pub clock: W::Clock,
    /// Where exported configurations go.
    pub scratch: W::Scratch,
    /// Patience.
    pub settings: Settings,
    /// Shared with the heartbeat.
    pub standing: Standing,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When the next is due, unless the SyncAgent changes before.
    pub pause: Duration,
}

impl<W: World> Agent<W> {
    /// From its parts.
    pub fn new(parts: Parts<W>) -> Self {
        let Parts { host, cluster, journal, clock, scratch, settings, standing } = parts;
        Self {
            host,
            cluster,
            journal,
            clock,
            scratch,
            longest_poll: settings.poll,
            settings,
            standing,
            seen: None,
            inventory_digest: None,
            next_inventory: None,
            watching: Watching::default(),
            command_failing: Failing::default(),
            inventory_failing: Failing::default(),
        }
    }

    /// The journal, for looking at.
    pub fn journal(&self) -> &Journal<W::Store> {
        &self.journal
    }

    /// How often the operator wants a heartbeat.
    pub fn heartbeat(&self) -> Duration {
        self.seen.as_ref().map_or(DEFAULT_HEARTBEAT, |seen| seen.heartbeat)
    }

    /// Looks, acts and reports once.
    ///
    /// # Errors
    /// [`JournalError`]: the agent must not go on without its journal.
    pub async fn step(&mut self) -> Result<Step, JournalError> {
        self.look().await?;
        let worked = self.work().await?;
        let read = self.read_inventory().await?;
        self.report().await;
        Ok(Step { pause: worked.min(read).min(self.until_resume()) })
    }

    async fn look(&mut self) -> Result<(), JournalError> {
        match self.cluster.agent().await {
            Ok(seen) => {
                self.settings.poll = self.longest_poll.min(seen.heartbeat);
                self.watching.set(&seen.watch);
                let epoch = match &seen.command {
                    Given::Nothing => None,
                    Given::Command(command) => Some(command.epoch),
                    Given::Unreadable { epoch, .. } => Some(*epoch),
                };
                if let Some(epoch) = epoch {
                    self.journal.saw_epoch(epoch)?;
                }
                self.seen = Some(seen);
            }
            Err(error @ ClusterError::Missing { .. }) => {
                tracing::error!(%error, "no command is taken");
                self.seen = None;
            }
            Err(error) => tracing::debug!(%error, "going on with what was last seen"),
        }
        Ok(())
    }

    /// Reads and reports the inventory when it is time; gives the pause until then.
    async fn read_inventory(&mut self) -> Result<Duration, JournalError> {
        let now = self.clock.now();
        let every = self.heartbeat();
        if self.standing.is_contended() {
            return Ok(every);
        }
        if let Some(pause) = self.next_inventory.and_then(|next| until(now, next)) {
            return Ok(pause.min(every));
        }
        let answer = inventory::report(&mut self.context()).await;
        let now = self.clock.now();
        let pause = match answer {
            Ok(digest) => {
                self.inventory_digest = Some(digest);
                self.inventory_failing.ends();
                every
            }
            Err(CommandError::Journal(error)) => return Err(error),
            Err(error) => {
                if error.is_transient() {
                    tracing::debug!(%error, "the inventory could not be reported yet");
                } else {
                    tracing::error!(%error, "the inventory could not be reported");
                }
                // An agent that has just joined waits for what the operator makes for it.
                backoff::pause(self.inventory_failing.goes_on(now), self.settings.poll, every)
            }
        };
        let signed = SignedDuration::try_from(pause).unwrap_or(SignedDuration::ZERO);
        self.next_inventory = now.checked_add(signed).ok();
        Ok(pause)
    }

    fn until_resume(&self) -> Duration {
        let stop = self.journal.state().stop.as_ref();
        let next = stop.filter(|stop| stop.resuming.is_none()).map(|stop| stop.resume_by);
        next.map_or(Duration::MAX, |next| until(self.clock.now(), next).unwrap_or(Duration::ZERO))
    }

    fn context(&mut self) -> Context<'_, W> {
        Context {
            host: &mut self.host,
            cluster: self.cluster.as_ref(),
            journal: &mut self.journal,
            clock: &self.clock,
            scratch: &mut self.scratch,
            settings: &self.settings,
            watching: &mut self.watching,
        }
    }
}

/// Heartbeat until the SyncAgent was read (the CRD's default).
const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(15);

fn until(now: Timestamp, then: Timestamp) -> Option<Duration> {
    (now < then).then(|| Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests;
