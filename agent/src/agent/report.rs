//! Reporting: the status follows from the journal and is written only where it differs.

use crds::sync_agent::{CommandOutcome, OutcomeState, SyncAgentStatus};

use super::Agent;
use crate::VERSION;
use crate::cluster::{Cluster as _, Given};
use crate::world::World;

impl<W: World> Agent<W> {
    /// Writes the status where it differs from what is there. Failing to is no reason to stop.
    pub(super) async fn report(&mut self) {
        if self.standing.is_contended() {
            return;
        }
        let Some(status) = self.status() else { return };
        let Some(seen) = &mut self.seen else { return };
        if seen.status.as_ref() == Some(&status) {
            return;
        }
        match self.cluster.put_agent_status(&status).await {
            Ok(()) => seen.status = Some(status),
            // An API server that is away is said by the heartbeat.
            Err(error) if error.is_transient() => {
                tracing::debug!(%error, "the status could not be reported yet");
            }
            Err(error) => tracing::error!(%error, "the status could not be reported"),
        }
    }

    fn status(&self) -> Option<SyncAgentStatus> {
        let seen = self.seen.as_ref()?;
        let state = self.journal.state();
        let reported = seen.status.as_ref();
        Some(SyncAgentStatus {
            observed_generation: seen.generation,
            agent_version: Some(VERSION.to_owned()),
            journal_id: Some(state.journal_id.to_string()),
            highest_epoch: state.highest_epoch,
            // After a restart what was reported before stands until the engine was read again.
            inventory_digest: self
                .inventory_digest
                .clone()
                .or_else(|| reported.and_then(|status| status.inventory_digest.clone())),
            resume_by: state.stop.as_ref().map(|stop| stop.resume_by),
            resumed: state.resumed.clone(),
            outcome: self.outcome(&seen.command),
        })
    }

    /// What came of the current command, or of the last one where there is none.
    fn outcome(&self, given: &Given) -> Option<CommandOutcome> {
        let state = self.journal.state();
        if let Some(intent) = &state.intent {
            return Some(CommandOutcome {
                command_id: intent.command.id.clone(),
                epoch: intent.command.epoch,
                state: OutcomeState::Running,
                message: String::new(),
                started_at: intent.began_at,
                finished_at: None,
                evidence: None,
            });
        }
        let current = match given {
            Given::Nothing => None,
            Given::Command(command) => state.outcome_of(&command.id),
            Given::Unreadable { id, .. } => state.outcome_of(id),
        };
        current.or_else(|| state.finished.last()).cloned()
    }
}
