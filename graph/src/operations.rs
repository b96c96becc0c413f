//! The calls, grouped by area: one type for each, made by [`GraphClient`](crate::GraphClient). No IO of their own.

mod agents;
mod applications;
mod audit_logs;
mod batch;
mod groups;
mod job;
mod job_schema;
mod service_principals;
mod synchronization;
mod tenant;
mod users;

pub use agents::ProvisioningAgents;
pub use applications::{ApplicationTemplates, Applications};
pub use audit_logs::{AuditLogs, ProvisioningLogQuery};
pub use groups::Groups;
pub use job::Job;
pub use job_schema::JobSchema;
pub use service_principals::{FoundBy, FoundServicePrincipals, ServicePrincipals};
pub use synchronization::Synchronization;
pub use tenant::{DirectorySynchronizations, Organizations};
pub use users::Users;

#[cfg(test)]
mod tests;
