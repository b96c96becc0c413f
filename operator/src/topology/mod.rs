//! Controller of SyncTopology: observe → plan → make migrations → status. Drives nothing: that is the migration controller's.

mod status;

use std::time::Duration;

use crds::{Migration, SyncTopology};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, ResourceExt};
use planner::plan::Plan;

use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;
use crate::installation::{self, Turn};
use crate::observe;

/// Reconciles one topology; answers when to look again.
///
/// # Errors
/// When the cluster does not answer.
pub async fn reconcile<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    name: &str,
) -> Result<Option<Duration>, Error> {
    let Some(mut topology) = context.cluster.get::<SyncTopology>(namespace, name).await? else {
        return Ok(None);
    };
    match installation::turn(context, &topology).await? {
        Turn::Ours => {}
        Turn::Free => topology = installation::take(context, topology).await?,
        Turn::Theirs(other) => {
            installation::tell(context, &topology, &other).await;
            return Ok(Some(context.settings.resync()));
        }
    }
    let seen = observe::gather(context, topology).await?;
    let now = context.clock.now();
    let plan = planner::plan(&seen.observed, now);
    create(context, &seen.topology, &plan).await?;
    let status = status::of(&seen.observed, &plan, now);
    if seen.topology.status.as_ref() != Some(&status) {
        let mut changed = seen.topology.clone();
        changed.status = Some(status);
        context.cluster.replace_status(&changed).await?;
    }
    Ok(Some(if plan.create.is_empty() { context.settings.resync() } else { context.settings.poll() }))
}

/// Makes the migrations that are due. They are evidence and outlive the topology, so it does not own them.
async fn create<C: Cluster>(context: &Context<C>, topology: &SyncTopology, plan: &Plan) -> Result<(), Error> {
    for new in &plan.create {
        let mut migration = Migration::new(&new.name, new.spec.clone());
        migration.metadata = ObjectMeta {
            name: Some(new.name.clone()),
            namespace: topology.namespace(),
            labels: Some([("hybrididentity.dev/topology".to_owned(), topology.name_any())].into()),
            ..ObjectMeta::default()
        };
        if context.cluster.create(&migration).await? {
            tracing::info!(migration = new.name, itinerary = %new.spec.itinerary, "migration made");
            context
                .cluster
                .event(
                    topology,
                    false,
                    "MigrationCreated",
                    "Create",
                    &format!("{} {}", Migration::kind(&()), new.name),
                )
                .await;
        }
    }
    Ok(())
}
