//! What stands in front of every resource: tokens, permissions, limits, faults, batches, errors.

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fixture::{Fixture, MANAGER, code};
use crate::modes::AppOnlyAccess;

#[test]
fn no_token_no_answer() {
    let mut fixture = Fixture::new();
    let stranger = Uuid::from_u128(0xBAD);
    let refused = fixture.send_as(stranger, Method::GET, "/v1.0/users", &[], None);
    assert_eq!((refused.status.as_u16(), code(&refused)), (401, "InvalidAuthenticationToken"));
    fixture.advance(SignedDuration::from_hours(1));
    assert_eq!(fixture.get("/v1.0/users").status, 401, "an expired token");
    fixture.sign_in(MANAGER);
    assert_eq!(fixture.get("/v1.0/users").status, 200);
    fixture.graph.revoke_tokens();
    assert_eq!(fixture.get("/v1.0/users").status, 401, "a revoked token");
}

#[test]
fn a_missing_permission_is_a_refusal_and_nulls_for_the_organization() {
    let mut fixture = Fixture::new();
    let nobody = fixture.client(1, &[]);
    let as_nobody = |fixture: &mut Fixture, url: &str| fixture.send_as(nobody, Method::GET, url, &[], None);
    for url in
        ["/v1.0/users", "/v1.0/groups/delta", "/v1.0/servicePrincipals", "/v1.0/auditLogs/provisioning"]
    {
        let refused = as_nobody(&mut fixture, url);
        assert_eq!((refused.status.as_u16(), code(&refused)), (403, "Authorization_RequestDenied"), "{url}");
    }
    let masked = as_nobody(&mut fixture, "/v1.0/organization");
    assert_eq!(masked.status, 200);
    let masked = &masked.body_json()["value"][0];
    assert_eq!(masked["onPremisesSyncEnabled"], Value::Null);
    assert_eq!(masked["id"], fixture.tenant_id().to_string());
    assert!(masked["verifiedDomains"].as_array().is_some_and(|domains| !domains.is_empty()));
    let full = fixture.read("/v1.0/organization");
    assert_eq!(full["value"][0]["onPremisesSyncEnabled"], true);

    fixture.estate.world.faults.graph.missing_permissions =
        vec!["User.Read.All".to_owned(), "Directory.Read.All".to_owned()];
    assert_eq!(fixture.get("/v1.0/users").status, 403);
    assert_eq!(fixture.get("/v1.0/groups").status, 200);
}

#[test]
fn the_organization_has_more_in_beta_and_one_switch() {
    let mut fixture = Fixture::new();
    let tenant = fixture.tenant_id();
    let v1 = fixture.read(&format!("/v1.0/organization/{tenant}"));
    assert_eq!(v1.get("onPremisesLastPasswordSyncDateTime"), None);
    let beta = fixture.read(&format!(
        "/beta/organization/{tenant}?$select=id,onPremisesLastPasswordSyncDateTime,directorySizeQuota"
    ));
    assert_eq!(beta["directorySizeQuota"]["used"], 63);
    let writer = fixture.client(2, &["Organization.ReadWrite.All"]);
    let url = format!("/beta/organization/{tenant}");
    let off = json!({"onPremisesSyncEnabled": false});
    assert_eq!(fixture.send_as(MANAGER, Method::PATCH, &url, &[], Some(&off)).status, 403);
    assert_eq!(
        fixture.send_as(writer, Method::PATCH, &url.replace("beta", "v1.0"), &[], Some(&off)).status,
        400
    );
    assert_eq!(fixture.send_as(writer, Method::PATCH, &url, &[], Some(&off)).status, 204);
    assert_eq!(fixture.read("/v1.0/organization")["value"][0]["onPremisesSyncEnabled"], false);
    assert_eq!(fixture.get(&format!("/v1.0/organization/{}", Uuid::nil())).status, 404);
}

