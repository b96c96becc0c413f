//! What the planner decides: immutable data that leaves no choice to whoever carries it out.

use crds::conditions::Reason;
use crds::entra_tenant::Claim;
use crds::migration::{
    DecisionRecord, LimitUse, MigrationSpec, NextTransition, Reversibility, StepRecord, WayBack,
};
use crds::sync_agent::{Action, Expectation};
use crds::sync_topology::{Engine, WavePhase};
use crds::{ContentDigest, DistinguishedName, DurationText, Epoch, ObjectName};
use jiff::Timestamp;
use serde::Serialize;

/// The plan of one topology.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What cannot start, why, and the way out. Empty = on course.
    pub blockers: Vec<Blocker>,
    /// Waves in order.
    pub waves: Vec<WavePlan>,
    /// Declared servers.
    pub servers: Vec<ServerPlan>,
    /// Migrations to make.
    pub create: Vec<NewMigration>,
    /// Migrations as they are to be recorded, each with at most one thing to do.
    pub migrations: Vec<MigrationPlan>,
    /// Everything declared is so.
    pub completed: bool,
    /// What happens next, over all migrations.
    pub next: Option<NextTransition>,
}

/// Something that cannot start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Blocker {
    /// Reason, as conditions spell it.
    #[serde(serialize_with = "reason_text")]
    pub reason: Reason,
    /// What was expected, what was found, what to do next.
    pub message: String,
    /// A person must change something; nothing else will help.
    pub needs_person: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn reason_text<S: serde::Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.as_str())
}

/// One wave.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WavePlan {
    /// Name.
    pub name: ObjectName,
    /// Where it stands.
    pub phase: WavePhase,
    /// Digest of its frozen inputs.
    pub plan_digest: ContentDigest,
    /// Which way back it has.
    pub way_back: String,
    /// Its scopes.
    pub scopes: Vec<ScopePlan>,
}

/// One scope of a wave.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopePlan {
    /// Name.
    pub name: ObjectName,
    /// The engine that serves it, as far as proven.
    pub served_by: Option<Engine>,
    /// Its migration.
    pub migration: Option<ObjectName>,
}

/// One declared server.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerPlan {
    /// Name.
    pub name: ObjectName,
    /// The instant `retireBy` ends.
    pub retire_by: Option<Timestamp>,
    /// Its migration.
    pub migration: Option<ObjectName>,
    /// Why it will not be retired as things are, one line each; known from the start.
    pub blockers: Vec<String>,
}

/// A migration to make. The name is deterministic, so "already exists" is the fence.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewMigration {
    /// `<topology>-scope-<name>-<attempt>` or `<topology>-server-<name>-<attempt>`.
    pub name: String,
    /// Its spec.
    pub spec: MigrationSpec,
}

/// One migration after this look.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MigrationPlan {
    /// Name of the Migration.
    pub name: String,
    /// Step records as they are to be written.
    pub steps: Vec<StepRecord>,
    /// The way back as it is to be written, once it was decided.
    pub way_back: Option<WayBack>,
    /// How it stands as a whole.
    pub standing: Standing,
    /// The highest reversibility reached.
    pub reversibility: Reversibility,
    /// What happens next.
    pub next: Option<NextTransition>,
    /// The one thing to do now.
    pub effect: Option<Effect>,
    /// How far the limits of the topology are used up.
    pub limits: Vec<LimitUse>,
    /// Why a person has to do something, where no step says so.
    #[serde(skip)]
    pub asked_for: Option<Reason>,
    /// Decisions that this plan takes up or refuses.
    pub consumed: Vec<ConsumedDecision>,
}

/// How a migration stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Standing {
    /// Work is under way, or waits for its time.
    Running {
        /// Name of the current step.
        step: String,
    },
    /// Waits for people to agree.
    AwaitingApproval {
        /// What is asked, and how to answer.
        message: String,
    },
    /// A person has to do something.
    AwaitingPerson {
        /// Instructions.
        message: String,
    },
    /// Cannot go on until something changes.
    Blocked {
        /// Why.
        #[serde(serialize_with = "reason_text")]
        reason: Reason,
        /// In words.
        message: String,
    },
    /// Held.
    Paused {
        /// Why.
        #[serde(serialize_with = "reason_text")]
        reason: Reason,
        /// In words.
        message: String,
    },
    /// Finished.
    Completed,
    /// Finished, at home.
    RolledBack {
        /// Why it went home.
        message: String,
    },
}

