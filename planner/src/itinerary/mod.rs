//! Itineraries: lists of steps, and the contract of a step. Pure.
//!
//! A step is one file: precondition, action, evidence and verdict, undo, reversibility, two limits. The driver enforces the limits
//! and keeps the records; steps only look and say.

mod clocks;
mod command;
pub mod connect_to_cloud_sync;
mod driver;
mod filter;
mod leg;
pub(crate) mod listing;
mod reopen;
pub mod retire_connect;
mod shared;
mod unkept;
mod view;
mod watch;
pub mod way_back;

use crds::conditions::Reason;
use crds::migration::{Fact, Itinerary, Reversibility};
use jiff::{SignedDuration, Timestamp};

pub(crate) use driver::{Pass, advance, unknown};
pub(crate) use leg::Leg;
pub(crate) use reopen::needed;
pub use view::View;

use crate::observed::MigrationFacts;
use crate::plan::Effect;

/// Version of the itineraries' lists of steps. Raised when a step is added, removed or moved.
pub const ITINERARY_VERSION: i32 = 1;

macro_rules! step_names {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Names of all steps.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum StepName { $($(#[$doc])* $name),+ }

        impl StepName {
            /// Every step.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The spelling in records.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }
        }
    };
}

step_names! {
    /// The source engine still works, and each server reports.
    CheckSource,
    /// Organizational units, anchors, schema and precedences are as the road needs them.
    CheckPrerequisites,
    /// Microsoft's provisioning agent serves the domain: a person's work.
    InstallProvisioningAgent,
    /// A configuration snapshot that parsed, of every server.
    BackUpConfiguration,
    /// Automatic upgrade is off while rules are ours.
    SuspendAutoUpgrade,
    /// The Cloud Sync configuration of each domain exists.
    PrepareJob,
    /// The scope's objects are listed.
    ReadScope,
    /// What Cloud Sync would create or rewrite is known and allowed.
    PredictChanges,
    /// Deletions pending before the stop are explained.
    ReviewPendingExports,
    /// People agree.
    AwaitApproval,
    /// A window is open.
    AwaitWindow,
    /// The wave holds every server.
    ClaimServers,
    /// The scheduler is off and nothing runs.
    StopScheduler,
    /// No-flow rules are stored on every server.
    PutNoFlowRules,
    /// Full import and full synchronization, no export.
    SynchronizeWithoutExport,
    /// What an export would write is read and allowed.
    ReadPendingExports,
    /// The export runs.
    Export,
    /// No-flow is effective on every object.
    ProveNoFlow,
    /// The scheduler is on again; the servers are given back.
    StartScheduler,
    /// The wave holds the jobs.
    ClaimJob,
    /// The scope is in the job's filter and the job runs.
    AddToJob,
    /// The job's first cycle over the scope is done.
    AwaitInitialCycle,
    /// A new test user arrives.
    ProbeCreation,
    /// A change of it arrives.
    ProbeChange,
    /// Its removal arrives.
    ProbeRemoval,
    /// The jobs are given back.
    ReleaseJob,
    /// Both sides hold the same objects.
    VerifyParity,
    /// The scope is watched.
    Soak,
    /// Both sides still hold the same objects.
    VerifyAfterSoak,
    /// Every scope has moved.
    AwaitScopes,
    /// Nothing is exported by this server and by nobody else.
    CheckResidualExports,
    /// Side services have new owners.
    CheckSideServices,
    /// The engine's service is stopped and stays stopped.
    StopEngine,
    /// The stopped engine is watched.
    Observe,
    /// Nothing ran since, and the cloud is served.
    VerifyStopped,
    /// People agree to the removal.
    AwaitRemovalApproval,
    /// The product is uninstalled: a person's work.
    RemoveConnect,
    /// What stays behind is listed.
    ListLeftovers,
    /// Whoever goes home together holds every server.
    ClaimServersHome,
    /// Whoever goes home together holds the jobs.
    ClaimJobHome,
    /// The scheduler is off for the way home.
    StopSchedulerHome,
    /// The job is paused with every scope that it serves.
    PauseJob,
    /// The no-flow rules of the scopes that go home are gone.
    RemoveNoFlowRules,
    /// Full import from Entra first, then full synchronization, no export.
    SynchronizeHome,
    /// What an export would write is read: deletions are explained.
    ReviewExportsHome,
    /// The export runs.
    ExportHome,
    /// Nobody but the scopes that stay away is withheld.
    ProveFlow,
    /// The scheduler is on again; the servers are given back.
    StartSchedulerHome,
    /// The paused job is deleted, so that nothing of it starts again.
    DeleteJob,
    /// The jobs are given back.
    ReleaseJobHome,
    /// Automatic upgrade is what it was.
    RestoreAutoUpgrade,
    /// Both sides hold the same objects.
    VerifyHome,
    /// The engine's service runs again, with its scheduler off.
    RestoreService,
    /// Full import and full synchronization after a stop, no export.
    RestoreServiceSynchronize,
    /// What an export would write after a stop is read.
    RestoreServiceReview,
    /// The scheduler is on after a stop; the server is given back.
    RestoreServiceScheduler,
}

impl StepName {
    /// The scheduler is off while this step is under way.
    pub(crate) fn is_in_stop(self) -> bool {
        matches!(
            self,
            Self::StopScheduler
                | Self::PutNoFlowRules
                | Self::SynchronizeWithoutExport
                | Self::ReadPendingExports
                | Self::Export
                | Self::ProveNoFlow
        )
    }

    /// A step of the way home.
    pub(crate) fn is_home(self) -> bool {
        matches!(
            self,
            Self::ClaimServersHome
                | Self::ClaimJobHome
                | Self::StopSchedulerHome
                | Self::PauseJob
                | Self::RemoveNoFlowRules
                | Self::SynchronizeHome
                | Self::ReviewExportsHome
                | Self::ExportHome
                | Self::ProveFlow
                | Self::StartSchedulerHome
                | Self::DeleteJob
                | Self::ReleaseJobHome
                | Self::RestoreAutoUpgrade
                | Self::VerifyHome
                | Self::RestoreService
                | Self::RestoreServiceSynchronize
                | Self::RestoreServiceReview
                | Self::RestoreServiceScheduler
        )
    }

    /// The scheduler is on again while this step is under way, and the scope has no proven engine yet.
    pub(crate) fn is_in_takeover(self) -> bool {
        matches!(
            self,
            Self::ClaimJob
                | Self::AddToJob
                | Self::AwaitInitialCycle
                | Self::ProbeCreation
                | Self::ProbeChange
                | Self::ProbeRemoval
        )
    }
}

/// Whether this program knows a migration's steps.
pub(crate) fn is_known(migration: &MigrationFacts) -> bool {
    let spec = &migration.object.spec;
    steps(spec.itinerary, spec.itinerary_version).is_some()
}

/// The steps of an itinerary in a version; `None` for a version this program does not know. Earlier versions stay known: a newer
/// release goes on with what an older one began.
pub fn steps(itinerary: Itinerary, version: i32) -> Option<&'static [&'static dyn Step]> {
    (version == ITINERARY_VERSION).then_some(match itinerary {
        Itinerary::ConnectToCloudSync => connect_to_cloud_sync::STEPS,
        Itinerary::RetireConnect => retire_connect::STEPS,
    })
}

/// One step. Stateless: everything it needs is in the view.
pub trait Step: Sync {
    /// Its name.
    fn name(&self) -> StepName;

    /// What must hold before its action begins; looked at until it has begun.
    ///
    /// # Errors
    /// What is waited for instead.
    fn precondition(&self, _view: &View) -> Result<(), Wait> {
        Ok(())
    }

    /// What to do, or what the evidence says.
    fn evaluate(&self, view: &View) -> Progress;

    /// How it is taken back.
    fn undo(&self) -> Undo;

    /// Whether and how long it can be taken back once done.
    fn reversibility(&self, _view: &View) -> Reversibility {
        Reversibility::Free {}
    }

    /// Its two limits.
    fn limits(&self, view: &View) -> Limits;

    /// Whether one migration carries it out for others.
    fn sharing(&self) -> Sharing {
        Sharing::Own
    }

    /// Whether a person may ever leave it out of this migration.
    fn may_be_skipped(&self, _migration: &MigrationFacts) -> bool {
        false
    }

    /// Whether a person may leave it out as things are.
    fn skippable(&self, view: &View) -> bool {
        self.may_be_skipped(view.migration)
    }
}

/// The two limits of a step. Waiting never eats the active one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long its action and evidence may take.
    pub active: SignedDuration,
    /// How long it may wait for somebody or something else; `None` = as long as it takes.
    pub waiting: Option<SignedDuration>,
}

