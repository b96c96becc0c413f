//! `kubectl hybrid agent join`: makes an agent's account with exactly its rights, and prints a short-lived token. Network IO.

use std::time::Duration;

use crds::sync_agent::{Revocation, SyncAgentSpec, bulk_secrets, inventory_report, mappings_secret};
use crds::{ObjectName, SyncAgent};
use jiff::Timestamp;
use k8s_openapi::api::rbac::v1::PolicyRule;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;

use crate::account::{Account, FORGOTTEN_AFTER};
use crate::agent_error::AgentError;

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
    let bulk = bulk_secrets(&short).into_iter().map(|name| name.0).collect();
    vec![
        rule(crds::GROUP, &["syncagents"], &["get", "list", "watch"], own.clone()),
        rule(crds::GROUP, &["syncagents/status"], &["patch"], own.clone()),
        rule(crds::GROUP, &["syncagentreports"], &["get"], report.clone()),
        rule(crds::GROUP, &["syncagentreports/status"], &["patch"], report),
        rule("coordination.k8s.io", &["leases"], &["get", "update"], own.clone()),
        rule("", &["secrets"], &["get", "patch"], bulk),
        // What the operator hands over: read, never written.
        rule("", &["secrets"], &["get"], vec![mappings_secret(&short).0]),
        rule("", &["serviceaccounts/token"], &["create"], own),
    ]
}

/// Makes the agent's objects and answers a token. An agent that was revoked is valid again from then on; the tokens it had before are
/// not.
///
/// # Errors
/// [`AgentError`]; what was made stays and is found the next time.
pub async fn join(client: &Client, namespace: &str, agent: &str, server: &str) -> Result<String, AgentError> {
    is_a_name(agent)?;
    let account = Account { client, namespace, agent };
    let known = account.sync_agent().await?;
    if let Some(known) = known.as_ref().filter(|known| known.spec.server_ref.name.as_str() != server) {
        return Err(AgentError::OtherServer {
            agent: agent.to_owned(),
            wanted: server.to_owned(),
            found: known.spec.server_ref.name.to_string(),
        });
    }
    account.is_ours_or_free().await?;
    let object = match known {
        Some(known) => known,
        None => create(&account, server).await?,
    };
    if let Some(revoked) = &object.spec.revoked {
        tokio::time::sleep(until_forgotten(revoked, Timestamp::now())).await;
    }
    account.make(&object).await?;
    if object.spec.revoked.is_some() {
        // Last: until the new account is whole the agent speaks for nobody.
        let patch = Patch::Merge(json!({"spec": {"revoked": null}}));
        let patched = account.api::<SyncAgent>().patch(agent, &PatchParams::default(), &patch).await;
        patched.map_err(AgentError::api(format!(
            "take the revocation back on SyncAgent {}",
            account.full_name()
        )))?;
    }
    account.token().await
}

async fn create(account: &Account<'_>, server: &str) -> Result<SyncAgent, AgentError> {
    let mut object = SyncAgent::new(account.agent, SyncAgentSpec::for_server(server));
    object.metadata = ObjectMeta {
        name: Some(account.agent.to_owned()),
        namespace: Some(account.namespace.to_owned()),
        ..ObjectMeta::default()
    };
    let created = account.api::<SyncAgent>().create(&PostParams::default(), &object).await;
    created.map_err(AgentError::api(format!("create SyncAgent {}", account.full_name())))
}

/// How long until no API server remembers a token from before. A revocation of another clock's future waits the whole time.
fn until_forgotten(revoked: &Revocation, now: Timestamp) -> Duration {
    let passed = Duration::try_from(now.duration_since(revoked.at)).unwrap_or_default();
    FORGOTTEN_AFTER.saturating_sub(passed)
}

/// What SyncServer takes as the name of an agent.
fn is_a_name(name: &str) -> Result<(), AgentError> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let whole = !name.is_empty() && name.len() <= 63 && name.chars().all(good);
    if whole && !name.starts_with('-') && !name.ends_with('-') {
        Ok(())
    } else {
        Err(AgentError::Name { found: name.to_owned() })
    }
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
        let rules = agent_rules("sync01");
        let secrets = rules.iter().filter(|r| r.resources.as_ref().unwrap()[0] == "secrets");
        for rule in secrets {
            assert!(!rule.verbs.contains(&"list".to_owned()), "listing Secrets would show everybody's");
            let writes = rule.verbs.contains(&"patch".to_owned());
            let mappings = rule.resource_names.iter().flatten().any(|name| name == "sync01-mappings");
            assert!(!(writes && mappings), "the mappings and the key of the digests are the operator's");
        }
    }

    #[test]
    fn a_rejoined_agent_waits_until_old_tokens_are_forgotten() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let since = |at: &str| until_forgotten(&Revocation { at: at.parse().unwrap(), reason: None }, now);
        assert_eq!(since("2026-11-21T11:59:55Z") + Duration::from_secs(5), FORGOTTEN_AFTER);
        assert_eq!(since("2026-11-20T12:00:00Z"), Duration::ZERO);
        assert_eq!(since("2026-11-22T12:00:00Z"), FORGOTTEN_AFTER, "a clock that is ahead cannot shorten it");
    }

    #[test]
    fn a_name_is_one_that_a_server_can_accept() {
        for good in ["sync01", "a", "sync-01"] {
            assert!(is_a_name(good).is_ok(), "{good}");
        }
        for bad in ["", "sync.01", "Sync01", "-a", "a-", "a/b", "system:admin", &"a".repeat(64)] {
            let error = is_a_name(bad).unwrap_err().to_string();
            assert!(error.contains("expected a name") && error.contains("choose another"), "{error}");
        }
    }
}
