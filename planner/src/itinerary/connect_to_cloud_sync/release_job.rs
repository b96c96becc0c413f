//! The jobs are given back once every scope of the claim was proven or has failed.

use crds::conditions::Reason;

use crate::itinerary::shared::is_ours;
use crate::itinerary::{Limits, Progress, Sharing, Step, StepName, Undo, View, Wait};
use crate::plan::Effect;

/// See the module.
pub(crate) struct ReleaseJob;

impl Step for ReleaseJob {
    fn name(&self) -> StepName {
        StepName::ReleaseJob
    }

    fn sharing(&self) -> Sharing {
        Sharing::Jobs
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Release
    }

    fn evaluate(&self, view: &View) -> Progress {
        if let Some(domain) = view.domains().iter().find(|domain| view.observed.job(domain).is_none()) {
            // A job that cannot be read may still be held.
            return Progress::Waiting(Wait::system(
                Reason::GraphUnavailable,
                format!("the configuration of {domain} cannot be read"),
                None,
            ));
        }
        let held: Vec<(String, crds::entra_tenant::Claim)> = view
            .domains()
            .into_iter()
            .filter_map(|domain| {
                let claim = view.observed.job(&domain)?.claim().filter(|claim| is_ours(view, claim))?.clone();
                Some((domain, claim))
            })
            .collect();
        let Some((_, claim)) = held.first() else { return Progress::Pass(Vec::new()) };
        let unproven =
            claim.migrations.iter().filter(|name| name.as_str() != view.migration.name()).find(|name| {
                view.observed
                    .migration(name.as_str())
                    .is_some_and(|m| !m.is_past(StepName::ProbeRemoval) && !m.has_failed())
            });
        if let Some(name) = unproven {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForWave,
                format!("{name} is not proven yet"),
                None,
            ));
        }
        let holder = claim.holder.clone();
        Progress::Begin(Effect::ReleaseJobs {
            domains: held.into_iter().map(|(domain, _)| domain).collect(),
            holder,
        })
    }
}
