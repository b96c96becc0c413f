//! Starting processes, ending them, and waking them when something changed. No IO of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{OperatorParts, Run, Running};
use crate::agent_process::AgentSite;
use crate::executor::TaskId;
use crate::operator_process::{Controller, OperatorProcess};
use crate::process::{Bell, Process, Road};
use crate::setting::{NAME, NAMESPACE, OPERATOR};

/// Where the operator is.
#[derive(Default)]
pub(super) struct OperatorSlot {
    pub(super) parts: Option<OperatorParts>,
    pub(super) gone: Gone,
}

/// An operator process that stood still while another took over.
pub(super) struct Usurped {
    tasks: Vec<TaskId>,
    /// When it goes on.
    wakes: Timestamp,
    awake: bool,
}

/// Where an agent is.
pub(super) struct AgentSlot {
    pub(super) site: AgentSite,
    pub(super) running: Option<Running>,
    pub(super) gone: Gone,
}

/// How long a process stays away once it has died, and until when it does.
#[derive(Debug, Default)]
pub(super) struct Gone {
    pub(super) length: Duration,
    pub(super) until: Option<Timestamp>,
}

impl AgentSlot {
    pub(super) fn new(site: AgentSite) -> Self {
        Self { site, running: None, gone: Gone::default() }
    }
}

/// How long a supervisor takes to start a process again that ended by itself.
const RESTART: Duration = Duration::from_secs(5);

/// How long a Lease that is not renewed keeps others away.
const LEASE: Duration = Duration::from_secs(20);

/// How long a leader goes on that has lost its Lease, until it has come to know of it and has ended.
const UNKNOWING: SignedDuration = SignedDuration::from_secs(5);

impl Run {
    /// The operator's machine stands still, and another replica takes over.
    pub(super) fn stand_still(&mut self, length: Duration) {
        let now = self.clock.now();
        let Some(parts) = self.operator.parts.take() else { return };
        for task in &parts.running.tasks {
            self.executor.freeze(*task, true);
        }
        let wakes = later(now, length);
        self.usurped.push(Usurped { tasks: parts.running.tasks, wakes, awake: false });
        self.operator.gone.until = Some(later(now, LEASE));
    }

    /// When a process that stood still goes on, or ends.
    pub(super) fn next_awakening(&self) -> Option<Timestamp> {
        self.usurped.iter().map(|old| if old.awake { old.wakes + UNKNOWING } else { old.wakes }).min()
    }

    /// Lets those go on whose time has come, and ends those that have come to know that they lead no more.
    pub(super) fn awaken(&mut self) {
        let now = self.clock.now();
        for mut old in std::mem::take(&mut self.usurped) {
            if !old.awake && old.wakes <= now {
                old.awake = true;
                self.trace.tell(OPERATOR, "goes on, and does not know that another leads");
                for task in &old.tasks {
                    self.executor.freeze(*task, false);
                }
            }
            if old.awake && old.wakes + UNKNOWING <= now {
                for task in old.tasks {
                    self.executor.kill(task);
                    self.owners.remove(&task);
                }
            } else {
                self.usurped.push(old);
            }
        }
    }

    pub(super) fn start_operator(&mut self) {
        self.operator.gone = Gone::default();
        let process = Process::new(OPERATOR, self.around.clone());
        let user = self.cluster.operator();
        let made = OperatorProcess::new(process.clone(), user, self.microsoft.clone(), self.setting.pace);
        let operator = match made {
            Ok(operator) => operator,
            Err(why) => {
                let now = self.clock.now();
                self.judge.fail(crate::judge::Invariant::Simulation, now, format!("no operator: {why}"));
                return;
            }
        };
        self.trace.tell(OPERATOR, "starts");
        let running = Running { process, tasks: Vec::new() };
        self.operator.parts = Some(OperatorParts { running, process: operator, bells: BTreeMap::default() });
        for controller in Controller::ALL {
            for name in self.names_of(controller) {
                self.control(controller, &name);
            }
        }
    }

    /// Names of the objects that a controller reconciles.
    fn names_of(&self, controller: Controller) -> Vec<String> {
        match controller {
            Controller::Tenant => self.cluster.names::<crds::EntraTenant>(),
            Controller::Agent => self.cluster.names::<crds::SyncAgent>(),
            Controller::Server => self.cluster.names::<crds::SyncServer>(),
            Controller::Topology | Controller::Migration => vec![NAME.to_owned()],
        }
    }

    fn control(&mut self, controller: Controller, name: &str) {
        let Some(parts) = &mut self.operator.parts else { return };
        let bell = Bell::default();
        let task = self.executor.spawn(parts.process.control(controller, NAMESPACE, name, bell.clone()));
        parts.bells.insert((controller, name.to_owned()), bell);
        parts.running.tasks.push(task);
        self.owners.insert(task, OPERATOR.to_owned());
    }

