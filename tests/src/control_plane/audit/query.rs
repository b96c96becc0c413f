//! Choosing among audit events. No IO.

use std::collections::BTreeSet;
use std::fmt;

use super::event::{AuditEvent, Stage};

/// Events in the order in which they were written. Each method keeps those that fit.
#[derive(Clone, Debug)]
pub struct AuditEvents(Vec<AuditEvent>);

/// What a request needed a right for, in the terms of a Role's rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The group of the API, empty for the core group.
    pub api_group: String,
    /// Plural name, with the subresource after a slash.
    pub resource: String,
    /// What was done.
    pub verb: String,
}

impl fmt::Display for Right {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.api_group.is_empty() { "" } else { "." };
        write!(formatter, "{} {}{separator}{}", self.verb, self.resource, self.api_group)
    }
}

impl AuditEvents {
    pub(super) fn new(events: Vec<AuditEvent>) -> Self {
        Self(events)
    }

    /// Those that `keep` accepts.
    #[must_use]
    pub fn matching(self, keep: impl Fn(&AuditEvent) -> bool) -> Self {
        Self(self.0.into_iter().filter(keep).collect())
    }

    /// Requests in the name of this user, such as `system:serviceaccount:identity:operator`.
    #[must_use]
    pub fn by(self, user: &str) -> Self {
        self.matching(|event| event.user == user)
    }

    /// Requests of one verb.
    #[must_use]
    pub fn verb(self, verb: &str) -> Self {
        self.matching(|event| event.verb == verb)
    }

    /// Requests for one resource: `configmaps`, or with its subresource `pods/status`.
    #[must_use]
    pub fn on(self, resource: &str) -> Self {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        self.matching(|event| event.resource == resource && event.subresource == subresource)
    }

    /// Requests in one namespace.
    #[must_use]
    pub fn within(self, namespace: &str) -> Self {
        self.matching(|event| event.namespace == namespace)
    }

    /// Requests for one name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        self.matching(|event| event.name == name)
    }

    /// Requests that were meant to change something, whatever the answer.
    #[must_use]
    pub fn writes(self) -> Self {
        self.matching(AuditEvent::is_write)
    }

    /// Requests that were refused for want of rights.
    #[must_use]
    pub fn refused(self) -> Self {
        self.matching(AuditEvent::is_refused)
    }

    /// Requests that are over: a watch has a line when it begins and one when it ends.
    #[must_use]
    pub fn completed(self) -> Self {
        self.matching(|event| event.stage == Stage::ResponseComplete)
    }

    /// The rights that these requests needed, whether they had them or not.
    pub fn rights(&self) -> BTreeSet<Right> {
        self.0
            .iter()
            .filter(|event| !event.resource.is_empty())
            .map(|event| Right {
                api_group: event.api_group.clone(),
                resource: match event.subresource.as_str() {
                    "" => event.resource.clone(),
                    subresource => format!("{}/{subresource}", event.resource),
                },
                verb: event.verb.clone(),
            })
            .collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, AuditEvent> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a AuditEvents {
    type Item = &'a AuditEvent;
    type IntoIter = std::slice::Iter<'a, AuditEvent>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
