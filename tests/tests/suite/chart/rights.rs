//! Who may do what: the operator no more than it does, people what their role says. Talks to the API server.

use serde_json::{Value, json};
use tests::until;

use super::helm;
use super::server::{
    GROUP, OPERATOR, TOPOLOGIES, Write, apply, bind, create, installed, may, replace, until_granted,
};

/// Verbs and kinds of ours that the operator must not use: nothing is deleted or patched, no status of an agent is
/// written, nothing is decided.
const NEVER: &[(&str, &str, &str)] = &[
    ("delete", GROUP, "migrations"),
    ("delete", GROUP, "syncagents"),
    ("deletecollection", GROUP, "configurationsnapshots"),
    ("update", GROUP, "synctopologies"),
    ("update", GROUP, "entratenants"),
    ("update", GROUP, "syncservers"),
    ("update", GROUP, "migrations"),
    ("update", GROUP, "syncagents/status"),
    ("update", GROUP, "syncagentreports/status"),
    ("create", GROUP, "migrationdecisions"),
    ("create", GROUP, "syncagents"),
    ("approve", GROUP, "migrations"),
    ("decideforothers", GROUP, "migrations"),
    ("list", "", "secrets"),
    ("watch", "", "secrets"),
    ("delete", "", "secrets"),
    ("get", "", "pods"),
    ("create", "", "serviceaccounts/token"),
    ("update", "coordination.k8s.io", "leases"),
    ("create", "rbac.authorization.k8s.io", "roles"),
    ("approve", "certificates.k8s.io", "signers"),
    ("update", "certificates.k8s.io", "certificatesigningrequests/approval"),
    ("update", "admissionregistration.k8s.io", "validatingadmissionpolicies"),
    ("list", "admissionregistration.k8s.io", "validatingadmissionpolicies"),
];

