//! What a metaverse object means for each connector space: provision, delete, join, and attributes to export. Pure; does no IO.

use adsync::protocol::{ConnectorKind, Modification};
use adsync::rule::{Direction, LinkType};
use uuid::Uuid;

use super::Step;
use super::difference::noted;
use crate::adsync_engine::core::{Core, Surroundings};
use crate::adsync_engine::record::Record;
use crate::adsync_engine::rules::{FlowError, RuleIndex, Sides};
use crate::adsync_engine::space::{Pending, SpaceObject};
use crate::adsync_engine::symbol::Symbol;
use crate::modes::NoFlowDelete;
use crate::value::Value;

/// Outbound rules in scope for one target object type, by precedence.
#[derive(Debug, Default)]
pub(in crate::adsync_engine) struct Reach {
    /// Rules whose flows take place.
    pub(super) flowing: Vec<RuleIndex>,
    /// The JoinNoFlow rule in scope with the highest precedence.
    pub(super) no_flow: Option<RuleIndex>,
    /// Rules that it silences: those of lower precedence.
    pub(super) silenced: Vec<RuleIndex>,
    /// A rule that links is in scope, silenced or not: without one nothing flows.
    links: bool,
    /// A rule that provisions is in scope, silenced or not.
    pub(in crate::adsync_engine) provisions: bool,
    /// A rule that provisions is in scope and not silenced.
    creates: bool,
}

impl Reach {
    /// All rules in scope, as if no-flow silenced none.
    pub(in crate::adsync_engine) fn all(&self) -> Vec<RuleIndex> {
        self.flowing.iter().chain(&self.silenced).copied().collect()
    }
}

impl Core {
    /// Looks at every connector space. True if a link was made or ended anywhere.
    pub(super) fn flow_out(&mut self, id: Uuid, around: Surroundings, step: &mut Step) -> bool {
        let connectors: Vec<Uuid> = self.spaces.keys().copied().collect();
        let mut errors = Vec::new();
        let mut relinked = false;
        for connector in connectors {
            relinked |= self.flow_out_to(connector, id, around, step, &mut errors);
        }
        if !errors.is_empty() {
            step.counters.flow_failure += u64::try_from(errors.len()).unwrap_or(u64::MAX);
            self.add_errors(id, errors);
        }
        relinked
    }

    fn flow_out_to(
        &mut self,
        connector: Uuid,
        id: Uuid,
        around: Surroundings,
        step: &mut Step,
        errors: &mut Vec<FlowError>,
    ) -> bool {
        let Some(metaverse) = self.metaverse.get(id) else { return false };
        let set = self.outbound_in_scope(connector, metaverse.object_type, &metaverse.attributes, around);
        let linked = metaverse.connectors.get(&connector).copied();
        let mut relinked = false;
        if let Some(object) = linked.and_then(|object| self.spaces.get(&connector)?.get(object)) {
            let (object_id, provisioned) = (object.id, object.provisioned);
            let mut reach = self.reach(&set, object.object_type);
            // Strictly a link of its own is needed here too; exports show writeback rules that rely on the inbound one.
            reach.links |=
                self.spaces.get(&connector).is_some_and(|space| space.kind == ConnectorKind::ActiveDirectory);
            if reach.links || reach.no_flow.is_some() {
                return self.stage(connector, id, object_id, &reach, around, step, errors);
            }
            if !provisioned {
                // Linked from the other side: what goes out needs a link of its own.
                self.change(connector, object_id, |object| object.outbound = None);
                return false;
            }
            self.deprovision(connector, object_id, id);
            step.changed.insert(id);
            relinked = true;
        }
        let Some(object_type) = self.target_type(&set) else { return relinked };
        let reach = self.reach(&set, object_type);
        if let Some(object) = self.join_outbound(connector, id, &set, object_type, around) {
            self.connect(connector, object, id);
            step.changed.insert(id);
            if reach.no_flow.is_some() {
                step.counters.disconnector_joined_no_flow += 1;
            } else {
                step.counters.disconnector_joined_flow += 1;
            }
            self.stage(connector, id, object, &reach, around, step, errors);
            return true;
        }
        if reach.creates {
            relinked |= self.provision(connector, id, object_type, &reach, around, step, errors);
        }
        relinked
    }

