//! The heartbeat: a Lease that is renewed, and the proof that no second process speaks for this server.
//!
//! Fenced by `resourceVersion`. Whether another holder is alive is judged by whether its Lease changes, never by comparing clocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::cluster::{Cluster, ClusterError, LeaseObject};

/// Missed heartbeats after which a holder counts as gone.
const MISSED: u64 = 4;

/// Whether another process speaks for this server; shared between the heartbeat and the agent.
#[derive(Debug, Clone, Default)]
pub struct Standing(Arc<AtomicBool>);

impl Standing {
    /// Another process renews the Lease: this one keeps still.
    pub fn is_contended(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn set(&self, contended: bool) {
        if self.0.swap(contended, Ordering::AcqRel) != contended {
            if contended {
                tracing::error!(
                    "another process renews this agent's Lease: this one does nothing until that ends; stop one of the two"
                );
            } else {
                tracing::info!("this process holds the Lease");
            }
        }
    }
}

/// Renews the Lease.
#[derive(Debug)]
pub struct Heartbeat {
    identity: String,
    standing: Standing,
    /// The Lease as last read or written.
    lease: Option<LeaseObject>,
    /// When another process was last seen to renew it.
    other_seen: Option<Timestamp>,
}

impl Heartbeat {
    /// For a holder of this name.
    pub fn new(identity: String, standing: Standing) -> Self {
        Self { identity, standing, lease: None, other_seen: None }
    }

    /// Renews the Lease once.
    ///
    /// # Errors
    /// [`ClusterError`]; the next beat tries again.
    pub async fn beat<C: Cluster>(
        &mut self,
        cluster: &C,
        now: Timestamp,
        every: Duration,
    ) -> Result<(), ClusterError> {
        let lasts = i32::try_from(every.as_secs().saturating_mul(MISSED)).unwrap_or(i32::MAX);
        let lease = match self.lease.take() {
            Some(lease) => lease,
            None => self.look(cluster.lease().await?, now),
        };
        if self.must_wait(&lease, now) {
            self.standing.set(true);
            // Kept to be compared with; read again at the next beat.
            let fresh = cluster.lease().await?;
            if fresh.renewed_at != lease.renewed_at || fresh.holder != lease.holder {
                self.other_seen = Some(now);
            }
            self.lease = Some(fresh);
            return Ok(());
        }
        let ours = lease.holder.as_deref() == Some(self.identity.as_str());
        let renewed = LeaseObject {
            resource_version: lease.resource_version.clone(),
            holder: Some(self.identity.clone()),
            duration_seconds: lasts,
            acquired_at: if ours { lease.acquired_at } else { Some(now) },
            renewed_at: Some(now),
            transitions: lease.transitions.saturating_add(i32::from(!ours && lease.holder.is_some())),
        };
        match cluster.replace_lease(&renewed).await {
            Ok(stored) => {
                self.standing.set(false);
                self.other_seen = None;
                self.lease = Some(stored);
                Ok(())
            }
            Err(ClusterError::Conflict { .. }) => {
                let fresh = cluster.lease().await?;
                // Nobody else may write it: whoever did, be it under our own name, is alive. A Lease of ours that went back in time was
                // written by nobody: the cluster was restored, and must soon hear what this agent remembers.
                if fresh.renewed_at > lease.renewed_at || fresh.holder != lease.holder {
                    self.other_seen = Some(now);
                    self.standing.set(true);
                }
                self.lease = Some(fresh);
                Ok(())
            }
            Err(error) => {
                self.lease = Some(lease);
                Err(error)
            }
        }
    }

    /// First look at a Lease of somebody else: it counts as alive until it has been seen not to change.
    fn look(&mut self, lease: LeaseObject, now: Timestamp) -> LeaseObject {
        let other =
            lease.holder.as_deref().is_some_and(|holder| !holder.is_empty() && holder != self.identity);
        if other && self.other_seen.is_none() {
            self.other_seen = Some(now);
        }
        lease
    }

    fn must_wait(&self, lease: &LeaseObject, now: Timestamp) -> bool {
        let lasts = SignedDuration::from_secs(i64::from(lease.duration_seconds.max(1)));
        self.other_seen.is_some_and(|seen| now >= seen && now.duration_since(seen) < lasts)
    }
}

#[cfg(test)]
mod tests;
