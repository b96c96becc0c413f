//! Gathers everything known about one topology: the planner's input. Reads the cluster and the cloud, decides nothing.

mod migrations;
mod servers;
mod tenant;

pub use migrations::{
    LISTING_DIGEST, LISTING_OBJECTS, LISTING_SECRETS, digest_key, digest_key_bytes, listing_of,
    listing_secrets,
};
pub(crate) use migrations::{chunk, signed};
pub use servers::{Freshness, freshness, heartbeat_grace};
pub(crate) use servers::{host_problem, older_claim, role_of};

use crds::entra_tenant::EntraTenantStatus;
use crds::{EntraTenant, Migration, MigrationDecision, SyncTopology};
use graph::GraphClient;
use kube::ResourceExt;
use planner::Observed;
use planner::observed::{DecisionFacts, ForeignScope, TopologyFacts};

use crate::cloud::configuration::Configuration;
use crate::cluster::{Cluster, ClusterError};
use crate::context::Context;
use crate::error::Error;

/// Everything known, and what applying a plan needs besides.
pub struct Seen {
    /// The planner's input.
    pub observed: Observed,
    /// The tenant object as read.
    pub tenant: Option<EntraTenant>,
    /// A client of its cloud, if one could be made.
    pub client: Option<GraphClient>,
    /// Its configurations, live.
    pub configurations: Vec<Configuration>,
    /// The topology object as read.
    pub topology: SyncTopology,
    /// Why the cloud could not be read.
    pub cloud_error: Option<Error>,
}

/// Label by which decisions proven by the admission policy are told: written by nobody, see [`policy_in_force`].
const POLICY: &str = "hybrid-identity-decisions";

/// Gathers everything known about a topology.
///
/// # Errors
/// When the cluster does not answer. A cloud that does not answer is part of what is seen.
pub async fn gather<C: Cluster>(context: &Context<C>, topology: SyncTopology) -> Result<Seen, Error> {
    let namespace = topology.namespace().unwrap_or_default();
    let name = topology.name_any();
    let mut found = tenant::look(context, &namespace, topology.spec.tenant_ref.name.as_str()).await?;
    let servers = servers::look(context, &namespace, &topology.spec).await?;
    // Asked for only where they matter: the answer keeps a server from being retired.
    let mut features = servers.values().filter_map(|server| server.inventory.as_ref()?.features.as_ref());
    if features.any(|features| features.sign_on_method == "PassThroughAuthentication")
        && let (Some(facts), Some(client)) = (&mut found.facts, &found.client)
    {
        facts.pass_through_agents = tenant::pass_through_agents(client).await;
    }
    let migrations: Vec<Migration> = context
        .cluster
        .list::<Migration>(Some(&namespace))
        .await?
        .into_iter()
        .filter(|migration| migration.spec.topology_ref.name.as_str() == name)
        .collect();
    let decisions = decisions(context, &namespace, &migrations).await?;
    let migrations = migrations::look(context, &namespace, migrations).await?;
    let other_scopes = other_scopes(context, &namespace, &name).await?;
    let observed = Observed {
        topology: TopologyFacts {
            name: name.as_str().into(),
            namespace,
            generation: topology.metadata.generation.unwrap_or_default(),
            deleted: topology.metadata.deletion_timestamp.is_some(),
            spec: topology.spec.clone(),
            status: topology.status.clone().unwrap_or_default(),
        },
        tenant: found.facts,
        servers,
        migrations,
        other_scopes,
        decisions,
    };
    Ok(Seen {
        observed,
        tenant: found.object,
        client: found.client,
        configurations: found.configurations,
        topology,
        cloud_error: found.error,
    })
}

async fn other_scopes<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    name: &str,
) -> Result<Vec<ForeignScope>, Error> {
    let mut scopes = Vec::new();
    for other in context.cluster.list::<SyncTopology>(None).await? {
        let (its_namespace, its_name) = (other.namespace().unwrap_or_default(), other.name_any());
        if its_namespace == namespace && its_name == name {
            continue;
        }
        scopes.extend(other.spec.scopes.into_iter().map(|scope| ForeignScope {
            topology: format!("{its_namespace}/{its_name}"),
            scope: scope.name,
            organizational_units: scope.organizational_units,
        }));
    }
    Ok(scopes)
}

async fn decisions<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    migrations: &[Migration],
) -> Result<Vec<DecisionFacts>, Error> {
    let mut found: Vec<MigrationDecision> = context
        .cluster
        .list::<MigrationDecision>(Some(namespace))
        .await?
        .into_iter()
        .filter(|decision| migrations.iter().any(|m| m.name_any() == decision.spec.migration_ref.name))
        .collect();
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let since = policy_in_force(context).await?;
    found.sort_by_key(|decision| decision.metadata.creation_timestamp.as_ref().map(|t| t.0));
    Ok(found
        .into_iter()
        .filter_map(|decision| {
            let created_at = decision.metadata.creation_timestamp.as_ref()?.0;
            Some(DecisionFacts {
                name: decision.name_any().as_str().into(),
                uid: decision.uid()?,
                migration: decision.spec.migration_ref.name,
                migration_uid: decision.spec.migration_ref.uid,
                plan_digest: decision.spec.plan_digest,
                decision: decision.spec.decision,
                step: decision.spec.step,
                decided_by: decision.spec.decided_by,
                proven_by: decision.spec.proven_by,
                reason: decision.spec.reason,
                proven: since.is_some_and(|since| is_proven(created_at, since)),
                created_at,
                expires_at: decision.spec.expires_at,
            })
        })
        .collect())
}

/// Since when the admission policy on decisions has been in force; `None` when it is not. What was decided before proves nothing.
async fn policy_in_force<C: Cluster>(context: &Context<C>) -> Result<Option<jiff::Timestamp>, ClusterError> {
    context.cluster.policy_since(POLICY).await
}

/// Status of the tenant, as last written.
pub(crate) fn tenant_status(tenant: &EntraTenant) -> EntraTenantStatus {
    tenant.status.clone().unwrap_or_default()
}

/// The API server takes a new binding up within a second or two of its creation, and its times have whole seconds: a decision that was made
/// so soon after it may not have been looked at by the policy.
const TAKEN_UP: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

/// Whether the policy was in force when a decision was made.
fn is_proven(created_at: jiff::Timestamp, since: jiff::Timestamp) -> bool {
    created_at.duration_since(since) > TAKEN_UP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_as_old_as_the_policy_or_hardly_younger_proves_nothing() {
        let since: jiff::Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for (seconds, proven) in [(-1, false), (0, false), (5, false), (6, true)] {
            let created_at = since + jiff::SignedDuration::from_secs(seconds);
            assert_eq!(is_proven(created_at, since), proven, "{seconds}");
        }
    }
}
