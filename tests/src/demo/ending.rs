//! How a run ended: judged from the estate's log alone, and against what the plan said beforehand. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;

use super::chaos::Done;
use super::declare::Limits;
use ::estate::audit::{Class, Verdict};

/// How many violations of each class are shown.
const SHOWN: usize = 4;

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Why the run was over.
    pub end: End,
    /// The judge's verdict.
    pub verdict: Verdict,
    /// Limits of the topology.
    pub limits: Limits,
    /// How long it took, from the declaration to the end.
    pub took: Duration,
    /// Steps that were proven.
    pub steps: usize,
    /// What people did in the directory meanwhile: joiners, leavers, new managers, new passwords.
    pub everyday_changes: u64,
    /// Writes of the operator, Leases apart; none where the audit log belongs to somebody else.
    pub operator_writes: Option<usize>,
    /// Writes of the agents, Leases apart.
    pub agent_writes: Option<usize>,
    /// Requests that the API server refused for want of rights.
    pub refused: Option<usize>,
    /// What went wrong on a bad day.
    pub chaos: Option<Done>,
}

/// Why a run was over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Every scope has moved and every server is retired.
    Retired,
    /// Every scope has moved; retirement is blocked on these rows, all of which the plan named before the first wave.
    BlockedAsPredicted(Vec<String>),
    /// The same, with rows that the plan had not named.
    BlockedBySurprise(Vec<String>),
    /// Nothing started: the plan says that the source no longer works.
    SourceNoLongerWorks(String),
    /// Something failed or waits for what nobody does: in words.
    Stuck(String),
    /// It took too long: what it was doing.
    TooLong(String),
}

impl Outcome {
    /// What is wrong, one line each; nothing when the run was good.
    pub fn faults(&self) -> Vec<String> {
        let verdict = &self.verdict;
        let mut faults = Vec::new();
        match &self.end {
            End::Retired | End::BlockedAsPredicted(_) | End::SourceNoLongerWorks(_) => {}
            End::BlockedBySurprise(rows) => {
                faults.push(format!(
                    "retirement is blocked on what the plan did not name: {}",
                    rows.join("; ")
                ));
            }
            End::Stuck(why) => faults.push(format!("the run is stuck: {why}")),
            End::TooLong(at) => faults.push(format!("the run took too long; it was at {at}")),
        }
        if self.end == End::Retired && !verdict.connect_retired {
            faults.push(
                "the topology is completed, and the estate says that Connect is not retired".to_owned(),
            );
        }
        for (count, what) in [
            (verdict.foreign_values, "foreign values"),
            (verdict.surprise_accounts, "surprise accounts"),
            (verdict.orphans, "orphans"),
            (verdict.unexplained_deletions, "unexplained deletions"),
            (verdict.members_lost, "members lost"),
        ] {
            if count > 0 {
                faults.push(format!("{what}: {count}"));
            }
        }
        for (found, limit, what) in [
            (&verdict.longest_unserved, self.limits.unserved, "unserved"),
            (&verdict.longest_without_password_hashes, self.limits.hash_gap, "hashGap"),
            (&verdict.longest_scheduler_stop, self.limits.scheduler_stop, "schedulerStop"),
        ] {
            if found.duration > SignedDuration::from_secs(i64::from(limit)) {
                let object = found.object.as_deref().unwrap_or("");
                faults.push(format!("limit {what} of {limit} s exceeded: {:#} {object}", found.duration));
            }
        }
        if let Some(refused) = self.refused.filter(|refused| *refused > 0) {
            faults.push(format!("the API server refused {refused} requests for want of rights"));
        }
        faults.extend(self.chaos.iter().flat_map(|done| &done.panics).cloned());
        faults
    }
}

impl End {
    /// Whether there is nothing more to come.
    pub fn is_arrival(&self) -> bool {
        matches!(self, Self::Retired | Self::BlockedAsPredicted(_) | Self::BlockedBySurprise(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = &self.verdict;
        writeln!(f, "Verdict, from the estate's audit log alone")?;
        let mut row = |what: &str, value: &dyn fmt::Display| writeln!(f, "  {what:<36} {value}");
        row("objects", &verdict.objects)?;
        row("foreign values", &verdict.foreign_values)?;
        row("reference echoes", &verdict.reference_echoes)?;
        row("surprise accounts", &verdict.surprise_accounts)?;
        row("orphans", &verdict.orphans)?;
        row("unexplained deletions", &verdict.unexplained_deletions)?;
        row("members lost", &verdict.members_lost)?;
        let limited =
            |duration: SignedDuration, limit: u32| format!("{} (limit {limit} s)", seconds(duration));
        let limits = self.limits;
        row("longest time unserved", &limited(verdict.longest_unserved.duration, limits.unserved))?;
        let hashes = verdict.longest_without_password_hashes.duration;
        row("longest time without password hashes", &limited(hashes, limits.hash_gap))?;
        row(
            "longest scheduler stop",
            &limited(verdict.longest_scheduler_stop.duration, limits.scheduler_stop),
        )?;
        let retired = match &self.end {
            _ if verdict.connect_retired => "yes".to_owned(),
            End::BlockedAsPredicted(rows) => format!("no, as predicted: {}", rows.join("; ")),
            End::SourceNoLongerWorks(why) => format!("no, nothing started: {why}"),
            _ => "no".to_owned(),
        };
        row("Connect retired", &retired)?;
        row("changes by people meanwhile", &self.everyday_changes)?;
        row("time", &format!("{:.0} s, {} steps proven", self.took.as_secs_f64(), self.steps))?;
        if let (Some(operator), Some(agents), 1..) = (self.operator_writes, self.agent_writes, self.steps) {
            let each = |writes: usize| format!("{:.1} a step", ratio(writes, self.steps));
            row("writes of the operator", &format!("{operator} ({})", each(operator)))?;
            row("writes of the agents", &format!("{agents} ({})", each(agents)))?;
        }
        if let Some(done) = &self.chaos {
            row("chaos", done)?;
        }
        // Some of each class: the first of one would hide the others.
        let mut shown: BTreeMap<Class, usize> = BTreeMap::new();
        for violation in &verdict.violations {
            let of_class = shown.entry(violation.class).or_default();
            *of_class += 1;
            if *of_class <= SHOWN {
                writeln!(f, "  {violation}")?;
            }
        }
        let faults = self.faults();
        if faults.is_empty() {
            write!(f, "Good: nothing lost, nothing exceeded.")
        } else {
            write!(f, "Not good:")?;
            faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
        }
    }
}

fn seconds(duration: SignedDuration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[expect(clippy::cast_precision_loss, reason = "counts of this size are exact")]
fn ratio(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}

#[cfg(test)]
mod tests;
