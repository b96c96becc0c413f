//! The rules that make Microsoft Entra Connect stop exporting the objects of a scope while it still holds them. Pure.
//!
//! One inbound rule for each AD connector and object type sets the metaverse attribute `cloudNoFlow` on what lies below the
//! scope's organizational units; one outbound rule for each pair of object types joins such objects to Entra with link type
//! `JoinNoFlow` (Source: Microsoft, tutorial "Migrate to Microsoft Entra Cloud Sync for an existing synced AD forest", and the
//! migration guide of group writeback). Outbound rules are shared by all scopes. Rules do nothing before a full synchronization.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::ENTRA_CONNECTOR_ID;
use crate::rule::{
    AttributeFlow, Direction, FlowSource, JoinCondition, LinkType, Rule, ScopeCondition, ScopeOperator,
    ValueMerge,
};

/// The metaverse attribute that the outbound rules look at.
pub const CLOUD_NO_FLOW: &str = "cloudNoFlow";

/// What every name of these rules begins with.
const PREFIX: &str = "hybrid-identity: ";

/// Numbers that custom rules may have (Source: Microsoft, import and export of configuration settings).
const CUSTOM_PRECEDENCES: std::ops::RangeInclusive<u32> = 0..=99;

/// Object types that take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoFlowObject {
    /// `user`.
    User,
    /// `inetOrgPerson`.
    InetOrgPerson,
    /// `group`.
    Group,
    /// `contact`.
    Contact,
}

impl NoFlowObject {
    /// Every object type that Connect and Cloud Sync both can serve.
    pub const ALL: &[Self] = &[Self::User, Self::InetOrgPerson, Self::Group, Self::Contact];

    /// Object type in the AD connector.
    pub fn directory_type(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::InetOrgPerson => "inetOrgPerson",
            Self::Group => "group",
            Self::Contact => "contact",
        }
    }

    /// Object type in the metaverse.
    pub fn metaverse_type(self) -> &'static str {
        match self {
            Self::User | Self::InetOrgPerson | Self::Contact => "person",
            Self::Group => "group",
        }
    }

    /// Object type in the Entra connector.
    pub fn entra_type(self) -> &'static str {
        match self {
            Self::User | Self::InetOrgPerson => "user",
            Self::Group => "group",
            Self::Contact => "contact",
        }
    }
}

/// The part of the directory whose objects stop flowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoFlowScope<'a> {
    /// Name of the scope; part of the rules' names and identifiers.
    pub name: &'a str,
    /// Distinguished names as AD prints them; everything below belongs to the scope.
    pub organizational_units: &'a [String],
}

/// Why no rules could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoFlowError {
    /// Nothing to select objects by: a rule without scope would stop the whole directory.
    #[error("scope {scope}: expected at least one organizational unit, found {found}; name one")]
    NoOrganizationalUnit {
        /// Name of the scope.
        scope: String,
        /// What was found instead.
        found: &'static str,
    },
    /// No AD connector was given.
    #[error(
        "scope {scope}: expected at least one AD connector, found none; read the server's connectors again"
    )]
    NoConnector {
        /// Name of the scope.
        scope: String,
    },
    /// Custom rules use up the numbers.
    #[error(
        "scope {scope}: expected {needed} free precedences in 0 to 99, found {free}; remove unused custom rules, or put several organizational units into one scope"
    )]
    PrecedencesExhausted {
        /// Name of the scope.
        scope: String,
        /// Rules still without a number.
        needed: usize,
        /// Numbers left.
        free: usize,
    },
    /// An outbound rule of somebody else would win over `JoinNoFlow`, and the object would flow.
    #[error(
        "expected a free precedence below {precedence}, the one of outbound rule \"{rule}\", found none; give that rule a higher number"
    )]
    Outranked {
        /// Name of the other rule.
        rule: String,
        /// Its precedence.
        precedence: u32,
    },
}

/// The rules that a scope needs on one server, shared outbound ones first. Rules that exist already keep their precedence, so that
/// asking again with the result among `existing` gives the same rules.
///
/// # Errors
/// [`NoFlowError`] when the scope selects nothing, or no precedence is left that would make the rules win.
pub fn rules(
    scope: &NoFlowScope<'_>,
    directory_connectors: &[Uuid],
    objects: &[NoFlowObject],
    existing: &[Rule],
) -> Result<Vec<Rule>, NoFlowError> {
    if scope.organizational_units.is_empty() {
        let scope = scope.name.to_owned();
        return Err(NoFlowError::NoOrganizationalUnit { scope, found: "none" });
    }
    if scope.organizational_units.iter().any(|unit| unit.trim().is_empty()) {
        let scope = scope.name.to_owned();
        return Err(NoFlowError::NoOrganizationalUnit { scope, found: "an empty name" });
    }
    if directory_connectors.is_empty() {
        return Err(NoFlowError::NoConnector { scope: scope.name.to_owned() });
    }
    let mut wanted = outbound(objects);
    for connector in directory_connectors {
        wanted.extend(objects.iter().map(|object| inbound(scope, *connector, *object)));
    }
    assign_precedences(scope.name, &mut wanted, existing)?;
    Ok(wanted)
}

/// Whether a rule was made here: its identifier is the one that follows from its name, direction and connector. A copy that a
/// person made has another identifier and is not ours.
pub fn is_ours(rule: &Rule) -> bool {
    rule.name.starts_with(PREFIX) && rule.identifier == identifier(&rule.name, rule.direction, rule.connector)
}

/// Name of the scope that one of our inbound rules belongs to; `None` for outbound rules and those of others.
pub fn scope_name(rule: &Rule) -> Option<&str> {
    if !is_ours(rule) || rule.direction != Direction::Inbound {
        return None;
    }
    NoFlowObject::ALL.iter().find_map(|object| rule.name.strip_prefix(&inbound_name(*object, "")))
}

