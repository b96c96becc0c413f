//! Commands of a retirement are asked for again for as long as it takes: whatever refuses one is a person's to clear, and until then
//! everything goes on as it was. Pure.

use crds::conditions::Reason;
use jiff::SignedDuration;

use crate::itinerary::{Progress, View, Wait};
use crate::observed::ServerFacts;

/// How long until a command that was refused or failed three times is given again.
const PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// Turns a command's failure into a wait, and gives it again with `again` when that is over.
pub(super) fn patient(
    view: &View,
    servers: &[&ServerFacts],
    progress: Progress,
    again: impl FnOnce() -> Progress,
) -> Progress {
    let Progress::Fail(reason @ (Reason::CommandRefused | Reason::CommandFailed), why) = progress else {
        return progress;
    };
    let outcomes = servers.iter().filter_map(|server| server.agent.as_ref()?.outcome.as_ref());
    let ended = outcomes.filter_map(|outcome| outcome.finished_at).max();
    match ended.and_then(|end| end.checked_add(PAUSE).ok()) {
        Some(at) if view.now < at => Progress::Waiting(Wait { until: Some(at), ..Wait::person(reason, why) }),
        _ => again(),
    }
}
