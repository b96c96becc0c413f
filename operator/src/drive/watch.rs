//! Watches that tell when they live, and begin anew now and then: what a broken connection or a stale cache kept back is seen at
//! the latest then. Reads the API server.

use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use kube::core::DeserializeGuard;
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{Controller, WatchStreamExt as _};
use kube::{Api, Client};

use crate::cluster::Object;
use crate::metrics::Metrics;
use crate::web::Lane;

/// How long one request of a watch lasts, in seconds; after five more of silence its connection counts as dead and it is
/// taken up again where it was. The API server sends a bookmark about once a minute.
const REQUEST: u32 = 120;

/// How often a watch begins anew, from how often everything is looked at.
pub(super) fn relist(resync: Duration) -> Duration {
    resync.saturating_mul(2).max(Duration::from_mins(10))
}

/// What the watches of one controller need.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) client: Client,
    /// The namespace that is watched; all of them without it.
    pub(super) namespace: Option<String>,
    pub(super) lane: Arc<Lane>,
    pub(super) controller: &'static str,
    pub(super) metrics: Arc<Metrics>,
    pub(super) relist: Duration,
}

/// A kind as watched: an object that cannot be read must not hide the others.
pub(super) type Guarded<K> = DeserializeGuard<K>;

impl Source {
    fn api<K: Object>(&self) -> Api<Guarded<K>> {
        match &self.namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        }
    }

    /// What happens to the objects of a kind. Never ends; failures are told and tried again with a back-off.
    fn events<K: Object>(&self) -> impl Stream<Item = watcher::Result<Event<Guarded<K>>>> + Send + use<K> {
        let (source, api) = (self.clone(), self.api::<K>());
        let kind = kind::<K>();
        self.lane.watched(kind);
        self.metrics.watch_errors.with_label_values(&[self.controller, kind]);
        let every = self.relist;
        let once = move || {
            let config = watcher::Config::default().timeout(REQUEST);
            // Not all at once.
            let every = every.mul_f64(1.0 - rand::random::<f64>() / 10.0);
            watcher(api.clone(), config).default_backoff().take_until(tokio::time::sleep(every))
        };
        stream::repeat_with(once).flatten().inspect(move |event| {
            // That a list begins says nothing: it may hang.
            if !matches!(event, Ok(Event::Init)) {
                source.lane.watched(kind);
            }
            if let Err(error) = event {
                let (controller, namespace) = (source.controller, source.namespace.as_deref());
                source.metrics.watch_errors.with_label_values(&[controller, kind]).inc();
                tracing::warn!(controller, namespace, kind, %error, "a watch failed; it is taken up again");
            }
        })
    }

    /// A controller of a kind.
    pub(super) fn controller<K: Object>(&self) -> Controller<Guarded<K>> {
        let (store, writer) = reflector::store();
        let (lane, objects): (_, Store<Guarded<K>>) = (Arc::clone(&self.lane), store.clone());
        let events = self
            .events::<K>()
            .reflect(writer)
            .inspect(move |_| lane.has(objects.len()))
            .filter(|event| std::future::ready(event.is_ok()))
            .applied_objects();
        Controller::for_stream(events, store)
    }

    /// Changes of another kind, for a controller that works on what they concern.
    pub(super) fn changes<K: Object>(
        &self,
    ) -> impl Stream<Item = watcher::Result<Guarded<K>>> + Send + use<K> {
        self.events::<K>().filter(|event| std::future::ready(event.is_ok())).touched_objects()
    }
}

/// Name of a kind without its path: a bounded label.
fn kind<K>() -> &'static str {
    let path = std::any::type_name::<K>();
    path.rsplit("::").next().unwrap_or(path)
}

#[cfg(test)]
mod tests;
