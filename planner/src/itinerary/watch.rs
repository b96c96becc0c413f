//! Looking again while a person is waited for: that is no progress, so what is waited for stays in view. Pure.

use crds::conditions::Reason;
use crds::migration::StepState;
use jiff::SignedDuration;

use super::{Progress, View, Wait, WaitingOn};

/// How long until what differs is looked at again: soon at first, rarer the longer a person has taken, and never so often that reading the
/// whole cloud becomes all that is done. The same for every look at what was found last: an instant that moved on with the clock would
/// be written, and wake whoever wrote it, as fast as both can.
pub(crate) fn pause(view: &View, took: SignedDuration) -> SignedDuration {
    let found = [
        view.migration.prediction.as_ref().map(|prediction| prediction.at),
        view.migration.parity.as_ref().map(|parity| parity.at),
    ];
    let found = found.into_iter().flatten().max().unwrap_or(view.now);
    let waited = view.record.waiting_since.map_or(SignedDuration::ZERO, |since| found.duration_since(since));
    let patience = (waited / 10).min(LONGEST_PAUSE);
    took.saturating_mul(4).max(SignedDuration::from_secs(5)).max(patience)
}

/// Longest pause between two looks.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);

/// What a step says while it waits for a person for this reason and looks again; anything else stays as it is.
pub(crate) fn meanwhile(view: &View, reason: Reason, progress: Progress) -> Progress {
    let record = view.record;
    if record.state != StepState::Waiting || record.reason.as_deref() != Some(reason.as_str()) {
        return progress;
    }
    under(progress, Wait::person(reason, record.message.clone()))
}

/// The same look, under a wait that stays.
pub(crate) fn under(progress: Progress, wait: Wait) -> Progress {
    match progress {
        Progress::Begin(effect) => Progress::Watching(wait, effect),
        Progress::Working(_) => Progress::Waiting(wait),
        Progress::Waiting(other) if other.on == WaitingOn::System => {
            Progress::Waiting(Wait { until: other.until, ..wait })
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Standing;
    use crate::testing::World;

    /// What is written of the migrations at an instant.
    fn written(world: &mut World, at: jiff::Timestamp) -> String {
        world.now = at;
        let plan = world.plan();
        format!("{:#?}", plan.migrations.iter().map(|m| (&m.steps, &m.next, &m.standing)).collect::<Vec<_>>())
    }

    #[test]
    fn while_a_person_is_waited_for_nothing_changes_between_two_looks() {
        let mut world = World::new();
        world.predicts.unknown_references = 1;
        let asks = |standing: &Standing| matches!(standing, Standing::AwaitingPerson { .. });
        world.run_until(60, |plan, _| plan.migrations.iter().any(|m| asks(&m.standing)));
        // Long after the wait began, and right after the next look at it.
        world.now += SignedDuration::from_hours(1);
        world.run_until(60, |plan, w| {
            let next = plan.migrations.iter().filter_map(|m| m.next.as_ref()?.at).min();
            next.is_some_and(|next| next.duration_since(w.now) > SignedDuration::from_secs(60))
        });
        let now = world.now;
        let first = written(&mut world, now);
        for seconds in [1, 7, 30] {
            assert_eq!(
                written(&mut world, now + SignedDuration::from_secs(seconds)),
                first,
                "{seconds} s later"
            );
        }
    }
}
