//! Whether a topology may go: not while anything of it holds a server or a job, or is between two engines. Pure.

use super::Plan;
use crate::observed::{JobFacts, Observed};
use crate::plan::Effect;

/// Whether something of the topology has to be finished before its object may be gone: a prune in Git must not leave a scheduler off.
pub fn is_bound(observed: &Observed, plan: &Plan) -> bool {
    let ours = |claim: &crds::entra_tenant::Claim| claim.topology == observed.topology.name;
    let servers = observed.servers.values().filter_map(|server| server.claim.as_ref());
    let jobs = observed.tenant.iter().flat_map(|tenant| &tenant.jobs).filter_map(JobFacts::claim);
    if servers.chain(jobs).any(ours) {
        return true;
    }
    plan.migrations.iter().any(|migration| {
        let takes = matches!(migration.effect, Some(Effect::ClaimServers { .. } | Effect::ClaimJobs { .. }));
        let homeward =
            observed.migration(&migration.name).is_some_and(|m| m.way_back().is_some() && !m.went_home());
        takes || homeward || is_between(migration)
    })
}

/// Rules withhold the scope, and Cloud Sync was not proven to serve it.
fn is_between(migration: &crate::plan::MigrationPlan) -> bool {
    use crate::itinerary::StepName as S;
    use crds::migration::StepState;
    let state = |step: S| migration.steps.iter().find(|r| r.name == step.as_str()).map(|r| r.state);
    let over = |step| matches!(state(step), Some(StepState::Done | StepState::Skipped));
    migration.way_back.is_none()
        && over(S::ClaimServers)
        && state(S::ProbeRemoval).is_some()
        && !over(S::ProbeRemoval)
}
