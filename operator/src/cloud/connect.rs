//! Makes a client of Microsoft Graph for an EntraTenant.

use std::sync::Arc;

use crds::EntraTenant;
use crds::entra_tenant::{Cloud, EntraTenantSpec};
use graph::resources::TenantId;
use graph::value::Sensitive;
use graph::{
    BaseUrl, ClientSecret, Clock, Config, FederatedTokenFile, GraphClient, HttpOptions, HttpTransport,
};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;

use crate::cluster::{Cluster, ClusterError};
use crate::context::Context;
use crate::metrics::Metrics;

/// Makes clients; the simulation's makes some that need no network.
pub trait Connector: Send + Sync + 'static {
    /// A client of this tenant; `secret` is the client secret if there is one.
    ///
    /// # Errors
    /// In words, when the settings cannot be used.
    fn connect(&self, spec: &EntraTenantSpec, secret: Option<&str>) -> Result<GraphClient, String>;
}

/// Makes clients that speak HTTP.
pub struct HttpConnector {
    transport: HttpTransport,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

/// Where the projected ServiceAccount token of a federated credential is mounted.
const FEDERATED_TOKEN: &str = "/var/run/secrets/azure/tokens/azure-identity-token";

impl HttpConnector {
    /// Sets the transport up.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Result<Self, graph::HttpSetupError> {
        Ok(Self { transport: HttpTransport::new(&HttpOptions::default())?, clock, metrics })
    }
}

impl Connector for HttpConnector {
    fn connect(&self, spec: &EntraTenantSpec, secret: Option<&str>) -> Result<GraphClient, String> {
        let config = config(spec)?;
        let client_id = spec.credential.client_id.as_str();
        let (transport, clock) = (self.transport.clone(), Arc::clone(&self.clock));
        let client = match secret {
            Some(secret) => GraphClient::new(
                config,
                transport,
                ClientSecret::new(client_id, Sensitive::new(secret)),
                clock,
            ),
            None if spec.credential.workload_identity.is_some() => GraphClient::new(
                config,
                transport,
                FederatedTokenFile::new(client_id, FEDERATED_TOKEN),
                clock,
            ),
            None => {
                return Err(
                    "expected a client secret or a workload identity, found a certificate, which this release cannot use yet: set \
                     `credential.clientSecret` or `credential.workloadIdentity`"
                        .to_owned(),
                );
            }
        };
        Ok(client.with_observer(Arc::clone(&self.metrics)))
    }
}

/// Settings of the client for a tenant.
///
/// # Errors
/// In words, when an address cannot be used.
pub fn config(spec: &EntraTenantSpec) -> Result<Config, String> {
    let tenant = TenantId::new(spec.tenant_id.clone());
    let cloud = match (spec.cloud, &spec.endpoints) {
        (Cloud::Global, _) => graph::Cloud::Global,
        (Cloud::USGovernmentL4, _) => graph::Cloud::UsGovernment,
        (Cloud::USGovernmentL5, _) => graph::Cloud::UsGovernmentDod,
        (Cloud::China, _) => graph::Cloud::China,
        (Cloud::Custom, Some(endpoints)) => {
            let read = |url: &str| BaseUrl::parse(url).map_err(|error| error.to_string());
            return Ok(Config::for_endpoints(tenant, read(&endpoints.login)?, read(&endpoints.graph)?));
        }
        (Cloud::Custom, None) => {
            return Err("expected `endpoints` with `cloud: Custom`, found none".to_owned());
        }
    };
    Ok(Config::for_cloud(tenant, cloud))
}

/// Why there is no client for a tenant.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The Secret or its key does not exist.
    #[error(
        "expected key `{key}` in Secret {name}, found none: create it, or correct `credential.clientSecret`"
    )]
    NoSecret {
        /// Name of the Secret.
        name: String,
        /// Key.
        key: String,
    },
    /// The settings cannot be used.
    #[error("{0}")]
    Settings(String),
    /// The cluster did not answer.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

/// The client of a tenant; made anew when the spec or the secret changes.
///
/// # Errors
/// See [`ConnectError`].
pub async fn client<C: Cluster>(
    context: &Context<C>,
    tenant: &EntraTenant,
) -> Result<GraphClient, ConnectError> {
    let namespace = tenant.namespace().unwrap_or_default();
    let secret = match &tenant.spec.credential.client_secret {
        Some(reference) => {
            let found: Option<Secret> = context.cluster.get(&namespace, reference.name.as_str()).await?;
            let value = found
                .and_then(|secret| secret.data)
                .and_then(|data| data.get(&reference.key).cloned())
                .and_then(|bytes| String::from_utf8(bytes.0).ok())
                .map(|text| text.trim().to_owned());
            Some(value.ok_or_else(|| ConnectError::NoSecret {
                name: reference.name.to_string(),
                key: reference.key.clone(),
            })?)
        }
        None => None,
    };
    let name = format!("{namespace}/{}", tenant.name_any());
    let made_with = crds::ContentDigest::of_json(&(&tenant.spec, &secret))
        .map_err(|e| ConnectError::Settings(e.to_string()))?;
    let mut clients = context.memory.clients.lock().await;
    if let Some((digest, client)) = clients.get(&name)
        && digest == made_with.as_str()
    {
        return Ok(client.clone());
    }
    let client =
        context.connector.connect(&tenant.spec, secret.as_deref()).map_err(ConnectError::Settings)?;
    clients.insert(name, (made_with.to_string(), client.clone()));
    Ok(client)
}
