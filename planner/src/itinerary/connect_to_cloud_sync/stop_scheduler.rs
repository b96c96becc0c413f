//! The scheduler is off on every server and nothing runs. Every stop carries `resumeBy`: when it passes, the agent switches on by
//! itself, whoever is reachable (S7).

use crds::conditions::Reason;
use crds::sync_agent::command::StopScheduler as Arguments;
use crds::sync_agent::{Action, Evidence, Expectation};
use jiff::SignedDuration;

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Leg, Limits, Progress, Sharing, Step, StepName, Undo, View, fact};
use crate::observed::ServerFacts;

/// See the module.
pub(crate) struct StopScheduler(pub(crate) Leg);

/// Bounds of `resumeBy`, from the stop on.
const LEAST: SignedDuration = SignedDuration::from_mins(10);
const MOST: SignedDuration = SignedDuration::from_hours(24);

/// How long after a stop the agent switches on by itself: twice the server's last measured full import and synchronization, 10 minutes
/// to 24 hours; two hours where nothing was measured.
pub fn resume_after(server: &ServerFacts) -> SignedDuration {
    let runs = server.inventory.iter().flat_map(|i| &i.last_runs);
    let mut longest: std::collections::BTreeMap<(&str, &str), SignedDuration> =
        std::collections::BTreeMap::new();
    for run in runs.filter(|run| run.profile.starts_with("Full ")) {
        let Some(ended) = run.ended_at else { continue };
        // Newest first: the first of each connector and profile is the last measured.
        longest.entry((&run.connector, &run.profile)).or_insert_with(|| ended.duration_since(run.started_at));
    }
    if longest.is_empty() {
        return SignedDuration::from_hours(2);
    }
    let total: SignedDuration = longest.into_values().sum();
    (total * 2).clamp(LEAST, MOST)
}

impl Step for StopScheduler {
    fn name(&self) -> StepName {
        self.0.name(StepName::StopScheduler, StepName::StopSchedulerHome)
    }

    fn sharing(&self) -> Sharing {
        self.0.sharing()
    }

    fn limits(&self, _: &View) -> Limits {
        self.0.limits()
    }

    fn undo(&self) -> Undo {
        Undo::Action { how: "the scheduler is switched on", leaves: "" }
    }

    fn evaluate(&self, view: &View) -> Progress {
        command::run(
            view,
            self.name(),
            &view.servers(),
            |server| {
                // The instant is the same for every try: it counts from the first.
                let began = view.record.started_at.unwrap_or(view.now);
                let resume_by = began.checked_add(resume_after(server)).unwrap_or(began);
                (
                    Action::StopScheduler(Arguments { resume_by }),
                    Expectation { service_running: Some(true), ..Expectation::default() },
                )
            },
            |_, evidence| match evidence {
                Evidence::Scheduler(found)
                    if !found.enabled && !found.running && found.idle_since.is_some() =>
                {
                    Judgement::Pass(found.idle_since.iter().map(|at| fact("idleSince", at)).collect())
                }
                Evidence::Scheduler(found) if found.suspended => Judgement::Again(
                    Reason::ForeignChange,
                    "a wizard is open on the server: close it".to_owned(),
                ),
                Evidence::Scheduler(_) => Judgement::Again(
                    Reason::WaitingForEvidence,
                    "the scheduler is not off and idle yet".to_owned(),
                ),
                other => command::unexpected(other),
            },
        )
    }
}
