//! Runs the controllers: watches wake them, failures back off by class with jitter, everything is looked at again now and then.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use crds::{EntraTenant, Migration, MigrationDecision, SyncAgent, SyncAgentReport, SyncServer, SyncTopology};
use futures::{FutureExt as _, StreamExt as _};
use kube::core::DeserializeGuard;
use kube::runtime::controller::{Action, Controller};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use kube::{Api, Client, ResourceExt};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::cluster::{KubeCluster, Object};
use crate::context::Context;
use crate::error::Error;
use crate::web::Health;
use crate::{agent, migration, server, tenant, topology};

/// A reconciliation that failed, as the runtime wants it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failed(Arc<Error>);

/// What one controller needs.
struct Loop {
    name: &'static str,
    context: Arc<Context<KubeCluster>>,
    health: Arc<Health>,
    failures: Mutex<HashMap<String, u32>>,
}

impl Loop {
    fn new(name: &'static str, context: &Arc<Context<KubeCluster>>, health: &Arc<Health>) -> Arc<Self> {
        Arc::new(Self {
            name,
            context: Arc::clone(context),
            health: Arc::clone(health),
            failures: Mutex::default(),
        })
    }

    /// Runs one reconciliation and turns its outcome into the next look.
    async fn run<F>(&self, key: String, work: F) -> Result<Action, Failed>
    where
        F: Future<Output = Result<Option<Duration>, Error>> + Send,
    {
        let metrics = &self.context.metrics;
        let began = std::time::Instant::now();
        // A panic in one object must not end the work on the others.
        let outcome = std::panic::AssertUnwindSafe(work).catch_unwind().await;
        metrics.duration.with_label_values(&[self.name]).observe(began.elapsed().as_secs_f64());
        self.health.sign();
        match outcome {
            Ok(Ok(next)) => {
                self.failures.lock().await.remove(&key);
                metrics.reconciles.with_label_values(&[self.name, "success"]).inc();
                metrics
                    .last_success
                    .with_label_values(&[self.name])
                    .set(self.context.clock.now().as_second());
                Ok(Action::requeue(next.unwrap_or(self.context.settings.resync())))
            }
            Ok(Err(error)) => {
                metrics.reconciles.with_label_values(&[self.name, "error"]).inc();
                metrics.errors.with_label_values(&[self.name, error.metric_label()]).inc();
                let mut failures = self.failures.lock().await;
                let count = failures.entry(key.clone()).or_default();
                let wait = error.retry_after(*count, rand::random());
                *count = count.saturating_add(1);
                tracing::warn!(controller = self.name, object = key, %error, retry = ?wait, "reconciliation failed");
                Ok(Action::requeue(wait))
            }
            Err(_) => {
                metrics.reconciles.with_label_values(&[self.name, "panic"]).inc();
                tracing::error!(
                    controller = self.name,
                    object = key,
                    "reconciliation panicked; please report this"
                );
                Ok(Action::requeue(self.context.settings.resync()))
            }
        }
    }
}

/// One API for all watched namespaces, or for one.
fn api<K: Object>(client: &Client, namespaces: &[String]) -> Api<DeserializeGuard<K>>
where
    DeserializeGuard<K>: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
{
    match namespaces {
        [one] => Api::namespaced(client.clone(), one),
        _ => Api::all(client.clone()),
    }
}

/// Runs one controller whose objects are reconciled by name.
async fn run<K, F, Fut>(
    controller: Controller<DeserializeGuard<K>>,
    lane: Arc<Loop>,
    reconcile: F,
    stop: tokio::sync::watch::Receiver<bool>,
) where
    K: Object + Debug,
    DeserializeGuard<K>: kube::Resource<DynamicType = ()>
        + Clone
        + Debug
        + Send
        + Sync
        + serde::de::DeserializeOwned
        + 'static,
    <DeserializeGuard<K> as kube::Resource>::DynamicType: Hash + Eq + Clone + Unpin,
    F: Fn(Arc<Context<KubeCluster>>, String, String) -> Fut + Send + Sync + Clone + 'static,
    Fut: Future<Output = Result<Option<Duration>, Error>> + Send + 'static,
{
    let mut stop = stop;
    let config = kube::runtime::controller::Config::default().concurrency(4);
    controller
        .with_config(config)
        .graceful_shutdown_on(async move {
            let _closed = stop.wait_for(|stopped| *stopped).await;
        })
        .run(
            move |object: Arc<DeserializeGuard<K>>, lane: Arc<Loop>| {
                let reconcile = reconcile.clone();
                async move {
                    let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
                    if let Err(invalid) = &object.0 {
                        tracing::warn!(controller = lane.name, namespace, name, error = %invalid, "object cannot be read");
                        return Ok(Action::requeue(lane.context.settings.resync()));
                    }
                    let key = format!("{namespace}/{name}");
                    let work = reconcile(Arc::clone(&lane.context), namespace, name);
                    lane.run(key, work).await
                }
            },
            |_object, _error: &Failed, lane: Arc<Loop>| Action::requeue(lane.context.settings.resync()),
            lane,
        )
        .for_each(|_| std::future::ready(()))
        .await;
}

