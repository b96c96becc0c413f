//! The jobs are given back once everybody who holds them is home.

use crds::conditions::Reason;
use crds::migration::Way;

use super::claim_job;
use crate::itinerary::shared::is_ours;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait};
use crate::observed::MigrationFacts;
use crate::plan::Effect;

/// See the module.
pub(crate) struct ReleaseJobHome;

impl Step for ReleaseJobHome {
    fn name(&self) -> StepName {
        StepName::ReleaseJobHome
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Release
    }

    fn evaluate(&self, view: &View) -> Progress {
        // Whoever has still to delete the job would delete what the next attempt of this scope makes in its place.
        let pauses = view.migration.way_back().is_some_and(|way_back| way_back.way == Way::PauseJob);
        let on_the_way =
            |m: &MigrationFacts| m.is_past(StepName::ClaimJobHome) && !m.is_past(StepName::DeleteJob);
        let deletes = claim_job::party(view).into_iter().find(|m| on_the_way(m));
        if let Some(deletes) = deletes.filter(|m| pauses && m.name() != view.migration.name()) {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForWave,
                format!("{} has not seen the job go yet", deletes.name()),
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
        let Some((_, claim)) = held.first() else {
            let unread = view.domains().into_iter().find(|domain| view.observed.job(domain).is_none());
            return match unread {
                // A job that was never made holds nobody; one that cannot be read may.
                Some(domain) if view.migration.is_past(StepName::ClaimJob) => {
                    Progress::Waiting(Wait::system(
                        Reason::GraphUnavailable,
                        format!("the configuration of {domain} cannot be read"),
                        None,
                    ))
                }
                _ => Progress::Pass(Vec::new()),
            };
        };
        let others = claim.migrations.iter().filter(|name| name.as_str() != view.migration.name());
        let behind = others
            .filter_map(|name| view.observed.migration(name.as_str()))
            .find(|m| m.way_back().is_some() && !m.went_home() && !m.is_past(StepName::StartSchedulerHome));
        if let Some(behind) = behind {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForWave,
                format!("{} is not home yet", behind.name()),
                None,
            ));
        }
        Progress::Begin(Effect::ReleaseJobs {
            holder: claim.holder.clone(),
            domains: held.into_iter().map(|(domain, _)| domain).collect(),
        })
    }
}