#[test]
fn delegated_only_calls_refuse_app_tokens_unless_told_otherwise() {
    let mut fixture = Fixture::new();
    let client = fixture.client(
        3,
        &[
            "Directory.ReadWrite.All",
            "OnPremDirectorySynchronization.ReadWrite.All",
            "Policy.Read.HybridAuthentication",
        ],
    );
    let tenant = fixture.tenant_id();
    let synchronization = format!("/beta/directory/onPremisesSynchronization/{tenant}");
    let agents = "/beta/onPremisesPublishingProfiles/provisioning/agents";
    for url in [synchronization.as_str(), agents] {
        let refused = fixture.send_as(client, Method::GET, url, &[], None);
        assert_eq!((refused.status.as_u16(), code(&refused)), (403, "Authorization_RequestDenied"), "{url}");
    }
    fixture.estate.world.modes.app_only_access = AppOnlyAccess::Served;
    let read = fixture.send_as(client, Method::GET, &synchronization, &[], None);
    assert_eq!(read.body_json()["configuration"]["accidentalDeletionPrevention"]["alertThreshold"], 500);
    assert_eq!(read.body_json()["features"]["passwordSyncEnabled"], true);
    let patch = json!({
        "configuration": {"accidentalDeletionPrevention":
            {"synchronizationPreventionType": "enabledForPercentage", "alertThreshold": 10}},
        "features": {"groupWriteBackEnabled": true},
    });
    assert_eq!(fixture.send_as(client, Method::PATCH, &synchronization, &[], Some(&patch)).status, 204);
    let v1 = synchronization.replace("beta", "v1.0");
    let read = fixture.send_as(client, Method::GET, &v1, &[], None);
    assert_eq!(read.body_json()["features"]["groupWriteBackEnabled"], true);
    assert_eq!(
        read.body_json()["configuration"],
        json!({"accidentalDeletionPrevention":
            {"synchronizationPreventionType": "enabledForPercentage", "alertThreshold": 10}})
    );
    let nonsense = json!({"features": {"noSuchFeature": true}, "configuration": {}});
    assert_eq!(fixture.send_as(client, Method::PATCH, &synchronization, &[], Some(&nonsense)).status, 400);
    assert_eq!(fixture.send_as(client, Method::DELETE, &synchronization, &[], None).status, 405);
}

#[test]
fn throttling_comes_with_and_without_the_header() {
    let mut fixture = Fixture::new();
    fixture.estate.world.faults.graph.throttle_every = 2;
    fixture.estate.world.faults.graph.retry_after_seconds = Some(7);
    assert_eq!(fixture.get("/v1.0/users").status, 200);
    let throttled = fixture.get("/v1.0/users");
    assert_eq!((throttled.status.as_u16(), code(&throttled)), (429, "TooManyRequests"));
    assert_eq!(throttled.headers["retry-after"], "7");
    fixture.estate.world.faults.graph.retry_after_seconds = None;
    fixture.get("/v1.0/users");
    let throttled = fixture.get("/v1.0/users");
    assert_eq!(throttled.status, 429);
    assert_eq!(throttled.headers.get("retry-after"), None);
}

#[test]
fn unavailable_closes_the_connection_and_a_lost_answer_was_carried_out() {
    let mut fixture = Fixture::new();
    fixture.estate.world.faults.graph.unavailable_every = 1;
    let refused = fixture.get("/v1.0/users");
    assert_eq!((refused.status.as_u16(), code(&refused)), (503, "serviceNotAvailable"));
    assert_eq!(refused.headers["connection"], "close");
    fixture.estate.world.faults.graph.unavailable_every = 0;

    fixture.estate.world.faults.graph.lost_answer_every = 1;
    let lost = fixture.post(
        "/v1.0/applicationTemplates/1a4721b3-e57f-4451-ae87-ef078703ec94/instantiate",
        &json!({"displayName": "contoso.com"}),
    );
    assert_eq!(lost.status, 504);
    fixture.estate.world.faults.graph.lost_answer_every = 0;
    fixture.advance(SignedDuration::from_mins(1));
    let made = fixture.read("/v1.0/servicePrincipals?$filter=displayName eq 'contoso.com'");
    assert_eq!(made["value"].as_array().map(Vec::len), Some(1), "the work was done although nobody was told");

    fixture.estate.world.faults.graph.credentials_refused = true;
    assert_eq!(fixture.get("/v1.0/users").status, 401);
}

#[test]
fn the_logs_answer_five_requests_in_ten_seconds() {
    let mut fixture = Fixture::new();
    for _ in 0..5 {
        assert_eq!(fixture.get("/v1.0/auditLogs/directoryAudits?$top=1").status, 200);
    }
    let refused = fixture.get("/v1.0/auditLogs/provisioning");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "10");
    fixture.advance(SignedDuration::from_secs(10));
    assert_eq!(fixture.get("/v1.0/auditLogs/provisioning").status, 200);
}

#[test]
fn directory_audits_name_the_sync_client() {
    let mut fixture = Fixture::new();
    let audits =
        fixture.read("/v1.0/auditLogs/directoryAudits?$filter=loggedByService eq 'Core Directory'&$top=2");
    let entry = &audits["value"][0];
    assert_eq!(entry["targetResources"][0]["modifiedProperties"][0]["newValue"], "DirectorySync");
    let account = entry["initiatedBy"]["user"]["userPrincipalName"].as_str().expect("a name");
    assert!(account.starts_with("Sync_SYNC01_"), "{account}");
    assert!(audits["@odata.nextLink"].is_string());
}

