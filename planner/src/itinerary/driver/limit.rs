//! What a step says, as far as its limits and the claims of others allow. Pure.

use crds::conditions::Reason;
use crds::migration::StepRecord;
use jiff::{SignedDuration, Timestamp};

use super::Drive;
use crate::itinerary::{Progress, Step, View, Wait};
use crate::plan::Effect;

impl Drive<'_> {
    /// Lets one migration of a pass take a claim; whoever comes later looks again.
    pub(super) fn exclusive(&self, progress: Progress) -> Progress {
        let free = match &progress {
            Progress::Begin(Effect::ClaimServers { servers, .. }) => {
                self.desk.claim(servers.iter().map(crds::ObjectName::as_str))
            }
            Progress::Begin(Effect::ClaimJobs { domains, .. }) => {
                self.desk.claim(domains.iter().map(String::as_str))
            }
            _ => true,
        };
        if free {
            progress
        } else {
            Progress::Waiting(Wait::system(
                Reason::WaitingForClaim,
                "another migration takes the claim",
                None,
            ))
        }
    }

    /// Enforces the two limits.
    pub(super) fn limit(&self, step: &dyn Step, view: &View, progress: Progress) -> Progress {
        let record = view.record;
        let limits = step.limits(view);
        match &progress {
            Progress::Waiting(_) | Progress::Watching(..) => {
                let waited = record
                    .waiting_since
                    .map_or(SignedDuration::ZERO, |since| self.pass.now.duration_since(since));
                match limits.waiting {
                    Some(limit) if waited > limit && !for_readoption(&progress) => Progress::Fail(
                        Reason::LimitExceeded,
                        format!(
                            "expected it to wait no longer than {}, and it still waits: {}",
                            text(limit),
                            describe(&progress)
                        ),
                    ),
                    _ => progress,
                }
            }
            Progress::Working(_) | Progress::Inconclusive(..) => match record.started_at {
                Some(began)
                    if !limits.is_clocked() && active(record, began, self.pass.now) > limits.active =>
                {
                    Progress::Fail(
                        Reason::LimitExceeded,
                        format!(
                            "expected it to take no longer than {}: {}",
                            text(limits.active),
                            describe(&progress)
                        ),
                    )
                }
                _ => progress,
            },
            _ => progress,
        }
    }
}

/// A restored cluster cannot tell the time: a person looks first, however long that takes.
fn for_readoption(progress: &Progress) -> bool {
    matches!(progress, Progress::Waiting(wait) if wait.reason == Reason::StateRestored)
}

fn active(record: &StepRecord, began: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(began) - SignedDuration::from_secs(record.waited_seconds)
}

fn text(duration: SignedDuration) -> String {
    crds::DurationText::from_secs(u32::try_from(duration.as_secs()).unwrap_or(0)).to_string()
}

pub(in crate::itinerary) fn describe(progress: &Progress) -> &str {
    match progress {
        Progress::Working(why)
        | Progress::Inconclusive(_, why)
        | Progress::Fail(_, why)
        | Progress::Skip(why) => why,
        Progress::Waiting(wait) | Progress::Watching(wait, _) => &wait.why,
        Progress::Begin(_) | Progress::Pass(_) => "",
    }
}
