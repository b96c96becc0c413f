//! Faults are switches: what is broken just now. Pure data; the parts that suffer from a fault read it here.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// Everything that can be broken.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Faults {
    /// Writes to the tenant that fail, by anchor, with the error text: they stay pending and are retried.
    pub failing_exports: BTreeMap<String, String>,
    /// What the Graph endpoint does wrong.
    pub graph: GraphFaults,
    /// What each sync server's host does wrong, by server name.
    pub hosts: BTreeMap<String, HostFaults>,
}

/// Faults of the Graph endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GraphFaults {
    /// Every n-th request is answered 429; 0 = none.
    pub throttle_every: u32,
    /// `Retry-After` of those answers in seconds; absent = the header is left out.
    pub retry_after_seconds: Option<u32>,
    /// Every n-th request is answered 503 and its connection closed; 0 = none.
    pub unavailable_every: u32,
    /// Every n-th request is carried out and its answer lost (504); 0 = none.
    pub lost_answer_every: u32,
    /// Tokens are refused.
    pub credentials_refused: bool,
    /// Application permissions that the token lacks, such as `AuditLog.Read.All`.
    pub missing_permissions: Vec<String>,
    /// Every answer is held back this long.
    pub latency: SignedDuration,
    /// Reads may show the state of up to this long ago.
    pub stale_reads: SignedDuration,
}

/// Faults of one sync server's host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostFaults {
    /// Nothing answers.
    pub unreachable: bool,
    /// The host's clock differs from the estate's by this much.
    pub clock_offset: SignedDuration,
}
