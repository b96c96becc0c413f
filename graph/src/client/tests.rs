//! Whole calls through a scripted transport on a virtual clock: headers, retries, pages, delta rounds.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt as _;
use serde_json::{Value, json};

use crate::error::Error;
use crate::observe::ObservedResult;
use crate::query::Query;
use crate::resources::{ApplicationTemplateId, JobId, JobTemplateId, ServicePrincipalId};
use crate::route::ApiVersion;
use crate::schema::SchemaDocument;
use crate::testing::{Heard, Script, VirtualClock, client, graph_error, json, status, status_with};
use crate::transport::{Connection, Fault, Method, Response};
use crate::{DeltaFrom, DeltaLink, Effect, equals};

type Answer = Result<Response, Fault>;

fn users(ids: &[&str], links: &Value) -> Answer {
    let items: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    let mut page = json!({ "value": items });
    page.as_object_mut().unwrap().extend(links.as_object().unwrap().clone());
    json(200, &page)
}

fn everything() -> DeltaFrom {
    DeltaFrom::Everything { select: vec!["id", "displayName"] }
}

#[tokio::test]
async fn every_request_names_itself_and_the_client() {
    let (script, clock) = (Script::of([status(503), users(&[], &json!({}))]), VirtualClock::new());
    client(&script, &clock).users().list(&Query::all()).next().await.unwrap();
    let requests = script.requests();
    for request in &requests {
        assert_eq!(request.headers.get("prefer"), Some("include-unknown-enum-members"));
        assert_eq!(request.headers.get("accept"), Some("application/json"));
        assert_eq!(request.headers.get("return-client-request-id"), Some("true"));
        assert!(request.headers.get("user-agent").unwrap().starts_with("hybrid-identity-operator/"));
        let name = request.headers.get("client-request-id").unwrap();
        assert_eq!(name.parse::<uuid::Uuid>().unwrap().get_version_num(), 4, "{name}");
    }
    assert_ne!(
        requests[0].headers.get("client-request-id"),
        requests[1].headers.get("client-request-id"),
        "each try has a name of its own"
    );
}

#[tokio::test]
async fn a_busy_service_is_tried_again_over_a_new_connection() {
    let (script, clock) = (
        Script::of([status(503), status_with(429, &[("Retry-After", "20")]), users(&["u"], &json!({}))]),
        VirtualClock::new(),
    );
    let page = client(&script, &clock).users().list(&Query::all()).next().await.unwrap().unwrap();
    assert_eq!(page.items.len(), 1);
    let connections: Vec<Connection> = script.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [Connection::Any, Connection::New, Connection::Any]);
    let slept = clock.slept();
    assert_eq!(slept[0], Duration::from_secs(1));
    assert!(slept[1] >= Duration::from_secs(20) && slept[1] < Duration::from_secs(21), "{slept:?}");
}

#[tokio::test]
async fn a_date_in_retry_after_counts_from_the_virtual_now() {
    let later = status_with(429, &[("retry-after", "Sat, 21 Nov 2026 09:00:45 GMT")]);
    let (script, clock) = (Script::of([later, users(&[], &json!({}))]), VirtualClock::new());
    client(&script, &clock).users().list(&Query::all()).next().await.unwrap();
    assert_eq!(clock.slept()[0].as_secs(), 45);
}

#[tokio::test]
async fn a_wait_beyond_the_budget_is_left_to_the_caller() {
    let (script, clock) = (Script::of([status_with(429, &[("Retry-After", "600")])]), VirtualClock::new());
    let error = client(&script, &clock).users().list(&Query::all()).next().await.unwrap_err();
    match error {
        Error::Throttled { retry_after, .. } => assert_eq!(retry_after, Some(Duration::from_mins(10))),
        other => panic!("{other:?}"),
    }
    assert!(clock.slept().is_empty());
}

#[tokio::test]
async fn creating_is_repeated_only_after_a_refusal() {
    let made = || json(201, &json!({ "application": { "id": "a" }, "servicePrincipal": { "id": "sp" } }));
    let broken = || Err(Fault::Broken("reset".to_owned()));
    let unreachable = || Err(Fault::Unreachable("no route".to_owned()));
    let cases: Vec<(Vec<Answer>, Result<(), Effect>, usize)> = vec![
        (vec![status(429), made()], Ok(()), 2),
        (vec![unreachable(), made()], Ok(()), 2),
        (vec![status(500), made()], Err(Effect::Unknown), 1),
        (vec![status(503), made()], Err(Effect::Unknown), 1),
        (vec![status(504), made()], Err(Effect::Unknown), 1),
        (vec![broken(), made()], Err(Effect::Unknown), 1),
    ];
    for (answers, expected, sent) in cases {
        let what = format!("{answers:?}");
        let (script, clock) = (Script::of(answers), VirtualClock::new());
        let client = client(&script, &clock);
        let outcome =
            client.application_templates().instantiate(&ApplicationTemplateId::new("t"), "contoso.com").await;
        match (&outcome, expected) {
            (Ok(_), Ok(())) => {}
            (Err(Error::Unavailable { effect, .. }), Err(expected)) => {
                assert_eq!(*effect, expected, "{what}");
            }
            _ => panic!("{what}: {outcome:?}"),
        }
        assert_eq!(script.requests().len(), sent, "{what}");
    }
}

