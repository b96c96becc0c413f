//! Acting: on its own when `resumeBy` has passed, else on the command it was given.

use std::time::Duration;

use crds::sync_agent::{Command, CommandOutcome, Evidence, OutcomeState};
use jiff::{SignedDuration, Timestamp};

use super::{Agent, until};
use crate::clock::Clock as _;
use crate::cluster::Given;
use crate::commands::{self, CommandError, Turn};
use crate::guard::{self, Admission, Moment, Refusal};
use crate::host::Calls;
use crate::journal::JournalError;
use crate::runs::{self, Settled};
use crate::world::World;
use crate::{VERSION, backoff, observe, resume};

/// Nothing to do until something changes.
const IDLE: Duration = Duration::MAX;

/// Longest message of an outcome.
const LONGEST_MESSAGE: usize = 2048;

impl<W: World> Agent<W> {
    pub(super) async fn work(&mut self) -> Result<Duration, JournalError> {
        let now = self.clock.now();
        let state = self.journal.state();
        if state.stop.as_ref().is_some_and(|stop| stop.is_due(now)) && !resume::is_waiting(state, now) {
            return self.take_over(now).await;
        }
        let next_round = self.next_round(now);
        if self.standing.is_contended() {
            return Ok(self.settings.poll);
        }
        Ok(self.follow(now).await?.min(next_round))
    }

    /// How long until the agent's own next round, while it holds the scheduler back.
    fn next_round(&self, now: Timestamp) -> Duration {
        let resuming = self.journal.state().stop.as_ref().and_then(|stop| stop.resuming.as_ref());
        match resuming.map(|resuming| resuming.takeover) {
            Some(crate::journal::Takeover::Holding { next_round }) => {
                until(now, next_round).unwrap_or_default()
            }
            _ => IDLE,
        }
    }

    async fn take_over(&mut self, now: Timestamp) -> Result<Duration, JournalError> {
        let state = self.journal.state();
        let newly = state.stop.as_ref().is_some_and(|stop| stop.resuming.is_none());
        if let Some(intent) = state.intent.clone().filter(|_| newly) {
            let message = "expected to end before resumeBy, found that it has passed; the agent acts by itself, see status.resumed";
            self.end(&intent.command, intent.began_at, OutcomeState::Failed, message, None)?;
        }
        match resume::turn(&mut self.context()).await {
            Ok(pause) => Ok(pause),
            Err(CommandError::Journal(error)) => Err(error),
            Err(error) => {
                tracing::error!(%error, since = %now, "acting by itself does not get on; tried again");
                Ok(self.settings.poll)
            }
        }
    }

    async fn follow(&mut self, now: Timestamp) -> Result<Duration, JournalError> {
        let Some(seen) = &self.seen else {
            return Ok(IDLE);
        };
        let given = seen.command.clone();
        self.end_what_is_over(&given)?;
        match given {
            Given::Nothing => Ok(IDLE),
            Given::Command(command) => self.command(&command, now).await,
            Given::Unreadable { id, epoch, problem } => {
                if self.journal.state().outcome_of(&id).is_none() {
                    let refusal = guard::epoch(epoch, self.journal.state())
                        .err()
                        .unwrap_or(Refusal::Unreadable { version: VERSION, problem });
                    tracing::warn!(id, %refusal, "refused");
                    self.journal.finish(CommandOutcome {
                        command_id: id,
                        epoch,
                        state: OutcomeState::Refused,
                        message: cut(&refusal.to_string()),
                        started_at: now,
                        finished_at: Some(now),
                        evidence: None,
                    })?;
                }
                Ok(IDLE)
            }
        }
    }

    /// The command before the current one is over.
    fn end_what_is_over(&mut self, given: &Given) -> Result<(), JournalError> {
        let current = match given {
            Given::Nothing => None,
            Given::Command(command) => Some(command.id.as_str()),
            Given::Unreadable { id, .. } => Some(id.as_str()),
        };
        let Some(intent) = self.journal.state().intent.clone() else {
            return Ok(());
        };
        if current == Some(intent.command.id.as_str()) {
            return Ok(());
        }
        let message =
            "expected to stay the current command until the end, found another or none in its place";
        self.end(&intent.command, intent.began_at, OutcomeState::Failed, message, None)
    }

