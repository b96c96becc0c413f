//! What Cloud Sync would create or rewrite is known and allowed before the scope is added (S11).

use crds::ContentDigest;
use crds::conditions::Reason;
use crds::migration::Fact;
use jiff::Timestamp;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact, listing, watch};
use crate::observed::PredictionFacts;
use crate::plan::Effect;

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
        let (digest, read) = match reading(view) {
            Ok(reading) => reading,
            Err(progress) => return meanwhile(view, *progress),
        };
        // A prediction from before this reading says nothing about it, even where the listing is the same to the byte.
        let current = |p: &&PredictionFacts| {
            p.listing.as_ref().map(ContentDigest::as_str) == Some(digest.as_str()) && p.at >= read
        };
        let Some(prediction) = view.migration.prediction.as_ref().filter(current) else {
            let next = match &view.migration.listing {
                Some(kept) if kept.digest.as_str() == digest => {
                    Progress::Begin(Effect::Predict { listing: kept.digest.clone() })
                }
                // Another one was kept meanwhile, or none at all.
                _ => listing::again(view, StepName::PredictChanges),
            };
            return meanwhile(view, next);
        };
        match judge(view, prediction) {
            Ok(mut facts) => {
                facts.push(fact(listing::LISTING, digest));
                Progress::Pass(facts)
            }
            Err(wait) => {
                // People join, leave and change all the time, and the cloud follows later: what blocks now may be gone soon.
                let pause = watch::pause(prediction.took);
                let again = prediction.at.checked_add(pause).unwrap_or(prediction.at);
                if view.now < again {
                    return Progress::Waiting(Wait { until: Some(again), ..wait });
                }
                watch::under(listing::again(view, StepName::PredictChanges), wait)
            }
        }
    }
}

/// The listing that counts, and when it was read: that of this step once it has looked again, else that of the step before.
fn reading(view: &View) -> Result<(String, Timestamp), Box<Progress>> {
    let missing = || {
        Box::new(Progress::Inconclusive(
            Reason::WaitingForEvidence,
            "expected the listing's digest".to_owned(),
        ))
    };
    if !listing::is_begun(view, StepName::PredictChanges) {
        let digest = view.fact(StepName::ReadScope, listing::LISTING).ok_or_else(missing)?;
        return Ok((digest.to_owned(), view.done_at(StepName::ReadScope).ok_or_else(missing)?));
    }
    let listed = listing::fresh(view, StepName::PredictChanges);
    let Progress::Pass(facts) = listed else { return Err(Box::new(listed)) };
    let digest = facts.into_iter().find(|f| f.name == listing::LISTING).ok_or_else(missing)?.value;
    Ok((digest, listing::read_at(view, StepName::PredictChanges).unwrap_or(view.now)))
}

fn meanwhile(view: &View, progress: Progress) -> Progress {
    BLOCKS.iter().fold(progress, |progress, reason| watch::meanwhile(view, *reason, progress))
}

/// What a judgement can wait for.
const BLOCKS: [Reason; 3] = [Reason::AnchorMismatch, Reason::SurpriseCreations, Reason::SurpriseChanges];

/// Facts of a prediction that is allowed.
///
/// # Errors
/// What a person has to do first.
fn judge(view: &View, prediction: &PredictionFacts) -> Result<Vec<Fact>, Wait> {
    if prediction.anchor_mismatches > 0 {
        return Err(Wait::person(
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
        return Err(Wait::person(
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
        let attributes: Vec<String> =
            prediction.changed_attributes.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        return Err(Wait::person(
            Reason::SurpriseChanges,
            format!(
                "the job's mappings would rewrite attributes of {} objects, `maxDrift` allows {allowed}: {}. Correct the \
                 mappings; or, to accept them, raise `verification.maxDrift` in the topology and delete this Migration: nothing of it has \
                 begun, and it is made anew",
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
    Ok(facts)
}
