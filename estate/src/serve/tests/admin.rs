//! The admin endpoint over HTTP.

use super::*;
use crate::audit::AuditLog;

#[tokio::test]
async fn people_change_the_directory() {
    let mut served = Served::start().await;
    let unit = served.handle.addresses().organizational_units[1].clone();
    let new = format!("CN=Doe\\, Jane,{unit}");
    let manager = served.handle.shared().with(|running| {
        let base = unit.parse().expect("a name");
        let people = running.estate.world.directory.under(&base).find(|object| object.class.is_person());
        people.expect("somebody").dn.to_string()
    });
    let steps = [
        (
            json!({"action": "create", "distinguishedName": new, "class": "user", "attributes": {
            "userPrincipalName": ["jane.doe@contoso.com"], "userAccountControl": [512], "manager": [manager]}}),
            200,
        ),
        (json!({"action": "create", "distinguishedName": new, "class": "user"}), 409),
        (json!({"action": "create", "distinguishedName": format!("CN=x,{unit}"), "class": "unicorn"}), 400),
        (
            json!({"action": "modify", "distinguishedName": new, "attributes": {"title": ["Engineer"], "manager": []}}),
            200,
        ),
        (json!({"action": "setPassword", "distinguishedName": new}), 200),
        (json!({"action": "delete", "distinguishedName": "CN=nobody,DC=contoso,DC=com"}), 404),
        (json!({"action": "fly"}), 422),
    ];
    for (body, expected) in steps {
        let (status, answer) = served.admin(Method::POST, "/directory", Some(&body)).await;
        assert_eq!(status, expected, "{body}: {answer}");
    }
    served.advance(SignedDuration::from_hours(1)).await;
    let jane = served.read("/v1.0/users/jane.doe@contoso.com?$select=jobTitle&$expand=manager").await;
    assert_eq!((&jane["jobTitle"], &jane["manager"]), (&json!("Engineer"), &Value::Null));

    let moved = format!("CN=Doe\\, Jane,{}", served.handle.addresses().organizational_units[0]);
    let body = json!({"action": "move", "distinguishedName": new, "to": moved});
    assert_eq!(served.admin(Method::POST, "/directory", Some(&body)).await.0, 200);
    let (_, deleted) = served
        .admin(Method::POST, "/directory", Some(&json!({"action": "delete", "distinguishedName": moved})))
        .await;
    let restored = json!({"action": "restore", "objectGuid": deleted["objectGuid"]});
    assert_eq!(served.admin(Method::POST, "/directory", Some(&restored)).await.0, 200);
    served.stop().await;
}

#[tokio::test]
async fn people_act_at_the_console_of_a_server() {
    let mut served = Served::start().await;
    let act = async |served: &Served, server: &str, body: Value| {
        served.admin(Method::POST, &format!("/servers/{server}"), Some(&body)).await
    };
    assert_eq!(act(&served, "sync01", json!({"action": "openWizard"})).await.0, 200);
    let scheduler = json!({"action": "operate", "operation": {"operation": "getScheduler"}});
    assert_eq!(act(&served, "sync01", scheduler.clone()).await.1["schedulerSuspended"], true);
    assert_eq!(act(&served, "sync01", json!({"action": "closeWizard"})).await.0, 200);
    assert_eq!(act(&served, "sync01", scheduler).await.1["schedulerSuspended"], false);
    assert_eq!(act(&served, "sync01", json!({"action": "startCycle", "policyType": "Delta"})).await.0, 200);
    let (busy, _) = act(&served, "sync01", json!({"action": "startCycle", "policyType": "Delta"})).await;
    assert_eq!(busy, 409, "one cycle at a time");
    served.advance(SignedDuration::from_mins(10)).await;
    assert_eq!(act(&served, "sync03", json!({"action": "openWizard"})).await.0, 404);
    assert_eq!(act(&served, "sync01", json!({"action": "uninstall"})).await.0, 200);
    let (_, state) = served.admin(Method::GET, "/state", None).await;
    assert_eq!(state["servers"][0]["state"]["installed"], false);
    let (status, _) = served.admin(Method::POST, "/agents/sync01", Some(&json!({"running": false}))).await;
    assert_eq!(status, 204);
    let (_, state) = served.admin(Method::GET, "/state", None).await;
    assert_eq!(state["provisioningAgents"][0]["running"], false);
    served.stop().await;
}

