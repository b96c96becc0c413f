//! What people may do about agents, and what they are kept from doing by mistake. Network IO.

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::{Api, Client};
use serde_json::json;
use tests::demo::NAMESPACE;
use tests::{apply, chart, until};

use super::cluster::{JSON, LIMIT, ask, own, shared};

/// Roles that an administrator of a namespace has: Kubernetes' own parts of `admin`, and what the chart adds to it. The controller
/// that joins them into one role does not run here.
const ADMIN: [&str; 6] = [
    "system:aggregate-to-view",
    "system:aggregate-to-edit",
    "system:aggregate-to-admin",
    "hybrid-identity-operator-view",
    "hybrid-identity-operator-edit",
    "hybrid-identity-operator-admin",
];

async fn bind(admin: &Client, user: &str, roles: &[&str]) {
    for role in roles {
        let name = format!("{user}-{}", role.replace(':', "-"));
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        });
        apply(admin, "platform-team", &binding).await.unwrap();
    }
}

#[tokio::test]
async fn an_administrator_of_the_namespace_lets_agents_come_and_go() {
    let cluster = shared().await;
    bind(&cluster.admin().await, "nora", &ADMIN).await;
    let nora = cluster.control_plane.client_for("nora", &[]).await.unwrap();
    // Rights count a moment after they are given.
    let token = until("nora to let an agent join", LIMIT, async || {
        match cli::join::join(&nora, NAMESPACE, "by-nora", "by-nora").await {
            Ok(token) => Ok(Some(token)),
            Err(error) => {
                assert!(error.to_string().contains("ask for the roles of the chart"), "{error}");
                Ok(None)
            }
        }
    })
    .await
    .unwrap();
    let holder = cluster.holder(&token).await;
    let path = own("hybrididentity.dev/v1alpha1", "syncagents/by-nora");
    assert_eq!(ask(&holder, "GET", &path, JSON, None).await.code, 200);
    assert!(cli::list::list(&nora, Some(NAMESPACE)).await.unwrap().iter().any(|row| row.name == "by-nora"));
    cli::revoke::revoke(&nora, NAMESPACE, "by-nora", None).await.unwrap();
    until("the agent to be out", LIMIT, async || {
        Ok((ask(&holder, "GET", &path, JSON, None).await.code == 401).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn who_only_edits_is_told_which_right_is_missing() {
    let cluster = shared().await;
    bind(&cluster.admin().await, "erik", &["hybrid-identity-operator-view"]).await;
    let erik = cluster.control_plane.client_for("erik", &[]).await.unwrap();
    let refusal = cli::join::join(&erik, NAMESPACE, "by-erik", "by-erik").await.unwrap_err().to_string();
    for part in ["expected to", "forbidden", "ask for the roles of the chart"] {
        assert!(refusal.contains(part), "{refusal}");
    }
}

#[tokio::test]
async fn nothing_that_belongs_to_others_becomes_an_agents() {
    let cluster = shared().await;
    let admin = cluster.admin().await;
    let accounts: Api<ServiceAccount> = Api::namespaced(admin.clone(), NAMESPACE);
    until("the namespace's own account", LIMIT, async || Ok(accounts.get_opt("default").await.unwrap()))
        .await
        .unwrap();
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "gitops", "namespace": NAMESPACE},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    });
    apply(&admin, "gitops", &binding).await.unwrap();
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault-bulk-3", "namespace": NAMESPACE}});
    apply(&admin, "vault", &secret).await.unwrap();
    until("the operator to lead", LIMIT, async || {
        let path =
            super::cluster::at("coordination.k8s.io/v1", chart::NAMESPACE, "leases/hybrid-identity-operator");
        Ok((ask(&admin, "GET", &path, JSON, None).await.code == 200).then_some(()))
    })
    .await
    .unwrap();
    for (namespace, name, found) in [
        (NAMESPACE, "default", "ServiceAccount identity/default"),
        (NAMESPACE, "gitops", "RoleBinding identity/gitops"),
        (NAMESPACE, "vault", "Secret identity/vault-bulk-3"),
        // Whoever may renew this Lease stops the operator.
        (chart::NAMESPACE, "hybrid-identity-operator", "hybrid-identity/hybrid-identity-operator"),
    ] {
        let refusals = [
            cli::join::join(&admin, namespace, name, name).await.unwrap_err(),
            cli::revoke::revoke(&admin, namespace, name, None).await.unwrap_err(),
        ];
        for refusal in refusals.map(|refusal| refusal.to_string()) {
            assert!(refusal.contains(found), "{refusal}");
            assert!(refusal.contains("choose another name for the agent"), "{refusal}");
        }
        let agents: Api<crds::SyncAgent> = Api::namespaced(admin.clone(), namespace);
        assert!(agents.get_opt(name).await.unwrap().is_none(), "nothing was made for {name}");
    }
    assert!(accounts.get_opt("default").await.unwrap().is_some());
    let bindings: Api<RoleBinding> = Api::namespaced(admin, NAMESPACE);
    assert_eq!(bindings.get("gitops").await.unwrap().role_ref.name, "view");
}

#[tokio::test]
async fn an_agent_speaks_for_one_server_and_an_unknown_one_is_told() {
    let cluster = shared().await;
    let admin = cluster.admin().await;
    cluster.join("steady").await;
    let refusal = cli::join::join(&admin, NAMESPACE, "steady", "another").await.unwrap_err().to_string();
    assert!(
        refusal.contains("expected SyncAgent steady to speak for server another, found steady"),
        "{refusal}"
    );
    for refusal in [
        cli::revoke::revoke(&admin, NAMESPACE, "nobody", None).await.unwrap_err().to_string(),
        cli::rotate::rotate(&admin, NAMESPACE, "nobody").await.unwrap_err().to_string(),
    ] {
        assert!(
            refusal.contains("expected a SyncAgent named nobody in namespace identity, found none"),
            "{refusal}"
        );
        assert!(refusal.contains("kubectl hybrid agent list -A"), "{refusal}");
    }
}
