//! Everything the agent's logic touches outside itself, bundled so that one type parameter names it all.

use std::time::Duration;

use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::host::{AdsyncHost, Calls};
use crate::journal::{Journal, JournalStore};
use crate::scratch::Scratch;
use crate::watch::Watching;

/// The outside of one agent: real in production, simulated in tests.
pub trait World: Send + 'static {
    /// The ADSync host.
    type Host: AdsyncHost;
    /// The Kubernetes cluster.
    type Cluster: Cluster;
    /// Where the journal is kept.
    type Store: JournalStore;
    /// The clock.
    type Clock: Clock;
    /// Where exported configurations are written to.
    type Scratch: Scratch;
}

/// How patient the agent is. Durations are as the engine experiences them.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Between two looks at something that is being waited for; never longer than a heartbeat.
    pub poll: Duration,
    /// Between two readings that must agree, and until the engine has taken note of a switch.
    pub second_look: Duration,
    /// From the end of a command to the reading of the inventory: the next command goes first.
    pub inventory_grace: Duration,
    /// How long a command goes on when host or cluster fail at every try.
    pub patience: Duration,
    /// How old a reported value may grow that changes by itself all the time.
    pub volatile_age: Duration,
    /// Longest stop that is accepted.
    pub longest_stop: Duration,
    /// Tries of import and synchronization before the scheduler is judged by what is known.
    pub resume_attempts: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(2),
            second_look: Duration::from_secs(1),
            inventory_grace: Duration::from_secs(2),
            patience: Duration::from_mins(15),
            volatile_age: Duration::from_mins(15),
            longest_stop: Duration::from_hours(24),
            resume_attempts: 3,
        }
    }
}

/// What a command gets to work with.
#[derive(Debug)]
pub struct Context<'a, W: World> {
    /// The ADSync host.
    pub host: &'a mut W::Host,
    /// The cluster.
    pub cluster: &'a W::Cluster,
    /// The journal.
    pub journal: &'a mut Journal<W::Store>,
    /// The clock.
    pub clock: &'a W::Clock,
    /// Where exported configurations go.
    pub scratch: &'a mut W::Scratch,
    /// Patience.
    pub settings: &'a Settings,
    /// What is looked at again with every inventory.
    pub watching: &'a mut Watching,
}

impl<W: World> Context<'_, W> {
    /// Typed calls on the host.
    pub fn host(&mut self) -> Calls<'_, W::Host> {
        Calls(self.host)
    }

    /// The present instant.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }
}
