//! Steps that command agents: sending, waiting for outcomes of this attempt and epoch, trying again. Pure.

use std::collections::BTreeMap;

use crds::conditions::Reason;
use crds::migration::Fact;
use crds::sync_agent::evidence::RunRecord;
use crds::sync_agent::{Action, Command, CommandOutcome, Evidence, Expectation, OutcomeState};
use crds::{ContentDigest, DurationText, Epoch};
use jiff::SignedDuration;

use super::{Progress, StepName, View, Wait, WaitingOn, fact_name};
use crate::observed::{Reporting, ServerFacts};
use crate::plan::{AgentCommand, Effect};

/// How often a command is given again after a refusal or failure before the step fails.
const TRIES: i64 = 3;

/// How long after an outcome that settles nothing the command is given again.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// The same once it was refused or failed too often.
const SLOW_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// How long until the command is given again where a person has to do something first.
const PERSON_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// What an outcome's evidence says.
pub(crate) enum Judgement {
    /// As it must be.
    Pass(Vec<Fact>),
    /// Not as it must be.
    Fail(Reason, String),
    /// Not yet, or cannot be told: look again soon.
    Again(Reason, String),
    /// Not until a person has done something: look again now and then.
    Person(Reason, String),
}

/// Carries one command out on several servers at once and judges each outcome.
///
/// The step passes once every server's outcome of this attempt passes in the server's present epoch.
pub(crate) fn run(
    view: &View,
    step: StepName,
    servers: &[&ServerFacts],
    build: impl Fn(&ServerFacts) -> (Action, Expectation),
    judge: impl Fn(&ServerFacts, &Evidence) -> Judgement,
) -> Progress {
    if servers.is_empty() {
        return Progress::Inconclusive(
            Reason::ServerNotFound,
            "expected at least one sync server to command, found none: list the servers in `spec.servers`"
                .to_owned(),
        );
    }
    let attempt = view.record.attempts;
    let mut facts: BTreeMap<String, Fact> = BTreeMap::new();
    let mut to_send = Vec::new();
    let mut working = None;
    let mut again: Option<(Reason, String)> = None;
    let (mut person, mut slow) = (false, false);
    for server in servers {
        let Some(agent) = &server.agent else {
            return Progress::Waiting(Wait::person(
                Reason::AgentMissing,
                format!(
                    "no agent is accepted for server {}: set `spec.acceptedAgent` of the SyncServer",
                    server.name
                ),
            ));
        };
        let current = (attempt > 0).then(|| command_id(view, step, server, attempt));
        let sent = agent.command.as_ref().filter(|c| Some(&c.id) == current.as_ref());
        let outcome = agent.outcome.as_ref().filter(|o| Some(&o.command_id) == current.as_ref());
        match (sent, outcome) {
            (None, None) => to_send.push(*server),
            (Some(_), None) => {
                if let Some(wait) = silent(server) {
                    return Progress::Waiting(wait);
                }
                working = Some(format!("waiting for the agent of {} to take the command up", server.name));
            }
            (_, Some(outcome)) => match outcome.state {
                OutcomeState::Running => {
                    if let Some(wait) = silent(server) {
                        return Progress::Waiting(wait);
                    }
                    working = Some(format!("{} is working on it", server.name));
                }
                OutcomeState::Succeeded => match &outcome.evidence {
                    Some(_) if outcome.epoch != server.epoch => {
                        again = Some((
                            Reason::WaitingForEvidence,
                            format!(
                                "evidence of {} is of epoch {}, expected {}: it is taken again",
                                server.name, outcome.epoch, server.epoch
                            ),
                        ));
                    }
                    Some(evidence) => match judge(server, evidence) {
                        Judgement::Pass(found) => {
                            for mut found in found {
                                if servers.len() > 1 {
                                    found.name = fact_name(server.name.as_str(), &found.name);
                                }
                                facts.insert(found.name.clone(), found);
                            }
                        }
                        Judgement::Fail(reason, message) if step.is_home() => {
                            slow = true;
                            again = Some((reason, format!("{}: {message}", server.name)));
                        }
                        Judgement::Fail(reason, message) => {
                            return Progress::Fail(reason, format!("{}: {message}", server.name));
                        }
                        Judgement::Again(reason, message) => {
                            again = Some((reason, format!("{}: {message}", server.name)));
                        }
                        Judgement::Person(reason, message) => {
                            person = true;
                            again = Some((reason, format!("{}: {message}", server.name)));
                        }
                    },
                    None => {
                        again =
                            Some((Reason::WaitingForEvidence, format!("{} sent no evidence", server.name)));
                    }
                },
                // The way home has no other end: it is tried until it succeeds. What came too late was never begun, and is no answer to
                // what was asked: a server that was away for a day is asked again, but never stopped again.
                OutcomeState::Refused | OutcomeState::Failed
                    if attempt < TRIES
                        || step.is_home()
                        || (!step.is_in_stop() && came_too_late(sent, outcome)) =>
                {
                    slow |= attempt >= TRIES;
                    again = Some((refusal(outcome.state), format!("{}: {}", server.name, outcome.message)));
                }
                OutcomeState::Refused | OutcomeState::Failed => {
                    return Progress::Fail(
                        refusal(outcome.state),
                        format!("{}: {}", server.name, outcome.message),
                    );
                }
            },
        }
    }
    if let Some(text) = working {
        return Progress::Working(text);
    }
    if let Some((reason, message)) = again {
        let pause = match (person, slow) {
            (true, _) => PERSON_PAUSE,
            (false, true) => SLOW_PAUSE,
            (false, false) => PAUSE,
        };
        let ended = servers
            .iter()
            .filter_map(|s| s.agent.as_ref()?.outcome.as_ref()?.finished_at)
            .max()
            .and_then(|end| end.checked_add(pause).ok());
        return match ended {
            Some(at) if view.now < at => {
                let on = if person { WaitingOn::Person } else { WaitingOn::System };
                Progress::Waiting(Wait { reason, why: message, until: Some(at), on })
            }
            _ => send(view, step, servers, &build, attempt + 1),
        };
    }
    if to_send.is_empty() {
        return Progress::Pass(facts.into_values().take(24).collect());
    }
    // Servers that were reached before keep their outcome of this attempt; a first sending begins attempt 1.
    send(view, step, &to_send, &build, attempt.max(1))
}

