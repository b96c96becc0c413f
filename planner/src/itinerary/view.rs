//! What a step sees: the whole observation, and its own place in it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crds::migration::{Fact, StepRecord, StepState};
use crds::sync_agent::command::{NoFlowRules, NoFlowScope};
use crds::sync_server::ServerRole;
use crds::sync_topology::{Strategy, Wave};
use crds::{DistinguishedName, ObjectName};
use jiff::Timestamp;

use super::StepName;
use crate::decisions;
use crate::observed::{MigrationFacts, Observed, ServerFacts};
use crate::windows::{WindowState, Windows};

/// What a step sees.
pub struct View<'a> {
    /// Everything known.
    pub observed: &'a Observed,
    /// The migration the step belongs to.
    pub migration: &'a MigrationFacts,
    /// What people decided on it.
    pub decisions: &'a decisions::Standing,
    /// The records of its steps as they are in this pass: of the way out, or of the way home once that was decided.
    pub records: &'a [StepRecord],
    /// The records of the way out while it goes home; empty before.
    pub past: &'a [StepRecord],
    /// The step's own record.
    pub record: &'a StepRecord,
    /// Which agents can be given a command in this pass.
    pub(crate) desk: &'a Desk,
    /// The windows of the topology.
    pub windows: &'a Windows,
    /// The time.
    pub now: Timestamp,
}

/// Which agents can be given a command: one at a time, and only after the outcome before was taken up.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// Command ids whose outcome somebody still waits for.
    awaited: RefCell<BTreeMap<String, String>>,
    /// Servers that were given a command in this pass.
    given: RefCell<BTreeSet<ObjectName>>,
    /// Servers and domains that somebody takes a claim on in this pass.
    claimed: RefCell<BTreeSet<String>>,
}

impl Desk {
    /// `migration` waits for the outcome of `id`.
    pub(crate) fn awaits(&self, id: String, migration: &str) {
        self.awaited.borrow_mut().insert(id, migration.to_owned());
    }

    /// Nothing of `migration` is awaited any more.
    pub(crate) fn consumed(&self, migration: &str) {
        self.awaited.borrow_mut().retain(|_, owner| owner != migration);
    }

    /// The server was given a command in this pass.
    pub(crate) fn give(&self, server: &ObjectName) {
        self.given.borrow_mut().insert(server.clone());
    }

    /// Takes claims on all of these in this pass; `false` when somebody else already does.
    pub(crate) fn claim<'n>(&self, names: impl Iterator<Item = &'n str> + Clone) -> bool {
        let mut claimed = self.claimed.borrow_mut();
        if names.clone().any(|name| claimed.contains(name)) {
            return false;
        }
        claimed.extend(names.map(str::to_owned));
        true
    }

    /// Whether the server's agent can take a command of `migration`.
    pub(crate) fn is_free(&self, server: &ServerFacts, migration: &str) -> bool {
        if self.given.borrow().contains(&server.name) {
            return false;
        }
        let Some(agent) = &server.agent else { return false };
        let Some(command) = &agent.command else { return true };
        let ended = agent.outcome.as_ref().is_some_and(|outcome| {
            outcome.command_id == command.id && outcome.state != crds::sync_agent::OutcomeState::Running
        });
        let awaited = self.awaited.borrow().get(&command.id).is_some_and(|owner| owner != migration);
        ended && !awaited
    }
}

impl<'a> View<'a> {
    /// The strategy; a topology without one has no migrations of scopes.
    pub fn strategy(&self) -> Option<&'a Strategy> {
        self.observed.topology.spec.strategy.as_ref()
    }

    /// The wave of the migration's scope.
    pub fn wave(&self) -> Option<&'a Wave> {
        let name = &self.migration.object.spec.scope.as_ref()?.wave;
        self.strategy()?.waves.iter().find(|wave| wave.name == *name)
    }

    /// Organizational units of the scope; empty for a server.
    pub fn organizational_units(&self) -> &'a [DistinguishedName] {
        self.migration.organizational_units()
    }

    /// Domains of the scope, sorted.
    pub fn domains(&self) -> Vec<String> {
        DistinguishedName::domains(self.organizational_units())
    }

    /// Servers the migration touches. Those that do not exist are missing here and stop [`super::connect_to_cloud_sync`]'s first step.
    pub fn servers(&self) -> Vec<&'a ServerFacts> {
        self.observed.servers_of(self.migration)
    }

    /// The servers that export.
    pub fn exporting_servers(&self) -> Vec<&'a ServerFacts> {
        self.servers().into_iter().filter(|server| server.role == Some(ServerRole::Active)).collect()
    }

    /// The server whose agent reads scopes: the first that exports, else the first.
    pub fn reading_server(&self) -> Option<&'a ServerFacts> {
        self.exporting_servers().first().copied().or_else(|| self.servers().first().copied())
    }

    /// The record of a step of this migration.
    pub fn step(&self, name: StepName) -> Option<&'a StepRecord> {
        self.records.iter().chain(self.past).find(|record| record.name == name.as_str())
    }

    /// When a step of this migration was done.
    pub fn done_at(&self, name: StepName) -> Option<Timestamp> {
        self.step(name)
            .filter(|r| matches!(r.state, StepState::Done | StepState::Skipped))
            .and_then(|r| r.finished_at)
    }

    /// A fact that a step of this migration recorded.
    pub fn fact(&self, step: StepName, name: &str) -> Option<&'a str> {
        self.step(step)?.facts.iter().find(|f: &&Fact| f.name == name).map(|f| f.value.as_str())
    }

    /// Whether work may start.
    pub fn window(&self) -> WindowState {
        self.windows.state(self.now)
    }

    /// Migrations of the same wave, this one included, by name.
    pub fn wave_migrations(&self) -> Vec<&'a MigrationFacts> {
        self.observed.wave_of(self.migration)
    }

    /// Scopes whose no-flow rules must be on the servers: those of the migrations that share the servers' claim, and those that
    /// were proven before; not those of a claim that goes home, or went. Deterministic, by name.
    pub fn no_flow_scopes(&self) -> NoFlowRules {
        let claimed: BTreeSet<&str> = self
            .servers()
            .iter()
            .filter_map(|server| server.claim.as_ref())
            .filter(|claim| claim.topology == self.observed.topology.name)
            .flat_map(|claim| claim.migrations.iter().map(ObjectName::as_str))
            .collect();
        let mut scopes: BTreeMap<ObjectName, NoFlowScope> = BTreeMap::new();
        for migration in &self.observed.migrations {
            let Some(scope) = &migration.object.spec.scope else { continue };
            let holds = claimed.contains(migration.name());
            // Migrations of one claim go home together or not at all.
            let gone =
                migration.way_back().is_some() && holds || migration.is_past(StepName::RemoveNoFlowRules);
            let stored = migration.state_of(StepName::PutNoFlowRules) == Some(StepState::Done);
            if !gone && (stored || holds) {
                scopes.insert(
                    scope.name.clone(),
                    NoFlowScope {
                        name: scope.name.clone(),
                        organizational_units: crate::moved::units_now(self.observed, &migration.object),
                    },
                );
            }
        }
        NoFlowRules { scopes: scopes.into_values().collect() }
    }
}
