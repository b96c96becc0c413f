//! A Kubernetes control plane without containers: etcd, the API server and the controller manager as processes of
//! this machine, on loopback, with certificates, RBAC and an audit log. Where `KUBECONFIG` is set, that cluster
//! instead. Starts processes and talks to the API server.

mod audit;
mod certificates;
mod crds;
mod disturb;
mod error;
mod kubeconfig;
mod launch;
mod processes;
mod programs;
mod shared;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::config::Kubeconfig;
use kube::{Api, Client};

pub use audit::{AuditEvent, AuditEvents, AuditLog, Mark, Right, Stage};
pub use error::{Error, Result};
pub use programs::{Program, find};
pub use shared::shared;

use crate::say::say;
use certificates::Authority;
use processes::Processes;

/// A control plane: started here, or a cluster that exists. Dropping one that was started here stops it.
pub struct ControlPlane {
    /// The programs, none for an existing cluster, and the folder in any case.
    processes: Processes,
    admin: Kubeconfig,
    /// Vouches for users; none on an existing cluster, where they are impersonated.
    issuer: Option<Issuer>,
    kubeconfigs: AtomicU64,
}

struct Issuer {
    authority: Authority,
    server: String,
}

impl ControlPlane {
    /// The cluster that `KUBECONFIG` names, or else a new control plane. The first start on a machine builds the
    /// programs, which takes minutes and is told on stderr.
    ///
    /// # Errors
    /// Where the programs cannot be built, do not become ready, or `KUBECONFIG` cannot be used.
    pub async fn start() -> Result<Self> {
        match std::env::var("KUBECONFIG") {
            Ok(value) if !value.is_empty() => Self::existing(&value).await,
            _ => Self::start_local().await,
        }
    }

    /// A new control plane, whatever `KUBECONFIG` says.
    ///
    /// # Errors
    /// As [`ControlPlane::start`].
    pub async fn start_local() -> Result<Self> {
        let launch::Launched { processes, authority, server, admin } = launch::launch().await?;
        let issuer = Some(Issuer { authority, server });
        Ok(Self { processes, admin, issuer, kubeconfigs: AtomicU64::new(0) })
    }

    async fn existing(value: &str) -> Result<Self> {
        let admin = Kubeconfig::from_env()
            .map_err(|error| kubeconfig::unusable(value, &error))?
            .ok_or_else(|| kubeconfig::unusable(value, &"it names no file"))?;
        let version = kubeconfig::client(&admin)
            .await?
            .apiserver_version()
            .await
            .map_err(|error| kubeconfig::unusable(value, &error))?;
        say(&format!("KUBECONFIG is set: using that cluster (Kubernetes {})", version.git_version));
        let processes = Processes::new()?;
        kubeconfig::write(&admin, &processes.folder().join(launch::file::KUBECONFIG))?;
        Ok(Self { processes, admin, issuer: None, kubeconfigs: AtomicU64::new(0) })
    }

    /// Whether it was started here. An existing cluster is somebody else's: what is made there stays there.
    pub fn is_own(&self) -> bool {
        self.issuer.is_some()
    }

    /// A kubeconfig with all rights, for other processes. It vanishes with the control plane.
    pub fn kubeconfig_path(&self) -> PathBuf {
        self.processes.folder().join(launch::file::KUBECONFIG)
    }

    /// A client with all rights. It belongs to the runtime of the caller: each test makes its own.
    ///
    /// # Errors
    /// Where the kubeconfig cannot be used.
    pub async fn client(&self) -> Result<Client> {
        kubeconfig::client(&self.admin).await
    }

    /// A client of a user with these groups (beside `system:authenticated`), known by a client certificate; on an
    /// existing cluster by impersonation. Such a user has only the rights that it is given.
    ///
    /// # Errors
    /// Where there are more than two groups: certificates made here carry no more.
    pub async fn client_for(&self, user: &str, groups: &[&str]) -> Result<Client> {
        kubeconfig::client(&self.user(user, groups)?).await
    }

    /// The same as a kubeconfig, for other processes.
    ///
    /// # Errors
    /// As [`ControlPlane::client_for`], and where the file cannot be written.
    pub fn kubeconfig_for(&self, user: &str, groups: &[&str]) -> Result<PathBuf> {
        self.write(&self.user(user, groups)?)
    }

