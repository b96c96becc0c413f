//! What every controller shares. Nothing in here is state that could not be built again from the cluster and the cloud.

use std::collections::BTreeMap;
use std::sync::Arc;

use graph::{Clock, GraphClient};
use planner::observed::{CloudProbe, ParityFacts, PredictionFacts, Unkept};
use tokio::sync::Mutex;

use crate::cloud::connect::Connector;
use crate::cluster::Cluster;
use crate::metrics::Metrics;
use crate::settings::Settings;

/// What every controller shares.
pub struct Context<C: Cluster> {
    /// The Kubernetes API.
    pub cluster: C,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Makes clients of Microsoft Graph.
    pub connector: Arc<dyn Connector>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Flags.
    pub settings: Settings,
    /// Answers worth keeping between two looks.
    pub memory: Memory,
}

/// Answers worth keeping between two looks; all of it is asked for again after a restart.
#[derive(Default)]
pub struct Memory {
    /// Clients by tenant object, with a fingerprint of the credential they were made with.
    pub clients: Mutex<BTreeMap<String, (String, GraphClient)>>,
    /// By uid of the migration.
    pub migrations: Mutex<BTreeMap<String, Recalled>>,
}

/// What was computed for one migration.
#[derive(Debug, Clone, Default)]
pub struct Recalled {
    /// What the scope would become.
    pub prediction: Option<PredictionFacts>,
    /// How it compares.
    pub parity: Option<ParityFacts>,
    /// The test object in the cloud.
    pub probe: Option<CloudProbe>,
    /// What could not be kept.
    pub unkept: Option<Unkept>,
}
