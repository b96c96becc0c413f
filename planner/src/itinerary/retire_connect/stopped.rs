//! The stopped engine as every report shows it: whether it rests, since when, and what happened to its host. Pure.
//!
//! What is looked at: the service and its start type; when the service last came up, so that a start between two reports is seen too;
//! runs, where the service answers; when the host last started. None of it does harm by itself: no-flow rules stay, the scheduler is off
//! and the service Disabled. All of it is noticed.

use crds::conditions::Reason;
use crds::sync_agent::inventory::Inventory;
use jiff::{SignedDuration, Timestamp};

use super::CHEAP_RESTART;
use super::stop_engine::{BOOTED_AT, LAST_STARTED_AT};
use crate::itinerary::{StepName, View, Wait};
use crate::observed::{Reporting, ServerFacts};

/// Computed boot times of one boot differ by this much at most: they follow corrections of the clock.
const BOOT_TOLERANCE: SignedDuration = SignedDuration::from_mins(2);

/// A report may have been made while the stop was under way; the next one follows at once.
const REPORT_GRACE: SignedDuration = SignedDuration::from_mins(2);

/// An engine at rest.
pub(super) struct Rest {
    /// Since when nothing ran.
    pub(super) since: Timestamp,
    /// What happened meanwhile, in words.
    pub(super) notes: Vec<String>,
}

impl Rest {
    /// The notes as one text, with what comes after a semicolon in front.
    pub(super) fn noted(&self) -> String {
        let mut text = String::new();
        for note in &self.notes {
            text.push_str("; ");
            text.push_str(note);
        }
        text
    }
}

/// Looks at the last report.
///
/// # Errors
/// What is waited for where the engine does not rest, or nobody can tell.
pub(super) fn look(view: &View) -> Result<Rest, Wait> {
    let unknown = |why: String| Wait::obstacle(Reason::WaitingForEvidence, why);
    let Some(stopped) = view.done_at(StepName::StopEngine) else {
        return Err(unknown("it is not known when the engine was stopped".to_owned()));
    };
    // An engine that was uninstalled before, by a migration whose proofs were asked for anew, is stopped without a command: its agent never
    // hears of the epoch that the readoption began.
    let commanded = view.step(StepName::StopEngine).is_some_and(|record| record.attempts > 0);
    let mut rest = Rest { since: stopped, notes: Vec::new() };
    for server in view.servers() {
        let Some(inventory) = &server.inventory else {
            return Err(unknown(format!("expected a report of {}, found none", server.name)));
        };
        if let Reporting::Silent { since } = server.reporting {
            return Err(Wait::obstacle(
                Reason::AgentSilent,
                format!(
                    "the agent of {} has not reported since {since}, so whether its engine rests is not known: look at its service and its \
                     network",
                    server.name
                ),
            ));
        }
        if commanded && inventory.epoch < server.epoch {
            let why = format!("the report of {} is older than the stop of its engine", server.name);
            return Err(Wait::system(Reason::WaitingForEvidence, why, None));
        }
        at_rest(view, server, inventory, stopped, &mut rest)?;
    }
    Ok(rest)
}

