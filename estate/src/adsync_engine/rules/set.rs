//! The rules in force, by connector and object type. Pure; does no IO.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use adsync::rule::{Direction, Rule};
use uuid::Uuid;

use super::plan::Plan;
use super::rule::CompiledRule;
use super::schema::Schema;
use super::subject::Subject;
use crate::adsync_engine::symbol::{Symbol, Symbols};

/// Position of a rule in its [`RuleSet`].
pub(crate) type RuleIndex = usize;

/// Compiled rules in order of precedence, without the disabled ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct RuleSet {
    rules: Vec<CompiledRule>,
    by_source: HashMap<(Direction, Uuid, Option<Symbol>), Vec<RuleIndex>>,
    /// Filled as sets turn up; only a cache, so reading the rules does not need exclusive access.
    plans: RefCell<HashMap<Vec<RuleIndex>, Arc<Plan>>>,
}

impl RuleSet {
    /// Compiles rules.
    pub(crate) fn new<'r>(
        rules: impl IntoIterator<Item = &'r Rule>,
        schema: &Schema,
        symbols: &mut Symbols,
    ) -> Self {
        let mut rules: Vec<CompiledRule> = rules
            .into_iter()
            .filter(|rule| !rule.disabled)
            .map(|rule| CompiledRule::new(rule, schema, symbols))
            .collect();
        rules.sort_by_key(|rule| (rule.precedence, rule.identifier));
        let mut by_source: HashMap<_, Vec<RuleIndex>> = HashMap::new();
        for (index, rule) in rules.iter().enumerate() {
            by_source.entry((rule.direction, rule.connector, rule.source_type)).or_default().push(index);
        }
        Self { rules, by_source, plans: RefCell::default() }
    }

    /// The rules, by precedence.
    pub(crate) fn rules(&self) -> &[CompiledRule] {
        &self.rules
    }

    /// A rule.
    pub(crate) fn get(&self, index: RuleIndex) -> Option<&CompiledRule> {
        self.rules.get(index)
    }

    /// Rules of a direction and connector whose source object type and scope fit the object, by precedence.
    pub(crate) fn in_scope(
        &self,
        direction: Direction,
        connector: Uuid,
        object_type: Symbol,
        subject: &dyn Subject,
    ) -> Vec<RuleIndex> {
        let of = |object_type| {
            self.by_source.get(&(direction, connector, object_type)).map_or(&[][..], Vec::as_slice)
        };
        let mut indexes: Vec<RuleIndex> = of(Some(object_type))
            .iter()
            .chain(of(None))
            .copied()
            .filter(|index| self.get(*index).is_some_and(|rule| rule.is_in_scope(subject)))
            .collect();
        // Rules are stored by precedence, so their positions sort like it.
        indexes.sort_unstable();
        indexes
    }

    /// The plan of a set of rules, given by precedence.
    pub(crate) fn plan(&self, set: &[RuleIndex]) -> Arc<Plan> {
        let mut plans = self.plans.borrow_mut();
        if let Some(plan) = plans.get(set) {
            return Arc::clone(plan);
        }
        let plan = Arc::new(Plan::new(&self.rules, set));
        plans.insert(set.to_vec(), Arc::clone(&plan));
        plan
    }
}
