//! Leader election by a Lease. A leader that lost it ends the process at once: two that act are worse than none, and the fences hold
//! either way.

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use kube_lease_manager::{LeaseCreateMode, LeaseManagerBuilder};
use tokio::sync::watch;

use crate::cluster::KubeCluster;
use crate::context::Context;
use crate::restored;
use crate::web::Health;

/// Name of the Lease.
pub const LEASE: &str = "hybrid-identity-operator";

/// Why the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Stopped,
    /// Another replica leads now.
    LostLease,
    /// A controller ended although nobody asked it to.
    ControllerEnded,
    /// The API server's store was put back to an earlier state: what is known here is of another time.
    StoreRestored,
}

/// Waits to lead, leads, and says why it ended.
///
/// # Errors
/// When the Lease cannot be used.
pub async fn lead(
    client: Client,
    context: Arc<Context<KubeCluster>>,
    health: Arc<Health>,
    mut stop: watch::Receiver<bool>,
) -> Result<Ended, kube_lease_manager::LeaseManagerError> {
    let settings = &context.settings;
    let manager = LeaseManagerBuilder::new(client, LEASE)
        .with_namespace(settings.lease_namespace.clone())
        .with_identity(settings.identity.clone())
        .with_create_mode(LeaseCreateMode::AutoCreate)
        .with_duration(settings.lease_seconds)
        .with_grace((settings.lease_seconds / 3).max(1))
        .build()
        .await?;
    let (mut leading, task) = manager.watch().await;
    health.is_ready();
    loop {
        health.sign();
        if *leading.borrow_and_update() {
            break;
        }
        tokio::select! {
            changed = leading.changed() => if changed.is_err() { return Ok(Ended::LostLease) },
            _ = stop.wait_for(|stopped| *stopped) => return Ok(Ended::Stopped),
            () = tokio::time::sleep(Duration::from_secs(10)) => {}
        }
    }
    tracing::info!(identity = settings.identity, "leading");
    context.metrics.leader.set(1);
    context.metrics.leader_transitions.inc();
    let (end, ended) = watch::channel(false);
    let controllers =
        tokio::spawn(crate::drive::controllers(Arc::clone(&context), Arc::clone(&health), ended));
    tokio::pin!(controllers);
    let why = tokio::select! {
        _ = stop.wait_for(|stopped| *stopped) => Ended::Stopped,
        () = lost(&mut leading) => Ended::LostLease,
        _ = &mut controllers => Ended::ControllerEnded,
        () = restored::noticed(&context.cluster, restored::EVERY) => Ended::StoreRestored,
    };
    context.metrics.leader.set(0);
    if why == Ended::Stopped {
        // What runs finishes while the Lease is still ours; then it is given up, so that the next replica need not wait.
        let _closed = end.send(true);
        let _joined = controllers.await;
    }
    if why == Ended::StoreRestored {
        let _closed = end.send(true);
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => {}
            () = tokio::time::sleep(restored::QUIET) => {}
        }
    }
    drop(leading);
    let _released = tokio::time::timeout(Duration::from_secs(5), task).await;
    Ok(why)
}

/// Resolves when the Lease is lost.
async fn lost(leading: &mut watch::Receiver<bool>) {
    while *leading.borrow_and_update() {
        if leading.changed().await.is_err() {
            return;
        }
    }
}