fn at_rest(
    view: &View,
    server: &ServerFacts,
    inventory: &Inventory,
    stopped: Timestamp,
    rest: &mut Rest,
) -> Result<(), Wait> {
    let name = &server.name;
    if let Some(booted) = inventory.host.booted_at
        && recorded(view, BOOTED_AT)
            .map_or(booted > stopped, |before| booted.duration_since(before) > BOOT_TOLERANCE)
    {
        rest.notes.push(format!("the host of {name} restarted at {booted}"));
    }
    let Some(engine) = &inventory.engine else {
        rest.notes.push(format!("Entra Connect is not installed on {name} any more"));
        return Ok(());
    };
    let started = engine
        .service_last_started_at
        .filter(|at| recorded(view, LAST_STARTED_AT).map_or(*at > stopped, |before| *at != before));
    let fresh = stopped.checked_add(REPORT_GRACE).is_ok_and(|until| view.now < until);
    if engine.service_running && started.is_none() && fresh {
        let why = format!("the first report of {name} after the stop is awaited");
        return Err(Wait::system(Reason::WaitingForEvidence, why, None));
    }
    if engine.service_running || engine.service_start_type != "Disabled" {
        let runs: Vec<String> = inventory
            .last_runs
            .iter()
            .filter(|run| run.started_at > stopped)
            .take(8)
            .map(|run| format!("{} of {} at {}", run.profile, run.connector, run.started_at))
            .collect();
        let ran = if runs.is_empty() {
            "no run is known".to_owned()
        } else {
            format!("it ran {}", runs.join(", "))
        };
        return Err(Wait::person(
            Reason::ForeignChange,
            format!(
                "expected the engine of {name} to be stopped and Disabled, found running: {}, start type {}; {ran}. Somebody started it: find \
                 out who, and what it exported; then Stop-Service ADSync and Set-Service ADSync -StartupType Disabled. The observation \
                 counts from then on. To have the engine back, decide RollBack",
                engine.service_running, engine.service_start_type
            ),
        ));
    }
    if let Some(started) = started {
        rest.since = rest.since.max(started);
        rest.notes.push(format!(
            "the service ADSync of {name} was started at {started} and stopped again: the observation counts from then on"
        ));
    }
    Ok(())
}

fn recorded(view: &View, name: &str) -> Option<Timestamp> {
    view.fact(StepName::StopEngine, name)?.parse().ok()
}

/// How the engine would be started again at this time.
pub(super) fn restart(view: &View) -> String {
    let cheap = view.done_at(StepName::StopEngine).and_then(|at| at.checked_add(CHEAP_RESTART).ok());
    match cheap {
        Some(until) if view.now < until => format!("a restart is cheap until {until}"),
        _ => "a restart goes only by full import and full synchronization, with the exports read first"
            .to_owned(),
    }
}

/// What speaks against Cloud Sync serving the domains since the engine rests; `None` when nothing does.
pub(super) fn unserved(view: &View, since: Timestamp) -> Option<Wait> {
    let scopes = view.observed.topology.spec.scopes.iter();
    let served = crds::DistinguishedName::domains(scopes.flat_map(|scope| &scope.organizational_units));
    if let Some(domain) = served.iter().find(|domain| view.observed.job(domain).is_none()) {
        let why = format!(
            "the configuration of {domain} cannot be read: whether it serves the domain is not known"
        );
        return Some(Wait::system(Reason::GraphUnavailable, why, None));
    }
    let tenant = view.observed.tenant.as_ref()?;
    for job in &tenant.jobs {
        if !job.started || job.quarantine.is_some() {
            return Some(Wait::person(
                Reason::VerificationFailed,
                format!(
                    "the job of {} does not work ({}): clear its cause before the old engine is removed; {}",
                    job.domain,
                    job.quarantine.as_deref().unwrap_or("paused"),
                    restart(view)
                ),
            ));
        }
    }
    let hashes =
        view.fact(StepName::CheckSideServices, "passwordHashes").is_some_and(|f| f.starts_with("Cloud Sync"));
    for domain in &served {
        let job = view.observed.job(domain)?;
        if hashes && job.password_hash_active != Some(true) {
            let why = format!(
                "the password hash job of {domain} does not run any more: nobody sends its hashes; start it"
            );
            return Some(Wait::person(Reason::VerificationFailed, why));
        }
        if job.last_success_at.is_none_or(|at| at < since) {
            let why = format!("the job of {domain} has not succeeded since the engine rests ({since})");
            return Some(Wait::system(Reason::WaitingForEvidence, why, None));
        }
    }
    None
}

/// When the observation ends: its whole period is one of rest.
pub(super) fn observed_until(view: &View, rest: &Rest) -> Timestamp {
    let period =
        view.migration.object.spec.server.as_ref().map(|subject| subject.observation_period.0.length());
    period.and_then(|period| rest.since.checked_add(period).ok()).unwrap_or(Timestamp::MAX)
}
