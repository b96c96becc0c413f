//! Faults of Graph, each with what a caller sees of it.

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::rig::{DOMAIN, Rig};
use crate::directory::ObjectClass;
use crate::graph::{Exchange, Graph};

const USERS: &str = "/v1.0/users?$select=id&$top=3";

/// Status of an answer; none if there was none.
fn status(exchange: &Exchange) -> Option<u16> {
    match exchange {
        Exchange::Answered(response) => Some(response.status.as_u16()),
        Exchange::NoAnswer => None,
    }
}

fn statuses(rig: &mut Rig, count: usize) -> Vec<Option<u16>> {
    (0..count).map(|_| status(&rig.exchange(Method::GET, USERS, None))).collect()
}

/// Makes another configuration. What came back, and how many there are then.
fn instantiate(rig: &mut Rig) -> (Option<u16>, usize) {
    let url = "/v1.0/applicationTemplates/1a4721b3-e57f-4451-ae87-ef078703ec94/instantiate";
    let answered = rig.exchange(Method::POST, url, Some(&json!({"displayName": "fabrikam.com"})));
    rig.no_faults();
    rig.pass(1);
    let estate = &rig.running.estate;
    (status(&answered), estate.cloud.principals(&estate.world, estate.now()).count())
}

#[test]
fn every_fault_of_graph_shows() {
    let mut rig = Rig::new();
    storms(&mut rig);
    lost_and_double(&mut rig);
    credentials(&mut rig);
    time(&mut rig);
    rig.assert_faults_complete(&["graph/"]);
}

fn storms(rig: &mut Rig) {
    let end = rig.running.estate.now() + SignedDuration::from_hours(3);
    rig.faults(&json!({"graph": {"throttleEvery": 1, "retryAfterSeconds": 30, "until": end}}));
    let answer = rig.get(USERS);
    assert_eq!((answer.status.as_u16(), answer.headers["retry-after"].to_str().expect("text")), (429, "30"));
    rig.faults(&json!({"graph": {"retryAfterSeconds": null}}));
    assert_eq!(rig.get(USERS).headers.get("retry-after"), None);
    rig.pass(179);
    rig.sign_in();
    assert_eq!(statuses(rig, 2), [Some(429), Some(429)], "for hours");
    rig.pass(1);
    assert_eq!(statuses(rig, 2), [Some(200), Some(200)], "and then it is over by itself");
    rig.no_faults();

    for (kind, expected) in [
        ("internalServerError", 500),
        ("badGateway", 502),
        ("serviceUnavailable", 503),
        ("gatewayTimeout", 504),
    ] {
        rig.faults(&json!({"graph": {"unavailableEvery": 1, "unavailableAs": kind}}));
        let answer = rig.get(USERS);
        assert_eq!(answer.status, expected);
        assert_eq!(answer.body_json().is_null(), expected == 502, "a gateway's page is no JSON");
    }
    rig.no_faults();

    rig.faults(&json!({"graph": {"unavailableEvery": 1, "onlyMethods": ["PUT"]}}));
    assert_eq!(statuses(rig, 1), [Some(200)]);
    rig.faults(&json!({"graph": {"onlyMethods": [], "onlyPaths": ["/groups"]}}));
    assert_eq!(statuses(rig, 1), [Some(200)]);
    assert_eq!(rig.get("/v1.0/groups").status, 503);
    rig.no_faults();
}

fn lost_and_double(rig: &mut Rig) {
    assert_eq!(
        rig.running.estate.cloud.principals(&rig.running.estate.world, rig.running.estate.now()).count(),
        1
    );
    rig.faults(&json!({"graph": {"lostRequestEvery": 1}}));
    assert_eq!(instantiate(rig), (None, 1), "nothing arrived");
    rig.faults(&json!({"graph": {"cutEvery": 1}}));
    assert_eq!(instantiate(rig), (None, 2), "it was done, and nobody heard of it");
    rig.faults(&json!({"graph": {"lostAnswerEvery": 1}}));
    assert_eq!(instantiate(rig), (Some(504), 3), "the same, and a gateway says something");
    rig.faults(&json!({"graph": {"duplicateRequestEvery": 1}}));
    assert_eq!(instantiate(rig), (Some(201), 5), "it arrived twice");

    rig.faults(&json!({"graph": {"duplicateAnswerEvery": 1}}));
    let doubled = rig.read(USERS);
    rig.no_faults();
    let plain = rig.read(USERS);
    let ids = |body: &Value| body["value"].as_array().expect("a list").clone();
    let twice: Vec<Value> = ids(&plain).iter().flat_map(|user| [user.clone(), user.clone()]).collect();
    assert_eq!(ids(&doubled), twice);
}

