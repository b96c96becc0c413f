//! Plans one topology: what cannot start, which wave is due, which migrations to make, and where all of it stands. Pure.

mod digest;
mod leave;
mod validate;
mod waves;

use crds::DistinguishedName;
use crds::ObjectName;
use crds::conditions::Reason;
use crds::migration::{Itinerary, MigrationSpec, NextTransition, ServerSubject, StepState, WayBackCause};
use crds::primitive::LocalRef;
use crds::sync_topology::{Engine, ServerIntent};
use jiff::Timestamp;

pub use digest::wave_digest;
pub use leave::is_bound;
pub use validate::{ScopesOverlap, blockers, overlaps};

use crate::eligibility;
use crate::itinerary::{self, ITINERARY_VERSION, StepName};
use crate::observed::{MigrationFacts, Observed};
use crate::plan::{Blocker, MigrationPlan, NewMigration, Plan, ServerPlan, Standing};
use crate::windows::{self, Windows};

/// Plans one topology.
pub(crate) fn plan(observed: &Observed, now: Timestamp) -> Plan {
    let spec = &observed.topology.spec;
    let strategy_windows = spec.strategy.as_ref().map_or(&[] as &[_], |strategy| strategy.windows.as_slice());
    let mut blockers = blockers(observed);
    let windows = Windows::read(spec.time_zone.as_deref(), strategy_windows).unwrap_or_else(|error| {
        blockers.push(validate::window_blocker(&error));
        Windows::never()
    });
    blockers.sort();
    blockers.dedup();
    let hold = hold(observed, &blockers);
    let migrations =
        itinerary::advance(&itinerary::Pass { observed, windows: &windows, hold: hold.clone(), now });
    let waves = waves::plan(observed, &migrations);
    let mut create = Vec::new();
    if hold.is_none() {
        create.extend(waves::due(observed, &waves, now));
        create.extend(retirements(observed, now));
    }
    let servers = servers(observed);
    let moved =
        spec.scopes.iter().filter(|s| s.engine == Engine::CloudSync).all(|s| has_moved(observed, &s.name));
    let retired =
        spec.servers.iter().filter(|s| s.retire_by.is_some()).all(|s| is_retired(observed, &s.name));
    let next = next(&migrations, &blockers);
    Plan {
        completed: moved && retired && create.is_empty(),
        blockers,
        waves,
        servers,
        create,
        migrations,
        next,
    }
}

/// Longest name of a migration: leaves room for the names of what belongs to it.
const LONGEST_NAME: usize = 48;

/// Deterministic name of an attempt: "already exists" is the fence.
pub(crate) fn migration_name(observed: &Observed, kind: &str, subject: &ObjectName, attempt: i32) -> String {
    crds::primitive::bounded_name(
        &format!("{}-{kind}-{subject}-{attempt}", observed.topology.name),
        LONGEST_NAME,
    )
    .0
}

/// Which attempt is due: the first, or another after one that went home; `None` while one is on its way, or nobody wants another.
///
/// A finished run is never run again, and never by itself: another one begins when the declaration is another one, when it was the
/// declaration that sent the last one home, or when somebody resumes the last one.
pub(crate) fn due_attempt(
    observed: &Observed,
    last: Option<&MigrationFacts>,
    plan_digest: &crds::ContentDigest,
    now: Timestamp,
) -> Option<i32> {
    let Some(last) = last else { return Some(1) };
    let way_back = last.way_back().filter(|_| last.went_home())?;
    let resumed = || {
        let standing = crate::decisions::standing(observed, last, now);
        standing.resumed_at.is_some_and(|at| at > way_back.since)
    };
    let another = last.object.spec.plan_digest != *plan_digest;
    (another || way_back.cause == WayBackCause::Declared || resumed())
        .then(|| last.object.spec.attempt.saturating_add(1))
}

/// What keeps new work of the topology from starting.
fn hold(observed: &Observed, blockers: &[Blocker]) -> Option<(Reason, String)> {
    if observed.topology.deleted {
        return Some((
            Reason::Suspended,
            "the topology is being deleted: nothing more is started".to_owned(),
        ));
    }
    if observed.topology.spec.suspend {
        return Some((Reason::Suspended, "`spec.suspend` is set: unset it to go on".to_owned()));
    }
    if observed.tenant.as_ref().is_some_and(|tenant| tenant.suspended) {
        return Some((
            Reason::Suspended,
            "`spec.suspend` of the EntraTenant is set: unset it to go on".to_owned(),
        ));
    }
    blockers.first().map(|blocker| (blocker.reason, blocker.message.clone()))
}

/// The migration of a scope, newest attempt.
pub(crate) fn scope_migration<'a>(observed: &'a Observed, scope: &ObjectName) -> Option<&'a MigrationFacts> {
    let of_scope = |m: &&MigrationFacts| m.object.spec.scope.as_ref().is_some_and(|s| s.name == *scope);
    observed.migrations.iter().filter(of_scope).max_by_key(|m| m.object.spec.attempt)
}

