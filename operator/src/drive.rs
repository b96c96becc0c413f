//! Runs the controllers: watches wake them, failures back off by class with jitter, everything is looked at again now and then.

mod watch;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crds::{EntraTenant, Migration, MigrationDecision, SyncAgent, SyncAgentReport, SyncServer, SyncTopology};
use futures::{FutureExt as _, StreamExt as _};
use kube::ResourceExt;
use kube::runtime::controller::{Action, Controller};
use kube::runtime::reflector::{ObjectRef, Store};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::cluster::{KubeCluster, Object};
use crate::context::Context;
use crate::error::Error;
use crate::web::{Health, Lane, Limits};
use crate::{agent, migration, server, tenant, topology};
use watch::{Guarded, Source};

/// A reconciliation that failed, as the runtime wants it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failed(Arc<Error>);

/// What one controller needs.
struct Loop {
    name: &'static str,
    lane: Arc<Lane>,
    context: Arc<Context<KubeCluster>>,
    failures: Mutex<HashMap<String, u32>>,
}

impl Loop {
    /// Runs one reconciliation and turns its outcome into the next look.
    async fn run<F>(&self, key: String, work: F) -> Result<Action, Failed>
    where
        F: Future<Output = Result<Option<Duration>, Error>> + Send,
    {
        let metrics = &self.context.metrics;
        let began = std::time::Instant::now();
        let active = metrics.active.with_label_values(&[self.name]);
        active.inc();
        // A panic in one object must not end the work on the others.
        let outcome = std::panic::AssertUnwindSafe(work).catch_unwind().await;
        active.dec();
        metrics.duration.with_label_values(&[self.name]).observe(began.elapsed().as_secs_f64());
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

/// Runs one controller whose objects are reconciled by name.
async fn run<K, F, Fut>(
    controller: Controller<Guarded<K>>,
    this: Arc<Loop>,
    reconcile: F,
    stop: tokio::sync::watch::Receiver<bool>,
) where
    K: Object,
    F: Fn(Arc<Context<KubeCluster>>, String, String) -> Fut + Send + Sync + Clone + 'static,
    Fut: Future<Output = Result<Option<Duration>, Error>> + Send + 'static,
{
    let (mut asked, lane, name) = (stop.clone(), Arc::clone(&this.lane), this.name);
    let config = kube::runtime::controller::Config::default().concurrency(4);
    controller
        .with_config(config)
        .graceful_shutdown_on(async move {
            let _closed = asked.wait_for(|stopped| *stopped).await;
        })
        .run(
            move |object: Arc<Guarded<K>>, this: Arc<Loop>| {
                let reconcile = reconcile.clone();
                async move {
                    let _working = this.lane.begin();
                    let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
                    if let Err(invalid) = &object.0 {
                        tracing::warn!(controller = this.name, namespace, name, error = %invalid, "object cannot be read");
                        return Ok(Action::requeue(this.context.settings.resync()));
                    }
                    let key = format!("{namespace}/{name}");
                    let work = reconcile(Arc::clone(&this.context), namespace, name);
                    this.run(key, work).await
                }
            },
            |_object, _error: &Failed, this: Arc<Loop>| Action::requeue(this.context.settings.resync()),
            this,
        )
        .for_each(|_| std::future::ready(()))
        .await;
    if !*stop.borrow() {
        lane.ended();
        tracing::error!(controller = name, "a controller ended although nobody asked it to");
    }
}

/// All controllers, until `stop`. Ends when any of them ends: a controller that died silently is worse than a restart.
///
/// Each named namespace gets controllers and watches of its own, so that rights in these namespaces are all that is needed.
pub async fn controllers(
    context: Arc<Context<KubeCluster>>,
    health: Arc<Health>,
    stop: tokio::sync::watch::Receiver<bool>,
) {
    let named = context.cluster.namespaces();
    let targets: Vec<Option<String>> =
        if named.is_empty() { vec![None] } else { named.iter().cloned().map(Some).collect() };
    let mut tasks = JoinSet::new();
    for namespace in targets {
        spawn(&mut tasks, namespace.as_deref(), &context, &health, &stop);
    }
    health.is_ready();
    // Whichever ends first ends all: on a stop signal they all do.
    tasks.join_next().await;
    let all = async { while tasks.join_next().await.is_some() {} };
    // What runs may finish, but not for ever.
    let _finished = tokio::time::timeout(Duration::from_secs(20), all).await;
}

/// The controllers of one namespace, or of all together.
fn spawn(
    tasks: &mut JoinSet<()>,
    namespace: Option<&str>,
    context: &Arc<Context<KubeCluster>>,
    health: &Health,
    stop: &tokio::sync::watch::Receiver<bool>,
) {
    let relist = watch::relist(context.settings.resync());
    let limits = Limits::of(context.settings.resync(), relist);
    macro_rules! spawn {
        ($kind:ty, $name:literal, $reconcile:path, $related:expr) => {{
            let title =
                namespace.map_or_else(|| $name.to_owned(), |namespace| format!("{} ({namespace})", $name));
            let lane = health.lane(title, limits);
            let source = Source {
                client: context.cluster.client().clone(),
                namespace: namespace.map(str::to_owned),
                lane: Arc::clone(&lane),
                controller: $name,
                metrics: Arc::clone(&context.metrics),
                relist,
            };
            let related: fn(Controller<Guarded<$kind>>, &Source) -> Controller<Guarded<$kind>> = $related;
            let controller = related(source.controller::<$kind>(), &source);
            let this = Arc::new(Loop {
                name: $name,
                lane,
                context: Arc::clone(context),
                failures: Mutex::default(),
            });
            tasks.spawn(run::<$kind, _, _>(
                controller,
                this,
                |context, namespace, name| async move { $reconcile(&context, &namespace, &name).await },
                stop.clone(),
            ));
        }};
    }
    spawn!(EntraTenant, "tenant", tenant::reconcile, |controller, _| controller);
    spawn!(SyncAgent, "agent", agent::reconcile, |controller, _| controller);
    spawn!(SyncServer, "server", server::reconcile, |controller, source| {
        let of_agent = |agent: Guarded<SyncAgent>| {
            let namespace = agent.namespace().unwrap_or_default();
            agent.0.ok().map(|agent| ObjectRef::new(agent.spec.server_ref.name.as_str()).within(&namespace))
        };
        let servers = controller.store();
        controller.watches_stream(source.changes::<SyncAgent>(), of_agent).watches_stream(
            source.changes::<SyncAgentReport>(),
            // Which server an agent speaks for stands in the server's spec; there are few, so all of the namespace look.
            move |report: Guarded<SyncAgentReport>| in_namespace(&servers, report.namespace().as_deref()),
        )
    });
    spawn!(SyncTopology, "topology", topology::reconcile, |controller, source| {
        let (by_tenant, by_server) = (controller.store(), controller.store());
        controller
            .watches_stream(source.changes::<Migration>(), of_migration)
            .watches_stream(source.changes::<EntraTenant>(), move |tenant: Guarded<EntraTenant>| {
                in_namespace(&by_tenant, tenant.namespace().as_deref())
            })
            .watches_stream(source.changes::<SyncServer>(), move |server: Guarded<SyncServer>| {
                in_namespace(&by_server, server.namespace().as_deref())
            })
    });
    spawn!(SyncTopology, "migration", migration::reconcile, |controller, source| {
        let (by_agent, by_decision, by_server) = (controller.store(), controller.store(), controller.store());
        controller
            .watches_stream(source.changes::<Migration>(), of_migration)
            .watches_stream(source.changes::<SyncAgent>(), move |agent: Guarded<SyncAgent>| {
                in_namespace(&by_agent, agent.namespace().as_deref())
            })
            .watches_stream(
                source.changes::<MigrationDecision>(),
                move |decision: Guarded<MigrationDecision>| {
                    in_namespace(&by_decision, decision.namespace().as_deref())
                },
            )
            .watches_stream(source.changes::<SyncServer>(), move |server: Guarded<SyncServer>| {
                in_namespace(&by_server, server.namespace().as_deref())
            })
    });
}

/// The topology of a migration.
fn of_migration(migration: Guarded<Migration>) -> Option<ObjectRef<Guarded<SyncTopology>>> {
    let namespace = migration.namespace().unwrap_or_default();
    migration.0.ok().map(|m| ObjectRef::new(m.spec.topology_ref.name.as_str()).within(&namespace))
}

/// All objects of a namespace: what they share is looked at by all of them.
fn in_namespace<K: Object>(store: &Store<Guarded<K>>, namespace: Option<&str>) -> Vec<ObjectRef<Guarded<K>>> {
    store
        .state()
        .into_iter()
        .filter(|object| object.namespace().as_deref() == namespace)
        .map(|object| ObjectRef::from_obj(&*object))
        .collect()
}