/// All controllers, until `stop`. Ends when any of them ends: a controller that died silently is worse than a restart.
pub async fn controllers(
    context: Arc<Context<KubeCluster>>,
    health: Arc<Health>,
    stop: tokio::sync::watch::Receiver<bool>,
) {
    let client = context.cluster.client().clone();
    let namespaces = context.cluster.namespaces().to_vec();
    let watched = watcher::Config::default;
    let mut tasks = JoinSet::new();
    macro_rules! spawn {
        ($kind:ty, $name:literal, $reconcile:path, $controller:expr) => {{
            let build: fn(
                Controller<DeserializeGuard<$kind>>,
                &Client,
                &[String],
            ) -> Controller<DeserializeGuard<$kind>> = $controller;
            let controller =
                build(Controller::new(api::<$kind>(&client, &namespaces), watched()), &client, &namespaces);
            let lane = Loop::new($name, &context, &health);
            let stop = stop.clone();
            tasks.spawn(async move {
                run::<$kind, _, _>(
                    controller,
                    lane,
                    |context, namespace, name| async move { $reconcile(&context, &namespace, &name).await },
                    stop,
                )
                .await;
            });
        }};
    }
    spawn!(EntraTenant, "tenant", tenant::reconcile, |controller, _, _| controller);
    spawn!(SyncAgent, "agent", agent::reconcile, |controller, _, _| controller);
    spawn!(SyncServer, "server", server::reconcile, |controller, client, namespaces| {
        let of_agent = |agent: DeserializeGuard<SyncAgent>| {
            let namespace = agent.namespace().unwrap_or_default();
            agent.0.ok().map(|agent| ObjectRef::new(agent.spec.server_ref.name.as_str()).within(&namespace))
        };
        let servers = controller.store();
        controller
            .watches(api::<SyncAgent>(client, namespaces), watcher::Config::default(), of_agent)
            .watches(
                api::<SyncAgentReport>(client, namespaces),
                watcher::Config::default(),
                move |report: DeserializeGuard<SyncAgentReport>| {
                    // Which server an agent speaks for stands in the server's spec; there are few, so all of the namespace look.
                    let namespace = report.namespace().unwrap_or_default();
                    servers
                        .state()
                        .into_iter()
                        .filter(move |server| server.namespace().as_deref() == Some(namespace.as_str()))
                        .map(|server| ObjectRef::from_obj(&*server))
                        .collect::<Vec<_>>()
                },
            )
    });
    spawn!(SyncTopology, "topology", topology::reconcile, |controller, client, namespaces| {
        let of_migration = |migration: DeserializeGuard<Migration>| {
            let namespace = migration.namespace().unwrap_or_default();
            migration.0.ok().map(|m| ObjectRef::new(m.spec.topology_ref.name.as_str()).within(&namespace))
        };
        let topologies = controller.store();
        controller
            .watches(api::<Migration>(client, namespaces), watcher::Config::default(), of_migration)
            .watches(
                api::<EntraTenant>(client, namespaces),
                watcher::Config::default(),
                move |tenant: DeserializeGuard<EntraTenant>| {
                    in_namespace(&topologies, tenant.namespace().as_deref())
                },
            )
    });
    spawn!(SyncTopology, "migration", migration::reconcile, |controller, client, namespaces| {
        let of_migration = |migration: DeserializeGuard<Migration>| {
            let namespace = migration.namespace().unwrap_or_default();
            migration.0.ok().map(|m| ObjectRef::new(m.spec.topology_ref.name.as_str()).within(&namespace))
        };
        let (by_agent, by_decision) = (controller.store(), controller.store());
        controller
            .watches(api::<Migration>(client, namespaces), watcher::Config::default(), of_migration)
            .watches(
                api::<SyncAgent>(client, namespaces),
                watcher::Config::default(),
                move |agent: DeserializeGuard<SyncAgent>| {
                    in_namespace(&by_agent, agent.namespace().as_deref())
                },
            )
            .watches(
                api::<MigrationDecision>(client, namespaces),
                watcher::Config::default(),
                move |decision: DeserializeGuard<MigrationDecision>| {
                    in_namespace(&by_decision, decision.namespace().as_deref())
                },
            )
    });
    health.is_ready();
    // Whichever ends first ends all: on a stop signal they all do.
    tasks.join_next().await;
    let all = async { while tasks.join_next().await.is_some() {} };
    // What runs may finish, but not for ever.
    let _finished = tokio::time::timeout(Duration::from_secs(20), all).await;
}

/// All topologies of a namespace: what they share is looked at by all of them.
fn in_namespace(
    store: &kube::runtime::reflector::Store<DeserializeGuard<SyncTopology>>,
    namespace: Option<&str>,
) -> Vec<ObjectRef<DeserializeGuard<SyncTopology>>> {
    store
        .state()
        .into_iter()
        .filter(|topology| topology.namespace().as_deref() == namespace)
        .map(|topology| ObjectRef::from_obj(&*topology))
        .collect()
}
