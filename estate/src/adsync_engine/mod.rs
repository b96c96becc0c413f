//! The ADSync engine of one sync server: Entra Connect Sync as its documentation describes it, on a simulated clock.
//!
//! Synchronous and deterministic; the only IO is writing an exported configuration when asked to. Each server has its own
//! database and its own rules. Import, synchronization and export are runs that take simulated time:
//!
//! ```text
//! directory ──import──▶ connector space ──synchronize──▶ metaverse ──▶ connector space ──export──▶ tenant
//!                                                                  └─▶ connector space ──export──▶ directory ("Out to AD")
//! ```

mod accidents;
mod anchor_name;
mod containers;
mod core;
mod export;
mod facts;
mod history;
mod host;
mod host_directory;
mod host_objects;
mod import;
mod judge;
mod metaverse;
mod password_hash;
mod record;
mod rules;
mod run;
mod schedule;
mod server;
mod space;
mod symbol;
mod sync_engine;
mod synchronize;
#[cfg(test)]
mod tests;

pub use facts::HostFacts;
pub use rules::FlowError;
pub use server::{SyncServer, UpgradeRefused};
