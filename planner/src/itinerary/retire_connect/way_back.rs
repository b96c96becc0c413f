//! The way back of `RetireConnect`: the engine is started again, on any day of the observation.
//!
//! The same road on every day: start with the scheduler off → full import and full synchronization, no export → the exports are read →
//! scheduler on. A delta would do for seven days; in full it does for ever, and what was changed meanwhile is read before anything is
//! computed. No-flow rules stayed, so Cloud Sync goes on serving its scopes: there is no gap, and nothing presses. Source: Microsoft,
//! Microsoft Entra Connect Sync: Scheduler.

use crds::conditions::Reason;
use crds::migration::StepState;
use crds::sync_agent::command::{Nothing, SetService, StartType};
use crds::sync_agent::evidence::PendingExportsEvidence;
use crds::sync_agent::{Action, Evidence, Expectation};

use super::claim_server::ClaimServer;
use super::stop_engine::START_TYPE_BEFORE;
use crate::itinerary::command::{self, Judgement};
use crate::itinerary::connect_to_cloud_sync::{switch_on, synchronize};
use crate::itinerary::{Leg, Limits, Progress, Step, StepName, Undo, View, Wait, fact, shared};

/// Its steps in order.
pub(crate) const WAY_BACK: &[&dyn Step] =
    &[&RestoreService, &RestoreServiceSynchronize, &RestoreServiceReview, &RestoreServiceScheduler];

/// Whether the engine was stopped, or may have been: before that there is nothing to restore.
fn was_stopped(view: &View) -> bool {
    view.step(StepName::StopEngine)
        .is_some_and(|record| record.started_at.is_some() && record.state != StepState::Skipped)
}

fn not_stopped() -> Progress {
    Progress::Skip("the engine was not stopped".to_owned())
}

/// The service runs again as it was set before, with the scheduler off.
struct RestoreService;

impl Step for RestoreService {
    fn name(&self) -> StepName {
        StepName::RestoreService
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        if !was_stopped(view) {
            return not_stopped();
        }
        let claimed = ClaimServer.evaluate(view);
        if !matches!(claimed, Progress::Pass(_)) {
            return claimed;
        }
        let gone = view
            .servers()
            .into_iter()
            .find(|server| server.inventory.as_ref().is_some_and(|inventory| inventory.engine.is_none()));
        if let Some(server) = gone {
            return Progress::Waiting(Wait::person(
                Reason::HumanActionRequired,
                format!(
                    "Entra Connect is not installed on {} any more: install the newest build in staging mode from the kept snapshot",
                    server.name
                ),
            ));
        }
        let start_type = match view.fact(StepName::StopEngine, START_TYPE_BEFORE) {
            Some("Manual") => StartType::Manual,
            _ => StartType::Automatic,
        };
        command::run(
            view,
            self.name(),
            &view.servers(),
            |_| {
                let start = SetService {
                    running: true,
                    automatic: start_type == StartType::Automatic,
                    start_type: Some(start_type),
                    hold_scheduler: true,
                    only_if_nothing_left: None,
                };
                (Action::SetService(start), Expectation::default())
            },
            |_, evidence| match evidence {
                Evidence::Service(found) if found.running && found.scheduler_enabled == Some(false) => {
                    let mut facts = vec![fact("startType", &found.start_type)];
                    if found.foreign_runs > 0 {
                        facts.push(fact("runsBeforeHold", found.foreign_runs));
                    }
                    Judgement::Pass(facts)
                }
                Evidence::Service(found) => Judgement::Again(
                    Reason::WaitingForEvidence,
                    format!(
                        "expected the service to run with its scheduler off, found running: {}, scheduler on: {:?}",
                        found.running, found.scheduler_enabled
                    ),
                ),
                other => command::unexpected(other),
            },
        )
    }
}

/// Full import and full synchronization on every connector, no export.
struct RestoreServiceSynchronize;

