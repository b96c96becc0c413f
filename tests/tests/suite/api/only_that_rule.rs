//! What a bad manifest names is all that refuses it: without that one rule or bound the same manifest is accepted.
//!
//! Each kind is installed once more in a group of the test, with a version for each of its manifests. The schema of that
//! version lacks what the manifest names; the schema of the first version is complete and shows that the copy refuses as
//! the original does.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};
use tests::control_plane::Error;
use tests::until;

use super::manifest::{self, Manifest, Refuser};
use super::refused::submit;
use super::schema::{definition, remove_bound, remove_rule};
use super::server::{Resource, Server};

const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test]
async fn without_its_rule_or_bound_every_bad_manifest_is_accepted() {
    let server = Server::new().await;
    let api = Api::<CustomResourceDefinition>::all(server.client());
    let mut kinds = BTreeMap::<String, Vec<Manifest>>::new();
    for manifest in manifest::all() {
        kinds.entry(manifest.kind.clone()).or_default().push(manifest);
    }

    let mut failures = Vec::new();
    let mut copies = Vec::new();
    for (kind, manifests) in &kinds {
        let (copy, without) =
            copy(kind, manifests, &format!("{}.rules.test", server.namespace()), &mut failures);
        let name = copy["metadata"]["name"].as_str().unwrap().to_owned();
        let typed = serde_json::from_value(copy.clone()).unwrap();
        match api.create(&PostParams::default(), &typed).await {
            Ok(_) => copies.push((name, Resource::of(&copy), without)),
            Err(error) => failures.push(format!("{kind}: {}", Error::kube("installing the copy")(error))),
        }
    }
    for (name, complete, without) in &copies {
        wait_until_served(&api, name).await;
        for (manifest, resource) in without {
            match (submit(&server, complete, manifest).await, submit(&server, resource, manifest).await) {
                (Ok(Err(_)), Ok(Ok(_))) => {}
                (Ok(Ok(_)), _) => failures.push(format!("{}: the complete copy accepts it", manifest.name)),
                (_, Ok(Err(status))) => {
                    failures.push(format!(
                        "{}: something else refuses it too: {}",
                        manifest.name, status.message
                    ));
                }
                (Err(problem), _) | (_, Err(problem)) => {
                    failures.push(format!("{}: {problem}", manifest.name));
                }
            }
        }
    }
    for (name, ..) in &copies {
        // Waiting for the end would only take time: nobody else uses the group.
        api.delete(name, &DeleteParams::default()).await.unwrap();
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// The copy of a kind, and for each manifest the version without what it names. Manifests that name what is not there
/// become failures.
fn copy<'a>(
    kind: &str,
    manifests: &'a [Manifest],
    group: &str,
    failures: &mut Vec<String>,
) -> (Value, Vec<(&'a Manifest, Resource)>) {
    let original = definition(kind);
    let plural = original["spec"]["names"]["plural"].as_str().unwrap();
    let mut versions = vec![original["spec"]["versions"][0].clone()];
    let mut without = Vec::new();
    for (index, manifest) in manifests.iter().enumerate() {
        let mut lacking = original.clone();
        if let Err(problem) = take_out(&mut lacking, manifest) {
            failures.push(format!("{}: {problem}", manifest.name));
            continue;
        }
        let mut version = lacking["spec"]["versions"][0].clone();
        let name = format!("without{index}");
        version["name"] = json!(name);
        version["storage"] = json!(false);
        versions.push(version);
        let resource = Resource { group: group.to_owned(), version: name, plural: plural.to_owned() };
        without.push((manifest, resource));
    }
    let names = &original["spec"]["names"];
    let copy = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group,
            "scope": original["spec"]["scope"],
            // Without short names and categories: they would compete with the original's.
            "names": { "kind": names["kind"], "plural": plural, "singular": names["singular"] },
            "versions": versions,
        },
    });
    (copy, without)
}

/// # Errors
/// Where the definition does not have what the manifest names exactly once.
fn take_out(definition: &mut Value, manifest: &Manifest) -> Result<(), String> {
    match &manifest.refuser {
        Refuser::Rule(text) => match remove_rule(definition, text) {
            1 => Ok(()),
            found => Err(format!("expected one rule of this text, found {found}: {text}")),
        },
        Refuser::Bound(bound) => remove_bound(definition, bound, manifest.refused()),
    }
}

async fn wait_until_served(api: &Api<CustomResourceDefinition>, name: &str) {
    until(&format!("{name} to be established"), LIMIT, async || {
        let found = api.get(name).await.map_err(Error::kube("reading a definition"))?;
        let conditions = found.status.and_then(|status| status.conditions).unwrap_or_default();
        let established = |condition: &&_| is_true(condition, "Established");
        Ok(conditions.iter().find(established).map(|_| ()))
    })
    .await
    .unwrap();
}

fn is_true(
    condition: &k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinitionCondition,
    type_: &str,
) -> bool {
    condition.type_ == type_ && condition.status == "True"
}
