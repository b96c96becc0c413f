//! Requests as `kubectl` makes them: a field that the schema does not know is an error. Talks to the API server.

use std::path::PathBuf;

use kube::Client;
use kube::api::{DeleteParams, PostParams, Request};
use kube::core::Status;
use serde_json::Value;
use tests::control_plane::Error;
use tests::{TestNamespace, shared};
use tokio::sync::OnceCell;

/// What the API server answers.
pub(super) type Answer = Result<Value, Box<Status>>;

/// Where objects of one kind are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) plural: String,
}

impl Resource {
    /// The resource that a definition, as JSON, defines.
    pub(super) fn of(definition: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            group: text(&definition["spec"]["group"]),
            version: text(&definition["spec"]["versions"][0]["name"]),
            plural: text(&definition["spec"]["names"]["plural"]),
        }
    }

    /// The `apiVersion` of its objects.
    pub(super) fn api_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }
}

/// Whether a write is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    Kept,
    /// Everything but storing happens.
    DryRun,
}

/// The API server with the kinds of this project, and a namespace of the test.
pub(super) struct Server {
    namespace: TestNamespace,
    client: Client,
}

impl Server {
    pub(super) async fn new() -> Self {
        install().await;
        let namespace = TestNamespace::create().await.unwrap();
        let client = namespace.client();
        Self { namespace, client }
    }

    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    pub(super) fn namespace(&self) -> &str {
        self.namespace.name()
    }

    /// A file with all rights, for `kubectl`.
    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.namespace.control_plane().kubeconfig_path()
    }

    pub(super) async fn create(&self, resource: &Resource, object: &Value, write: Write) -> Answer {
        let body = serde_json::to_vec(object).unwrap();
        let mut request = Request::new(self.path(resource)).create(&parameters(write), body).unwrap();
        *request.uri_mut() = strictly(request.uri()).parse().unwrap();
        answer(self.client.request(request).await)
    }

    /// Replaces the object that has the name of this one; `resourceVersion` must be set.
    pub(super) async fn replace(&self, resource: &Resource, object: &Value, write: Write) -> Answer {
        let body = serde_json::to_vec(object).unwrap();
        let name = object["metadata"]["name"].as_str().unwrap();
        let mut request = Request::new(self.path(resource)).replace(name, &parameters(write), body).unwrap();
        *request.uri_mut() = strictly(request.uri()).parse().unwrap();
        answer(self.client.request(request).await)
    }

    /// Replaces the status of the object that has the name of this one.
    pub(super) async fn replace_status(&self, resource: &Resource, object: &Value) -> Answer {
        let body = serde_json::to_vec(object).unwrap();
        let name = object["metadata"]["name"].as_str().unwrap();
        let mut request = Request::new(self.path(resource))
            .replace_subresource("status", name, &parameters(Write::DryRun), body)
            .unwrap();
        *request.uri_mut() = strictly(request.uri()).parse().unwrap();
        answer(self.client.request(request).await)
    }

    pub(super) async fn delete(&self, resource: &Resource, name: &str) -> Answer {
        let request = Request::new(self.path(resource)).delete(name, &DeleteParams::default()).unwrap();
        answer(self.client.request(request).await)
    }

    /// The path of all objects of a resource in the namespace.
    pub(super) fn path(&self, Resource { group, version, plural }: &Resource) -> String {
        format!("/apis/{group}/{version}/namespaces/{}/{plural}", self.namespace())
    }
}

/// The address with the demand that unknown fields are refused, for which the client has no parameter.
fn strictly(uri: &impl std::fmt::Display) -> String {
    let uri = uri.to_string();
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}fieldValidation=Strict")
}

fn answer(outcome: kube::Result<Value>) -> Answer {
    match outcome {
        Ok(object) => Ok(object),
        Err(kube::Error::Api(status)) => Err(status),
        Err(error) => panic!("{}", Error::kube("asking the API server")(error)),
    }
}

fn parameters(write: Write) -> PostParams {
    PostParams { dry_run: write == Write::DryRun, ..PostParams::default() }
}

/// Installs the definitions that the crate makes, once for this control plane.
pub(crate) async fn install() {
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    INSTALLED
        .get_or_init(async || {
            let folder = tempfile::tempdir().unwrap();
            for definition in crds::finish::all() {
                let path = folder.path().join(crds::finish::file_name(&definition));
                std::fs::write(path, serde_yaml::to_string(&definition).unwrap()).unwrap();
            }
            let names = shared().await.unwrap().install_crds(folder.path()).await.unwrap();
            assert_eq!(names.len(), crds::finish::all().len());
        })
        .await;
}

/// The causes of a refusal, without the remark that rules were skipped because of them.
pub(super) fn causes(status: &Status) -> Vec<(String, String)> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes
        .filter(|cause| !cause.message.contains("some validation rules were not checked"))
        .map(|cause| (cause.field.clone(), cause.message.clone()))
        .collect()
}
