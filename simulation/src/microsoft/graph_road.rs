//! Microsoft Graph without sockets: the operator's client on the estate's dispatch. No IO.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use crds::entra_tenant::EntraTenantSpec;
use estate::graph::{Body, Graph, GraphRequest, GraphResponse};
use futures::future::BoxFuture;
use graph::transport::{Fault, Headers, Method, Request, Response, Transport};
use graph::value::Sensitive;
use graph::{ClientSecret, GraphClient};
use operator::cloud::connect::{Connector, config};
use operator::metrics::Metrics;

use super::Microsoft;
use crate::process::{Process, Road};

/// Where the estate's Graph says that it is.
pub const GRAPH_URL: &str = "https://graph.estate.invalid";

/// Where its token endpoint is.
pub const LOGIN_URL: &str = "https://login.estate.invalid";

/// One operator process's way to Graph.
#[derive(Clone)]
pub struct Door {
    microsoft: Microsoft,
    process: Process,
    metrics: Arc<Metrics>,
}

impl Door {
    /// The way of a process to the estate.
    pub fn new(microsoft: Microsoft, process: Process, metrics: Arc<Metrics>) -> Self {
        Self { microsoft, process, metrics }
    }

    async fn ask(&self, request: Request) -> Result<Response, Fault> {
        let around = self.process.around();
        let cut = |_| "the network is cut".to_owned();
        self.process.there(Road::Graph).await.map_err(cut).map_err(Fault::Unreachable)?;
        let asked = asked(&request)?;
        let (response, latency) = self.microsoft.with(|running| {
            let response = if request.url.starts_with(LOGIN_URL) {
                running.graph.token(&running.estate, &asked)
            } else {
                running.graph.handle(&mut running.estate, &asked)
            };
            (response, Graph::latency(&running.estate))
        });
        let (method, path) = (request.method.as_str(), asked.path.as_str());
        around
            .trace
            .tell(self.process.name(), format_args!("{method} {path} → {}", response.status.as_u16()));
        if let Ok(latency) = Duration::try_from(latency)
            && !latency.is_zero()
        {
            around.clock.pass(latency).await;
        }
        self.process.back(Road::Graph).await.map_err(cut).map_err(Fault::Broken)?;
        Ok(answered(response))
    }
}

impl Transport for Door {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Fault>> {
        Box::pin(self.ask(request))
    }
}

impl Connector for Door {
    fn connect(&self, spec: &EntraTenantSpec, secret: Option<&str>) -> Result<GraphClient, String> {
        let secret =
            secret.ok_or("expected a client secret, found none: the simulation has no other credential")?;
        let credentials = ClientSecret::new(spec.credential.client_id.as_str(), Sensitive::new(secret));
        let around = self.process.around();
        let client = GraphClient::new(config(spec)?, self.clone(), credentials, around.clock.clone());
        Ok(client.with_randomness(around.random.clone()).with_observer(Arc::clone(&self.metrics)))
    }
}

fn asked(request: &Request) -> Result<GraphRequest, Fault> {
    let invalid = |what: &str| Fault::Invalid(what.to_owned());
    let bare = [GRAPH_URL, LOGIN_URL].iter().find_map(|root| request.url.strip_prefix(root));
    let bare = bare.ok_or_else(|| Fault::Unreachable(format!("nobody is at {}", request.url)))?;
    let (path, query) = bare.split_once('?').unwrap_or((bare, ""));
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers.iter() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid("a header's name"))?;
        headers.append(name, HeaderValue::from_str(value).map_err(|_| invalid("a header's value"))?);
    }
    let method = match request.method {
        Method::Get => axum::http::Method::GET,
        Method::Post => axum::http::Method::POST,
        Method::Put => axum::http::Method::PUT,
        Method::Patch => axum::http::Method::PATCH,
        Method::Delete => axum::http::Method::DELETE,
    };
    let (path, query) = (path.to_owned(), query.to_owned());
    Ok(GraphRequest { method, path, query, headers, body: request.body.clone() })
}

fn answered(response: GraphResponse) -> Response {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers: Headers =
        response.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let body = match response.body {
        Body::Empty => Vec::new(),
        Body::Json(value) => serde_json::to_vec(&value).unwrap_or_default(),
        Body::Text(text) => text.into_bytes(),
    };
    Response { status: response.status.as_u16(), headers, body }
}
