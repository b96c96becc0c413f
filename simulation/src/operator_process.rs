//! The operator as a process of the simulation: production's controllers on the store, the estate and the virtual clock. No IO.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use futures::future::BoxFuture;
use operator::context::{Context, Memory};
use operator::error::Error;
use operator::metrics::Metrics;
use operator::settings::Settings;
use operator::{agent, migration, server, tenant, topology};

use crate::kubernetes::OperatorRoad;
use crate::microsoft::{Door, Microsoft};
use crate::process::{Bell, Process, pause};
use crate::store::User;

/// The operator's controllers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Controller {
    /// Of EntraTenant.
    Tenant,
    /// Of SyncAgent.
    Agent,
    /// Of SyncServer.
    Server,
    /// Of SyncTopology.
    Topology,
    /// Of the migrations of a SyncTopology.
    Migration,
}

impl Controller {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Tenant, Self::Agent, Self::Server, Self::Topology, Self::Migration];

    /// Kind of the objects it reconciles.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Tenant => "EntraTenant",
            Self::Agent => "SyncAgent",
            Self::Server => "SyncServer",
            Self::Topology | Self::Migration => "SyncTopology",
        }
    }

    /// Kinds whose changes wake it, its own among them, as `operator::drive` watches them.
    pub fn watches(self) -> &'static [&'static str] {
        match self {
            Self::Tenant => &["EntraTenant"],
            Self::Agent => &["SyncAgent"],
            Self::Server => &["SyncServer", "SyncAgent", "SyncAgentReport"],
            Self::Topology => &["SyncTopology", "Migration", "EntraTenant", "SyncServer"],
            Self::Migration => &["SyncTopology", "Migration", "SyncAgent", "MigrationDecision", "SyncServer"],
        }
    }
}

/// How often the operator looks.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// At a migration under way, in milliseconds.
    pub poll_milliseconds: u64,
    /// At everything, in seconds.
    pub resync_seconds: u64,
    /// At a tenant, in seconds.
    pub tenant_seconds: u64,
}

/// One operator process: its memory is gone with it.
pub struct OperatorProcess {
    context: Arc<Context<OperatorRoad<User>>>,
    process: Process,
}

impl OperatorProcess {
    /// Starts a process that knows nothing yet.
    ///
    /// # Errors
    /// In words, when the settings cannot be read.
    pub fn new(process: Process, store: User, microsoft: Microsoft, pace: Pace) -> Result<Self, String> {
        let metrics = Arc::new(Metrics::new().map_err(|error| error.to_string())?);
        let arguments = [
            "hybrid-identity-operator".to_owned(),
            format!("--poll-milliseconds={}", pace.poll_milliseconds),
            format!("--resync-seconds={}", pace.resync_seconds),
            format!("--tenant-seconds={}", pace.tenant_seconds),
        ];
        let settings = Settings::try_parse_from(arguments).map_err(|error| error.to_string())?;
        let connector = Arc::new(Door::new(microsoft, process.clone(), Arc::clone(&metrics)));
        let context = Context {
            cluster: OperatorRoad::new(store, process.clone()),
            clock: Arc::new(process.around().clock.clone()),
            connector,
            metrics,
            settings,
            memory: Memory::default(),
        };
        Ok(Self { context: Arc::new(context), process })
    }

    /// The loop of one controller over one object.
    pub fn control(
        &self,
        controller: Controller,
        namespace: &str,
        name: &str,
        bell: Bell,
    ) -> BoxFuture<'static, ()> {
        let (context, process) = (Arc::clone(&self.context), self.process.clone());
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        Box::pin(async move {
            let around = process.around();
            let mut failures = 0_u32;
            loop {
                let (namespace, name) = (namespace.as_str(), name.as_str());
                let outcome = match controller {
                    Controller::Tenant => tenant::reconcile(&context, namespace, name).await,
                    Controller::Agent => agent::reconcile(&context, namespace, name).await,
                    Controller::Server => server::reconcile(&context, namespace, name).await,
                    Controller::Topology => topology::reconcile(&context, namespace, name).await,
                    Controller::Migration => migration::reconcile(&context, namespace, name).await,
                };
                let next = match outcome {
                    Ok(next) => {
                        failures = 0;
                        next.unwrap_or(context.settings.resync())
                    }
                    Err(error) => {
                        let who = format!("{} {controller:?} {name}", process.name());
                        around.trace.tell(&who, format_args!("failed: {error}"));
                        if let Error::Unsafe(why) = &error {
                            around.alarms.raise(why.clone());
                        }
                        let wait =
                            error.retry_after(failures, around.random.draw(crate::random::Random::fraction));
                        failures = failures.saturating_add(1);
                        wait
                    }
                };
                pause(&around.clock, next.max(SHORTEST), &bell).await;
            }
        })
    }
}

/// Shortest pause between two looks.
const SHORTEST: Duration = Duration::from_millis(1);
