//! Kubeconfigs for the control plane's users, and clients made from them. Reads and writes files.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use super::certificates::Pair;
use super::error::{Error, Result};

/// The kubeconfig of a user, known by a client certificate, on the API server at `server`, whose certificate `authority` (PEM) signed.
pub(super) fn render(server: &str, authority: &str, user: &str, pair: &Pair) -> Result<Kubeconfig> {
    let credential = json!({
        "client-certificate-data": STANDARD.encode(&pair.certificate),
        "client-key-data": STANDARD.encode(&pair.key),
    });
    parse(json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": "control-plane",
            "cluster": { "server": server, "certificate-authority-data": STANDARD.encode(authority) },
        }],
        "users": [{ "name": user, "user": credential }],
        "contexts": [{ "name": "control-plane", "context": { "cluster": "control-plane", "user": user } }],
        "current-context": "control-plane",
    }))
}

/// The same cluster and credential as `config`, acting as another user: the holder must be allowed to impersonate.
pub(super) fn acting_as(config: &Kubeconfig, user: &str, groups: &[&str]) -> Kubeconfig {
    change_users(config, |auth| {
        auth.impersonate = Some(user.to_owned());
        auth.impersonate_groups = Some(groups.iter().map(|&group| group.to_owned()).collect());
    })
}

/// The same cluster as `config`, with a bearer token and nothing else.
pub(super) fn with_token(config: &Kubeconfig, token: &str) -> Kubeconfig {
    change_users(config, |auth| {
        *auth = kube::config::AuthInfo { token: Some(token.to_owned().into()), ..Default::default() };
    })
}

fn change_users(config: &Kubeconfig, change: impl Fn(&mut kube::config::AuthInfo)) -> Kubeconfig {
    let mut config = config.clone();
    for named in &mut config.auth_infos {
        change(named.auth_info.get_or_insert_default());
    }
    config
}

fn parse(value: Value) -> Result<Kubeconfig> {
    serde_json::from_value(value).map_err(|error| unusable("kubeconfig made here", &error))
}

/// Writes it where other processes can read it.
pub(super) fn write(config: &Kubeconfig, path: &Path) -> Result<()> {
    let text =
        serde_yaml::to_string(config).map_err(|error| unusable(&path.display().to_string(), &error))?;
    std::fs::write(path, text).map_err(Error::io("writing", path))
}

/// A client for it, bound to the runtime of the caller: never hand one from test to test.
pub(super) async fn client(config: &Kubeconfig) -> Result<Client> {
    Client::try_from(configuration(config).await?).map_err(Error::kube("making a client"))
}

/// A client that answers what the API server answers, without trying again.
pub(super) async fn impatient_client(config: &Kubeconfig) -> Result<Client> {
    let mut configuration = configuration(config).await?;
    configuration.default_retry = false;
    Client::try_from(configuration).map_err(Error::kube("making a client"))
}

async fn configuration(config: &Kubeconfig) -> Result<Config> {
    Config::from_custom_kubeconfig(config.clone(), &KubeConfigOptions::default())
        .await
        .map_err(|error| unusable("kubeconfig", &error))
}

pub(super) fn unusable(value: &str, reason: &impl std::fmt::Display) -> Error {
    Error::Kubeconfig { value: value.to_owned(), reason: reason.to_string() }
}