#[tokio::test]
async fn start_is_repeated_and_making_a_job_and_writing_a_schema_are_not() {
    let sp = ServicePrincipalId::new("sp");
    let (script, clock) = (Script::of([status(500), status(204)]), VirtualClock::new());
    client(&script, &clock).synchronization(&sp).job(&JobId::new("j")).start().await.unwrap();
    assert_eq!(script.requests().len(), 2);

    let (script, clock) = (Script::of([status(500)]), VirtualClock::new());
    let job = client(&script, &clock)
        .synchronization(&sp)
        .create_job(&JobTemplateId::new("AD2AADProvisioning"))
        .await;
    assert!(job.unwrap_err().may_have_taken_effect());

    let (script, clock) = (Script::of([status(500)]), VirtualClock::new());
    let schema: SchemaDocument = serde_json::from_value(json!({})).unwrap();
    let put = client(&script, &clock).synchronization(&sp).job(&JobId::new("j")).schema().put(&schema).await;
    assert!(put.unwrap_err().may_have_taken_effect());
}

#[tokio::test]
async fn what_is_new_may_need_a_while() {
    let sp = ServicePrincipalId::new("sp");
    let job = || json(201, &json!({ "id": "j" }));
    let refusals = || [status(404), status(403), status(409), job()];
    let template = JobTemplateId::new("AD2AADProvisioning");

    let (script, clock) = (Script::of(refusals()), VirtualClock::new());
    client(&script, &clock).synchronization(&sp).newly_created().create_job(&template).await.unwrap();
    assert_eq!(script.requests().len(), 4);

    let (script, clock) = (Script::of(refusals()), VirtualClock::new());
    let error = client(&script, &clock).synchronization(&sp).create_job(&template).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(script.requests().len(), 1);

    let (script, clock) = (Script::of((0..100).map(|_| status(404))), VirtualClock::new());
    let client = client(&script, &clock);
    assert!(client.service_principals().wait_until_visible(&sp).await.unwrap_err().is_not_found());
    let waited: Duration = clock.slept().iter().sum();
    assert!(waited <= client.config().retry.settling_wait, "bounded: {waited:?}");
}

#[tokio::test]
async fn links_are_followed_verbatim_with_the_headers_repeated() {
    let link = "https://graph.example/v1.0/users?$skiptoken=A%20b'c,d&x=1";
    let answers = [
        users(&["1", "2"], &json!({ "@odata.nextLink": link, "@odata.count": 3 })),
        users(&[], &json!({ "@odata.nextLink": "https://graph.example/v1.0/users?$skiptoken=B" })),
        users(&["3"], &json!({})),
    ];
    let (script, clock) = (Script::of(answers), VirtualClock::new());
    let query = Query::all()
        .select(&["id"])
        .filter(equals("displayName", "O'Neil & Co"))
        .page_size(2)
        .advanced()
        .low_priority();
    let mut pages = client(&script, &clock).users().list(&query);
    let first = pages.next().await.unwrap().unwrap();
    assert_eq!((first.items.len(), first.count), (2, Some(3)));
    let rest = pages.collect_all().await.unwrap();
    assert_eq!(rest.len(), 1, "an empty page is not the end");

    let requests = script.requests();
    assert_eq!(
        requests[0].url,
        "https://graph.example/v1.0/users?$top=2&$select=id&$filter=displayName%20eq%20'O''Neil%20%26%20Co'&$count=true"
    );
    assert_eq!(requests[1].url, link);
    assert_eq!(requests[2].url, "https://graph.example/v1.0/users?$skiptoken=B");
    for request in requests {
        assert_eq!(request.headers.get("ConsistencyLevel"), Some("eventual"));
        assert_eq!(request.headers.get("x-ms-throttle-priority"), Some("Low"));
    }
}

