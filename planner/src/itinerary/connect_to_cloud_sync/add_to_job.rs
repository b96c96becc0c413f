//! The scopes of the claim are added to the job's filter by one write, compared before and after, and the job runs (S1, S11).

use crds::DistinguishedName;
use crds::conditions::Reason;

use super::{deletion_guard, prepare_job};
use crate::itinerary::shared::is_ours;
use crate::itinerary::{
    Limits, Progress, Sharing, Step, StepName, Undo, View, Wait, command, fact, fact_name, filter,
};
use crate::observed::JobFacts;
use crate::plan::Effect;

/// See the module.
pub(crate) struct AddToJob;

/// Most containers one filter takes. Source: Microsoft, Microsoft Entra Cloud Sync configuration (59 OUs or groups).
const MOST_CONTAINERS: usize = 59;

impl Step for AddToJob {
    fn name(&self) -> StepName {
        StepName::AddToJob
    }

    fn sharing(&self) -> Sharing {
        Sharing::Jobs
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::READ
    }

    fn undo(&self) -> Undo {
        Undo::Action {
            how: "a job that serves these scopes alone is paused; a shared one is narrowed only with a switch proven in this tenant, else \
                  every scope of the job goes home",
            leaves: "",
        }
    }

    fn precondition(&self, view: &View) -> Result<(), Wait> {
        for domain in view.domains() {
            let Some(job) = view.observed.job(&domain) else {
                return Err(Wait::obstacle(
                    Reason::GraphUnavailable,
                    format!("the configuration of {domain} cannot be read"),
                ));
            };
            if let Some(quarantine) = &job.quarantine {
                return Err(Wait::person(
                    Reason::GraphUnavailable,
                    format!(
                        "the job of {domain} is in quarantine ({quarantine}): clear its cause in the portal"
                    ),
                ));
            }
            if job.filter_empty && job.started {
                return Err(Wait::person(
                    Reason::EmptyFilter,
                    format!(
                        "the configuration of {domain} runs with an empty filter, which means the whole domain: pause it"
                    ),
                ));
            }
            if let Some(wait) = moved(view, job).or_else(|| filter::changed(view, job)) {
                return Err(wait);
            }
            let union = wanted(view, job);
            if union.len() > MOST_CONTAINERS {
                return Err(Wait::person(
                    Reason::NoFreePrecedence,
                    format!(
                        "expected at most {MOST_CONTAINERS} containers in the filter of {domain}, the union has {}: declare parent units instead",
                        union.len()
                    ),
                ));
            }
        }
        Ok(())
    }

    fn evaluate(&self, view: &View) -> Progress {
        // It must hold to the end: a job can be stopped by the service in the middle of it.
        if let Err(wait) = self.precondition(view) {
            return Progress::Waiting(wait);
        }
        if let Some(effect) = prepare_job::missing(view) {
            return Progress::Begin(effect);
        }
        for domain in view.domains() {
            let Some(job) = view.observed.job(&domain) else {
                return Progress::Working(format!("the configuration of {domain} is being read"));
            };
            let threshold = deletion_guard::threshold(view, job);
            if job.deletion_threshold.is_none_or(|now| now > threshold) {
                return Progress::Begin(Effect::TightenDeletionGuard {
                    domain,
                    deletion_threshold: threshold,
                });
            }
            let wanted = wanted(view, job);
            let held = wanted.iter().all(|container| job.containers.contains(container));
            // The epoch is raised after the restart, so a crash in between repeats the whole of it.
            let raised = view.record.facts.iter().any(|fact| {
                fact.name == epoch_fact(&domain)
                    && fact.value.parse().is_ok_and(|epoch: i64| job.epoch().0 >= epoch)
            });
            // Nobody becomes a second writer on the word of agents that are silent: a restored cluster may have forgotten that the
            // scope went home.
            if !held && let Some(wait) = view.servers().into_iter().find_map(command::silent) {
                return Progress::Waiting(wait);
            }
            if !held || !job.started || !raised {
                return Progress::Begin(Effect::AddContainers {
                    domain,
                    epoch: job.epoch().next(),
                    expected: job.containers.clone(),
                    wanted,
                });
            }
        }
        Progress::Pass(
            view.domains()
                .iter()
                .filter_map(|domain| {
                    let job = view.observed.job(domain)?;
                    Some(fact(&epoch_fact(domain), job.epoch()))
                })
                .collect(),
        )
    }
}

/// Name of the fact that holds the epoch a domain's job has after the change.
pub(crate) fn epoch_fact(domain: &str) -> String {
    fact_name("epoch", domain)
}

/// A unit in the filter that is no longer where it was claimed, whoever claimed it: a restart takes the filter by its names, and may find
/// nobody under this one. Source: Microsoft, cloud sync prerequisites ("scoped OU renamed").
fn moved(view: &View, job: &JobFacts) -> Option<Wait> {
    let inventories =
        view.observed.servers.values().filter_map(|server| server.inventory.as_ref()?.watch.as_ref());
    let units = inventories.flat_map(|watch| &watch.scopes).flat_map(|scope| &scope.moved_units);
    let unit = units.into_iter().find(|unit| job.containers.contains(&unit.distinguished_name))?;
    let now = unit.now.as_ref().map_or_else(|| "nowhere to be found".to_owned(), |now| format!("now {now}"));
    Some(Wait::person(
        Reason::ScopeMoved,
        format!(
            "expected every unit in the filter of {} to be where it was claimed, and {} is {now}: the job is started again for the new scope, \
             and may then delete everybody in that unit. Rename it back first",
            job.domain, unit.distinguished_name
        ),
    ))
}

/// What the filter shall hold: what it holds, and the units of every migration of the claim in this domain.
fn wanted(view: &View, job: &JobFacts) -> Vec<DistinguishedName> {
    let mut union = job.containers.clone();
    let members = job
        .claim()
        .filter(|claim| is_ours(view, claim))
        .map_or(&[] as &[_], |claim| claim.migrations.as_slice());
    for migration in members.iter().filter_map(|name| view.observed.migration(name.as_str())) {
        for unit in migration.organizational_units().iter().filter(|unit| job.covers(unit)) {
            if !union.contains(unit) {
                union.push(unit.clone());
            }
        }
    }
    union.sort();
    union
}
