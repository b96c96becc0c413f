//! People agree to the wave's plan. The approvals of all migrations with the same plan digest count together.

use crds::conditions::Reason;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, WaitingOn, fact};

/// See the module.
pub(crate) struct AwaitApproval;

impl Step for AwaitApproval {
    fn name(&self) -> StepName {
        StepName::AwaitApproval
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let Some(wave) = view.wave() else {
            return Progress::Waiting(Wait::person(
                Reason::PlanChanged,
                "the scope's wave is not in the topology any more: put it back, or delete this migration",
            ));
        };
        if !wave.approval.required {
            return Progress::Skip("the wave needs no approval".to_owned());
        }
        let needed = usize::try_from(wave.approval.distinct_users).unwrap_or(1).max(1);
        let given = &view.decisions.approved_by;
        if given.len() >= needed {
            return Progress::Pass(given.keys().take(24).map(|by| fact("approvedBy", by)).collect());
        }
        Progress::Waiting(Wait {
            reason: Reason::ApprovalRequired,
            why: format!(
                "wave {} needs the approval of {needed} people, {} gave it: create a MigrationDecision Approve for migration {} with \
                 planDigest {}",
                wave.name,
                given.len(),
                view.migration.name(),
                view.migration.object.spec.plan_digest
            ),
            until: None,
            on: WaitingOn::Approval,
        })
    }
}
