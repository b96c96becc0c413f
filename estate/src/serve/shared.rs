//! The state behind the servers, and word of its progress. No IO.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::clock::ClockSource;
use crate::clock::later;
use crate::estate::Estate;
use crate::graph::Graph;

/// The estate and the Graph in front of it.
#[derive(Debug)]
pub struct Running {
    /// The estate.
    pub estate: Estate,
    /// Its Graph.
    pub graph: Graph,
}

/// The running estate, for every server and for the process that embeds it.
#[derive(Debug, Clone)]
pub struct Shared {
    running: Arc<Mutex<Running>>,
    clock: ClockSource,
    progress: Arc<watch::Sender<Timestamp>>,
}

impl Shared {
    pub(super) fn new(running: Running, clock: ClockSource) -> Self {
        let progress = Arc::new(watch::Sender::new(running.estate.now()));
        Self { running: Arc::new(Mutex::new(running)), clock, progress }
    }

    /// Looks at the state or changes it. Nothing else happens meanwhile: keep it short.
    pub fn with<T>(&self, act: impl FnOnce(&mut Running) -> T) -> T {
        // A panic in another request leaves a consistent enough state for a simulator; the panic itself is reported.
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut running)
    }

    /// Which clock drives the estate.
    pub fn clock(&self) -> ClockSource {
        self.clock
    }

    /// Moves the estate to an instant and tells who waits for it. Going back does nothing.
    pub fn advance_to(&self, to: Timestamp) {
        let now = self.with(|running| {
            running.estate.advance(to);
            running.estate.now()
        });
        self.progress.send_replace(now);
    }

    /// Moves the estate by a duration.
    pub fn advance(&self, by: SignedDuration) {
        let now = self.with(|running| running.estate.now());
        self.advance_to(later(now, by));
    }

    /// Changes each time the estate has moved on.
    pub fn progress(&self) -> watch::Receiver<Timestamp> {
        self.progress.subscribe()
    }
}
