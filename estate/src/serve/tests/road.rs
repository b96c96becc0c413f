//! The whole configuration of cloud sync over HTTP, against a tenant that Connect has filled.

use super::*;

const TEMPLATE: &str = "1a4721b3-e57f-4451-ae87-ef078703ec94";

async fn follow(served: &Served, url: &str) -> (Vec<Value>, String) {
    let mut items = Vec::new();
    let mut next = url.to_owned();
    loop {
        let page = served.read(&next).await;
        items.extend(page["value"].as_array().expect("a collection").iter().cloned());
        match page["@odata.nextLink"].as_str() {
            Some(link) => next = link.to_owned(),
            None => return (items, page["@odata.deltaLink"].as_str().unwrap_or_default().to_owned()),
        }
    }
}

#[tokio::test]
async fn a_unit_moves_to_cloud_sync_and_no_object_changes() {
    let mut served = Served::start().await;
    let pilot = served.handle.addresses().organizational_units[0].clone();
    // Connect stands still, so that everything in the tenant from here on is cloud sync's doing.
    served
        .handle
        .shared()
        .with(|running| running.estate.with_world(|world, now| world.set_scheduler(Some(false), None, now)));

    let templates = served.read(&format!("/v1.0/applicationTemplates/{TEMPLATE}")).await;
    assert_eq!(templates["id"], TEMPLATE);
    let instantiate = format!("/v1.0/applicationTemplates/{TEMPLATE}/instantiate");
    let made = served.graph(Method::POST, &instantiate, Some(&json!({"displayName": "contoso.com"}))).await;
    assert_eq!(made.status, 201);
    let principal = made.body_json()["servicePrincipal"]["id"].as_str().expect("an id").to_owned();
    let url = format!("/v1.0/servicePrincipals/{principal}");
    assert_eq!(served.graph(Method::GET, &url, None).await.status, 404);
    served.advance(SignedDuration::from_secs(20)).await;
    assert_eq!(served.graph(Method::GET, &url, None).await.status, 200);
    let synchronization = format!("{url}/synchronization");
    assert_eq!(served.graph(Method::GET, &format!("{synchronization}/templates"), None).await.status, 409);
    served.advance(SignedDuration::from_secs(20)).await;
    let templates = served.read(&format!("{synchronization}/templates")).await;
    assert_eq!(templates["value"][0]["id"], "AD2AADProvisioning");

    let jobs = format!("{synchronization}/jobs");
    let created = served.graph(Method::POST, &jobs, Some(&json!({"templateId": "AD2AADProvisioning"}))).await;
    assert_eq!(created.status, 201);
    let id = created.body_json()["id"].as_str().expect("an id").to_owned();
    let job = format!("{jobs}/{id}");
    let secrets = json!({"value": [{"key": "Domain", "value": "{\"domain\":\"contoso.com\"}"}]});
    let put = served.graph(Method::PUT, &format!("{synchronization}/secrets"), Some(&secrets)).await;
    assert_eq!(put.status, 204);
    let mut schema = served.read(&format!("{job}/schema")).await;
    schema["synchronizationRules"][0]["containerFilter"]["includedContainers"] = json!([pilot]);
    assert_eq!(served.graph(Method::PUT, &format!("{job}/schema"), Some(&schema)).await.status, 204);

    let select = "$select=id,userPrincipalName,displayName,mail,proxyAddresses,accountEnabled,onPremisesImmutableId,department";
    let (before, users) = follow(&served, &format!("/v1.0/users/delta?{select}")).await;
    let (_, groups) = follow(&served, "/v1.0/groups/delta?$select=displayName,members").await;
    assert_eq!(served.graph(Method::POST, &format!("{job}/start"), None).await.status, 204);
    served.advance(SignedDuration::from_mins(30)).await;

    let status = served.read(&job).await["status"].clone();
    assert_eq!(
        (&status["code"], &status["lastExecution"]["state"]),
        (&json!("Active"), &json!("Succeeded")),
        "{status:#}"
    );
    let entries = status["synchronizedEntryCountByType"].as_array().expect("a list");
    assert!(
        entries.iter().any(|entry| entry["key"] == "user to User" && entry["value"].as_u64() > Some(0)),
        "{entries:?}"
    );
    let (changes, _) = follow(&served, &users).await;
    assert_eq!(changes, Vec::<Value>::new(), "hard matches, and the same values");
    let (changes, _) = follow(&served, &groups).await;
    assert_eq!(changes, Vec::<Value>::new());

    let log = served.read(&format!("/v1.0/auditLogs/provisioning?$filter=jobId eq '{id}'&$top=999")).await;
    let names: Vec<&str> = log["value"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|entry| entry["provisioningStatusInfo"]["status"] == "success")
        .filter_map(|entry| entry["sourceIdentity"]["details"]["DistinguishedName"].as_str())
        .collect();
    assert!(!names.is_empty() && names.iter().all(|name| name.ends_with(&pilot)), "{names:?}");
    let users = before.iter().map(|user| user["id"].as_str()).collect::<std::collections::BTreeSet<_>>();
    assert!(users.len() > 50);
    served.stop().await;
}

#[tokio::test]
async fn throttled_and_unavailable_answers_reach_the_wire() {
    let served = Served::start().await;
    let faults = json!({"graph": {"throttleEvery": 1, "retryAfterSeconds": 4}});
    assert_eq!(served.admin(Method::POST, "/faults", Some(&faults)).await.0, 200);
    let throttled = served.graph(Method::GET, "/v1.0/users", None).await;
    assert_eq!(throttled.status, 429);
    assert_eq!(throttled.headers["retry-after"], "4");
    let faults = json!({"graph": {"throttleEvery": 0, "unavailableEvery": 1, "retryAfterSeconds": null, "latency": "PT0.05S"}});
    assert_eq!(served.admin(Method::POST, "/faults", Some(&faults)).await.0, 200);
    let unavailable = served.graph(Method::GET, "/v1.0/users", None).await;
    assert_eq!(unavailable.status, 503);
    assert_eq!(unavailable.headers["connection"], "close");
    served.stop().await;
}
