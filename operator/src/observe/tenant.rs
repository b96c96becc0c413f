//! The tenant of a topology, with its configurations read live.

use crds::EntraTenant;
use crds::conditions::{self, ConditionType};
use graph::GraphClient;
use graph::resources::agents::AgentStatus;
use planner::observed::{PassThroughAgent, TenantFacts};

use crate::cloud::configuration::{self, Configuration};
use crate::cloud::connect;
use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;

/// The tenant as found.
pub(super) struct Found {
    pub(super) facts: Option<TenantFacts>,
    pub(super) object: Option<EntraTenant>,
    pub(super) client: Option<GraphClient>,
    pub(super) configurations: Vec<Configuration>,
    pub(super) error: Option<Error>,
}

/// Looks at the tenant and its configurations.
pub(super) async fn look<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    name: &str,
) -> Result<Found, Error> {
    let mut found =
        Found { facts: None, object: None, client: None, configurations: Vec::new(), error: None };
    let Some(tenant) = context.cluster.get::<EntraTenant>(namespace, name).await? else { return Ok(found) };
    let status = super::tenant_status(&tenant);
    let mut not_ready = why_not_ready(&tenant);
    match connect::client(context, &tenant).await {
        Ok(client) => {
            if not_ready.is_none() {
                match configuration::read_all(&client).await {
                    Ok(configurations) => found.configurations = configurations,
                    Err(error) => {
                        not_ready = Some(format!("the Cloud Sync configurations cannot be read: {error}"));
                        found.error = Some(error);
                    }
                }
            }
            found.client = Some(client);
        }
        Err(connect::ConnectError::Cluster(error)) => return Err(error.into()),
        Err(error) => not_ready = Some(error.to_string()),
    }
    let mut jobs = Vec::with_capacity(found.configurations.len());
    for configuration in &found.configurations {
        let recorded = status.jobs.iter().find(|job| job.domain.eq_ignore_ascii_case(&configuration.domain));
        match configuration.facts(recorded) {
            Ok(facts) => jobs.push(facts),
            Err(error) => {
                not_ready =
                    Some(format!("the configuration of {} cannot be read: {error}", configuration.domain));
            }
        }
    }
    found.facts = Some(TenantFacts {
        name: name.into(),
        profile: tenant.spec.profile,
        suspended: tenant.spec.suspend,
        not_ready,
        jobs,
        provisioning_agents: status.provisioning_agents,
        pass_through_agents: None,
    });
    found.object = Some(tenant);
    Ok(found)
}

/// Agents of pass-through authentication; `None` when they cannot be read.
pub(super) async fn pass_through_agents(client: &GraphClient) -> Option<Vec<PassThroughAgent>> {
    let agents = client.pass_through_agents().collect_all().await.ok()?;
    let agents = agents.iter().map(|agent| PassThroughAgent {
        machine_name: agent.machine_name.text().unwrap_or_default().to_owned(),
        active: agent.status.is(AgentStatus::Active),
    });
    Some(agents.collect())
}

/// Why the tenant's own controller does not call it ready; `None` when it does.
fn why_not_ready(tenant: &EntraTenant) -> Option<String> {
    let name = tenant.metadata.name.as_deref().unwrap_or_default();
    let Some(status) = &tenant.status else {
        return Some(format!("EntraTenant {name} has not been looked at yet"));
    };
    match conditions::find(&status.conditions, ConditionType::Ready) {
        Some(ready) if ready.status == "True" => None,
        Some(ready) => Some(format!("EntraTenant {name} is not ready ({}): {}", ready.reason, ready.message)),
        None => Some(format!("EntraTenant {name} has not been looked at yet")),
    }
}
