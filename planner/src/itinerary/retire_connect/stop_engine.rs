//! The engine's service is stopped and does not start with the host.
//!
//! One command: the agent switches the scheduler off, sees that nothing runs, reads once more what is exported, and only then stops the
//! service. Nothing comes between that look and the stop. The scheduler stays off: a service that somebody starts runs nothing.

use crds::conditions::Reason;
use crds::migration::Reversibility;
use crds::sync_agent::command::SetService;
use crds::sync_agent::evidence::ServiceEvidence;
use crds::sync_agent::{Action, Evidence, Expectation};
use jiff::SignedDuration;

use super::patience::patient;
use super::{CHEAP_RESTART, residual, side_services};
use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, fact};
use crate::observed::ServerFacts;

/// How old the look at the other listed servers may be.
const LOOK_AGE: SignedDuration = SignedDuration::from_mins(15);

/// Facts that the observation and the way back go by.
pub(super) const START_TYPE_BEFORE: &str = "startTypeBefore";
pub(super) const LAST_STARTED_AT: &str = "lastStartedAt";
pub(super) const BOOTED_AT: &str = "bootedAt";

/// See the module.
pub(crate) struct StopEngine;

impl Step for StopEngine {
    fn name(&self) -> StepName {
        StepName::StopEngine
    }

    fn limits(&self, _: &View) -> Limits {
        // What keeps it from stopping is a person's work; until then everything goes on.
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Action {
            how: "the service starts with its scheduler off, a full import and synchronization run without export, the exports are reviewed, \
                  then the scheduler goes on",
            leaves: "",
        }
    }

    fn reversibility(&self, view: &View) -> Reversibility {
        view.now
            .checked_add(CHEAP_RESTART)
            .map_or(Reversibility::Never {}, |time| Reversibility::Until { time })
    }

    fn evaluate(&self, view: &View) -> Progress {
        let own = view.servers();
        if own.iter().all(|server| server.inventory.as_ref().is_some_and(|i| i.engine.is_none())) {
            return Progress::Pass(vec![fact("engine", "not installed")]);
        }
        let runs = |server: &&ServerFacts| {
            let engine = server.inventory.as_ref().and_then(|inventory| inventory.engine.as_ref());
            engine.is_none_or(|engine| engine.service_running)
        };
        // However long it was waited: what somebody switched on meanwhile keeps it from stopping.
        if own.iter().any(runs)
            && let Err(wait) = side_services::owned(view)
        {
            return Progress::Waiting(wait);
        }
        if !is_commanded(view, &own) {
            let looked = self.look_at_others(view);
            if !matches!(looked, Progress::Pass(_)) {
                return looked;
            }
        }
        let scopes = residual::taken_over(view);
        let build = |_: &ServerFacts| {
            let stop = SetService { only_if_nothing_left: Some(scopes.clone()), ..SetService::default() };
            (Action::SetService(stop), Expectation::default())
        };
        let progress = command::run(view, self.name(), &own, build, |server, evidence| match evidence {
            Evidence::Service(found) => judge(server, found),
            other => command::unexpected(other),
        });
        patient(view, &own, progress, || command::repeat(view, self.name(), &own, build))
    }
}

impl StopEngine {
    /// Reads again what the other listed servers export, where the last look is not from just now.
    fn look_at_others(&self, view: &View) -> Progress {
        let looked =
            view.done_at(StepName::CheckResidualExports).and_then(|at| at.checked_add(LOOK_AGE).ok());
        if looked.is_some_and(|until| view.now < until) {
            return Progress::Pass(Vec::new());
        }
        let others = match residual::readable(view) {
            Ok(servers) => servers.into_iter().filter(|s| !residual::is_own(view, s)).collect::<Vec<_>>(),
            Err(wait) => return Progress::Waiting(wait),
        };
        if others.is_empty() {
            return Progress::Pass(Vec::new());
        }
        residual::read(view, self.name(), &others)
    }
}

/// Whether the agent of the server was given the stop of this attempt.
fn is_commanded(view: &View, own: &[&ServerFacts]) -> bool {
    let attempt = view.record.attempts;
    own.iter().any(|server| {
        let id = command::command_id(view, StepName::StopEngine, server, attempt);
        let agent = server.agent.as_ref();
        attempt > 0 && agent.and_then(|agent| agent.command.as_ref()).is_some_and(|command| command.id == id)
    })
}

fn judge(server: &ServerFacts, found: &ServiceEvidence) -> Judgement {
    if let Some(left) = found.residual.as_ref().filter(|left| !left.is_nothing()) {
        return match residual::verdict(left) {
            // Not at once: the cycle that carries them off must not be stopped again.
            Judgement::Again(reason, why) => Judgement::Person(reason, why),
            other => other,
        };
    }
    if found.running || found.start_type != "Disabled" {
        return Judgement::Again(
            Reason::WaitingForEvidence,
            format!(
                "expected the service stopped and Disabled, found running: {}, {}",
                found.running, found.start_type
            ),
        );
    }
    let mut facts = vec![fact("startType", &found.start_type)];
    facts.push(match &found.residual {
        Some(_) => fact("exported", 0),
        None => fact("exported", "not read again: the service was stopped already"),
    });
    facts.extend(found.start_type_before.as_ref().map(|before| fact(START_TYPE_BEFORE, before)));
    facts.extend(found.last_started_at.map(|at| fact(LAST_STARTED_AT, at)));
    let booted = server.inventory.as_ref().and_then(|inventory| inventory.host.booted_at);
    facts.extend(booted.map(|at| fact(BOOTED_AT, at)));
    Judgement::Pass(facts)
}
