//! Waves in order: where each stands, and which is due. Pure.

use crds::migration::{Itinerary, MigrationSpec, ScopeSubject, StepState};
use crds::primitive::LocalRef;
use crds::sync_topology::{Engine, Wave, WavePhase};

use super::{has_moved, scope_migration, wave_digest};
use crate::itinerary::{ITINERARY_VERSION, StepName};
use crate::observed::{MigrationFacts, Observed};
use crate::plan::{MigrationPlan, NewMigration, ScopePlan, Standing, WavePlan};

/// Which way back a wave has. Rolling back automatically is not available in this release, and that is said before the start.
const WAY_BACK: &str = "RollbackUnavailable: this release holds a failed wave and calls a person. Until a scope is added to its job, removing \
                        the no-flow rules by hand, followed by a full import from Entra and a full synchronization, brings it home; after that, \
                        pause the job first, and bring every scope of the job home";

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
                way_back: WAY_BACK.to_owned(),
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
    let left = migration.is_some_and(crate::itinerary::has_left_connect);
    let reported =
        observed.servers.values().any(|s| s.inventory.as_ref().is_some_and(|i| i.engine.is_some()));
    (!left && reported).then_some(Engine::EntraConnect)
}

fn phase(observed: &Observed, wave: &Wave, plans: &[MigrationPlan]) -> WavePhase {
    let migrations: Vec<&MigrationFacts> =
        wave.scopes.iter().filter_map(|name| scope_migration(observed, name)).collect();
    if wave.scopes.iter().all(|name| has_moved(observed, name)) {
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
    if migrations.len() == wave.scopes.len() && migrations.iter().all(soaks) {
        WavePhase::Soaking
    } else {
        WavePhase::Running
    }
}

/// Whether the waves after this one may start: every scope has moved, or failed within the budget.
fn is_over(observed: &Observed, wave: &Wave) -> bool {
    let failures = wave
        .scopes
        .iter()
        .filter(|name| scope_migration(observed, name).is_some_and(MigrationFacts::has_failed))
        .count();
    failures <= wave.failure_budget.of(wave.scopes.len())
        && wave.scopes.iter().all(|name| {
            has_moved(observed, name)
                || scope_migration(observed, name).is_some_and(MigrationFacts::has_failed)
        })
}

/// Migrations of the wave that is due: the first that is not over. Its inputs are frozen here.
pub(crate) fn due(observed: &Observed, plans: &[WavePlan]) -> Vec<NewMigration> {
    let spec = &observed.topology.spec;
    let Some(strategy) = &spec.strategy else { return Vec::new() };
    let Some(wave) = strategy.waves.iter().find(|wave| !is_over(observed, wave)) else { return Vec::new() };
    let Some(digest) = plans.iter().find(|plan| plan.name == wave.name).map(|plan| plan.plan_digest.clone())
    else {
        return Vec::new();
    };
    wave.scopes
        .iter()
        .filter(|name| scope_migration(observed, name).is_none())
        .filter_map(|name| {
            spec.scopes.iter().find(|scope| scope.name == *name && scope.engine == Engine::CloudSync)
        })
        .map(|scope| NewMigration {
            name: super::migration_name(observed, "scope", &scope.name),
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
                attempt: 1,
                plan_digest: digest.clone(),
                limits: strategy.limits.clone(),
                verification: strategy.verification.clone(),
                on_failure: strategy.on_failure,
            },
        })
        .collect()
}
