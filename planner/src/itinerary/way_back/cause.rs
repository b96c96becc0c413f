//! What sends a migration home, and which way it then takes. Pure.
//!
//! Looked at before anything else, in every state: waiting, paused, failing. Whoever shares a stop or a job goes home together.

use std::collections::BTreeMap;

use crds::ObjectName;
use crds::entra_tenant::Claim;
use crds::migration::{Itinerary, StepRecord, StepState, Way, WayBack, WayBackCause};
use crds::sync_topology::{Engine, FailurePolicy};

use super::leaves;
use crate::decisions::Standing;
use crate::itinerary::driver::Pass;
use crate::itinerary::{StepName, is_known, shared};
use crate::observed::{JobFacts, MigrationFacts, ServerFacts};

/// Longest message of a way back, in characters.
const MESSAGE: usize = 2048;

/// Every migration that goes home, with its way: those that were on it before, and those that begin it now.
pub(crate) fn homeward(
    pass: &Pass,
    migrations: &[&MigrationFacts],
    standings: &BTreeMap<&str, Standing>,
) -> BTreeMap<String, WayBack> {
    let mut home: BTreeMap<String, WayBack> =
        migrations.iter().filter_map(|m| Some((m.name().to_owned(), m.way_back()?.clone()))).collect();
    // Who shares a stop or a job goes home together; of steps that are not known nobody can say what they share.
    if !migrations.iter().all(|m| is_known(m)) {
        return home;
    }
    for migration in migrations {
        let Some(standing) = standings.get(migration.name()) else { continue };
        if home.contains_key(migration.name()) || is_forgotten(pass, migration, standing) {
            continue;
        }
        if let Some((cause, message)) = own(pass, migration, standing)
            && let Some(way) = way(pass, migration)
        {
            home.insert(migration.name().to_owned(), begin(pass, migration, way, cause, &message));
        }
    }
    // Whoever is drawn along may draw others.
    loop {
        let drawn = migrations.iter().filter(|m| !home.contains_key(m.name())).find_map(|migration| {
            let (cause, with) = drawn(pass, migration, migrations, &home)?;
            Some((migration, way(pass, migration)?, cause, with))
        });
        let Some((migration, way, cause, with)) = drawn else { return home };
        let message = match cause {
            WayBackCause::EngineNeeded => {
                format!("{with} goes home, and this server's engine has to serve it")
            }
            WayBackCause::SharedJob => {
                format!("{with} goes home, and its job, which serves this scope too, is paused for that")
            }
            _ => format!("{with} goes home, and shares the stop with this scope"),
        };
        home.insert(migration.name().to_owned(), begin(pass, migration, way, cause, &message));
    }
}

fn begin(pass: &Pass, migration: &MigrationFacts, way: Way, cause: WayBackCause, message: &str) -> WayBack {
    WayBack {
        way,
        cause,
        message: message.chars().take(MESSAGE).collect(),
        since: pass.now,
        leaves: leaves(way, migration),
        steps: super::steps(way).iter().map(|step| StepRecord::pending(step.name().as_str())).collect(),
    }
}

/// Its status is gone although it holds something: a person looks first (S12).
fn is_forgotten(pass: &Pass, migration: &MigrationFacts, standing: &Standing) -> bool {
    let known = migration.object.status.as_ref().is_some_and(|status| !status.steps.is_empty());
    !known && !standing.is_readopted() && claims(pass, migration).next().is_some()
}

/// Why a migration goes home by itself.
fn own(pass: &Pass, migration: &MigrationFacts, standing: &Standing) -> Option<(WayBackCause, String)> {
    if let Some(asked) = &standing.roll_back {
        return Some((WayBackCause::Decision, format!("{} asked for it{}", asked.who(), asked.saying())));
    }
    if let Some(failed) = failed(migration) {
        let step = StepName::ALL.iter().find(|name| name.as_str() == failed.name);
        // No person is ever waited for while the scheduler is off (S7).
        let stopped = step.is_some_and(|step| step.is_in_stop() || *step == StepName::StartScheduler);
        if stopped || migration.object.spec.on_failure == FailurePolicy::RollBack {
            let reason = failed.reason.as_deref().unwrap_or("VerificationFailed");
            let message = format!("step {} failed ({reason}): {}", failed.name, failed.message);
            return Some((WayBackCause::Failure, message));
        }
    }
    let scope = migration.object.spec.scope.as_ref()?;
    let topology = &pass.observed.topology;
    let proven = migration.is_past(StepName::ProbeRemoval);
    if topology.deleted {
        // Where the job serves proven scopes too, going home would take them along: the takeover is finished instead.
        let stays = is_in_job(pass, migration) && serves_proven(pass, migration);
        return (has_begun(pass, migration) && !proven && !stays).then(|| {
            (
                WayBackCause::TopologyDeleted,
                "the topology is being deleted, and Cloud Sync was not proven to serve the scope yet"
                    .to_owned(),
            )
        });
    }
    match topology.spec.scopes.iter().find(|declared| declared.name == scope.name) {
        Some(declared) if declared.engine != Engine::CloudSync => Some((
            WayBackCause::Declared,
            format!("the topology declares {} for scope {}", declared.engine, scope.name),
        )),
        None if !proven && has_begun(pass, migration) => Some((
            WayBackCause::Declared,
            format!(
                "the topology names scope {} no more, and Cloud Sync was not proven to serve it yet",
                scope.name
            ),
        )),
        _ => None,
    }
}

