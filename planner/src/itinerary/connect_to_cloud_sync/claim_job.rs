//! The wave takes the jobs of the scope's domains, all or none, for as many scopes as `maxConcurrent` has free slots.

use std::collections::BTreeSet;

use crds::ObjectName;
use crds::conditions::Reason;
use crds::entra_tenant::Claim;
use crds::migration::StepState;

use crate::itinerary::shared::{self, CONDUCTOR, is_ours};
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact};
use crate::observed::MigrationFacts;
use crate::plan::Effect;

/// See the module.
pub(crate) struct ClaimJob;

impl Step for ClaimJob {
    fn name(&self) -> StepName {
        StepName::ClaimJob
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Release
    }

    fn evaluate(&self, view: &View) -> Progress {
        let domains = view.domains();
        if let Some(domain) = domains.iter().find(|domain| view.observed.job(domain).is_none()) {
            // Whether somebody holds it is not known, and neither is whether this migration does already.
            return Progress::Waiting(Wait::system(
                Reason::GraphUnavailable,
                format!("the configuration of {domain} cannot be read"),
                None,
            ));
        }
        let claims: Vec<Option<&Claim>> =
            domains.iter().map(|d| view.observed.job(d).and_then(crate::observed::JobFacts::claim)).collect();
        if claims.iter().all(|claim| claim.is_some_and(|c| is_ours(view, c))) {
            let conductor = claims
                .iter()
                .flatten()
                .next()
                .and_then(|c| c.migrations.first())
                .map_or("", ObjectName::as_str);
            return Progress::Pass(vec![fact(CONDUCTOR, conductor)]);
        }
        if let Some(other) = claims.iter().flatten().find(|claim| !is_ours(view, claim)) {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForClaim,
                format!("{} of topology {} holds the job", other.holder, other.topology),
                None,
            ));
        }
        // Scopes that shared the stop come out of it together: whoever is still behind belongs to the batch too.
        if let Some(behind) =
            view.wave_migrations().into_iter().find(|m| m.name() != view.migration.name() && is_behind(m))
        {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForWave,
                format!("{} comes out of the same stop", behind.name()),
                None,
            ));
        }
        let slots = view.wave().map_or(1, |wave| usize::try_from(wave.max_concurrent).unwrap_or(1));
        let in_flight = view.wave_migrations().into_iter().filter(|m| is_in_flight(m)).count();
        if in_flight >= slots {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForSlot,
                format!("{in_flight} scopes are between added and proven, `maxConcurrent` allows {slots}"),
                None,
            ));
        }
        let wanted: BTreeSet<&String> = domains.iter().collect();
        let batch: Vec<ObjectName> = view
            .wave_migrations()
            .into_iter()
            .filter(|m| {
                waits_here(m)
                    && crds::DistinguishedName::domains(m.organizational_units())
                        .iter()
                        .collect::<BTreeSet<_>>()
                        == wanted
            })
            .map(|m| m.name().into())
            .chain(std::iter::once(view.migration.name().into()))
            .collect::<BTreeSet<ObjectName>>()
            .into_iter()
            .take(slots - in_flight)
            .collect();
        if let Some(first) = batch.first().filter(|first| first.as_str() != view.migration.name()) {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForSlot,
                format!("{first} takes the jobs first"),
                None,
            ));
        }
        let Some(claim) = shared::claim_for(view, batch) else { return shared::without_scope() };
        Progress::Begin(Effect::ClaimJobs { domains, claim })
    }
}

/// Between added to the job and proven.
fn is_in_flight(migration: &MigrationFacts) -> bool {
    let claimed = migration.state_of(StepName::ClaimJob) == Some(StepState::Done);
    claimed && !migration.is_past(StepName::ProbeRemoval) && !migration.went_home()
}

/// Still in the stop that this scope came out of.
fn is_behind(migration: &MigrationFacts) -> bool {
    let claimed = migration.state_of(StepName::ClaimServers) == Some(StepState::Done);
    claimed
        && !migration.has_failed()
        && migration.state_of(StepName::StartScheduler) != Some(StepState::Done)
}

/// At this step and not held.
fn waits_here(migration: &MigrationFacts) -> bool {
    let ready = migration.state_of(StepName::StartScheduler) == Some(StepState::Done);
    let here = !matches!(migration.state_of(StepName::ClaimJob), Some(StepState::Done | StepState::Failed));
    ready && here && migration.way_back().is_none()
}
