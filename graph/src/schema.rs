//! The schema of a synchronization job: kept whole, read by views, edited in one place. No IO.
//!
//! Writing a schema replaces all of it, and much of it is not documented. So the document stays JSON: what this crate
//! does not name is written back as it came. Only the container filter can be changed here, and the two changes that
//! would surprise people, from the whole domain to a part of it and back, have to be asked for by name.
//!
//! Source: Microsoft, "synchronizationSchema resource type", "How to programmatically configure cloud sync".

mod compare;
mod name;
mod rule;

pub use compare::{Area, Difference, compare};
pub use name::same_name;
pub use rule::{JobScope, SchemaRule};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::resources::RuleId;

/// Most containers or groups of one job. Source: Microsoft, "Cloud sync supported topologies and scenarios".
pub const MAX_CONTAINERS: usize = 59;

/// Largest schema, in bytes of JSON. Source: the same page.
pub const MAX_SCHEMA_BYTES: usize = 4 * 1024 * 1024;

const RULES: &str = "synchronizationRules";
const CONTAINER_FILTER: &str = "containerFilter";
const INCLUDED_CONTAINERS: &str = "includedContainers";
const GROUP_FILTER: &str = "groupFilter";
const INCLUDED_GROUPS: &str = "includedGroups";

/// The schema of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SchemaDocument(Map<String, Value>);

/// Which rule of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhichRule {
    /// The only one there is; schemas of Cloud Sync have one.
    Only,
    /// The one with this id.
    Id(RuleId),
}

/// Why a schema cannot be read or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A part has another form than is known.
    #[error("expected {expected} at {path} of the job's schema, found something else; change it by hand")]
    Malformed {
        /// Where.
        path: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// The rule is not there, or not the only one.
    #[error(
        "expected one rule that fits {wanted} in the job's schema, found {found}; name the rule by its id"
    )]
    NoSuchRule {
        /// What was looked for.
        wanted: String,
        /// How many fit.
        found: usize,
    },
    /// The job is scoped by groups, and a job has one kind of filter only.
    #[error(
        "expected a job that is scoped by containers, found one scoped by groups; remove its group filter first"
    )]
    ScopedByGroups,
    /// The job covers the whole domain, so adding a container would take everything else out.
    #[error(
        "expected a job that is already scoped by containers, found one for the whole domain: \
         a first container would take everything else out; set the containers instead"
    )]
    CoversWholeDomain,
    /// Without containers the job would cover the whole domain.
    #[error(
        "expected at least one container to remain, found none: the job would cover the whole domain; \
         pause or delete the job instead"
    )]
    WouldCoverWholeDomain,
    /// Too many containers.
    #[error("expected at most {MAX_CONTAINERS} containers, found {found}; scope by a common parent")]
    TooManyContainers {
        /// How many there would be.
        found: usize,
    },
    /// Too large.
    #[error(
        "expected a schema of at most {MAX_SCHEMA_BYTES} bytes, found {found}; remove mappings or containers"
    )]
    TooLarge {
        /// How large it would be.
        found: usize,
    },
    /// Not a distinguished name.
    #[error("expected a distinguished name such as OU=Sales,DC=contoso,DC=com, found {found:?}; correct it")]
    NotAName {
        /// What was given.
        found: String,
    },
}

impl SchemaDocument {
    /// The document as JSON.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The version, which changes with every change of the schema. Its form is not documented.
    pub fn version(&self) -> Option<&str> {
        self.0.get("version")?.as_str()
    }

