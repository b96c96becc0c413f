//! The Entra tenant: objects, matching, deletion, change log. Pure.
//!
//! Nothing outside this crate's `world` module can write to it as an engine: [`Tenant::apply`] is visible to the crate
//! only, and `World::write` calls it and records what it did.
//!
//! Attribute names are the ones sync engines write: `userPrincipalName`, `displayName`, `givenName`, `surname`, `mail`,
//! `mailNickname`, `proxyAddresses`, `accountEnabled`, `department`, `jobTitle`, `manager`, `member`, `usageLocation`,
//! `onPremisesSamAccountName`, `onPremisesSecurityIdentifier` (binary), `onPremisesDistinguishedName`,
//! `onPremisesUserPrincipalName`, `onPremisesDomainName`, `extensionAttribute1` to `15`, and so on. Names of Graph
//! properties are the same but for `onPremisesImmutableId` ([`CloudObject::anchor`]). Connect's and cloud sync's own
//! names for target attributes are folded to these by [`canonical_attribute`].

mod canonical;
mod delta;
mod matching;
mod object;
mod portal;
mod read;
mod request;
mod settings;
#[cfg(test)]
mod tests;
mod write;

pub use canonical::{canonical_attribute, canonical_values};
pub use delta::{ChangeKind, Delta, DeltaChange, DeltaError};
pub use object::{CloudKind, CloudObject, CloudPassword, ProvisioningError};
pub use request::{
    AttributeChange, ObjectWrite, Outcome, Receipt, Refusal, ValueChange, WriteOperation, WrittenAttribute,
};
pub use settings::{
    DeletionPrevention, FEATURES, Organization, PassThroughAgent, SharedScheduler, TenantSettings,
};

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::Identifiers;

/// The tenant.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Everything but the objects. Changes of the shared scheduler go through `World::set_scheduler`.
    pub settings: TenantSettings,
    objects: BTreeMap<Uuid, CloudObject>,
    by_anchor: BTreeMap<String, Uuid>,
    /// Directory object → tenant object that was last written for it.
    by_source: BTreeMap<Uuid, Uuid>,
    /// Values that must be unique among live objects, folded: `upn:…`, `smtp:…` → holder.
    unique: BTreeMap<String, Uuid>,
    changes: Vec<delta::Logged>,
    identifiers: Identifiers,
}

impl Tenant {
    /// An empty tenant of that name (`contoso` → `contoso.onmicrosoft.com`), never synchronized.
    pub fn new(name: &str, verified_domains: &[&str], seed: u64) -> Self {
        let mut identifiers = Identifiers::new(seed ^ 0x7E4A_4E54);
        let id = identifiers.next_id();
        Self {
            settings: TenantSettings {
                organization: Organization {
                    id,
                    display_name: name.to_owned(),
                    initial_domain: format!("{name}.onmicrosoft.com"),
                    verified_domains: verified_domains.iter().map(|d| (*d).to_owned()).collect(),
                    sync_enabled: None,
                    last_sync_at: None,
                    last_password_sync_at: None,
                },
                scheduler: SharedScheduler {
                    sync_cycle_enabled: true,
                    customized_interval: None,
                    maintenance_enabled: true,
                },
                deletion_prevention: DeletionPrevention::EnabledForCount(500),
                pass_through_agents: Vec::new(),
                features: FEATURES
                    .iter()
                    .map(|name| {
                        ((*name).to_owned(), matches!(*name, "softMatchOnUpnEnabled" | "passwordSyncEnabled"))
                    })
                    .collect(),
            },
            objects: BTreeMap::new(),
            by_anchor: BTreeMap::new(),
            by_source: BTreeMap::new(),
            unique: BTreeMap::new(),
            changes: Vec::new(),
            identifiers,
        }
    }

    /// Purges soft-deleted users that were deleted at or before `deadline`. Gives what is gone for good, and the licences
    /// and cloud-only memberships that went with it.
    pub(crate) fn purge(&mut self, deadline: Timestamp, now: Timestamp) -> Vec<(CloudObject, Vec<String>)> {
        let due: Vec<Uuid> = self
            .objects
            .values()
            .filter(|object| object.deleted_at.is_some_and(|at| at <= deadline))
            .map(|object| object.id)
            .collect();
        due.into_iter().filter_map(|id| self.destroy(id, now)).collect()
    }

    /// When the earliest soft-deleted user was deleted.
    pub fn oldest_deletion(&self) -> Option<Timestamp> {
        self.objects.values().filter_map(|object| object.deleted_at).min()
    }
}
