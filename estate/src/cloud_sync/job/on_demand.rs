//! On-demand provisioning: a real write that does not ask for the scope.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::log::ProvisioningLogEntry;
use super::cycle::Tick;
use super::scope::Standing;
use super::{Job, Surroundings};
use crate::directory::DirectoryObject;
use crate::dn::DistinguishedName;
use crate::modes::OnDemandOutside;
use crate::world::World;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnDemandResult {
    /// `Success`, `Skipped` or `Failure` with the log entry that was written; none if nothing had to be written.
    pub entry: Option<ProvisioningLogEntry>,
    /// The source object, if it was found.
    pub source: Option<DirectoryObject>,
    /// Object id in the tenant.
    pub target: Option<Uuid>,
    /// Why nothing was done.
    pub skipped: Option<String>,
}

impl Job {
    /// Provisions one object and the members named with it.
    pub(in super::super) fn provision_on_demand(
        &mut self,
        around: &Surroundings,
        subject: &DistinguishedName,
        members: &[DistinguishedName],
        world: &mut World,
        log: &mut Vec<ProvisioningLogEntry>,
        now: Timestamp,
    ) -> OnDemandResult {
        let skipped = |source: Option<DirectoryObject>, reason: &str| OnDemandResult {
            entry: None,
            source,
            target: None,
            skipped: Some(reason.to_owned()),
        };
        if !around.agent_runs {
            return skipped(None, "HybridIdentityServiceNoActiveAgents");
        }
        let Some(object) = world.directory.by_dn(subject).cloned() else {
            return skipped(None, "the object was not found in the source");
        };
        if !world.directory.is_readable(&object) {
            return skipped(None, "the object was not found in the source");
        }
        if object.is_critical() {
            return skipped(Some(object), "critical system objects are not provisioned");
        }
        if self.work.scope.is_none() {
            self.take_scope(world, now);
        }
        let domain = DistinguishedName::of_domain(&around.domain);
        let cycle = world.identifiers.next_id();
        let before = log.len();
        let mut tick = Tick::new(world, log, now, cycle, domain);
        let members: Vec<Uuid> = members
            .iter()
            .filter_map(|dn| tick.world.directory.by_dn(dn))
            .map(|member| member.guid)
            .collect();
        let mut outside = Vec::new();
        for source in members.into_iter().chain([object.guid]) {
            let standing = self
                .work
                .scope
                .as_ref()
                .map(|scope| scope.standing(&tick.world.directory, &tick.domain, source));
            let since = if let Some(Standing::InScope(since)) = standing {
                Some(since)
            } else {
                outside.push(source);
                None
            };
            self.export(source, since, &mut tick);
            self.work.open_references.insert(source);
        }
        self.resolve_references(&mut tick);
        let target = self.work.known.get(&object.guid).and_then(|known| known.target);
        // Whether the job keeps what its scope leaves out is unsettled: the write happened all the same.
        if tick.world.modes.on_demand_outside == OnDemandOutside::Forgotten {
            for source in outside {
                self.forget(source, &mut tick);
            }
        }
        let entry =
            log.get(before..).into_iter().flatten().rev().find(|entry| entry.source == object.guid).cloned();
        OnDemandResult { entry, source: Some(object), target, skipped: None }
    }
}