    pub(super) fn start_agent(&mut self, server: &str) {
        let Some(slot) = self.agents.get_mut(server) else { return };
        slot.gone = Gone::default();
        let process = Process::new(server, self.around.clone());
        self.trace.tell(server, "starts");
        let scratch = self.scratch.path().join(server);
        match slot.site.start(&process, self.cluster.agent(server), &scratch) {
            Ok(tasks) => {
                let tasks: Vec<TaskId> = tasks.into_iter().map(|task| self.executor.spawn(task)).collect();
                for task in &tasks {
                    self.owners.insert(*task, server.to_owned());
                }
                slot.running = Some(Running { process, tasks });
            }
            Err(error) => {
                self.trace.tell(server, format_args!("does not start: {error}"));
                slot.gone.until = Some(later(self.clock.now(), Duration::from_mins(1)));
            }
        }
    }

    /// Ends what has died, and plans its next start.
    pub(super) fn bury(&mut self) {
        let now = self.clock.now();
        if self.operator.parts.as_ref().is_some_and(|parts| parts.running.process.is_dead()) {
            self.end_operator(now);
        }
        let dead: Vec<String> = self
            .agents
            .iter()
            .filter(|(_, slot)| slot.running.as_ref().is_some_and(|running| running.process.is_dead()))
            .map(|(name, _)| name.clone())
            .collect();
        for name in dead {
            self.end_agent(&name, now);
        }
    }

    fn end_operator(&mut self, now: Timestamp) {
        if let Some(parts) = self.operator.parts.take() {
            for task in parts.running.tasks {
                self.executor.kill(task);
                self.owners.remove(&task);
            }
        }
        let length = self.operator.gone.length.max(RESTART);
        self.operator.gone.until = Some(later(now, length));
        self.trace.tell(OPERATOR, format_args!("is gone for {length:?}"));
    }

    pub(super) fn end_agent(&mut self, name: &str, now: Timestamp) {
        let Some(slot) = self.agents.get_mut(name) else { return };
        if let Some(running) = slot.running.take() {
            for task in running.tasks {
                self.executor.kill(task);
                self.owners.remove(&task);
            }
        }
        let length = slot.gone.length.max(RESTART);
        slot.gone.until = Some(later(now, length));
        self.trace.tell(name, format_args!("is gone for {length:?}"));
    }

    /// A task came to its end by itself: its process ends with it.
    pub(super) fn ended(&mut self, task: TaskId) {
        let now = self.clock.now();
        match self.owners.get(&task).cloned().as_deref() {
            Some(OPERATOR) => self.end_operator(now),
            Some(agent) => self.end_agent(agent, now),
            None => {}
        }
    }

    /// When the next process is to be started again.
    pub(super) fn next_start(&self) -> Option<Timestamp> {
        self.agents.values().filter_map(|slot| slot.gone.until).chain(self.operator.gone.until).min()
    }

    /// Starts what is due.
    pub(super) fn start_again(&mut self) {
        let now = self.clock.now();
        if self.operator.gone.until.is_some_and(|until| until <= now) {
            self.start_operator();
        }
        let due: Vec<String> = self
            .agents
            .iter()
            .filter(|(_, slot)| slot.gone.until.is_some_and(|until| until <= now))
            .map(|(name, _)| name.clone())
            .collect();
        for name in due {
            self.start_agent(&name);
        }
    }

    /// Wakes whoever watches objects of a kind. Whoever is cut off does not hear of it.
    pub(super) fn wake(&mut self, kind: &str, name: &str) {
        let mut bells = Vec::new();
        if let Some(parts) = &self.operator.parts
            && !self.around.weather.is_closed(OPERATOR, Road::Kubernetes)
        {
            let watching = parts.bells.iter().filter(|((controller, of), _)| {
                let own = controller.kind() == kind;
                controller.watches().contains(&kind) && (!own || of == name)
            });
            bells.extend(watching.map(|(_, bell)| bell.clone()));
        }
        if kind == "SyncAgent"
            && let Some(slot) = self.agents.get(name).filter(|slot| slot.running.is_some())
            && !self.around.weather.is_closed(name, Road::Kubernetes)
        {
            bells.push(slot.site.bell.clone());
        }
        for bell in bells {
            let (clock, random) = (self.clock.clone(), &mut self.random);
            let length = random.length(Duration::from_millis(1), Duration::from_millis(100));
            self.executor.spawn(async move {
                clock.pass(length).await;
                bell.ring();
            });
        }
    }
}

pub(super) fn later(now: Timestamp, length: Duration) -> Timestamp {
    let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
    now.saturating_add(length).unwrap_or(Timestamp::MAX)
}
