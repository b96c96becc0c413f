//! An agent on the models, driven step by step, killed and started again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crds::primitive::{DistinguishedName, Epoch};
use crds::sync_agent::command::*;
use crds::sync_agent::{CommandOutcome, Expectation, OutcomeState};
use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

use super::answer::ModelHost;
use super::{Crash, Engine, ModelCluster};
use crate::agent::{Agent, Parts};
use crate::clock::Clock;
use crate::heartbeat::Standing;
use crate::journal::memory::MemoryStore;
use crate::journal::{Journal, JournalError, JournalState, JournalStore};
use crate::scratch::{Scratch, ScratchError};
use crate::world::{Settings, World};

/// The models as a world.
#[derive(Debug)]
pub(crate) struct Models;

impl World for Models {
    type Host = ModelHost;
    type Cluster = ModelCluster;
    type Store = CrashingStore;
    type Clock = ModelClock;
    type Scratch = ModelScratch;
}

#[derive(Debug, Clone)]
pub(crate) struct ModelClock(Arc<Mutex<Timestamp>>);

impl Clock for ModelClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct CrashingStore {
    store: MemoryStore,
    crash: Crash,
}

impl JournalStore for CrashingStore {
    fn load(&mut self) -> Result<Option<JournalState>, JournalError> {
        self.store.load()
    }

    fn store(&mut self, state: &JournalState) -> Result<(), JournalError> {
        self.store.store(state)?;
        if self.crash.point() {
            let source = std::io::Error::other("killed");
            return Err(JournalError::Io { action: "write", place: String::new(), source });
        }
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct ModelScratch(Arc<Mutex<Engine>>);

impl Scratch for ModelScratch {
    fn prepare(&mut self) -> Result<String, ScratchError> {
        Ok("scratch".to_owned())
    }

    fn read(&mut self, place: &str) -> Result<adsync::configuration::ConfigurationFiles, ScratchError> {
        let engine = self.0.lock().unwrap();
        let missing = || ScratchError { action: "read", place: place.into(), problem: "empty".to_owned() };
        engine.exported_files.get(place).cloned().ok_or_else(missing)
    }

    fn clear(&mut self) -> Result<(), ScratchError> {
        self.0.lock().unwrap().exported_files.clear();
        Ok(())
    }
}

/// How a drive ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The awaited thing is there.
    Done,
    /// The process was killed.
    Crashed,
}

pub(crate) struct Rig {
    pub(crate) engine: Arc<Mutex<Engine>>,
    pub(crate) cluster: Arc<ModelCluster>,
    pub(crate) store: MemoryStore,
    pub(crate) crash: Crash,
    pub(crate) standing: Standing,
    clock: ModelClock,
    agent: Option<Agent<Models>>,
    commands: usize,
    pub(crate) epoch: i64,
    /// Processes started.
    pub(crate) starts: usize,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        let crash = Crash::default();
        let mut rig = Self {
            engine: Arc::new(Mutex::new(Engine::new(start))),
            cluster: Arc::new(ModelCluster::new(crash.clone())),
            store: MemoryStore::default(),
            crash,
            standing: Standing::default(),
            clock: ModelClock(Arc::new(Mutex::new(start))),
            agent: None,
            commands: 0,
            epoch: 1,
            starts: 0,
        };
        for name in ["s0", "s1", "s2"] {
            rig.cluster
                .state
                .lock()
                .unwrap()
                .secrets
                .insert(name.to_owned(), std::collections::BTreeMap::new());
        }
        rig.start();
        rig
    }

    /// Starts the agent, again after a crash.
    pub(crate) fn start(&mut self) {
        // A file lock would refuse two at once; here the old process goes first.
        self.agent = None;
        self.starts += 1;
        let store = CrashingStore { store: self.store.clone(), crash: self.crash.clone() };
        let Ok(journal) = Journal::open(store) else { return };
        self.agent = Some(Agent::new(Parts {
            host: ModelHost { engine: self.engine.clone(), crash: self.crash.clone() },
            cluster: self.cluster.clone(),
            journal,
            clock: self.clock.clone(),
            scratch: ModelScratch(self.engine.clone()),
            settings: Settings::default(),
            standing: self.standing.clone(),
        }));
    }

