//! One rule, compiled. Pure; does no IO.

use adsync::protocol::Lineage;
use adsync::rule::{Direction, LinkType, Rule};
use uuid::Uuid;

use super::flow::Flow;
use super::join::JoinPair;
use super::schema::Schema;
use super::scope::{self, Condition};
use super::subject::Subject;
use crate::adsync_engine::symbol::{Symbol, Symbols};

/// A rule, ready to be applied.
#[derive(Debug, Clone)]
pub(crate) struct CompiledRule {
    pub(crate) identifier: Uuid,
    pub(crate) name: String,
    pub(crate) direction: Direction,
    pub(crate) connector: Uuid,
    pub(crate) link: LinkType,
    pub(crate) precedence: u32,
    /// Object type on the source side; none for `*`.
    pub(crate) source_type: Option<Symbol>,
    /// Object type on the target side; none for `*`.
    pub(crate) target_type: Option<Symbol>,
    pub(crate) password_sync: bool,
    pub(crate) join: Vec<Vec<JoinPair>>,
    pub(super) flows: Vec<Flow>,
    scope: Vec<Vec<Condition>>,
}

impl CompiledRule {
    /// Compiles a rule.
    pub(super) fn new(rule: &Rule, schema: &Schema, symbols: &mut Symbols) -> Self {
        let object_type = |name: &str, symbols: &mut Symbols| (name != "*").then(|| symbols.intern(name));
        let (source, target) = match rule.direction {
            Direction::Inbound => (Some(rule.connector), None),
            Direction::Outbound => (None, Some(rule.connector)),
        };
        let defined = |side: Option<Uuid>, attribute| match side {
            Some(connector) => schema.connector(connector, attribute),
            None => schema.metaverse(attribute),
        };
        let flows = rule
            .attribute_flows
            .iter()
            .map(|flow| {
                let destination = symbols.intern(&flow.destination);
                Flow::new(flow, defined(target, destination), symbols)
            })
            .collect();
        let scope = rule
            .scope_filter
            .iter()
            .map(|group| {
                let compile =
                    |condition| Condition::new(condition, |attribute| defined(source, attribute), symbols);
                group.iter().map(compile).collect()
            })
            .collect();
        Self {
            identifier: rule.identifier,
            name: rule.name.clone(),
            direction: rule.direction,
            connector: rule.connector,
            link: rule.link_type,
            precedence: rule.precedence,
            source_type: object_type(&rule.source_object_type, symbols),
            target_type: object_type(&rule.target_object_type, symbols),
            password_sync: rule.enable_password_sync,
            join: rule
                .join_filter
                .iter()
                .map(|group| group.iter().map(|condition| JoinPair::new(condition, symbols)).collect())
                .collect(),
            flows,
            scope,
        }
    }

    /// Whether the object meets the scope filter.
    pub(crate) fn is_in_scope(&self, subject: &dyn Subject) -> bool {
        scope::holds(&self.scope, subject)
    }

    /// Whether the rule can create the link between two objects, or keeps one.
    pub(crate) fn links(&self) -> bool {
        matches!(self.link, LinkType::Provision | LinkType::StickyJoin) || !self.join.is_empty()
    }

    /// How the rule shows in an object's lineage.
    pub(super) fn lineage(&self) -> Lineage {
        Lineage { rule: self.identifier, rule_name: self.name.clone(), operation: self.link }
    }
}
