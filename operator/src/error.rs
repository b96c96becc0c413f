//! Why a reconciliation did not come to its end, and what follows from that. Pure.

use std::time::Duration;

use crate::cluster::ClusterError;

/// Label of what was stored and cannot be used.
pub(crate) const STORED: &str = "stored";

/// Why a reconciliation did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The Kubernetes API.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Microsoft Graph.
    #[error("Microsoft Graph: {0}")]
    Graph(#[from] graph::Error),
    /// The schema document of a job.
    #[error("the job's schema: {0}")]
    Schema(#[from] graph::schema::SchemaError),
    /// A plan broke an invariant, so nothing of it was applied.
    #[error(
        "the plan breaks {0}; nothing was applied. This is a fault of the operator: please report it with this line"
    )]
    Unsafe(String),
    /// What an agent stored cannot be read back.
    #[error("{0}")]
    Stored(String),
}

impl Error {
    /// Bounded label for metrics.
    pub fn metric_label(&self) -> &'static str {
        match self {
            Self::Cluster(ClusterError::Conflict { .. }) => "conflict",
            Self::Cluster(ClusterError::Forbidden { .. }) => "forbidden",
            Self::Cluster(ClusterError::Invalid { .. }) => "invalid",
            Self::Cluster(ClusterError::Unavailable { .. }) => "unavailable",
            Self::Graph(error) => error.metric_label(),
            Self::Schema(_) => "schema",
            Self::Unsafe(_) => "unsafe",
            Self::Stored(_) => STORED,
        }
    }

    /// When to try again after the `failures`th failure in a row. `random` is between 0 and 1.
    pub fn retry_after(&self, failures: u32, random: f64) -> Duration {
        let (base, cap) = match self {
            // Somebody else wrote first: the next look sees it.
            Self::Cluster(ClusterError::Conflict { .. }) => (0.1, 2.0),
            // Only a person can change these.
            Self::Cluster(ClusterError::Forbidden { .. } | ClusterError::Invalid { .. })
            | Self::Unsafe(_) => (30.0, 600.0),
            Self::Cluster(ClusterError::Unavailable { .. })
            | Self::Graph(_)
            | Self::Schema(_)
            | Self::Stored(_) => (1.0, 120.0),
        };
        let doubled: f64 = base * f64::from(2_u32.saturating_pow(failures.min(16)));
        // Half fixed, half random: two replicas, or two objects, never come back together.
        Duration::from_secs_f64(doubled.min(cap) * (0.5 + random.clamp(0.0, 1.0) / 2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_come_back_soon_and_refusals_late() {
        let conflict = Error::Cluster(ClusterError::Conflict { kind: "X".into(), name: "x".into() });
        let refused = Error::Unsafe("S1".into());
        assert!(conflict.retry_after(0, 1.0) < Duration::from_millis(200));
        assert!(refused.retry_after(0, 0.0) >= Duration::from_secs(15));
        for failures in 0..100 {
            assert!(conflict.retry_after(failures, 1.0) <= Duration::from_secs(2));
            assert!(refused.retry_after(failures, 1.0) <= Duration::from_mins(10));
        }
        assert!(refused.retry_after(3, 0.2) != refused.retry_after(3, 0.8), "jittered");
    }
}
