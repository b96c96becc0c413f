//! The paused jobs are deleted once everything that they served is proven to be Connect's again. A job that stays remembers its objects: whoever
//! starts it writes beside Connect, and whoever narrows it first deletes them. Deleting it leaves the objects alone. Source: Microsoft, "Delete
//! a configuration" (cloud sync); what happens to the service principal: it stays, without jobs.

use crds::conditions::Reason;

use super::claim_job;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact};
use crate::observed::MigrationFacts;
use crate::plan::Effect;

/// See the module.
pub(crate) struct DeleteJob;

impl Step for DeleteJob {
    fn name(&self) -> StepName {
        StepName::DeleteJob
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Action {
            how: "a new attempt makes a new one",
            leaves: "attribute mappings that people changed",
        }
    }

    fn evaluate(&self, view: &View) -> Progress {
        for domain in view.domains() {
            let Some(job) = view.observed.job(&domain) else {
                return Progress::Waiting(Wait::system(
                    Reason::GraphUnavailable,
                    format!("the configuration of {domain} cannot be read"),
                    None,
                ));
            };
            let gone = job.recorded.job_id.is_none() && job.recorded.password_hash_job_id.is_none();
            // What is not held any more was deleted, and is another one now.
            if gone || !claim_job::is_held(view, job) {
                continue;
            }
            if job.started || job.active {
                return Progress::Waiting(Wait::person(
                    Reason::ForeignChange,
                    format!(
                        "somebody started the job of {domain} after it was paused, and Connect serves its objects again: pause it in the portal \
                         at once"
                    ),
                ));
            }
            // The next attempt of whoever is home already has not come so far, and waits for this.
            let needs = |m: &MigrationFacts| match m.way_back() {
                Some(_) => !m.went_home() && !m.is_past(StepName::VerifyHome),
                None => m.has_started(StepName::AddToJob),
            };
            let waits = view.observed.migrations.iter().find(|m| {
                m.organizational_units().iter().any(|unit| job.containers.contains(unit))
                    && m.name() != view.migration.name()
                    && needs(m)
            });
            if let Some(other) = waits {
                return Progress::Waiting(Wait::system(
                    Reason::WaitingForWave,
                    format!("{} is not proven to be home yet", other.name()),
                    None,
                ));
            }
            return Progress::Begin(Effect::DeleteJob { domain, epoch: job.epoch().next() });
        }
        Progress::Pass(vec![fact("deleted", view.domains().join(" ").chars().take(512).collect::<String>())])
    }
}
