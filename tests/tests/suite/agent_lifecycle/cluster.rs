//! A control plane with the chart applied and its operator at work, and whoever holds an agent's token. Starts processes, network
//! IO.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Secret;
use kube::api::GetParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::{Value, json};
use tests::demo::{NAMESPACE, start_operator};
use tests::{ControlPlane, apply, chart, until};
use tokio::sync::OnceCell;

/// How long something may take that takes seconds.
pub(crate) const LIMIT: Duration = Duration::from_mins(2);

/// The operator's user name.
pub(crate) const OPERATOR: &str = "system:serviceaccount:hybrid-identity:hybrid-identity-operator";

/// A control plane with the chart and the operator.
pub(crate) struct Cluster {
    pub(crate) control_plane: ControlPlane,
}

/// What the API server said.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) code: u16,
    /// The object, or the words of the refusal.
    pub(crate) text: String,
}

impl Answer {
    /// The object of an answer that is one.
    pub(crate) fn object(&self) -> Value {
        assert!(self.code < 300, "{self:?}");
        serde_json::from_str(&self.text).unwrap()
    }
}

/// The cluster that the suites about agents share, started by whoever asks first.
pub(crate) async fn shared() -> &'static Cluster {
    static SHARED: OnceCell<Cluster> = OnceCell::const_new();
    SHARED.get_or_init(Cluster::start).await
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        let mut control_plane = ControlPlane::start_local().await.unwrap();
        let client = control_plane.client().await.unwrap();
        for name in [chart::NAMESPACE, NAMESPACE] {
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            apply(&client, "platform-team", &namespace).await.unwrap();
        }
        for object in chart::template(&[]).unwrap() {
            // The operator runs on this machine, not in a pod.
            if object["kind"] != "Deployment" && object["kind"] != "PodDisruptionBudget" {
                apply(&client, "helm", &object).await.unwrap();
            }
        }
        start_operator(&mut control_plane).await.unwrap();
        let cluster = Self { control_plane };
        cluster.in_force().await;
        cluster
    }

    /// A client with all rights.
    pub(crate) async fn admin(&self) -> Client {
        self.control_plane.client().await.unwrap()
    }

    /// Lets an agent join and gives the client of whoever holds its token; the operator has made its objects then.
    pub(crate) async fn join(&self, agent: &str) -> (String, Client) {
        let admin = self.admin().await;
        let token = cli::join::join(&admin, NAMESPACE, agent, agent).await.unwrap();
        let leases: Api<Lease> = Api::namespaced(admin.clone(), NAMESPACE);
        let secrets: Api<Secret> = Api::namespaced(admin, NAMESPACE);
        until(&format!("the operator to make the objects of {agent}"), LIMIT, async || {
            let lease = leases.get_opt(agent).await.unwrap();
            let last = secrets.get_opt(&format!("{agent}-mappings")).await.unwrap();
            Ok(lease.and(last).map(drop))
        })
        .await
        .unwrap();
        let holder = self.holder(&token).await;
        (token, holder)
    }

    /// A client of whoever holds a token: it says what the API server says, and does not try again.
    pub(crate) async fn holder(&self, token: &str) -> Client {
        let path = self.control_plane.kubeconfig_with_token(token).unwrap();
        let kubeconfig = Kubeconfig::read_from(path).unwrap();
        let mut config =
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        config.default_retry = false;
        Client::try_from(config).unwrap()
    }

    /// Waits until the kinds are served and the policies about agents refuse: the API server takes them up a moment after they are
    /// made.
    async fn in_force(&self) {
        let (_, canary) = self.join("canary").await;
        let label = json!({"metadata": {"labels": {"a": "b"}}});
        let foreign = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {"audiences": ["somebody-else"], "expirationSeconds": 3600}});
        until("the policies about agents to be in force", LIMIT, async || {
            let secret = own("v1", "secrets/canary-bulk-0");
            let labelled = ask(&canary, "PATCH", &secret, MERGE, Some(&label)).await;
            let token = own("v1", "serviceaccounts/canary/token");
            let minted = ask(&canary, "POST", &token, JSON, Some(&foreign)).await;
            let both = labelled.text.contains("hybrid-identity-agents")
                && minted.text.contains("hybrid-identity-agent-tokens");
            Ok(both.then_some(()))
        })
        .await
        .unwrap();
    }
}

/// Content type of an object.
pub(crate) const JSON: &str = "application/json";

/// Content type of a merge patch.
pub(crate) const MERGE: &str = "application/merge-patch+json";

/// Path of something in the topologies' namespace; `group` is `v1` or a group with its version.
pub(crate) fn own(group: &str, rest: &str) -> String {
    at(group, NAMESPACE, rest)
}

/// Path of something in a namespace.
pub(crate) fn at(group: &str, namespace: &str, rest: &str) -> String {
    let root = if group.contains('/') { "apis" } else { "api" };
    format!("/{root}/{group}/namespaces/{namespace}/{rest}")
}

/// Asks the API server for anything.
pub(crate) async fn ask(
    client: &Client,
    method: &str,
    path: &str,
    content_type: &'static str,
    body: Option<&Value>,
) -> Answer {
    ask_as(client, method, path, content_type, body, None).await
}

/// The same in somebody else's name: an impersonation header with its value.
pub(crate) async fn ask_as(
    client: &Client,
    method: &str,
    path: &str,
    content_type: &'static str,
    body: Option<&Value>,
    acting_as: Option<(&'static str, &'static str)>,
) -> Answer {
    // Any request will do: method, path and body are replaced.
    let mut request = kube::api::Request::new("/").get("any", &GetParams::default()).unwrap();
    *request.method_mut() = method.parse().unwrap();
    *request.uri_mut() = path.parse().unwrap();
    request.headers_mut().insert("content-type", content_type.parse().unwrap());
    if let Some((header, value)) = acting_as {
        request.headers_mut().insert(header, value.parse().unwrap());
        if header == "impersonate-group" {
            // A group alone is no name to act in.
            request.headers_mut().insert("impersonate-user", "anybody".parse().unwrap());
        }
    }
    if let Some(body) = body {
        *request.body_mut() = serde_json::to_vec(body).unwrap();
    }
    match client.request_text(request).await {
        Ok(text) => Answer { code: 200, text },
        Err(kube::Error::Api(status)) => Answer { code: status.code, text: status.message.clone() },
        Err(error) => panic!("{method} {path}: {error:?}"),
    }
}
