//! What is known about one topology at one moment: the planner's only input besides the time. Data, no behaviour beyond look-ups.
//!
//! Absence is always a value of its own (`None`, `Reporting::Never`): what was not seen is never taken for what is not there (S10).

use std::collections::BTreeMap;

use crds::conditions::Reason;
use crds::entra_tenant::{Claim, CloudSyncJob, Profile, ProvisioningAgent};
use crds::migration::{StepRecord, StepState, WayBack};
use crds::migration_decision::{Decision, ProvenBy};
use crds::sync_agent::inventory::{ConnectorKind, Inventory};
use crds::sync_agent::{Command, CommandOutcome};
use crds::sync_server::ServerRole;
use crds::sync_topology::{SyncTopologySpec, SyncTopologyStatus};
use crds::{ContentDigest, DistinguishedName, Epoch, Migration, ObjectName};
use jiff::{SignedDuration, Timestamp};

use crate::host;
use crate::itinerary::StepName;

/// Everything known about one topology.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The topology.
    pub topology: TopologyFacts,
    /// Its tenant; `None` when the object does not exist.
    pub tenant: Option<TenantFacts>,
    /// The servers it lists, by name; a listed server that is missing here does not exist.
    pub servers: BTreeMap<ObjectName, ServerFacts>,
    /// Its migrations.
    pub migrations: Vec<MigrationFacts>,
    /// Scopes of all other topologies, in any namespace the operator watches.
    pub other_scopes: Vec<ForeignScope>,
    /// Decisions on its migrations, oldest first.
    pub decisions: Vec<DecisionFacts>,
}

impl Observed {
    /// The migration of this name.
    pub fn migration(&self, name: &str) -> Option<&MigrationFacts> {
        self.migrations.iter().find(|m| m.name() == name)
    }

    /// Every claim on a server or a job that is known, of any topology.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        let servers = self.servers.values().filter_map(|server| server.claim.as_ref());
        let jobs = self.tenant.iter().flat_map(|tenant| &tenant.jobs).filter_map(JobFacts::claim);
        servers.chain(jobs)
    }

    /// Servers that a migration touches: every listed one for a scope, one for a server. Those that do not exist are missing here.
    pub fn servers_of<'a>(&'a self, migration: &MigrationFacts) -> Vec<&'a ServerFacts> {
        match &migration.object.spec.server {
            Some(server) => self.servers.get(&server.name).into_iter().collect(),
            None => self.servers.values().collect(),
        }
    }

    /// Migrations of the same frozen wave, this one included, by name; not those of which there is a newer attempt.
    pub fn wave_of<'a>(&'a self, migration: &MigrationFacts) -> Vec<&'a MigrationFacts> {
        let own = &migration.object.spec;
        let mut wave: Vec<&MigrationFacts> = self
            .migrations
            .iter()
            .filter(|m| {
                let spec = &m.object.spec;
                spec.plan_digest == own.plan_digest && spec.itinerary == own.itinerary
            })
            .filter(|m| m.name() == migration.name() || !self.is_superseded(m))
            .collect();
        wave.sort_by_key(|m| m.name().to_owned());
        wave
    }

    /// There is a newer attempt for the same scope or server.
    pub fn is_superseded(&self, migration: &MigrationFacts) -> bool {
        let subject = |m: &MigrationFacts| {
            let spec = &m.object.spec;
            (spec.scope.as_ref().map(|s| s.name.clone()), spec.server.as_ref().map(|s| s.name.clone()))
        };
        self.migrations.iter().any(|other| {
            other.object.spec.attempt > migration.object.spec.attempt && subject(other) == subject(migration)
        })
    }

    /// The live job of a domain.
    pub fn job(&self, domain: &str) -> Option<&JobFacts> {
        self.tenant.as_ref()?.jobs.iter().find(|job| job.domain.eq_ignore_ascii_case(domain))
    }
}

/// The topology object.
#[derive(Debug, Clone, PartialEq)]
pub struct TopologyFacts {
    /// Name.
    pub name: ObjectName,
    /// Namespace.
    pub namespace: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// It is being deleted.
    pub deleted: bool,
    /// Spec.
    pub spec: SyncTopologySpec,
    /// Status as last written.
    pub status: SyncTopologyStatus,
}

/// The tenant, as its controller found it.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantFacts {
    /// Name of the EntraTenant.
    pub name: ObjectName,
    /// What the operator may do.
    pub profile: Profile,
    /// `spec.suspend`.
    pub suspended: bool,
    /// Why it is not ready; `None` when it is.
    pub not_ready: Option<String>,
    /// Jobs, read live.
    pub jobs: Vec<JobFacts>,
    /// Provisioning agents; `None` when this credential cannot read them.
    pub provisioning_agents: Option<Vec<ProvisioningAgent>>,
    /// Pass-through authentication agents; `None` when this credential cannot read them, or no listed server has that sign-on method.
    pub pass_through_agents: Option<Vec<PassThroughAgent>>,
}

