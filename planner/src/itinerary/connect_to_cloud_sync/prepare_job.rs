//! The Cloud Sync configuration of each domain exists: service principal, jobs, secrets, deletion guard. A new one stays paused: its
//! filter is empty, and an empty filter means the whole domain (S11).

use crds::conditions::Reason;

use crate::itinerary::{
    Limits, Progress, Step, StepName, Undo, View, Wait, fact, fact_name, filter, listing,
};
use crate::plan::Effect;

/// See the module.
pub(crate) struct PrepareJob;

/// The service's own default; the guard is never loosened beyond it.
const DEFAULT_THRESHOLD: i64 = 500;

impl Step for PrepareJob {
    fn name(&self) -> StepName {
        StepName::PrepareJob
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::READ
    }

    fn undo(&self) -> Undo {
        Undo::Action {
            how: "a configuration made here is deleted while it is paused",
            leaves: "a soft-deleted application for 30 days",
        }
    }

    fn evaluate(&self, view: &View) -> Progress {
        if let Some(wait) = obstacle(view) {
            return Progress::Waiting(wait);
        }
        // Nothing is made in the cloud for units that are not there.
        if view.domains().iter().any(|domain| view.observed.job(domain).is_none()) {
            let found = listing::units(view, self.name());
            let Progress::Pass(_) = found else { return found };
        }
        if let Some(effect) = missing(view) {
            return Progress::Begin(effect);
        }
        let mut facts = Vec::new();
        for domain in view.domains() {
            facts.push(fact(&fact_name("job", &domain), "ready"));
            if let Some(job) = view.observed.job(&domain) {
                facts.push(fact(&filter::others_fact(&domain), filter::others(view, job).as_str()));
            }
        }
        Progress::Pass(facts)
    }
}

/// Makes the first of the domains' jobs that is not there, or has no guard. One that was there when its step was done may be gone since: a
/// scope that goes home takes its job with it.
pub(super) fn missing(view: &View) -> Option<Effect> {
    let ready = |domain: &String| {
        view.observed.job(domain).is_some_and(|job| {
            job.recorded.job_id.is_some()
                && job.deletion_threshold.is_some_and(|t| (1..=DEFAULT_THRESHOLD).contains(&t))
        })
    };
    let domain = view.domains().into_iter().find(|domain| !ready(domain))?;
    Some(Effect::PrepareJob { domain, deletion_threshold: DEFAULT_THRESHOLD })
}

/// What keeps a configuration that is there from being used, whoever made it.
fn obstacle(view: &View) -> Option<Wait> {
    for domain in view.domains() {
        let Some(job) = view.observed.job(&domain) else { continue };
        if job.filter_empty && (job.started || job.active) {
            return Some(Wait::person(
                Reason::EmptyFilter,
                format!(
                    "the configuration of {domain} runs with an empty filter: it provisions the whole domain. Pause it in the portal and \
                     set its scope before anything moves"
                ),
            ));
        }
        if let Some(quarantine) = &job.quarantine {
            return Some(Wait::person(
                Reason::GraphUnavailable,
                format!(
                    "the job of {domain} is in quarantine ({quarantine}): clear its cause in the portal first"
                ),
            ));
        }
    }
    None
}
