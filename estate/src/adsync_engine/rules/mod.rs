//! Synchronization rules, compiled: expressions parsed once, names turned into symbols. Pure; does no IO.

mod flow;
mod join;
mod plan;
mod rule;
mod schema;
mod scope;
mod set;
mod store;
mod subject;
#[cfg(test)]
mod tests;

pub use flow::FlowError;
pub(super) use flow::Flowed;
pub(super) use join::{JoinIndex, Sides};
pub(super) use plan::FlowSides;
pub(super) use rule::CompiledRule;
pub(super) use schema::{Definition, Schema};
pub(super) use set::{RuleIndex, RuleSet};
pub(super) use store::{RuleStore, RuleStoreError, SavedRules};
pub(super) use subject::Subject;
