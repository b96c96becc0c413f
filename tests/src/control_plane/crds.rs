//! Installing CustomResourceDefinitions from files. Reads files and talks to the API server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde::Deserialize as _;

use super::error::{Error, Result};
use crate::wait::until;

/// How long the API server may take to serve a new kind.
const ESTABLISHED_LIMIT: Duration = Duration::from_secs(30);

/// Who the definitions belong to, for server-side apply.
const FIELD_MANAGER: &str = "control-plane";

/// Applies every definition in the `.yaml` files of `folder` and waits until all are served.
pub(super) async fn install(client: &Client, folder: &Path) -> Result<Vec<String>> {
    let api = Api::<CustomResourceDefinition>::all(client.clone());
    let mut names = Vec::new();
    for path in manifests(folder)? {
        for definition in read(&path)? {
            let name = definition.metadata.name.clone().unwrap_or_default();
            api.patch(&name, &PatchParams::apply(FIELD_MANAGER).force(), &Patch::Apply(&definition))
                .await
                .map_err(Error::kube(format!("installing {}", path.display())))?;
            names.push(name);
        }
    }
    for name in &names {
        until(&format!("{name} to be established"), ESTABLISHED_LIMIT, async || {
            let found = api.get(name).await.map_err(Error::kube(format!("reading {name}")))?;
            Ok(is_established(&found).then_some(()))
        })
        .await?;
    }
    Ok(names)
}

fn is_established(definition: &CustomResourceDefinition) -> bool {
    let conditions =
        definition.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Established" && condition.status == "True")
}

/// The YAML files of a folder by name; none where there is no folder.
fn manifests(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut paths = std::fs::read_dir(folder)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>()
        })
        .map_err(Error::io("listing", folder))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<Vec<CustomResourceDefinition>> {
    let text = std::fs::read_to_string(path).map_err(Error::io("reading", path))?;
    serde_yaml::Deserializer::from_str(&text)
        .map(|document| {
            CustomResourceDefinition::deserialize(document).map_err(|error| Error::Manifest {
                path: path.to_owned(),
                reason: format!("expected a CustomResourceDefinition: {error}"),
            })
        })
        .collect()
}