    /// Outbound rules in scope for a connector.
    pub(in crate::adsync_engine) fn outbound_in_scope(
        &self,
        connector: Uuid,
        object_type: Symbol,
        attributes: &Record,
        around: Surroundings,
    ) -> Vec<RuleIndex> {
        let subject = self.metaverse_subject(connector, attributes, around.now);
        self.rules.in_scope(Direction::Outbound, connector, object_type, &subject)
    }

    /// What rules in scope come to for one target object type.
    pub(in crate::adsync_engine) fn reach(&self, set: &[RuleIndex], object_type: Symbol) -> Reach {
        let mut reach = Reach::default();
        for index in set {
            let Some(rule) = self.rules.get(*index) else { continue };
            if rule.target_type.is_some_and(|wanted| wanted != object_type) {
                continue;
            }
            reach.links |= rule.links();
            reach.provisions |= rule.link == LinkType::Provision;
            match (rule.link, reach.no_flow) {
                (LinkType::JoinNoFlow, None) => reach.no_flow = Some(*index),
                (LinkType::JoinNoFlow, Some(_)) => {}
                (_, Some(_)) => reach.silenced.push(*index),
                (link, None) => {
                    reach.creates |= link == LinkType::Provision;
                    reach.flowing.push(*index);
                }
            }
        }
        reach
    }

    /// Type of the object that the rules in scope would link. JoinNoFlow rules do not say: there is one for each type, and
    /// all of them are in scope.
    pub(in crate::adsync_engine) fn target_type(&self, set: &[RuleIndex]) -> Option<Symbol> {
        let linking = set.iter().filter_map(|index| self.rules.get(*index)).find(|rule| rule.links())?;
        linking.target_type
    }

    /// An object of the space that exactly one join criterion leads to.
    fn join_outbound(
        &self,
        connector: Uuid,
        id: Uuid,
        set: &[RuleIndex],
        object_type: Symbol,
        around: Surroundings,
    ) -> Option<Uuid> {
        let metaverse = self.metaverse.get(id)?;
        let space = self.spaces.get(&connector)?;
        let subject = self.metaverse_subject(connector, &metaverse.attributes, around.now);
        let groups = set.iter().filter_map(|index| self.rules.get(*index)).flat_map(|rule| &rule.join);
        for group in groups {
            let candidates = space.joins().candidates(group, &subject, Sides::Outbound, |candidate| {
                let free = space.get(candidate).filter(|object| object.metaverse.is_none());
                free.filter(|object| object.object_type == object_type).map(|object| &object.imported)
            });
            let mut found = candidates.into_iter();
            if let (Some(only), None) = (found.next(), found.next()) {
                return Some(only);
            }
        }
        None
    }

    /// Works out what to export for a linked object. True if the link ended.
    #[expect(clippy::too_many_arguments, reason = "one step's state, passed on as it is")]
    fn stage(
        &mut self,
        connector: Uuid,
        id: Uuid,
        object_id: Uuid,
        reach: &Reach,
        around: Surroundings,
        step: &mut Step,
        errors: &mut Vec<FlowError>,
    ) -> bool {
        self.note_outbound(connector, object_id, reach);
        let Some(object) = self.spaces.get(&connector).and_then(|space| space.get(object_id)) else {
            return false;
        };
        let failed_before = object.has_export_error();
        if reach.no_flow.is_some() {
            // What an export has tried and failed stays and is tried again; what was only staged is withdrawn.
            if failed_before {
                return false;
            }
            if object.key.is_none() {
                self.forget(connector, object_id);
                step.changed.insert(id);
                return true;
            }
        }
        let mut found = Vec::new();
        let differences = self.changes_to_export(connector, id, object, reach, around, &mut found);
        let raised = found.iter().any(|error| error.raised);
        errors.append(&mut found);
        if raised {
            return false;
        }
        let previous = object.pending.as_ref();
        let changes = noted(differences);
        let next = match (object.key, changes.is_empty()) {
            (None, _) => Some(Modification::Add),
            (Some(_), false) => Some(Modification::Update),
            (Some(_), true) => None,
        };
        let pending = next.map(|modification| Pending {
            modification,
            changes,
            failures: previous.map_or(0, |previous| previous.failures),
            error: previous.and_then(|previous| previous.error.clone()),
        });
        if pending.as_ref() != previous {
            step.changed.insert(id);
            self.change(connector, object_id, |object| object.pending = pending);
        }
        false
    }