/// An agent of pass-through authentication. Every sync server with that sign-on method has one, and loses it with Connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassThroughAgent {
    /// Host it runs on.
    pub machine_name: String,
    /// Whether it answers.
    pub active: bool,
}

/// One Cloud Sync configuration, read live from Graph, with the operator's own epoch and claim.
#[derive(Debug, Clone, PartialEq)]
pub struct JobFacts {
    /// DNS name of the AD domain.
    pub domain: String,
    /// The job as the tenant's status has it: ids, epoch, claim.
    pub recorded: CloudSyncJob,
    /// `status.code` is Active.
    pub active: bool,
    /// The schedule is switched on.
    pub started: bool,
    /// Quarantine, in words.
    pub quarantine: Option<String>,
    /// Both filters of the scope are empty: the whole domain.
    pub filter_empty: bool,
    /// Containers in the filter.
    pub containers: Vec<DistinguishedName>,
    /// Version of the schema document.
    pub schema_version: Option<String>,
    /// `steadyStateLastAchievedTime`.
    pub steady_state_at: Option<Timestamp>,
    /// End of the last execution that succeeded.
    pub last_success_at: Option<Timestamp>,
    /// Sum of `synchronizedEntryCountByType`.
    pub entries: i64,
    /// Threshold of accidental deletions; `None` when the guard is off or cannot be read.
    pub deletion_threshold: Option<i64>,
    /// Digest of the attribute mappings.
    pub mappings_digest: ContentDigest,
    /// The password hash job runs; `None` when there is none.
    pub password_hash_active: Option<bool>,
    /// End of the last execution of the password hash job that succeeded.
    pub password_hash_success_at: Option<Timestamp>,
}

impl JobFacts {
    /// The operator's counter of its own changes to the job.
    pub fn epoch(&self) -> Epoch {
        self.recorded.epoch
    }

    /// Who may change it.
    pub fn claim(&self) -> Option<&Claim> {
        self.recorded.claim.as_ref()
    }

    /// Whether a unit lies in its domain.
    pub fn covers(&self, unit: &DistinguishedName) -> bool {
        unit.domain().is_some_and(|domain| domain.eq_ignore_ascii_case(&self.domain))
    }
}

/// Whether an agent speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reporting {
    /// Its Lease is fresh by the server's receive time.
    OnTime,
    /// Its Lease is older than five heartbeats.
    Silent {
        /// Last renewal.
        since: Timestamp,
    },
    /// It never spoke, or none was accepted.
    Never,
}

/// One sync server.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerFacts {
    /// Name of the SyncServer.
    pub name: ObjectName,
    /// The accepted agent.
    pub agent: Option<AgentFacts>,
    /// Whether it speaks.
    pub reporting: Reporting,
    /// The operator's counter of its own changes to the server.
    pub epoch: Epoch,
    /// Who may change it.
    pub claim: Option<Claim>,
    /// What the agent last reported; `None` before the first report.
    pub inventory: Option<Inventory>,
    /// What is wrong with the host, see [`crate::host::problem`]: reason and words.
    pub host_problem: Option<(Reason, String)>,
    /// Role as seen.
    pub role: Option<ServerRole>,
    /// When a snapshot of its configuration was last taken that parsed, and could be read back.
    pub snapshot_at: Option<Timestamp>,
}

impl ServerFacts {
    /// AD connectors' identifiers and partitions; empty before the first report.
    pub fn directory_connectors(
        &self,
    ) -> impl Iterator<Item = &crds::sync_agent::inventory::ConnectorInventory> {
        self.inventory.iter().flat_map(|i| &i.connectors).filter(|c| c.kind == ConnectorKind::ActiveDirectory)
    }

    /// Whether the server reports to be this host. Either name may lack the domain's suffix.
    pub fn is_host(&self, machine: &str) -> bool {
        self.inventory.as_ref().is_some_and(|inventory| host::is_same(&inventory.host.name, machine))
    }

    /// S12: its agent remembers more than the cluster does.
    pub fn is_behind(&self) -> bool {
        self.agent.as_ref().is_some_and(|agent| agent.highest_epoch > self.epoch)
    }

    /// Version of Microsoft's provisioning agent on the host, where one is installed and the server has reported.
    pub fn provisioning_agent_version(&self) -> Option<&str> {
        self.inventory.as_ref()?.host.provisioning_agent_version.as_deref()
    }
}