    async fn command(&mut self, command: &Command, now: Timestamp) -> Result<Duration, JournalError> {
        let intent = self.journal.state().intent.as_ref();
        let began_here = intent.is_some_and(|intent| self.journal.began_here(intent));
        let began_at = intent.map_or(now, |intent| intent.began_at);
        let longest_stop =
            SignedDuration::try_from(self.settings.longest_stop).unwrap_or(SignedDuration::MAX);
        let moment = Moment { now, began_here, longest_stop };
        let admission = match guard::before_looking(command, self.journal.state(), moment) {
            Some(admission) => admission,
            None => match self.look_at_engine(command).await? {
                Ok(admission) => admission,
                Err(pause) => return Ok(pause),
            },
        };
        match admission {
            Admission::Repeat(_) => Ok(IDLE),
            Admission::Refuse(refusal) => {
                tracing::warn!(id = command.id, action = command.action.name(), %refusal, "refused");
                self.end(command, began_at, OutcomeState::Refused, &refusal.to_string(), None)?;
                Ok(IDLE)
            }
            Admission::Abandon(refusal) => {
                let message = format!("begun by a process that was ended, and not gone on with: {refusal}");
                tracing::warn!(id = command.id, message, "abandoned");
                self.end(command, began_at, OutcomeState::Failed, &message, None)?;
                Ok(IDLE)
            }
            Admission::Begin => {
                tracing::info!(id = command.id, action = command.action.name(), epoch = %command.epoch, "begun");
                self.journal.begin(command, now)?;
                self.command_failing.ends();
                // The operator sees that it runs before it has ended.
                self.report().await;
                self.turn(command, now).await
            }
            Admission::Continue => self.turn(command, began_at).await,
        }
    }

    /// Looks at the engine; the inner error is a pause: nothing can be said yet.
    async fn look_at_engine(
        &mut self,
        command: &Command,
    ) -> Result<Result<Admission, Duration>, JournalError> {
        let poll = self.settings.poll;
        // A run that an earlier command lost sight of is neither forgotten nor taken for somebody else's.
        match runs::settle(&mut self.context(), |_, _| {}).await {
            Ok(Settled::InProgress) => return Ok(Err(poll)),
            Ok(_) => {}
            Err(CommandError::Journal(error)) => return Err(error),
            Err(error) => tracing::warn!(%error, "cannot see what became of an earlier run"),
        }
        let needs = guard::needs(command);
        match observe::observe(&mut Calls(&mut self.host), self.journal.state(), needs).await {
            Ok(observed) => Ok(Ok(guard::after_looking(command, &observed))),
            Err(error) => {
                tracing::warn!(%error, id = command.id, "cannot see the engine yet");
                Ok(Err(poll))
            }
        }
    }

    async fn turn(&mut self, command: &Command, began_at: Timestamp) -> Result<Duration, JournalError> {
        let now = self.clock.now();
        match commands::turn(&mut self.context(), command).await {
            Ok(Turn::Wait { pause, why }) => {
                self.command_failing.ends();
                tracing::debug!(id = command.id, why, ?pause, "waiting");
                Ok(pause)
            }
            Ok(Turn::Done(evidence)) => {
                self.command_failing.ends();
                tracing::info!(id = command.id, action = command.action.name(), "done");
                self.end(command, began_at, OutcomeState::Succeeded, "", Some(evidence))?;
                Ok(IDLE)
            }
            Err(CommandError::Journal(error)) => Err(error),
            Err(error) => {
                let again = if error.is_transient() { self.try_again(now) } else { None };
                if let Some(pause) = again {
                    tracing::warn!(id = command.id, %error, ?pause, "tried again");
                    return Ok(pause);
                }
                tracing::error!(id = command.id, action = command.action.name(), %error, "failed");
                let message = error.to_string();
                let evidence = match error {
                    CommandError::Failed { evidence, .. } => evidence.map(|evidence| *evidence),
                    _ => None,
                };
                self.end(command, began_at, OutcomeState::Failed, &message, evidence)?;
                Ok(IDLE)
            }
        }
    }

    /// How long until a command that fails is tried again: the longer it has been failing the longer, at most a heartbeat. `None`:
    /// it has been failing long enough.
    fn try_again(&mut self, now: Timestamp) -> Option<Duration> {
        let failing = self.command_failing.goes_on(now);
        let (shortest, longest) = (self.settings.poll, self.heartbeat());
        (failing < self.settings.patience).then(|| backoff::pause(failing, shortest, longest))
    }

    fn end(
        &mut self,
        command: &Command,
        began_at: Timestamp,
        state: OutcomeState,
        message: &str,
        evidence: Option<Evidence>,
    ) -> Result<(), JournalError> {
        let now = self.clock.now();
        // The outcome, and a command that is waiting for it, go before the inventory; what was changed shows there soon after.
        let grace = SignedDuration::try_from(self.settings.inventory_grace).unwrap_or_default();
        let soon = now.checked_add(grace).unwrap_or(now);
        self.next_inventory = match self.next_inventory {
            Some(next) if !command.action.mutates() => Some(next.max(soon)),
            _ => Some(soon),
        };
        self.journal.finish(CommandOutcome {
            command_id: command.id.clone(),
            epoch: command.epoch,
            state,
            message: cut(message),
            started_at: began_at,
            finished_at: Some(now),
            evidence,
        })
    }
}

fn cut(message: &str) -> String {
    message.chars().take(LONGEST_MESSAGE).collect()
}
