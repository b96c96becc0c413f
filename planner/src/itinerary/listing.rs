//! Getting a fresh listing of a scope's objects: command, keep, and only then compute from it. Pure.

use crds::ContentDigest;
use crds::conditions::Reason;
use crds::sync_agent::command::ReadScope;
use crds::sync_agent::evidence::ScopeEvidence;
use crds::sync_agent::{self, Action, Evidence, Expectation, bulk_secrets, mappings_secret};

use super::command::{self, Judgement};
use super::{Progress, StepName, View, Wait, fact, unkept, watch};
use crate::observed::ServerFacts;
use crate::plan::Effect;

/// Name of the fact that holds the listing's digest.
pub(crate) const LISTING: &str = "listing";

/// Name of the fact that holds the digest of the mappings that the scope was read by.
pub(crate) const MAPPINGS: &str = "mappings";

/// Reads the scope and keeps the listing; passes with its digest in the facts.
pub(crate) fn fresh(view: &View, step: StepName) -> Progress {
    let read = units(view, step);
    let Progress::Pass(facts) = read else { return watch::meanwhile(view, Reason::ListingUnreadable, read) };
    let Some(server) = view.reading_server() else { return Progress::Pass(facts) };
    let Some(evidence) = evidence(view, server, step) else { return Progress::Pass(facts) };
    if view.migration.listing.as_ref().is_some_and(|kept| kept.digest == evidence.digest) {
        return Progress::Pass(facts);
    }
    if let Some(wait) = unkept::waiting(view, &[server], Reason::ListingUnreadable, || again(view, step)) {
        return wait;
    }
    let store = Effect::StoreListing { server: server.name.clone(), digest: evidence.digest.clone() };
    watch::meanwhile(view, Reason::ListingUnreadable, Progress::Begin(store))
}

/// Reads the scope and keeps nothing: passes once every unit is there and readable.
pub(crate) fn units(view: &View, step: StepName) -> Progress {
    let Some(server) = view.reading_server() else {
        return Progress::Waiting(Wait::person(
            Reason::ServerNotFound,
            "expected a sync server to read the directory from, found none: list it in `spec.servers`",
        ));
    };
    command::run(
        view,
        step,
        &[server],
        |server| (Action::ReadScope(arguments(view, server)), Expectation::default()),
        judge(view),
    )
}

fn arguments(view: &View, server: &ServerFacts) -> ReadScope {
    // `run` has made sure that there is an agent; an empty name would be refused by the API server.
    let agent = server.agent.as_ref().map_or_else(|| server.name.clone(), |agent| agent.name.clone());
    ReadScope {
        organizational_units: view.organizational_units().to_vec(),
        mappings: mappings_secret(&agent),
        secrets: bulk_secrets(&agent),
    }
}

/// The evidence of this step's present attempt.
pub(crate) fn evidence<'a>(
    view: &View<'a>,
    server: &'a ServerFacts,
    step: StepName,
) -> Option<&'a ScopeEvidence> {
    let outcome = server.agent.as_ref()?.outcome.as_ref()?;
    if outcome.command_id != command::command_id(view, step, server, view.record.attempts) {
        return None;
    }
    match outcome.evidence.as_ref()? {
        Evidence::Scope(evidence) => Some(evidence),
        _ => None,
    }
}