impl Limits {
    /// For steps that only look.
    pub const LOOK: Self = Self { active: SignedDuration::from_mins(15), waiting: None };

    /// For a command that reads.
    pub const READ: Self = Self { active: SignedDuration::from_hours(1), waiting: None };

    /// For a step that only the clocks of the topology's limits hold, or on the way home nothing does.
    pub const CLOCKED: Self = Self { active: SignedDuration::from_hours(24 * 365), waiting: None };

    /// For a step of the stopped section: `limits.schedulerStop` is the clock, and a silent agent is not waited for that long.
    pub const STOPPED: Self =
        Self { active: Self::CLOCKED.active, waiting: Some(SignedDuration::from_mins(30)) };

    /// No active limit of its own.
    pub(crate) fn is_clocked(self) -> bool {
        self.active >= Self::CLOCKED.active
    }
}

/// Whether one migration carries a step out for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Each for itself.
    Own,
    /// The first migration of the servers' claim.
    Servers,
    /// The first migration of the servers' claim for the way home.
    ServersHome,
    /// The first migration of the jobs' claim.
    Jobs,
}

/// How a step is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// It only looks.
    Nothing,
    /// By hand-back of what it took; no trace is left.
    Release,
    /// By another action; what is left behind is named.
    Action {
        /// What is done.
        how: &'static str,
        /// What stays behind; empty for nothing.
        leaves: &'static str,
    },
}

