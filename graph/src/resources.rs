//! The Graph objects that this crate names, by area. Data only, no IO.
//!
//! Every property is a [`Field`](crate::value::Field) and what is not named is kept in `extra`: an object that was
//! read is written back as equal JSON.

pub mod agents;
pub mod applications;
pub mod audit;
pub mod batch;
pub mod collection;
pub mod directory;
pub mod errors;
pub mod jobs;
pub mod mappings;
pub mod on_demand;
pub mod organization;
pub mod secrets;
pub mod templates;
pub mod token;

use crate::value::ids;

ids! {
    /// A tenant, which is also the id of its organization object.
    TenantId,
    /// The object id of a service principal: the handle of every synchronization call.
    ServicePrincipalId,
    /// The object id of an application (not its client id).
    ApplicationObjectId,
    /// A gallery application that service principals are made from.
    ApplicationTemplateId,
    /// A template that a synchronization job is made from, such as `AD2AADProvisioning`.
    JobTemplateId,
    /// A synchronization job. Opaque; contains dots.
    JobId,
    /// A rule of a job's schema.
    RuleId,
    /// A directory in a job's schema.
    DirectoryDefinitionId,
    /// A user, group, contact or device.
    DirectoryObjectId,
    /// A provisioning agent.
    AgentId,
    /// A group of provisioning agents.
    AgentGroupId,
    /// A published resource: for provisioning, an Active Directory domain.
    PublishedResourceId,
}

/// Gallery application "Active Directory to Entra ID provisioning": users, groups, contacts, and password hashes.
///
/// Source: Microsoft, "How to programmatically configure cloud sync using Microsoft Graph".
pub const CLOUD_SYNC_TEMPLATE: &str = "1a4721b3-e57f-4451-ae87-ef078703ec94";

/// Job template for users, groups and contacts from Active Directory. Source: the same page.
pub const AD_TO_ENTRA_JOB: &str = "AD2AADProvisioning";

/// Job template for password hashes from Active Directory. Source: the same page.
pub const AD_PASSWORD_HASH_JOB: &str = "AD2AADPasswordHash";

#[cfg(test)]
mod tests;