fn judge<'a>(view: &'a View<'_>) -> impl Fn(&ServerFacts, &Evidence) -> Judgement + use<'a> {
    move |_, evidence| {
        let Evidence::Scope(found) = evidence else { return command::unexpected(evidence) };
        let told = |unit: &&crds::DistinguishedName| {
            found.organizational_units.iter().any(|resolved| resolved.distinguished_name == **unit)
        };
        if let Some(unit) = view.organizational_units().iter().find(|unit| !told(unit)) {
            return Judgement::Again(
                Reason::WaitingForEvidence,
                format!(
                    "expected evidence of every unit of the scope, found none of {unit}: it is read again"
                ),
            );
        }
        if let Some(unit) = found.organizational_units.iter().find(|unit| unit.object_guid.is_none()) {
            return Judgement::Fail(
                Reason::OrganizationalUnitNotFound,
                format!(
                    "expected the organizational unit {} to exist and be readable, and it is not: correct `organizationalUnits`, or \
                     give the agent's account the right to read it",
                    unit.distinguished_name
                ),
            );
        }
        // A unit that was moved or renamed and made anew under the old name is another unit.
        for unit in &found.organizational_units {
            let before = view.fact(StepName::ReadScope, &unit_fact(unit.distinguished_name.as_str()));
            if let (Some(before), Some(now)) = (before, &unit.object_guid)
                && before != now
            {
                return Judgement::Fail(
                    Reason::ScopeMoved,
                    format!(
                        "expected {} to be the unit with objectGUID {before}, found {now}: the unit was renamed or moved and another one \
                         took its name",
                        unit.distinguished_name
                    ),
                );
            }
        }
        if found.mappings_digest != mappings_now(view) {
            return Judgement::Again(
                Reason::WaitingForEvidence,
                format!(
                    "the mappings of {} changed since the scope was read: it is read again",
                    view.domains().join(", ")
                ),
            );
        }
        let mut facts = vec![
            fact(LISTING, &found.digest),
            fact(MAPPINGS, &found.mappings_digest),
            fact("objects", total(found)),
        ];
        facts.extend(found.objects.iter().map(|o| fact(&format!("objects.{}", o.object_type), o.count)));
        facts.extend(found.organizational_units.iter().filter_map(|unit| {
            Some(fact(&unit_fact(unit.distinguished_name.as_str()), unit.object_guid.as_ref()?))
        }));
        Judgement::Pass(facts)
    }
}

/// Digest of the mappings as they are now, as an agent's evidence names it: it is given those of every job that is there.
pub(crate) fn mappings_now(view: &View) -> ContentDigest {
    let domains = view.domains();
    let jobs = domains.iter().filter_map(|domain| view.observed.job(domain));
    sync_agent::mappings_digest(jobs.map(|job| (job.domain.as_str(), &job.mappings_digest)))
}

/// Name of the fact that holds a unit's GUID: bounded, and the same for the same name.
pub(crate) fn unit_fact(name: &str) -> String {
    format!("unit.{}", crds::ContentDigest::of(name.to_lowercase().as_bytes()).short())
}

fn total(evidence: &ScopeEvidence) -> i64 {
    evidence.objects.iter().map(|o| o.count).sum()
}

/// Whether this step itself reads the scope, or has read it, in its present attempt.
pub(crate) fn is_begun(view: &View, step: StepName) -> bool {
    let Some(server) = view.reading_server() else { return false };
    let id = command::command_id(view, step, server, view.record.attempts);
    server.agent.as_ref().is_some_and(|agent| {
        agent.command.as_ref().is_some_and(|command| command.id == id)
            || agent.outcome.as_ref().is_some_and(|outcome| outcome.command_id == id)
    })
}

/// Id of the command that reads the listing of this step's present attempt.
pub(crate) fn reading(view: &View, step: StepName) -> Option<String> {
    Some(command::command_id(view, step, view.reading_server()?, view.record.attempts))
}

/// When the listing of this step's present attempt was read.
pub(crate) fn read_at(view: &View, step: StepName) -> Option<jiff::Timestamp> {
    let server = view.reading_server()?;
    evidence(view, server, step)?;
    server.agent.as_ref()?.outcome.as_ref()?.finished_at
}

/// Lists the scope once more: a new attempt of the same step.
pub(crate) fn again(view: &View, step: StepName) -> Progress {
    match view.reading_server() {
        Some(server) => command::repeat(view, step, &[server], |server| {
            (Action::ReadScope(arguments(view, server)), Expectation::default())
        }),
        None => Progress::Inconclusive(
            Reason::ServerNotFound,
            "expected a sync server to read the directory from".to_owned(),
        ),
    }
}
