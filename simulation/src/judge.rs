//! The judge of a run: the invariants of design section 6, from the estate's audit log, the estate itself and the objects in the store,
//! never from what the operator believes. No IO.

mod blame;
mod cluster;
mod deeds;
mod ending;
mod estate_log;
mod home;
mod scheduler;

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

pub use blame::Blames;
pub use deeds::Background;
pub use ending::{End, Standing};
pub use scheduler::Holder;

use crate::setting::Setting;
use crate::trace::Trace;

/// What must never happen: the invariants by their numbers, and what only a simulation sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "S1 to S12 are defined in the safety section of the design")]
pub enum Invariant {
    S1,
    S2,
    S3,
    S4,
    S5,
    S6,
    S7,
    S8,
    S9,
    S10,
    S11,
    S12,
    /// A part of the product panicked.
    Panic,
    /// A plan broke the planner's own review.
    Review,
    /// The simulation itself is at fault.
    Simulation,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Something that must not have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which invariant.
    pub invariant: Invariant,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.invariant, self.at, self.what)
    }
}

/// Watches one run.
#[derive(Debug)]
pub struct Judge {
    trace: Trace,
    failures: Vec<Failure>,
    /// What happened that people or faults caused by themselves.
    excused: Vec<String>,
    told: BTreeSet<String>,
    /// What people and faults can have caused.
    pub blames: Blames,
    log: estate_log::Log,
    scheduler: scheduler::Watch,
    cluster: cluster::Watch,
    start: home::Start,
}

impl Judge {
    /// A judge who has seen nothing yet.
    pub fn new(setting: &Setting, trace: Trace) -> Self {
        Self {
            trace,
            failures: Vec::new(),
            excused: Vec::new(),
            told: BTreeSet::new(),
            blames: Blames::default(),
            log: estate_log::Log::new(setting),
            scheduler: scheduler::Watch::default(),
            cluster: cluster::Watch::new(setting),
            start: home::Start::default(),
        }
    }

    /// What must not have happened, in order.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// What people or faults caused by themselves.
    pub fn excused(&self) -> &[String] {
        &self.excused
    }

    /// Notes a failure, each once.
    pub fn fail(&mut self, invariant: Invariant, at: Timestamp, what: impl Into<String>) {
        let failure = Failure { invariant, at, what: what.into() };
        if self.told.insert(failure.to_string()) {
            self.trace.tell("judge", &failure);
            self.failures.push(failure);
        }
    }

    fn excuse(&mut self, what: String) {
        if self.told.insert(what.clone()) {
            self.trace.tell("judge", format_args!("excused: {what}"));
            self.excused.push(what);
        }
    }
}
