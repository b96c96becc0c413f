//! Waves in order: where each stands, and which is due. Pure.

use crds::migration::{Itinerary, MigrationSpec, ScopeSubject, StepState};
use crds::primitive::LocalRef;
use crds::sync_topology::{Engine, Wave, WavePhase};
use jiff::Timestamp;

use crds::ObjectName;

use super::{has_moved, scope_migration, wave_digest};
use crate::itinerary::{ITINERARY_VERSION, StepName};
use crate::observed::{MigrationFacts, Observed};
use crate::plan::{MigrationPlan, NewMigration, ScopePlan, Standing, WavePlan};

/// Where each wave stands.
pub(crate) fn plan(observed: &Observed, plans: &[MigrationPlan]) -> Vec<WavePlan> {
    let Some(strategy) = &observed.topology.spec.strategy else { return Vec::new() };
    strategy
        .waves
        .iter()
        .filter_map(|wave| {
            let scopes = wave
                .scopes
                .iter()
                .map(|name| ScopePlan {
                    name: name.clone(),
                    served_by: served_by(observed, name),
                    migration: scope_migration(observed, name).map(|m| m.name().into()),
                })
                .collect();
            Some(WavePlan {
                name: wave.name.clone(),
                phase: phase(observed, wave, plans),
                plan_digest: wave_digest(&observed.topology, strategy, wave)?,
                way_back: crate::itinerary::way_back::describe(observed, wave),
                scopes,
            })
        })
        .collect()
}

fn served_by(observed: &Observed, scope: &crds::ObjectName) -> Option<Engine> {
    if has_moved(observed, scope) {
        return Some(Engine::CloudSync);
    }
    let migration = scope_migration(observed, scope);
    let left = migration.is_some_and(|m| !is_home(m) && crate::itinerary::has_left_connect(m));
    let reported =
        observed.servers.values().any(|s| s.inventory.as_ref().is_some_and(|i| i.engine.is_some()));
    (!left && reported).then_some(Engine::EntraConnect)
}

/// Connect was proven to serve it again.
fn is_home(migration: &MigrationFacts) -> bool {
    migration.went_home() || migration.is_past(StepName::ProveFlow)
}

fn phase(observed: &Observed, wave: &Wave, plans: &[MigrationPlan]) -> WavePhase {
    let scopes: Vec<&ObjectName> = moving(observed, wave).collect();
    let migrations: Vec<&MigrationFacts> =
        scopes.iter().filter_map(|name| scope_migration(observed, name)).collect();
    if scopes.iter().all(|name| has_moved(observed, name)) {
        return WavePhase::Completed;
    }
    let failures = migrations.iter().filter(|m| m.has_failed()).count();
    if failures > wave.failure_budget.of(wave.scopes.len()) {
        return WavePhase::Failed;
    }
    let plan_of = |m: &MigrationFacts| plans.iter().find(|plan| plan.name == m.name());
    if migrations.iter().any(|m| {
        plan_of(m).is_some_and(|plan| matches!(plan.standing, Standing::Paused { .. })) && !m.has_failed()
    }) {
        return WavePhase::Paused;
    }
    if migrations.is_empty() {
        return WavePhase::Waiting;
    }
    let soaks = |m: &&MigrationFacts| {
        m.object.status.as_ref().is_some_and(|s| {
            s.steps.iter().any(|r| r.name == StepName::VerifyParity.as_str() && r.state == StepState::Done)
        })
    };
    if migrations.len() == scopes.len() && migrations.iter().all(soaks) {
        WavePhase::Soaking
    } else {
        WavePhase::Running
    }
}

/// Scopes of a wave that are to move: those that stay on Entra Connect, or came back to it by declaration, hold nobody up.
fn moving<'a>(observed: &'a Observed, wave: &'a Wave) -> impl Iterator<Item = &'a ObjectName> {
    let declared = &observed.topology.spec.scopes;
    wave.scopes
        .iter()
        .filter(move |name| declared.iter().any(|s| s.name == **name && s.engine == Engine::CloudSync))
}

/// Whether the waves after this one may start: every scope has moved, or failed within the budget.
fn is_over(observed: &Observed, wave: &Wave) -> bool {
    let failures = moving(observed, wave)
        .filter(|name| scope_migration(observed, name).is_some_and(MigrationFacts::has_failed))
        .count();
    failures <= wave.failure_budget.of(wave.scopes.len())
        && moving(observed, wave).all(|name| {
            let ended = |m: &MigrationFacts| m.has_failed() && (m.way_back().is_none() || m.went_home());
            has_moved(observed, name) || scope_migration(observed, name).is_some_and(ended)
        })
}

/// Migrations of the wave that is due: the first that is not over. Its inputs are frozen here.
pub(crate) fn due(observed: &Observed, plans: &[WavePlan], now: Timestamp) -> Vec<NewMigration> {
    let spec = &observed.topology.spec;
    let Some(strategy) = &spec.strategy else { return Vec::new() };
    // Waves before the due one are over; a scope of them that came home may be asked for again, and its wave has no successor under way.
    let until = strategy.waves.iter().position(|wave| !is_over(observed, wave));
    let waves = strategy.waves.iter().take(until.map_or(strategy.waves.len(), |at| at + 1));
    waves.flat_map(|wave| of_wave(observed, wave, plans, now)).collect()
}

/// Migrations of a wave that are to be made.
fn of_wave(observed: &Observed, wave: &Wave, plans: &[WavePlan], now: Timestamp) -> Vec<NewMigration> {
    let spec = &observed.topology.spec;
    let Some(strategy) = &spec.strategy else { return Vec::new() };
    let Some(digest) = plans.iter().find(|plan| plan.name == wave.name).map(|plan| plan.plan_digest.clone())
    else {
        return Vec::new();
    };
    wave.scopes
        .iter()
        .filter_map(|name| {
            let scope = spec.scopes.iter().find(|s| s.name == *name && s.engine == Engine::CloudSync)?;
            let last = scope_migration(observed, name);
            Some((scope, super::due_attempt(observed, last, &digest, now)?))
        })
        .map(|(scope, attempt)| NewMigration {
            name: super::migration_name(observed, "scope", &scope.name, attempt),
            spec: MigrationSpec {
                topology_ref: LocalRef { name: observed.topology.name.clone() },
                tenant_ref: spec.tenant_ref.clone(),
                itinerary: Itinerary::ConnectToCloudSync,
                itinerary_version: ITINERARY_VERSION,
                scope: Some(ScopeSubject {
                    name: scope.name.clone(),
                    wave: wave.name.clone(),
                    organizational_units: scope.organizational_units.clone(),
                    probe_organizational_unit: scope.probe_organizational_unit.clone(),
                }),
                server: None,
                attempt,
                plan_digest: digest.clone(),
                limits: strategy.limits.clone(),
                verification: strategy.verification.clone(),
                on_failure: strategy.on_failure,
            },
        })
        .collect()
}
