//! Every decision of the operator: pure functions from what is wanted and what was observed to what happens next.
//!
//! `plan(desired, observed, decisions, now)` looks at one topology as a whole: its waves, its migrations, the servers and jobs
//! they touch. It returns immutable data: new step records, at most one effect for each migration, and for everything that does
//! not move the reason and who can clear it. Status, command line, metrics and alerts all read that; none decides again.
//! Planning twice changes nothing.
//!
//! No IO, no clock, no async, no Kubernetes client: time comes in as an argument.

pub mod decisions;
pub mod eligibility;
pub mod host;
pub mod itinerary;
pub mod lifecycle;
pub mod moved;
pub mod observed;
pub mod plan;
pub mod review;
pub mod topology;
pub mod windows;

pub use observed::Observed;
pub use plan::{Effect, MigrationPlan, Plan};

use jiff::Timestamp;

/// Plans one topology.
///
/// `observed` holds everything that is known, the topology's own spec included. The result names what to write and what to do;
/// [`review::review`] must find nothing in it before anything is applied.
pub fn plan(observed: &Observed, now: Timestamp) -> Plan {
    topology::plan(observed, now)
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;
