//! The scope is watched for the wave's `soak`, from the instant the evidence of this attempt was complete.

use crds::conditions::Reason;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait};
use crate::observed::MigrationFacts;

/// See the module.
pub(crate) struct Soak;

impl Step for Soak {
    fn name(&self) -> StepName {
        StepName::Soak
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn may_be_skipped(&self, _: &MigrationFacts) -> bool {
        true
    }

    fn evaluate(&self, view: &View) -> Progress {
        let Some(proven) = view.done_at(StepName::VerifyParity) else {
            return Progress::Inconclusive(
                Reason::WaitingForEvidence,
                "it is not known when the scope was proven".to_owned(),
            );
        };
        for domain in view.domains() {
            let Some(job) = view.observed.job(&domain) else {
                return Progress::Waiting(Wait::system(
                    Reason::GraphUnavailable,
                    format!("the configuration of {domain} cannot be read, so nobody watches it"),
                    None,
                ));
            };
            if let Some(quarantine) = &job.quarantine {
                return Progress::Waiting(Wait::person(
                    Reason::VerificationFailed,
                    format!(
                        "the job of {domain} is in quarantine: {quarantine}. Clear its cause in the portal"
                    ),
                ));
            }
        }
        let soak = view.wave().map_or(jiff::SignedDuration::from_hours(24), |wave| wave.soak.length());
        let until = proven.checked_add(soak).unwrap_or(jiff::Timestamp::MAX);
        if view.now >= until {
            return Progress::Pass(Vec::new());
        }
        Progress::Waiting(Wait::system(Reason::Soaking, format!("soaks until {until}"), Some(until)))
    }
}
