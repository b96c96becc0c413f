//! S1, S2, S3 and S11 from the estate's audit log. Pure.
//!
//! What counts as what is the estate's own verdict. It is asked whenever a record comes in that can matter, and now and then for what
//! only time makes wrong.

use estate::audit::{Class, Event, Record, Verdict};
use estate::engine::Writer;
use estate::serve::Running;
use estate::tenant::Outcome;
use jiff::{SignedDuration, Timestamp};

use super::{Invariant, Judge};
use crate::setting::Setting;

/// Pause between two looks at what only time makes wrong.
const LOOK: SignedDuration = SignedDuration::from_hours(6);

/// How much longer than a limit something may be unserved: the operator acts on limits when it looks.
const GRACE: SignedDuration = SignedDuration::from_hours(1);

/// How far the log was read.
#[derive(Debug)]
pub(super) struct Log {
    read: usize,
    next_look: Timestamp,
    unserved: SignedDuration,
}

impl Log {
    pub(super) fn new(setting: &Setting) -> Self {
        let unserved = SignedDuration::from_secs(i64::from(setting.declared.unserved_seconds));
        Self { read: 0, next_look: setting.start + LOOK, unserved }
    }
}

impl Judge {
    /// Reads what is new in the log; `told` says whether people have been told that a limit is exceeded.
    pub fn log(&mut self, running: &Running, told: impl Fn() -> bool) {
        let now = running.estate.now();
        let records = running.estate.world.audit().records();
        let new = records.get(self.log.read..).unwrap_or_default();
        let matters = new.iter().any(matters);
        self.log.read = records.len();
        if matters || now >= self.log.next_look {
            self.log.next_look = now + LOOK;
            self.verdict(&running.estate.verdict(), now, told);
        }
    }

    /// Judges by the estate's verdict.
    pub fn verdict(&mut self, verdict: &Verdict, now: Timestamp, told: impl Fn() -> bool) {
        for violation in &verdict.violations {
            let invariant = match violation.class {
                Class::ForeignValue => Invariant::S1,
                Class::UnexplainedDeletion => Invariant::S3,
                Class::SurpriseAccount | Class::MemberLost => Invariant::S11,
                // Told to people before the soak ends: what is left at the end of a road is judged there.
                Class::Orphan => continue,
            };
            let what = format!("{}: {}: {}", violation.class, violation.object, violation.detail);
            if self.blames.names_moved(&what, violation.at) {
                self.excuse(format!("{} {what} (moved by hand)", violation.at));
                continue;
            }
            match self.blames.of(violation.class, violation.at).map(str::to_owned) {
                Some(who) => self.excuse(format!("{} {what} ({who})", violation.at)),
                None => self.fail(invariant, violation.at, what),
            }
        }
        let gap = &verdict.longest_unserved;
        if let Some(from) = gap.from {
            let held_up = self.blames.held_up(from, from + gap.duration);
            let allowed = self.log.unserved.saturating_add(GRACE).saturating_add(held_up);
            let object = gap.object.clone().unwrap_or_default();
            if gap.duration > allowed && !self.blames.has_moved(&object, now) && !told() {
                let limit = self.log.unserved;
                // The length grows with every look: it is told once.
                let key = format!("unserved {from} {object}");
                if self.told.insert(key) {
                    let what = format!(
                        "{object} unserved for {:#} since {from}, the limit is {limit:#}, and no condition says so",
                        gap.duration
                    );
                    self.fail(Invariant::S2, now, what);
                }
            }
        }
    }
}

/// Whether a record can be a violation by itself.
fn matters(record: &Record) -> bool {
    let Event::Write(write) = &record.event else { return false };
    let foreign = write.values.iter().any(|value| value.differs || value.reference);
    let created = write.outcome == Outcome::Created && matches!(write.writer, Writer::CloudSync { .. });
    let deleted = matches!(write.outcome, Outcome::SoftDeleted | Outcome::HardDeleted) && write.source_exists;
    foreign && write.serving.len() > 1 || created || deleted
}