/// The line to one agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentFacts {
    /// Name of the SyncAgent.
    pub name: ObjectName,
    /// The current command.
    pub command: Option<Command>,
    /// What came of it.
    pub outcome: Option<CommandOutcome>,
    /// Highest epoch the agent's journal has seen.
    pub highest_epoch: Epoch,
    /// When the agent will switch the scheduler on by itself.
    pub resume_by: Option<Timestamp>,
    /// What the agent did by itself.
    pub resumed: Option<String>,
}

/// A migration, with what was read for it.
#[derive(Debug, Clone, PartialEq)]
pub struct MigrationFacts {
    /// The object.
    pub object: Migration,
    /// Digest of the listing of the scope's objects that is kept for this migration, and when the agent read them.
    pub listing: Option<StoredListing>,
    /// What the scope would become, from that listing.
    pub prediction: Option<PredictionFacts>,
    /// How the scope compares with the cloud.
    pub parity: Option<ParityFacts>,
    /// The test object in the cloud.
    pub probe: Option<CloudProbe>,
    /// What came of a command and could not be kept.
    pub unkept: Option<Unkept>,
}

/// Bytes that an agent put into its Secrets for a migration, and that could not be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unkept {
    /// The command that they came of.
    pub command_id: String,
    /// When it was tried.
    pub at: Timestamp,
    /// What was expected, and what was found.
    pub why: String,
    /// Where the fault lies.
    pub cause: UnkeptCause,
}

/// Why bytes could not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnkeptCause {
    /// They are not what the agent's evidence says.
    Damaged,
    /// The place where they are kept cannot be used.
    Place,
}

impl MigrationFacts {
    /// Name of the object; empty for an object without one, which the API server never returns.
    pub fn name(&self) -> &str {
        self.object.metadata.name.as_deref().unwrap_or_default()
    }

    /// State of a step in the record; `None` before the first record.
    pub fn state_of(&self, step: StepName) -> Option<StepState> {
        self.record_of(step).map(|record| record.state)
    }

    /// A step was proven, or left out.
    pub fn is_past(&self, step: StepName) -> bool {
        matches!(self.state_of(step), Some(StepState::Done | StepState::Skipped))
    }

    /// A step's action was begun, whatever came of it.
    pub fn has_started(&self, step: StepName) -> bool {
        self.record_of(step).is_some_and(|record| record.started_at.is_some())
    }

    /// A fact that a step recorded.
    pub fn fact_of(&self, step: StepName, name: &str) -> Option<&str> {
        self.record_of(step)?.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.as_str())
    }

    /// When a step ended.
    pub fn finished_at(&self, step: StepName) -> Option<Timestamp> {
        self.record_of(step)?.finished_at
    }

    /// The record of a step, of the way out or the way home; `None` before the first record.
    pub(crate) fn record_of(&self, step: StepName) -> Option<&StepRecord> {
        let status = self.object.status.as_ref()?;
        let home = status.way_back.iter().flat_map(|way_back| &way_back.steps);
        status.steps.iter().chain(home).find(|record| record.name == step.as_str())
    }

    /// Its way back, once it was decided.
    pub fn way_back(&self) -> Option<&WayBack> {
        self.object.status.as_ref()?.way_back.as_ref()
    }

    /// It went home, to the end.
    pub fn went_home(&self) -> bool {
        self.way_back().is_some_and(|way_back| {
            !way_back.steps.is_empty()
                && way_back.steps.iter().all(|r| matches!(r.state, StepState::Done | StepState::Skipped))
        })
    }

    /// It failed or is held by people: it takes no part in what its wave does together.
    pub fn gave_up(&self) -> bool {
        let status = self.object.status.as_ref();
        let held = status.is_some_and(|s| {
            crds::conditions::is_true(&s.conditions, crds::conditions::ConditionType::Paused)
        });
        held || self.has_failed()
    }

    /// A step failed, or it goes home or went.
    pub fn has_failed(&self) -> bool {
        let status = self.object.status.as_ref();
        status.is_some_and(|status| {
            status.way_back.is_some() || status.steps.iter().any(|record| record.state == StepState::Failed)
        })
    }

    /// Organizational units of the scope; empty for a server.
    pub fn organizational_units(&self) -> &[DistinguishedName] {
        self.object.spec.scope.as_ref().map_or(&[], |scope| scope.organizational_units.as_slice())
    }

    /// Whether its proofs were asked for anew after the cluster's state was lost: what it did before that is done, and not in its records.
    pub fn was_readopted(&self) -> bool {
        let decisions = self.object.status.iter().flat_map(|status| &status.decisions);
        decisions.into_iter().any(|record| record.decision == Decision::Readopt)
    }

    /// Whether both have units in one domain: then one job may serve both.
    pub fn shares_domain(&self, other: &Self) -> bool {
        let own = DistinguishedName::domains(self.organizational_units());
        let theirs = DistinguishedName::domains(other.organizational_units());
        theirs.iter().any(|domain| own.iter().any(|own| own.eq_ignore_ascii_case(domain)))
    }

    /// Uid of the object.
    pub fn uid(&self) -> &str {
        self.object.metadata.uid.as_deref().unwrap_or_default()
    }
}