/// The migration of a server, newest attempt.
pub(crate) fn server_migration<'a>(
    observed: &'a Observed,
    server: &ObjectName,
) -> Option<&'a MigrationFacts> {
    let of_server = |m: &&MigrationFacts| m.object.spec.server.as_ref().is_some_and(|s| s.name == *server);
    observed.migrations.iter().filter(of_server).max_by_key(|m| m.object.spec.attempt)
}

/// Whether a scope was proven to be served by Cloud Sync, soak included.
pub fn has_moved(observed: &Observed, scope: &ObjectName) -> bool {
    scope_migration(observed, scope).is_some_and(|m| {
        m.way_back().is_none() && m.state_of(StepName::VerifyAfterSoak) == Some(StepState::Done)
    })
}

/// Whether a server was retired.
pub fn is_retired(observed: &Observed, server: &ObjectName) -> bool {
    server_migration(observed, server)
        .is_some_and(|m| m.state_of(StepName::ListLeftovers) == Some(StepState::Done))
}

/// Whether every domain that the topology names has a running password hash job.
pub fn password_hash_owned(observed: &Observed) -> bool {
    let moving = observed.topology.spec.scopes.iter().filter(|scope| scope.engine == Engine::CloudSync);
    let domains = DistinguishedName::domains(moving.flat_map(|scope| &scope.organizational_units));
    domains
        .iter()
        .all(|domain| observed.job(domain).is_some_and(|job| job.password_hash_active == Some(true)))
}

/// The instant a server's `retireBy` ends.
fn retire_by(observed: &Observed, intent: &ServerIntent) -> Option<Timestamp> {
    let zone = windows::time_zone(observed.topology.spec.time_zone.as_deref()).ok()?;
    windows::end_of_day(intent.retire_by?.date(), &zone)
}

/// Declared servers, each with what keeps it from being retired as things are.
fn servers(observed: &Observed) -> Vec<ServerPlan> {
    let spec = &observed.topology.spec;
    spec.servers
        .iter()
        .map(|intent| {
            let features = observed
                .servers
                .get(&intent.name)
                .and_then(|s| s.inventory.as_ref())
                .and_then(|i| i.features.as_ref());
            let retires = intent.retire_by.is_some() && !is_retired(observed, &intent.name);
            // Whether the jobs will own password hashes is known only once they run; until then the other rows are said.
            let owned = spec.strategy.is_some() || password_hash_owned(observed);
            let blockers = features
                .filter(|_| retires)
                .map(|features| {
                    eligibility::side_services(features, owned).iter().map(ToString::to_string).collect()
                })
                .unwrap_or_default();
            ServerPlan {
                name: intent.name.clone(),
                retire_by: retire_by(observed, intent),
                migration: server_migration(observed, &intent.name).map(|m| m.name().into()),
                blockers,
            }
        })
        .collect()
}

/// Retirements to begin: once every scope has moved.
fn retirements(observed: &Observed, now: Timestamp) -> Vec<NewMigration> {
    let spec = &observed.topology.spec;
    let all_moved =
        spec.scopes.iter().all(|scope| scope.engine == Engine::CloudSync && has_moved(observed, &scope.name));
    if !all_moved {
        return Vec::new();
    }
    let Some(strategy) = &spec.strategy else { return Vec::new() };
    let mut new = Vec::new();
    for intent in spec.servers.iter().filter(|s| s.retire_by.is_some()) {
        let server = ServerSubject {
            name: intent.name.clone(),
            retire_by: retire_by(observed, intent),
            observation_period: strategy.observation_period.clone(),
        };
        let Some(plan_digest) = digest::server_digest(&observed.topology, &server) else { continue };
        let last = server_migration(observed, &intent.name);
        let Some(attempt) = due_attempt(observed, last, &plan_digest, now) else { continue };
        new.push(NewMigration {
            name: migration_name(observed, "server", &intent.name, attempt),
            spec: MigrationSpec {
                topology_ref: LocalRef { name: observed.topology.name.clone() },
                tenant_ref: spec.tenant_ref.clone(),
                itinerary: Itinerary::RetireConnect,
                itinerary_version: ITINERARY_VERSION,
                scope: None,
                server: Some(server),
                attempt,
                plan_digest,
                limits: strategy.limits.clone(),
                verification: strategy.verification.clone(),
                on_failure: strategy.on_failure,
            },
        });
    }
    new
}

/// The earliest thing that happens next.
fn next(migrations: &[MigrationPlan], blockers: &[Blocker]) -> Option<NextTransition> {
    let is_over =
        |m: &&MigrationPlan| matches!(m.standing, Standing::Completed | Standing::RolledBack { .. });
    let waiting = migrations.iter().filter(|m| !is_over(m)).filter_map(|m| {
        m.next.as_ref().map(|next| (next.at.is_none(), next.at, format!("{}: {}", m.name, next.why)))
    });
    let soonest = waiting.min_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    soonest.map(|(_, at, why)| NextTransition { at, why: why.chars().take(1024).collect() }).or_else(|| {
        blockers.first().map(|b| NextTransition { at: None, why: b.message.chars().take(1024).collect() })
    })
}
