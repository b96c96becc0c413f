//! References: resolved at the end of a cycle, by what the job knows.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::super::log::{ProvisioningAction, ProvisioningStatus};
use super::Job;
use super::cycle::Tick;
use crate::directory::LinkAttribute;
use crate::modes::UnknownMembers;
use crate::tenant::{AttributeChange, ValueChange};
use crate::value::{AttributeName, Value, same_values};

impl Job {
    /// Writes the references of every object that waits for it.
    pub(super) fn resolve_references(&mut self, tick: &mut Tick<'_>) {
        let open = std::mem::take(&mut self.work.open_references);
        for source in open {
            let changes = self.reference_changes(source, tick);
            if self.waits_for_another_domain(source, tick) {
                self.work.open_references.insert(source);
            }
            if changes.is_empty() {
                continue;
            }
            tick.reference_deltas += 1;
            let Some(anchor) = self.work.known.get(&source).map(|known| known.anchor.clone()) else {
                continue;
            };
            let Some(object) = tick.world.directory.alive(source).cloned() else { continue };
            match self.change(source, &anchor, changes, tick) {
                Ok(receipt) => {
                    tick.exported += 1;
                    self.note(
                        tick,
                        &object,
                        ProvisioningAction::Update,
                        ProvisioningStatus::Success,
                        Some(&receipt),
                    );
                    self.remember(source, &receipt);
                }
                Err((code, reason)) => {
                    tick.escrowed += 1;
                    let status = ProvisioningStatus::Failure { code, reason };
                    self.note(tick, &object, ProvisioningAction::Update, status, None);
                    self.work.open_references.insert(source);
                }
            }
        }
    }

    fn reference_changes(&self, source: Uuid, tick: &Tick<'_>) -> Vec<AttributeChange> {
        let found = self.work.known.get(&source).filter(|known| known.target.is_some());
        let (Some(known), Some(object)) = (found, tick.world.directory.alive(source)) else {
            return Vec::new();
        };
        let Some(mapping) = self.work.scope.as_ref().and_then(|scope| scope.mapping(object)) else {
            return Vec::new();
        };
        let mut changes = Vec::new();
        for (name, targets) in mapping.apply(object).references {
            let held = known.target.and_then(|id| tick.world.tenant.get(id));
            let before = held.map_or(&[][..], |object| object.attributes.all(name.as_str()));
            let Some(wanted) = self.wanted(&name, &targets, before, tick) else { continue };
            // Compared with what was exported last, not with the tenant: a change made behind the job's back stays
            // unnoticed. On first sight there is only the tenant.
            let reference = known.exported.get(&name).map_or(before, Vec::as_slice);
            if !same_values(reference, &wanted) {
                changes.push(AttributeChange { name, change: ValueChange::Replace(wanted) });
            }
        }
        changes
    }

    /// The values to write; none = leave the attribute alone.
    fn wanted(
        &self,
        name: &AttributeName,
        targets: &[Uuid],
        before: &[Value],
        tick: &Tick<'_>,
    ) -> Option<Vec<Value>> {
        let resolved = |id: &Uuid| self.resolve(*id, tick);
        let mut wanted: Vec<Value> = targets.iter().filter_map(resolved).map(Value::Reference).collect();
        let missing = targets.iter().any(|id| resolved(id).is_none());
        if tick.world.modes.unknown_members == UnknownMembers::Dropped {
            return Some(wanted);
        }
        if name.is("manager") {
            return (!missing).then_some(wanted);
        }
        // Members of the cloud group that the job does not know stay as they are.
        let own: BTreeSet<Uuid> = self.work.known.values().filter_map(|known| known.target).collect();
        for value in before {
            let unknown = value.as_reference().is_some_and(|id| !own.contains(&id) && !elsewhere(id, tick));
            if unknown && !wanted.contains(value) {
                wanted.push(value.clone());
            }
        }
        Some(wanted)
    }

    /// The object of the tenant that stands for the target of a reference, as far as the job knows.
    fn resolve(&self, target: Uuid, tick: &Tick<'_>) -> Option<Uuid> {
        if let Some(known) = self.work.known.get(&target) {
            return known.target;
        }
        is_foreign(target, tick).then(|| tick.world.counterpart(target)).flatten()
    }

    /// Whether an object refers to one of another domain that is not in the tenant yet: looked at again at every tick.
    fn waits_for_another_domain(&self, source: Uuid, tick: &Tick<'_>) -> bool {
        let Some(object) =
            tick.world.directory.alive(source).filter(|_| self.work.known.contains_key(&source))
        else {
            return false;
        };
        let links = [LinkAttribute::Member, LinkAttribute::Manager];
        let mut targets = links
            .iter()
            .flat_map(|link| object.attributes.all(link.as_str()))
            .filter_map(Value::as_reference);
        targets.any(|target| is_foreign(target, tick) && tick.world.counterpart(target).is_none())
    }
}

/// Whether a directory object lies in another domain and references to it are resolved all the same.
fn is_foreign(target: Uuid, tick: &Tick<'_>) -> bool {
    tick.world.agent_versions.resolve_across_domains(&tick.world.modes)
        && tick.world.directory.alive(target).is_some_and(|object| !object.dn.same_domain(&tick.domain))
}

/// Whether an object of the tenant stands for a directory object of another domain that the job can resolve.
fn elsewhere(id: Uuid, tick: &Tick<'_>) -> bool {
    tick.world.tenant.get(id).and_then(|object| object.source).is_some_and(|source| is_foreign(source, tick))
}