/// The kept listing of a scope's objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredListing {
    /// Its digest, as the agent's evidence names it.
    pub digest: ContentDigest,
    /// Objects by type, as the agent's evidence names them.
    pub objects: i64,
}

/// What Cloud Sync would make of a scope, computed before it is added (S11).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PredictionFacts {
    /// Digest of the scope's objects that this was computed from, as the agent's evidence names it.
    pub listing: Option<ContentDigest>,
    /// When the cloud was read.
    pub at: Timestamp,
    /// How long that took.
    pub took: SignedDuration,
    /// Objects that Cloud Sync would take.
    pub objects: i64,
    /// Accounts that exist, are not exported by Connect, and would be created.
    pub surprise_creations: i64,
    /// Anchors or names of some of them.
    pub surprises: Vec<String>,
    /// Objects whose anchor in the cloud is not the one Cloud Sync would compute.
    pub anchor_mismatches: i64,
    /// Anchors of some of them.
    pub mismatched: Vec<String>,
    /// Objects with an attribute that the job's mappings would change.
    pub changed_objects: i64,
    /// By attribute.
    pub changed_attributes: Vec<(String, i64)>,
    /// Accounts that exist in the cloud alone and that Cloud Sync would take over by their anchor.
    pub takeovers: i64,
    /// Anchors of some of them.
    pub taken_over: Vec<String>,
    /// Objects that Connect exports and the job would leave out.
    pub unserved: i64,
    /// Anchors of some of them.
    pub left_out: Vec<String>,
    /// Objects with members or a manager that the job would not know: it may leave these references or drop them.
    pub unknown_references: i64,
    /// Keys of some of them, with the kind of the reference.
    pub referring: Vec<String>,
    /// Objects with members or a manager of another domain: older provisioning agents do not resolve these.
    pub cross_domain_references: i64,
    /// Keys of some of them, with the kind of the reference.
    pub crossing: Vec<String>,
    /// Attributes whose value cannot be computed here, with how many objects.
    pub unpredictable: Vec<(String, i64)>,
}

/// How a scope compares with the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParityFacts {
    /// Digest of the scope's objects that this was computed from.
    pub listing: ContentDigest,
    /// When the cloud was read.
    pub at: Timestamp,
    /// How long that took.
    pub took: SignedDuration,
    /// Epoch of the job when the cloud was read.
    pub job_epoch: Epoch,
    /// Objects compared.
    pub compared: i64,
    /// In the directory, not in the cloud.
    pub missing: i64,
    /// In the cloud from a source that is gone.
    pub orphans: i64,
    /// An attribute differs.
    pub drift: i64,
    /// Of these: the manager differs.
    pub manager: i64,
    /// Members differ.
    pub membership: i64,
    /// Another anchor than expected.
    pub anchor: i64,
    /// Without a key on both sides.
    pub unkeyed: i64,
    /// Anchors of some that are wrong.
    pub samples: Vec<String>,
    /// Keys of some of the orphans, as the comparison writes them: `anchor:` with the source anchor, `sid:` for groups.
    pub orphan_anchors: Vec<String>,
}

/// The test object as the cloud shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudProbe {
    /// Its anchor.
    pub anchor: String,
    /// Its display name; `None` when it is not there.
    pub display_name: Option<String>,
    /// When the cloud was read.
    pub at: Timestamp,
}

/// A scope of another topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignScope {
    /// `namespace/name` of the topology.
    pub topology: String,
    /// Name of the scope.
    pub scope: ObjectName,
    /// Its organizational units.
    pub organizational_units: Vec<DistinguishedName>,
}

/// A decision on a migration of this topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionFacts {
    /// Name of the MigrationDecision.
    pub name: ObjectName,
    /// Its uid.
    pub uid: String,
    /// Name of the migration it speaks of.
    pub migration: String,
    /// Uid of the migration it speaks of.
    pub migration_uid: String,
    /// Digest it is bound to.
    pub plan_digest: Option<ContentDigest>,
    /// What is decided.
    pub decision: Decision,
    /// The step, for SkipStep.
    pub step: Option<String>,
    /// Who decided.
    pub decided_by: String,
    /// What proves it, where the admission policy was in force.
    pub proven_by: ProvenBy,
    /// Why, in their words.
    pub reason: String,
    /// The admission policy was in force when it was created.
    pub proven: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// Void after this instant.
    pub expires_at: Option<Timestamp>,
}
