//! The estate as servers on loopback: Graph, token endpoint, admin endpoint, host bridge, and the clock that drives it all.
//! Does IO: sockets and the wall clock; everything behind them is pure.

mod clock;
mod connection;
mod http;
mod shared;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::graph::Graph;
use crate::scenario::Scenario;
use crate::{admin, host_bridge};
use connection::{BreakableListener, Connection};

pub use clock::ClockSource;
pub use shared::{Running, Shared};

/// Why the estate cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No listener.
    #[error("expected to listen on a free loopback port, which failed; are loopback addresses available?")]
    Listen(#[source] std::io::Error),
    /// A server ended although nobody asked it to.
    #[error("a server of the estate ended unexpectedly")]
    Ended(#[source] std::io::Error),
    /// A task of the estate panicked.
    #[error("a task of the estate failed")]
    Task(#[from] tokio::task::JoinError),
}

/// Where everything is, and how to sign in: what a test or the demo hands to the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Addresses {
    /// Base URL of Graph.
    pub graph_url: String,
    /// Base URL of the token endpoint.
    pub login_url: String,
    /// Base URL of the admin endpoint.
    pub admin_url: String,
    /// Address of the host bridge, for `estate host --connect`.
    pub host_bridge: SocketAddr,
    /// The tenant.
    pub tenant_id: Uuid,
    /// Client id of the application registered for the product.
    pub client_id: Uuid,
    /// Its secret.
    pub client_secret: String,
    /// Names of the sync servers.
    pub servers: Vec<String>,
    /// DNS names of the AD domains.
    pub domains: Vec<String>,
    /// Units that are synchronized and can be moved one by one.
    pub organizational_units: Vec<String>,
    /// Units that Connect excludes.
    pub excluded_units: Vec<String>,
    /// Where an agent may make test objects: one below each of these units, in their order.
    pub probe_units: Vec<String>,
    /// What was made up about the estate, for people to know.
    pub remarks: Vec<String>,
}

/// A served estate.
#[derive(Debug)]
pub struct Handle {
    addresses: Addresses,
    shared: Shared,
    stop: watch::Sender<bool>,
    tasks: JoinSet<Result<(), ServeError>>,
}

impl Handle {
    /// Where everything is.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The state behind the servers.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Stops listening and waits until every task has ended.
    ///
    /// # Errors
    /// If a server had ended by itself before.
    pub async fn stop(mut self) -> Result<(), ServeError> {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// Waits until one of the servers ends, which none does unless something is broken.
    ///
    /// # Errors
    /// What broke.
    pub async fn ended(&mut self) -> Result<(), ServeError> {
        match self.tasks.join_next().await {
            Some(ended) => ended?,
            None => Ok(()),
        }
    }
}

/// Serves a scenario on free loopback ports.
///
/// # Errors
/// If a port cannot be had.
pub async fn start(scenario: Scenario, clock: ClockSource) -> Result<Handle, ServeError> {
    let (graph_listener, graph_url) = listen().await?;
    let (login_listener, login_url) = listen().await?;
    let (admin_listener, admin_url) = listen().await?;
    let bridge_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(ServeError::Listen)?;
    let host_bridge = bridge_listener.local_addr().map_err(ServeError::Listen)?;

    let Scenario {
        estate,
        mut settings,
        client_id,
        client_secret,
        clients,
        organizational_units,
        excluded_units,
        probe_units,
        remarks,
    } = scenario;
    let names = |units: Vec<crate::dn::DistinguishedName>| units.iter().map(ToString::to_string).collect();
    settings.base_url.clone_from(&graph_url);
    settings.login_url.clone_from(&login_url);
    let addresses = Addresses {
        graph_url,
        login_url,
        admin_url,
        host_bridge,
        tenant_id: estate.world.tenant.settings.organization.id,
        client_id,
        client_secret,
        servers: estate.server_names().map(str::to_owned).collect(),
        domains: estate.world.directory.domains().iter().map(|domain| domain.dns_name.clone()).collect(),
        organizational_units: names(organizational_units),
        excluded_units: names(excluded_units),
        probe_units: names(probe_units),
        remarks,
    };
    let shared = Shared::new(Running { estate, graph: Graph::new(settings, clients) }, clock);
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    for (listener, router) in [
        (graph_listener, http::graph_router(shared.clone())),
        (login_listener, http::login_router(shared.clone())),
        (admin_listener, admin::router(shared.clone())),
    ] {
        let stopped = stopped.clone();
        tasks.spawn(async move {
            let service = router.into_make_service_with_connect_info::<Connection>();
            axum::serve(BreakableListener(listener), service)
                .with_graceful_shutdown(until(stopped))
                .await
                .map_err(ServeError::Ended)
        });
    }
    tasks.spawn(host_bridge::serve(bridge_listener, shared.clone(), stopped.clone()));
    if clock == ClockSource::Wall {
        tasks.spawn(clock::run(shared.clone(), stopped));
    }
    Ok(Handle { addresses, shared, stop, tasks })
}

async fn listen() -> Result<(TcpListener, String), ServeError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(ServeError::Listen)?;
    let url = format!("http://{}", listener.local_addr().map_err(ServeError::Listen)?);
    Ok((listener, url))
}

/// Ends when the estate is to stop.
pub(crate) async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the handle is gone: that is a stop too.
    drop(stopped.wait_for(|stopped| *stopped).await);
}
