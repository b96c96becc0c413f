//! One run: everything of a setting put together, and driven to its end. Writes files only where the engine exports its configuration.

mod drive;
mod edit;
mod happen;
mod look;
mod processes;

use std::collections::{BTreeMap, BTreeSet};

use estate::audit::Class;
use estate::dn::DistinguishedName;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::agent_process::{AgentSite, Disk};
use crate::clock::{HostClock, VirtualClock};
use crate::cluster_side::ClusterSide;
use crate::executor::{Executor, TaskId};
use crate::judge::{End, Failure, Judge};
use crate::microsoft::{Deeds, Microsoft};
use crate::operator_process::{Controller, OperatorProcess};
use crate::people::People;
use crate::process::{Alarms, Bell, Process, Surroundings, Weather};
use crate::random::{Random, SharedRandom};
use crate::setting::{BuildError, NAME, NAMESPACE, Setting, build};
use crate::trace::{Sink, Trace};
use processes::{AgentSlot, OperatorSlot, Usurped};

/// Why a run could not begin: a defect of the simulation.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The Microsoft side.
    #[error("the Microsoft side cannot be built: {0}")]
    Estate(#[from] BuildError),
    /// The store.
    #[error("the store cannot be made: {0}")]
    Store(#[from] crate::store::SchemaError),
    /// The store refuses what is declared.
    #[error("the store refuses what is declared: {0}")]
    Declared(String),
    /// The scratch folder.
    #[error("no scratch folder can be made: {0}")]
    Scratch(#[from] std::io::Error),
    /// A journal.
    #[error("a journal cannot be written: {0}")]
    Journal(#[from] serde_json::Error),
}

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// How it ended.
    pub end: End,
    /// What must not have happened.
    pub failures: Vec<Failure>,
    /// What people or faults caused by themselves.
    pub excused: Vec<String>,
    /// Virtual time that passed.
    pub passed: SignedDuration,
    /// Turns of tasks.
    pub turns: u64,
    /// Digest of the trace.
    pub digest: String,
    /// Lines of the trace.
    pub lines: u64,
}

/// Everything of one run.
struct Run {
    setting: Setting,
    clock: VirtualClock,
    executor: Executor,
    trace: Trace,
    around: Surroundings,
    random: Random,
    microsoft: Microsoft,
    cluster: ClusterSide,
    deeds: Deeds,
    scratch: TempDir,
    operator: OperatorSlot,
    usurped: Vec<Usurped>,
    /// Units that people put into a filter or took out, and that may not be in force yet.
    edited: Vec<DistinguishedName>,
    /// Domains whose job people paused.
    paused: BTreeSet<String>,
    agents: BTreeMap<String, AgentSlot>,
    /// Which process a task belongs to.
    owners: BTreeMap<TaskId, String>,
    people: People,
    judge: Judge,
    /// Happenings that are still to come, last first.
    happenings: Vec<crate::setting::Planned>,
    /// Servers with a snapshot that parsed.
    snapshots: BTreeSet<String>,
    /// Last step that a migration took.
    moved_at: Timestamp,
    /// The instants that migrations wait for.
    awaited: BTreeMap<String, Timestamp>,
    last_version: u64,
    next_watch: Timestamp,
    turns: u64,
    phases: BTreeMap<String, String>,
    /// Where each migration is: the step, and how many steps of the way home are over.
    places: BTreeMap<String, (String, usize)>,
    /// Everything declared is so, as the topology says.
    completed: bool,
    /// Servers whose agents remember more than a restored cluster, and that nobody has readopted.
    stale: BTreeSet<String>,
}

/// Runs a seed to its end.
///
/// # Errors
/// [`RunError`] when it cannot begin.
pub fn run(seed: u64, sink: Option<Sink>) -> Result<Outcome, RunError> {
    let setting = Setting::of(seed);
    let mut run = Run::begin(setting, sink)?;
    run.drive();
    Ok(run.outcome())
}

impl Run {
    fn begin(setting: Setting, sink: Option<Sink>) -> Result<Self, RunError> {
        let seed = setting.seed;
        let clock = VirtualClock::new(setting.start);
        let trace = Trace::new(clock.clone(), sink);
        trace.tell("setting", format_args!("{:?} {:?}", setting.weather, setting.modes));
        let built = build(&setting)?;
        let microsoft = Microsoft::new(built.running);
        let cluster = ClusterSide::new(&clock, seed)?;
        cluster.install_policy().map_err(RunError::Declared)?;
        let around = Surroundings {
            clock: clock.clone(),
            random: SharedRandom::stream(seed, "roads"),
            weather: Weather::default(),
            alarms: Alarms::default(),
            trace: trace.clone(),
            slowness: setting.slowness,
        };
        let deeds = Deeds::default();
        let mut draw = Random::stream(seed, "run");
        let mut agents = BTreeMap::new();
        for server in &setting.servers {
            let site = AgentSite {
                name: server.clone(),
                disk: Disk::new(draw.uuid())?,
                clock: HostClock::new(clock.clone()),
                bell: Bell::default(),
                deeds: deeds.clone(),
                microsoft: microsoft.clone(),
            };
            agents.insert(server.clone(), AgentSlot::new(site));
        }
        let mut judge = Judge::new(&setting, trace.clone());
        microsoft.with(|running| judge.begins(running));
        if setting.declared.max_unknown_references > 0 {
            judge.blames.add(setting.start, Class::MemberLost, "accepted by maxUnknownReferences");
        }
        let people =
            People::new(setting.people, Random::stream(seed, "people"), setting.start, trace.clone());
        let mut happenings = setting.happenings.clone();
        happenings.reverse();
        let mut run = Self {
            executor: Executor::new(Random::stream(seed, "order")),
            operator: OperatorSlot::default(),
            usurped: Vec::new(),
            edited: Vec::new(),
            paused: BTreeSet::new(),
            scratch: tempfile::tempdir()?,
            agents,
            owners: BTreeMap::new(),
            people,
            judge,
            happenings,
            snapshots: BTreeSet::new(),
            moved_at: setting.start,
            awaited: BTreeMap::new(),
            last_version: 0,
            next_watch: setting.start,
            turns: 0,
            phases: BTreeMap::new(),
            places: BTreeMap::new(),
            completed: false,
            stale: BTreeSet::new(),
            random: draw,
            clock,
            trace,
            around,
            microsoft,
            cluster,
            deeds,
            setting,
        };
        run.declare(&built.tenant_id.to_string(), &built.client_id.to_string(), &built.client_secret)?;
        run.start_operator();
        let servers = run.setting.servers.clone();
        for server in servers {
            run.start_agent(&server);
        }
        Ok(run)
    }

    /// What is in the cluster when the run begins.
    fn declare(&mut self, tenant: &str, client: &str, secret: &str) -> Result<(), RunError> {
        let refused = RunError::Declared;
        self.cluster.declare_secret("example-graph", "client-secret", secret.as_bytes()).map_err(refused)?;
        // What is drawn by the operator otherwise: a run is to be repeated to the letter.
        let key: Vec<u8> = (0..32).map(|_| u8::try_from(self.random.below(256)).unwrap_or(0)).collect();
        let name = format!("{NAME}-digest-key");
        self.cluster.declare_secret(&name, crds::sync_agent::DIGEST_KEY, &key).map_err(refused)?;
        for object in self.setting.declared.estate(tenant, client) {
            if object["kind"] == "EntraTenant" {
                self.cluster.declare::<crds::EntraTenant>(object).map_err(refused)?;
            } else {
                self.cluster.declare::<crds::SyncServer>(object).map_err(refused)?;
            }
        }
        for server in &self.setting.servers {
            let agent = serde_json::json!({
                "apiVersion": "hybrididentity.dev/v1alpha1",
                "kind": "SyncAgent",
                "metadata": {"name": server, "namespace": NAMESPACE},
                "spec": {"serverRef": {"name": server}, "heartbeatSeconds": self.setting.heartbeat_seconds},
            });
            self.cluster.declare::<crds::SyncAgent>(agent).map_err(refused)?;
        }
        self.cluster.declare::<crds::SyncTopology>(self.setting.declared.topology()).map_err(refused)
    }

    fn outcome(mut self) -> Outcome {
        let now = self.clock.now();
        let end = self.finish(now);
        self.trace.tell("end", &end);
        Outcome {
            seed: self.setting.seed,
            end,
            failures: self.judge.failures().to_vec(),
            excused: self.judge.excused().to_vec(),
            passed: now.duration_since(self.setting.start),
            turns: self.turns,
            digest: self.trace.digest(),
            lines: self.trace.lines(),
        }
    }
}

/// A process of the product with its tasks.
#[derive(Debug)]
struct Running {
    process: Process,
    tasks: Vec<TaskId>,
}

/// A controller's loop over one object.
type Loop = (Controller, String);

/// What an operator process is made of.
struct OperatorParts {
    running: Running,
    process: OperatorProcess,
    bells: BTreeMap<Loop, Bell>,
}

#[cfg(test)]
mod tests;