fn words(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn no_role_has_a_wildcard_or_raises_itself_and_nobody_is_made_administrator() {
    let mut rules = 0;
    for more in [vec![], vec!["--set", "watchNamespaces={identity}"]] {
        for object in helm::template(&more).unwrap() {
            let name = &object["metadata"]["name"];
            assert_ne!(object["roleRef"]["name"], "cluster-admin", "{name}");
            if !matches!(object["kind"].as_str(), Some("Role" | "ClusterRole")) {
                continue;
            }
            for rule in object["rules"].as_array().unwrap() {
                rules += 1;
                let all = ["apiGroups", "resources", "verbs"].map(|part| words(&rule[part])).concat();
                for word in ["*", "escalate", "bind", "impersonate", "decideforothers", "nodes", "pods"] {
                    assert!(!all.contains(&word), "{name}: {rule}");
                }
            }
        }
    }
    assert!(rules > 20, "{rules} rules");
}

#[tokio::test]
async fn the_operator_has_no_right_that_it_does_not_use() {
    let client = installed().await.client().await.unwrap();
    for (verb, group, resource) in NEVER {
        for namespace in [TOPOLOGIES, helm::NAMESPACE, ""] {
            let allowed = may(&client, OPERATOR, verb, group, resource, namespace).await;
            assert!(!allowed, "{verb} {resource} in '{namespace}'");
        }
    }
    // What it does use: so that the table above is not true of an account without any rights.
    for (verb, resource) in
        [("watch", "synctopologies"), ("create", "migrations"), ("update", "migrations/status")]
    {
        assert!(may(&client, OPERATOR, verb, GROUP, resource, TOPOLOGIES).await, "{verb} {resource}");
    }
}

#[tokio::test]
async fn the_operator_can_lead_keep_bytes_and_see_whether_the_policy_is_in_force() {
    let control_plane = installed().await;
    let operator =
        control_plane.client_for_service_account(helm::NAMESPACE, "hybrid-identity-operator").await.unwrap();
    let lease = |name: &str| {
        json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": { "name": name, "namespace": helm::NAMESPACE } })
    };
    create(&operator, &lease("hybrid-identity-operator"), Write::Kept).await.unwrap();
    apply(&operator, &lease("hybrid-identity-operator"), Write::Kept).await.unwrap();
    // Any other Lease is not its own.
    let refusal = apply(&operator, &lease("another"), Write::Kept).await.unwrap_err();
    assert!(refusal.contains("cannot patch resource"), "{refusal}");

    let secret = json!({ "apiVersion": "v1", "kind": "Secret",
        "metadata": { "name": "chunk", "namespace": TOPOLOGIES }, "data": {} });
    let mut kept = create(&operator, &secret, Write::Kept).await.unwrap();
    kept["data"] = json!({ "chunk": "eA==" });
    replace(&operator, &kept).await.unwrap();

    for resource in ["validatingadmissionpolicies", "validatingadmissionpolicybindings"] {
        let path = format!("/apis/admissionregistration.k8s.io/v1/{resource}");
        let get = |name: &str| {
            let request = kube::api::Request::new(path.as_str()).get(name, &kube::api::GetParams::default());
            operator.request::<Value>(request.unwrap())
        };
        assert_eq!(
            get("hybrid-identity-decisions").await.unwrap()["metadata"]["name"],
            "hybrid-identity-decisions"
        );
        assert!(get("hybrid-identity-commands").await.is_err());
    }
}

#[tokio::test]
async fn an_operator_for_one_namespace_has_no_right_in_another() {
    let client = installed().await.client().await.unwrap();
    let path = helm::chart().join("ci/one-namespace-values.yaml");
    let [option, values] = helm::values(&path);
    let further = [
        option,
        values,
        "--set",
        "fullnameOverride=narrow,crds.enabled=false,admissionPolicies.enabled=false",
    ];
    for object in helm::template(&further).unwrap() {
        apply(&client, &object, Write::Kept).await.unwrap();
    }
    let account = "system:serviceaccount:hybrid-identity:identity-operator";
    until("the narrow operator to have its rights", std::time::Duration::from_mins(1), async || {
        Ok(may(&client, account, "get", "", "secrets", TOPOLOGIES).await.then_some(()))
    })
    .await
    .unwrap();
    assert!(may(&client, account, "watch", GROUP, "synctopologies", TOPOLOGIES).await);
    for namespace in ["default", "kube-system", helm::NAMESPACE, ""] {
        assert!(!may(&client, account, "get", "", "secrets", namespace).await, "{namespace}");
        assert!(!may(&client, account, "list", GROUP, "synctopologies", namespace).await, "{namespace}");
    }
}

#[tokio::test]
async fn an_approver_decides_and_changes_nothing_else() {
    let client = installed().await.client().await.unwrap();
    bind(&client, "carla", "ClusterRole", "hybrid-identity-operator-approver").await;
    until_granted(&client, "carla", "readopt").await;
    for verb in
        ["approve", "deny", "pause", "resume", "rollback", "skipstep", "readopt", "get", "list", "watch"]
    {
        assert!(may(&client, "carla", verb, GROUP, "migrations", TOPOLOGIES).await, "{verb}");
    }
    assert!(may(&client, "carla", "create", GROUP, "migrationdecisions", TOPOLOGIES).await);
    for (verb, resource) in [
        ("decideforothers", "migrations"),
        ("create", "migrations"),
        ("delete", "migrations"),
        ("delete", "migrationdecisions"),
        ("update", "synctopologies"),
        ("create", "syncagents"),
    ] {
        assert!(!may(&client, "carla", verb, GROUP, resource, TOPOLOGIES).await, "{verb} {resource}");
    }
    assert!(!may(&client, "carla", "approve", GROUP, "migrations", "default").await);
}

#[test]
fn readers_and_editors_of_a_namespace_get_our_kinds_by_aggregation() {
    let objects = helm::template(&[]).unwrap();
    let roles = helm::of_kind(&objects, "ClusterRole");
    let label = |suffix: &str, into: &str| {
        let name = format!("hybrid-identity-operator-{suffix}");
        let role = roles.iter().find(|role| role["metadata"]["name"] == name).unwrap();
        role["metadata"]["labels"][format!("rbac.authorization.k8s.io/aggregate-to-{into}")] == "true"
    };
    assert!(label("view", "view") && label("view", "edit") && label("view", "admin"));
    assert!(label("edit", "edit") && label("edit", "admin") && label("admin", "admin"));
    assert!(!label("edit", "view") && !label("admin", "edit") && !label("approver", "edit"));
}
