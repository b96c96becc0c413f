//! The safety invariants as a lint over a plan: whatever a step decides, nothing is applied that this finds fault with. Pure.
//!
//! Independent of the steps on purpose: it looks at records, facts and effects only, so that a fault in a step is caught here.
//! Invariants and their reasons: `docs/safety.md`.

mod effects;
mod home;
mod records;

use jiff::Timestamp;
use serde::Serialize;

use crate::observed::Observed;
use crate::plan::Plan;

/// The invariants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Invariant {
    /// One writer.
    S1,
    /// No gap.
    S2,
    /// No unexplained deletion.
    S3,
    /// Proof before retirement.
    S4,
    /// A way back.
    S5,
    /// Backup first.
    S6,
    /// The scheduler is never forgotten.
    S7,
    /// Stale hands do nothing.
    S8,
    /// Windows gate starts, not finishes.
    S9,
    /// Silence is not success.
    S10,
    /// No surprise.
    S11,
    /// Restored is not resumed.
    S12,
}

/// Something a plan must not do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// The invariant.
    pub invariant: Invariant,
    /// Name of the migration.
    pub migration: String,
    /// What was expected and what was found.
    pub message: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} in {}: {}", self.invariant, self.migration, self.message)
    }
}

/// Everything that is wrong with a plan; empty = it may be applied.
pub fn review(observed: &Observed, plan: &Plan, now: Timestamp) -> Vec<Violation> {
    let mut found = Vec::new();
    for migration in &plan.migrations {
        let Some(facts) = observed.migration(&migration.name) else { continue };
        let case = Case { observed, facts, plan: migration, now };
        records::review(&case, &mut found);
        effects::review(&case, &mut found);
    }
    found
}

/// One migration under review.
struct Case<'a> {
    observed: &'a Observed,
    facts: &'a crate::observed::MigrationFacts,
    plan: &'a crate::plan::MigrationPlan,
    now: Timestamp,
}

impl Case<'_> {
    fn violation(&self, invariant: Invariant, message: impl Into<String>) -> Violation {
        Violation { invariant, migration: self.plan.name.clone(), message: message.into() }
    }

    /// A step is over in the records of this plan.
    fn done(&self, step: crate::itinerary::StepName) -> bool {
        self.state(step) == Some(crds::migration::StepState::Done)
    }

    fn state(&self, step: crate::itinerary::StepName) -> Option<crds::migration::StepState> {
        self.record(step).map(|record| record.state)
    }

    fn record(&self, step: crate::itinerary::StepName) -> Option<&crds::migration::StepRecord> {
        let home = self.plan.way_back.iter().flat_map(|way_back| &way_back.steps);
        self.plan.steps.iter().chain(home).find(|r| r.name == step.as_str())
    }

    /// On the way home.
    fn goes_home(&self) -> bool {
        self.plan.way_back.is_some()
    }

    /// The step of the way that the migration is on.
    fn on_leg(
        &self,
        away: crate::itinerary::StepName,
        home: crate::itinerary::StepName,
    ) -> crate::itinerary::StepName {
        if self.goes_home() { home } else { away }
    }

    fn server(&self, name: &crds::ObjectName) -> Option<&crate::observed::ServerFacts> {
        self.observed.servers.get(name)
    }
}

#[cfg(test)]
mod tests;
