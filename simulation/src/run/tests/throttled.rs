//! A tenant that throttles for hours: longer than a stop may last.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use estate::faults::GraphFaults;
use jiff::SignedDuration;

use super::quiet;
use crate::judge::End;
use crate::run::Run;
use crate::setting::{Happening, Planned};

/// How long it throttles.
const LENGTH: SignedDuration = SignedDuration::from_hours(7);

/// Every other request is refused, and what is tried again at once would be refused for longer.
fn throttles() -> GraphFaults {
    GraphFaults { throttle_every: 2, retry_after_seconds: Some(120), ..GraphFaults::default() }
}

/// Gives how the run ended, and what the judge found.
fn throttled_from(begins: SignedDuration) -> (End, Vec<String>) {
    let mut setting = quiet();
    let at = setting.start + begins;
    setting.happenings = vec![
        Planned { at, happening: Happening::Graph(throttles()) },
        Planned { at: at + LENGTH, happening: Happening::Graph(GraphFaults::default()) },
    ];
    let refused = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&refused);
    let count = move |line: &str| {
        seen.fetch_add(usize::from(line.ends_with("→ 429")), Ordering::Relaxed);
    };
    let mut run = Run::begin(setting, Some(Box::new(count))).expect("it begins");
    run.drive();
    assert!(refused.load(Ordering::Relaxed) > 100, "{refused:?} refusals in {LENGTH:#}");
    let outcome = run.outcome();
    assert!(outcome.passed > begins + LENGTH, "it ended before the throttling did: {:#}", outcome.passed);
    (outcome.end, outcome.failures.iter().map(ToString::to_string).collect())
}

/// From the beginning, and from about when the scheduler is stopped: what is asked is asked again as the tenant says, and nobody is lost.
#[test]
fn a_tenant_that_throttles_for_hours_is_borne() {
    let begins = [SignedDuration::from_mins(1), SignedDuration::from_mins(8 * 60 + 3)];
    let ends: Vec<(End, Vec<String>)> = std::thread::scope(|scope| {
        let runs: Vec<_> = begins.iter().map(|begins| scope.spawn(|| throttled_from(*begins))).collect();
        runs.into_iter().map(|run| run.join().expect("no panic")).collect()
    });
    assert_eq!(ends, [(End::Completed, Vec::new()), (End::Completed, Vec::new())]);
}
