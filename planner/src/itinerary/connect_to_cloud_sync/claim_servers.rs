//! The wave takes every server, all or none; the claim names the migrations that share the stop (S7).

use crds::ObjectName;
use crds::conditions::Reason;
use crds::migration::{StepState, Way};

use super::prepare_job;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, filter, shared};

/// See the module.
pub(crate) struct ClaimServers;

impl Step for ClaimServers {
    fn name(&self) -> StepName {
        StepName::ClaimServers
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Release
    }

    fn evaluate(&self, view: &View) -> Progress {
        if let Some(progress) = shared::servers_claimed(view) {
            return progress;
        }
        if !view.window().is_open() {
            // The window closed while the wave gathered: what has not begun does not begin.
            return Progress::Waiting(Wait::system(
                Reason::WindowClosed,
                "the window closed before the wave began",
                None,
            ));
        }
        if let Some(late) =
            view.wave_migrations().into_iter().find(|m| !m.is_past(StepName::AwaitWindow) && !m.gave_up())
        {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForWave,
                format!(
                    "{} of the same wave is not ready yet; all scopes of a wave share one stop",
                    late.name()
                ),
                None,
            ));
        }
        if let Some(progress) = job_not_ready(view) {
            return progress;
        }
        let migrations: Vec<ObjectName> = view
            .wave_migrations()
            .into_iter()
            // This one goes on, whatever its status still says of a pause that is over.
            .filter(|m| m.name() == view.migration.name() || !m.gave_up())
            .filter(|m| m.state_of(StepName::ClaimServers) != Some(StepState::Done))
            .map(|m| m.name().into())
            .collect();
        if let Some(first) = migrations.first().filter(|first| first.as_str() != view.migration.name()) {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForWave,
                format!("{first} takes the servers for the wave"),
                None,
            ));
        }
        shared::claim_servers(view, migrations)
    }
}

/// What the jobs of the scope still need: behind the stop nobody serves the scope until its job does, so nobody is asked and nothing is made
/// there that can be before.
fn job_not_ready(view: &View) -> Option<Progress> {
    let domains = view.domains();
    let unread = domains.iter().find(|domain| view.observed.job(domain).is_none());
    if let Some(domain) = unread {
        return Some(Progress::Waiting(Wait::system(
            Reason::GraphUnavailable,
            format!("the configuration of {domain} cannot be read"),
            None,
        )));
    }
    let leaving = view.observed.migrations.iter().find(|m| {
        m.way_back().is_some_and(|way_back| way_back.way == Way::PauseJob)
            && !m.went_home()
            && !m.is_past(StepName::ReleaseJobHome)
            && m.shares_domain(view.migration)
    });
    if let Some(leaving) = leaving {
        return Some(Progress::Waiting(Wait::system(
            Reason::WaitingForWave,
            format!("{} goes home, and the job is paused and deleted for that", leaving.name()),
            None,
        )));
    }
    if let Some(effect) = prepare_job::missing(view) {
        return Some(Progress::Begin(effect));
    }
    let mut jobs = domains.iter().filter_map(|domain| view.observed.job(domain));
    jobs.find_map(|job| filter::changed(view, job)).map(Progress::Waiting)
}
