//! People's decisions: which of them count, and what they add up to. Pure.
//!
//! A decision counts once it is taken up into the migration's status; deleting the object undoes nothing. Approve, Resume, SkipStep
//! and Readopt count only when proven by the admission policy; what only stops something always counts. An approval counts as long
//! as what was predicted is what it was given for, a readoption as long as the agents remember what they did then.

mod binding;

use std::collections::{BTreeMap, BTreeSet};

use crds::ContentDigest;
use crds::conditions::Reason;
use crds::migration::{DecisionRecord, Fact};
use crds::migration_decision::Decision;
use jiff::Timestamp;

pub use binding::Binding;
pub(crate) use binding::{Figures, compared_in_newer_epoch};

use crate::itinerary::steps;
use crate::observed::{DecisionFacts, MigrationFacts, Observed};
use crate::plan::ConsumedDecision;

/// Decisions on one migration, taken up ones first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What decisions are bound to as things are.
    pub binding: Binding,
    /// People who approved the plan as it is predicted now, each with the approval that was last taken up.
    pub approved_by: BTreeMap<String, DecisionRecord>,
    /// People whose approval was for another prediction, and what they were shown.
    pub outdated: BTreeMap<String, Vec<Fact>>,
    /// The denial, if somebody denied it.
    pub denied: Option<DecisionRecord>,
    /// The pause that was not answered by a Resume.
    pub paused: Option<DecisionRecord>,
    /// The rollback that was asked for last.
    pub roll_back: Option<DecisionRecord>,
    /// When somebody last let it go on.
    pub resumed_at: Option<Timestamp>,
    /// Steps to leave out.
    pub skip: BTreeSet<String>,
    /// What somebody readopted last.
    pub readopted: Option<ContentDigest>,
    /// Decisions looked at for good in this pass.
    pub consumed: Vec<ConsumedDecision>,
}

/// Adds up the decisions on a migration. Approvals of migrations with the same plan digest (the wave's) count for each other.
pub fn standing(observed: &Observed, migration: &MigrationFacts, now: Timestamp) -> Standing {
    let digest = &migration.object.spec.plan_digest;
    let mut standing = Standing::new(Binding::of(observed, migration));
    for record in records(migration) {
        standing.add(record);
    }
    let siblings = observed.migrations.iter().filter(|m| m.uid() != migration.uid());
    for sibling in siblings.filter(|s| s.object.spec.plan_digest == *digest) {
        for record in records(sibling).iter().filter(|r| r.decision == Decision::Approve) {
            standing.add(record);
        }
    }
    for decision in observed.decisions.iter().filter(|d| d.migration == migration.name()) {
        if records(migration).iter().any(|record| record.uid == decision.uid) {
            continue;
        }
        let outcome = match admissible(decision, migration, &standing.binding, now) {
            Ok(()) => {
                let record = standing.binding.record(decision, now);
                standing.add(&record);
                Ok(record)
            }
            Err(refusal) => Err(refusal),
        };
        standing.consumed.push(ConsumedDecision { uid: decision.uid.clone(), outcome });
    }
    standing
}

fn records(migration: &MigrationFacts) -> &[DecisionRecord] {
    migration.object.status.as_ref().map_or(&[], |status| status.decisions.as_slice())
}

impl Binding {
    /// The record of a decision that is taken up now.
    fn record(&self, decision: &DecisionFacts, now: Timestamp) -> DecisionRecord {
        let (bound_to, shown) = match decision.decision {
            Decision::Approve => (self.approve.clone(), self.shown.clone()),
            Decision::Readopt => (Some(self.readopt.clone()), Vec::new()),
            _ => (None, Vec::new()),
        };
        DecisionRecord {
            name: crds::primitive::bounded_name(decision.name.as_str(), LONGEST_NAME),
            uid: decision.uid.clone(),
            decision: decision.decision,
            decided_by: decision.decided_by.clone(),
            reason: DecisionRecord::kept_reason(&decision.reason),
            proven: decision.proven,
            proven_by: decision.proven.then_some(decision.proven_by),
            at: now,
            step: decision.step.clone(),
            bound_to,
            shown,
        }
    }
}

/// Longest name that a record takes.
const LONGEST_NAME: usize = 63;

