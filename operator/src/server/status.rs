//! The status of a server from what its agent reports. Pure.

use crds::SyncServer;
use crds::conditions::{ConditionType, Reason, clear, condition, set};
use crds::sync_agent::inventory::Inventory;
use crds::sync_server::SyncServerStatus;
use jiff::{SignedDuration, Timestamp};
use planner::lifecycle::{self, Working};
use planner::moved::Finding;
use planner::observed::Reporting;

use crate::observe::Freshness;

/// How far an agent's clock may be off before it is said.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// All that was found, in the order of danger.
fn messages(found: &[Finding]) -> String {
    found.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join(". ")
}

/// Who speaks for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    /// The accepted agent.
    Present,
    /// Nobody: there is no such SyncAgent, or it is another server's.
    Missing,
    /// Nobody: the accepted agent was revoked.
    Revoked,
}

/// The status; epoch and claim are taken over, they belong to the migrations. `findings` are `None` while no scope was looked at.
pub(super) fn of(
    server: &SyncServer,
    speaker: Speaker,
    fresh: Option<Freshness>,
    inventory: Option<&Inventory>,
    host: Option<(Reason, String)>,
    findings: Option<&[Finding]>,
    now: Timestamp,
) -> SyncServerStatus {
    let mut status = server.status.clone().unwrap_or_default();
    let generation = server.metadata.generation;
    status.observed_generation = generation.unwrap_or_default();
    let (reporting, why) = reporting(server, speaker, fresh);
    if host.is_none() {
        clear(&mut status.conditions, ConditionType::Stalled);
    }
    let mut put = |kind, ok, reason, message: String| {
        set(&mut status.conditions, condition(kind, ok, reason, message, generation, now));
    };
    put(ConditionType::AgentReporting, reporting == Reason::AgentReporting, reporting, why.clone());
    let mut ready = (reporting == Reason::AgentReporting, reporting, why);
    // Only a person can say which host is meant.
    if let Some((reason, message)) = host {
        put(ConditionType::Stalled, true, reason, message.clone());
        ready = (false, reason, message);
    }
    let mut until = None;
    if let Some(engine) = inventory.and_then(|i| i.engine.as_ref()) {
        let (works, reason, message) = match lifecycle::working(engine.engine, &engine.version, now) {
            Working::Works { until: stops } => {
                until = stops;
                (true, Reason::Works, format!("{} {} works as far as known", engine.engine, engine.version))
            }
            Working::Stopped { since, source } => (
                false,
                Reason::StoppedWorking,
                format!(
                    "{} {} has been refused by the service since {since} ({source})",
                    engine.engine, engine.version
                ),
            ),
            Working::Unknown => {
                (false, Reason::UnknownBuild, format!("the version {:?} cannot be read", engine.version))
            }
        };
        put(ConditionType::Working, works, reason, message.clone());
        if ready.0 && !works {
            ready = (false, reason, message);
        }
    }
    match findings.map(|found| (found.first(), found)) {
        Some((Some(first), found)) => {
            let message = messages(found);
            put(ConditionType::ScopesInPlace, false, first.reason, message.clone());
            if ready.0 && found.iter().any(|finding| finding.holds) {
                ready = (false, first.reason, message);
            }
        }
        Some((None, _)) => {
            let text = "claimed units and their objects are where they were, and withheld as they should be";
            put(ConditionType::ScopesInPlace, true, Reason::AsDeclared, text.to_owned());
        }
        None => clear(&mut status.conditions, ConditionType::ScopesInPlace),
    }
    let mut put = |kind, ok, reason, message: String| {
        set(&mut status.conditions, condition(kind, ok, reason, message, generation, now));
    };
    put(ConditionType::Ready, ready.0, ready.1, ready.2.clone());
    let skewed = fresh.and_then(|f| f.skew).filter(|skew| skew.abs() > SKEW);
    if skewed.is_some() {
        put(
            ConditionType::ClockSkewed,
            true,
            Reason::ClockSkew,
            "the agent's clock and the API server's differ by more than a minute: synchronise the host's clock".to_owned(),
        );
    } else {
        clear(&mut status.conditions, ConditionType::ClockSkewed);
    }
    status.engine = inventory.and_then(|i| i.engine.as_ref()).map(|engine| engine.engine);
    status.version = inventory.and_then(|i| i.engine.as_ref()).map(|engine| engine.version.clone());
    status.role = inventory.and_then(crate::observe::role_of);
    status.phase = Some(match (ready.0, status.role) {
        (true, Some(role)) => format!("{role:?}"),
        (true, None) => "NoEngine".to_owned(),
        (false, _) => ready.1.as_str().to_owned(),
    });
    status.next = (!ready.0).then(|| ready.2.chars().take(1024).collect());
    status.next_deadline = until.map(|stops| stops.to_string());
    status
}

fn reporting(server: &SyncServer, speaker: Speaker, fresh: Option<Freshness>) -> (Reason, String) {
    match (&server.spec.accepted_agent, speaker, fresh.map(|f| f.reporting)) {
        (None, ..) => (
            Reason::AgentMissing,
            "no agent is accepted: run `kubectl hybrid agent join`, then set `spec.acceptedAgent`".to_owned(),
        ),
        (Some(reference), Speaker::Revoked, _) => (
            Reason::AgentMissing,
            format!(
                "the agent {} was revoked, and nothing that it says counts: join it again with `kubectl hybrid agent join {}`",
                reference.name, reference.name
            ),
        ),
        (Some(reference), Speaker::Missing, _) => (
            Reason::AgentMissing,
            format!(
                "expected a SyncAgent named {} for this server, found none: run `kubectl hybrid agent join`",
                reference.name
            ),
        ),
        (Some(_), Speaker::Present, Some(Reporting::OnTime)) => {
            (Reason::AgentReporting, "the agent reports on time".to_owned())
        }
        (Some(_), Speaker::Present, Some(Reporting::Silent { since })) => (
            Reason::AgentSilent,
            format!(
                "the agent has not reported since {since}: look at its service and its network, and in its log why it ended"
            ),
        ),
        (Some(_), Speaker::Present, _) => {
            (Reason::AgentMissing, "the agent has never reported: start it on the server".to_owned())
        }
    }
}
