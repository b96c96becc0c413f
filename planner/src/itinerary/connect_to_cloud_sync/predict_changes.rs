//! What Cloud Sync would create or rewrite is known and allowed before the scope is added (S11).

use crds::conditions::Reason;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact, listing};

/// See the module.
pub(crate) struct PredictChanges;

impl Step for PredictChanges {
    fn name(&self) -> StepName {
        StepName::PredictChanges
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let wanted = view.fact(StepName::ReadScope, listing::LISTING);
        let Some(prediction) =
            view.migration.prediction.as_ref().filter(|p| {
                p.listing.as_ref().map(crds::ContentDigest::as_str) == wanted && wanted.is_some()
            })
        else {
            return Progress::Working("the scope is being compared with the cloud".to_owned());
        };
        if prediction.anchor_mismatches > 0 {
            return Progress::Waiting(Wait::person(
                Reason::AnchorMismatch,
                format!(
                    "{} objects have another anchor in the cloud than the one Cloud Sync would compute, and would be duplicated: {}. Write \
                     the exported anchor's bytes into mS-DS-ConsistencyGuid of each, after reading it again",
                    prediction.anchor_mismatches,
                    prediction.mismatched.join(", ")
                ),
            ));
        }
        if prediction.surprise_creations > 0 {
            return Progress::Waiting(Wait::person(
                Reason::SurpriseCreations,
                format!(
                    "Cloud Sync would create {} accounts that Connect does not export: {}. Move them out of the scope's units, or let \
                     Connect export them first",
                    prediction.surprise_creations,
                    prediction.surprises.join(", ")
                ),
            ));
        }
        let allowed = i64::from(view.migration.object.spec.verification.max_drift);
        if prediction.changed_objects > allowed {
            let attributes: Vec<String> = prediction
                .changed_attributes
                .iter()
                .map(|(name, count)| format!("{name} ({count})"))
                .collect();
            return Progress::Waiting(Wait::person(
                Reason::SurpriseChanges,
                format!(
                    "the job's mappings would rewrite attributes of {} objects, `maxDrift` allows {allowed}: {}. Correct the mappings, or \
                     raise `verification.maxDrift` to accept them",
                    prediction.changed_objects,
                    attributes.join(", ")
                ),
            ));
        }
        let mut facts = vec![
            fact("objects", prediction.objects),
            fact("creations", prediction.surprise_creations),
            fact("changes", prediction.changed_objects),
            fact("anchorMismatches", prediction.anchor_mismatches),
        ];
        if !prediction.unpredictable.is_empty() {
            let names: Vec<String> =
                prediction.unpredictable.iter().map(|(name, count)| format!("{name} ({count})")).collect();
            facts.push(fact("unpredictable", names.join(", ")));
        }
        Progress::Pass(facts)
    }
}
