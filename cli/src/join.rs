//! `kubectl hybrid agent join`: makes an agent's account with exactly its rights, and prints a short-lived token. Network IO.

use crds::primitive::LocalRef;
use crds::sync_agent::{SyncAgentSpec, bulk_secrets, inventory_report, mappings_secret};
use crds::{ObjectName, SyncAgent};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long the printed token lives; the agent renews it by itself from then on.
const TOKEN_SECONDS: i64 = 3600;

/// Field manager of what is made here.
const MANAGER: &str = "kubectl-hybrid";

/// Exactly what an agent may do: read and report its own objects, renew its own Lease and token. No events: it could forge them.
pub fn agent_rules(agent: &str) -> Vec<PolicyRule> {
    let rule = |group: &str, resources: &[&str], verbs: &[&str], names: Vec<String>| PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(resources.iter().map(|&r| r.to_owned()).collect()),
        verbs: verbs.iter().map(|&v| v.to_owned()).collect(),
        resource_names: Some(names),
        ..PolicyRule::default()
    };
    let own = vec![agent.to_owned()];
    let report = vec![inventory_report(agent)];
    let short: ObjectName = agent.into();
    let mut secrets: Vec<String> = bulk_secrets(&short).into_iter().map(|name| name.0).collect();
    secrets.push(mappings_secret(&short).0);
    vec![
        rule(crds::GROUP, &["syncagents"], &["get", "list", "watch"], own.clone()),
        rule(crds::GROUP, &["syncagents/status"], &["patch"], own.clone()),
        rule(crds::GROUP, &["syncagentreports"], &["get"], report.clone()),
        rule(crds::GROUP, &["syncagentreports/status"], &["patch"], report),
        rule("coordination.k8s.io", &["leases"], &["get", "update"], own.clone()),
        rule("", &["secrets"], &["get", "patch"], secrets),
        rule("", &["serviceaccounts/token"], &["create"], own),
    ]
}

/// Makes the agent's objects and answers a token.
///
/// # Errors
/// When the API server refuses one of them; what was made stays and is found the next time.
pub async fn join(
    client: &Client,
    namespace: &str,
    agent: &str,
    server: &str,
) -> Result<String, kube::Error> {
    let meta = || ObjectMeta {
        name: Some(agent.to_owned()),
        namespace: Some(namespace.to_owned()),
        ..ObjectMeta::default()
    };
    let mut object = SyncAgent::new(
        agent,
        SyncAgentSpec { server_ref: LocalRef::new(server), heartbeat_seconds: 15, command: None },
    );
    object.metadata = meta();
    let agents: Api<SyncAgent> = Api::namespaced(client.clone(), namespace);
    if agents.get_opt(agent).await?.is_none() {
        agents.create(&PostParams::default(), &object).await?;
    }
    apply(client, namespace, agent, &ServiceAccount { metadata: meta(), ..ServiceAccount::default() })
        .await?;
    apply(client, namespace, agent, &Role { metadata: meta(), rules: Some(agent_rules(agent)) }).await?;
    let binding = RoleBinding {
        metadata: meta(),
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "Role".to_owned(),
            name: agent.to_owned(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: agent.to_owned(),
            namespace: Some(namespace.to_owned()),
            ..Subject::default()
        }]),
    };
    apply(client, namespace, agent, &binding).await?;
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let request = TokenRequest {
        spec: Some(TokenRequestSpec {
            expiration_seconds: Some(TOKEN_SECONDS),
            ..TokenRequestSpec::default()
        }),
        ..TokenRequest::default()
    };
    let answer = accounts.create_token_request(agent, &PostParams::default(), &request).await?;
    Ok(answer.status.and_then(|status| status.token).unwrap_or_default())
}

async fn apply<K>(client: &Client, namespace: &str, name: &str, object: &K) -> Result<(), kube::Error>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + Serialize
        + DeserializeOwned
        + std::fmt::Debug,
{
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    api.patch(name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(object)).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_may_touch_its_own_objects_only() {
        for rule in agent_rules("sync01") {
            let names = rule.resource_names.unwrap();
            assert!(!names.is_empty());
            assert!(names.iter().all(|name| name == "sync01" || name.starts_with("sync01-")), "{names:?}");
            assert!(!rule.verbs.iter().any(|verb| verb == "*" || verb == "delete"));
        }
        let secrets = agent_rules("sync01")
            .into_iter()
            .find(|r| r.resources.as_ref().unwrap()[0] == "secrets")
            .unwrap();
        assert!(!secrets.verbs.contains(&"list".to_owned()), "listing Secrets would show everybody's");
    }
}
