//! Request windows and permissions by themselves.

use axum::http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::faults::GraphFaults;
use crate::graph::error::GraphError;
use crate::graph::message::{GraphRequest, Version};
use crate::graph::permission::{Admission, admit, requirement};
use crate::graph::throttle::{Fault, LimitedEndpoint, RateLimit, Throttle};

#[test]
fn the_sixth_request_in_ten_seconds_waits_for_the_first_to_leave_the_window() {
    let start = Timestamp::UNIX_EPOCH;
    let at = |seconds: i64| start + SignedDuration::from_secs(seconds);
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let mut throttle = Throttle::default();
    for second in 0..5 {
        assert_eq!(throttle.spend(one, LimitedEndpoint::Logs, RateLimit::LOGS, at(second)), Ok(()));
    }
    let refused = throttle.spend(one, LimitedEndpoint::Logs, RateLimit::LOGS, at(5));
    // The refused request counts too, so the window frees when the second one leaves it.
    assert_eq!(refused, Err(GraphError::Throttled { retry_after: Some(6) }));
    assert_eq!(throttle.spend(other, LimitedEndpoint::Logs, RateLimit::LOGS, at(5)), Ok(()));
    assert_eq!(throttle.spend(one, LimitedEndpoint::OnDemand, RateLimit::LOGS, at(5)), Ok(()));
    assert_eq!(throttle.spend(one, LimitedEndpoint::Logs, RateLimit::LOGS, at(11)), Ok(()));
}

#[test]
fn faults_strike_every_nth_request() {
    let mut throttle = Throttle::default();
    let faults = GraphFaults {
        throttle_every: 3,
        unavailable_every: 4,
        lost_answer_every: 5,
        ..GraphFaults::default()
    };
    let request = request(Method::GET, "/v1.0/users");
    let struck: Vec<Fault> = (0..6).map(|_| throttle.fault(&faults, &request)).collect();
    let throttled = Fault::Instead(GraphError::Throttled { retry_after: None });
    let unavailable = Fault::Instead(GraphError::Unavailable);
    assert_eq!(
        struck,
        [Fault::None, Fault::None, throttled.clone(), unavailable, Fault::AnswerLost, throttled]
    );
}

fn request(method: Method, path: &str) -> GraphRequest {
    let (query, headers, body) = (String::new(), HeaderMap::new(), Vec::new());
    GraphRequest { method, path: path.to_owned(), query, headers, body }
}

#[test]
fn faults_may_be_for_some_requests_only() {
    let mut throttle = Throttle::default();
    let faults = GraphFaults {
        cut_every: 2,
        only_methods: vec!["put".to_owned(), "POST".to_owned()],
        only_paths: vec!["/synchronization/".to_owned()],
        ..GraphFaults::default()
    };
    let schema = "/v1.0/servicePrincipals/x/synchronization/jobs/y/schema";
    let struck =
        [(Method::PUT, schema), (Method::GET, schema), (Method::PUT, "/v1.0/users"), (Method::POST, schema)]
            .map(|(method, path)| throttle.fault(&faults, &request(method, path)));
    assert_eq!(struck, [Fault::None, Fault::None, Fault::None, Fault::Cut], "others do not even count");
}

#[test]
fn each_call_needs_its_permission() {
    type Case = (Method, &'static [&'static str], &'static [&'static str], bool, Admission);
    let cases: [Case; 16] = [
        (Method::GET, &["users"], &["User.Read.All"], false, Admission::Granted),
        (Method::GET, &["users"], &["Group.Read.All"], false, Admission::Refused),
        (Method::GET, &["groups", "delta"], &["GroupMember.Read.All"], false, Admission::Granted),
        (Method::GET, &["auditLogs", "provisioning"], &["AuditLog.Read.All"], false, Admission::Refused),
        (
            Method::GET,
            &["auditLogs", "provisioning"],
            &["AuditLog.Read.All", "Directory.Read.All"],
            false,
            Admission::Granted,
        ),
        (Method::GET, &["auditLogs", "directoryAudits"], &["AuditLog.Read.All"], false, Admission::Granted),
        (Method::GET, &["organization"], &[], false, Admission::Masked),
        (Method::PATCH, &["organization", "t"], &["Organization.Read.All"], false, Admission::Refused),
        (
            Method::GET,
            &["servicePrincipals", "s", "synchronization", "jobs"],
            &["Synchronization.Read.All"],
            false,
            Admission::Granted,
        ),
        (
            Method::POST,
            &["servicePrincipals", "s", "synchronization", "jobs"],
            &["Synchronization.Read.All"],
            false,
            Admission::Refused,
        ),
        (
            Method::POST,
            &["servicePrincipals", "s", "synchronization", "jobs"],
            &["Application.ReadWrite.OwnedBy"],
            false,
            Admission::Refused,
        ),
        (
            Method::POST,
            &["servicePrincipals", "s", "synchronization", "jobs"],
            &["Application.ReadWrite.OwnedBy"],
            true,
            Admission::Granted,
        ),
        (
            Method::POST,
            &["applicationTemplates", "t", "instantiate"],
            &["Application.ReadWrite.OwnedBy"],
            false,
            Admission::Granted,
        ),
        (Method::GET, &["servicePrincipals"], &["Application.ReadWrite.OwnedBy"], true, Admission::Refused),
        (Method::GET, &["applicationTemplates"], &[], false, Admission::Granted),
        (
            Method::GET,
            &["onPremisesPublishingProfiles", "provisioning"],
            &["Directory.ReadWrite.All"],
            false,
            Admission::Refused,
        ),
    ];
    for (method, segments, roles, owned, expected) in cases {
        let granted = roles.iter().map(|role| (*role).to_owned()).collect();
        let found = admit(requirement(Version::Beta, &method, segments), &granted, owned, true);
        assert_eq!(found, expected, "{method} {segments:?} with {roles:?}, owned {owned}");
    }
    let roles = ["OnPremDirectorySynchronization.Read.All".to_owned()].into();
    let path = ["directory", "onPremisesSynchronization"];
    assert_eq!(
        admit(requirement(Version::Beta, &Method::GET, &path), &roles, false, true),
        Admission::Refused
    );
    assert_eq!(
        admit(requirement(Version::Beta, &Method::GET, &path), &roles, false, false),
        Admission::Granted
    );
    assert_eq!(
        admit(requirement(Version::Beta, &Method::PATCH, &path), &roles, false, false),
        Admission::Refused
    );
}
