//! Whether the operator is alive: every controller and every watch of it by its own signs, on the clock it is given. No IO.
//!
//! An API server or a cloud that does not answer is not a reason to restart: what fails and is tried again is alive. What counts as
//! dead is silence: a controller that has objects and looks at none, a reconciliation that never ends, a watch that neither brings
//! anything nor fails, a controller that ended.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use graph::Clock;
use jiff::{SignedDuration, Timestamp};

/// How long the wait for leadership may be silent.
const WAIT: SignedDuration = SignedDuration::from_mins(15);

/// How long things may be silent before they count as dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A controller that has objects, between two reconciliations.
    pub rest: SignedDuration,
    /// One reconciliation.
    pub work: SignedDuration,
    /// A watch, between two signs.
    pub watch: SignedDuration,
}

impl Limits {
    /// From how often every object is looked at, and how often every watch begins anew.
    pub fn of(resync: std::time::Duration, relist: std::time::Duration) -> Self {
        let times_three = |duration: std::time::Duration| {
            SignedDuration::try_from(duration.saturating_mul(3)).unwrap_or(SignedDuration::MAX)
        };
        Self {
            // Longer than the longest back-off of a failure, which is ten minutes.
            rest: times_three(resync).max(SignedDuration::from_mins(15)),
            // A first comparison of a large, throttled directory takes long and is no fault.
            work: SignedDuration::from_hours(2),
            watch: times_three(relist),
        }
    }
}

/// What the probes look at.
pub struct Health {
    clock: Arc<dyn Clock>,
    ready: AtomicBool,
    waiting: Mutex<Timestamp>,
    lanes: Mutex<Vec<Arc<Lane>>>,
}

impl Health {
    /// Not ready yet, alive now.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let now = clock.now();
        Self { clock, ready: AtomicBool::new(false), waiting: Mutex::new(now), lanes: Mutex::default() }
    }

    /// Every kind of ours is served by the API server, and the controllers run or wait for their turn to lead.
    pub fn is_ready(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }

    /// Whether the replica can take requests.
    pub fn ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// The wait for leadership gave a sign of life.
    pub fn sign(&self) {
        *lock(&self.waiting) = self.clock.now();
    }

    /// Takes a controller in, which from now on answers for itself.
    pub fn lane(&self, name: impl Into<String>, limits: Limits) -> Arc<Lane> {
        let lane = Arc::new(Lane {
            name: name.into(),
            clock: Arc::clone(&self.clock),
            limits,
            state: Mutex::new(State::new(self.clock.now())),
        });
        lock(&self.lanes).push(Arc::clone(&lane));
        lane
    }

    /// What is dead, in words that name it; empty while everything lives.
    pub fn problems(&self) -> Vec<String> {
        let now = self.clock.now();
        let lanes = lock(&self.lanes);
        if !lanes.is_empty() {
            return lanes.iter().flat_map(|lane| lane.problems(now)).collect();
        }
        let silent = now.duration_since(*lock(&self.waiting));
        if silent < WAIT {
            return Vec::new();
        }
        vec![format!("the wait for leadership has been silent for {} seconds", silent.as_secs())]
    }
}

/// The signs of life of one controller.
pub struct Lane {
    name: String,
    clock: Arc<dyn Clock>,
    limits: Limits,
    state: Mutex<State>,
}

struct State {
    /// When the last reconciliation ended, or the controller began.
    rested: Timestamp,
    /// How many objects there are, and since when there are any.
    objects: usize,
    occupied: Option<Timestamp>,
    /// Reconciliations under way, by a number of their own.
    running: BTreeMap<u64, Timestamp>,
    begun: u64,
    /// Watches by kind, with their last sign.
    watches: BTreeMap<&'static str, Timestamp>,
    ended: bool,
}

impl State {
    fn new(now: Timestamp) -> Self {
        Self {
            rested: now,
            objects: 0,
            occupied: None,
            running: BTreeMap::new(),
            begun: 0,
            watches: BTreeMap::new(),
            ended: false,
        }
    }
}

impl Lane {
    /// Its name, and the namespace it works in where that is one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A reconciliation begins; it ends when what is returned is dropped.
    pub fn begin(self: &Arc<Self>) -> Working {
        let now = self.clock.now();
        let mut state = lock(&self.state);
        state.begun += 1;
        let number = state.begun;
        state.running.insert(number, now);
        Working { lane: Arc::clone(self), number }
    }

    /// How many objects the controller has.
    pub fn has(&self, objects: usize) {
        let now = self.clock.now();
        let mut state = lock(&self.state);
        state.objects = objects;
        state.occupied = (objects > 0).then(|| state.occupied.unwrap_or(now));
    }

    /// A watch on a kind brought something, failed, or began.
    pub fn watched(&self, kind: &'static str) {
        let now = self.clock.now();
        lock(&self.state).watches.insert(kind, now);
    }

    /// The controller ended although nobody asked it to.
    pub fn ended(&self) {
        lock(&self.state).ended = true;
    }

    fn problems(&self, now: Timestamp) -> Vec<String> {
        let (state, name) = (lock(&self.state), &self.name);
        let mut found = Vec::new();
        if state.ended {
            found.push(format!("controller {name} has ended"));
        }
        match (state.running.values().min(), state.occupied) {
            (Some(begun), _) => {
                let working = now.duration_since(*begun);
                if working >= self.limits.work {
                    found.push(format!(
                        "controller {name} has been at one object for {} seconds",
                        working.as_secs()
                    ));
                }
            }
            (None, Some(occupied)) => {
                let silent = now.duration_since(state.rested.max(occupied));
                if silent >= self.limits.rest {
                    let (seconds, objects) = (silent.as_secs(), state.objects);
                    found.push(format!(
                        "controller {name} has looked at none of {objects} objects for {seconds} seconds"
                    ));
                }
            }
            (None, None) => {}
        }
        for (kind, last) in &state.watches {
            let silent = now.duration_since(*last);
            if silent >= self.limits.watch {
                let seconds = silent.as_secs();
                found.push(format!(
                    "controller {name}: the watch on {kind} has been silent for {seconds} seconds"
                ));
            }
        }
        found
    }
}

/// A reconciliation under way.
pub struct Working {
    lane: Arc<Lane>,
    number: u64,
}

impl Drop for Working {
    fn drop(&mut self) {
        let now = self.lane.clock.now();
        let mut state = lock(&self.lane.state);
        state.running.remove(&self.number);
        state.rested = now;
    }
}

/// What is kept is a handful of instants: a panic elsewhere leaves nothing half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
