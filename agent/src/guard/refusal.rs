//! Why a command is not begun: what was expected, what was found, what to do. Pure.

use crds::primitive::Epoch;
use jiff::Timestamp;

use super::ForeignRun;

/// A reason to do nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The cluster is older than the journal.
    #[error(
        "expected epoch {expected} or higher, found {found}: the cluster's state is older than this server's journal; a person must \
         readopt what runs"
    )]
    StaleEpoch {
        /// Highest epoch seen.
        expected: Epoch,
        /// The command's.
        found: Epoch,
    },
    /// `notAfter` has passed.
    #[error(
        "expected to begin by {not_after}, found {now}; give a new command (and compare this server's clock if that is not the time)"
    )]
    TooLate {
        /// The command's `notAfter`.
        not_after: Timestamp,
        /// The agent's clock.
        now: Timestamp,
    },
    /// The engine is in another state than the command expects.
    #[error(
        "expected {what} = {expected}, found {found}; look at the server and give a new command for the state it is in"
    )]
    OtherState {
        /// Which part of the expectation.
        what: &'static str,
        /// What it says.
        expected: String,
        /// What is.
        found: String,
    },
    /// The state could not be seen.
    #[error("expected {what} = {expected}, found out nothing: {reason}; nothing is done on a guess")]
    Unknown {
        /// Which part of the expectation.
        what: &'static str,
        /// What it says.
        expected: String,
        /// Why not.
        reason: String,
    },
    /// Somebody else ran a profile.
    #[error(
        "expected no run of anybody else since {since}, found {count}, the first {} by {} at {}; find out who works on the server, and \
         start again", run.what, run.user_name, run.started_at
    )]
    ForeignRun {
        /// Since when.
        since: Timestamp,
        /// The first.
        run: ForeignRun,
        /// How many.
        count: usize,
    },
    /// Nothing could be restored.
    #[error(
        "expected a snapshot of the configuration that could be read back, found none; give takeSnapshot first"
    )]
    NoSnapshot,
    /// Rules change only while nothing runs.
    #[error(
        "expected the scheduler to have been stopped by this agent, found no such stop; give stopScheduler first"
    )]
    NotStopped,
    /// The agent acts by itself.
    #[error(
        "expected the agent to be free, found that it acts by itself since {since} because resumeBy had passed; see status.resumed, \
         or give startScheduler"
    )]
    TakenOver {
        /// Since when.
        since: Timestamp,
    },
    /// A staging server writes nothing.
    #[error("expected an active server for the profile Export, found staging mode; leave the export out")]
    StagingExport,
    /// A stop without a sensible end.
    #[error("expected resumeBy after {now} and not after {latest}, found {found}; give a new command")]
    ResumeBy {
        /// The command's `resumeBy`.
        found: Timestamp,
        /// The agent's clock.
        now: Timestamp,
        /// The latest accepted.
        latest: Timestamp,
    },
    /// A command of a newer release.
    #[error(
        "expected a command that agent {version} knows, found one that it cannot read: {problem}; update the agent"
    )]
    Unreadable {
        /// The agent's version.
        version: &'static str,
        /// Why not.
        problem: String,
    },
    /// Another process holds the agent's Lease.
    #[error(
        "expected to be the only agent of this name, found another process that renews the Lease; stop one of the two"
    )]
    NotAlone,
}
