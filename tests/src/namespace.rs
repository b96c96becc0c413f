//! A namespace for one test on the shared control plane, deleted when the test is over. Talks to the API server.

use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, PostParams};
use kube::core::ObjectMeta;
use kube::{Api, Client, Resource};

use crate::control_plane::{ControlPlane, Error, Result, shared};
use crate::say::say;
use crate::wait::until;

/// How long the namespace controller may take to empty a namespace.
const DELETION_LIMIT: Duration = Duration::from_mins(1);

/// A namespace that nobody else uses. Dropping it asks the API server to delete it; [`TestNamespace::delete`] also
/// waits until it is gone.
pub struct TestNamespace {
    control_plane: &'static ControlPlane,
    name: String,
    client: Client,
    deleted: bool,
}

impl TestNamespace {
    /// Creates one on the control plane that is shared by this test binary, starting that if it does not run yet.
    ///
    /// # Errors
    /// Where the control plane could not be started or refuses the namespace.
    pub async fn create() -> Result<Self> {
        let control_plane = shared().await?;
        let client = control_plane.client().await?;
        let namespace = Namespace {
            metadata: ObjectMeta { generate_name: Some("test-".to_owned()), ..ObjectMeta::default() },
            ..Namespace::default()
        };
        let created = Api::<Namespace>::all(client.clone())
            .create(&PostParams::default(), &namespace)
            .await
            .map_err(Error::kube("creating a namespace for a test"))?;
        let name = created.metadata.name.unwrap_or_default();
        Ok(Self { control_plane, name, client, deleted: false })
    }

    /// The name that the API server chose: `test-` and five characters.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A client with all rights, as [`ControlPlane::client`] gives it.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The control plane that the namespace is on.
    pub fn control_plane(&self) -> &'static ControlPlane {
        self.control_plane
    }

    /// The objects of one kind in this namespace, with all rights.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.name)
    }

    /// Deletes the namespace and waits until it and all that it held is gone.
    ///
    /// # Errors
    /// Where the API server refuses, or the namespace is still there after a minute (an object with a finalizer
    /// that nobody removes holds it).
    pub async fn delete(mut self) -> Result<()> {
        let api = Api::<Namespace>::all(self.client.clone());
        delete(&api, &self.name).await?;
        self.deleted = true;
        until(&format!("namespace {} to be gone", self.name), DELETION_LIMIT, async || {
            let left = api.get_opt(&self.name).await.map_err(Error::kube("reading a namespace"))?;
            Ok(left.is_none().then_some(()))
        })
        .await
    }
}

impl Drop for TestNamespace {
    fn drop(&mut self) {
        if self.deleted {
            return;
        }
        let (control_plane, name) = (self.control_plane, self.name.clone());
        // The test's own runtime may be ending: the request gets a thread, a runtime and a connection of its own.
        let deletion = std::thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(Error::io("starting a runtime to delete", &name))?;
            runtime.block_on(async {
                let client = control_plane.client().await?;
                delete(&Api::all(client), &name).await
            })
        });
        match deletion.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => say(&format!("namespace {} was left behind: {error}", self.name)),
            Err(_) => say(&format!("namespace {} was left behind: its deletion panicked", self.name)),
        }
    }
}

/// Asks for the deletion; a namespace that is gone already is fine.
async fn delete(api: &Api<Namespace>, name: &str) -> Result<()> {
    match api.delete(name, &DeleteParams::default()).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        Err(error) => Err(Error::kube("deleting a test's namespace")(error)),
    }
}
