//! One thing that a hostile agent tries, and what must become of it. Data.

use serde_json::Value;

use crate::agent_lifecycle::cluster::{JSON, MERGE};

/// One thing that is tried.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// In words.
    pub(super) what: &'static str,
    /// HTTP method.
    pub(super) method: &'static str,
    /// Path and query.
    pub(super) path: String,
    /// Content type of the body.
    pub(super) content_type: &'static str,
    /// The body.
    pub(super) body: Option<Value>,
    /// In whose name, beside the agent's own.
    pub(super) acting_as: Option<(&'static str, &'static str)>,
    /// What must become of it.
    pub(super) outcome: Outcome,
    /// An administrator who tries the same comes further: the path is right, and what it names is there.
    pub(super) controlled: bool,
}

/// What must become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Refused for want of rights.
    NoRight,
    /// Refused by this admission policy.
    Policy(&'static str),
    /// Refused by the kind's schema or rules, or as too large.
    Invalid,
    /// Answered, and nothing but the agent's own status is another than before.
    NoEffect,
}

/// Mark of everything that a hostile agent writes, by which it is looked for afterwards.
pub(super) const MARK: &str = "evil-mark";

impl Row {
    fn new(what: &'static str, method: &'static str, path: String, body: Option<Value>) -> Self {
        Self {
            what,
            method,
            path,
            content_type: if method == "PATCH" { MERGE } else { JSON },
            body,
            acting_as: None,
            outcome: Outcome::NoRight,
            controlled: true,
        }
    }

    /// Reads.
    pub(super) fn read(what: &'static str, path: String) -> Self {
        Self::new(what, "GET", path, None)
    }

    /// Creates.
    pub(super) fn create(what: &'static str, path: String, body: Value) -> Self {
        Self::new(what, "POST", path, Some(body))
    }

    /// Changes a part.
    pub(super) fn patch(what: &'static str, path: String, body: Value) -> Self {
        Self::new(what, "PATCH", path, Some(body))
    }

    /// Replaces the whole.
    pub(super) fn put(what: &'static str, path: String, body: Value) -> Self {
        Self::new(what, "PUT", path, Some(body))
    }

    /// Deletes.
    pub(super) fn delete(what: &'static str, path: String) -> Self {
        Self::new(what, "DELETE", path, None)
    }

    /// In another's name.
    pub(super) fn acting_as(mut self, header: &'static str, value: &'static str) -> Self {
        self.acting_as = Some((header, value));
        self
    }

    /// Must end otherwise than by want of rights.
    pub(super) fn ends(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// There is nothing of that name, or an administrator is refused too.
    pub(super) fn uncontrolled(mut self) -> Self {
        self.controlled = false;
        self
    }
}
