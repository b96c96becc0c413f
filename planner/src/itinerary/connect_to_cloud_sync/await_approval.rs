//! People agree to the wave's plan. The approvals of all migrations with the same plan digest count together.

use crds::conditions::Reason;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, WaitingOn, fact, needed};

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
        let binding = &view.decisions.binding;
        let Some(digest) = &binding.approve else {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForWave,
                format!(
                    "the wave is approved as a whole, and {} has no prediction yet",
                    binding.unpredicted.as_deref().unwrap_or("a scope of it")
                ),
                None,
            ));
        };
        let needed = needed(wave);
        let given = &view.decisions.approved_by;
        if given.len() >= needed {
            let mut facts = binding.shown.clone();
            facts.extend(given.values().take(20).map(|record| fact("approvedBy", record.who())));
            return Progress::Pass(facts);
        }
        let who: Vec<String> = given.values().map(crds::migration::DecisionRecord::who).collect();
        let who = if who.is_empty() { String::new() } else { format!(" ({})", who.join(", ")) };
        let shown: Vec<String> = binding.shown.iter().map(|f| format!("{} {}", f.name, f.value)).collect();
        Progress::Waiting(Wait {
            reason: Reason::ApprovalRequired,
            why: format!(
                "wave {} needs the approval of {needed} people, {} gave it{who}: create a MigrationDecision Approve for migration {} with \
                 planDigest {digest}. Predicted for the wave: {}{}",
                wave.name,
                given.len(),
                view.migration.name(),
                shown.join(", "),
                outdated(view),
            ),
            until: None,
            on: WaitingOn::Approval,
        })
    }
}

/// Approvals that are void because another prediction was approved, with the figures that changed since.
fn outdated(view: &View) -> String {
    let decisions = view.decisions;
    let lines = decisions.outdated.iter().map(|(by, shown)| {
        let changed = decisions.binding.differences(shown);
        let why = if changed.is_empty() {
            "it was for another set of scopes".to_owned()
        } else {
            changed.join(", ")
        };
        format!("; the approval of {by} is void: {why}")
    });
    lines.collect()
}
