//! The API of the operator: group `hybrididentity.dev`, version `v1alpha1`.
//!
//! Types, bounds, validation rules (CEL) and the constants that appear in conditions. No client, no clock, no decisions. The
//! YAML in `crds/yaml` is generated from here by `crdgen`; [`finish::all`] is what it writes and what tests install.

#![expect(
    clippy::duplicated_attributes,
    reason = "printer columns of one type are separate `printcolumn` entries of the derive"
)]

pub mod conditions;
pub mod configuration_snapshot;
pub mod entra_tenant;
pub mod finish;
pub mod migration;
pub mod migration_decision;
pub mod primitive;
pub mod revision;
pub mod sync_agent;
pub mod sync_agent_report;
pub mod sync_server;
pub mod sync_topology;

pub use configuration_snapshot::ConfigurationSnapshot;
pub use entra_tenant::EntraTenant;
pub use migration::Migration;
pub use migration_decision::MigrationDecision;
pub use primitive::{ContentDigest, DateText, DistinguishedName, DurationText, Epoch, ObjectName};
pub use sync_agent::SyncAgent;
pub use sync_agent_report::SyncAgentReport;
pub use sync_server::SyncServer;
pub use sync_topology::SyncTopology;

/// API group of every kind in this crate.
pub const GROUP: &str = "hybrididentity.dev";

/// The one served version.
pub const VERSION: &str = "v1alpha1";
