//! The bad day: carries out a [`Plan`] while an organisation moves, and sees to the programs as their supervisors would. Starts, halts
//! and kills processes, network IO.

mod plan;

use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

pub use plan::{API_SERVER_RESTARTS, Disturbance, Event, GraphFault, KILLS, Part, Plan};

use super::error::Result;
use super::estate::Estate;
use super::install::{OPERATOR, agent_program};
use crate::control_plane::{ControlPlane, Error};

/// How long an API server that is ready again may still answer for want of what it has not read yet.
const SETTLES: Duration = Duration::from_secs(3);

/// A bad day under way.
pub struct Chaos {
    left: VecDeque<Event>,
    /// Waits for a scheduler that is off.
    waiting: Vec<Disturbance>,
    going_on: Vec<GoingOn>,
    next_at: Instant,
    programs: Vec<String>,
    done: Done,
}

struct GoingOn {
    until: Instant,
    what: Disturbance,
}

/// What has gone wrong so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Times that the operator was killed.
    pub operator_kills: usize,
    /// Times that an agent was.
    pub agent_kills: usize,
    /// Times that the API server was.
    pub api_server_restarts: usize,
    /// Times that a program of ours was cut off.
    pub halts: usize,
    /// Times that Graph misbehaved.
    pub graph_faults: usize,
    /// Times that a program of ours ended by itself and was started again, as its supervisor would.
    pub ended_by_themselves: usize,
    /// Programs of ours that panicked: the lines that say so.
    pub panics: Vec<String>,
    /// When the API server was away or had just come back.
    pub api_server_away: Vec<(Timestamp, Timestamp)>,
}

impl Done {
    /// Whether an instant lies in a time in which the API server was away or had just come back.
    pub fn is_away(&self, at: Timestamp) -> bool {
        self.api_server_away.iter().any(|(from, to)| (*from..=*to).contains(&at))
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kills = self.operator_kills + self.agent_kills;
        write!(f, "{kills} kills (operator {}, agents {}), ", self.operator_kills, self.agent_kills)?;
        write!(f, "API server restarts {}, cut off {}, ", self.api_server_restarts, self.halts)?;
        write!(f, "Graph faults {}, ended by themselves {}", self.graph_faults, self.ended_by_themselves)
    }
}

impl Chaos {
    /// The bad day of a seed for this organisation; it begins now.
    pub fn new(seed: u64, servers: &[String]) -> Self {
        let left = VecDeque::from(Plan::of(seed, servers).events);
        let agents = servers.iter().map(|server| agent_program(server));
        Self {
            next_at: Instant::now() + left.front().map_or(Duration::ZERO, |event| event.after),
            left,
            waiting: Vec::new(),
            going_on: Vec::new(),
            programs: std::iter::once(OPERATOR.to_owned()).chain(agents).collect(),
            done: Done::default(),
        }
    }

    /// Whether it is one of the programs that are started again that has ended: the next tick does so.
    pub fn supervises(&self, error: &Error) -> bool {
        matches!(error, Error::Ended { program, .. } if self.programs.contains(program))
    }

    /// Whether everything has gone wrong that was to, and all of it is over. What waits for a scheduler that is off is not waited for.
    pub fn is_over(&self) -> bool {
        self.left.is_empty() && self.going_on.is_empty()
    }

    /// Does what is due now. Gives what was done, to be told.
    ///
    /// # Errors
    /// Where a program cannot be started, or the estate does not answer.
    pub async fn tick(&mut self, control_plane: &mut ControlPlane, estate: &Estate) -> Result<Vec<String>> {
        let mut told = Vec::new();
        let now = Instant::now();
        for at in (0..self.going_on.len()).rev() {
            if self.going_on.get(at).is_some_and(|one| one.until <= now) {
                let over = self.going_on.remove(at);
                told.extend(self.end(over.what, control_plane, estate).await?);
            }
        }
        told.extend(self.supervise(control_plane)?);
        if !self.waiting.is_empty() && estate.state().await?["schedulerEnabled"] == false {
            let due = self.waiting.iter().position(|what| self.is_free(what));
            if let Some(what) = due.map(|at| self.waiting.remove(at)) {
                told.push(self.begin(what, control_plane, estate).await?);
            }
        }
        if now >= self.next_at && self.left.front().is_some_and(|event| self.is_free(&event.what)) {
            if let Some(event) = self.left.pop_front() {
                match event.what {
                    Disturbance::Halt { while_stopped: true, .. } => self.waiting.push(event.what),
                    what => told.push(self.begin(what, control_plane, estate).await?),
                }
            }
            self.next_at = Instant::now() + self.left.front().map_or(Duration::ZERO, |event| event.after);
        }
        Ok(told)
    }

