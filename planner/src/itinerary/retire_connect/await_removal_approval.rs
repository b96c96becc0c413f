//! People agree to the removal, after the observation.

use crds::conditions::Reason;

use super::stopped;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, WaitingOn, fact};

/// See the module.
pub(crate) struct AwaitRemovalApproval;

impl Step for AwaitRemovalApproval {
    fn name(&self) -> StepName {
        StepName::AwaitRemovalApproval
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let rest = match stopped::look(view) {
            Ok(rest) => rest,
            Err(wait) => return Progress::Waiting(wait),
        };
        // An approval from before the observation ended was given without knowing how it ended.
        let since = view.done_at(StepName::VerifyStopped).unwrap_or(jiff::Timestamp::MAX).max(rest.since);
        let given: Vec<String> = view
            .decisions
            .approved_by
            .values()
            .filter(|record| record.at >= since)
            .map(crds::migration::DecisionRecord::who)
            .collect();
        if !given.is_empty() {
            return Progress::Pass(given.iter().take(24).map(|who| fact("approvedBy", who)).collect());
        }
        Progress::Waiting(Wait {
            reason: Reason::ApprovalRequired,
            why: format!(
                "the observation ended well: create a MigrationDecision Approve for migration {} with planDigest {} to let the engine be \
                 removed{}",
                view.migration.name(),
                view.migration.object.spec.plan_digest,
                rest.noted()
            ),
            until: None,
            on: WaitingOn::Approval,
        })
    }
}
