//! A process of the product as the simulation runs it: how long its requests are under way, and where it dies. No IO.
//!
//! Everything a process does outside itself goes through [`Process::there`] and [`Process::back`]. What it asked for happens between
//! the two, at one instant; a process that dies before it never asked, one that dies behind it never learns the answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::VirtualClock;
use crate::random::SharedRandom;
use crate::trace::Trace;

/// Which way a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Road {
    /// To the API server.
    Kubernetes,
    /// To Microsoft Graph.
    Graph,
    /// To the ADSync host beside the agent.
    Host,
}

impl Road {
    /// Shortest and longest time of one way on a good day, in milliseconds.
    fn milliseconds(self) -> (u64, u64) {
        match self {
            Self::Kubernetes => (1, 20),
            Self::Graph => (20, 400),
            Self::Host => (5, 150),
        }
    }
}

/// Roads that are closed just now, by process; shared by all processes.
#[derive(Debug, Clone, Default)]
pub struct Weather(Arc<Mutex<BTreeMap<(String, Road), bool>>>);

impl Weather {
    /// Closes or opens a road of a process.
    pub fn set(&self, process: &str, road: Road, closed: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((process.to_owned(), road), closed);
    }

    /// Whether a road of a process is closed.
    pub fn is_closed(&self, process: &str, road: Road) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(process.to_owned(), road)).copied().unwrap_or(false)
    }
}

/// What a process said that must never be said, until the judge hears it.
#[derive(Debug, Clone, Default)]
pub struct Alarms(Arc<Mutex<Vec<String>>>);

impl Alarms {
    /// Says it.
    pub fn raise(&self, what: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// Takes what was said, oldest first.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The road is closed: a request did not arrive, or its answer did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// What every process of a run shares.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The clock.
    pub clock: VirtualClock,
    /// Draws how long requests take.
    pub random: SharedRandom,
    /// Closed roads.
    pub weather: Weather,
    /// What must never be said.
    pub alarms: Alarms,
    /// What happens.
    pub trace: Trace,
    /// Everything takes so many times as long as on a good day.
    pub slowness: u32,
}

/// A process; clones are the same one.
#[derive(Debug, Clone)]
pub struct Process {
    name: Arc<str>,
    around: Surroundings,
    life: Arc<Mutex<Life>>,
}

#[derive(Debug, Default)]
struct Life {
    dead: bool,
    /// So many more requests until it dies.
    left: Option<u32>,
}

impl Process {
    /// A process that has just started.
    pub fn new(name: &str, around: Surroundings) -> Self {
        Self { name: name.into(), around, life: Arc::default() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it shares with others.
    pub fn around(&self) -> &Surroundings {
        &self.around
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it died.
    pub fn is_dead(&self) -> bool {
        self.life().dead
    }

    /// It dies right behind so many more things that leave a trace outside it.
    pub fn dies_after(&self, points: u32) {
        self.life().left = Some(points.max(1));
    }

    /// Something left a trace outside; true when the process is dead from here on.
    pub fn point(&self) -> bool {
        let mut life = self.life();
        if let Some(left) = &mut life.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                life.left = None;
                life.dead = true;
            }
        }
        life.dead
    }

    /// A request is under way.
    ///
    /// # Errors
    /// [`Closed`] when it does not arrive.
    pub async fn there(&self, road: Road) -> Result<(), Closed> {
        self.way(road).await
    }

    /// What was asked for has been done; its answer is under way. Never returns in a process that dies here.
    ///
    /// # Errors
    /// [`Closed`] when it does not arrive.
    pub async fn back(&self, road: Road) -> Result<(), Closed> {
        if self.point() {
            self.around.trace.tell(&self.name, "is killed");
            std::future::pending::<()>().await;
        }
        self.way(road).await
    }

    async fn way(&self, road: Road) -> Result<(), Closed> {
        let (shortest, longest) = road.milliseconds();
        let slow = u64::from(self.around.slowness);
        let (shortest, longest) =
            (Duration::from_millis(shortest * slow), Duration::from_millis(longest * slow));
        let length = self.around.random.draw(|random| random.length(shortest, longest));
        self.around.clock.pass(length).await;
        if self.around.weather.is_closed(&self.name, road) { Err(Closed) } else { Ok(()) }
    }
}

/// Rings when somebody has to look again.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Mutex<Rung>>);

#[derive(Debug, Default)]
struct Rung {
    rung: bool,
    waker: Option<std::task::Waker>,
}

impl Bell {
    /// Rings; whoever listens next is ready at once.
    pub fn ring(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.rung = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// Ready when it was rung.
    pub async fn heard(&self) {
        std::future::poll_fn(|context| {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::take(&mut state.rung) {
                return std::task::Poll::Ready(());
            }
            state.waker = Some(context.waker().clone());
            std::task::Poll::Pending
        })
        .await;
    }
}

/// Waits for a bell, but no longer than a length of virtual time.
pub async fn pause(clock: &VirtualClock, length: Duration, bell: &Bell) {
    let heard = std::pin::pin!(bell.heard());
    let passed = std::pin::pin!(clock.pass(length));
    futures::future::select(heard, passed).await;
}
