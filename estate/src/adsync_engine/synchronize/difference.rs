//! What outbound rules make of a metaverse object, compared with what the connected directory has. Pure; does no IO.

use uuid::Uuid;

use super::inbound::merged;
use crate::adsync_engine::core::{Core, MetaverseSubject, Surroundings};
use crate::adsync_engine::metaverse::MetaverseObject;
use crate::adsync_engine::record::Record;
use crate::adsync_engine::rules::{CompiledRule, FlowError, FlowSides, Flowed, RuleIndex, Subject};
use crate::adsync_engine::space::SpaceObject;
use crate::adsync_engine::symbol::Symbol;
use crate::value::{Value, same_values};

/// A metaverse object as the source of flows into one connector space.
struct Source<'a> {
    core: &'a Core,
    connector: Uuid,
    subject: MetaverseSubject<'a>,
    target_is_new: bool,
}

impl FlowSides for Source<'_> {
    fn subject(&self, _rule: &CompiledRule) -> Option<&dyn Subject> {
        Some(&self.subject)
    }

    fn reference(&self, _rule: &CompiledRule, reference: Uuid) -> Option<Uuid> {
        let target = self.core.metaverse.get(reference)?.connectors.get(&self.connector)?;
        Some(self.core.spaces.get(&self.connector)?.get(*target)?.reference())
    }

    fn target_is_new(&self) -> bool {
        self.target_is_new
    }
}

/// One attribute that differs from what the connected directory has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) attribute: Symbol,
    pub(super) values: Vec<Value>,
    pub(super) reference: bool,
}

impl Core {
    /// Attributes whose values, as the rules of a set give them, differ from what the object has.
    pub(super) fn differences(
        &self,
        connector: Uuid,
        metaverse: &MetaverseObject,
        object: Option<&SpaceObject>,
        set: &[RuleIndex],
        around: Surroundings,
        errors: &mut Vec<FlowError>,
    ) -> Vec<Difference> {
        let exported = object.is_some_and(|object| object.key.is_some());
        let nothing = Record::default();
        let held = object.filter(|_| exported).map_or(&nothing, |object| &object.imported);
        let flowed = self.outbound_values(connector, &metaverse.attributes, set, !exported, around, errors);
        flowed
            .into_iter()
            // The name and the anchor identify the object; they are not changed once it exists.
            .filter(|(attribute, ..)| {
                !exported || ![self.known.dn, self.known.source_anchor].contains(attribute)
            })
            .filter_map(|(attribute, flowed, reference)| {
                let values = match flowed {
                    Flowed::Untouched => return None,
                    Flowed::Values(values) => values,
                    Flowed::Merged(values, kind) => merged(held.all(attribute), values, kind),
                };
                let reference = reference || values.iter().any(Value::is_reference);
                (!same_values(held.all(attribute), &values)).then_some(Difference {
                    attribute,
                    values,
                    reference,
                })
            })
            .collect()
    }

    /// What the flows of a set of outbound rules come to, and whether the attribute refers to objects.
    pub(in crate::adsync_engine) fn outbound_values(
        &self,
        connector: Uuid,
        attributes: &Record,
        set: &[RuleIndex],
        target_is_new: bool,
        around: Surroundings,
        errors: &mut Vec<FlowError>,
    ) -> Vec<(Symbol, Flowed, bool)> {
        let subject = self.metaverse_subject(connector, attributes, around.now);
        let source = Source { core: self, connector, subject, target_is_new };
        let plan = self.rules.plan(set);
        plan.entries
            .iter()
            .map(|entry| {
                let flowed = entry.evaluate(self.rules.rules(), &self.symbols, &source, errors);
                (entry.destination, flowed, entry.reference)
            })
            .collect()
    }
}

/// Differences as changes to export.
pub(super) fn noted(differences: Vec<Difference>) -> Record {
    let mut changes = Record::default();
    for difference in differences {
        changes.note(difference.attribute, difference.values);
    }
    changes
}
