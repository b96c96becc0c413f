//! A simulated Microsoft side for tests, demo and benches: directory, sync servers, Entra tenant, Cloud Sync, and the judge.
//!
//! The whole estate is one synchronous, deterministic state machine on an injected clock ([`estate::Estate`]); only
//! [`serve`], [`host_bridge`] and the binary do IO (HTTP, TCP, standard streams). It shares no belief with the product: of this workspace it knows the protocol
//! and rule types of `adsync` and nothing else, so that its audit log can judge what the product did.

pub mod admin;
pub mod adsync_engine;
pub mod audit;
pub mod clock;
pub mod cloud_sync;
pub mod directory;
pub mod dn;
pub mod engine;
pub mod estate;
pub mod expression;
pub mod faults;
pub mod graph;
pub mod host_bridge;
pub mod host_faults;
pub mod modes;
pub mod password_writeback;
pub mod people;
pub mod population;
pub mod scenario;
pub mod serve;
pub mod tenant;
pub mod value;
pub mod world;

pub use crate::engine::{SyncEngine, Writer};
pub use crate::estate::Estate;
pub use crate::world::World;
