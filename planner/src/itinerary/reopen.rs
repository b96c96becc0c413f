//! Takes back what was judged before the start once its ground has changed: a prediction that is another one now is judged again, and
//! an approval that was given for another prediction is asked for again. Pure.

use crds::migration::{Itinerary, StepRecord, StepState};
use crds::sync_topology::Wave;

use super::StepName as S;
use crate::decisions::{Figures, Standing};
use crate::observed::MigrationFacts;

/// From the judgement of the prediction to the last step before anything begins.
const FROM_PREDICTION: [S; 4] =
    [S::PredictChanges, S::ReviewPendingExports, S::AwaitApproval, S::AwaitWindow];

/// From the approval on.
const FROM_APPROVAL: [S; 2] = [S::AwaitApproval, S::AwaitWindow];

/// Opens steps again, as long as the migration has not begun.
pub(crate) fn reopen(
    migration: &MigrationFacts,
    decisions: &Standing,
    wave: Option<&Wave>,
    records: &mut [StepRecord],
) {
    let begun = records
        .iter()
        .find(|record| record.name == S::ClaimServers.as_str())
        .is_none_or(|record| record.started_at.is_some() || record.state == StepState::Failed);
    if begun || migration.object.spec.itinerary != Itinerary::ConnectToCloudSync {
        return;
    }
    let changed = match (Figures::recorded(migration), Figures::known(migration)) {
        (Some(recorded), Some(known)) => recorded != known,
        _ => false,
    };
    if changed {
        again(records, &FROM_PREDICTION);
    } else if migration.state_of(S::AwaitApproval) == Some(StepState::Done)
        && wave.is_some_and(|wave| wave.approval.required && decisions.approved_by.len() < needed(wave))
    {
        again(records, &FROM_APPROVAL);
    }
}

/// How many people have to approve a wave.
pub(crate) fn needed(wave: &Wave) -> usize {
    usize::try_from(wave.approval.distinct_users).unwrap_or(1).max(1)
}

fn again(records: &mut [StepRecord], steps: &[S]) {
    for record in records.iter_mut().filter(|record| steps.iter().any(|step| step.as_str() == record.name)) {
        // A command that is given again is another one: what came of the one before is no evidence.
        let attempts = if record.attempts > 0 { record.attempts + 1 } else { 0 };
        *record = StepRecord { attempts, ..StepRecord::pending(&record.name) };
    }
}
