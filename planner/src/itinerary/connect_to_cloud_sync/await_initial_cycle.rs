//! The job finished a cycle over its new scope. That proves that it ran, not that it serves anyone: the probes do (S2).

use crds::conditions::Reason;

use crate::itinerary::{Limits, Progress, Sharing, Step, StepName, Undo, View, Wait, fact, fact_name};

/// See the module.
pub(crate) struct AwaitInitialCycle;

impl Step for AwaitInitialCycle {
    fn name(&self) -> StepName {
        StepName::AwaitInitialCycle
    }

    fn sharing(&self) -> Sharing {
        Sharing::Jobs
    }

    fn limits(&self, _: &View) -> Limits {
        // A first cycle over many objects is slow, not wrong: the clocks of the topology decide.
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let Some(added) = view.done_at(StepName::AddToJob) else {
            return Progress::Inconclusive(
                Reason::WaitingForEvidence,
                "it is not known when the scope was added".to_owned(),
            );
        };
        for domain in view.domains() {
            let Some(job) = view.observed.job(&domain) else {
                return Progress::Working(format!("the configuration of {domain} is being read"));
            };
            if let Some(quarantine) = &job.quarantine {
                return Progress::Fail(
                    Reason::VerificationFailed,
                    format!(
                        "the job of {domain} went into quarantine: {quarantine}. Look at its provisioning log"
                    ),
                );
            }
            if !job.started {
                return Progress::Waiting(Wait::person(
                    Reason::ForeignChange,
                    format!("somebody paused the job of {domain}: start it again in the portal"),
                ));
            }
            let steady = job.steady_state_at.is_some_and(|at| at > added);
            let succeeded = job.last_success_at.is_some_and(|at| at > added);
            if !steady || !succeeded {
                return Progress::Working(format!(
                    "the first cycle of {domain} over its new scope is not done yet"
                ));
            }
            let hashes = view.servers().iter().any(|s| {
                s.inventory
                    .as_ref()
                    .and_then(|i| i.features.as_ref())
                    .is_some_and(|features| features.password_hash_sync)
            });
            if hashes && job.password_hash_active != Some(true) {
                return Progress::Working(format!("the password hash job of {domain} does not run yet"));
            }
            if job.entries == 0 {
                return Progress::Inconclusive(
                    Reason::WaitingForEvidence,
                    format!(
                        "the job of {domain} succeeded with no object at all: its agent may not read the units"
                    ),
                );
            }
        }
        Progress::Pass(
            view.domains()
                .iter()
                .filter_map(|d| Some(fact(&fact_name("entries", d), view.observed.job(d)?.entries)))
                .collect(),
        )
    }
}
