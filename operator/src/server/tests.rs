//! What an agent reports of claimed scopes is told as docs/safety.md says: in a condition, an event and a series, each with its reason.

use crds::conditions::{self, ConditionType};
use crds::{SyncAgent, SyncServer};
use planner::moved::Finding;
use serde_json::json;

use super::{Speaker, scopes, status};
use crate::testing::{Books, NAMESPACE, Told, context, counts, now, object, rows};

const SERVER: &str = "sync01";
const NEXT: &str = "what a person has to do next";

#[tokio::test]
async fn every_finding_is_a_condition_an_event_and_a_series_with_its_reason() {
    for row in rows().into_iter().filter(|row| row.condition.1 == "SyncServer") {
        let cluster = Books::default();
        let context = context(&cluster);
        let reason = *planner::moved::REASONS.iter().find(|known| known.as_str() == row.reason).unwrap();
        let finding =
            Finding { reason, topology: None, scope: None, count: 2, holds: true, message: NEXT.to_owned() };
        let spec = json!({"hostName": "SYNC01", "tenantRef": {"name": "contoso"}, "acceptedAgent": {"name": SERVER}});
        let server: SyncServer = object("SyncServer", SERVER, &spec, &json!({}));
        let findings = std::slice::from_ref(&finding);
        let after = status::of(&server, Speaker::Present, None, None, None, Some(findings), now());
        scopes::tell(&context, &server, &after).await;
        scopes::count(&context, NAMESPACE, SERVER, findings);

        let kind = ConditionType::ALL.iter().find(|kind| kind.as_str() == row.condition.0).unwrap();
        let condition = conditions::find(&after.conditions, *kind).unwrap();
        assert_eq!((&condition.reason, condition.message.as_str()), (&row.reason, NEXT));
        let expected = Told {
            kind: row.event.clone(),
            warning: true,
            reason: row.reason.clone(),
            note: NEXT.to_owned(),
        };
        assert_eq!(cluster.told(), [expected]);
        for series in &row.series {
            assert!(counts(&context.metrics, series, 2), "{series:?}");
        }
    }
}

#[tokio::test]
async fn deletions_that_nobody_explained_are_counted() {
    let row = rows().into_iter().find(|row| row.reason == "UnexplainedDeletion").unwrap();
    let context = context(&Books::default());
    let evidence = json!({"pendingExports": {"adds": 0, "updates": 3, "deletes": 5, "explainedDeletes": 3, "unexplained": ["anchor"],
        "noFlowValues": 0, "noFlowReferences": 0, "retries": 0, "foreignRuns": 0}});
    let status = json!({"outcome": {"commandId": "read", "epoch": 1, "state": "Succeeded", "startedAt": now(), "evidence": evidence}});
    let agent: SyncAgent = object("SyncAgent", SERVER, &json!({"serverRef": {"name": SERVER}}), &status);
    scopes::count_deletions(&context, NAMESPACE, SERVER, &agent);
    assert!(counts(&context.metrics, &row.series[0], 2));
}
