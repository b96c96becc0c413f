//! What must never happen on the way home. Pure.

use crds::Epoch;

use super::{Case, Invariant, Violation};
use crate::itinerary::StepName as S;

/// A job is paused or deleted: it is held, whatever it serves goes home too, and Connect is ready to serve it (S1, S2, S7, S8).
pub(super) fn job(case: &Case, domain: &str, epoch: Epoch, deletes: bool, found: &mut Vec<Violation>) {
    let Some(job) = case.observed.job(domain) else {
        found.push(case.violation(Invariant::S10, format!("the job of {domain} was not read")));
        return;
    };
    if epoch <= job.epoch() {
        found.push(case.violation(Invariant::S8, format!("the epoch of {domain} would not rise")));
    }
    if job.claim().is_none_or(|claim| claim.topology != case.observed.topology.name) {
        found
            .push(case.violation(Invariant::S7, format!("the job of {domain} is not held by this topology")));
    }
    if !case.goes_home() {
        found.push(case.violation(Invariant::S2, format!("the job of {domain} would stop on the way out")));
    }
    for unit in &job.containers {
        let serves = |m: &&crate::observed::MigrationFacts| m.organizational_units().contains(unit);
        let owners: Vec<_> = case.observed.migrations.iter().filter(serves).collect();
        let stays = owners.iter().any(|m| m.way_back().is_none());
        if owners.is_empty() || stays {
            found.push(case.violation(
                Invariant::S2,
                format!("{unit} is served by the job of {domain} and does not go home"),
            ));
        }
        let is_home = |m: &&crate::observed::MigrationFacts| {
            m.name() == case.plan.name || m.went_home() || m.is_past(S::ProveFlow)
        };
        if deletes && !(owners.iter().all(is_home) && case.done(S::ProveFlow)) {
            found.push(case.violation(
                Invariant::S2,
                format!("the job of {domain} would go before Connect was proven to serve {unit}"),
            ));
        }
    }
    if deletes && job.started {
        found.push(case.violation(Invariant::S3, format!("the job of {domain} would go while it runs")));
    }
    if !deletes && !case.done(S::StopSchedulerHome) {
        found.push(case.violation(
            Invariant::S2,
            format!("the job of {domain} would stop before the way home is prepared"),
        ));
    }
}
