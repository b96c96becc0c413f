//! An agent that has joined renews its own token, and nobody else's. Talks to the API server.

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};

use super::server::{TOPOLOGIES, installed};

#[tokio::test]
async fn an_agent_renews_its_own_token_and_no_others() {
    let control_plane = installed().await;
    let admin = control_plane.client().await.unwrap();
    let mut tokens = Vec::new();
    for agent in ["joined01", "joined02"] {
        tokens.push(cli::join::join(&admin, TOPOLOGIES, agent, agent).await.unwrap());
    }
    // As the agent does: a token that it was joined with asks for one that lasts a week.
    let path = control_plane.kubeconfig_with_token(&tokens[0]).unwrap();
    let kubeconfig = Kubeconfig::read_from(path).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(Client::try_from(config).unwrap(), TOPOLOGIES);
    let week = TokenRequestSpec { expiration_seconds: Some(7 * 24 * 3600), ..TokenRequestSpec::default() };
    let request = TokenRequest { spec: Some(week), ..TokenRequest::default() };
    let renewed = accounts.create_token_request("joined01", &PostParams::default(), &request).await.unwrap();
    assert!(renewed.status.unwrap().token.is_some_and(|token| token != tokens[0]));

    let refused = accounts.create_token_request("joined02", &PostParams::default(), &request).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("forbidden"), "{refused}");
}