impl Step for RestoreServiceSynchronize {
    fn name(&self) -> StepName {
        StepName::RestoreServiceSynchronize
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        if !was_stopped(view) {
            return not_stopped();
        }
        synchronize(view, self.name(), Leg::Home)
    }
}

/// What an export would write is read before the scheduler may go on (S1, S3).
struct RestoreServiceReview;

impl Step for RestoreServiceReview {
    fn name(&self) -> StepName {
        StepName::RestoreServiceReview
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        if !was_stopped(view) {
            return not_stopped();
        }
        command::run(
            view,
            self.name(),
            &view.servers(),
            |_| (Action::ReadPendingExports(Nothing {}), command::stopped()),
            |_, evidence| match evidence {
                Evidence::PendingExports(found) => review(found),
                other => command::unexpected(other),
            },
        )
    }
}

/// Nothing is added and nothing removed by an engine that was away; what somebody deleted in the directory is gone either way.
fn review(found: &PendingExportsEvidence) -> Judgement {
    if !found.is_explained() {
        return Judgement::Person(
            Reason::UnexplainedDeletion,
            format!(
                "{} deletions are pending whose objects are still in the directory: {}. The scheduler stays off. Find out which \
                 filter or rule took them out of scope and put it back, then run a full import and a full synchronization",
                found.deletes - found.explained_deletes,
                found.unexplained.join(", ")
            ),
        );
    }
    if found.adds > 0 {
        return Judgement::Person(
            Reason::SurpriseCreations,
            format!(
                "{} objects would be added: they came into Connect's scope while it was stopped, or exist in the cloud and were not joined. \
                 The scheduler stays off. Look at them in the Synchronization Service Manager, give them a scope or take them out of \
                 Connect's, then run a full import and a full synchronization",
                found.adds
            ),
        );
    }
    if found.no_flow_values > 0 {
        return Judgement::Person(
            Reason::ForeignChange,
            format!(
                "{} objects of Cloud Sync have a pending change that no reference explains: the no-flow rules do not withhold them any more. \
                 The scheduler stays off. Put the rules back, then run a full synchronization",
                found.no_flow_values
            ),
        );
    }
    Judgement::Pass(vec![
        fact("adds", found.adds),
        fact("updates", found.updates),
        fact("deletes", found.deletes),
        fact("references", found.no_flow_references),
    ])
}

/// The scheduler is on again, and the server is given back.
struct RestoreServiceScheduler;

impl Step for RestoreServiceScheduler {
    fn name(&self) -> StepName {
        StepName::RestoreServiceScheduler
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    /// Whether cycles start is one setting of the tenant for all servers: switched on for one, it is on for another whose exports were not
    /// read yet. Source: Microsoft, Microsoft Entra Connect Sync: Scheduler.
    fn precondition(&self, view: &View) -> Result<(), Wait> {
        let unread = view.observed.migrations.iter().find(|other| {
            other.name() != view.migration.name()
                && other.way_back().is_some()
                && other
                    .state_of(StepName::RestoreService)
                    .is_some_and(|state| !matches!(state, StepState::Pending | StepState::Skipped))
                && !other.is_past(StepName::RestoreServiceReview)
        });
        match unread {
            Some(other) if was_stopped(view) => Err(Wait::system(
                Reason::WaitingForClaim,
                format!(
                    "the exports of {} are not read yet, and the scheduler would go on for both",
                    other.name()
                ),
                None,
            )),
            _ => Ok(()),
        }
    }

    fn evaluate(&self, view: &View) -> Progress {
        let held = shared::held_servers(view);
        let Some(release) = shared::release(&held) else {
            return match (was_stopped(view), view.record.attempts > 0) {
                (false, _) => not_stopped(),
                // Given back: the evidence was good, or the claim would still be there.
                (true, true) => Progress::Pass(Vec::new()),
                (true, false) => ClaimServer.evaluate(view),
            };
        };
        if was_stopped(view) {
            let started = switch_on(view, self.name());
            if !matches!(started, Progress::Pass(_)) {
                return started;
            }
        }
        Progress::Begin(release)
    }
}