/// A decision that was looked at for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsumedDecision {
    /// Uid of the MigrationDecision.
    pub uid: String,
    /// The record of it in the migration's status, or why it was not taken up.
    #[serde(serialize_with = "verdict_text")]
    pub outcome: Result<DecisionRecord, (Reason, String)>,
}

fn verdict_text<S: serde::Serializer>(
    outcome: &Result<DecisionRecord, (Reason, String)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match outcome {
        Ok(_) => serializer.serialize_str("Accepted"),
        Err((reason, _)) => serializer.serialize_str(reason.as_str()),
    }
}

/// One thing to do. Every effect is safe to repeat.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// Give commands to agents, one each.
    Commands(Vec<AgentCommand>),
    /// Take the claim on servers, all or none.
    ClaimServers {
        /// The servers.
        servers: Vec<ObjectName>,
        /// The claim.
        claim: Claim,
    },
    /// Take over servers whose agents remember more than the cluster: raises their epochs above everything that was commanded.
    Readopt {
        /// The servers, each with its epoch from now on.
        servers: Vec<(ObjectName, Epoch)>,
    },
    /// Give servers back.
    ReleaseServers {
        /// The servers.
        servers: Vec<ObjectName>,
        /// Only where this holder has them.
        holder: ObjectName,
    },
    /// Take the claim on jobs, all or none.
    ClaimJobs {
        /// Domains of the jobs.
        domains: Vec<String>,
        /// The claim.
        claim: Claim,
    },
    /// Give jobs back, each with the guard against accidental deletions that it had before the wave.
    ReleaseJobs {
        /// Domains of the jobs.
        domains: Vec<String>,
        /// Only where this holder has them.
        holder: ObjectName,
    },
    /// Make the Cloud Sync configuration of a domain: service principal, jobs, secrets; left paused.
    PrepareJob {
        /// Domain.
        domain: String,
        /// Threshold of accidental deletions to set.
        deletion_threshold: i64,
    },
    /// Lower the threshold of accidental deletions; never raises it.
    TightenDeletionGuard {
        /// Domain.
        domain: String,
        /// The threshold.
        deletion_threshold: i64,
    },
    /// Add containers to a job's filter by one write, compare before and after, then start or restart the job.
    AddContainers {
        /// Domain.
        domain: String,
        /// Epoch of the job after the change.
        epoch: Epoch,
        /// What the filter held when this was decided; another content stops.
        expected: Vec<DistinguishedName>,
        /// What it shall hold.
        wanted: Vec<DistinguishedName>,
    },
    /// Pause a domain's jobs, so that nothing of them runs any more, and raise their epoch.
    PauseJob {
        /// Domain.
        domain: String,
        /// Epoch of the job after the change.
        epoch: Epoch,
    },
    /// Delete a domain's paused jobs and raise their epoch; the configuration stays.
    DeleteJob {
        /// Domain.
        domain: String,
        /// Epoch of the job after the change.
        epoch: Epoch,
    },
    /// Keep the configuration that an agent exported: copy it from the agent's Secrets, read it back, record it.
    StoreSnapshot {
        /// The server.
        server: ObjectName,
        /// Digest that the agent's evidence names.
        digest: ContentDigest,
    },
    /// Keep the objects that an agent listed: copy them from the agent's Secrets and read them back.
    StoreListing {
        /// The server whose agent listed them.
        server: ObjectName,
        /// Digest that the agent's evidence names.
        digest: ContentDigest,
    },
    /// Read the test object from the cloud.
    ReadProbe {
        /// Its anchor.
        anchor: String,
    },
    /// Work out what Cloud Sync would make of the scope's objects.
    Predict {
        /// The kept listing to work from.
        listing: ContentDigest,
    },
    /// Compare the scope's objects with the cloud.
    Compare {
        /// Digest of the listing to compare.
        listing: ContentDigest,
        /// Id of the command by which it was read: another one was given later or earlier, whatever the clocks say.
        reading: String,
    },
}

/// A command for one agent. Whoever applies it raises the server's epoch first when the action mutates.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentCommand {
    /// The server.
    pub server: ObjectName,
    /// Deterministic id.
    pub id: String,
    /// Epoch of the command.
    pub epoch: Epoch,
    /// How long from now the agent may begin.
    pub begin_within: DurationText,
    /// What the agent must find.
    pub expects: Expectation,
    /// What to do.
    pub action: Action,
}
