//! Seeds as tests: fresh ones, those that failed once, and one run twice.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::run;
use crate::setting::{Setting, Weather};

mod throttled;
mod week;

/// Seeds that failed once: a seed and why, one a line.
const REGRESSIONS: &str = include_str!("../../regressions.txt");

/// Fresh seeds: as many short runs as fit into a test that is not optimised.
const FRESH: usize = 2;

/// Whether a seed's run is short: one wave, few servers that report, nothing to be retired, and little time to watch. `make simulate` runs
/// the others.
fn is_short(setting: &Setting) -> bool {
    let declared = &setting.declared;
    let soaks: u32 = declared.waves.iter().map(|wave| wave.soak_seconds).sum();
    setting.servers.len() == 1
        && setting.heartbeat_seconds == 300
        && declared.windows.is_empty()
        && declared.retired.is_empty()
        && declared.waves.len() == 1
        && declared.scopes.len() <= 2
        && soaks <= 4 * 3600
}

/// A short run of one scope, with people who answer, nothing that goes wrong by itself, and a directory in which nothing happens.
fn quiet() -> Setting {
    let is_quiet = |setting: &Setting| {
        is_short(setting)
            && setting.declared.scopes.len() == 1
            && setting.everyday.is_none()
            && setting.weather == Weather::Calm
            && setting.people.helpful
            && setting.people.denials == 0
    };
    (0..20_000).map(Setting::of).find(is_quiet).expect("one of them")
}

/// Runs seeds on as many threads as there are, and gives a line for each failure.
fn failures(seeds: &[u64]) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut found = Vec::new();
                    while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let outcome = run(*seed, None).expect("it begins");
                        found.extend(outcome.failures.iter().map(|failure| {
                            format!(
                                "seed {seed}: {failure} replay: make simulate SEEDS={seed}..{} TRACE=1",
                                seed + 1
                            )
                        }));
                    }
                    found
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    failures.sort();
    failures
}

#[test]
fn fresh_seeds_break_no_invariant() {
    let seeds: Vec<u64> = (0..10_000).filter(|seed| is_short(&Setting::of(*seed))).take(FRESH).collect();
    assert_eq!(failures(&seeds), Vec::<String>::new());
}

#[test]
fn seeds_that_failed_once_fail_no_more() {
    let lines = REGRESSIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let seeds: Vec<u64> = lines
        .map(|line| line.split_whitespace().next().and_then(|seed| seed.parse().ok()).expect("a seed first"))
        .collect();
    assert_eq!(failures(&seeds), Vec::<String>::new());
}

#[test]
fn a_seed_is_the_same_run_every_time() {
    // Processes die, and people interfere.
    let fits = |setting: &Setting| is_short(setting) && setting.weather == Weather::Foul;
    let seed = (0..10_000).find(|seed| fits(&Setting::of(*seed)));
    let twice = [0, 1].map(|_| run(seed.expect("one of them"), None).expect("it begins"));
    let [first, second] = twice;
    assert!(first.lines > 100, "{} lines", first.lines);
    assert_eq!((first.lines, &first.digest), (second.lines, &second.digest));
    assert_eq!(first.end, second.end);
}
