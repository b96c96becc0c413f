//! Which way a step goes that both ways share: the stop, the rules, the synchronization, the export, the proof. Pure.

use super::command::{self, Judgement};
use super::{Limits, Sharing, StepName};

/// Away from Connect, or home to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leg {
    /// To Cloud Sync.
    Away,
    /// Back to Connect.
    Home,
}

impl Leg {
    /// The name of a step on this leg.
    pub(crate) fn name(self, away: StepName, home: StepName) -> StepName {
        match self {
            Self::Away => away,
            Self::Home => home,
        }
    }

    /// Whose claim of the servers the step is carried out under.
    pub(crate) fn sharing(self) -> Sharing {
        match self {
            Self::Away => Sharing::Servers,
            Self::Home => Sharing::ServersHome,
        }
    }

    /// On the way out a silent agent is not waited for long; the way home has no other end.
    pub(crate) fn limits(self) -> Limits {
        match self {
            Self::Away => Limits::STOPPED,
            Self::Home => Limits::CLOCKED,
        }
    }

    /// What runs of somebody else mean: on the way out the evidence is void; on the way home the rules go and the export is looked at
    /// whoever ran something, and a migration that may have failed for just that reason must come home all the same.
    pub(crate) fn foreign(self, runs: i32) -> Option<Judgement> {
        match self {
            Self::Away => command::foreign(runs),
            Self::Home => None,
        }
    }
}
