//! The verdict, computed from the log alone.
//!
//! Definitions. A *foreign value* is a value written by one engine to an object that another one serves at that moment,
//! and that differs from what the directory says through the serving engine's rules or mappings. A *reference echo* is such
//! a write whose value agrees with the directory. A *surprise account* was created by cloud sync for a directory object
//! that existed before its container came into the job's scope and that no sync server exports, or beside an account that
//! the directory object had already. An *unexplained deletion* is a deletion while the directory object still exists. An
//! *orphan* is alive in the tenant while its directory object has been gone for longer than three cycles. A *lost member*
//! was removed from a cloud group, or is missing for longer than three cycles, although the directory has it and both are
//! alive in the tenant. An object is *unserved* while no engine would carry a change of it over.

mod members;
mod objects;
mod service;
mod writes;

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Event, Record};
use crate::clock::Intervals;
use crate::engine::Service;

/// Grace before something missing or left over counts, in sync cycles.
const GRACE_CYCLES: usize = 3;

/// Classes of things that must not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "defined in the module's documentation")]
pub enum Class {
    ForeignValue,
    SurpriseAccount,
    Orphan,
    UnexplainedDeletion,
    MemberLost,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ForeignValue => "foreign value",
            Self::SurpriseAccount => "surprise account",
            Self::Orphan => "orphan",
            Self::UnexplainedDeletion => "unexplained deletion",
            Self::MemberLost => "member lost",
        })
    }
}

/// One thing that must not have happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// When.
    pub at: Timestamp,
    /// What kind.
    pub class: Class,
    /// What a person recognises the object by.
    pub object: String,
    /// What happened.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}: {}", self.at, self.class, self.object, self.detail)
    }
}

/// The longest of several stretches of time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Longest {
    /// How long.
    pub duration: SignedDuration,
    /// When it began; absent if there was none.
    pub from: Option<Timestamp>,
    /// What it concerns, as a person recognises it.
    pub object: Option<String>,
}

impl Longest {
    fn offer(&mut self, from: Timestamp, to: Timestamp, object: impl FnOnce() -> Option<String>) {
        let duration = to.duration_since(from);
        if duration > self.duration {
            *self = Self { duration, from: Some(from), object: object() };
        }
    }
}

/// What the log says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Synchronized objects alive in the tenant at the end.
    pub objects: usize,
    /// Foreign values.
    pub foreign_values: usize,
    /// Reference echoes.
    pub reference_echoes: usize,
    /// Surprise accounts.
    pub surprise_accounts: usize,
    /// Orphans at the end.
    pub orphans: usize,
    /// Unexplained deletions.
    pub unexplained_deletions: usize,
    /// Lost members: removed meanwhile or missing at the end, each pair once.
    pub members_lost: usize,
    /// Longest time in which an object was unserved.
    pub longest_unserved: Longest,
    /// Longest time in which no engine would have sent a user's password hash.
    pub longest_without_password_hashes: Longest,
    /// Longest time in which the scheduler was off while some object depended on Connect.
    pub longest_scheduler_stop: Longest,
    /// Every sync server is uninstalled, or stopped and disabled.
    pub connect_retired: bool,
    /// Everything that is counted above and must be 0, in time order.
    pub violations: Vec<Violation>,
}

impl Verdict {
    /// The verdict over a log that speaks up to `until`.
    pub fn of(records: &[Record], until: Timestamp) -> Self {
        let intervals = records.iter().find_map(|record| match &record.event {
            Event::Started { intervals } => Some(intervals.clone()),
            _ => None,
        });
        let grace = crate::clock::times(intervals.unwrap_or_else(Intervals::default).cycle, GRACE_CYCLES);
        let tenant = objects::Tenant::replay(records);
        let written = writes::judge(records);
        let mut violations = written.violations;
        violations.extend(tenant.orphans(until, grace));
        violations.extend(members::judge(records, until, grace));
        violations.sort_by(|a, b| {
            (a.at, a.class, &a.object, &a.detail).cmp(&(b.at, b.class, &b.object, &b.detail))
        });
        let count = |class: Class| violations.iter().filter(|violation| violation.class == class).count();
        let stops = service::scheduler_stops(records, until);
        Self {
            objects: tenant.alive(),
            foreign_values: count(Class::ForeignValue),
            reference_echoes: written.echoes,
            surprise_accounts: count(Class::SurpriseAccount),
            orphans: count(Class::Orphan),
            unexplained_deletions: count(Class::UnexplainedDeletion),
            members_lost: count(Class::MemberLost),
            longest_unserved: service::longest_gap(records, Service::Objects, until, &tenant),
            longest_without_password_hashes: service::longest_gap(
                records,
                Service::PasswordHashes,
                until,
                &tenant,
            ),
            longest_scheduler_stop: stops,
            connect_retired: service::connect_retired(records),
            violations,
        }
    }

    /// Whether nothing happened that must not happen. Limits of time are for the reader to judge.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let retired = if self.connect_retired { "yes" } else { "no" };
        let mut line = |what: &str, value: &dyn fmt::Display| writeln!(f, "{what:<38}{value}");
        line("objects", &self.objects)?;
        line("foreign values", &self.foreign_values)?;
        line("reference echoes", &self.reference_echoes)?;
        line("surprise accounts", &self.surprise_accounts)?;
        line("orphans", &self.orphans)?;
        line("unexplained deletions", &self.unexplained_deletions)?;
        line("members lost", &self.members_lost)?;
        line("longest time unserved", &format!("{:#}", self.longest_unserved.duration))?;
        let hashes = self.longest_without_password_hashes.duration;
        line("longest time without password hashes", &format!("{hashes:#}"))?;
        line("longest scheduler stop", &format!("{:#}", self.longest_scheduler_stop.duration))?;
        write!(f, "{:<38}{retired}", "Connect retired")
    }
}

/// How a log names a directory object when no write ever named it better.
fn name_of(tenant: &objects::Tenant, source: Uuid) -> String {
    tenant.label(source).unwrap_or_else(|| source.to_string())
}
