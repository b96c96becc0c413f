//! What the filter of a job holds besides what is being added, and what its mappings were when the plan was made. A change of either takes
//! effect when the job is started again, and that is done here: what somebody else put in, took out or rewrote is asked about first, and
//! never brought into force by the way (S1, S3, S11). Pure.
//!
//! Source: Microsoft, cloud sync configuration ("scoping filters": changes apply after a restart).

use crds::conditions::Reason;
use crds::migration::StepState;
use crds::{ContentDigest, DistinguishedName};

use super::{StepName, View, Wait, fact_name};
use crate::observed::{JobFacts, MigrationFacts, ServerFacts};

/// Name of the fact that holds what a domain's filter held for others when the plan was made.
pub(super) fn others_fact(domain: &str) -> String {
    fact_name("filter", domain)
}

/// Name of the fact that holds the mappings of a domain's job that the prediction was made with.
pub(super) fn mappings_fact(domain: &str) -> String {
    fact_name("mappings", domain)
}

/// Digest of the containers in a filter that nobody of ours claims.
pub(super) fn others(view: &View, job: &JobFacts) -> ContentDigest {
    digest(&strange(view, &unclaimed(view, job)))
}

fn digest(units: &[&DistinguishedName]) -> ContentDigest {
    let mut names: Vec<String> = units.iter().map(|unit| unit.as_str().to_lowercase()).collect();
    names.sort();
    ContentDigest::of(names.join("\n").as_bytes())
}

/// What somebody changed in the filter of a job, if starting it again would bring that into force.
pub(super) fn changed(view: &View, job: &JobFacts) -> Option<Wait> {
    let domain = &job.domain;
    if let Some((unit, owner)) = taken_out(view, job) {
        return Some(ask(format!(
            "expected {unit} of {} in the filter of {domain}, where it was put, and it is not there: the job is started again for the new \
             scope, and would then delete everybody in that unit. Put it back in the portal",
            owner.name()
        )));
    }
    let early = job.containers.iter().filter_map(|unit| Some((unit, owner(view, unit)?)));
    if let Some((unit, owner)) = early.into_iter().find(|(_, owner)| !belongs(view, owner)) {
        return Some(ask(format!(
            "{unit} was put into the filter of {domain} by somebody else, and {} has not come that far: Connect serves it, and two engines \
             would write its objects once the job is started again. Take it out in the portal",
            owner.name()
        )));
    }
    let unclaimed = unclaimed(view, job);
    for unit in &unclaimed {
        if let Some(server) = view.observed.servers.values().find(|server| exports_from(view, server, unit)) {
            return Some(ask(format!(
                "{unit} is in the filter of {domain}, no scope that moves claims it, and Connect on {} serves objects in it: two engines would \
                 write them once the job is started again. Take it out in the portal, or declare it as a scope",
                server.name
            )));
        }
    }
    let strange = strange(view, &unclaimed);
    let known = view.fact(StepName::PrepareJob, &others_fact(domain));
    if known.is_some_and(|known| known != digest(&strange).as_str()) {
        let names: Vec<&str> = strange.iter().map(|unit| unit.as_str()).collect();
        return Some(ask(format!(
            "somebody changed the filter of {domain} since the plan was made: besides the scopes that move it holds {}. The job is started again \
             for the new scope, and this would come into force with it. Set it back in the portal until the wave is over",
            if names.is_empty() { "nothing any more".to_owned() } else { names.join(" + ") }
        )));
    }
    let predicted = view.fact(StepName::PredictChanges, &mappings_fact(domain));
    if predicted.is_some_and(|predicted| predicted != job.mappings_digest.as_str()) {
        return Some(ask(format!(
            "somebody changed the mappings of {domain} since it was predicted what they make of this scope, and that prediction was \
             approved. Set them back in the portal; or keep them and, where nothing was stopped yet, delete this Migration, else decide RollBack: \
             the next attempt is predicted anew"
        )));
    }
    None
}

fn ask(why: String) -> Wait {
    Wait::person(Reason::ForeignChange, why)
}

/// A unit that was added to this job, is still to be there, and is not.
fn taken_out<'a>(view: &View<'a>, job: &JobFacts) -> Option<(&'a DistinguishedName, &'a MigrationFacts)> {
    let added = view.observed.migrations.iter().filter(|m| {
        m.name() != view.migration.name()
            && m.state_of(StepName::AddToJob) == Some(StepState::Done)
            && m.way_back().is_none()
    });
    added
        .flat_map(|owner| owner.organizational_units().iter().map(move |unit| (unit, owner)))
        .filter(|(unit, _)| job.covers(unit))
        .find(|(unit, _)| !job.containers.contains(unit))
}

/// The migration that claims a unit; one that went home claims nothing.
fn owner<'a>(view: &View<'a>, unit: &DistinguishedName) -> Option<&'a MigrationFacts> {
    view.observed.migrations.iter().find(|m| !m.went_home() && m.organizational_units().contains(unit))
}

/// The containers in a filter that nobody claims: no migration of this topology that is under way or arrived, no scope of another one.
fn unclaimed<'j>(view: &View, job: &'j JobFacts) -> Vec<&'j DistinguishedName> {
    let others = &view.observed.other_scopes;
    let claimed = |unit: &DistinguishedName| {
        owner(view, unit).is_some() || others.iter().any(|scope| scope.organizational_units.contains(unit))
    };
    job.containers.iter().filter(|unit| !claimed(unit)).collect()
}

/// Those of them that nobody here ever put there. What went home is taken out by us, job and all.
fn strange<'j>(view: &View, unclaimed: &[&'j DistinguishedName]) -> Vec<&'j DistinguishedName> {
    let migrations = &view.observed.migrations;
    let ours = |unit: &DistinguishedName| migrations.iter().any(|m| m.organizational_units().contains(unit));
    unclaimed.iter().copied().filter(|unit| !ours(unit)).collect()
}

/// Its units may be in the filter: they were added, or are being added now.
fn belongs(view: &View, owner: &MigrationFacts) -> bool {
    owner.has_started(StepName::AddToJob)
        || (owner.name() == view.migration.name() && view.record.name == StepName::AddToJob.as_str())
        || member(view, owner)
        // What it did before the cluster's state was lost, it did: its proofs are asked for anew.
        || owner.was_readopted()
}

/// It shares the claim on the job of one of its domains with this migration.
fn member(view: &View, owner: &MigrationFacts) -> bool {
    let jobs = view.observed.tenant.iter().flat_map(|tenant| &tenant.jobs);
    jobs.filter_map(JobFacts::claim).any(|claim| {
        super::shared::is_ours(view, claim) && claim.names(&view.observed.topology.name, owner.name())
    })
}

/// Whether a server selects a container, or one below it that no scope in the filter claims.
fn exports_from(view: &View, server: &ServerFacts, unit: &DistinguishedName) -> bool {
    if super::connect_to_cloud_sync::is_synchronized(server, unit) {
        return true;
    }
    let partitions = server.directory_connectors().flat_map(|c| &c.partitions).filter(|p| p.selected);
    partitions.flat_map(|partition| &partition.included).any(|container| {
        container.is_at_or_below(unit) && owner(view, container).is_none_or(|m| !belongs(view, m))
    })
}
