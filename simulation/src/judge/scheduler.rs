//! S7: a scheduler that is off is never forgotten. Pure.

use std::collections::BTreeMap;

use agent::journal::{JournalState, Takeover};
use jiff::{SignedDuration, Timestamp};

use super::{Invariant, Judge};

/// How long after `resumeBy` an agent that could act may take to switch on: import and synchronization of a small directory, and tries.
const GRACE: SignedDuration = SignedDuration::from_mins(45);

/// How long the flag may be off before any journal says why.
const UNEXPLAINED: SignedDuration = SignedDuration::from_mins(5);

/// Since when the scheduler is off.
#[derive(Debug, Default)]
pub(super) struct Watch {
    off_since: Option<Timestamp>,
    /// Since when an agent that must act could do so, by server.
    able_since: BTreeMap<String, Timestamp>,
}

/// An agent as the judge sees it.
#[derive(Debug)]
pub struct Holder {
    /// Its server.
    pub server: String,
    /// Its journal.
    pub journal: Option<JournalState>,
    /// Whether it can act: its process runs, its host answers, its disk takes its journal, its clock is right.
    pub able: bool,
}

impl Judge {
    /// Looks at the scheduler's flag and at who is to switch it on again.
    pub fn scheduler(&mut self, enabled: bool, holders: &[Holder], now: Timestamp) {
        if enabled {
            self.scheduler.off_since = None;
            self.scheduler.able_since.clear();
            return;
        }
        let since = *self.scheduler.off_since.get_or_insert(now);
        let stops = || holders.iter().filter_map(|h| Some((h, h.journal.as_ref()?.stop.as_ref()?)));
        if stops().next().is_none() && now.duration_since(since) > UNEXPLAINED {
            self.fail(Invariant::S7, since, "the scheduler is off, and no agent's journal knows of it");
        }
        let mut late = Vec::new();
        for (holder, stop) in stops() {
            let holding =
                stop.resuming.as_ref().is_some_and(|r| matches!(r.takeover, Takeover::Holding { .. }));
            if !holder.able || holding {
                self.scheduler.able_since.remove(&holder.server);
                continue;
            }
            let able = *self.scheduler.able_since.entry(holder.server.clone()).or_insert(now);
            if now.duration_since(stop.resume_by.max(able)) > GRACE {
                late.push(format!(
                    "the scheduler is off since {since}, and {} was to switch it on by {}",
                    holder.server, stop.resume_by
                ));
            }
        }
        for what in late {
            self.fail(Invariant::S7, now, what);
        }
    }
}
