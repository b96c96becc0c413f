//! What is found of a scope is told as docs/safety.md says: in a condition, an event and a series, each with its reason.

use crds::conditions::{self, ConditionType, Reason};
use crds::migration::{Migration, Reversibility, StepRecord, StepState};
use crds::sync_topology::SyncTopology;
use jiff::SignedDuration;
use planner::observed::{ParityFacts, PredictionFacts};
use planner::plan::{MigrationPlan, Standing};
use serde_json::json;

use super::told;
use crate::migration::{news, status};
use crate::observe::{self, Seen};
use crate::testing::{Books, Told, context, counts, now, object, rows};

const PILOT: &str = "contoso-scope-pilot-1";
const NEXT: &str = "what a person has to do next";

fn migration() -> Migration {
    let spec = json!({
        "topologyRef": {"name": "contoso"},
        "tenantRef": {"name": "contoso"},
        "itinerary": "ConnectToCloudSync",
        "itineraryVersion": 1,
        "scope": {"name": "pilot", "wave": "canary", "organizationalUnits": ["OU=Pilot,DC=contoso,DC=com"]},
        "attempt": 1,
        "planDigest": crds::ContentDigest::of(b"plan"),
    });
    object("Migration", PILOT, &spec, &json!({}))
}

async fn seen(cluster: &Books) -> Seen {
    cluster.put(&migration());
    let spec = json!({
        "tenantRef": {"name": "contoso"},
        "scopes": [{"name": "pilot", "organizationalUnits": ["OU=Pilot,DC=contoso,DC=com"], "engine": "CloudSync"}],
        "servers": [{"name": "sync01"}],
    });
    let topology: SyncTopology = object("SyncTopology", "contoso", &spec, &json!({}));
    observe::gather(&context(cluster), topology).await.unwrap()
}

/// A prediction or a comparison with two objects in the class.
fn found(class: &str) -> (Option<PredictionFacts>, Option<ParityFacts>) {
    let mut predicted = PredictionFacts::default();
    let mut compared = ParityFacts {
        listing: crds::ContentDigest::of(b"listing"),
        at: now(),
        took: SignedDuration::ZERO,
        job_epoch: crds::Epoch(1),
        compared: 10,
        missing: 0,
        orphans: 0,
        drift: 0,
        manager: 0,
        membership: 0,
        anchor: 0,
        unkeyed: 0,
        samples: Vec::new(),
        orphan_anchors: Vec::new(),
    };
    let count = match class {
        "surpriseCreations" => &mut predicted.surprise_creations,
        "takeovers" => &mut predicted.takeovers,
        "unserved" => &mut predicted.unserved,
        "unknownReferences" => &mut predicted.unknown_references,
        "surpriseChanges" => &mut predicted.changed_objects,
        "anchorMismatches" => &mut predicted.anchor_mismatches,
        "orphans" => &mut compared.orphans,
        "anchor" => &mut compared.anchor,
        other => panic!("nothing finds {other}"),
    };
    *count = 2;
    if compared.orphans + compared.anchor > 0 { (None, Some(compared)) } else { (Some(predicted), None) }
}

#[tokio::test]
async fn every_class_of_objects_is_an_event_with_its_reason_and_a_series() {
    for row in rows().into_iter().filter(|row| row.event == "Migration") {
        let of_objects = row.series.iter().filter(|(name, _)| name == "hybrid_identity_scope_objects");
        for series in of_objects {
            let cluster = Books::default();
            let (context, seen) = (context(&cluster), seen(&cluster).await);
            let facts = seen.observed.migration(PILOT).unwrap();
            let class = series.1.split('"').nth(1).unwrap();
            match found(class) {
                (Some(predicted), _) => told::predicted(&context, &seen, facts, &predicted).await,
                (None, Some(compared)) => told::compared(&context, &seen, facts, &compared).await,
                (None, None) => unreachable!(),
            }
            assert!(counts(&context.metrics, series, 2), "{class}");
            let told = cluster.told();
            assert_eq!(told.len(), 1, "{class}: {told:?}");
            let Told { kind, warning, reason, note } = &told[0];
            assert_eq!((kind, *warning, reason), (&row.event, true, &row.reason), "{class}");
            assert!(note.starts_with("2 objects of scope pilot"), "{note}");
        }
    }
}

/// A plan at a step that waits for a person for this reason.
fn asking(reason: &str) -> MigrationPlan {
    let record = StepRecord {
        state: StepState::Waiting,
        reason: Some(reason.to_owned()),
        message: NEXT.to_owned(),
        ..StepRecord::pending("Step")
    };
    MigrationPlan {
        name: PILOT.to_owned(),
        steps: vec![record],
        way_back: None,
        standing: Standing::AwaitingPerson { message: NEXT.to_owned() },
        reversibility: Reversibility::Free {},
        next: None,
        effect: None,
        limits: Vec::new(),
        consumed: Vec::new(),
        asked_for: None,
    }
}

#[tokio::test]
async fn what_a_person_has_to_do_is_a_condition_and_an_event_with_the_reason() {
    let cluster = Books::default();
    let seen = seen(&cluster).await;
    let facts = seen.observed.migration(PILOT).unwrap();
    let mut before = None;
    for row in rows().into_iter().filter(|row| row.condition.1 == "Migration") {
        let plan = asking(&row.reason);
        let after = status::of(facts, &plan, now());
        let kind = ConditionType::ALL.iter().find(|kind| kind.as_str() == row.condition.0).unwrap();
        for kind in [*kind, ConditionType::Stalled] {
            let condition = conditions::find(&after.conditions, kind).unwrap();
            assert_eq!((&condition.reason, condition.message.as_str()), (&row.reason, NEXT));
        }
        // Another reason is news although a person was waited for before.
        let news = news::of(before.as_ref(), &after, &plan);
        let expected = news::News { warning: true, reason: row.reason.clone(), note: NEXT.to_owned() };
        assert_eq!(news, [expected]);
        assert_eq!(news::of(Some(&after), &after, &plan), []);
        before = Some(after);
    }
}

#[tokio::test]
async fn a_step_that_fails_is_told_once_with_its_reason() {
    let cluster = Books::default();
    let seen = seen(&cluster).await;
    let facts = seen.observed.migration(PILOT).unwrap();
    let reason = Reason::UnexplainedDeletion.as_str();
    let mut plan = asking(reason);
    plan.standing = Standing::Running { step: "Step".to_owned() };
    let before = status::of(facts, &plan, now());
    plan.steps[0].state = StepState::Failed;
    let after = status::of(facts, &plan, now());
    let note = format!("step Step failed: {NEXT}");
    let expected = news::News { warning: true, reason: reason.to_owned(), note };
    assert_eq!(news::of(Some(&before), &after, &plan), [expected]);
    assert_eq!(news::of(Some(&after), &after, &plan), []);
}
