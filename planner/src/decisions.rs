//! People's decisions: which of them count, and what they add up to. Pure.
//!
//! A decision counts once it is taken up into the migration's status; deleting the object undoes nothing. Approve, Resume, SkipStep
//! and Readopt count only when proven by the admission policy; what only stops something always counts.

use std::collections::{BTreeMap, BTreeSet};

use crds::ContentDigest;
use crds::conditions::Reason;
use crds::migration::DecisionRecord;
use crds::migration_decision::Decision;
use jiff::Timestamp;

use crate::observed::{DecisionFacts, MigrationFacts};
use crate::plan::ConsumedDecision;

/// Decisions on one migration, taken up ones first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// People who approved the plan, and when that was last taken up.
    pub approved_by: BTreeMap<String, Timestamp>,
    /// Who denied it.
    pub denied_by: Option<String>,
    /// Who paused it and was not answered by a Resume.
    pub paused_by: Option<String>,
    /// Who asked for a rollback.
    pub roll_back_by: Option<String>,
    /// Steps to leave out.
    pub skip: BTreeSet<String>,
    /// Somebody readopted it.
    pub readopted: bool,
    /// Decisions looked at for good in this pass.
    pub consumed: Vec<ConsumedDecision>,
}

/// Adds up the decisions on a migration. Approvals of migrations with the same plan digest (the wave's) count for each other; the
/// caller passes all decisions of the topology.
pub fn standing<'a>(
    migration: &MigrationFacts,
    siblings: impl Iterator<Item = &'a MigrationFacts>,
    decisions: &[DecisionFacts],
    now: Timestamp,
) -> Standing {
    let digest = &migration.object.spec.plan_digest;
    let mut standing = Standing::default();
    for record in records(migration) {
        standing.add(record.decision, &record.decided_by, record.proven, None, record.at);
    }
    for sibling in siblings.filter(|s| s.uid() != migration.uid() && s.object.spec.plan_digest == *digest) {
        for record in records(sibling).iter().filter(|r| r.decision == Decision::Approve) {
            standing.add(record.decision, &record.decided_by, record.proven, None, record.at);
        }
    }
    for decision in decisions {
        let here = decision.migration == migration.name();
        if records(migration).iter().any(|record| record.uid == decision.uid) {
            // Its step is not in the record: SkipStep is read from the object while that exists.
            if decision.decision == Decision::SkipStep && decision.proven {
                standing.skip.extend(decision.step.clone());
            }
            continue;
        }
        if !here {
            continue;
        }
        let outcome = admissible(decision, migration.uid(), digest, now);
        if outcome.is_ok() {
            standing.add(
                decision.decision,
                &decision.decided_by,
                decision.proven,
                decision.step.as_deref(),
                now,
            );
        }
        standing.consumed.push(ConsumedDecision { uid: decision.uid.clone(), outcome });
    }
    standing
}

fn records(migration: &MigrationFacts) -> &[DecisionRecord] {
    migration.object.status.as_ref().map_or(&[], |status| status.decisions.as_slice())
}

/// Whether a decision may be taken up.
fn admissible(
    decision: &DecisionFacts,
    uid: &str,
    digest: &ContentDigest,
    now: Timestamp,
) -> Result<(), (Reason, String)> {
    if decision.migration_uid != uid {
        return Err((
            Reason::NoSuchMigration,
            format!(
                "expected the migration with uid {uid}, found {}: decide on the migration as it is now",
                decision.migration_uid
            ),
        ));
    }
    if decision.expires_at.is_some_and(|end| end <= now) {
        return Err((Reason::Expired, "the decision is past its `expiresAt`: take another one".to_owned()));
    }
    if decision.decision.stops() {
        return Ok(());
    }
    if !decision.proven {
        return Err((
            Reason::Unproven,
            "the admission policy was not in force when the decision was made, so nobody proved who made it; install the policy \
             and take the decision again"
                .to_owned(),
        ));
    }
    if decision.plan_digest.as_ref() != Some(digest) {
        return Err((
            Reason::PlanChanged,
            format!("expected planDigest {digest}: read the plan as it is now and decide again"),
        ));
    }
    Ok(())
}

impl Standing {
    fn add(&mut self, decision: Decision, by: &str, proven: bool, step: Option<&str>, at: Timestamp) {
        if !proven && !decision.stops() {
            return;
        }
        match decision {
            Decision::Approve => {
                self.approved_by.insert(by.to_owned(), at);
            }
            Decision::Deny => self.denied_by = Some(by.to_owned()),
            Decision::Pause => self.paused_by = Some(by.to_owned()),
            Decision::Resume => self.paused_by = None,
            Decision::RollBack => self.roll_back_by = Some(by.to_owned()),
            Decision::SkipStep => self.skip.extend(step.map(str::to_owned)),
            Decision::Readopt => self.readopted = true,
        }
    }
}

#[cfg(test)]
mod tests;
