//! Of several operators installed in one cluster, one works on a topology: the first that found it, for as long as it lives. Reads and
//! writes the cluster.
//!
//! Each installation elects a leader of its own, so two of them lead at once. Writes that carry `resourceVersion` keep their records
//! from getting mixed up, but Microsoft Graph knows no such fence: two that look, find nothing, and create are two writers.

use crds::SyncTopology;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;

use crate::cluster::{Cluster, ClusterError};
use crate::context::Context;
use crate::error::Error;
use crate::leader::LEASE;
use crate::observe::freshness;
use planner::observed::Reporting;

/// How long a Lease lasts that does not say so, in seconds.
const DEFAULT_LEASE_SECONDS: i32 = 15;

/// Whose a topology is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// This installation's.
    Ours,
    /// Nobody's, or of one that is gone: it may be taken.
    Free,
    /// Another one's, whose leader lives or cannot be seen: the namespace of its Lease.
    Theirs(String),
}

/// Whose a topology is, as its status says.
///
/// # Errors
/// When the cluster does not answer.
pub async fn turn<C: Cluster>(context: &Context<C>, topology: &SyncTopology) -> Result<Turn, Error> {
    let own = &context.settings.lease_namespace;
    let Some(other) = topology.status.as_ref().and_then(|status| status.operator_namespace.clone()) else {
        return Ok(Turn::Free);
    };
    if other == *own {
        return Ok(Turn::Ours);
    }
    match context.cluster.get::<Lease>(&other, LEASE).await {
        Ok(lease) if lives(lease.as_ref(), context.clock.now()) => Ok(Turn::Theirs(other)),
        Ok(_) => Ok(Turn::Free),
        // What cannot be seen may live.
        Err(ClusterError::Forbidden { .. }) => Ok(Turn::Theirs(other)),
        Err(error) => Err(error.into()),
    }
}

/// Whether the leader that holds a Lease still renews it: five times longer than it lasts is a leader that is gone.
fn lives(lease: Option<&Lease>, now: Timestamp) -> bool {
    let seconds = lease.and_then(|lease| lease.spec.as_ref()?.lease_duration_seconds);
    freshness(lease, seconds.unwrap_or(DEFAULT_LEASE_SECONDS), now).reporting == Reporting::OnTime
}

/// Takes a topology that is free, by one write that carries `resourceVersion`: of two that try, one does.
///
/// # Errors
/// When the cluster does not answer, or somebody else was faster.
pub async fn take<C: Cluster>(
    context: &Context<C>,
    mut topology: SyncTopology,
) -> Result<SyncTopology, Error> {
    let own = context.settings.lease_namespace.clone();
    tracing::info!(topology = topology.metadata.name, "this operator works on the topology");
    topology.status.get_or_insert_default().operator_namespace = Some(own);
    Ok(context.cluster.replace_status(&topology).await?)
}

/// Says that a topology is another installation's.
pub async fn tell<C: Cluster>(context: &Context<C>, topology: &SyncTopology, other: &str) {
    let note = format!(
        "the operator in namespace {other} works on it, and another one in {} does not: uninstall one of the two",
        context.settings.lease_namespace
    );
    tracing::warn!(topology = topology.metadata.name, other, "another operator of this cluster works on it");
    context.cluster.event(topology, true, "AnotherOperator", "Observe", &note).await;
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::coordination::v1::LeaseSpec;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, MicroTime, Time};

    use super::*;

    #[test]
    fn a_leader_lives_as_long_as_its_lease_is_renewed() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let lease = |received: &str| {
            let time: Timestamp = received.parse().unwrap();
            let spec = LeaseSpec {
                renew_time: Some(MicroTime(time)),
                lease_duration_seconds: Some(15),
                ..LeaseSpec::default()
            };
            let mut lease = Lease { spec: Some(spec), ..Lease::default() };
            let field = ManagedFieldsEntry { time: Some(Time(time)), ..ManagedFieldsEntry::default() };
            lease.metadata.managed_fields = Some(vec![field]);
            lease
        };
        assert!(lives(Some(&lease("2026-11-21T11:59:00Z")), now));
        assert!(!lives(Some(&lease("2026-11-21T11:58:30Z")), now));
        assert!(!lives(Some(&Lease::default()), now));
        assert!(!lives(None, now));
    }
}
