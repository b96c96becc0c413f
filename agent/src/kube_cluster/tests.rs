//! How answers of an API server are sorted. Against a real one: the workspace's integration tests.

use kube::core::Status;

use super::*;

fn api(code: u16, message: &str) -> kube::Error {
    kube::Error::Api(Box::new(Status { code, message: message.to_owned(), ..Status::default() }))
}

#[test]
fn errors_are_sorted_by_what_can_be_done() {
    let sorted = |code| sort("Lease a".to_owned(), &api(code, "the server's words"));
    assert!(matches!(sorted(404), ClusterError::Missing { .. }));
    assert!(matches!(sorted(409), ClusterError::Conflict { .. }));
    for code in [401, 403] {
        let error = sorted(code);
        assert!(matches!(error, ClusterError::Refused { .. }));
        assert!(error.to_string().contains("the server's words") && !error.is_transient(), "{error}");
    }
    for code in [400, 422] {
        assert!(matches!(sorted(code), ClusterError::Invalid { .. }), "{code}");
    }
    for code in [429, 500, 503, 504] {
        assert!(sorted(code).is_transient(), "{code}");
    }
    let dead = kube::Error::Service("connection refused".into());
    assert!(sort(String::new(), &dead).is_transient());
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_not_waited_for_for_ever() {
    let never = std::future::pending::<Result<(), kube::Error>>();
    let error = answered("Secret a".to_owned(), never).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("30s"), "{error}");
}

#[test]
fn a_lease_keeps_what_was_read() {
    let object: Lease = serde_json::from_value(json!({
        "metadata": {"resourceVersion": "7"},
        "spec": {"holderIdentity": "a", "leaseDurationSeconds": 60, "renewTime": "2026-01-01T00:00:00.000000Z", "leaseTransitions": 2}
    }))
    .unwrap();
    let lease = read_lease(&object);
    assert_eq!((lease.resource_version.as_str(), lease.holder.as_deref()), ("7", Some("a")));
    assert_eq!((lease.duration_seconds, lease.transitions), (60, 2));
    assert_eq!(lease.renewed_at.unwrap().to_string(), "2026-01-01T00:00:00Z");
    assert_eq!(read_lease(&Lease::default()).holder, None, "as the operator makes it");
}

#[test]
fn names_are_those_the_operator_gives() {
    let names = Names::of("identity", "sync01", "sync01-agent");
    assert_eq!((names.report.as_str(), names.lease.as_str()), ("sync01-inventory", "sync01"));
}