/// Gives the command again as a new attempt, whatever came of the one before.
pub(crate) fn repeat(
    view: &View,
    step: StepName,
    servers: &[&ServerFacts],
    build: impl Fn(&ServerFacts) -> (Action, Expectation),
) -> Progress {
    send(view, step, servers, &build, view.record.attempts + 1)
}

/// The agent refused the command after the time by which it had to begin.
fn came_too_late(sent: Option<&Command>, outcome: &CommandOutcome) -> bool {
    outcome.state == OutcomeState::Refused
        && sent.is_some_and(|command| outcome.started_at > command.not_after)
}

fn refusal(state: OutcomeState) -> Reason {
    if state == OutcomeState::Refused { Reason::CommandRefused } else { Reason::CommandFailed }
}

/// Nothing was heard of the agent for too long.
pub(crate) fn silent(server: &ServerFacts) -> Option<Wait> {
    match server.reporting {
        Reporting::OnTime => None,
        Reporting::Silent { since } => Some(Wait::obstacle(
            Reason::AgentSilent,
            format!(
                "the agent of {} has not reported since {since}: look at its service and its network",
                server.name
            ),
        )),
        Reporting::Never => Some(Wait::obstacle(
            Reason::AgentSilent,
            format!(
                "the agent of {} has never reported: start it, see `kubectl hybrid agent join`",
                server.name
            ),
        )),
    }
}

/// No command goes to a host that is not the one that is meant.
fn elsewhere(server: &ServerFacts) -> Option<Wait> {
    let (reason, message) = server.host_problem.clone()?;
    Some(Wait::person(reason, message))
}

fn send(
    view: &View,
    step: StepName,
    servers: &[&ServerFacts],
    build: &impl Fn(&ServerFacts) -> (Action, Expectation),
    attempt: i64,
) -> Progress {
    let mut commands = Vec::with_capacity(servers.len());
    for server in servers {
        if let Some(wait) = silent(server).or_else(|| elsewhere(server)) {
            return Progress::Waiting(wait);
        }
        if !view.desk.is_free(server, view.migration.name()) {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForClaim,
                format!("the agent of {} is busy with another command", server.name),
                None,
            ));
        }
        let (action, expects) = build(server);
        let epoch = if action.mutates() { server.epoch.next() } else { server.epoch };
        commands.push(AgentCommand {
            server: server.name.clone(),
            id: command_id(view, step, server, attempt),
            epoch,
            begin_within: DurationText::from_secs(300),
            expects,
            action,
        });
    }
    Progress::Begin(Effect::Commands(commands))
}

/// Most commands that a restored cluster may have forgotten. Beyond it epochs could be driven to their end, where they fence nothing.
const MOST_FORGOTTEN: i64 = 1_000_000;

/// S12: some agent remembers more than the cluster does. Whatever a step would do next, in the cloud too, it would do for a past that is
/// over.
pub(crate) fn behind(view: &View) -> Option<Progress> {
    view.servers().into_iter().find_map(|server| restored(view, server))
}

