//! /livez, /readyz and /metrics. Listens on one address.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::metrics::Metrics;

/// How long the controllers may be silent before the process counts as stuck, in seconds.
const STUCK_AFTER: i64 = 900;

/// What the probes look at.
pub struct Health {
    metrics: Arc<Metrics>,
    clock: Arc<dyn graph::Clock>,
    ready: AtomicI64,
    last_sign: AtomicI64,
}

impl Health {
    /// Not ready yet, alive now.
    pub fn new(metrics: Arc<Metrics>, clock: Arc<dyn graph::Clock>) -> Self {
        let now = clock.now().as_second();
        Self { metrics, clock, ready: AtomicI64::new(0), last_sign: AtomicI64::new(now) }
    }

    /// Every kind of ours is served by the API server, and the controllers run or wait for their turn to lead.
    pub fn is_ready(&self) {
        self.ready.store(1, Ordering::Relaxed);
    }

    /// A controller, or the wait for leadership, gave a sign of life.
    pub fn sign(&self) {
        self.last_sign.store(self.clock.now().as_second(), Ordering::Relaxed);
    }
}

/// Serves until `stop` resolves.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    health: Arc<Health>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(health);
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

async fn livez(State(health): State<Arc<Health>>) -> Response {
    let silent = health.clock.now().as_second() - health.last_sign.load(Ordering::Relaxed);
    if silent < STUCK_AFTER {
        (StatusCode::OK, "ok").into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("no controller has given a sign of life for {silent} seconds"),
        )
            .into_response()
    }
}

async fn readyz(State(health): State<Arc<Health>>) -> Response {
    if health.ready.load(Ordering::Relaxed) == 1 {
        (StatusCode::OK, "ok").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "waiting for the CustomResourceDefinitions: install them")
            .into_response()
    }
}

async fn metrics(State(health): State<Arc<Health>>) -> Response {
    match health.metrics.text() {
        Ok(text) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
