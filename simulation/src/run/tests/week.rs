//! The operator is gone for more than a week, from any moment on: longer than Connect keeps its place, longer than any soak.

use std::time::Duration;

use jiff::SignedDuration;

use super::quiet;
use crate::judge::End;
use crate::run::Run;
use crate::setting::{Happening, Planned, Who};

/// How long it is gone.
const GONE: SignedDuration = SignedDuration::from_hours(8 * 24);

/// After so many things it does outside itself it dies, each in a run of its own: while it waits for people, in the stop, in the takeover.
const MOMENTS: [u32; 3] = [700, 1_000, 1_200];

fn after_a_week(moment: u32) -> Result<End, String> {
    let mut setting = quiet();
    let gone = Duration::try_from(GONE).map_err(|error| error.to_string())?;
    setting.until += GONE + GONE;
    let death = Happening::Death { who: Who::Operator, points: moment, gone };
    // The last of what happens is without effect: until then the run counts as under way, though nothing moves.
    let back = setting.start + GONE + SignedDuration::from_hours(12);
    setting.happenings = vec![
        Planned { at: setting.start, happening: death },
        Planned { at: back, happening: Happening::Suspend(false) },
    ];
    let mut run = Run::begin(setting, None).map_err(|error| error.to_string())?;
    // Whoever has no operator is served by whoever serves them: that takes as long as it is gone, and nobody is there to say so.
    run.judge.blames.holds_up(run.setting.start, "the operator is gone".to_owned());
    run.drive();
    let outcome = run.outcome();
    let told = format!("died after {moment}: {} after {:#}", outcome.end, outcome.passed);
    if outcome.failures.is_empty() && outcome.passed > GONE {
        return Ok(outcome.end);
    }
    Err(format!("{told}: {:#?}", outcome.failures))
}

/// Nobody is lost meanwhile: the judge looks on. The agent switches the scheduler on by itself; what was stopped goes home then, and what
/// Cloud Sync serves already, unproven for longer than the limit, is held for a person as `onFailure: Pause` says.
#[test]
fn an_operator_that_was_gone_for_a_week_goes_on_goes_home_or_asks() {
    let ends: Vec<Result<End, String>> = std::thread::scope(|scope| {
        let runs: Vec<_> = MOMENTS.iter().map(|moment| scope.spawn(|| after_a_week(*moment))).collect();
        runs.into_iter().map(|run| run.join().expect("no panic")).collect()
    });
    let asks = End::Held(vec!["example-scope-scope1-1 at ProbeCreation: LimitExceeded".to_owned()]);
    assert_eq!(ends, [Ok(End::Completed), Ok(End::RolledBack), Ok(asks)]);
}