#[test]
fn batches_answer_each_part_by_itself() {
    let mut fixture = Fixture::new();
    let batch = json!({"requests": [
        {"id": "a", "method": "GET", "url": "/users?$select=id&$top=1"},
        {"id": "b", "method": "GET", "url": "users?$select=id,displayName&$filter=city ne 'x'&$count=true&$top=1",
         "headers": {"ConsistencyLevel": "eventual"}},
        {"id": "c", "method": "GET", "url": "/users?$filter=city ne 'x'&$count=true"},
        {"id": "d", "method": "DELETE", "url": "/groups/0e226165-c685-41ce-8bfc-df8360ab325d"},
        {"id": "e", "method": "GET", "url": "/organization", "dependsOn": ["d"]},
        {"id": "f", "method": "GET", "url": "/users/$count", "headers": {"ConsistencyLevel": "eventual"}, "dependsOn": ["a"]},
        {"id": "g", "method": "PATCH", "url": "/organization/x", "body": {}},
    ]});
    let response = fixture.post("/v1.0/$batch", &batch);
    assert_eq!(response.status, 200);
    let parts = response.body_json()["responses"].as_array().expect("parts").clone();
    let part =
        |id: &str| parts.iter().find(|part| part["id"] == id).unwrap_or_else(|| panic!("no part {id}"));
    assert_ne!(parts[0]["id"], "a", "parts come in any order");
    assert_eq!(part("a")["status"], 200);
    assert_eq!(part("b")["body"]["@odata.count"], 60);
    assert_eq!(part("c")["status"], 400, "the header belongs to the part");
    assert_eq!(part("d")["status"], 405);
    assert_eq!(part("e")["status"], 424);
    assert_eq!(part("f")["body"], "60");
    assert_eq!(part("g")["status"], 400, "a body without a content type");
}

#[test]
fn batches_have_limits_and_are_throttled_part_by_part() {
    let mut fixture = Fixture::new();
    let get = |id: usize| json!({"id": id.to_string(), "method": "GET", "url": "/users?$top=1"});
    let of = |count: usize| json!({"requests": (0..count).map(get).collect::<Vec<_>>()});
    assert_eq!(fixture.post("/v1.0/$batch", &of(20)).status, 200);
    assert_eq!(fixture.post("/v1.0/$batch", &of(21)).status, 400);
    let twice = json!({"requests": [
        {"id": "a", "method": "GET", "url": "/users"}, {"id": "A", "method": "GET", "url": "/users"}]});
    assert_eq!(fixture.post("/v1.0/$batch", &twice).status, 400);
    let circle = json!({"requests": [
        {"id": "a", "method": "GET", "url": "/users", "dependsOn": ["b"]},
        {"id": "b", "method": "GET", "url": "/users", "dependsOn": ["a"]}]});
    assert_eq!(fixture.post("/v1.0/$batch", &circle).status, 400);

    fixture.estate.world.faults.graph.throttle_every = 2;
    fixture.estate.world.faults.graph.retry_after_seconds = Some(3);
    let response = fixture.post("/v1.0/$batch", &of(4));
    let parts = response.body_json()["responses"].as_array().expect("parts").clone();
    let throttled: Vec<&Value> = parts.iter().filter(|part| part["status"] == 429).collect();
    assert_eq!(throttled.len(), 2);
    assert_eq!(throttled[0]["headers"]["retry-after"], "3");
}

#[test]
fn unknown_paths_and_versions_are_told() {
    let mut fixture = Fixture::new();
    for url in [
        "/v2.0/users",
        "/v1.0/nonsense",
        "/v1.0/users/x/y/z",
        "/v1.0/onPremisesPublishingProfiles/provisioning/agents",
    ] {
        let refused = fixture.get(url);
        assert_eq!(refused.status, 404, "{url}");
        let inner = &refused.body_json()["error"]["innerError"];
        assert!(
            inner["request-id"].is_string()
                && inner["date"].is_string()
                && inner["client-request-id"].is_string()
        );
        assert_eq!(refused.headers["request-id"], inner["request-id"].as_str().expect("text"));
    }
    let answered = fixture.get_with(
        "/v1.0/organization",
        &[
            ("client-request-id", "1b0f5d60-0000-4000-8000-000000000000"),
            ("return-client-request-id", "true"),
        ],
    );
    assert_eq!(answered.headers["client-request-id"], "1b0f5d60-0000-4000-8000-000000000000");
    assert_eq!(fixture.get("/v1.0/users?$unknown=1").status, 400);
}
