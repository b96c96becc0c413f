//! Settings of the tenant that engines share or that guard it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who the tenant is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// Tenant id.
    pub id: Uuid,
    /// Display name.
    pub display_name: String,
    /// `contoso.onmicrosoft.com`.
    pub initial_domain: String,
    /// Verified domains besides the initial one.
    pub verified_domains: Vec<String>,
    /// `onPremisesSyncEnabled`: absent = never synchronized.
    pub sync_enabled: Option<bool>,
    /// `onPremisesLastSyncDateTime`.
    pub last_sync_at: Option<Timestamp>,
    /// `onPremisesLastPasswordSyncDateTime`.
    pub last_password_sync_at: Option<Timestamp>,
}

/// Connect's scheduler settings that live in the cloud and are shared by all servers, staging ones included.
/// Source: Microsoft, Entra Connect Sync staging server page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SharedScheduler {
    /// `SyncCycleEnabled`.
    pub sync_cycle_enabled: bool,
    /// `CustomizedSyncCycleInterval`.
    pub customized_interval: Option<SignedDuration>,
    /// `MaintenanceEnabled`.
    pub maintenance_enabled: bool,
}

/// Accidental deletion prevention of the tenant, read by Connect before an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "synchronizationPreventionType", content = "alertThreshold")]
pub enum DeletionPrevention {
    /// Off.
    Disabled,
    /// An export with more deletions than this stops.
    EnabledForCount(u32),
    /// An export that deletes more than this percentage stops.
    EnabledForPercentage(u32),
}

/// Everything about the tenant but its objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantSettings {
    /// Who it is.
    pub organization: Organization,
    /// Connect's shared scheduler.
    pub scheduler: SharedScheduler,
    /// The tenant's deletion guard. Default: 500 deletions.
    pub deletion_prevention: DeletionPrevention,
    /// `onPremisesDirectorySynchronization.features` by Graph's names; absent = null.
    pub features: BTreeMap<String, bool>,
    /// Agents of pass-through authentication.
    #[serde(default)]
    pub pass_through_agents: Vec<PassThroughAgent>,
}

/// An agent of pass-through authentication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PassThroughAgent {
    /// Host it runs on.
    pub machine_name: String,
    /// Whether it answers.
    pub active: bool,
}

impl TenantSettings {
    /// A feature that is on.
    pub fn has(&self, feature: &str) -> bool {
        self.features.get(feature).copied().unwrap_or(false)
    }
}

/// Names of all features. Source: Microsoft Graph, onPremisesDirectorySynchronizationFeature.
pub const FEATURES: [&str; 20] = [
    "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled",
    "blockCloudObjectTakeoverThroughHardMatchEnabled",
    "blockSoftMatchEnabled",
    "bypassDirSyncOverridesEnabled",
    "cloudPasswordPolicyForPasswordSyncedUsersEnabled",
    "concurrentCredentialUpdateEnabled",
    "concurrentOrgIdProvisioningEnabled",
    "deviceWritebackEnabled",
    "directoryExtensionsEnabled",
    "fopeConflictResolutionEnabled",
    "groupWriteBackEnabled",
    "passwordSyncEnabled",
    "passwordWritebackEnabled",
    "quarantineUponProxyAddressesConflictEnabled",
    "quarantineUponUpnConflictEnabled",
    "softMatchOnUpnEnabled",
    "synchronizeUpnForManagedUsersEnabled",
    "unifiedGroupWritebackEnabled",
    "userForcePasswordChangeOnLogonEnabled",
    "userWritebackEnabled",
];
