//! What goes wrong in a run, and when: made up from a seed, the same for the same seed. Pure.

use std::fmt;
use std::time::Duration;

/// Everything that goes wrong in one run, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// One after the other.
    pub events: Vec<Event>,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// How long after the one before.
    pub after: Duration,
    /// What it is.
    pub what: Disturbance,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disturbance {
    /// A program of ours is killed with SIGKILL.
    Kill {
        /// Which.
        part: Part,
        /// After how long it is started again.
        down: Duration,
    },
    /// A program of ours is halted: it hears and does nothing, as if it were cut off, and then goes on in the belief that no time has
    /// passed.
    Halt {
        /// Which.
        part: Part,
        /// How long.
        length: Duration,
        /// Only once the scheduler is off.
        while_stopped: bool,
    },
    /// The API server is killed; its store goes on.
    ApiServer {
        /// After how long it is started again.
        down: Duration,
    },
    /// Graph misbehaves.
    Graph {
        /// How.
        fault: GraphFault,
        /// How long.
        length: Duration,
    },
}

/// A program of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The operator.
    Operator,
    /// The agent on this sync server.
    Agent(String),
}

/// How Graph misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphFault {
    /// Every request is answered 429.
    Throttled,
    /// Every request is answered 503.
    Unavailable,
    /// Every second request never arrives.
    Lost,
    /// Every third request is carried out, and the connection breaks before the answer.
    Cut,
    /// Every third request is carried out, and a gateway answers 504.
    AnswerLost,
}

/// How many times programs of ours are killed in a run.
pub const KILLS: usize = 20;

/// How many times the API server is.
pub const API_SERVER_RESTARTS: usize = 2;

/// Shortest and longest time between two events, in milliseconds.
const APART: (u64, u64) = (2000, 9000);

impl Plan {
    /// The plan of a seed for an organisation with agents on these servers.
    pub fn of(seed: u64, servers: &[String]) -> Self {
        let mut dice = Dice(seed);
        let mut what = Vec::new();
        // Each is killed once at least.
        let mut all = std::iter::once(Part::Operator).chain(servers.iter().cloned().map(Part::Agent));
        for _ in 0..KILLS {
            let part = all.next().unwrap_or_else(|| dice.part(servers));
            // Half of them are back at once, as a supervisor would have it.
            let down = if dice.below(2) == 0 { Duration::ZERO } else { dice.between(1000, 8000) };
            what.push(Disturbance::Kill { part, down });
        }
        for _ in 0..API_SERVER_RESTARTS {
            what.push(Disturbance::ApiServer { down: dice.between(0, 8000) });
        }
        for fault in GraphFault::ALL {
            what.push(Disturbance::Graph { fault, length: dice.between(2000, 9000) });
        }
        for part in [Part::Operator, dice.part(servers)] {
            what.push(Disturbance::Halt { part, length: dice.between(3000, 20_000), while_stopped: false });
        }
        dice.shuffle(&mut what);
        // Who is halted once a scheduler is off waits for that, so it must come early.
        for (at, server) in servers.iter().enumerate() {
            let part = Part::Agent(server.clone());
            let halt = Disturbance::Halt { part, length: dice.between(3000, 15_000), while_stopped: true };
            what.insert((at * 5).min(what.len()), halt);
        }
        let events = what.into_iter().map(|what| Event { after: dice.between(APART.0, APART.1), what });
        Self { events: events.collect() }
    }
}

impl GraphFault {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Throttled, Self::Unavailable, Self::Lost, Self::Cut, Self::AnswerLost];
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("the operator"),
            Self::Agent(server) => write!(f, "the agent of {server}"),
        }
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill { part, down: Duration::ZERO } => {
                write!(f, "SIGKILL for {part}, started again at once")
            }
            Self::Kill { part, down } => write!(f, "SIGKILL for {part}, down for {}", seconds(*down)),
            Self::Halt { part, length, .. } => write!(f, "{part} is cut off for {}", seconds(*length)),
            Self::ApiServer { down } => write!(f, "the API server is killed, down for {}", seconds(*down)),
            Self::Graph { fault, length } => {
                let how = match fault {
                    GraphFault::Throttled => "answers 429 to everything",
                    GraphFault::Unavailable => "answers 503 to everything",
                    GraphFault::Lost => "loses every second request",
                    GraphFault::Cut => "carries every third request out and breaks the connection",
                    GraphFault::AnswerLost => "carries every third request out and answers 504",
                };
                write!(f, "Graph {how}, for {}", seconds(*length))
            }
        }
    }
}

fn seconds(length: Duration) -> String {
    format!("{:.1} s", length.as_secs_f64())
}

/// `SplitMix64`: its numbers are those of its seed on every machine and with every release of a library.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// In milliseconds, the first included.
    fn between(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to.saturating_sub(from)))
    }

    /// The operator as often as all agents together.
    fn part(&mut self, servers: &[String]) -> Part {
        let at = self.below(2 * servers.len() as u64);
        let server = usize::try_from(at).ok().and_then(|at| servers.get(at));
        server.map_or(Part::Operator, |server| Part::Agent(server.clone()))
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).unwrap_or(last);
            all.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers() -> Vec<String> {
        ["sync01", "sync02"].map(str::to_owned).to_vec()
    }

    #[test]
    fn the_same_seed_gives_the_same_plan_and_another_one_another() {
        let plan = Plan::of(7, &servers());
        assert_eq!(plan, Plan::of(7, &servers()));
        assert_ne!(plan, Plan::of(8, &servers()));
    }

    #[test]
    fn every_plan_has_all_that_was_promised() {
        for seed in 0..200 {
            let plan = Plan::of(seed, &servers());
            let count =
                |of: fn(&Disturbance) -> bool| plan.events.iter().filter(|event| of(&event.what)).count();
            assert_eq!(count(|what| matches!(what, Disturbance::Kill { .. })), KILLS);
            assert_eq!(count(|what| matches!(what, Disturbance::ApiServer { .. })), API_SERVER_RESTARTS);
            assert_eq!(count(|what| matches!(what, Disturbance::Graph { .. })), GraphFault::ALL.len());
            let stopped = |what: &Disturbance| matches!(what, Disturbance::Halt { while_stopped: true, .. });
            assert_eq!(count(stopped), servers().len());
            let apart =
                |event: &Event| (u128::from(APART.0)..u128::from(APART.1)).contains(&event.after.as_millis());
            assert!(plan.events.iter().all(apart), "{plan:#?}");
            for part in [Part::Operator, Part::Agent("sync01".to_owned()), Part::Agent("sync02".to_owned())] {
                let killed =
                    |event: &Event| matches!(&event.what, Disturbance::Kill { part: of, .. } if *of == part);
                assert!(plan.events.iter().any(killed), "seed {seed} never kills {part}");
            }
        }
    }
}