/// What a step says.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Do this now.
    Begin(Effect),
    /// The action runs, or its evidence is on the way; no person is needed.
    Working(String),
    /// Somebody or something else has to move first.
    Waiting(Wait),
    /// Somebody has to move first; meanwhile this is done to see whether they have.
    Watching(Wait, Effect),
    /// Proven.
    Pass(Vec<Fact>),
    /// Nothing to do.
    Skip(String),
    /// The evidence says that it failed.
    Fail(Reason, String),
    /// It cannot be told from what was seen; never advances.
    Inconclusive(Reason, String),
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Reason.
    pub reason: Reason,
    /// What is waited for, and who can clear it.
    pub why: String,
    /// When it ends by itself, if a time decides.
    pub until: Option<Timestamp>,
    /// Who can clear it.
    pub on: WaitingOn,
}

/// Who can clear a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingOn {
    /// It clears by itself.
    System,
    /// People have to agree.
    Approval,
    /// A person has to do something.
    Person,
    /// Something has to change that nobody here can change.
    Obstacle,
}

impl Wait {
    /// Clears by itself.
    pub fn system(reason: Reason, why: impl Into<String>, until: Option<Timestamp>) -> Self {
        Self { reason, why: why.into(), until, on: WaitingOn::System }
    }

    /// A person has to do something.
    pub fn person(reason: Reason, why: impl Into<String>) -> Self {
        Self { reason, why: why.into(), until: None, on: WaitingOn::Person }
    }

    /// Something has to change first.
    pub fn obstacle(reason: Reason, why: impl Into<String>) -> Self {
        Self { reason, why: why.into(), until: None, on: WaitingOn::Obstacle }
    }
}

/// Whether a scope's objects may already be withheld by Connect, so that Connect no longer serves them.
pub(crate) fn has_left_connect(migration: &MigrationFacts) -> bool {
    use crds::migration::StepState;
    migration
        .state_of(StepName::SynchronizeWithoutExport)
        .is_some_and(|state| !matches!(state, StepState::Pending))
}

/// A named observation.
pub(crate) fn fact(name: &str, value: impl std::fmt::Display) -> Fact {
    Fact { name: name.to_owned(), value: value.to_string().chars().take(512).collect() }
}

/// The name of a fact about one of several, such as a server or a domain, within the length that the kind allows.
pub(crate) fn fact_name(about: &str, name: &str) -> String {
    format!("{about}.{name}").chars().take(64).collect()
}

#[cfg(test)]
mod tests;
