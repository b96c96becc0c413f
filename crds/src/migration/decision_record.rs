//! What a migration keeps of a decision. Pure.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fact;
use crate::migration_decision::{Decision, ProvenBy};
use crate::primitive::{ContentDigest, ObjectName};

/// A decision as taken up; deleting the MigrationDecision undoes nothing.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionRecord {
    /// Name of the MigrationDecision.
    pub name: ObjectName,
    /// Its uid.
    #[schemars(length(max = 64))]
    pub uid: String,
    /// What was decided.
    pub decision: Decision,
    /// Who decided.
    #[schemars(length(max = 256))]
    pub decided_by: String,
    /// Why, in the words of who decided: their beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub reason: Option<String>,
    /// Proven by the admission policy.
    pub proven: bool,
    /// What proved who decided; absent where nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_by: Option<ProvenBy>,
    /// When it was taken up.
    pub at: Timestamp,
    /// The step, for SkipStep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub step: Option<String>,
    /// What it was taken up for and is void without: for Approve the plan with its prediction, for Readopt the epochs that the
    /// agents remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<ContentDigest>,
    /// What was predicted when it was taken up, for Approve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub shown: Vec<Fact>,
}

impl DecisionRecord {
    /// Longest reason that is kept, in characters.
    pub const REASON: usize = 512;

    /// A person's reason as it is kept: its beginning, in one line.
    pub fn kept_reason(reason: &str) -> Option<String> {
        let line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        let kept: String = line.chars().take(Self::REASON).collect();
        (!kept.is_empty()).then_some(kept)
    }

    /// Who decided, with what is to be known of the proof: `berta`, `berta (proven by Git)` or `berta (unproven)`.
    pub fn who(&self) -> String {
        match (self.proven, self.proven_by) {
            (false, _) => format!("{} (unproven)", self.decided_by),
            (true, Some(ProvenBy::Git)) => format!("{} (proven by {})", self.decided_by, ProvenBy::Git),
            (true, Some(ProvenBy::Requester) | None) => self.decided_by.clone(),
        }
    }

    /// Why, to follow a sentence about it: `, saying "..."`; empty where no reason was kept.
    pub fn saying(&self) -> String {
        Self::in_words(self.reason.as_deref())
    }

    /// A reason as [`Self::saying`] puts it.
    pub fn in_words(reason: Option<&str>) -> String {
        reason.map_or_else(String::new, |reason| format!(", saying \"{reason}\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(proven: bool, proven_by: Option<ProvenBy>) -> DecisionRecord {
        DecisionRecord {
            name: "decision".into(),
            uid: "uid".to_owned(),
            decision: Decision::Deny,
            decided_by: "berta".to_owned(),
            reason: DecisionRecord::kept_reason("not\nbefore  the audit"),
            proven,
            proven_by,
            at: Timestamp::UNIX_EPOCH,
            step: None,
            bound_to: None,
            shown: Vec::new(),
        }
    }

    #[test]
    fn a_record_says_who_decided_and_what_proves_it() {
        for (proven, proven_by, expected) in [
            (true, None, "berta"),
            (true, Some(ProvenBy::Requester), "berta"),
            (true, Some(ProvenBy::Git), "berta (proven by Git)"),
            (false, None, "berta (unproven)"),
            (false, Some(ProvenBy::Git), "berta (unproven)"),
        ] {
            assert_eq!(record(proven, proven_by).who(), expected);
        }
        assert_eq!(record(true, None).saying(), ", saying \"not before the audit\"");
        assert_eq!(DecisionRecord { reason: None, ..record(true, None) }.saying(), "");
    }

    #[test]
    fn a_reason_is_kept_as_one_line_that_fits_the_schema() {
        let long = "ü ".repeat(900);
        let kept = DecisionRecord::kept_reason(&long).unwrap();
        assert_eq!(kept.chars().count(), DecisionRecord::REASON);
        assert_eq!(DecisionRecord::kept_reason(" \n "), None);
    }

    #[test]
    fn a_record_of_before_can_be_read() {
        let old = serde_json::json!({
            "name": "decision", "uid": "uid", "decision": "Approve", "decidedBy": "berta", "proven": true,
            "at": "2026-11-21T10:00:00Z",
        });
        let record: DecisionRecord = serde_json::from_value(old).unwrap();
        assert_eq!(
            (record.reason.as_deref(), record.proven_by, record.who().as_str()),
            (None, None, "berta")
        );
    }
}
