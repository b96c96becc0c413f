//! The agent on a sync server: carries out the operator's fenced commands, one at a time, and reports what it sees.
//!
//! Logic is kept apart from network, clock and disk behind the traits of [`world::World`]: in production it talks to the ADSync host
//! process and to a Kubernetes API server, in a simulation to models of both on a virtual clock. [`agent::Agent::step`] is one turn
//! of it. Killed at any point, it finds out from its journal and from the engine what has happened, and carries on.

pub mod agent;
pub mod backoff;
pub mod chunks;
pub mod clock;
pub mod cluster;
pub mod commands;
pub mod directory;
pub mod guard;
pub mod heartbeat;
pub mod host;
pub mod inventory;
pub mod journal;
pub mod journal_file;
pub mod kube_cluster;
pub mod listing;
pub mod observe;
pub mod pending;
pub mod process_host;
pub mod resume;
pub mod rule_change;
pub mod rules;
pub mod runs;
pub mod scratch;
pub mod service;
pub mod space;
pub mod token;
pub mod watch;
pub mod world;

#[cfg(test)]
mod model;

/// Version of the agent.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
