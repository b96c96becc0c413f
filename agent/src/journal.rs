//! The intent journal: what the agent must still know after it was killed. Pure but for [`JournalStore`].
//!
//! Everything is written before it is acted upon. A journal that cannot be read is never replaced: without it the agent
//! does not know what it was told not to do again.

mod runs;
mod state;
mod stop;

use crds::primitive::Epoch;
use crds::sync_agent::{Command, CommandOutcome};
use jiff::Timestamp;
use uuid::Uuid;

pub use runs::{OwnRun, PendingRun, SUCCESS, is_complete};
pub use state::{
    Intent, JournalState, Modes, ProbeRecord, Progress, Reading, Servicing, SnapshotRecord, Starting,
};
pub use stop::{Resuming, Stop, Takeover};

/// Version of the journal's format.
pub const FORMAT: u32 = 1;

/// Finished commands kept: a restored cluster may offer an old one again.
pub const FINISHED_KEPT: usize = 32;

/// Why the journal could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk refused.
    #[error(
        "expected to {action} the journal {place}, found: {source}; free the disk or correct the folder's rights"
    )]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        place: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The content is no journal.
    #[error(
        "expected a journal in {place}, found: {problem}; the agent does nothing until it is restored from a backup, or moved away \
         on purpose (the operator then asks a person to readopt what runs)"
    )]
    Corrupt {
        /// Where.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Another process uses it.
    #[error(
        "expected to be the only agent that uses {place}, found another process that holds it; stop one of the two"
    )]
    InUse {
        /// Where.
        place: String,
    },
}

/// Where a journal is kept.
pub trait JournalStore: Send {
    /// Reads the journal; `None` when there has never been one.
    ///
    /// # Errors
    /// [`JournalError`] when there is one that cannot be read.
    fn load(&mut self) -> Result<Option<JournalState>, JournalError>;

    /// Replaces the journal; durable when it returns.
    ///
    /// # Errors
    /// [`JournalError::Io`]; what was stored before is still there then.
    fn store(&mut self, state: &JournalState) -> Result<(), JournalError>;
}

/// The journal in use: what is in memory is what is on disk.
#[derive(Debug)]
pub struct Journal<S> {
    state: JournalState,
    store: S,
    /// Differs at every start of the process: tells what this process began from what it found.
    incarnation: Uuid,
}

impl<S: JournalStore> Journal<S> {
    /// Opens the journal, or makes a new one where there has never been any.
    ///
    /// # Errors
    /// [`JournalError`] when there is one that cannot be read, or a new one cannot be written.
    pub fn open(mut store: S) -> Result<Self, JournalError> {
        let state = if let Some(state) = store.load()? {
            state
        } else {
            let state = JournalState::new(Uuid::new_v4());
            store.store(&state)?;
            state
        };
        Ok(Self { state, store, incarnation: Uuid::new_v4() })
    }

    /// Writes what is known once more. On a disk that is full the agent must end before it gives a sign of life, not with the first
    /// command: whoever beats, and does nothing, is missed by nobody.
    ///
    /// # Errors
    /// [`JournalError::Io`]
    pub fn prove_writable(&mut self) -> Result<(), JournalError> {
        self.store.store(&self.state)
    }

    /// What is known.
    pub fn state(&self) -> &JournalState {
        &self.state
    }

    /// Whether an intent was begun by this process.
    pub fn began_here(&self, intent: &Intent) -> bool {
        intent.incarnation == self.incarnation
    }

    /// Changes the journal; nothing is written when nothing differs.
    ///
    /// # Errors
    /// [`JournalError::Io`]; the journal in memory is then unchanged too.
    pub fn record(&mut self, change: impl FnOnce(&mut JournalState)) -> Result<(), JournalError> {
        let mut next = self.state.clone();
        change(&mut next);
        if next != self.state {
            self.store.store(&next)?;
            self.state = next;
        }
        Ok(())
    }

    /// Takes note of an epoch.
    ///
    /// # Errors
    /// See [`Self::record`].
    pub fn saw_epoch(&mut self, epoch: Epoch) -> Result<(), JournalError> {
        self.record(|state| state.highest_epoch = state.highest_epoch.max(epoch))
    }

    /// Takes note that a command is begun.
    ///
    /// # Errors
    /// See [`Self::record`].
    pub fn begin(&mut self, command: &Command, now: Timestamp) -> Result<(), JournalError> {
        let incarnation = self.incarnation;
        self.record(|state| {
            state.intent = Some(Intent {
                command: command.clone(),
                began_at: now,
                incarnation,
                progress: Progress::Begun,
            });
        })
    }

    /// Takes note of how far the current command is.
    ///
    /// # Errors
    /// See [`Self::record`].
    pub fn progress(&mut self, progress: Progress) -> Result<(), JournalError> {
        self.record(|state| {
            if let Some(intent) = &mut state.intent {
                intent.progress = progress;
            }
        })
    }

    /// Takes note of what came of a command; it is no longer current.
    ///
    /// # Errors
    /// See [`Self::record`].
    pub fn finish(&mut self, outcome: CommandOutcome) -> Result<(), JournalError> {
        self.record(|state| {
            if state.intent.as_ref().is_some_and(|intent| intent.command.id == outcome.command_id) {
                state.intent = None;
            }
            state.finished.retain(|earlier| earlier.command_id != outcome.command_id);
            state.finished.push(outcome);
            let surplus = state.finished.len().saturating_sub(FINISHED_KEPT);
            state.finished.drain(..surplus);
        })
    }
}

#[cfg(test)]
pub(crate) mod memory {
    //! A journal in memory that survives its agent, for tests.

    use std::sync::{Arc, Mutex};

    use super::{JournalError, JournalState, JournalStore};

    /// Clones share one journal.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct MemoryStore(Arc<Mutex<Option<String>>>);

    impl MemoryStore {
        pub(crate) fn of(state: &JournalState) -> Self {
            Self(Arc::new(Mutex::new(Some(serde_json::to_string(state).unwrap()))))
        }

        pub(crate) fn read(&self) -> Option<JournalState> {
            self.0.lock().unwrap().as_deref().map(|text| serde_json::from_str(text).unwrap())
        }
    }

    impl JournalStore for MemoryStore {
        fn load(&mut self) -> Result<Option<JournalState>, JournalError> {
            Ok(self.read())
        }

        fn store(&mut self, state: &JournalState) -> Result<(), JournalError> {
            *self.0.lock().unwrap() = Some(serde_json::to_string(state).unwrap());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