    /// Gives the agent away, to be run by somebody else.
    pub(crate) fn release(&mut self) -> (Agent<Models>, ModelClock) {
        (self.agent.take().expect("it runs"), self.clock.clone())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// One step, then as much time as the agent asks for, at most a minute.
    pub(crate) fn step(&mut self) -> Ended {
        let Some(agent) = &mut self.agent else { return Ended::Crashed };
        let stepped = agent.step().now_or_never();
        if self.crash.has_crashed() {
            self.agent = None;
            return Ended::Crashed;
        }
        let step = stepped.expect("nothing in the models waits").expect("the journal works");
        self.pass(step.pause.min(Duration::from_mins(1)));
        Ended::Done
    }

    pub(crate) fn pass(&self, time: Duration) {
        let now = self.now() + SignedDuration::try_from(time).unwrap();
        *self.clock.0.lock().unwrap() = now;
        self.engine.lock().unwrap().advance(now);
    }

    pub(crate) fn set_clock(&self, now: Timestamp) {
        *self.clock.0.lock().unwrap() = now;
    }

    pub(crate) fn steps(&mut self, number: usize) {
        for _ in 0..number {
            assert_eq!(self.step(), Ended::Done);
        }
    }

    /// Gives a command that must begin within five minutes.
    pub(crate) fn give(&mut self, action: Action) -> String {
        self.give_expecting(action, Expectation::default())
    }

    pub(crate) fn give_expecting(&mut self, action: Action, expects: Expectation) -> String {
        self.commands += 1;
        let id = format!("c{}", self.commands);
        self.cluster.give(Command {
            id: id.clone(),
            epoch: Epoch(self.epoch),
            not_after: self.now() + SignedDuration::from_mins(5),
            expects,
            action,
        });
        id
    }

    pub(crate) fn outcome(&self, id: &str) -> Option<CommandOutcome> {
        let state = self.cluster.state.lock().unwrap();
        let outcome = state.status.as_ref()?.outcome.clone()?;
        (outcome.command_id == id && outcome.state != OutcomeState::Running).then_some(outcome)
    }

    /// Steps until the command has ended, or the process was killed.
    pub(crate) fn drive(&mut self, id: &str) -> Result<CommandOutcome, Ended> {
        for _ in 0..400 {
            if let Some(outcome) = self.outcome(id) {
                return Ok(outcome);
            }
            if self.step() == Ended::Crashed {
                return Err(Ended::Crashed);
            }
        }
        panic!("command {id} does not end; log: {:#?}", self.engine.lock().unwrap().log);
    }

    /// Gives a command and waits for its end.
    pub(crate) fn run(&mut self, action: Action) -> CommandOutcome {
        let id = self.give(action);
        self.drive(&id).expect("no crash is planned")
    }

    /// The same, and it must succeed.
    pub(crate) fn succeed(&mut self, action: Action) -> crds::sync_agent::Evidence {
        let outcome = self.run(action);
        assert_eq!(outcome.state, OutcomeState::Succeeded, "{}", outcome.message);
        outcome.evidence.expect("success has evidence")
    }

    pub(crate) fn journal(&self) -> JournalState {
        self.store.read().unwrap()
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.engine.lock().unwrap().log.clone()
    }

    pub(crate) fn snapshot(&mut self) {
        self.succeed(take_snapshot());
    }

    /// With a snapshot, the scheduler stopped, and an empty log.
    pub(crate) fn stopped() -> Self {
        let mut rig = Self::new();
        rig.snapshot();
        let stop = rig.stop_for(60);
        rig.succeed(stop);
        rig.engine.lock().unwrap().log.clear();
        rig
    }

    /// Every scope has moved, and the scheduler is on again.
    pub(crate) fn moved() -> Self {
        let mut rig = Self::stopped();
        rig.succeed(Action::PutNoFlowRules(everybody()));
        rig.succeed(full());
        rig.succeed(Action::StartScheduler(StartScheduler { start_cycle: false }));
        rig.engine.lock().unwrap().log.clear();
        rig
    }

    pub(crate) fn stop_for(&self, minutes: i64) -> Action {
        Action::StopScheduler(StopScheduler { resume_by: self.now() + SignedDuration::from_mins(minutes) })
    }
}

pub(crate) fn take_snapshot() -> Action {
    Action::TakeSnapshot(IntoSecrets { secrets: vec!["s0".into(), "s1".into()] })
}

pub(crate) fn unit() -> DistinguishedName {
    DistinguishedName::parse("OU=Sales,DC=contoso,DC=com").unwrap()
}

pub(crate) fn sales() -> NoFlowRules {
    NoFlowRules { scopes: vec![NoFlowScope { name: "sales".into(), organizational_units: vec![unit()] }] }
}

/// Every unit of the model.
pub(crate) fn everybody() -> NoFlowRules {
    let units = ["OU=Sales,DC=contoso,DC=com", "OU=Else,DC=contoso,DC=com"];
    let units = units.map(|name| DistinguishedName::parse(name).unwrap()).to_vec();
    NoFlowRules { scopes: vec![NoFlowScope { name: "all".into(), organizational_units: units }] }
}

/// The stop of a retirement.
pub(crate) fn stop_for_good(taken_over: NoFlowRules) -> Action {
    Action::SetService(SetService { only_if_nothing_left: Some(taken_over), ..SetService::default() })
}

pub(crate) fn profiles(runs: &[(ConnectorSelection, Profile)]) -> Action {
    let runs =
        runs.iter().map(|(connectors, profile)| ProfileRun { connectors: *connectors, profile: *profile });
    Action::RunProfiles(RunProfiles { runs: runs.collect() })
}

/// Import and synchronization that make rules effective.
pub(crate) fn full() -> Action {
    use ConnectorSelection::{ActiveDirectory, Entra};
    profiles(&[
        (ActiveDirectory, Profile::FullImport),
        (Entra, Profile::FullImport),
        (ActiveDirectory, Profile::FullSynchronization),
        (Entra, Profile::DeltaSynchronization),
    ])
}
