use super::*;

/// A line as the API server writes it: a status patch by a service account.
const PATCH: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1","stage":"ResponseComplete","requestURI":"/apis/hybrididentity.dev/v1alpha1/namespaces/identity/syncservers/sync01/status?fieldManager=x","verb":"patch","user":{"username":"system:serviceaccount:identity:operator","groups":["system:serviceaccounts"]},"sourceIPs":["127.0.0.1"],"userAgent":"operator/0.1","objectRef":{"resource":"syncservers","namespace":"identity","name":"sync01","apiGroup":"hybrididentity.dev","apiVersion":"v1alpha1","subresource":"status"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"2026-01-02T03:04:05.000006Z","stageTimestamp":"2026-01-02T03:04:05.000007Z","annotations":{"authorization.k8s.io/decision":"allow"}}"#;

/// A question without an object, by somebody who acts as another, refused.
const IMPERSONATED: &str = r#"{"stage":"ResponseComplete","requestURI":"/metrics","verb":"get","user":{"username":"admin","groups":["system:masters"]},"impersonatedUser":{"username":"anna","groups":["approvers"]},"responseStatus":{"code":403},"requestReceivedTimestamp":"2026-01-02T03:04:05Z","annotations":{"authorization.k8s.io/decision":"forbid"}}"#;

/// A watch that has just begun.
const WATCH: &str = r#"{"stage":"ResponseStarted","requestURI":"/api/v1/pods?watch=true","verb":"watch","user":{"username":"anna"},"objectRef":{"resource":"pods","apiVersion":"v1"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-02T03:04:05Z"}"#;

fn events() -> AuditEvents {
    parse(format!("{PATCH}\n{IMPERSONATED}\n{WATCH}\n").as_bytes()).unwrap()
}

#[test]
fn a_line_is_read_in_full() {
    let events = events();
    let patch = events.iter().next().unwrap();
    assert_eq!(patch.user, "system:serviceaccount:identity:operator");
    assert_eq!((patch.verb.as_str(), patch.code), ("patch", 200));
    assert_eq!((patch.api_group.as_str(), patch.resource.as_str()), ("hybrididentity.dev", "syncservers"));
    assert_eq!(
        (patch.subresource.as_str(), patch.namespace.as_str(), patch.name.as_str()),
        ("status", "identity", "sync01")
    );
    assert_eq!(patch.received, "2026-01-02T03:04:05.000006Z".parse().unwrap());
    assert!(patch.is_write() && !patch.is_refused());
}

#[test]
fn who_acts_as_another_appears_as_the_other() {
    let acted = events().by("anna").matching(|event| event.uri == "/metrics");
    assert_eq!(acted.len(), 1);
    assert_eq!(acted.iter().next().unwrap().groups, ["approvers"]);
    assert!(events().by("admin").is_empty());
}

#[test]
fn each_question_keeps_what_fits() {
    assert_eq!(events().on("syncservers/status").len(), 1);
    assert!(events().on("syncservers").is_empty());
    assert_eq!(events().verb("watch").len(), 1);
    assert_eq!(events().within("identity").named("sync01").len(), 1);
    assert_eq!(events().writes().len(), 1);
    assert_eq!(events().refused().len(), 1);
    assert_eq!(events().completed().len(), 2);
}

#[test]
fn rights_are_named_as_a_role_names_them() {
    let rights: Vec<_> = events().rights().iter().map(ToString::to_string).collect();
    assert_eq!(rights, ["watch pods", "patch syncservers/status.hybrididentity.dev"]);
}

#[test]
fn a_line_that_is_being_written_is_left_for_later() {
    let half = format!("{PATCH}\n{}", &WATCH[..20]);
    assert_eq!(parse(half.as_bytes()).unwrap().len(), 1);
    assert!(parse(&WATCH.as_bytes()[..20]).unwrap().is_empty());
}

#[test]
fn what_is_not_an_event_is_told_with_its_line() {
    let error = parse(format!("{PATCH}\nnonsense\n").as_bytes()).unwrap_err();
    assert!(error.to_string().starts_with("line 2 of the audit log is not an event: "), "{error}");
}

#[test]
fn the_log_is_read_from_a_mark_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    std::fs::write(&path, format!("{PATCH}\n")).unwrap();
    let log = AuditLog::new(path.clone());
    let mark = log.mark().unwrap();
    assert!(log.since(mark).unwrap().is_empty());
    std::fs::write(&path, format!("{PATCH}\n{WATCH}\n")).unwrap();
    assert_eq!(
        log.since(mark).unwrap().iter().map(|event| event.verb.as_str()).collect::<Vec<_>>(),
        ["watch"]
    );
    assert_eq!(log.all().unwrap().len(), 2);
}
