//! The jobs are paused, with every scope that they serve: what they know stays in the cloud as it is. Source: Microsoft, synchronizationJob:
//! pause. Not before the scheduler is off, so that no scope is without an engine longer than the rules take to go.

use crds::conditions::Reason;

use super::claim_job;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact, fact_name};
use crate::plan::Effect;

/// See the module.
pub(crate) struct PauseJob;

impl Step for PauseJob {
    fn name(&self) -> StepName {
        StepName::PauseJob
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Action { how: "a new attempt starts the job again", leaves: "" }
    }

    fn evaluate(&self, view: &View) -> Progress {
        for domain in view.domains() {
            let Some(job) = view.observed.job(&domain) else {
                return Progress::Waiting(Wait::system(
                    Reason::GraphUnavailable,
                    format!(
                        "the configuration of {domain} cannot be read; the agents switch the schedulers on by themselves in time"
                    ),
                    None,
                ));
            };
            if let Err(wait) = claim_job::goes_home(view, job) {
                return Progress::Waiting(wait);
            }
            if job.started || job.password_hash_active == Some(true) {
                return Progress::Begin(Effect::PauseJob { domain, epoch: job.epoch().next() });
            }
            if job.active {
                return Progress::Working(format!("the job of {domain} ends what it is doing"));
            }
        }
        Progress::Pass(
            view.domains().iter().map(|domain| fact(&fact_name("paused", domain), "yes")).collect(),
        )
    }
}