    /// The rules.
    ///
    /// # Errors
    ///
    /// [`SchemaError::Malformed`].
    pub fn rules(&self) -> Result<Vec<SchemaRule<'_>>, SchemaError> {
        let rules = match self.0.get(RULES) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(rules)) => rules,
            Some(_) => return Err(malformed(RULES, "a list of rules")),
        };
        rules.iter().enumerate().map(|(index, rule)| SchemaRule::new(index, rule)).collect()
    }

    /// One rule.
    ///
    /// # Errors
    ///
    /// [`SchemaError::NoSuchRule`], [`SchemaError::Malformed`].
    pub fn rule(&self, which: &WhichRule) -> Result<SchemaRule<'_>, SchemaError> {
        let mut fitting: Vec<SchemaRule<'_>> = self.rules()?;
        let wanted = match which {
            WhichRule::Only => "the only rule".to_owned(),
            WhichRule::Id(id) => {
                fitting.retain(|rule| rule.id() == Some(id.as_str()));
                format!("id {id}")
            }
        };
        match fitting.pop() {
            Some(rule) if fitting.is_empty() => Ok(rule),
            popped => {
                Err(SchemaError::NoSuchRule { wanted, found: fitting.len() + usize::from(popped.is_some()) })
            }
        }
    }

    /// Scopes a rule by these containers, whatever they were before.
    ///
    /// On a job that covered the whole domain this takes everything else out of scope: its objects are deleted in the
    /// cloud once the job runs.
    ///
    /// # Errors
    ///
    /// [`SchemaError`]; the document is then as it was.
    pub fn set_containers(&mut self, which: &WhichRule, containers: &[String]) -> Result<(), SchemaError> {
        if let JobScope::Groups(_) | JobScope::Both { .. } = self.rule(which)?.scope()? {
            return Err(SchemaError::ScopedByGroups);
        }
        let mut unique: Vec<String> = Vec::with_capacity(containers.len());
        for container in containers {
            name::check(container)?;
            if !unique.iter().any(|known| same_name(known, container)) {
                unique.push(container.clone());
            }
        }
        self.write_containers(which, unique)
    }

    /// Adds a container to a rule that is scoped by containers. False when it is already there.
    ///
    /// # Errors
    ///
    /// [`SchemaError`]; the document is then as it was.
    pub fn add_container(&mut self, which: &WhichRule, container: &str) -> Result<bool, SchemaError> {
        name::check(container)?;
        let mut containers = self.containers(which)?;
        if containers.iter().any(|known| same_name(known, container)) {
            return Ok(false);
        }
        containers.push(container.to_owned());
        self.write_containers(which, containers)?;
        Ok(true)
    }

    /// Removes a container from a rule that is scoped by containers. False when it is not there.
    ///
    /// # Errors
    ///
    /// [`SchemaError`], above all when it is the last one; the document is then as it was.
    pub fn remove_container(&mut self, which: &WhichRule, container: &str) -> Result<bool, SchemaError> {
        let mut containers = self.containers(which)?;
        let before = containers.len();
        containers.retain(|known| !same_name(known, container));
        if containers.len() == before {
            return Ok(false);
        }
        self.write_containers(which, containers)?;
        Ok(true)
    }

    fn containers(&self, which: &WhichRule) -> Result<Vec<String>, SchemaError> {
        match self.rule(which)?.scope()? {
            JobScope::Containers(containers) => Ok(containers.into_iter().map(str::to_owned).collect()),
            JobScope::WholeDomain => Err(SchemaError::CoversWholeDomain),
            JobScope::Groups(_) | JobScope::Both { .. } => Err(SchemaError::ScopedByGroups),
        }
    }

    /// Replaces the list of containers and nothing else; other properties of the filter stay.
    fn write_containers(&mut self, which: &WhichRule, containers: Vec<String>) -> Result<(), SchemaError> {
        if containers.is_empty() {
            return Err(SchemaError::WouldCoverWholeDomain);
        }
        if containers.len() > MAX_CONTAINERS {
            return Err(SchemaError::TooManyContainers { found: containers.len() });
        }
        let index = self.rule(which)?.index();
        let mut changed = self.0.clone();
        let rule = changed
            .get_mut(RULES)
            .and_then(|rules| rules.get_mut(index))
            .and_then(Value::as_object_mut)
            .ok_or_else(|| malformed(RULES, "a list of rules"))?;
        let filter = rule.entry(CONTAINER_FILTER).or_insert(Value::Null);
        if filter.is_null() {
            *filter = json!({});
        }
        let filter =
            filter.as_object_mut().ok_or_else(|| malformed(CONTAINER_FILTER, "a container filter"))?;
        filter.insert(INCLUDED_CONTAINERS.to_owned(), Value::from(containers));
        let size = serde_json::to_vec(&changed).map_or(usize::MAX, |bytes| bytes.len());
        if size > MAX_SCHEMA_BYTES {
            return Err(SchemaError::TooLarge { found: size });
        }
        self.0 = changed;
        Ok(())
    }
}

fn malformed(path: impl Into<String>, expected: &'static str) -> SchemaError {
    SchemaError::Malformed { path: path.into(), expected }
}

#[cfg(test)]
mod tests;
