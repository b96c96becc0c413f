//! The two logs that tell who changed what. No IO.

pub mod directory;
pub mod provisioning;

pub use directory::DirectoryAudit;
pub use provisioning::ProvisioningObjectSummary;