    /// A client of a service account, which must exist, with a token of one hour.
    ///
    /// # Errors
    /// Where the API server refuses the token.
    pub async fn client_for_service_account(&self, namespace: &str, name: &str) -> Result<Client> {
        kubeconfig::client(&self.service_account(namespace, name).await?).await
    }

    /// The same as a kubeconfig, for other processes.
    ///
    /// # Errors
    /// As [`ControlPlane::client_for_service_account`], and where the file cannot be written.
    pub async fn kubeconfig_for_service_account(&self, namespace: &str, name: &str) -> Result<PathBuf> {
        self.write(&self.service_account(namespace, name).await?)
    }

    /// A kubeconfig of whoever holds this bearer token, for other processes.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn kubeconfig_with_token(&self, token: &str) -> Result<PathBuf> {
        self.write(&kubeconfig::with_token(&self.admin, token))
    }

    /// The audit log: every request that the API server answered.
    ///
    /// # Errors
    /// [`Error::NoAuditLog`] on an existing cluster.
    pub fn audit(&self) -> Result<AuditLog> {
        match &self.issuer {
            Some(_) => Ok(AuditLog::new(self.processes.folder().join(launch::file::AUDIT_LOG))),
            None => Err(Error::NoAuditLog),
        }
    }

    /// Installs every CustomResourceDefinition in the files of a folder and waits until the API server serves them.
    /// Gives back their names; none where the folder does not exist.
    ///
    /// # Errors
    /// Where a file is not a definition, or the API server refuses one.
    pub async fn install_crds(&self, folder: &Path) -> Result<Vec<String>> {
        crds::install(&self.client().await?, folder).await
    }

    /// Starts a further program, which ends with the control plane: what a demo or a test needs beside it. Its output is
    /// `<name>.log` in the control plane's folder, where it also runs, and its environment is `environment` alone.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start_beside(
        &mut self,
        name: &str,
        program: &Path,
        arguments: &[String],
        environment: &[(&str, &OsStr)],
    ) -> Result<()> {
        self.processes.start(name, program, arguments, environment).map(drop)
    }

    /// The process id of a program that was started beside it and still runs: to hold or to kill it.
    pub fn process_of(&self, name: &str) -> Option<u32> {
        self.processes.id(name)
    }

    /// Where the control plane and what was started beside it keep their files. It vanishes with the control plane.
    pub fn folder(&self) -> &Path {
        self.processes.folder()
    }

    /// The program that has ended by itself, if one has.
    pub fn has_ended(&mut self) -> Option<Error> {
        self.processes.ended()
    }

    /// Returns when one of the programs ends by itself: without it the control plane does not work. Never returns
    /// on an existing cluster.
    pub async fn ended(&mut self) -> Error {
        loop {
            if let Some(error) = self.has_ended() {
                return error;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Stops all programs, the API server before its store, and removes every file. An existing cluster goes on.
    pub async fn stop(self) {
        let mut processes = self.processes;
        // It blocks, so it gets a thread of its own. The task does not panic, and its end is all that matters.
        let _ = tokio::task::spawn_blocking(move || processes.stop()).await;
    }

    fn user(&self, user: &str, groups: &[&str]) -> Result<Kubeconfig> {
        match &self.issuer {
            Some(Issuer { authority, server }) => {
                let pair = authority.client(user, groups)?;
                kubeconfig::render(server, authority.certificate(), user, &pair)
            }
            None => Ok(kubeconfig::acting_as(&self.admin, user, groups)),
        }
    }

    async fn service_account(&self, namespace: &str, name: &str) -> Result<Kubeconfig> {
        let spec = TokenRequestSpec { expiration_seconds: Some(3600), ..TokenRequestSpec::default() };
        let request = TokenRequest { spec: Some(spec), ..TokenRequest::default() };
        let answer = Api::<ServiceAccount>::namespaced(self.client().await?, namespace)
            .create_token_request(name, &PostParams::default(), &request)
            .await
            .map_err(Error::kube(format!("asking for a token of service account {namespace}/{name}")))?;
        let token = answer.status.and_then(|status| status.token).unwrap_or_default();
        Ok(kubeconfig::with_token(&self.admin, &token))
    }

    fn write(&self, config: &Kubeconfig) -> Result<PathBuf> {
        let number = self.kubeconfigs.fetch_add(1, Ordering::Relaxed);
        let path = self.processes.folder().join(format!("kubeconfig-{number}.yaml"));
        kubeconfig::write(config, &path)?;
        Ok(path)
    }
}
