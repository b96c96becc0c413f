//! A small model of a sync server, a cluster and a crash, for tests: honest enough to fail.
//!
//! Time stands still unless a test turns it; nothing here waits, so a future that is not ready has been killed.

pub(crate) mod answer;
pub(crate) mod crash;
pub(crate) mod engine;
pub(crate) mod export;
pub(crate) mod kubernetes;
pub(crate) mod rig;

pub(crate) use crash::Crash;
pub(crate) use engine::{AD, Engine, SecondEngine};
pub(crate) use kubernetes::ModelCluster;
pub(crate) use rig::{Ended, Rig};
