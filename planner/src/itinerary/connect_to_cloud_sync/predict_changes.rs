//! What Cloud Sync would create or rewrite is known and allowed before the scope is added (S11).

use crds::ContentDigest;
use crds::conditions::Reason;
use crds::migration::Fact;
use jiff::Timestamp;

use super::references;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact, filter, listing, watch};
use crate::observed::PredictionFacts;
use crate::plan::Effect;

/// Name of the fact that says how many objects refer to others that the job would not know.
pub(super) const UNKNOWN_REFERENCES: &str = "unknownReferences";

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
                let domains = view.domains();
                let jobs = domains.iter().filter_map(|domain| view.observed.job(domain));
                facts.extend(jobs.map(|job| fact(&filter::mappings_fact(&job.domain), &job.mappings_digest)));
                Progress::Pass(facts)
            }
            Err(wait) => {
                // People join, leave and change all the time, and the cloud follows later: what blocks now may be gone soon.
                let pause = watch::pause(view, prediction.took);
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
        let by = view.fact(StepName::ReadScope, listing::MAPPINGS);
        if by.is_some_and(|by| by != listing::mappings_now(view).as_str()) {
            return Err(Box::new(listing::again(view, StepName::PredictChanges)));
        }
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
const BLOCKS: [Reason; 5] = [
    Reason::AnchorMismatch,
    Reason::SurpriseCreations,
    Reason::UnservedObjects,
    Reason::UnknownReferences,
    Reason::SurpriseChanges,
];

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
    if prediction.takeovers > 0 {
        return Err(Wait::person(
            Reason::SurpriseCreations,
            format!(
                "Cloud Sync would take over {} accounts that are managed in the cloud today, and overwrite them from the directory: {}. \
                 Move their counterparts out of the scope's units, or let Connect take them over first",
                prediction.takeovers,
                prediction.taken_over.join(", ")
            ),
        ));
    }
    if prediction.unserved > 0 {
        return Err(Wait::person(
            Reason::UnservedObjects,
            format!(
                "Connect exports {} objects of the scope that the job would leave out, and nobody would serve them: {}. Move them to a unit \
                 that stays with Connect, or change the scoping filter and the mappings of the job so that it takes them",
                prediction.unserved,
                prediction.left_out.join(", ")
            ),
        ));
    }
    let unknown = references::judge(view, prediction)?;
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
        fact(UNKNOWN_REFERENCES, unknown),
        fact("crossDomainReferences", prediction.cross_domain_references),
    ];
    if !prediction.unpredictable.is_empty() {
        let names: Vec<String> =
            prediction.unpredictable.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        facts.push(fact("unpredictable", names.join(", ")));
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Standing;
    use crate::testing::World;

    type Spoil = fn(&mut PredictionFacts);

    /// What the plan says of a prediction: the reason that blocks, if one does, and the whole message.
    fn judged(spoil: Spoil, allowed: Option<i32>) -> (Option<String>, String) {
        let mut world = World::new();
        spoil(&mut world.predicts);
        world.observed.topology.spec.strategy.as_mut().unwrap().verification.max_unknown_references = allowed;
        let plan = world.run_until(60, |plan, _| {
            let asks = |standing: &Standing| {
                matches!(standing, Standing::AwaitingPerson { .. } | Standing::AwaitingApproval { .. })
            };
            plan.migrations.iter().any(|m| asks(&m.standing))
        });
        match &plan.migrations[0].standing {
            Standing::AwaitingPerson { message } => {
                let record = plan.migrations[0].steps.iter().find(|r| r.name == "PredictChanges").unwrap();
                (record.reason.clone(), message.clone())
            }
            _ => (None, String::new()),
        }
    }

    #[test]
    fn every_class_blocks_with_its_reason_and_the_next_step() {
        let table: [(Spoil, &str, &str); 6] = [
            (|p| p.anchor_mismatches = 1, "AnchorMismatch", "mS-DS-ConsistencyGuid"),
            (|p| p.surprise_creations = 1, "SurpriseCreations", "let Connect export them first"),
            (|p| p.takeovers = 1, "SurpriseCreations", "managed in the cloud today"),
            (|p| p.unserved = 1, "UnservedObjects", "stays with Connect"),
            (|p| p.unknown_references = 1, "UnknownReferences", "one wave whose `maxConcurrent`"),
            (|p| p.changed_objects = 1, "SurpriseChanges", "`verification.maxDrift`"),
        ];
        for (spoil, reason, part) in table {
            let (found, message) = judged(spoil, None);
            assert_eq!(found.as_deref(), Some(reason), "{message}");
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn unknown_references_pass_where_the_topology_accepts_so_many() {
        assert_eq!(judged(|p| p.unknown_references = 2, Some(2)).0, None);
        assert_eq!(judged(|p| p.unknown_references = 3, Some(2)).0.as_deref(), Some("UnknownReferences"));
    }
}
