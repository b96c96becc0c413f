//! Topologies: the operator sets their finalizer and leaves what people declared alone. Talks to the API server.

use serde_json::json;

use super::server::{Write, create, installed, patch, topology};

#[tokio::test]
async fn the_operator_holds_a_topology_and_changes_nothing_of_it() {
    let control_plane = installed().await;
    let admin = control_plane.client().await.unwrap();
    let operator = control_plane
        .client_for_service_account("hybrid-identity", "hybrid-identity-operator")
        .await
        .unwrap();
    let object = create(&admin, &topology("held"), Write::Kept).await.unwrap();
    let held = json!({"metadata": {"finalizers": ["hybrididentity.dev/in-progress"]}});
    let after = patch(&operator, &object, &held).await.unwrap();
    assert_eq!(after["metadata"]["finalizers"], held["metadata"]["finalizers"]);
    assert_eq!(after["metadata"]["generation"], object["metadata"]["generation"]);

    let refusal = patch(&operator, &object, &json!({"spec": {"suspend": true}})).await.unwrap_err();
    assert!(refusal.contains("`spec` must be changed by people or their Git alone"), "{refusal}");
    patch(&admin, &object, &json!({"spec": {"suspend": true}})).await.unwrap();
    let free = patch(&operator, &object, &json!({"metadata": {"finalizers": []}})).await.unwrap();
    assert_eq!(free["spec"]["suspend"], true);
}
