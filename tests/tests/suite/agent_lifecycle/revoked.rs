//! Revocation ends access within seconds and stays until the agent joins again. Network IO.

use crds::SyncAgent;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tests::demo::NAMESPACE;
use tests::until;

use super::cluster::{Cluster, JSON, LIMIT, OPERATOR, ask, own, shared};

/// Asks for the agent's own SyncAgent until that is refused, and gives the HTTP status.
async fn until_refused(agent: &str, holder: &Client) -> u16 {
    until(&format!("the token of {agent} to be refused"), LIMIT, async || {
        let path = own("hybrididentity.dev/v1alpha1", &format!("syncagents/{agent}"));
        let code = ask(holder, "GET", &path, JSON, None).await.code;
        // Rights go first, then the account.
        assert!(matches!(code, 200 | 401 | 403), "{code}");
        Ok((code == 401).then_some(code))
    })
    .await
    .unwrap()
}

async fn can_read(agent: &str, holder: &Client) -> bool {
    let path = own("hybrididentity.dev/v1alpha1", &format!("syncagents/{agent}"));
    ask(holder, "GET", &path, JSON, None).await.code == 200
}

/// What the operator does with the SyncAgent after now, once at least.
async fn until_the_operator_has_looked(cluster: &Cluster, agents: &Api<SyncAgent>, agent: &str) {
    let log = cluster.control_plane.audit().unwrap();
    let looks = || log.all().unwrap().by(OPERATOR).on("syncagents").named(agent).len();
    let before = looks();
    let touch = Patch::Merge(json!({"metadata": {"annotations": {"looked-at": "again"}}}));
    agents.patch(agent, &PatchParams::default(), &touch).await.unwrap();
    until("the operator to look at the agent", LIMIT, async || Ok((looks() > before).then_some(())))
        .await
        .unwrap();
}

async fn row(admin: &Client, agent: &str) -> Value {
    let rows = cli::list::list(admin, Some(NAMESPACE)).await.unwrap();
    let found = rows.into_iter().find(|row| row.name == agent);
    serde_json::to_value(found.unwrap()).unwrap()
}

#[tokio::test]
async fn a_revoked_agent_is_out_within_seconds_and_stays_out() {
    let cluster = shared().await;
    let admin = cluster.admin().await;
    let agents: Api<SyncAgent> = Api::namespaced(admin.clone(), NAMESPACE);
    let accounts: Api<ServiceAccount> = Api::namespaced(admin.clone(), NAMESPACE);
    let (_, holder) = cluster.join("leaver").await;
    assert!(can_read("leaver", &holder).await);
    // A token that it renewed itself dies like the one it joined with.
    let week = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 604_800}});
    let renewed = ask(&holder, "POST", &own("v1", "serviceaccounts/leaver/token"), JSON, Some(&week)).await;
    let renewed = cluster.holder(renewed.object()["status"]["token"].as_str().unwrap()).await;
    assert!(can_read("leaver", &renewed).await);
    assert_eq!(row(&admin, "leaver").await["hasAccount"], true);

    let left = cli::revoke::revoke(&admin, NAMESPACE, "leaver", Some("the host was rebuilt")).await.unwrap();
    assert_eq!(left.server.as_deref(), Some("leaver"));
    until_refused("leaver", &holder).await;
    until_refused("leaver", &renewed).await;

    // It stays as evidence, marked, and nobody gives it an account again: the operator has not, and could not.
    until_the_operator_has_looked(cluster, &agents, "leaver").await;
    assert!(accounts.get_opt("leaver").await.unwrap().is_none());
    let marked = agents.get("leaver").await.unwrap().spec.revoked.unwrap();
    assert_eq!(marked.reason.as_deref(), Some("the host was rebuilt"));
    let listed = row(&admin, "leaver").await;
    assert_eq!(
        (&listed["hasAccount"], &listed["revoked"]["reason"]),
        (&json!(false), &json!("the host was rebuilt"))
    );
    let refusal = cli::rotate::rotate(&admin, NAMESPACE, "leaver").await.unwrap_err().to_string();
    assert!(refusal.contains("found that leaver was revoked at"), "{refusal}");
    assert!(refusal.contains("kubectl hybrid agent join leaver"), "{refusal}");

    // Once more is no error and forgets nothing.
    cli::revoke::revoke(&admin, NAMESPACE, "leaver", None).await.unwrap();
    assert_eq!(agents.get("leaver").await.unwrap().spec.revoked.unwrap(), marked);

    // Joining makes it valid anew, and none of the tokens from before.
    let (_, again) = cluster.join("leaver").await;
    assert!(can_read("leaver", &again).await);
    assert!(agents.get("leaver").await.unwrap().spec.revoked.is_none());
    assert!(!can_read("leaver", &holder).await && !can_read("leaver", &renewed).await);
    assert_eq!(row(&admin, "leaver").await["hasAccount"], true);
}

#[tokio::test]
async fn the_operator_can_give_nobody_an_account() {
    let cluster = shared().await;
    let operator = cluster
        .control_plane
        .client_for_service_account(tests::chart::NAMESPACE, tests::chart::RELEASE)
        .await
        .unwrap();
    for (group, resource) in [
        ("v1", "serviceaccounts"),
        ("rbac.authorization.k8s.io/v1", "roles"),
        ("rbac.authorization.k8s.io/v1", "rolebindings"),
        ("v1", "serviceaccounts/canary/token"),
    ] {
        let answer = ask(&operator, "POST", &own(group, resource), JSON, Some(&json!({}))).await;
        assert_eq!(answer.code, 403, "{resource}: {answer:?}");
    }
}

#[tokio::test]
async fn deleting_a_sync_agent_ends_its_access_too() {
    let cluster = shared().await;
    let agents: Api<SyncAgent> = Api::namespaced(cluster.admin().await, NAMESPACE);
    let (_, holder) = cluster.join("deleted").await;
    assert!(can_read("deleted", &holder).await);
    agents.delete("deleted", &DeleteParams::default()).await.unwrap();
    // The garbage collector takes the account away with its owner.
    until("the account to go with its SyncAgent", LIMIT, async || {
        let path = own("hybrididentity.dev/v1alpha1", "syncagents/deleted");
        Ok((ask(&holder, "GET", &path, JSON, None).await.code == 401).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn the_list_is_for_people_and_for_programs() {
    let cluster = shared().await;
    cluster.join("listed").await;
    let kubeconfig = cluster.control_plane.kubeconfig_path();
    let run = async |further: &[&str]| {
        let program = tests::demo::program("kubectl-hybrid").unwrap();
        let output = tokio::process::Command::new(program)
            .args(["agent", "list", "--namespace", NAMESPACE])
            .args(further)
            .env("KUBECONFIG", &kubeconfig)
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let table = run(&[]).await;
    for word in ["NAME", "SERVER", "ACCESS", "HEARTBEAT", "EPOCH", "COMMAND"] {
        assert!(table.lines().next().unwrap().contains(word), "{table}");
    }
    let line = table.lines().find(|line| line.starts_with("listed ")).unwrap();
    for word in ["yes", "never"] {
        assert!(line.contains(word), "{table}");
    }
    let rows: Vec<Value> = serde_json::from_str(&run(&["--output", "json"]).await).unwrap();
    let row = rows.iter().find(|row| row["name"] == "listed").unwrap();
    assert_eq!(
        (&row["server"], &row["accepted"], &row["hasAccount"]),
        (&json!("listed"), &json!(false), &json!(true))
    );
}
