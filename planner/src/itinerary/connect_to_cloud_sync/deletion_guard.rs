//! How many deletions in one cycle trip the job's guard while a wave is added to it. Pure.
//!
//! Below the size of the wave, so that losing the wave whole trips it; above what leaves on an ordinary day in all that the job serves
//! already, so that the leavers of earlier waves do not bring the job to a halt for everybody. Where a wave is so small that both cannot
//! be had, its size decides: a job in quarantine is seen and cleared by a person, deleted people are not.

use crate::itinerary::{StepName, View};
use crate::observed::{JobFacts, MigrationFacts};

/// Fewest deletions that trip it, for a wave that has more objects than that: our own test object goes in one cycle, and a few people may
/// leave in the same one.
const FEWEST: i64 = 5;

/// One in this many of the objects that the job serves already may leave in one cycle: a fifth of them in a year, those of a week in
/// one batch, is one in 260.
const EVERYDAY: i64 = 250;

/// The service's own default; the guard is never loosened beyond it.
const MOST: i64 = 500;

/// The threshold for the job of a domain. As many deletions as the threshold already trip it, so it is at least 2: the removal of our test
/// object alone must pass.
pub(super) fn threshold(view: &View, job: &JobFacts) -> i64 {
    let (mut wave, mut served) = (0, 0);
    for migration in &view.observed.migrations {
        let units = migration.organizational_units();
        if !units.iter().any(|unit| job.covers(unit)) {
            continue;
        }
        let topology = &view.observed.topology.name;
        let claimed = job.claim().is_some_and(|claim| claim.names(topology, migration.name()));
        // Objects are not counted by domain: a scope that lies in several counts for none but its own wave.
        if claimed {
            wave += objects(migration);
        } else if migration.is_past(StepName::AddToJob)
            && !migration.went_home()
            && units.iter().all(|unit| job.covers(unit))
        {
            served += objects(migration);
        }
    }
    of(wave, served)
}

/// The objects of a migration's scope, as they were first listed.
fn objects(migration: &MigrationFacts) -> i64 {
    migration.fact_of(StepName::ReadScope, "objects").and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// The threshold for a wave of so many objects in a job that serves so many already.
fn of(wave: i64, served: i64) -> i64 {
    let own = (wave / 10).max(FEWEST);
    let everyday = served / EVERYDAY;
    (own + everyday).min(wave - 1).clamp(2, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losing_the_wave_trips_the_guard_and_the_everyday_leavers_of_earlier_waves_do_not() {
        for (wave, served, expected) in [
            // The first wave.
            (100, 0, 10),
            (400, 0, 40),
            (20, 0, 5),
            (100_000, 0, 500),
            // Earlier waves have leavers of their own.
            (100, 10_000, 50),
            (400, 100_000, 399),
            (1_000, 1_000_000, 500),
            // Its size decides.
            (12, 10_000, 11),
            (4, 0, 3),
            (3, 10_000, 2),
            (1, 0, 2),
            (0, 0, 2),
        ] {
            assert_eq!(of(wave, served), expected, "{wave} of {served}");
        }
        for wave in 3..2_000 {
            for served in [0, 100, 5_000, 50_000, 1_000_000] {
                let threshold = of(wave, served);
                assert!(threshold < wave && threshold <= MOST, "{wave} of {served}: {threshold}");
                assert!(of(wave, served) >= of(wave, 0), "more is served, and fewer may leave");
            }
        }
    }
}