/// Whether a decision may be taken up.
fn admissible(
    decision: &DecisionFacts,
    migration: &MigrationFacts,
    binding: &Binding,
    now: Timestamp,
) -> Result<(), (Reason, String)> {
    let (uid, digest) = (migration.uid(), &migration.object.spec.plan_digest);
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
    let changed = |expected: &ContentDigest| {
        (
            Reason::PlanChanged,
            format!("expected planDigest {expected}: read the plan as it is now and decide again"),
        )
    };
    let given = decision.plan_digest.as_ref();
    match decision.decision {
        Decision::Approve => approval(decision, digest, binding, changed),
        // Nobody can readopt what was not seen: the digest of the plan alone says nothing about epochs.
        Decision::Readopt if given != Some(&binding.readopt) => Err(changed(&binding.readopt)),
        Decision::Readopt => Ok(()),
        Decision::SkipStep if given == Some(digest) => skippable(decision, migration),
        _ if given == Some(digest) => Ok(()),
        _ => Err(changed(digest)),
    }
}

/// A step that may ever be left out; whether it may be just now, the step itself says.
fn skippable(decision: &DecisionFacts, migration: &MigrationFacts) -> Result<(), (Reason, String)> {
    let spec = &migration.object.spec;
    let allowed: Vec<&str> = steps(spec.itinerary, spec.itinerary_version)
        .into_iter()
        .flatten()
        .filter(|step| step.may_be_skipped(migration))
        .map(|step| step.name().as_str())
        .collect();
    let step = decision.step.as_deref().unwrap_or_default();
    if allowed.contains(&step) {
        return Ok(());
    }
    let found = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
    Err((
        Reason::StepNotSkippable,
        format!("expected a step of {} that may be left out ({found}), found {step}", migration.name()),
    ))
}

/// An approval names the plan with its prediction; or the frozen plan, and was given once the prediction was there to be read.
fn approval(
    decision: &DecisionFacts,
    digest: &ContentDigest,
    binding: &Binding,
    changed: impl Fn(&ContentDigest) -> (Reason, String),
) -> Result<(), (Reason, String)> {
    let Some(expected) = &binding.approve else {
        return Err((
            Reason::PlanChanged,
            format!(
                "expected an approval after the prediction, and {} has none yet: approve when the migration asks for it",
                binding.unpredicted.as_deref().unwrap_or("a scope of the wave")
            ),
        ));
    };
    let given = decision.plan_digest.as_ref();
    if given == Some(expected) {
        return Ok(());
    }
    if given != Some(digest) {
        return Err(changed(expected));
    }
    // The API server's times have whole seconds.
    let predicted = binding.predicted_at.is_none_or(|at| decision.created_at.as_second() >= at.as_second());
    if predicted { Ok(()) } else { Err(changed(expected)) }
}

impl Standing {
    fn new(binding: Binding) -> Self {
        Self {
            binding,
            approved_by: BTreeMap::new(),
            outdated: BTreeMap::new(),
            denied: None,
            paused: None,
            roll_back: None,
            resumed_at: None,
            skip: BTreeSet::new(),
            readopted: None,
            consumed: Vec::new(),
        }
    }

    fn add(&mut self, record: &DecisionRecord) {
        if !record.proven && !record.decision.stops() {
            return;
        }
        let by = record.decided_by.clone();
        match record.decision {
            Decision::Approve if record.bound_to.is_some() && record.bound_to == self.binding.approve => {
                self.outdated.remove(&by);
                self.approved_by.insert(by, record.clone());
            }
            Decision::Approve if !self.approved_by.contains_key(&by) => {
                self.outdated.insert(by, record.shown.clone());
            }
            Decision::Approve => {}
            Decision::Deny => self.denied = Some(record.clone()),
            Decision::Pause => self.paused = Some(record.clone()),
            Decision::Resume => {
                self.paused = None;
                self.resumed_at = Some(record.at);
            }
            Decision::RollBack => self.roll_back = Some(record.clone()),
            Decision::SkipStep => self.skip.extend(record.step.clone()),
            Decision::Readopt => self.readopted.clone_from(&record.bound_to),
        }
    }

    /// Somebody readopted exactly what the agents remember now.
    pub fn is_readopted(&self) -> bool {
        self.readopted.as_ref() == Some(&self.binding.readopt)
    }
}

#[cfg(test)]
mod tests;
