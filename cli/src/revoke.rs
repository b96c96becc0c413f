//! `kubectl hybrid agent revoke`: ends an agent's access and marks it, so that what it said is not believed. Network IO.

use crds::SyncAgent;
use crds::sync_agent::Revocation;
use jiff::Timestamp;
use kube::Client;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::account::Account;
use crate::agent_error::AgentError;

/// What a revocation left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The server the agent spoke for; none when only an account without a SyncAgent was left of it.
    pub server: Option<String>,
    /// When the agent switches the scheduler on by itself: it may be off now.
    pub resume_by: Option<Timestamp>,
}

/// Takes the agent's account away, with every token of it, and marks its SyncAgent, which stays as evidence. Safe to repeat.
///
/// # Errors
/// [`AgentError`]
pub async fn revoke(
    client: &Client,
    namespace: &str,
    agent: &str,
    reason: Option<&str>,
) -> Result<Revoked, AgentError> {
    let account = Account { client, namespace, agent };
    let known = account.sync_agent().await?;
    account.is_ours_or_free().await?;
    // The access first: whatever goes wrong then, the agent is out.
    let had_account = account.unmake().await?;
    let Some(known) = known else {
        let unknown = AgentError::Unknown { agent: agent.to_owned(), namespace: namespace.to_owned() };
        return if had_account { Ok(Revoked { server: None, resume_by: None }) } else { Err(unknown) };
    };
    if known.spec.revoked.is_none() {
        let mark = Revocation { at: Timestamp::now(), reason: reason.map(str::to_owned) };
        let patch = Patch::Merge(json!({"spec": {"revoked": mark}}));
        let patched = account.api::<SyncAgent>().patch(agent, &PatchParams::default(), &patch).await;
        patched.map_err(AgentError::api(format!(
            "mark SyncAgent {} as revoked (its account is gone already)",
            account.full_name()
        )))?;
    }
    Ok(Revoked {
        server: Some(known.spec.server_ref.name.to_string()),
        resume_by: known.status.and_then(|status| status.resume_by),
    })
}
