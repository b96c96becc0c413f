//! Saved rules, and when they take effect. Pure; does no IO.
//!
//! A saved rule is inert until a full synchronization evaluates every object with it: an inbound rule until one of its own
//! connector, an outbound rule until one of any connector. The same holds for a change and for a removal, so that the rules
//! *in force* may differ from the rules *saved*. Source: Microsoft, Entra Connect Sync scheduler page ("changes to rules need a
//! full synchronization"), and what the product's cycle does of itself after such a change (see `schedule`).

use std::collections::{BTreeMap, BTreeSet};

use adsync::rule::{Direction, Rule};
use uuid::Uuid;

/// Highest precedence number that a rule of one's own may have (Microsoft, declarative provisioning default configuration).
const LAST_CUSTOM_PRECEDENCE: u32 = 99;

/// Why a rule was not saved or removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleStoreError {
    /// Another rule has the precedence.
    #[error("precedence {precedence} is taken by rule '{name}': choose a free number from 0 to 99")]
    PrecedenceTaken {
        /// The number.
        precedence: u32,
        /// Name of the rule that has it.
        name: String,
    },
    /// A custom rule with a number that shipped rules own.
    #[error("expected a precedence from 0 to 99 for a custom rule, found {precedence}: choose a free number")]
    PrecedenceReserved {
        /// The number.
        precedence: u32,
    },
    /// The rule's connector does not exist on this server.
    #[error("expected a connector of this server, found {connector}: read the connectors first")]
    UnknownConnector {
        /// The connector.
        connector: Uuid,
    },
    /// No rule has the identifier.
    #[error("no rule has the identifier {identifier}: read the rules first")]
    NotFound {
        /// The identifier.
        identifier: Uuid,
    },
}

/// Saved rules and rules in force.
#[derive(Debug, Clone, Default)]
pub struct RuleStore {
    saved: BTreeMap<Uuid, Rule>,
    in_force: BTreeMap<Uuid, Rule>,
    connectors: BTreeSet<Uuid>,
    needing_full: BTreeSet<Uuid>,
    revision: u64,
}

/// The rules as they were saved when a full synchronization began.
#[derive(Debug, Clone)]
pub struct SavedRules {
    rules: BTreeMap<Uuid, Rule>,
    revision: u64,
}

impl RuleStore {
    /// A store whose rules are all in force.
    pub fn new(rules: impl IntoIterator<Item = Rule>, connectors: impl IntoIterator<Item = Uuid>) -> Self {
        let saved: BTreeMap<Uuid, Rule> = rules.into_iter().map(|rule| (rule.identifier, rule)).collect();
        Self {
            in_force: saved.clone(),
            saved,
            connectors: connectors.into_iter().collect(),
            needing_full: BTreeSet::new(),
            revision: 0,
        }
    }

    /// What a full synchronization that begins now evaluates.
    pub fn snapshot(&self) -> SavedRules {
        SavedRules { rules: self.saved.clone(), revision: self.revision }
    }

    /// The saved rules, by precedence.
    pub fn saved(&self) -> Vec<&Rule> {
        by_precedence(&self.saved)
    }

    /// The rules in force, by precedence.
    pub fn in_force(&self) -> Vec<&Rule> {
        by_precedence(&self.in_force)
    }

    /// Saves a new rule, or a changed one with the same identifier; `internal_identifier` names the new version.
    ///
    /// # Errors
    /// The precedence is taken or not a custom rule's to have, or the connector is unknown.
    pub fn save(&mut self, mut rule: Rule, internal_identifier: Uuid) -> Result<&Rule, RuleStoreError> {
        if !self.connectors.contains(&rule.connector) {
            return Err(RuleStoreError::UnknownConnector { connector: rule.connector });
        }
        let holder = self
            .saved
            .values()
            .find(|known| known.precedence == rule.precedence && known.identifier != rule.identifier);
        if let Some(holder) = holder {
            return Err(RuleStoreError::PrecedenceTaken {
                precedence: rule.precedence,
                name: holder.name.clone(),
            });
        }
        if rule.precedence > LAST_CUSTOM_PRECEDENCE && !rule.is_standard() {
            return Err(RuleStoreError::PrecedenceReserved { precedence: rule.precedence });
        }
        rule.version = self.saved.get(&rule.identifier).map_or(1, |known| known.version + 1);
        rule.internal_identifier = internal_identifier;
        self.mark(&rule);
        let identifier = rule.identifier;
        Ok(self.saved.entry(identifier).insert_entry(rule).into_mut())
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// There is none with the identifier.
    pub fn remove(&mut self, identifier: Uuid) -> Result<(), RuleStoreError> {
        let rule = self.saved.remove(&identifier).ok_or(RuleStoreError::NotFound { identifier })?;
        self.mark(&rule);
        Ok(())
    }

    /// Puts shipped rules back as they were shipped; custom rules stay.
    pub fn reset_standard<'r>(&mut self, shipped: impl IntoIterator<Item = &'r Rule>) {
        let shipped: BTreeMap<Uuid, Rule> =
            shipped.into_iter().map(|rule| (rule.identifier, rule.clone())).collect();
        self.saved.retain(|identifier, rule| !rule.is_standard() || shipped.contains_key(identifier));
        self.saved.extend(shipped);
        self.revision += 1;
    }

    /// Connectors that a rule change left in need of a full synchronization.
    pub fn needing_full(&self) -> &BTreeSet<Uuid> {
        &self.needing_full
    }

    /// Marks a connector as in need of a full synchronization.
    pub fn need_full(&mut self, connector: Uuid) {
        self.needing_full.insert(connector);
    }

    /// A full synchronization of the connector has evaluated its objects by these rules: what concerns the connector is in
    /// force from here on. True if that changed any rule.
    pub fn come_into_force(&mut self, connector: Uuid, evaluated: &SavedRules) -> bool {
        let concerns = |rule: &Rule| rule.direction == Direction::Outbound || rule.connector == connector;
        let mut changed = false;
        for (identifier, rule) in evaluated.rules.iter().filter(|(_, rule)| concerns(rule)) {
            if self.in_force.get(identifier) != Some(rule) {
                self.in_force.insert(*identifier, rule.clone());
                changed = true;
            }
        }
        let before = self.in_force.len();
        self.in_force.retain(|identifier, rule| evaluated.rules.contains_key(identifier) || !concerns(rule));
        // What was saved meanwhile needs another one.
        if evaluated.revision == self.revision {
            self.needing_full.remove(&connector);
        }
        changed || self.in_force.len() != before
    }

    /// An inbound rule matters to its own connector; an outbound one to the metaverse objects of all.
    fn mark(&mut self, rule: &Rule) {
        self.revision += 1;
        match rule.direction {
            Direction::Inbound => {
                self.needing_full.insert(rule.connector);
            }
            Direction::Outbound => self.needing_full.extend(self.connectors.iter().copied()),
        }
    }
}

fn by_precedence(rules: &BTreeMap<Uuid, Rule>) -> Vec<&Rule> {
    let mut rules: Vec<&Rule> = rules.values().collect();
    rules.sort_by_key(|rule| (rule.precedence, rule.identifier));
    rules
}
