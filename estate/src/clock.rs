//! Simulated durations, and identifiers that are the same in every run of the same seed. Pure.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long things take on the Microsoft side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intervals {
    /// Smallest interval between Connect's cycles that the tenant allows. Source: Microsoft, Entra Connect Sync scheduler (30 minutes).
    pub cycle: SignedDuration,
    /// Tick of a cloud sync provisioning job. Source: Microsoft Graph, synchronizationSchedule (PT2M while active).
    pub job_tick: SignedDuration,
    /// Both engines' password hash loops. Source: Microsoft, password hash synchronization (2 minutes).
    pub hash_loop: SignedDuration,
    /// After this long without a cycle the next delta fails and a full one is needed. Source: Microsoft, scheduler page (7 days).
    pub cycle_limit: SignedDuration,
    /// A job paused for longer has lost its watermark and starts over.
    pub watermark_life: SignedDuration,
    /// Soft-deleted users are purged after this. Source: Microsoft, deleted users (30 days).
    pub deleted_user_life: SignedDuration,
    /// A scope change takes effect by itself only after this long, if nobody restarts the job.
    pub scope_drift: SignedDuration,
    /// A provisioning agent that stopped shows as inactive after this. Source: Microsoft, 2026-03 (about one hour).
    pub agent_inactive: SignedDuration,
    /// Provisioning log entries show up this late.
    pub log_lag: SignedDuration,
    /// Delay until a new service principal can be read, and again until its synchronization calls work.
    pub instantiate_lag: SignedDuration,
    /// Time of a run of Connect that does not depend on the number of objects.
    pub run_base: SignedDuration,
    /// Time of a run of Connect for each object it handles (import, synchronization, export alike).
    pub run_per_object: SignedDuration,
    /// Time of a job's initial cycle for each object in scope.
    pub job_per_object: SignedDuration,
}

impl Default for Intervals {
    fn default() -> Self {
        Self {
            cycle: SignedDuration::from_mins(30),
            job_tick: SignedDuration::from_mins(2),
            hash_loop: SignedDuration::from_mins(2),
            cycle_limit: SignedDuration::from_hours(7 * 24),
            watermark_life: SignedDuration::from_hours(7 * 24),
            deleted_user_life: SignedDuration::from_hours(30 * 24),
            scope_drift: SignedDuration::from_hours(24),
            agent_inactive: SignedDuration::from_hours(1),
            log_lag: SignedDuration::from_mins(3),
            instantiate_lag: SignedDuration::from_secs(20),
            run_base: SignedDuration::from_secs(15),
            run_per_object: SignedDuration::from_millis(20),
            job_per_object: SignedDuration::from_millis(500),
        }
    }
}

impl Intervals {
    /// The defaults, each divided by `factor` (at least 1).
    pub fn shortened(factor: u32) -> Self {
        let divisor = i32::try_from(factor.max(1)).unwrap_or(i32::MAX);
        let d = Self::default();
        let short = |duration: SignedDuration| duration / divisor;
        Self {
            cycle: short(d.cycle),
            job_tick: short(d.job_tick),
            hash_loop: short(d.hash_loop),
            cycle_limit: short(d.cycle_limit),
            watermark_life: short(d.watermark_life),
            deleted_user_life: short(d.deleted_user_life),
            scope_drift: short(d.scope_drift),
            agent_inactive: short(d.agent_inactive),
            log_lag: short(d.log_lag),
            instantiate_lag: short(d.instantiate_lag),
            run_base: short(d.run_base),
            run_per_object: short(d.run_per_object),
            job_per_object: short(d.job_per_object),
        }
    }
}

/// `at + duration`, held at the end of time instead of failing.
pub fn later(at: Timestamp, duration: SignedDuration) -> Timestamp {
    at.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

/// `duration * count` for per-object costs.
pub fn times(duration: SignedDuration, count: usize) -> SignedDuration {
    duration.saturating_mul(i32::try_from(count).unwrap_or(i32::MAX))
}

/// Source of identifiers: a seeded sequence, so that the same run gives the same ids.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Identifiers {
    seed: u64,
    next: u64,
}

impl Identifiers {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, next: 0 }
    }

    /// The next identifier, shaped like a random one (version 4).
    pub fn next_id(&mut self) -> Uuid {
        self.next += 1;
        let digest = Sha256::new()
            .chain_update(self.seed.to_le_bytes())
            .chain_update(self.next.to_le_bytes())
            .finalize();
        let mut bytes = [0_u8; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_repeat_by_seed_and_never_within() {
        let (mut a, mut b, mut c) = (Identifiers::new(1), Identifiers::new(1), Identifiers::new(2));
        let first = a.next_id();
        assert_eq!(first, b.next_id());
        assert_ne!(first, c.next_id());
        assert_ne!(first, a.next_id());
        assert_eq!(first.get_version_num(), 4);
    }

    #[test]
    fn a_factor_shortens_everything() {
        let short = Intervals::shortened(60);
        assert_eq!(short.cycle, SignedDuration::from_secs(30));
        assert_eq!(short.job_tick, SignedDuration::from_secs(2));
        assert_eq!(Intervals::shortened(0), Intervals::default());
    }
}
