//! Commands: only the operator writes them, whatever rights somebody has on `SyncAgents`. Talks to the API server.

use serde_json::json;

use super::server::{Write, agent, command, create, grant, installed, replace};

#[tokio::test]
async fn a_new_agent_carries_no_command_not_even_an_administrators() {
    let admin = installed().await.client().await.unwrap();
    let mut object = agent("with-command");
    object["spec"]["command"] = command("first", 1);
    let refusal = create(&admin, &object, Write::Kept).await.unwrap_err();
    assert!(refusal.contains("a new SyncAgent must not carry `spec.command`: leave it out"), "{refusal}");
}

#[tokio::test]
async fn only_the_operator_gives_changes_and_takes_back_a_command() {
    let control_plane = installed().await;
    let rights = [("create", "syncagents"), ("update", "syncagents")];
    grant(control_plane, "joiner", &rights).await;
    let joiner = control_plane.client_for("joiner", &[]).await.unwrap();
    let operator = control_plane
        .client_for_service_account("hybrid-identity", "hybrid-identity-operator")
        .await
        .unwrap();

    let mut object = create(&joiner, &agent("sync01"), Write::Kept).await.unwrap();
    let unchanged = object.clone();
    object["spec"]["command"] = command("first", 1);
    let refusal = replace(&joiner, &object).await.unwrap_err();
    assert!(refusal.contains("found a change by joiner: leave it as it is"), "{refusal}");
    assert!(refusal.contains("system:serviceaccount:hybrid-identity:hybrid-identity-operator"), "{refusal}");
    assert!(refusal.contains("create a MigrationDecision"), "{refusal}");

    let given = replace(&operator, &object).await.unwrap();
    assert_eq!(given["spec"]["command"]["id"], "first");
    let mut changed = given.clone();
    changed["spec"]["command"] = command("second", 2);
    assert!(replace(&joiner, &changed).await.unwrap_err().contains("hybrid-identity-commands"));
    let mut taken = unchanged;
    taken["metadata"]["resourceVersion"] = given["metadata"]["resourceVersion"].clone();
    assert!(replace(&joiner, &taken).await.unwrap_err().contains("hybrid-identity-commands"));

    // All else of the object is free.
    let mut slower = given;
    slower["spec"]["heartbeatSeconds"] = json!(60);
    let slower = replace(&joiner, &slower).await.unwrap();
    assert_eq!(slower["spec"]["heartbeatSeconds"], 60);
    taken["metadata"]["resourceVersion"] = slower["metadata"]["resourceVersion"].clone();
    replace(&operator, &taken).await.unwrap();
}