    /// What went wrong in the end; also looks for panics in the logs.
    pub fn done(&self, folder: &Path) -> Done {
        let mut done = self.done.clone();
        for program in &self.programs {
            let log = std::fs::read_to_string(folder.join(format!("{program}.log"))).unwrap_or_default();
            let panics = log.lines().filter(|line| line.contains("panicked at"));
            done.panics.extend(panics.map(|line| format!("{program}: {line}")));
        }
        done
    }

    /// Whether nothing else is going on with what an event strikes.
    fn is_free(&self, what: &Disturbance) -> bool {
        self.going_on.iter().all(|one| match (&one.what, what) {
            (
                Disturbance::Kill { part: busy, .. } | Disturbance::Halt { part: busy, .. },
                Disturbance::Kill { part, .. } | Disturbance::Halt { part, .. },
            ) => busy != part,
            (Disturbance::ApiServer { .. }, Disturbance::ApiServer { .. })
            | (Disturbance::Graph { .. }, Disturbance::Graph { .. }) => false,
            _ => true,
        })
    }

    async fn begin(
        &mut self,
        what: Disturbance,
        control_plane: &mut ControlPlane,
        estate: &Estate,
    ) -> Result<String> {
        let text = format!("CHAOS {what}");
        let length = match &what {
            Disturbance::Kill { part, down } => {
                // One that has just ended by itself counts as well.
                control_plane.kill(&program(part))?;
                match part {
                    Part::Operator => self.done.operator_kills += 1,
                    Part::Agent(_) => self.done.agent_kills += 1,
                }
                *down
            }
            Disturbance::Halt { part, length, .. } => {
                control_plane.halt(&program(part))?;
                self.done.halts += 1;
                *length
            }
            Disturbance::ApiServer { down } => {
                control_plane.kill_api_server()?;
                let now = Timestamp::now();
                self.done.api_server_restarts += 1;
                self.done.api_server_away.push((now, Timestamp::MAX));
                *down
            }
            Disturbance::Graph { fault, length } => {
                estate.post("faults", &json!({"graph": switched(*fault, true)})).await?;
                self.done.graph_faults += 1;
                *length
            }
        };
        if length.is_zero() {
            self.end(what, control_plane, estate).await?;
        } else {
            self.going_on.push(GoingOn { until: Instant::now() + length, what });
        }
        Ok(text)
    }

    async fn end(
        &mut self,
        what: Disturbance,
        control_plane: &mut ControlPlane,
        estate: &Estate,
    ) -> Result<Option<String>> {
        match &what {
            Disturbance::Kill { part, down } => {
                control_plane.start_again(&program(part))?;
                Ok((!down.is_zero()).then(|| format!("CHAOS {part} is started again")))
            }
            Disturbance::Halt { part, .. } => {
                control_plane.go_on(&program(part))?;
                Ok(Some(format!("CHAOS {part} goes on")))
            }
            Disturbance::ApiServer { .. } => {
                control_plane.start_api_server_again().await?;
                let settled = Timestamp::now().checked_add(SETTLES).unwrap_or(Timestamp::MAX);
                if let Some(last) = self.done.api_server_away.last_mut() {
                    last.1 = settled;
                }
                Ok(Some("CHAOS the API server is back".to_owned()))
            }
            Disturbance::Graph { fault, .. } => {
                estate.post("faults", &json!({"graph": switched(*fault, false)})).await?;
                Ok(Some("CHAOS Graph is well again".to_owned()))
            }
        }
    }

    /// What a Deployment and a Windows service do: a program that has ended by itself is started again.
    fn supervise(&mut self, control_plane: &mut ControlPlane) -> Result<Vec<String>> {
        let mut told = Vec::new();
        for name in &self.programs {
            if let Some(status) = control_plane.end_of(name) {
                control_plane.start_again(name)?;
                self.done.ended_by_themselves += 1;
                told.push(format!("CHAOS {name} has ended by itself ({status}) and is started again"));
            }
        }
        Ok(told)
    }
}

fn program(part: &Part) -> String {
    match part {
        Part::Operator => OPERATOR.to_owned(),
        Part::Agent(server) => agent_program(server),
    }
}

/// A fault of Graph in the words of the estate's admin endpoint.
fn switched(fault: GraphFault, on: bool) -> Value {
    let every = |n: u32| if on { n } else { 0 };
    match fault {
        GraphFault::Throttled => json!({"throttleEvery": every(1), "retryAfterSeconds": 2}),
        GraphFault::Unavailable => json!({"unavailableEvery": every(1)}),
        GraphFault::Lost => json!({"lostRequestEvery": every(2)}),
        GraphFault::Cut => json!({"cutEvery": every(3)}),
        GraphFault::AnswerLost => json!({"lostAnswerEvery": every(3)}),
    }
}
