//! An agent as a process of the simulation: production's agent on the estate, the store and the virtual clock. Writes files only where
//! the engine exports its configuration.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use agent::agent::{Agent, Parts};
use agent::backoff::{self, Failing};
use agent::clock::Clock as _;
use agent::cluster::Cluster;
use agent::heartbeat::{Heartbeat, Standing};
use agent::journal::{Journal, JournalError, JournalState, JournalStore};
use agent::scratch::ScratchFolder;
use agent::world::{Settings, World};

use crate::clock::HostClock;
use crate::kubernetes::AgentRoad;
use crate::microsoft::{Deeds, HostRoad, Microsoft};
use crate::process::{Bell, Process, pause};
use crate::store::AgentUser;

/// Shortest and longest pause between two steps, as in production.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_mins(5));

/// The pause after a heartbeat that did not arrive, at first.
const SOONEST_BEAT: Duration = Duration::from_secs(2);

/// The simulated outside of an agent.
#[derive(Debug)]
pub struct Simulated;

impl World for Simulated {
    type Host = HostRoad;
    type Cluster = AgentRoad<AgentUser>;
    type Store = Disk;
    type Clock = HostClock;
    type Scratch = ScratchFolder;
}

/// The disk that an agent's journal is on: it outlives the process. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct Disk {
    content: Arc<Mutex<Content>>,
    /// The process that writes; none where only the simulation looks.
    process: Option<Process>,
}

#[derive(Debug, Clone)]
struct Content {
    journal: String,
    full: bool,
}

impl Disk {
    /// A disk with the journal of an agent that has done nothing yet.
    ///
    /// # Errors
    /// If the journal cannot be written as text.
    pub fn new(journal: uuid::Uuid) -> Result<Self, serde_json::Error> {
        let journal = serde_json::to_string(&JournalState::new(journal))?;
        Ok(Self { content: Arc::new(Mutex::new(Content { journal, full: false })), process: None })
    }

    /// The same disk, as a process has it.
    fn of(&self, process: &Process) -> Self {
        Self { content: Arc::clone(&self.content), process: Some(process.clone()) }
    }

    /// Fills the disk, or makes room again.
    pub fn set_full(&self, full: bool) {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).full = full;
    }

    /// Whether it is full.
    pub fn is_full(&self) -> bool {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).full
    }

    /// What the journal says.
    pub fn journal(&self) -> Option<JournalState> {
        let content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::from_str(&content.journal).ok()
    }

    fn refused(action: &'static str, why: &str) -> JournalError {
        JournalError::Io {
            action,
            place: "the journal".to_owned(),
            source: std::io::Error::other(why.to_owned()),
        }
    }
}

impl JournalStore for Disk {
    fn load(&mut self) -> Result<Option<JournalState>, JournalError> {
        self.journal().map(Some).ok_or_else(|| Self::refused("read", "no journal"))
    }

    fn store(&mut self, state: &JournalState) -> Result<(), JournalError> {
        let text =
            serde_json::to_string(state).map_err(|error| Self::refused("write", &error.to_string()))?;
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        if content.full {
            return Err(Self::refused("write", "the disk is full"));
        }
        content.journal = text;
        drop(content);
        // A death behind the write: the process does not come to know that it was written.
        if self.process.as_ref().is_some_and(Process::point) {
            return Err(Self::refused("write", "killed"));
        }
        Ok(())
    }
}

/// One server's agent: what stays when its process ends.
#[derive(Debug, Clone)]
pub struct AgentSite {
    /// Name of the server and of its agent.
    pub name: String,
    /// Where the journal is.
    pub disk: Disk,
    /// The host's clock.
    pub clock: HostClock,
    /// Rings when the agent's SyncAgent changed.
    pub bell: Bell,
    /// What agents did.
    pub deeds: Deeds,
    /// The Microsoft side.
    pub microsoft: Microsoft,
}

impl AgentSite {
    /// Starts a process: its loop and its heartbeat.
    ///
    /// # Errors
    /// When its journal cannot be read.
    pub fn start(
        &self,
        process: &Process,
        store: AgentUser,
        scratch: &Path,
    ) -> Result<[futures::future::BoxFuture<'static, ()>; 2], JournalError> {
        let journal = Journal::open(self.disk.of(process))?;
        let identity = format!("{}/{}", self.name, journal.state().journal_id);
        let cluster = Arc::new(AgentRoad::new(store, process.clone()));
        let standing = Standing::default();
        let host = HostRoad::new(self.microsoft.clone(), process.clone(), &self.name, self.deeds.clone());
        let agent: Agent<Simulated> = Agent::new(Parts {
            host,
            cluster: Arc::clone(&cluster),
            journal,
            clock: self.clock.clone(),
            scratch: ScratchFolder::below(scratch),
            settings: Settings::default(),
            standing: standing.clone(),
        });
        let every = Arc::new(Mutex::new(agent.heartbeat()));
        let beats = beat(
            Heartbeat::new(identity, standing),
            cluster,
            self.clock.clone(),
            process.clone(),
            Arc::clone(&every),
        );
        let steps = steps(agent, process.clone(), self.bell.clone(), every);
        Ok([Box::pin(steps), Box::pin(beats)])
    }
}

/// The loop of `agent::service`, on the virtual clock.
async fn steps(mut agent: Agent<Simulated>, process: Process, bell: Bell, every: Arc<Mutex<Duration>>) {
    loop {
        match agent.step().await {
            Ok(step) => {
                *every.lock().unwrap_or_else(PoisonError::into_inner) = agent.heartbeat();
                pause(&process.around().clock, step.pause.clamp(PAUSES.0, PAUSES.1), &bell).await;
            }
            Err(error) => {
                process.around().trace.tell(process.name(), format_args!("ends: {error}"));
                return;
            }
        }
    }
}

async fn beat<C: Cluster>(
    mut heartbeat: Heartbeat,
    cluster: Arc<C>,
    clock: HostClock,
    process: Process,
    every: Arc<Mutex<Duration>>,
) {
    let mut failing = Failing::default();
    loop {
        let wanted = *every.lock().unwrap_or_else(PoisonError::into_inner);
        let length = match heartbeat.beat(cluster.as_ref(), clock.now(), wanted).await {
            Ok(()) => {
                failing.ends();
                wanted
            }
            Err(_) => backoff::pause(failing.goes_on(clock.now()), SOONEST_BEAT, wanted),
        };
        process.around().clock.pass(length).await;
    }
}
