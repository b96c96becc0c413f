//! How a topology stands, for people to look at: from the objects in the cluster. Pure.

use crds::conditions::ConditionType;
use crds::migration::{MigrationStatus, StepRecord, StepState};
use crds::sync_topology::WavePhase;
use crds::{Migration, SyncTopology};
use kube::ResourceExt;

/// How a topology stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Derived phase of the topology.
    pub phase: String,
    /// `moved/total` scopes.
    pub progress: String,
    /// Waves in order.
    pub waves: Vec<Wave>,
    /// Servers in order.
    pub servers: Vec<Line>,
    /// Everything declared is so.
    pub completed: bool,
}

/// A wave.
#[derive(Debug, Clone, PartialEq)]
pub struct Wave {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub phase: WavePhase,
    /// Its scopes.
    pub scopes: Vec<Line>,
}

/// One scope or server, and the migration that takes it along.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Its migration, once there is one.
    pub run: Option<Run>,
    /// Why it will not come to an end as things are; of servers only.
    pub blockers: Vec<String>,
}

/// A migration as far as it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Name of the Migration.
    pub migration: String,
    /// Its uid.
    pub uid: String,
    /// Digest of its plan.
    pub plan_digest: String,
    /// Steps that are over.
    pub done: usize,
    /// All steps.
    pub total: usize,
    /// Where it is, unless it is finished.
    pub at: Option<Place>,
    /// Whether it waits for an approval.
    pub awaits_approval: bool,
    /// Whether it waits for a person's deed.
    pub awaits_person: bool,
    /// Why it goes or went home, if it does.
    pub way_home: Option<String>,
    /// Whether it has arrived there.
    pub is_home: bool,
}

/// The step that a migration is in.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its name.
    pub step: String,
    /// Where it stands.
    pub state: StepState,
    /// Reason of the state.
    pub reason: String,
    /// In words.
    pub message: String,
}

impl Picture {
    /// The picture of a topology and its migrations.
    pub fn of(topology: &SyncTopology, migrations: &[Migration]) -> Self {
        let status = topology.status.clone().unwrap_or_default();
        let run = |name: Option<&crds::ObjectName>| {
            let name = name?;
            migrations.iter().find(|migration| migration.name_any() == name.as_str()).map(Run::of)
        };
        let waves = status.waves.iter().map(|wave| Wave {
            name: wave.name.to_string(),
            phase: wave.phase,
            scopes: wave
                .scopes
                .iter()
                .map(|scope| Line {
                    name: scope.name.to_string(),
                    run: run(scope.migration.as_ref()),
                    blockers: Vec::new(),
                })
                .collect(),
        });
        let servers = status.servers.iter().map(|server| Line {
            name: server.name.to_string(),
            run: run(server.migration.as_ref()),
            blockers: server.blockers.clone(),
        });
        Self {
            phase: status.phase.clone().unwrap_or_else(|| "Pending".to_owned()),
            progress: status.progress.clone().unwrap_or_default(),
            waves: waves.collect(),
            servers: servers.collect(),
            completed: is_true(&status.conditions, ConditionType::Completed),
        }
    }

    /// Every migration there is.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        let scopes = self.waves.iter().flat_map(|wave| &wave.scopes);
        scopes.chain(&self.servers).filter_map(|line| line.run.as_ref())
    }

    /// Whether every scope has been taken to the end of its road.
    pub fn scopes_have_moved(&self) -> bool {
        let mut scopes = self.waves.iter().flat_map(|wave| &wave.scopes).peekable();
        scopes.peek().is_some() && scopes.all(|scope| scope.run.as_ref().is_some_and(Run::is_finished))
    }
}

impl Run {
    /// How far a migration is.
    pub fn of(migration: &Migration) -> Self {
        let status = migration.status.clone().unwrap_or_default();
        let over = |record: &&StepRecord| matches!(record.state, StepState::Done | StepState::Skipped);
        Self {
            migration: migration.name_any(),
            uid: migration.uid().unwrap_or_default(),
            plan_digest: migration.spec.plan_digest.to_string(),
            done: status.steps.iter().filter(over).count(),
            total: status.steps.len(),
            awaits_approval: is_true(&status.conditions, ConditionType::AwaitingApproval),
            awaits_person: status.phase.as_deref() == Some("AwaitingPerson"),
            way_home: status.way_back.as_ref().map(|way_back| way_back.message.clone()),
            is_home: status.phase.as_deref() == Some("RolledBack"),
            at: place(&status),
        }
    }

    /// Whether every step is over.
    pub fn is_finished(&self) -> bool {
        self.total > 0 && self.done == self.total
    }
}

fn place(status: &MigrationStatus) -> Option<Place> {
    let record =
        status.steps.iter().find(|record| !matches!(record.state, StepState::Done | StepState::Skipped))?;
    Some(Place {
        step: record.name.clone(),
        state: record.state,
        reason: record.reason.clone().unwrap_or_default(),
        message: record.message.clone(),
    })
}

fn is_true(
    conditions: &[k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition],
    kind: ConditionType,
) -> bool {
    conditions.iter().any(|condition| condition.type_ == kind.as_str() && condition.status == "True")
}