#[tokio::test]
async fn people_delete_in_the_portal() {
    let served = Served::start().await;
    let anchors: Vec<String> = served.handle.shared().with(|running| {
        let users = running.estate.world.tenant.of_kind(crate::tenant::CloudKind::User);
        users.filter_map(|user| user.anchor.clone()).collect()
    });
    // Base64 needs escaping in an address.
    let look_up = |anchor: &str| {
        let anchor = anchor.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        format!("/directory?anchor={anchor}")
    };
    let (status, name) = served.admin(Method::GET, &look_up(&anchors[0]), None).await;
    assert_eq!(status, 200);
    assert!(name.as_str().is_some_and(|name| name.starts_with("CN=")), "{name}");
    let (_, nobody) = served.admin(Method::GET, &look_up("AAAAAAAAAAAAAAAAAAAAAA=="), None).await;
    assert_eq!(nobody, Value::Null);
    let body = json!({"action": "delete", "anchor": anchors[0]});
    assert_eq!(served.admin(Method::POST, "/tenant", Some(&body)).await.0, 204);
    assert_eq!(served.admin(Method::POST, "/tenant", Some(&body)).await.0, 404, "it is gone");
    let (_, state) = served.admin(Method::GET, "/state", None).await;
    assert_eq!(state["deletedUsers"], 1);
    let (_, verdict) = served.admin(Method::GET, "/verdict", None).await;
    assert_eq!(verdict["unexplainedDeletions"], 0, "no engine did it");
    served.stop().await;
}

#[tokio::test]
async fn faults_and_modes_change_one_by_one() {
    let served = Served::start().await;
    let (_, before) = served.admin(Method::GET, "/faults", None).await;
    let change = json!({"graph": {"throttleEvery": 9}, "hosts": {"sync01": {"unreachable": true}}, "failingExports": {"a": "b"}});
    let (status, after) = served.admin(Method::POST, "/faults", Some(&change)).await;
    assert_eq!((status, &after["graph"]["throttleEvery"]), (200, &json!(9)));
    assert_eq!(after["graph"]["latency"], before["graph"]["latency"]);
    assert_eq!(after["failingExports"]["a"], "b");
    for wrong in
        [json!({"graf": {}}), json!({"graph": {"throttle": 1}}), json!({"graph": {"throttleEvery": "often"}})]
    {
        assert_eq!(served.admin(Method::POST, "/faults", Some(&wrong)).await.0, 400, "{wrong}");
    }
    let (status, modes) = served.admin(Method::POST, "/modes", Some(&json!({"referenceLeak": "All"}))).await;
    assert_eq!((status, &modes["referenceLeak"]), (200, &json!("All")));
    assert_eq!(served.admin(Method::GET, "/modes", None).await.1, modes);
    assert_eq!(served.admin(Method::POST, "/modes", Some(&json!({"referenceLeak": "Some"}))).await.0, 400);
    assert_eq!(served.admin(Method::POST, "/graph/expireDeltaTokens", None).await.0, 204);
    assert_eq!(served.admin(Method::POST, "/graph/nonsense", None).await.0, 404);
    assert_eq!(served.admin(Method::POST, "/graph/revokeTokens", None).await.0, 204);
    assert_eq!(served.graph(Method::GET, "/v1.0/users", None).await.status, 401);
    served.stop().await;
}

#[tokio::test]
async fn the_log_that_is_handed_out_gives_the_verdict_that_is_told() {
    let mut served = Served::start().await;
    // One of the units leaves Connect's scope: its people go, though nobody deleted them.
    let addresses = served.handle.addresses();
    let keep: Vec<&String> =
        addresses.organizational_units.iter().filter(|unit| unit.ends_with("DC=com")).take(1).collect();
    let connectors = json!({"action": "operate", "operation": {"operation": "getConnectors"}});
    let (_, connectors) = served.admin(Method::POST, "/servers/sync01", Some(&connectors)).await;
    let directory = connectors
        .as_array()
        .expect("a list")
        .iter()
        .find(|known| known["kind"] == "ActiveDirectory")
        .expect("one");
    let select = json!({"action": "selectContainers", "connector": directory["identifier"],
        "partition": "DC=contoso,DC=com", "inclusion": keep, "exclusion": ["DC=contoso,DC=com"]});
    let (status, answer) = served.admin(Method::POST, "/servers/sync01", Some(&select)).await;
    assert_eq!(status, 200, "{answer}");
    served.advance(SignedDuration::from_hours(3)).await;
    let (_, told) = served.admin(Method::GET, "/verdict", None).await;
    assert!(told["unexplainedDeletions"].as_u64() > Some(0), "{told}");
    let (_, lines) = served.admin(Method::GET, "/audit", None).await;
    let log = AuditLog::from_json_lines(lines.as_str().expect("text")).expect("readable");
    assert_eq!(serde_json::to_value(log.verdict()).expect("JSON"), told);
    served.stop().await;
}

