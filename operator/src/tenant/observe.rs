//! What can be seen of a tenant: each permission of the profile is probed by a call that needs it.

use crds::EntraTenant;
use crds::entra_tenant::{Permission, ProvisioningAgent};
use graph::resources::TenantId;
use graph::resources::agents::AgentStatus;
use graph::{ApiVersion, GraphClient, Query};

use crate::cloud::configuration::{self, Configuration};
use crate::cloud::connect::{self, ConnectError};
use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;

/// What was seen.
#[derive(Default)]
pub(super) struct Seen {
    /// Why there is no client.
    pub(super) no_client: Option<ConnectError>,
    /// Why Graph cannot be used at all.
    pub(super) unreachable: Option<graph::Error>,
    /// Display name of the organization.
    pub(super) display_name: Option<String>,
    /// Whether synchronization is on.
    pub(super) synchronization_enabled: Option<bool>,
    /// Permissions as probed.
    pub(super) permissions: Vec<Permission>,
    /// Configurations.
    pub(super) configurations: Option<Vec<Configuration>>,
    /// Why they cannot be read.
    pub(super) configurations_error: Option<Error>,
    /// Provisioning agents.
    pub(super) agents: Option<Vec<ProvisioningAgent>>,
}

/// Looks at a tenant.
pub(super) async fn look<C: Cluster>(context: &Context<C>, tenant: &EntraTenant) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    let client = match connect::client(context, tenant).await {
        Ok(client) => client,
        Err(ConnectError::Cluster(error)) => return Err(error.into()),
        Err(error) => {
            seen.no_client = Some(error);
            return Ok(seen);
        }
    };
    let id = TenantId::new(tenant.spec.tenant_id.clone());
    match client.organization().get(ApiVersion::V1, &id).await {
        Ok(organization) => {
            seen.display_name = organization.display_name.text().map(str::to_owned);
            // A null may mean that the permission is missing, not that synchronization is off.
            seen.synchronization_enabled = organization.on_premises_sync_enabled.copied();
        }
        Err(graph::Error::Forbidden { .. }) => {}
        Err(error) => {
            seen.unreachable = Some(error);
            return Ok(seen);
        }
    }
    if let Err(error) = probe(&client, &mut seen).await {
        seen.unreachable = Some(error);
        return Ok(seen);
    }
    seen.agents = agents(&client).await;
    Ok(seen)
}

/// Calls what each permission is for.
///
/// # Errors
/// When Graph does not answer: that tells nothing of permissions.
async fn probe(client: &GraphClient, seen: &mut Seen) -> Result<(), graph::Error> {
    let mut found =
        |name: &str, granted: bool| seen.permissions.push(Permission { name: name.to_owned(), granted });
    let one = Query::all().select(&["id"]).page_size(1);
    found("User.Read.All", granted(client.users().list(&one).next().await)?);
    found("GroupMember.Read.All", granted(client.groups().list(&one).next().await)?);
    match configuration::read_all(client).await {
        Ok(configurations) => {
            found("Synchronization.Read.All", true);
            seen.configurations = Some(configurations);
        }
        Err(error) => {
            found("Synchronization.Read.All", !matches!(error, Error::Graph(graph::Error::Forbidden { .. })));
            seen.configurations_error = Some(error);
        }
    }
    Ok(())
}

/// Whether a call was served; only a refusal says that its permission is missing.
fn granted<T>(answer: Result<T, graph::Error>) -> Result<bool, graph::Error> {
    match answer {
        Ok(_) => Ok(true),
        Err(graph::Error::Forbidden { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Provisioning agents; `None` when this credential cannot read them.
async fn agents(client: &GraphClient) -> Option<Vec<ProvisioningAgent>> {
    let agents = client.provisioning_agents().agents().collect_all().await.ok()?;
    // Which domains an agent serves is told by its groups' published resources, where those can be read.
    let groups = client.provisioning_agents().groups().collect_all().await.unwrap_or_default();
    let mut found: Vec<ProvisioningAgent> = agents
        .iter()
        .map(|agent| {
            let mut domains: Vec<String> = groups
                .iter()
                .filter(|group| group.agents.items().iter().any(|member| member.id.get() == agent.id.get()))
                .flat_map(|group| group.published_resources.items())
                .filter_map(|resource| resource.resource_name.text().map(str::to_lowercase))
                .collect();
            domains.sort();
            domains.dedup();
            ProvisioningAgent {
                machine_name: agent.machine_name.text().unwrap_or_default().to_owned(),
                active: agent.status.is(AgentStatus::Active),
                domains,
            }
        })
        .collect();
    found.sort_by(|a, b| a.machine_name.cmp(&b.machine_name));
    Some(found)
}
