//! Bringing our rules into a wanted state: used by the command and when the agent takes them back by itself.

use std::collections::BTreeSet;

use adsync::no_flow::{self, NoFlowObject, NoFlowScope};
use adsync::protocol::{Connector, HostErrorCode};
use adsync::rule::{Direction, Rule};
use crds::primitive::ObjectName;
use crds::sync_agent::command;
use uuid::Uuid;

use crate::commands::CommandError;
use crate::rules;
use crate::world::{Context, World};

/// Our rules for these scopes: on every AD connector, for every object type that any of them reads.
///
/// # Errors
/// [`CommandError::Failed`] when there is no AD connector or no precedence is left.
pub fn wanted(
    connectors: &[Connector],
    found: &[Rule],
    scopes: &[command::NoFlowScope],
) -> Result<Vec<Rule>, CommandError> {
    let directory: Vec<&Connector> = rules::active_directory(connectors).collect();
    let identifiers: Vec<Uuid> = directory.iter().map(|connector| connector.identifier).collect();
    let objects = object_types(&directory);
    // Rules of scopes that go free their precedences for those that come.
    let keep: BTreeSet<&str> = scopes.iter().map(|scope| scope.name.as_str()).collect();
    let mut existing: Vec<Rule> = found
        .iter()
        .filter(|rule| no_flow::scope_name(rule).is_none_or(|scope| keep.contains(scope)))
        .cloned()
        .collect();
    let mut wanted: Vec<Rule> = Vec::new();
    for scope in scopes {
        let units: Vec<String> =
            scope.organizational_units.iter().map(|unit| unit.as_str().to_owned()).collect();
        let scope = NoFlowScope { name: scope.name.as_str(), organizational_units: &units };
        let made = no_flow::rules(&scope, &identifiers, &objects, &existing)
            .map_err(|error| CommandError::failed(error.to_string()))?;
        for rule in made {
            if !wanted.iter().any(|other| other.identifier == rule.identifier) {
                existing.retain(|other| other.identifier != rule.identifier);
                existing.push(rule.clone());
                wanted.push(rule);
            }
        }
    }
    Ok(wanted)
}

fn object_types(directory: &[&Connector]) -> Vec<NoFlowObject> {
    NoFlowObject::ALL
        .iter()
        .copied()
        .filter(|object| {
            directory.iter().any(|connector| {
                connector
                    .object_inclusion
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(object.directory_type()))
            })
        })
        .collect()
}

/// Stores and removes rules until ours are the wanted ones. What already is as wanted is not touched.
///
/// Joins that withhold come before the flags that trigger them, and go after them.
///
/// # Errors
/// [`CommandError`]
pub async fn apply<W: World>(cx: &mut Context<'_, W>, wanted: &[Rule]) -> Result<(), CommandError> {
    let found = cx.host().rules().await?;
    let mut surplus: Vec<&Rule> = found
        .iter()
        .filter(|rule| no_flow::is_ours(rule) && !wanted.iter().any(|w| w.identifier == rule.identifier))
        .collect();
    surplus.sort_by_key(|rule| rule.direction);
    for rule in surplus {
        match cx.host().remove_rule(rule.identifier).await {
            Err(error) if error.code() != Some(HostErrorCode::NotFound) => return Err(error.into()),
            _ => {}
        }
    }
    let mut missing: Vec<&Rule> =
        wanted.iter().filter(|rule| !found.iter().any(|stored| same(stored, rule))).collect();
    missing.sort_by_key(|rule| std::cmp::Reverse(rule.direction));
    for rule in missing {
        store(cx, rule).await?;
    }
    Ok(())
}

/// Stores one rule; where its precedence was taken in the meantime, with the next free one.
async fn store<W: World>(cx: &mut Context<'_, W>, rule: &Rule) -> Result<(), CommandError> {
    let mut rule = rule.clone();
    let mut tried = BTreeSet::new();
    loop {
        tried.insert(rule.precedence);
        let error = match cx.host().add_rule(rule.clone()).await {
            Ok(_) => return Ok(()),
            Err(error) if error.code() == Some(HostErrorCode::Conflict) => error,
            Err(error) => return Err(error.into()),
        };
        let free = no_flow::free_precedences(&cx.host().rules().await?);
        let mut untried = free.into_iter().filter(|precedence| !tried.contains(precedence));
        let next = if rule.direction == Direction::Outbound { untried.next() } else { untried.next_back() };
        rule.precedence = next.ok_or_else(|| {
            CommandError::failed(format!(
                "expected a free precedence in 0 to 99 for rule \"{}\", found none ({error}); remove custom rules that are not needed",
                rule.name
            ))
        })?;
    }
}

/// The same rule but for what the engine sets, and for its place: another may have been given way to.
fn same(stored: &Rule, wanted: &Rule) -> bool {
    let mut stored = stored.clone();
    stored.internal_identifier = wanted.internal_identifier;
    stored.version = wanted.version;
    stored.precedence = wanted.precedence;
    stored.precedence_after = wanted.precedence_after;
    stored.precedence_before = wanted.precedence_before;
    stored == *wanted
}

/// Names of the rules in which the stored ones of ours and the wanted ones differ.
pub fn difference(stored: &[Rule], wanted: &[Rule]) -> Vec<String> {
    let missing = wanted.iter().filter(|rule| !stored.iter().any(|other| same(other, rule)));
    let surplus = stored.iter().filter(|rule| {
        no_flow::is_ours(rule) && !wanted.iter().any(|other| other.identifier == rule.identifier)
    });
    missing.chain(surplus).map(|rule| rule.name.clone()).collect()
}

/// Scopes of which every wanted inbound rule is stored and in force.
pub fn complete_scopes(
    connectors: &[Connector],
    stored: &[Rule],
    scopes: &[command::NoFlowScope],
) -> Vec<ObjectName> {
    scopes
        .iter()
        .filter(|scope| {
            wanted(connectors, stored, std::slice::from_ref(*scope)).is_ok_and(|rules| {
                !rules.is_empty() && rules.iter().all(|rule| stored.iter().any(|other| same(other, rule)))
            })
        })
        .map(|scope| scope.name.clone())
        .collect()
}
