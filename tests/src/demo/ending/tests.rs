use serde_json::json;

use super::*;

/// The verdict of a run in which nothing went wrong; `changed` replaces some of it.
fn verdict(changed: &serde_json::Value) -> Verdict {
    let none = json!({"duration": "PT0S", "object": null});
    let mut verdict = json!({
        "objects": 75, "foreignValues": 0, "referenceEchoes": 12, "surpriseAccounts": 0, "orphans": 0,
        "unexplainedDeletions": 0, "membersLost": 0, "longestUnserved": none,
        "longestWithoutPasswordHashes": none, "longestSchedulerStop": none, "connectRetired": true, "violations": [],
    });
    for (name, value) in changed.as_object().unwrap() {
        verdict[name] = value.clone();
    }
    serde_json::from_value(verdict).unwrap()
}

fn outcome(end: End, changed: &serde_json::Value) -> Outcome {
    Outcome {
        end,
        verdict: verdict(changed),
        limits: Limits { scheduler_stop: 60, unserved: 120, hash_gap: 120 },
        took: Duration::from_mins(1),
        steps: 100,
        everyday_changes: 0,
        operator_writes: Some(400),
        agent_writes: Some(200),
        refused: Some(0),
        chaos: None,
    }
}

#[test]
fn a_clean_run_is_good_and_echoes_are_no_fault() {
    let outcome = outcome(End::Retired, &json!({}));
    assert_eq!(outcome.faults(), Vec::<String>::new());
    assert!(outcome.to_string().ends_with("Good: nothing lost, nothing exceeded."), "{outcome}");
}

#[test]
fn each_class_of_the_verdict_is_a_fault_of_its_own() {
    let longest = |seconds: u32| json!({"duration": format!("PT{seconds}S"), "object": "zoe@contoso.com"});
    for (changed, fault) in [
        (json!({"foreignValues": 1}), "foreign values: 1"),
        (json!({"surpriseAccounts": 2}), "surprise accounts: 2"),
        (json!({"orphans": 3}), "orphans: 3"),
        (json!({"unexplainedDeletions": 4}), "unexplained deletions: 4"),
        (json!({"membersLost": 5}), "members lost: 5"),
        (json!({"longestUnserved": longest(121)}), "limit unserved of 120 s exceeded: 2m 1s zoe@contoso.com"),
        (
            json!({"longestWithoutPasswordHashes": longest(121)}),
            "limit hashGap of 120 s exceeded: 2m 1s zoe@contoso.com",
        ),
        (
            json!({"longestSchedulerStop": longest(61)}),
            "limit schedulerStop of 60 s exceeded: 1m 1s zoe@contoso.com",
        ),
        (
            json!({"connectRetired": false}),
            "the topology is completed, and the estate says that Connect is not retired",
        ),
    ] {
        let outcome = outcome(End::Retired, &changed);
        assert_eq!(outcome.faults(), [fault], "{changed}");
        assert!(outcome.to_string().contains("Not good:"), "{outcome}");
    }
}

#[test]
fn a_limit_that_is_just_reached_is_not_exceeded() {
    let reached = json!({"longestSchedulerStop": {"duration": "PT60S", "object": null}});
    assert_eq!(outcome(End::Retired, &reached).faults(), Vec::<String>::new());
}

#[test]
fn an_end_that_nobody_announced_is_a_fault() {
    let not_retired = json!({"connectRetired": false});
    let rows = || vec!["Device objects (hybrid join): on".to_owned()];
    for end in [End::BlockedAsPredicted(rows()), End::SourceNoLongerWorks("too old".to_owned())] {
        assert_eq!(outcome(end, &not_retired).faults(), Vec::<String>::new());
    }
    for (end, fault) in [
        (
            End::BlockedBySurprise(rows()),
            "retirement is blocked on what the plan did not name: Device objects (hybrid join): on",
        ),
        (End::Stuck("Export: failed".to_owned()), "the run is stuck: Export: failed"),
        (End::TooLong("Soak".to_owned()), "the run took too long; it was at Soak"),
    ] {
        assert_eq!(outcome(end, &not_retired).faults(), [fault]);
    }
}

#[test]
fn a_request_without_right_is_a_fault() {
    let refused = Outcome { refused: Some(2), ..outcome(End::Retired, &json!({})) };
    assert_eq!(refused.faults(), ["the API server refused 2 requests for want of rights"]);
}
