//! Links between a connector's objects and the metaverse. Pure; does no IO.

use adsync::rule::{Direction, LinkType};
use uuid::Uuid;

use super::Step;
use crate::adsync_engine::core::{Core, Surroundings};
use crate::adsync_engine::rules::{CompiledRule, FlowError, RuleIndex, Sides};
use crate::adsync_engine::space::{SpaceObject, Staged};
use crate::adsync_engine::symbol::Symbol;

/// What the inbound rules in scope say about an object's link.
enum Decision {
    /// Joined, and stays so.
    Keep(Uuid),
    /// Joined, but no rule in scope keeps it.
    Disconnect(Uuid),
    /// Joins this metaverse object.
    Join(Uuid, LinkType),
    /// Becomes a new metaverse object of this type.
    Project(Symbol),
    /// Stays unjoined: no rule that links is in scope.
    Filtered,
    /// Stays unjoined: nothing matches.
    Remains,
    /// More than one match, or a match that has an object of this connector already.
    Ambiguous,
}

impl Core {
    /// Looks at one object's link.
    pub(super) fn link(&mut self, connector: Uuid, id: Uuid, around: Surroundings, step: &mut Step) {
        let Some(object) = self.spaces.get(&connector).and_then(|space| space.get(id)) else { return };
        let reference = object.reference();
        if object.staged == Staged::Delete {
            let linked = object.metaverse;
            self.forget(connector, id);
            if let Some(metaverse) = linked {
                step.counters.connector_delete_remove_mv += 1;
                step.affected.insert(metaverse);
                step.relinked.insert(reference);
            }
            return;
        }
        let decision = self.decide(connector, id, around);
        if let Some(object) = self.spaces.get_mut(&connector).and_then(|space| space.get_mut(id)) {
            object.staged = Staged::Nothing;
            object.errors.clear();
        }
        match decision {
            Some(Decision::Keep(metaverse)) => {
                step.linked.push((id, metaverse));
                step.affected.insert(metaverse);
            }
            Some(Decision::Disconnect(metaverse)) => {
                self.disconnect(connector, id, metaverse);
                step.counters.disconnector_filtered += 1;
                step.affected.insert(metaverse);
                step.relinked.insert(reference);
            }
            Some(Decision::Join(metaverse, link)) => {
                self.connect(connector, id, metaverse);
                if link == LinkType::JoinNoFlow {
                    step.counters.disconnector_joined_no_flow += 1;
                } else {
                    step.counters.disconnector_joined_flow += 1;
                }
                step.affected.insert(metaverse);
                step.relinked.insert(reference);
            }
            Some(Decision::Project(object_type)) => {
                let metaverse = self.identifiers.next_id();
                self.metaverse.project(metaverse, object_type);
                self.connect(connector, id, metaverse);
                step.counters.disconnector_projected_flow += 1;
                step.affected.insert(metaverse);
                step.relinked.insert(reference);
            }
            Some(Decision::Filtered) => step.counters.disconnector_filtered += 1,
            Some(Decision::Ambiguous) => {
                step.counters.sync_errors += 1;
                let error = FlowError {
                    rule: String::new(),
                    attribute: String::new(),
                    message: "ambiguous-import-flow-from-multiple-connectors: more than one object matches the join \
                              criteria; make the values unique"
                        .to_owned(),
                    raised: true,
                };
                if let Some(object) = self.spaces.get_mut(&connector).and_then(|space| space.get_mut(id)) {
                    object.errors.push(error);
                }
            }
            Some(Decision::Remains) | None => {}
        }
    }

    fn decide(&mut self, connector: Uuid, id: Uuid, around: Surroundings) -> Option<Decision> {
        let object = self.spaces.get(&connector)?.get(id)?;
        let subject = self.space_subject(connector, object, around.now);
        let set = self.rules.in_scope(Direction::Inbound, connector, object.object_type, &subject);
        let linking: Vec<RuleIndex> = set
            .iter()
            .copied()
            .filter(|index| self.rules.get(*index).is_some_and(CompiledRule::links))
            .collect();
        let lineage = std::sync::Arc::clone(&self.rules.plan(&set).lineage);
        let decision = match object.metaverse {
            // An object that an outbound rule links is judged there.
            Some(metaverse)
                if !linking.is_empty() || object.outbound.as_ref().is_some_and(|rules| !rules.is_empty()) =>
            {
                Decision::Keep(metaverse)
            }
            Some(metaverse) => Decision::Disconnect(metaverse),
            None => self.find_link(connector, id, &linking, around)?,
        };
        self.spaces.get_mut(&connector)?.get_mut(id)?.inbound = Some(lineage);
        Some(decision)
    }

