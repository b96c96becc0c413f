//! Planner, operator, agents and estate in one process on a virtual clock: weeks run in seconds, and every interleaving can be replayed
//! from its seed. No network IO; files only where the estate's engine exports a configuration.
//!
//! The product's code runs unchanged. What touches network, clock or disk comes in through its narrow traits: [`operator::cluster::Cluster`],
//! [`agent::world::World`], [`graph::transport::Transport`] and [`graph::Clock`]. How to use it: `docs/simulation.md`.

pub mod agent_process;
pub mod clock;
pub mod cluster_side;
pub mod executor;
pub mod judge;
pub mod kubernetes;
pub mod microsoft;
pub mod operator_process;
pub mod people;
pub mod process;
pub mod random;
pub mod run;
pub mod setting;
pub mod store;
pub mod trace;