    /// Creates an object in the space, to be exported. True if it was created.
    #[expect(clippy::too_many_arguments, reason = "one step's state, passed on as it is")]
    fn provision(
        &mut self,
        connector: Uuid,
        id: Uuid,
        object_type: Symbol,
        reach: &Reach,
        around: Surroundings,
        step: &mut Step,
        errors: &mut Vec<FlowError>,
    ) -> bool {
        let Some(metaverse) = self.metaverse.get(id) else { return false };
        let mut found = Vec::new();
        let differences = self.differences(connector, metaverse, None, &reach.flowing, around, &mut found);
        let raised = found.iter().any(|error| error.raised);
        errors.append(&mut found);
        if raised {
            return false;
        }
        let object_id = self.identifiers.next_id();
        let dn = differences
            .iter()
            .find(|difference| difference.attribute == self.known.dn)
            .and_then(|difference| difference.values.first())
            .and_then(Value::as_str)
            .map_or_else(|| format!("CN={{{object_id}}}"), str::to_owned);
        let mut changes = noted(differences);
        changes.remove(self.known.dn);
        let mut object = SpaceObject::new(object_id, None, dn, object_type);
        object.pending = Some(Pending::new(Modification::Add, changes));
        if let Some(space) = self.spaces.get_mut(&connector) {
            space.insert(object);
        }
        self.connect(connector, object_id, id);
        self.note_outbound(connector, object_id, reach);
        step.changed.insert(id);
        true
    }

    /// The object has to go from the connected directory; one that never was there is just forgotten.
    fn deprovision(&mut self, connector: Uuid, object_id: Uuid, id: Uuid) {
        let exported = self
            .spaces
            .get(&connector)
            .and_then(|space| space.get(object_id))
            .is_some_and(|o| o.key.is_some());
        if !exported {
            self.forget(connector, object_id);
            return;
        }
        self.disconnect(connector, object_id, id);
        self.change(connector, object_id, |object| {
            object.pending = Some(Pending::new(Modification::Delete, Record::default()));
        });
    }

    /// Removes a metaverse object: whatever its outbound rules provisioned is deleted, by the mode for no-flow objects.
    pub(super) fn remove_metaverse_object(&mut self, id: Uuid, around: Surroundings) {
        let Some(metaverse) = self.metaverse.get(id) else { return };
        let linked: Vec<(Uuid, Uuid, bool, bool)> = self
            .joined(metaverse)
            .into_iter()
            .map(|(connector, object)| (connector, object.id, object.provisioned, object.is_no_flow()))
            .collect();
        for (connector, object, provisioned, no_flow) in linked {
            if !provisioned {
                self.disconnect(connector, object, id);
            } else if no_flow && around.modes.no_flow_delete == NoFlowDelete::Withheld {
                self.disconnect(connector, object, id);
                self.change(connector, object, |object| object.pending = None);
            } else {
                self.deprovision(connector, object, id);
            }
        }
        self.metaverse.remove(id);
    }

    /// Notes which outbound rules apply to an object.
    fn note_outbound(&mut self, connector: Uuid, object_id: Uuid, reach: &Reach) {
        let mut set = reach.flowing.clone();
        set.extend(reach.no_flow);
        let lineage = std::sync::Arc::clone(&self.rules.plan(&set).lineage);
        let provisions = reach.provisions;
        self.change(connector, object_id, |object| {
            object.outbound = Some(lineage);
            object.provisioned |= provisions;
        });
    }

    fn change(&mut self, connector: Uuid, object: Uuid, change: impl FnOnce(&mut SpaceObject)) {
        if let Some(object) = self.spaces.get_mut(&connector).and_then(|space| space.get_mut(object)) {
            change(object);
        }
    }
}