    /// Join criteria in order of precedence; where none finds exactly one object, the first rule that provisions decides.
    fn find_link(
        &self,
        connector: Uuid,
        id: Uuid,
        linking: &[RuleIndex],
        around: Surroundings,
    ) -> Option<Decision> {
        let object = self.spaces.get(&connector)?.get(id)?;
        let subject = self.space_subject(connector, object, around.now);
        let mut ambiguous = false;
        for rule in linking.iter().filter_map(|index| self.rules.get(*index)) {
            for group in &rule.join {
                let candidates =
                    self.metaverse.joins().candidates(group, &subject, Sides::Inbound, |candidate| {
                        let candidate = self.metaverse.get(candidate)?;
                        let fits = rule.target_type.is_none_or(|wanted| wanted == candidate.object_type);
                        fits.then_some(&candidate.attributes)
                    });
                let mut found = candidates.into_iter();
                match (found.next(), found.next()) {
                    (Some(only), None) => {
                        let taken =
                            self.metaverse.get(only).is_some_and(|it| it.connectors.contains_key(&connector));
                        if !taken {
                            return Some(Decision::Join(only, rule.link));
                        }
                        ambiguous = true;
                    }
                    (Some(_), Some(_)) => ambiguous = true,
                    (None, _) => {}
                }
            }
        }
        if ambiguous {
            return Some(Decision::Ambiguous);
        }
        let provisions =
            |index: &&RuleIndex| self.rules.get(**index).is_some_and(|rule| rule.link == LinkType::Provision);
        if let Some(rule) = linking.iter().find(provisions).and_then(|index| self.rules.get(*index)) {
            return Some(Decision::Project(rule.target_type.unwrap_or(object.object_type)));
        }
        Some(if linking.is_empty() { Decision::Filtered } else { Decision::Remains })
    }

    /// Type of the metaverse object that the inbound rules would make of an object that joins nothing.
    pub(in crate::adsync_engine) fn projected_type(
        &self,
        connector: Uuid,
        object: &SpaceObject,
        around: Surroundings,
    ) -> Option<Symbol> {
        let subject = self.space_subject(connector, object, around.now);
        let set = self.rules.in_scope(Direction::Inbound, connector, object.object_type, &subject);
        let mut rules = set.iter().filter_map(|index| self.rules.get(*index));
        let rule = rules.find(|rule| rule.link == LinkType::Provision)?;
        Some(rule.target_type.unwrap_or(object.object_type))
    }

    /// Joins the two.
    pub(super) fn connect(&mut self, connector: Uuid, id: Uuid, metaverse: Uuid) {
        self.metaverse.join(metaverse, connector, id);
        if let Some(object) = self.spaces.get_mut(&connector).and_then(|space| space.get_mut(id)) {
            object.metaverse = Some(metaverse);
        }
    }

    /// Ends a join; the connector space object stays.
    pub(super) fn disconnect(&mut self, connector: Uuid, id: Uuid, metaverse: Uuid) {
        self.metaverse.disjoin(metaverse, connector);
        if let Some(object) = self.spaces.get_mut(&connector).and_then(|space| space.get_mut(id)) {
            object.metaverse = None;
            object.provisioned = false;
            object.outbound = None;
        }
    }

    /// Removes a connector space object, and its join.
    pub(in crate::adsync_engine) fn forget(&mut self, connector: Uuid, id: Uuid) {
        let Some(object) = self.spaces.get_mut(&connector).and_then(|space| space.take(id)) else { return };
        if let Some(metaverse) = object.metaverse {
            self.metaverse.disjoin(metaverse, connector);
        }
    }
}
