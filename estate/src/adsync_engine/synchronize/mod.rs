//! Synchronization: from connector spaces through the metaverse to what an export would write. Pure; does no IO.
//!
//! Source: Microsoft, "Understanding Declarative Provisioning": scope, join, transform, precedence, in this order, inbound and
//! then outbound. A step runs in four passes, so that references find objects that the same step links:
//! links of the connector's objects, attributes of the metaverse objects concerned, metaverse objects that nothing holds any
//! more, and what all that means for every connector space.

mod difference;
mod inbound;
mod link;
mod no_flow;
mod outbound;

use std::collections::BTreeSet;

use adsync::protocol::RunCounters;
use uuid::Uuid;

use super::core::{Core, Surroundings};
use super::space::Staged;

/// Which objects a synchronization step looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Objects that an import has changed.
    Delta,
    /// All objects of the connector.
    Full,
}

/// What one step found out.
#[derive(Debug, Default)]
struct Step {
    counters: RunCounters,
    /// Metaverse objects to look at.
    affected: BTreeSet<Uuid>,
    /// Objects of the connector space, by how others refer to them, whose link is new or gone.
    relinked: BTreeSet<Uuid>,
    /// Linked objects that the step looked at, with their metaverse objects: they count as flow or no flow.
    linked: Vec<(Uuid, Uuid)>,
    /// Metaverse objects that changed, or for which an export is staged or withdrawn.
    changed: BTreeSet<Uuid>,
}

impl Core {
    /// Objects that a step would look at.
    pub(super) fn reach_of(&self, connector: Uuid, reach: Reach) -> Vec<Uuid> {
        let Some(space) = self.spaces.get(&connector) else { return Vec::new() };
        match reach {
            Reach::Full => space.ids(),
            Reach::Delta => space
                .iter()
                .filter(|object| object.staged != Staged::Nothing)
                .map(|object| object.id)
                .collect(),
        }
    }

    /// Runs one synchronization step.
    pub(super) fn synchronize(&mut self, connector: Uuid, reach: Reach, around: Surroundings) -> RunCounters {
        let mut step = Step::default();
        for id in self.reach_of(connector, reach) {
            self.link(connector, id, around, &mut step);
        }
        if reach == Reach::Delta {
            self.add_referrers(connector, &mut step);
        }
        let mut outbound = BTreeSet::new();
        // Removing an object adds those that refer to it; each object is removed once, so this ends.
        while let Some(id) = step.affected.pop_first() {
            if self.flow_in(id, around, &mut step) {
                outbound.insert(id);
            } else {
                outbound.remove(&id);
            }
        }
        self.flow_out_all(outbound, around, &mut step);
        for (object, metaverse) in &step.linked {
            let failed = self
                .spaces
                .get(&connector)
                .and_then(|space| space.get(*object))
                .is_some_and(|object| !object.errors.is_empty());
            step.counters.sync_errors += u64::from(failed);
            if step.changed.contains(metaverse) {
                step.counters.connector_flow += 1;
            } else {
                step.counters.connector_no_flow += 1;
            }
        }
        step.counters
    }

    /// Objects that refer to a newly linked or unlinked one get or lose a reference.
    fn add_referrers(&self, connector: Uuid, step: &mut Step) {
        if step.relinked.is_empty() {
            return;
        }
        let Some(space) = self.spaces.get(&connector) else { return };
        for object in space.iter() {
            let Some(metaverse) = object.metaverse else { continue };
            let refers = object.imported.iter().any(|(_, values)| {
                values
                    .iter()
                    .filter_map(crate::value::Value::as_reference)
                    .any(|target| step.relinked.contains(&target))
            });
            if refers {
                step.affected.insert(metaverse);
            }
        }
    }

    /// Outbound for each object, then for those that refer to an object whose link in a target space changed.
    fn flow_out_all(&mut self, first: BTreeSet<Uuid>, around: Surroundings, step: &mut Step) {
        let mut done = BTreeSet::new();
        let mut wave = first;
        // Two waves: links are made in the first, references follow in the second.
        for _ in 0..2 {
            let mut next = BTreeSet::new();
            for id in wave {
                let relinked = self.flow_out(id, around, step);
                done.insert(id);
                if relinked {
                    next.extend(self.metaverse.referrers(id));
                }
            }
            wave = next;
        }
    }
}