fn failed(migration: &MigrationFacts) -> Option<&StepRecord> {
    let steps = &migration.object.status.as_ref()?.steps;
    steps.iter().find(|record| record.state == StepState::Failed)
}

/// Who draws a migration along, and why.
fn drawn(
    pass: &Pass,
    migration: &MigrationFacts,
    migrations: &[&MigrationFacts],
    home: &BTreeMap<String, WayBack>,
) -> Option<(WayBackCause, String)> {
    if !has_begun(pass, migration) {
        return None;
    }
    if migration.object.spec.itinerary == Itinerary::RetireConnect {
        let needs = |way: Way| matches!(way, Way::RemoveRules | Way::PauseJob);
        let scope = migrations
            .iter()
            .find(|m| !m.went_home() && home.get(m.name()).is_some_and(|way_back| needs(way_back.way)))?;
        return Some((WayBackCause::EngineNeeded, scope.name().to_owned()));
    }
    let going =
        |name: &str| home.contains_key(name) && !migrations.iter().any(|m| m.name() == name && m.went_home());
    let mate = claims(pass, migration)
        .flat_map(|claim| &claim.migrations)
        .find(|name| name.as_str() != migration.name() && going(name.as_str()));
    if let Some(mate) = mate {
        return Some((WayBackCause::SharedStop, mate.to_string()));
    }
    if let Some(conductor) = led_by(migration).filter(|name| home.contains_key(*name)) {
        return Some((WayBackCause::SharedStop, conductor.to_owned()));
    }
    if !is_in_job(pass, migration) {
        return None;
    }
    let pausing = migrations.iter().find(|other| {
        going(other.name())
            && home.get(other.name()).is_some_and(|way_back| way_back.way == Way::PauseJob)
            && !other.is_past(StepName::ReleaseJobHome)
            && other.shares_domain(migration)
    })?;
    Some((WayBackCause::SharedJob, pausing.name().to_owned()))
}

/// Who carries a step out for this migration that it still waits for.
fn led_by(migration: &MigrationFacts) -> Option<&str> {
    let sections = [
        (StepName::ClaimServers, StepName::StartScheduler),
        (StepName::ClaimJob, StepName::AwaitInitialCycle),
        (StepName::ClaimJob, StepName::ReleaseJob),
    ];
    let waits = |claim: StepName, until: StepName| {
        let led = migration.state_of(claim) == Some(StepState::Done) && !migration.is_past(until);
        led.then(|| migration.fact_of(claim, shared::CONDUCTOR)).flatten()
    };
    sections
        .into_iter()
        .find_map(|(claim, until)| waits(claim, until))
        .filter(|name| *name != migration.name())
}

/// The way that a migration has from where it is; `None` where there is none.
fn way(pass: &Pass, migration: &MigrationFacts) -> Option<Way> {
    let begun = has_begun(pass, migration);
    if migration.object.spec.itinerary == Itinerary::RetireConnect {
        let removed = migration.is_past(StepName::RemoveConnect);
        return (!removed).then_some(if begun { Way::RestartEngine } else { Way::Release });
    }
    if !begun {
        return Some(Way::Release);
    }
    // Without an engine to go home to there is no way back.
    let gone = |server: &ServerFacts| server.inventory.as_ref().is_some_and(|found| found.engine.is_none());
    if !pass.observed.servers.is_empty() && pass.observed.servers.values().all(gone) {
        return None;
    }
    Some(if is_in_job(pass, migration) { Way::PauseJob } else { Way::RemoveRules })
}

/// It holds or held the servers, or may have before its proofs were asked for anew: nothing is stopped where no snapshot was kept (S6).
fn has_begun(pass: &Pass, migration: &MigrationFacts) -> bool {
    let servers = pass.observed.servers_of(migration);
    migration.has_started(StepName::ClaimServers)
        || (migration.was_readopted() && servers.iter().all(|server| server.snapshot_at.is_some()))
        || claims(pass, migration).next().is_some()
}

/// Cloud Sync may have its units: they were added, by whoever shares the claim on the job too, or are seen in the filter. Who adds them is
/// known from its own record as well, for the job may not be readable just now.
fn is_in_job(pass: &Pass, migration: &MigrationFacts) -> bool {
    let observed = pass.observed;
    let jobs = || observed.tenant.iter().flat_map(|tenant| &tenant.jobs);
    let mates = jobs()
        .filter_map(JobFacts::claim)
        .filter(|claim| claim.names(&observed.topology.name, migration.name()))
        .flat_map(|claim| claim.migrations.iter().map(ObjectName::as_str));
    let conductor = migration.fact_of(StepName::ClaimJob, shared::CONDUCTOR);
    let mut adding = mates.chain(conductor).filter_map(|name| observed.migration(name));
    migration.has_started(StepName::AddToJob)
        || adding.any(|mate| mate.has_started(StepName::AddToJob))
        || jobs().any(|job| migration.organizational_units().iter().any(|unit| job.containers.contains(unit)))
}

/// A job of its domains also serves a scope whose takeover was proven.
fn serves_proven(pass: &Pass, migration: &MigrationFacts) -> bool {
    pass.observed.migrations.iter().any(|other| {
        other.name() != migration.name()
            && other.way_back().is_none()
            && other.is_past(StepName::ProbeRemoval)
            && other.shares_domain(migration)
    })
}

/// The claims on servers and jobs that hold for a migration.
fn claims<'a>(pass: &'a Pass, migration: &'a MigrationFacts) -> impl Iterator<Item = &'a Claim> {
    let observed = pass.observed;
    observed.claims().filter(|claim| claim.names(&observed.topology.name, migration.name()))
}
