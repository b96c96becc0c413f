//! Looking again while a person is waited for: that is no progress, so what is waited for stays in view. Pure.

use crds::conditions::Reason;
use crds::migration::StepState;
use jiff::SignedDuration;

use super::{Progress, View, Wait, WaitingOn};

/// How long until what differs is looked at again: soon at first, rarer the longer a person has taken, and never so often that reading the
/// whole cloud becomes all that is done.
pub(crate) fn pause(view: &View, took: SignedDuration) -> SignedDuration {
    let waited =
        view.record.waiting_since.map_or(SignedDuration::ZERO, |since| view.now.duration_since(since));
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
