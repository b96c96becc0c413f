//! Counts and times the requests to the Kubernetes API, as a layer of its client. No IO of its own.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::http::{Request, Response};
use futures::future::BoxFuture;
use tower::{Layer, Service};

use super::Metrics;

/// The layer.
#[derive(Clone)]
pub struct KubeRequests(pub Arc<Metrics>);

impl<S> Layer<S> for KubeRequests {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Counted { inner, metrics: Arc::clone(&self.0) }
    }
}

/// A client whose requests are counted.
#[derive(Clone)]
pub struct Counted<S> {
    inner: S,
    metrics: Arc<Metrics>,
}

impl<S, B, R> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (metrics, method) = (Arc::clone(&self.metrics), request.method().to_string());
        let begun = Instant::now();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            metrics.kube_duration.with_label_values(&[&method]).observe(begun.elapsed().as_secs_f64());
            let code = answer.as_ref().map_or("none".to_owned(), |found| found.status().as_u16().to_string());
            metrics.kube_requests.with_label_values(&[&method, &code]).inc();
            answer
        })
    }
}
