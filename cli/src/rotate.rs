//! `kubectl hybrid agent rotate`: ends every token of an agent and prints a new one; all else stays. Network IO.

use kube::Client;

use crate::account::{Account, FORGOTTEN_AFTER};
use crate::agent_error::AgentError;

/// Takes the agent's account away, waits until no API server remembers a token of it, makes it anew, and answers a token. Safe to
/// repeat, also after it was broken off.
///
/// Without the wait whoever holds an old token could ask for one of the new account while an API server still takes the old one.
///
/// # Errors
/// [`AgentError`]; broken off between the two, the agent has no account until it is rotated or joined again.
pub async fn rotate(client: &Client, namespace: &str, agent: &str) -> Result<String, AgentError> {
    let account = Account { client, namespace, agent };
    let unknown = || AgentError::Unknown { agent: agent.to_owned(), namespace: namespace.to_owned() };
    let known = account.sync_agent().await?.ok_or_else(unknown)?;
    if let Some(revoked) = &known.spec.revoked {
        return Err(AgentError::Revoked { agent: agent.to_owned(), at: revoked.at });
    }
    account.is_ours_or_free().await?;
    account.unmake().await?;
    tokio::time::sleep(FORGOTTEN_AFTER).await;
    account.make(&known).await?;
    account.token().await
}
