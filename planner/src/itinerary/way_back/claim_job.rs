//! Whoever goes home together takes the jobs of the scope's domains, once everything that they serve goes home: a pause serves nobody.

use crds::ObjectName;
use crds::conditions::Reason;
use crds::migration::Way;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, shared};
use crate::observed::{JobFacts, MigrationFacts};
use crate::plan::Effect;

/// See the module.
pub(crate) struct ClaimJobHome;

impl Step for ClaimJobHome {
    fn name(&self) -> StepName {
        StepName::ClaimJobHome
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Release
    }

    fn evaluate(&self, view: &View) -> Progress {
        if let Err(wait) = super::recorded(view) {
            return Progress::Waiting(wait);
        }
        let party: Vec<ObjectName> = party(view).into_iter().map(|m| m.name().into()).collect();
        let mut free = Vec::new();
        for domain in view.domains() {
            let Some(job) = view.observed.job(&domain) else {
                return Progress::Waiting(Wait::obstacle(
                    Reason::GraphUnavailable,
                    format!(
                        "the configuration of {domain} cannot be read, so it is not known whom it serves"
                    ),
                ));
            };
            if let Err(wait) = goes_home(view, job) {
                return Progress::Waiting(wait);
            }
            match job.claim() {
                None => free.push(domain),
                // Taken on the way out, or by another of the party.
                Some(claim)
                    if claim.topology == view.observed.topology.name
                        && claim.migrations.iter().all(|name| party.contains(name)) => {}
                Some(claim) => {
                    return Progress::Waiting(Wait::system(
                        Reason::WaitingForClaim,
                        format!("{} of topology {} holds the job of {domain}", claim.holder, claim.topology),
                        None,
                    ));
                }
            }
        }
        if free.is_empty() {
            return Progress::Pass(Vec::new());
        }
        let Some(claim) = shared::claim_for(view, party) else { return shared::without_scope() };
        Progress::Begin(Effect::ClaimJobs { domains: free, claim })
    }
}

/// Migrations that go home because their job is paused, and share a domain with this one, by name; this one included.
pub(super) fn party<'a>(view: &View<'a>) -> Vec<&'a MigrationFacts> {
    let mut party: Vec<&MigrationFacts> = view
        .observed
        .migrations
        .iter()
        .filter(|m| m.way_back().is_some_and(|way_back| way_back.way == Way::PauseJob))
        .filter(|m| !m.went_home() && !m.is_past(StepName::ReleaseJobHome))
        .filter(|m| m.shares_domain(view.migration))
        .collect();
    party.sort_by_key(|m| m.name().to_owned());
    party
}

/// Somebody of the party holds the job: for all of them, whoever took it, and on whichever way.
pub(super) fn is_held(view: &View, job: &JobFacts) -> bool {
    let topology = &view.observed.topology.name;
    let party = party(view);
    job.claim().is_some_and(|claim| party.iter().any(|member| claim.names(topology, member.name())))
}

/// Everything in a job's filter goes home.
///
/// # Errors
/// Names the first unit that does not, and who can clear it.
pub(super) fn goes_home(view: &View, job: &JobFacts) -> Result<(), Wait> {
    for unit in &job.containers {
        let owners: Vec<&MigrationFacts> = view
            .observed
            .migrations
            .iter()
            .filter(|m| m.organizational_units().contains(unit) && !m.went_home())
            .collect();
        if owners.is_empty() {
            return Err(Wait::person(
                Reason::RollbackUnavailable,
                format!(
                    "the job of {} also serves {unit}, which no migration of this topology put there: pausing it would leave those objects \
                     without an engine. Take the unit out of the job's scope knowingly, or give it to a topology; then this goes on",
                    job.domain
                ),
            ));
        }
        if let Some(stays) = owners.iter().find(|m| m.way_back().is_none()) {
            return Err(Wait::system(
                Reason::WaitingForWave,
                format!("{} is served by the same job and goes home too", stays.name()),
                None,
            ));
        }
    }
    Ok(())
}
