//! Another operator is installed in the same cluster: it leads in its own namespace, and touches nothing.

use serde_json::json;
use tests::demo::start_elsewhere;
use tests::{apply, chart};

use super::world::{ANOTHER, World};

/// Namespace of the other release.
const NAMESPACE: &str = "another-release";

/// It has every right that the first one has, and says who works on the topology.
pub(super) async fn an_operator_is_installed(world: &mut World) {
    let meta = json!({"name": "leader", "namespace": NAMESPACE});
    let rights = [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta,
            "rules": [{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "patch", "create"]}],
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "leader"},
            "subjects": [{"kind": "ServiceAccount", "name": chart::RELEASE, "namespace": chart::NAMESPACE}],
        }),
    ];
    for object in &rights {
        apply(world.client(), "helm", object).await.unwrap();
    }
    start_elsewhere(&mut world.control_plane, ANOTHER, "another-0", NAMESPACE).await.unwrap();
    world.until("the other operator to lead", async |world| world.leads(ANOTHER)).await;
    world
        .until("the other operator to say that it is one too many", async |world| {
            world.log(ANOTHER).contains("another operator of this cluster works on it").then_some(())
        })
        .await;
}

/// Whatever happened since: leaders that died, an API server that was away, a store that was put back.
pub(super) fn it_has_done_nothing(world: &World) {
    let log = world.log(ANOTHER);
    for deed in ["carrying out", "migration made", "this operator works on the topology"] {
        assert!(!log.contains(deed), "{deed}: {log}");
    }
}
