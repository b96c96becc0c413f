//! Watches on an API server that keeps things back: the lists that follow tell them, and lists that hang are noticed.

use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use crds::EntraTenant;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt as _;
use serde_json::json;
use tokio::sync::Notify;

use super::*;
use crate::web::{Health, Limits};

const RELIST: Duration = Duration::from_millis(50);

/// A clock that a test sets.
struct Hand(Mutex<Timestamp>);

impl graph::Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, _length: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// An API server whose watches never say anything, and whose lists hang from the one with this number on.
#[derive(Clone)]
struct Server {
    lists: Arc<AtomicUsize>,
    listed: Arc<Notify>,
    hangs_from: usize,
}

async fn answer(
    State(server): State<Server>,
    Query(query): Query<std::collections::BTreeMap<String, String>>,
) -> Response {
    if query.contains_key("watch") {
        return std::future::pending().await;
    }
    let number = server.lists.fetch_add(1, Ordering::SeqCst);
    server.listed.notify_one();
    if number >= server.hangs_from {
        return std::future::pending().await;
    }
    // The object is there from the second list on, and no watch has told it.
    let tenant = json!({
        "metadata": { "name": "contoso", "namespace": "identity", "resourceVersion": "2" },
        "spec": { "tenantId": "00000000-0000-4000-8000-000000000001", "credential": { "clientId": "app-1" } },
    });
    let items = if number == 0 { json!([]) } else { json!([tenant]) };
    let list = json!({
        "apiVersion": "hybrididentity.dev/v1alpha1", "kind": "EntraTenantList",
        "metadata": { "resourceVersion": "1" }, "items": items,
    });
    axum::Json(list).into_response()
}

struct Bench {
    server: Server,
    clock: Arc<Hand>,
    health: Health,
    source: Source,
}

async fn bench(hangs_from: usize) -> Bench {
    let server = Server { lists: Arc::default(), listed: Arc::default(), hangs_from };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(server.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let client = Client::try_from(kube::Config::new(url.parse().unwrap())).unwrap();
    let clock = Arc::new(Hand(Mutex::new("2027-01-01T00:00:00Z".parse().unwrap())));
    let health = Health::new(Arc::clone(&clock) as Arc<dyn graph::Clock>);
    let limits = Limits::of(Duration::from_mins(5), Duration::from_mins(10));
    let source = Source {
        client,
        namespace: Some("identity".to_owned()),
        lane: health.lane("tenant (identity)", limits),
        controller: "tenant",
        metrics: Arc::new(Metrics::new().unwrap()),
        relist: RELIST,
    };
    Bench { server, clock, health, source }
}

impl Bench {
    /// Waits until so many further lists have been asked for.
    async fn lists(&self, number: usize) {
        let wanted = self.server.lists.load(Ordering::SeqCst) + number;
        while self.server.lists.load(Ordering::SeqCst) < wanted {
            self.server.listed.notified().await;
        }
    }

    /// Half an hour and so many lists later.
    async fn later(&self, lists: usize) -> Vec<String> {
        *self.clock.0.lock().unwrap() += SignedDuration::from_mins(30);
        self.lists(lists).await;
        self.health.problems()
    }
}

#[tokio::test]
async fn what_no_watch_tells_is_seen_with_a_later_list() {
    let bench = bench(usize::MAX).await;
    let mut changes = pin!(bench.source.changes::<EntraTenant>());
    let tenant = changes.next().await.unwrap().unwrap();
    assert_eq!(tenant.name_any(), "contoso");
    assert!(bench.server.lists.load(Ordering::SeqCst) >= 2);
}

#[tokio::test]
async fn a_quiet_watch_lives_by_its_lists() {
    let bench = bench(usize::MAX).await;
    let changes = bench.source.changes::<EntraTenant>();
    tokio::spawn(changes.for_each(|_| std::future::ready(())));
    // With two further lists asked for, the first has been answered and read.
    assert_eq!(bench.later(3).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_watch_whose_lists_hang_is_noticed() {
    let bench = bench(1).await;
    let changes = bench.source.changes::<EntraTenant>();
    tokio::spawn(changes.for_each(|_| std::future::ready(())));
    // The first was answered, the second hangs.
    bench.lists(2).await;
    assert_eq!(
        bench.later(3).await,
        ["controller tenant (identity): the watch on EntraTenant has been silent for 1800 seconds"]
    );
}

#[test]
fn watches_begin_anew_seldom_enough() {
    assert_eq!(relist(Duration::from_secs(5)), Duration::from_mins(10));
    assert_eq!(relist(Duration::from_hours(1)), Duration::from_hours(2));
}
