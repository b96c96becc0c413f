//! Steps that one migration carries out for others: who conducts, and what the others take over.
//!
//! The first migration of a claim conducts. Each writes the conductor's name into its own record when it finds itself in the claim,
//! so that it still knows once the claim is given back.

use crds::entra_tenant::Claim;
use crds::migration::StepRecord;

use super::{Sharing, StepName, View};

/// Name of the fact that says who conducts.
pub(crate) const CONDUCTOR: &str = "conductor";

/// Whether a claim is this migration's.
pub(crate) fn is_ours(view: &View, claim: &Claim) -> bool {
    claim.topology == view.observed.topology.name
        && claim.migrations.iter().any(|name| name.as_str() == view.migration.name())
}

/// Who conducts the shared steps of this kind; `None` while nobody does.
pub(crate) fn conductor<'a>(view: &View<'a>, sharing: Sharing) -> Option<&'a str> {
    match sharing {
        Sharing::Own => None,
        Sharing::Servers => view.fact(StepName::ClaimServers, CONDUCTOR),
        Sharing::ServersHome => view.fact(StepName::ClaimServersHome, CONDUCTOR),
        Sharing::Jobs => view.fact(StepName::ClaimJob, CONDUCTOR),
    }
}

/// The record that this migration takes over instead of acting itself, if another conducts: `Some(None)` while the conductor has
/// none. Records in `passed` are of this pass and newer than the observed ones.
pub(crate) fn conductor_record<'r>(
    view: &View<'r>,
    sharing: Sharing,
    step: StepName,
    passed: &'r [(String, Vec<StepRecord>)],
) -> Option<(&'r str, Option<&'r StepRecord>)> {
    let conductor = conductor(view, sharing)?;
    if conductor == view.migration.name() {
        return None;
    }
    let fresh = passed.iter().find(|(name, _)| name == conductor).map(|(_, records)| records.as_slice());
    let observed = || view.observed.migration(conductor).and_then(|m| m.record_of(step));
    let record = match fresh {
        Some(records) => records.iter().find(|record| record.name == step.as_str()),
        None => observed(),
    };
    Some((conductor, record))
}
