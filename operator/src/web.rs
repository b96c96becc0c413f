//! /livez, /readyz and /metrics. Listens on one address.

mod health;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::metrics::Metrics;
pub use health::{Health, Lane, Limits, Working};

#[derive(Clone)]
struct Shown {
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

/// Serves until `stop` resolves.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = router(Shown { health, metrics });
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

fn router(shown: Shown) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(shown)
}

async fn livez(State(shown): State<Shown>) -> Response {
    let problems = shown.health.problems();
    if problems.is_empty() {
        return (StatusCode::OK, "ok").into_response();
    }
    let text = problems.join("\n");
    tracing::error!(problems = text, "not alive; a restart is asked for");
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

async fn readyz(State(shown): State<Shown>) -> Response {
    if shown.health.ready() {
        (StatusCode::OK, "ok").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "waiting for the CustomResourceDefinitions: install them")
            .into_response()
    }
}

async fn metrics(State(shown): State<Shown>) -> Response {
    match shown.metrics.text() {
        Ok(text) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
