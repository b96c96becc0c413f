//! Graph and the token endpoint as HTTP. Does IO: holds answers back for as long as the latency fault says.

use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::connection::Connection;
use crate::graph::{Body, Exchange, Graph, GraphRequest, GraphResponse};

/// Largest request body, in bytes. Source: Microsoft Graph, known limits (4 MB for a request).
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// Microsoft Graph.
pub(super) fn graph_router(shared: Shared) -> Router {
    Router::new().fallback(graph).with_state(shared)
}

/// The token endpoint.
pub(super) fn login_router(shared: Shared) -> Router {
    Router::new().fallback(login).with_state(shared)
}

async fn graph(
    State(shared): State<Shared>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let request = match read(request).await {
        Ok(request) => request,
        Err(refusal) => return refusal,
    };
    let (exchange, latency) = shared.with(|running| {
        let exchange = running.graph.exchange(&mut running.estate, &request);
        (exchange, Graph::latency(&running.estate))
    });
    hold_back(latency).await;
    match exchange {
        Exchange::Answered(response) => write(response),
        Exchange::NoAnswer => {
            connection.cut();
            // Never sent: the connection takes nothing any more.
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
    }
}

async fn login(State(shared): State<Shared>, request: Request) -> Response {
    let request = match read(request).await {
        Ok(request) => request,
        Err(refusal) => return refusal,
    };
    let (response, latency) = shared.with(|running| {
        let response = running.graph.token(&running.estate, &request);
        (response, Graph::latency(&running.estate))
    });
    hold_back(latency).await;
    write(response)
}

async fn hold_back(latency: jiff::SignedDuration) {
    if let Ok(latency) = Duration::try_from(latency)
        && !latency.is_zero()
    {
        tokio::time::sleep(latency).await;
    }
}

async fn read(request: Request) -> Result<GraphRequest, Response> {
    let (parts, body) = request.into_parts();
    let body =
        to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
    Ok(GraphRequest {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.into(),
    })
}

fn write(response: GraphResponse) -> Response {
    let GraphResponse { status, headers, body } = response;
    let body = match body {
        Body::Empty => String::new(),
        Body::Json(value) => value.to_string(),
        Body::Text(text) => text,
    };
    (status, headers, body).into_response()
}
