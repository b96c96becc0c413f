//! `kubectl hybrid agent list`: every agent with its server, its last heartbeat and whether it has access. Network IO in [`list`].

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{ContentArrangement, Table, presets};
use crds::sync_agent::{OutcomeState, Revocation, received_at};
use crds::{SyncAgent, SyncServer};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::ListParams;
use kube::{Api, Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::agent_error::AgentError;

/// One agent, as `-o json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentRow {
    /// Namespace.
    pub namespace: String,
    /// Name of the SyncAgent.
    pub name: String,
    /// The server it speaks for.
    pub server: String,
    /// That server names it as its accepted agent, and it is not revoked.
    pub accepted: bool,
    /// It has an account, so that it can have tokens.
    pub has_account: bool,
    /// When the API server received its last heartbeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_heartbeat: Option<Timestamp>,
    /// Version of the agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Highest epoch it has seen.
    pub highest_epoch: i64,
    /// Its present command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandRow>,
    /// When and why it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
}

/// The present command of an agent.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandRow {
    /// Its id.
    pub id: String,
    /// What it does.
    pub action: &'static str,
    /// Its epoch.
    pub epoch: i64,
    /// What came of it; absent until the agent took it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeState>,
}

/// All agents of a namespace, or of the cluster.
///
/// # Errors
/// [`AgentError`]
pub async fn list(client: &Client, namespace: Option<&str>) -> Result<Vec<AgentRow>, AgentError> {
    let now = Timestamp::now();
    let agents: Vec<SyncAgent> = all(client, namespace, "SyncAgents").await?;
    let servers: Vec<SyncServer> = all(client, namespace, "SyncServers").await?;
    let leases: Vec<Lease> = all(client, namespace, "Leases").await?;
    let accounts: Vec<ServiceAccount> = all(client, namespace, "ServiceAccounts").await?;
    Ok(rows(agents, &servers, &leases, &accounts, now))
}

async fn all<K>(client: &Client, namespace: Option<&str>, kinds: &str) -> Result<Vec<K>, AgentError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let (api, place): (Api<K>, String) = match namespace {
        Some(namespace) => (Api::namespaced(client.clone(), namespace), format!("namespace {namespace}")),
        None => (Api::all(client.clone()), "all namespaces".to_owned()),
    };
    let found = api.list(&ListParams::default()).await;
    Ok(found.map_err(AgentError::api(format!("list {kinds} of {place}")))?.items)
}

fn rows(
    agents: Vec<SyncAgent>,
    servers: &[SyncServer],
    leases: &[Lease],
    accounts: &[ServiceAccount],
    now: Timestamp,
) -> Vec<AgentRow> {
    let key = |meta: &kube::core::ObjectMeta| {
        (meta.namespace.clone().unwrap_or_default(), meta.name.clone().unwrap_or_default())
    };
    let beats: BTreeMap<_, _> = leases
        .iter()
        // A Lease that nobody has renewed yet was written by whoever made it.
        .filter(|lease| lease.spec.as_ref().is_some_and(|spec| spec.renew_time.is_some()))
        .filter_map(|lease| {
            Some((key(&lease.metadata), received_at(lease.metadata.managed_fields.as_ref()?, now)?))
        })
        .collect();
    let accounts: BTreeSet<_> = accounts.iter().map(|account| key(&account.metadata)).collect();
    let accepted = |agent: &SyncAgent| {
        servers.iter().any(|server| {
            let named = server.spec.accepted_agent.as_ref();
            named.is_some_and(|named| named.name.as_str() == agent.name_any())
                && server.namespace() == agent.namespace()
                && agent.speaks_for(&server.name_any().as_str().into())
        })
    };
    let mut rows: Vec<AgentRow> = agents
        .into_iter()
        .map(|agent| {
            let accepted = accepted(&agent);
            let (namespace, name) = key(&agent.metadata);
            let place = (namespace.clone(), name.clone());
            let status = agent.status.unwrap_or_default();
            let server = agent.spec.server_ref.name.to_string();
            let command = agent.spec.command.map(|command| CommandRow {
                outcome: status.outcome.filter(|came| came.command_id == command.id).map(|came| came.state),
                action: command.action.name(),
                epoch: command.epoch.0,
                id: command.id,
            });
            AgentRow {
                accepted,
                has_account: accounts.contains(&place),
                last_heartbeat: beats.get(&place).copied(),
                version: status.agent_version,
                highest_epoch: status.highest_epoch.0,
                revoked: agent.spec.revoked,
                namespace,
                name,
                server,
                command,
            }
        })
        .collect();
    rows.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    rows
}

/// The agents as a table for people.
pub fn table(rows: &[AgentRow], with_namespace: bool, now: Timestamp) -> String {
    let mut header = vec!["NAME", "SERVER", "ACCEPTED", "ACCESS", "HEARTBEAT", "VERSION", "EPOCH", "COMMAND"];
    if with_namespace {
        header.insert(0, "NAMESPACE");
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    for row in rows {
        let accepted = if row.accepted { "yes" } else { "no" }.to_owned();
        let heartbeat = row.last_heartbeat.map_or("never".to_owned(), |at| ago(at, now));
        let version = row.version.clone().unwrap_or_else(|| "-".to_owned());
        let command = row.command.as_ref().map_or("-".to_owned(), |command| {
            let outcome = command.outcome.map_or("Given".to_owned(), |state| format!("{state:?}"));
            format!("{} ({outcome})", command.action)
        });
        let mut cells = vec![
            row.name.clone(),
            row.server.clone(),
            accepted,
            access(row, now),
            heartbeat,
            version,
            row.highest_epoch.to_string(),
            command,
        ];
        if with_namespace {
            cells.insert(0, row.namespace.clone());
        }
        table.add_row(cells);
    }
    table.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n")
}

fn access(row: &AgentRow, now: Timestamp) -> String {
    match (&row.revoked, row.has_account) {
        (Some(revoked), false) => format!("revoked {}", ago(revoked.at, now)),
        // Somebody made the account again by hand: the agent is not believed, and can read all the same.
        (Some(_), true) => "revoked, but has an account".to_owned(),
        (None, true) => "yes".to_owned(),
        (None, false) => "no account".to_owned(),
    }
}

/// As kubectl tells ages: one unit, rounded down.
fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).max(SignedDuration::ZERO).as_secs();
    let text = match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    };
    format!("{text} ago")
}

#[cfg(test)]
mod tests;