/// Custom precedences that no rule has.
pub fn free_precedences(existing: &[Rule]) -> BTreeSet<u32> {
    let taken: BTreeSet<u32> = existing.iter().map(|rule| rule.precedence).collect();
    CUSTOM_PRECEDENCES.filter(|precedence| !taken.contains(precedence)).collect()
}

fn inbound_name(object: NoFlowObject, scope: &str) -> String {
    format!("{PREFIX}In from AD - {} no flow - {scope}", object.directory_type())
}

fn inbound(scope: &NoFlowScope<'_>, connector: Uuid, object: NoFlowObject) -> Rule {
    let mut rule = blank(inbound_name(object, scope.name), Direction::Inbound, connector);
    rule.description = format!(
        "Sets {CLOUD_NO_FLOW} below the organizational units of scope {}, which Microsoft Entra Cloud Sync serves.",
        scope.name
    );
    object.directory_type().clone_into(&mut rule.source_object_type);
    object.metaverse_type().clone_into(&mut rule.target_object_type);
    rule.link_type = LinkType::Join;
    rule.attribute_flows = vec![AttributeFlow {
        destination: CLOUD_NO_FLOW.to_owned(),
        source: FlowSource::Constant { value: "True".to_owned() },
        merge: ValueMerge::Update,
        execute_once: false,
    }];
    rule.scope_filter = scope
        .organizational_units
        .iter()
        .map(|unit| vec![condition("dn", ScopeOperator::EndsWith, unit.trim())])
        .collect();
    rule
}

/// One rule for each pair of metaverse and Entra type among the objects.
fn outbound(objects: &[NoFlowObject]) -> Vec<Rule> {
    let pairs: BTreeSet<_> =
        objects.iter().map(|object| (object.metaverse_type(), object.entra_type())).collect();
    pairs
        .into_iter()
        .map(|(metaverse_type, entra_type)| {
            let name = format!("{PREFIX}Out to Entra - {metaverse_type} to {entra_type} no flow");
            let mut rule = blank(name, Direction::Outbound, ENTRA_CONNECTOR_ID);
            rule.description =
                format!("Keeps objects with {CLOUD_NO_FLOW} joined and exports no change of theirs.");
            metaverse_type.clone_into(&mut rule.source_object_type);
            entra_type.clone_into(&mut rule.target_object_type);
            rule.link_type = LinkType::JoinNoFlow;
            rule.scope_filter = vec![vec![condition(CLOUD_NO_FLOW, ScopeOperator::Equal, "True")]];
            rule
        })
        .collect()
}

fn blank(name: String, direction: Direction, connector: Uuid) -> Rule {
    Rule {
        identifier: identifier(&name, direction, connector),
        internal_identifier: Uuid::nil(),
        version: 1,
        name,
        description: String::new(),
        immutable_tag: String::new(),
        direction,
        disabled: false,
        connector,
        source_object_type: String::new(),
        target_object_type: String::new(),
        link_type: LinkType::Join,
        precedence: 0,
        precedence_after: Uuid::nil(),
        precedence_before: Uuid::nil(),
        soft_delete_expiry_interval: "00:00:00".to_owned(),
        enable_password_sync: false,
        attribute_flows: Vec::new(),
        join_filter: Vec::<Vec<JoinCondition>>::new(),
        scope_filter: Vec::new(),
    }
}

fn condition(attribute: &str, operator: ScopeOperator, value: &str) -> ScopeCondition {
    ScopeCondition { attribute: attribute.to_owned(), operator, value: value.to_owned() }
}

/// The same on every server and in every run (an RFC 9562 version 8 identifier of a SHA-256 digest).
fn identifier(name: &str, direction: Direction, connector: Uuid) -> Uuid {
    let digest = Sha256::digest(format!("hybrididentity.dev/no-flow/1\n{direction:?}\n{connector}\n{name}"));
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(digest) {
        *byte = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Outbound rules take the lowest numbers, because they must win over every other rule that could provision or export the object;
/// inbound ones take the highest, to leave the low ones to those.
fn assign_precedences(scope: &str, wanted: &mut [Rule], existing: &[Rule]) -> Result<(), NoFlowError> {
    let mut free = free_precedences(existing);
    for rule in wanted.iter_mut() {
        if let Some(stored) = existing.iter().find(|stored| stored.identifier == rule.identifier) {
            rule.precedence = stored.precedence;
        }
    }
    let is_new = |rule: &Rule| !existing.iter().any(|stored| stored.identifier == rule.identifier);
    let needed = wanted.iter().filter(|rule| is_new(rule)).count();
    if needed > free.len() {
        return Err(NoFlowError::PrecedencesExhausted { scope: scope.to_owned(), needed, free: free.len() });
    }
    for rule in wanted.iter_mut() {
        let outbound = rule.direction == Direction::Outbound;
        if is_new(rule) {
            let number = if outbound { free.pop_first() } else { free.pop_last() };
            // Counted above: there is one for each.
            rule.precedence = number.unwrap_or_default();
        }
        if outbound {
            refuse_outranked(rule, existing)?;
        }
    }
    Ok(())
}

fn refuse_outranked(rule: &Rule, existing: &[Rule]) -> Result<(), NoFlowError> {
    let winner = existing.iter().find(|other| {
        !other.disabled
            && other.direction == Direction::Outbound
            && other.connector == rule.connector
            && other.source_object_type == rule.source_object_type
            && other.target_object_type == rule.target_object_type
            && other.link_type != LinkType::JoinNoFlow
            && other.precedence < rule.precedence
    });
    match winner {
        Some(other) => Err(NoFlowError::Outranked { rule: other.name.clone(), precedence: other.precedence }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
