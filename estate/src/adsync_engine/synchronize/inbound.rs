//! Attributes of metaverse objects, from all their connector space objects. Pure; does no IO.

use adsync::rule::{Direction, LinkType, ValueMerge};
use uuid::Uuid;

use super::Step;
use crate::adsync_engine::core::{Core, SpaceSubject, Surroundings};
use crate::adsync_engine::metaverse::MetaverseObject;
use crate::adsync_engine::record::Record;
use crate::adsync_engine::rules::{CompiledRule, FlowError, FlowSides, Flowed, RuleIndex, Subject};
use crate::adsync_engine::space::SpaceObject;
use crate::value::Value;

/// What the inbound rules make of a set of connector space objects.
#[derive(Debug)]
pub(in crate::adsync_engine) struct Inbound {
    /// Attributes of the metaverse object.
    pub(in crate::adsync_engine) attributes: Record,
    /// A rule in scope that provisions, or keeps its join, holds the metaverse object.
    pub(in crate::adsync_engine) held: bool,
    /// Flows that failed.
    pub(in crate::adsync_engine) errors: Vec<FlowError>,
}

/// Connector space objects as the source of flows.
struct Sources<'a> {
    core: &'a Core,
    subjects: Vec<(Uuid, SpaceSubject<'a>)>,
    is_new: bool,
}

impl FlowSides for Sources<'_> {
    fn subject(&self, rule: &CompiledRule) -> Option<&dyn Subject> {
        let subject = self.subjects.iter().find(|(connector, _)| *connector == rule.connector);
        subject.map(|(_, subject)| subject as &dyn Subject)
    }

    fn reference(&self, rule: &CompiledRule, reference: Uuid) -> Option<Uuid> {
        self.core.spaces.get(&rule.connector)?.by_reference(reference)?.metaverse
    }

    fn target_is_new(&self) -> bool {
        self.is_new
    }
}

impl Core {
    /// Evaluates the inbound rules in scope. `previous` holds what flows that steer clear leave as it is.
    pub(in crate::adsync_engine) fn inbound(
        &self,
        objects: &[(Uuid, &SpaceObject)],
        previous: &Record,
        around: Surroundings,
    ) -> Inbound {
        let sources = Sources {
            core: self,
            subjects: objects
                .iter()
                .map(|(connector, object)| (*connector, self.space_subject(*connector, object, around.now)))
                .collect(),
            is_new: previous.is_empty(),
        };
        let mut set: Vec<RuleIndex> = Vec::new();
        for ((connector, object), (_, subject)) in objects.iter().zip(&sources.subjects) {
            set.extend(self.rules.in_scope(Direction::Inbound, *connector, object.object_type, subject));
        }
        let link = |index: &RuleIndex| self.rules.get(*index).map(|rule| rule.link);
        let held =
            set.iter().any(|index| matches!(link(index), Some(LinkType::Provision | LinkType::StickyJoin)));
        set.retain(|index| link(index) != Some(LinkType::JoinNoFlow));
        set.sort_unstable();
        let mut attributes = Record::default();
        let mut errors = Vec::new();
        for entry in &self.rules.plan(&set).entries {
            let values = match entry.evaluate(self.rules.rules(), &self.symbols, &sources, &mut errors) {
                Flowed::Values(values) => values,
                Flowed::Merged(values, kind) => merged(&[], values, kind),
                Flowed::Untouched => previous.all(entry.destination).to_vec(),
            };
            attributes.set(entry.destination, values);
        }
        Inbound { attributes, held, errors }
    }

    /// Connector space objects of a metaverse object, those of directories first.
    pub(in crate::adsync_engine) fn joined(&self, metaverse: &MetaverseObject) -> Vec<(Uuid, &SpaceObject)> {
        let mut objects: Vec<(Uuid, &SpaceObject)> = metaverse
            .connectors
            .iter()
            .filter_map(|(connector, object)| Some((*connector, self.spaces.get(connector)?.get(*object)?)))
            .collect();
        objects.sort_by_key(|(connector, _)| Some(*connector) == self.entra());
        objects
    }

    /// Lists what went wrong with a metaverse object at its first connector space object: the one that people look at.
    fn set_errors(&mut self, id: Uuid, errors: Vec<FlowError>) {
        if let Some(object) = self.first_joined(id) {
            object.errors = errors;
        }
    }

    /// Adds to the list of [`Self::set_errors`].
    pub(super) fn add_errors(&mut self, id: Uuid, errors: Vec<FlowError>) {
        if let Some(object) = self.first_joined(id) {
            object.errors.extend(errors);
        }
    }

    fn first_joined(&mut self, id: Uuid) -> Option<&mut SpaceObject> {
        let metaverse = self.metaverse.get(id)?;
        let (connector, object) =
            self.joined(metaverse).first().map(|(connector, object)| (*connector, object.id))?;
        self.spaces.get_mut(&connector)?.get_mut(object)
    }

    /// Brings a metaverse object up to date, or removes it if nothing holds it. False if outbound rules have nothing to look at.
    pub(super) fn flow_in(&mut self, id: Uuid, around: Surroundings, step: &mut Step) -> bool {
        let Some(metaverse) = self.metaverse.get(id) else { return false };
        let objects = self.joined(metaverse);
        let Inbound { attributes, held, errors } = self.inbound(&objects, &metaverse.attributes, around);
        if !held {
            step.changed.insert(id);
            let referrers: Vec<Uuid> = self.metaverse.referrers(id).collect();
            self.remove_metaverse_object(id, around);
            // Who refers to it loses a reference; a step that reaches everything has them already.
            step.affected.extend(referrers);
            return false;
        }
        step.counters.flow_failure += u64::try_from(errors.len()).unwrap_or(u64::MAX);
        let raised = errors.iter().any(|error| error.raised);
        self.set_errors(id, errors);
        // An error that a rule raises keeps the whole object from being synchronized.
        if raised {
            return false;
        }
        if self.metaverse.set_attributes(id, attributes) {
            step.changed.insert(id);
        }
        true
    }
}

/// Values added to those that are there, each once.
pub(in crate::adsync_engine) fn merged(held: &[Value], added: Vec<Value>, kind: ValueMerge) -> Vec<Value> {
    let same = |left: &Value, right: &Value| match (left, right) {
        (Value::String(left), Value::String(right)) if kind == ValueMerge::MergeCaseInsensitive => {
            left.to_lowercase() == right.to_lowercase()
        }
        _ => left == right,
    };
    let mut values = held.to_vec();
    for value in added {
        if !values.iter().any(|known| same(known, &value)) {
            values.push(value);
        }
    }
    values
}
