//! Which flows reach which attribute, worked out once for each set of rules in scope. Pure; does no IO.
//!
//! Most objects share a handful of such sets, while a set has hundreds of flows: this is what keeps a full synchronization fast.

use std::collections::BTreeMap;
use std::sync::Arc;

use adsync::protocol::Lineage;
use adsync::rule::ValueMerge;
use uuid::Uuid;

use super::flow::{Answer, Compiled, FlowError, Flowed};
use super::rule::CompiledRule;
use super::set::RuleIndex;
use super::subject::Subject;
use crate::adsync_engine::symbol::{Symbol, Symbols};
use crate::expression::Contribution;
use crate::value::Value;

/// Flows of a set of rules by target attribute.
#[derive(Debug)]
pub(crate) struct Plan {
    /// One entry for each target attribute.
    pub(crate) entries: Vec<Entry>,
    /// The rules of the set, by precedence.
    pub(crate) lineage: Arc<Vec<Lineage>>,
}

/// All flows to one attribute, those of the rule with the highest precedence first.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The attribute.
    pub(crate) destination: Symbol,
    /// Whether it refers to objects.
    pub(crate) reference: bool,
    flows: Vec<(RuleIndex, usize)>,
}

/// Source and target of an evaluation.
pub(crate) trait FlowSides {
    /// The object that a rule reads, if there is one.
    fn subject(&self, rule: &CompiledRule) -> Option<&dyn Subject>;
    /// What a reference read by the rule is called on the target side, if its object is there.
    fn reference(&self, rule: &CompiledRule, reference: Uuid) -> Option<Uuid>;
    /// The target object is being created.
    fn target_is_new(&self) -> bool;
}

fn translate(mut values: Vec<Value>, rule: &CompiledRule, sides: &impl FlowSides) -> Answer {
    values.retain_mut(|value| match value {
        Value::Reference(reference) => match sides.reference(rule, *reference) {
            Some(translated) => {
                *reference = translated;
                true
            }
            None => false,
        },
        _ => true,
    });
    if values.is_empty() { Answer::Contribution(Contribution::Nothing) } else { Answer::Values(values) }
}

impl Plan {
    /// Works out the plan of a set of rules, given by precedence.
    pub(super) fn new(rules: &[CompiledRule], set: &[RuleIndex]) -> Self {
        let mut entries: BTreeMap<Symbol, Entry> = BTreeMap::new();
        let mut lineage = Vec::with_capacity(set.len());
        for index in set {
            let Some(rule) = rules.get(*index) else { continue };
            lineage.push(rule.lineage());
            for (position, flow) in rule.flows.iter().enumerate() {
                let entry = entries.entry(flow.destination).or_insert_with(|| Entry {
                    destination: flow.destination,
                    reference: false,
                    flows: Vec::new(),
                });
                entry.reference |= flow.is_reference();
                // Shipped rules repeat most direct flows; where the first has nothing, the second has not either.
                let repeated = entry.flows.iter().any(|(known, known_position)| {
                    rules.get(*known).is_some_and(|known| {
                        let same_source = known.flows.get(*known_position).is_some_and(|known| {
                            matches!((&known.source, &flow.source), (Compiled::Direct(a), Compiled::Direct(b)) if a == b)
                                && known.once == flow.once
                        });
                        same_source && known.connector == rule.connector
                    })
                });
                if !repeated {
                    entry.flows.push((*index, position));
                }
            }
        }
        Self { entries: entries.into_values().collect(), lineage: Arc::new(lineage) }
    }
}

impl Entry {
    /// What the flows come to.
    ///
    /// A flow that fails contributes nothing and takes nothing away: it is listed in `errors`. References that lead to no
    /// object on the target side are dropped, and a flow of nothing but such references has nothing to contribute.
    pub(crate) fn evaluate(
        &self,
        rules: &[CompiledRule],
        symbols: &Symbols,
        sides: &impl FlowSides,
        errors: &mut Vec<FlowError>,
    ) -> Flowed {
        let mut nothing = false;
        let mut merged = Vec::new();
        let mut merging = None;
        for (index, position) in &self.flows {
            let Some((rule, flow)) =
                rules.get(*index).and_then(|rule| Some((rule, rule.flows.get(*position)?)))
            else {
                continue;
            };
            let Some(subject) = sides.subject(rule) else { continue };
            if flow.once && !sides.target_is_new() {
                continue;
            }
            let answer = flow.contribute(subject).map(|answer| match answer {
                Answer::Values(values) => translate(values, rule, sides),
                steering @ Answer::Contribution(_) => steering,
            });
            match answer {
                Ok(Answer::Values(values)) => match flow.merge {
                    ValueMerge::Update | ValueMerge::Replace if merging.is_none() => {
                        return Flowed::Values(values);
                    }
                    ValueMerge::Update | ValueMerge::Replace => {}
                    kind => {
                        merging = Some(kind);
                        merged.extend(values);
                    }
                },
                Ok(Answer::Contribution(Contribution::AuthoritativeNull)) => {
                    return Flowed::Values(Vec::new());
                }
                Ok(Answer::Contribution(Contribution::Nothing)) => {
                    // A merging flow adds; having nothing to add it does not clear.
                    nothing |= matches!(flow.merge, ValueMerge::Update | ValueMerge::Replace);
                }
                Ok(Answer::Contribution(_)) => {}
                Err((message, raised)) => errors.push(FlowError {
                    rule: rule.name.clone(),
                    attribute: symbols.name(self.destination).to_owned(),
                    message,
                    raised,
                }),
            }
        }
        match merging {
            Some(kind) => Flowed::Merged(merged, kind),
            None if nothing => Flowed::Values(Vec::new()),
            None => Flowed::Untouched,
        }
    }
}