#[tokio::test]
async fn only_a_manual_clock_can_be_moved() {
    let served = Served::start().await;
    let (_, before) = served.admin(Method::GET, "/time", None).await;
    let (status, after) =
        served.admin(Method::POST, "/time", Some(&json!({"to": "2026-11-22T00:00:00Z"}))).await;
    assert_eq!((status, &after["now"]), (200, &json!("2026-11-22T00:00:00Z")));
    assert_ne!(before["now"], after["now"]);
    assert_eq!(
        served
            .admin(Method::POST, "/time", Some(&json!({"by": "PT1S", "to": "2026-11-22T00:00:00Z"})))
            .await
            .0,
        400
    );
    served.stop().await;

    let scenario = build(&ScenarioOptions::small(1), Timestamp::now()).expect("built");
    let handle = start(scenario, ClockSource::Wall).await.expect("listening");
    let url = format!("{}/time", handle.addresses().admin_url);
    let refused =
        reqwest::Client::new().post(url).json(&json!({"by": "PT1S"})).send().await.expect("an answer");
    assert_eq!(refused.status(), 409);
    let mut progress = handle.shared().progress();
    let seen = *progress.borrow_and_update();
    progress.wait_for(|now| *now > seen).await.expect("the wall clock moves it");
    handle.stop().await.expect("stopped");
}

#[tokio::test]
async fn permissions_of_the_product_can_be_taken_away() {
    let mut served = Served::start().await;
    let addresses = served.handle.addresses();
    let client = json!({"clientId": addresses.client_id, "clientSecret": addresses.client_secret, "roles": ["Group.Read.All"]});
    assert_eq!(served.admin(Method::POST, "/clients", Some(&client)).await.0, 204);
    served.sign_in().await;
    assert_eq!(served.graph(Method::GET, "/v1.0/users", None).await.status, 403);
    assert_eq!(served.graph(Method::GET, "/v1.0/groups", None).await.status, 200);
    served.stop().await;
}

#[tokio::test]
async fn anybody_can_do_anything_by_one_call() {
    let served = Served::start().await;
    let steps = [
        (json!({"at": "server", "server": "sync01", "action": "openWizard"}), 200, Value::Null),
        (
            json!({"at": "server", "server": "sync07", "action": "openWizard"}),
            404,
            json!({"error": "there is no sync server named sync07"}),
        ),
        (json!({"at": "graph", "action": "expireDeltaTokens"}), 200, Value::Null),
    ];
    for (act, expected, body) in steps {
        let (status, answer) = served.admin(Method::POST, "/acts", Some(&act)).await;
        assert_eq!((status, answer), (expected, body), "{act}");
    }
    let upgrade =
        json!({"at": "server", "server": "sync01", "action": "upgradeByItself", "build": "9.9.9.9"});
    assert_eq!(served.admin(Method::POST, "/acts", Some(&upgrade)).await.0, 409);
    for nonsense in [
        json!({"at": "moon", "action": "land"}),
        json!({"at": "server", "server": "sync01", "action": "fly"}),
        json!({"at": "server", "action": "openWizard"}),
        json!({"at": "server", "server": "sync01", "action": "setStaging", "staging": true, "why": "because"}),
    ] {
        assert_eq!(served.admin(Method::POST, "/acts", Some(&nonsense)).await.0, 422, "{nonsense}");
    }
    served.stop().await;
}

#[tokio::test]
async fn a_cut_connection_brings_nothing_whether_the_request_arrived_or_not() {
    let served = Served::start().await;
    let url = format!("{}/v1.0/users?$top=1", served.handle.addresses().graph_url);
    let status = async || {
        let answer = served.http.get(&url).bearer_auth(&served.token).send().await;
        answer.ok().map(|answer| answer.status().as_u16())
    };
    for fault in ["cutEvery", "lostRequestEvery"] {
        assert_eq!(status().await, Some(200));
        assert_eq!(served.admin(Method::POST, "/faults", Some(&json!({"graph": {fault: 1}}))).await.0, 200);
        assert_eq!(status().await, None, "{fault}");
        assert_eq!(served.admin(Method::POST, "/faults", Some(&json!({"graph": {fault: 0}}))).await.0, 200);
    }
    assert_eq!(status().await, Some(200));
    served.stop().await;
}

#[tokio::test]
async fn faults_of_a_host_are_taken_away_by_null_and_name_operations_that_exist() {
    let served = Served::start().await;
    let slow = json!({"hosts": {"sync01": {"latency": "PT1S", "cmdlets": {"getRules": {"every": 2}}}}});
    assert_eq!(served.admin(Method::POST, "/faults", Some(&slow)).await.0, 200);
    for wrong in [
        json!({"hosts": {"sync01": {"cmdlets": {"getRulez": {}}}}}),
        json!({"hosts": {"sync01": {"lateness": "PT1S"}}}),
        json!({"hosts": {"sync02": {"lateness": "PT1S"}}}),
    ] {
        assert_eq!(served.admin(Method::POST, "/faults", Some(&wrong)).await.0, 400, "{wrong}");
    }
    let (_, held) = served
        .admin(Method::POST, "/faults", Some(&json!({"hosts": {"sync01": {"cmdlets": {"getRules": null}}}})))
        .await;
    assert_eq!(held["hosts"]["sync01"]["cmdlets"], json!({}));
    assert_eq!(held["hosts"]["sync01"]["latency"], "PT1S");
    let (_, held) = served.admin(Method::POST, "/faults", Some(&json!({"hosts": {"sync01": null}}))).await;
    assert_eq!(held["hosts"], json!({}));
    served.stop().await;
}