/// S12: the agent remembers more than the cluster does. A person readopts exactly that, or nothing goes on.
fn restored(view: &View, server: &ServerFacts) -> Option<Progress> {
    let agent = server.agent.as_ref().filter(|_| server.is_behind())?;
    if agent.highest_epoch.0.saturating_sub(server.epoch.0) > MOST_FORGOTTEN {
        return Some(Progress::Waiting(Wait::person(
            Reason::StateRestored,
            format!(
                "a person has to revoke the agent of {}: it says that it has seen epoch {}, the cluster remembers {}: nobody gave so many \
                 commands, so the agent's journal is damaged or somebody else speaks for it. It cannot be readopted: run `kubectl hybrid \
                 agent revoke {}`, look at the host, and join the agent again with an empty state folder",
                server.name, agent.highest_epoch, server.epoch, agent.name
            ),
        )));
    }
    if view.decisions.is_readopted() {
        let behind = view.servers().into_iter().filter_map(|server| {
            let seen = server.agent.as_ref()?.highest_epoch;
            // Above everything that was ever commanded, so that no evidence from before counts.
            (seen > server.epoch).then(|| (server.name.clone(), seen.next()))
        });
        return Some(Progress::Begin(Effect::Readopt { servers: behind.collect() }));
    }
    Some(Progress::Waiting(to_readopt(
        view,
        &format!(
            "the agent of {} has seen epoch {}, the cluster remembers {}",
            server.name, agent.highest_epoch, server.epoch
        ),
    )))
}

/// The wait for a person who readopts.
pub(crate) fn to_readopt(view: &View, found: &str) -> Wait {
    Wait::person(
        Reason::StateRestored,
        format!(
            "a person has to readopt {}: {found}: the cluster's state is older than what was done. Find out what happened since, then \
             create a MigrationDecision Readopt with planDigest {}: every proof is asked for anew",
            view.migration.name(),
            view.decisions.binding.readopt
        ),
    )
}

/// Attempt that a command in [`Effect::Commands`] begins.
pub(crate) fn attempt_of(view: &View, step: StepName, command: &AgentCommand) -> i64 {
    let current = view.record.attempts;
    let same = view
        .observed
        .servers
        .get(&command.server)
        .is_some_and(|server| command_id(view, step, server, current.max(1)) == command.id);
    if same { current.max(1) } else { current + 1 }
}

/// Deterministic id of a command: the same step, server and attempt give the same id.
pub(crate) fn command_id(view: &View, step: StepName, server: &ServerFacts, attempt: i64) -> String {
    let text = format!(
        "{}/{}/{}/{}/{}/{attempt}",
        view.observed.topology.namespace,
        view.migration.uid(),
        view.migration.name(),
        step.as_str(),
        server.name,
    );
    // After a readoption an agent may remember commands that the cluster does not: none of them is given again.
    let readopted = view.decisions.readopted.as_ref().map_or("", ContentDigest::as_str);
    let digest = ContentDigest::of(format!("{text}{readopted}").as_bytes());
    let mut name = String::new();
    for c in step.as_str().chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    format!("{name}-{}", digest.short())
}

/// The expectation that every command of the stopped section shares: scheduler off, nothing running.
pub(crate) fn stopped() -> Expectation {
    Expectation {
        scheduler_enabled: Some(false),
        idle: Some(true),
        service_running: Some(true),
        ..Expectation::default()
    }
}

/// Refuses evidence of a section in which somebody else ran something.
pub(crate) fn foreign(runs: i32) -> Option<Judgement> {
    (runs > 0).then(|| {
        Judgement::Fail(
            Reason::ForeignChange,
            format!(
                "{runs} runs since the scheduler stopped were not ours: somebody synchronises by hand or by a task of their own. Find \
                 out who, stop it, and start a new attempt"
            ),
        )
    })
}

/// What is said of runs of which one came to no good end. Errors of single objects, which a run reports as `tolerated`, are no bad end:
/// the objects concerned are caught by the proof that follows.
pub(crate) fn unfinished(runs: &[RunRecord], tolerated: &str) -> Option<Judgement> {
    runs.iter().find(|run| run.result != "success" && run.result != tolerated).map(|run| {
        Judgement::Again(
            Reason::CommandFailed,
            format!(
                "expected {:?} of {} to end with success, found {}",
                run.profile, run.connector, run.result
            ),
        )
    })
}

/// The evidence is of another kind than the command's.
pub(crate) fn unexpected(found: &Evidence) -> Judgement {
    Judgement::Again(
        Reason::WaitingForEvidence,
        format!("expected other evidence, found {found:?}").chars().take(300).collect(),
    )
}

/// Epochs that evidence of these servers was observed in.
pub(crate) fn epochs(servers: &[&ServerFacts]) -> Vec<(crds::ObjectName, Epoch)> {
    servers.iter().map(|s| (s.name.clone(), s.epoch)).collect()
}
