//! The job's guard against accidental deletions: tightened for a wave, given back with the claim. It is never loosened beyond what it was
//! before the wave, and what a person sets meanwhile stays.

use crds::ObjectName;
use crds::entra_tenant::{CloudSyncJob, TightenedGuard};

use super::claims::change_jobs;
use super::jobs::{client, configuration};
use crate::cloud::change;
use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;
use crate::observe::Seen;

/// Lowers the guard, and keeps what it was. A crash in between finds the same value again.
pub(super) async fn tighten<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    domain: &str,
    threshold: i64,
) -> Result<(), Error> {
    let now = configuration(seen, domain)?.deletion_threshold;
    change_jobs(context, seen, |jobs| {
        let job = jobs.iter_mut().find(|job| job.domain.eq_ignore_ascii_case(domain));
        job.is_some_and(|job| {
            let kept = kept(job.tightened_guard, now, threshold);
            let changed = kept != job.tightened_guard;
            job.tightened_guard = kept;
            changed
        })
    })
    .await?;
    change::tighten(client(seen)?, configuration(seen, domain)?, threshold).await
}

/// What is to be put back later. A guard that was off, or cannot be read, has no value to go back to: it stays tight.
fn kept(before: Option<TightenedGuard>, now: Option<i64>, threshold: i64) -> Option<TightenedGuard> {
    let now = now.filter(|now| *now > threshold);
    match (before, now) {
        // Tightened once more: what counts is what it was first.
        (Some(known), Some(now)) if known.set == now => Some(TightenedGuard { set: threshold, ..known }),
        (_, Some(now)) => Some(TightenedGuard { before: now, set: threshold }),
        (known, None) => known,
    }
}

/// Gives the guards of jobs back, where this holder has them. What is no longer as it was tightened is a person's and stays.
pub(super) async fn give_back<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    domains: &[String],
    holder: &ObjectName,
) -> Result<(), Error> {
    let named = |job: &CloudSyncJob| domains.iter().any(|d| d.eq_ignore_ascii_case(&job.domain));
    let ours = |job: &CloudSyncJob| {
        named(job)
            && job
                .claim
                .as_ref()
                .is_some_and(|claim| claim.holder == *holder && claim.topology == seen.observed.topology.name)
    };
    let jobs = seen.observed.tenant.iter().flat_map(|tenant| &tenant.jobs).map(|job| &job.recorded);
    let tightened: Vec<(&CloudSyncJob, TightenedGuard)> =
        jobs.filter(|job| ours(job)).filter_map(|job| Some((job, job.tightened_guard?))).collect();
    if tightened.is_empty() {
        return Ok(());
    }
    for (job, guard) in &tightened {
        // A configuration that is gone has no guard any more.
        if let Ok(configuration) = configuration(seen, &job.domain) {
            change::give_guard_back(client(seen)?, configuration, *guard).await?;
        }
    }
    change_jobs(context, seen, |jobs| {
        let mut changed = false;
        for job in jobs.iter_mut().filter(|job| ours(job)) {
            changed |= job.tightened_guard.take().is_some();
        }
        changed
    })
    .await
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_back_is_what_it_was_before_the_wave() {
        let guard = |before, set| Some(TightenedGuard { before, set });
        let table = [
            ("first", None, Some(500), 12, guard(500, 12)),
            ("a person's own value", None, Some(40), 12, guard(40, 12)),
            ("tight enough already", None, Some(10), 12, None),
            ("off, or out of sight", None, None, 12, None),
            ("once more", guard(500, 12), Some(12), 5, guard(500, 5)),
            ("again after a crash", guard(500, 12), Some(500), 12, guard(500, 12)),
            ("done", guard(500, 12), Some(12), 12, guard(500, 12)),
            ("a person in between", guard(500, 12), Some(300), 12, guard(300, 12)),
        ];
        for (case, before, now, threshold, expected) in table {
            assert_eq!(kept(before, now, threshold), expected, "{case}");
        }
    }
}
