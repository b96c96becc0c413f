//! What was predicted or compared, as series and events: each class of objects that needs a person is told once, when it appears.

use kube::Resource as _;
use planner::observed::{MigrationFacts, ParityFacts, PredictionFacts};

use crate::cluster::Cluster;
use crate::context::Context;
use crate::metrics::Scope;
use crate::observe::Seen;

/// A class: its label, how many objects are in it, the event that tells of it, and some of its objects.
struct Class<'a> {
    label: &'static str,
    count: i64,
    reason: &'static str,
    named: &'a [String],
}

/// Tells what a prediction found that the one before it did not.
pub(super) async fn predicted<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    facts: &MigrationFacts,
    now: &PredictionFacts,
) {
    let before = facts.prediction.as_ref().map(classes_of_prediction).unwrap_or_default();
    tell(context, seen, facts, &before, &classes_of_prediction(now)).await;
}

/// Tells what a comparison found that the one before it did not.
pub(super) async fn compared<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    facts: &MigrationFacts,
    now: &ParityFacts,
) {
    let before = facts.parity.as_ref().map(classes_of_parity).unwrap_or_default();
    tell(context, seen, facts, &before, &classes_of_parity(now)).await;
}

fn classes_of_prediction(found: &PredictionFacts) -> Vec<Class<'_>> {
    let class = |label, count, reason, named| Class { label, count, reason, named };
    vec![
        class("surpriseCreations", found.surprise_creations, "SurpriseCreations", &found.surprises),
        class("takeovers", found.takeovers, "SurpriseCreations", &found.taken_over),
        class("anchorMismatches", found.anchor_mismatches, "AnchorMismatch", &found.mismatched),
        class("unserved", found.unserved, "UnservedObjects", &found.left_out),
        class("unknownReferences", found.unknown_references, "UnknownReferences", &found.referring),
        class("crossDomainReferences", found.cross_domain_references, "", &found.crossing),
        class("surpriseChanges", found.changed_objects, "SurpriseChanges", &[]),
    ]
}

fn classes_of_parity(found: &ParityFacts) -> Vec<Class<'_>> {
    let class = |label, count, reason, named| Class { label, count, reason, named };
    vec![
        class("orphans", found.orphans, "Orphans", &found.orphan_anchors),
        class("anchor", found.anchor, "AnchorMismatch", &[]),
        class("missing", found.missing, "VerificationFailed", &found.samples),
        class("drift", found.drift, "VerificationFailed", &[]),
        class("membership", found.membership, "VerificationFailed", &[]),
        class("unkeyed", found.unkeyed, "", &[]),
    ]
}

async fn tell<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    facts: &MigrationFacts,
    before: &[Class<'_>],
    now: &[Class<'_>],
) {
    let Some(scope) = &facts.object.spec.scope else { return };
    let labels = Scope {
        namespace: &seen.observed.topology.namespace,
        topology: seen.observed.topology.name.as_str(),
        scope: scope.name.as_str(),
    };
    let counts: Vec<(&str, i64)> = now.iter().map(|class| (class.label, class.count)).collect();
    context.metrics.scope(&labels, &counts);
    for class in now.iter().filter(|class| class.count > 0 && !class.reason.is_empty()) {
        let known = before.iter().find(|known| known.label == class.label).map_or(0, |known| known.count);
        if class.count > known {
            let named =
                if class.named.is_empty() { String::new() } else { format!(": {}", class.named.join(", ")) };
            let kind = crds::Migration::kind(&());
            let text = format!(
                "{} objects of scope {} in class {}{named}. What to do next stands in the conditions of {kind} {}",
                class.count,
                scope.name,
                class.label,
                facts.name()
            );
            context.cluster.event(&facts.object, true, class.reason, "Compare", &text).await;
        }
    }
}
