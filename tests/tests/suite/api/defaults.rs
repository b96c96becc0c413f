//! What the API server adds to the least that a person must write.

use serde_json::{Value, json};

use super::schema::definition;
use super::server::{Resource, Server, Write};

/// Creates an object with this spec and gives back what is stored.
async fn stored(server: &Server, kind: &str, spec: Value) -> Value {
    let object = json!({
        "apiVersion": "hybrididentity.dev/v1alpha1",
        "kind": kind,
        "metadata": { "name": "least" },
        "spec": spec,
    });
    server.create(&Resource::of(definition(kind)), &object, Write::Kept).await.unwrap()
}

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[tokio::test]
async fn a_tenant_is_observed_in_the_worldwide_cloud() {
    let server = Server::new().await;
    let id = "8f6b2c1e-0f6a-4f0e-9a52-3c1d7b5e4a90";
    let least = json!({ "tenantId": id, "credential": { "clientId": id, "workloadIdentity": {} } });
    let tenant = stored(&server, "EntraTenant", least).await;
    let expected = json!({
        "tenantId": id,
        "cloud": "Global",
        "profile": "Observe",
        "credential": { "clientId": id, "workloadIdentity": { "audience": "api://AzureADTokenExchange" } },
    });
    assert_eq!(tenant["spec"], expected);
}

#[tokio::test]
async fn a_topology_moves_one_scope_at_a_time_and_tolerates_nothing() {
    let server = Server::new().await;
    let units = json!(["OU=Pilot,DC=contoso,DC=com"]);
    let least = json!({
        "tenantRef": { "name": "contoso" },
        "scopes": [{ "name": "pilot", "organizationalUnits": units, "engine": "CloudSync" }],
        "strategy": { "waves": [{ "name": "canary", "scopes": ["pilot"] }] },
    });
    let topology = stored(&server, "SyncTopology", least.clone()).await;
    let mut expected = least;
    expected["strategy"] = json!({
        "waves": [{
            "name": "canary",
            "scopes": ["pilot"],
            "soak": "1d",
            "maxConcurrent": 1,
            "failureBudget": 0,
            "approval": { "required": false, "distinctUsers": 1 },
        }],
        "verification": { "maxMissing": 0, "maxDrift": 0, "sampleSize": 20 },
        "onFailure": "RollBack",
        "limits": { "schedulerStop": "2h", "unserved": "6h", "hashGap": "6h" },
        "observationPeriod": "14d",
    });
    assert_eq!(topology["spec"], expected);
}

#[tokio::test]
async fn parts_of_a_strategy_are_completed() {
    let server = Server::new().await;
    let units = json!(["OU=Pilot,DC=contoso,DC=com"]);
    let least = json!({
        "tenantRef": { "name": "contoso" },
        "scopes": [{ "name": "pilot", "organizationalUnits": units, "engine": "CloudSync" }],
        "strategy": {
            "waves": [{ "name": "canary", "scopes": ["pilot"], "approval": { "required": true } }],
            "verification": { "sampleSize": 5 },
            "limits": { "unserved": "1h" },
        },
    });
    let strategy = &stored(&server, "SyncTopology", least).await["spec"]["strategy"];
    assert_eq!(strategy["waves"][0]["approval"], json!({ "required": true, "distinctUsers": 1 }));
    assert_eq!(strategy["verification"], json!({ "maxMissing": 0, "maxDrift": 0, "sampleSize": 5 }));
    assert_eq!(strategy["limits"], json!({ "schedulerStop": "2h", "unserved": "1h", "hashGap": "6h" }));
}

#[tokio::test]
async fn an_agent_has_a_heartbeat_and_a_command_expects_nothing() {
    let server = Server::new().await;
    let command = json!({
        "id": "start",
        "epoch": 1,
        "notAfter": "2027-01-15T22:10:00Z",
        "action": { "startScheduler": {} },
    });
    let least = json!({ "serverRef": { "name": "sync01" }, "command": command });
    let agent = stored(&server, "SyncAgent", least).await;
    assert_eq!(agent["spec"]["heartbeatSeconds"], 15);
    assert_eq!(agent["spec"]["command"]["expects"], json!({}));
    assert_eq!(agent["spec"]["command"]["action"], json!({ "startScheduler": { "startCycle": false } }));
}

#[tokio::test]
async fn a_migration_has_the_limits_of_a_topology_that_names_none() {
    let server = Server::new().await;
    let least = json!({
        "topologyRef": { "name": "contoso" },
        "tenantRef": { "name": "contoso" },
        "itinerary": "RetireConnect",
        "itineraryVersion": 1,
        "server": { "name": "sync01" },
        "attempt": 1,
        "planDigest": DIGEST,
    });
    let migration = stored(&server, "Migration", least).await;
    assert_eq!(migration["spec"]["server"], json!({ "name": "sync01", "observationPeriod": "14d" }));
    assert_eq!(
        migration["spec"]["verification"],
        json!({ "maxMissing": 0, "maxDrift": 0, "sampleSize": 20 })
    );
    assert_eq!(
        migration["spec"]["limits"],
        json!({ "schedulerStop": "2h", "unserved": "6h", "hashGap": "6h" })
    );
    assert_eq!(migration["spec"]["onFailure"], "RollBack");
}

/// Tools that wait for an object until it is `Ready` must see that nobody has looked at it yet.
#[tokio::test]
async fn an_object_nobody_has_looked_at_says_so() {
    let server = Server::new().await;
    for example in super::examples::small() {
        let resource = Resource::of(definition(&example.kind));
        let stored = server.create(&resource, &example.object, Write::DryRun).await.unwrap();
        assert_eq!(stored["status"]["observedGeneration"], -1, "{}", example.kind);
        assert_eq!(stored["metadata"]["generation"], 1, "{}", example.kind);
    }
}