#[tokio::test]
async fn a_list_is_a_stream_too_and_a_page_can_be_asked_for_again() {
    let answers = [
        users(&["1"], &json!({ "@odata.nextLink": "https://graph.example/v1.0/users?$skiptoken=A" })),
        graph_error(403, "Authorization_RequestDenied"),
        users(&["2"], &json!({})),
    ];
    let (script, clock) = (Script::of(answers), VirtualClock::new());
    let mut pages = client(&script, &clock).users().list(&Query::all());
    pages.next().await.unwrap();
    assert!(pages.next().await.is_err());
    let rest: Vec<_> = pages.into_stream().try_collect().await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(script.requests()[1].url, script.requests()[2].url);
}

#[tokio::test]
async fn the_token_is_not_carried_to_another_host() {
    for foreign in ["https://evil.example/v1.0/users", "http://graph.example/v1.0/users", "/v1.0/users"] {
        let (script, clock) =
            (Script::of([users(&[], &json!({ "@odata.nextLink": foreign }))]), VirtualClock::new());
        let mut pages = client(&script, &clock).users().list(&Query::all());
        pages.next().await.unwrap();
        let error = pages.next().await.unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{error:?}");
        assert_eq!(script.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_link_to_itself_ends_a_list_with_an_error() {
    let link = json!({ "@odata.nextLink": "https://graph.example/v1.0/users?$skiptoken=A" });
    let (script, clock) = (Script::of([users(&["1"], &link), users(&["1"], &link)]), VirtualClock::new());
    let error = client(&script, &clock).users().list(&Query::all()).collect_all().await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
}

#[tokio::test]
async fn an_expired_link_to_a_page_is_told_from_a_bad_query() {
    let link = json!({ "@odata.nextLink": "https://graph.example/v1.0/users?$skiptoken=A" });
    let (script, clock) = (
        Script::of([users(&["1"], &link), graph_error(400, "Directory_ExpiredPageToken")]),
        VirtualClock::new(),
    );
    let error = client(&script, &clock).users().list(&Query::all()).collect_all().await.unwrap_err();
    assert!(matches!(error, Error::PageExpired(_)), "{error:?}");

    let (script, clock) = (Script::of([graph_error(400, "Request_UnsupportedQuery")]), VirtualClock::new());
    let error = client(&script, &clock).users().list(&Query::all()).collect_all().await.unwrap_err();
    assert!(matches!(error, Error::BadRequest(_)), "{error:?}");
}

#[tokio::test]
async fn a_delta_round_ends_with_a_link_and_goes_on_from_it() {
    let answers = [
        users(&["1"], &json!({ "@odata.nextLink": "https://graph.example/v1.0/users/delta?$skiptoken=A" })),
        users(&["2"], &json!({ "@odata.deltaLink": "https://graph.example/v1.0/users/delta?$deltatoken=B" })),
        json(
            200,
            &json!({ "value": [{ "id": "1", "@removed": { "reason": "changed" } }],
            "@odata.deltaLink": "https://graph.example/v1.0/users/delta?$deltatoken=C" }),
        ),
    ];
    let (script, clock) = (Script::of(answers), VirtualClock::new());
    let client = client(&script, &clock);
    let (found, end) = client.users().delta(&everything()).collect_all().await.unwrap();
    assert_eq!(found.len(), 2);
    let (changed, end) = client.users().delta(&DeltaFrom::Link(end)).collect_all().await.unwrap();
    let removed = changed[0].removed.get().unwrap();
    assert!(removed.reason.is(crate::resources::directory::RemovalReason::Changed));
    assert_eq!(end.as_str(), "https://graph.example/v1.0/users/delta?$deltatoken=C");

    let requests = script.requests();
    assert_eq!(requests[0].url, "https://graph.example/v1.0/users/delta?$select=id,displayName");
    assert_eq!(requests[2].url, "https://graph.example/v1.0/users/delta?$deltatoken=B");
    assert_eq!(requests[0].headers.get("Prefer"), Some("include-unknown-enum-members"));
    assert_eq!(requests[2].headers.get("Prefer"), Some("include-unknown-enum-members, return=minimal"));
}

#[tokio::test]
async fn a_round_from_now_asks_for_a_link_only() {
    let end = json!({ "@odata.deltaLink": "https://graph.example/v1.0/groups/delta?$deltatoken=N" });
    let (script, clock) = (Script::of([users(&[], &end)]), VirtualClock::new());
    let from = DeltaFrom::Now { select: vec!["id", "members"] };
    let (groups, _) = client(&script, &clock).groups().delta(&from).collect_all().await.unwrap();
    assert!(groups.is_empty());
    assert_eq!(
        script.only().url,
        "https://graph.example/v1.0/groups/delta?$select=id,members&$deltatoken=latest"
    );
}

#[tokio::test]
async fn a_lost_delta_link_asks_for_everything_again() {
    let restart = "https://graph.example/v1.0/users/delta?$deltatoken=";
    let cases = [
        (status_with(410, &[("Location", restart)]), Some(DeltaLink::new(restart))),
        (graph_error(410, "syncStateNotFound"), None),
        (graph_error(400, "syncStateNotFound"), None),
        (graph_error(404, "resyncRequired"), None),
        (graph_error(400, "Request_BadRequest"), None),
    ];
    for (answer, expected) in cases {
        let what = format!("{answer:?}");
        let (script, clock) = (Script::of([answer]), VirtualClock::new());
        let link = DeltaLink::new("https://graph.example/v1.0/users/delta?$deltatoken=OLD");
        let error = client(&script, &clock).users().delta(&DeltaFrom::Link(link)).next().await.unwrap_err();
        match error {
            Error::DeltaExpired { resync, .. } => assert_eq!(resync, expected, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
        assert_eq!(script.requests().len(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_round_without_an_end_is_no_round() {
    let (script, clock) = (Script::of([users(&["1"], &json!({}))]), VirtualClock::new());
    let error = client(&script, &clock).users().delta(&everything()).collect_all().await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
}

#[tokio::test]
async fn counts_are_plain_text() {
    let answer =
        Ok(Response { status: 200, body: "\u{feff}1200\r\n".as_bytes().to_vec(), ..Response::default() });
    let (script, clock) = (Script::of([answer]), VirtualClock::new());
    assert_eq!(client(&script, &clock).users().count().await.unwrap(), 1_200);
    assert_eq!(script.only().headers.get("ConsistencyLevel"), Some("eventual"));
}

#[tokio::test]
async fn identifiers_cannot_change_the_path() {
    let (script, clock) = (Script::of([status(204)]), VirtualClock::new());
    let client = client(&script, &clock);
    let sp = ServicePrincipalId::new("a/b?c#d e");
    client.synchronization(&sp).job(&JobId::new("AD2AADProvisioning.t.g")).delete().await.unwrap();
    assert_eq!(
        script.only().url,
        "https://graph.example/v1.0/servicePrincipals/a%2Fb%3Fc%23d%20e/synchronization/jobs/AD2AADProvisioning.t.g"
    );
    for bad in ["", ".", ".."] {
        let error = client.service_principals().delete(&ServicePrincipalId::new(bad)).await.unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{bad:?}");
    }
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test]
async fn a_page_size_that_graph_refuses_is_not_sent() {
    let (script, clock) = (Script::of([]), VirtualClock::new());
    for size in [0, 1_000] {
        let mut pages = client(&script, &clock).users().list(&Query::all().page_size(size));
        for _ in 0..2 {
            assert!(matches!(pages.next().await, Err(Error::Refused(_))), "{size}");
        }
    }
    assert!(script.requests().is_empty());
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_unexpected_and_not_shown() {
    let (script, clock) = (Script::of([json(201, &json!({ "secret": "person" }))]), VirtualClock::new());
    let sp = ServicePrincipalId::new("sp");
    let error =
        client(&script, &clock).synchronization(&sp).create_job(&JobTemplateId::new("t")).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected(_)), "{error:?}");
    assert!(error.may_have_taken_effect(), "the job was made although its description cannot be read");
    assert!(!format!("{error:?}").contains("person"));
}

#[tokio::test]
async fn observers_hear_of_every_request_by_route() {
    let heard = Arc::new(Heard::default());
    let answers = [status(503), Err(Fault::Broken("reset".into())), status(204)];
    let (script, clock) = (Script::of(answers), VirtualClock::new());
    let client = client(&script, &clock).with_observer(Arc::clone(&heard));
    client.synchronization(&ServicePrincipalId::new("sp-42")).job(&JobId::new("j-42")).pause().await.unwrap();
    let route = "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/pause";
    let expected = [
        (Method::Post, "/{tenant}/oauth2/v2.0/token".to_owned(), ObservedResult::Status(200), 1),
        (Method::Post, route.to_owned(), ObservedResult::Status(503), 1),
        (Method::Post, route.to_owned(), ObservedResult::NoAnswer, 2),
        (Method::Post, route.to_owned(), ObservedResult::Status(204), 3),
    ];
    assert_eq!(*heard.0.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_batch_is_checked_before_it_is_sent() {
    use crate::resources::batch::BatchPart;
    let (script, clock) = (Script::of([]), VirtualClock::new());
    let client = client(&script, &clock);
    let many = (0..21).map(|id| BatchPart::get(id.to_string(), "/users/1")).collect();
    let twins = vec![BatchPart::get("a", "/users/1"), BatchPart::get("A", "/users/2")];
    for parts in [Vec::new(), many, twins] {
        assert!(matches!(client.batch(ApiVersion::V1, parts).await, Err(Error::Refused(_))));
    }
    assert!(script.requests().is_empty());
}