fn credentials(rig: &mut Rig) {
    rig.faults(&json!({"graph": {"credentialsExpired": true}}));
    let refused = rig.ask_for_token();
    assert_eq!(refused.status, 401);
    assert!(refused.body_json().to_string().contains("AADSTS7000222"));
    assert_eq!(rig.get(USERS).status, 200, "the token that is there serves to its end");
    rig.no_faults();
    rig.faults(&json!({"graph": {"credentialsRefused": true}}));
    assert_eq!(rig.ask_for_token().status, 401);
    assert_eq!(rig.get(USERS).status, 401);
    rig.no_faults();
    rig.faults(&json!({"graph": {"missingPermissions": ["User.Read.All", "Directory.Read.All"]}}));
    assert_eq!(rig.get(USERS).status, 403);
    rig.no_faults();
}

fn time(rig: &mut Rig) {
    rig.faults(&json!({"graph": {"latency": "PT5S"}}));
    assert_eq!(Graph::latency(&rig.running.estate), SignedDuration::from_secs(5));
    rig.no_faults();

    // Three hours ahead: in `Date`, in every answer, and in what filters are compared with.
    rig.act(&json!({"at": "job", "domain": DOMAIN, "action": "pause"}));
    let url = "/v1.0/auditLogs/directoryAudits?$filter=loggedByService eq 'Account Provisioning'";
    let logged = |rig: &mut Rig, url: &str| {
        rig.pass(1);
        rig.read(url)["value"].as_array().expect("a list").clone()
    };
    let stamp = |entry: &Value| entry["activityDateTime"].as_str().expect("a time").to_owned();
    let right = stamp(&logged(rig, url)[0]);
    rig.faults(&json!({"graph": {"clockOffset": "PT3H"}}));
    let wrong = stamp(&logged(rig, url)[0]);
    let parse = |text: &str| text.parse::<jiff::Timestamp>().expect("a time");
    assert_eq!(parse(&wrong).duration_since(parse(&right)), SignedDuration::from_hours(3));
    let since = format!("{url} and activityDateTime ge {wrong}");
    assert_eq!(logged(rig, &since).len(), 1, "its own stamp finds the entry");
    let after = format!("{url} and activityDateTime gt {wrong}");
    assert_eq!(logged(rig, &after).len(), 0);
    let date = rig.get(USERS).headers["date"].to_str().expect("text").to_owned();
    let shown = rig.running.estate.now() + SignedDuration::from_hours(3);
    assert_eq!(date, shown.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    rig.no_faults();
    let date = rig.get(USERS).headers["date"].to_str().expect("text").to_owned();
    assert_eq!(date, rig.running.estate.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());

    rig.faults(&json!({"graph": {"logLag": "PT45M"}}));
    rig.act(&json!({"at": "job", "domain": DOMAIN, "action": "start"}));
    assert_eq!(logged(rig, url).len(), 0, "neither the start nor the pause before");
    rig.pass(60);
    rig.sign_in();
    assert_eq!(logged(rig, url).len(), 6, "these two, and the four configurations made before");
    assert_eq!(rig.read("/v1.0/auditLogs/provisioning?$top=1")["value"].as_array().map(Vec::len), Some(1));
    rig.pass(1);
    rig.faults(&json!({"graph": {"logLag": "PT10H"}}));
    assert_eq!(rig.read("/v1.0/auditLogs/provisioning?$top=1")["value"].as_array().map(Vec::len), Some(0));
    rig.no_faults();

    let person = rig.all(ObjectClass::User, 1)[0].clone();
    let id = rig.running.estate.world.counterpart(person.guid).expect("a user");
    let title = |rig: &mut Rig| rig.read(&format!("/v1.0/users/{id}?$select=jobTitle"))["jobTitle"].clone();
    rig.faults(&json!({"graph": {"staleReads": "PT2H"}}));
    let before = title(rig);
    rig.new_title(&person, "Fresh");
    rig.pass(50);
    rig.sign_in();
    assert_eq!(title(rig), before, "of a while ago");
    rig.no_faults();
    assert_eq!(title(rig), "Fresh");
}
