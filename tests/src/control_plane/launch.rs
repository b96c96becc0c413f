//! Starting etcd, the API server and the controller manager, and waiting until they serve. Starts processes, writes
//! their files, talks to the API server.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{ListParams, Request};
use kube::config::Kubeconfig;
use kube::{Api, Client};

use super::certificates::{Authority, Pair, service_account_keys};
use super::error::{Error, Result};
use super::kubeconfig::{impatient_client, render, write};
use super::processes::{Life, Processes};
use super::programs::{Program, find};

/// Ready after some 3 s on an idle machine; a machine that compiles at the same time takes its time.
const READY_LIMIT: Duration = Duration::from_mins(2);

/// The pause between two questions whether it is ready.
const PAUSE: Duration = Duration::from_millis(50);

/// Name of the API server among the programs.
pub(super) const API_SERVER: &str = "kube-apiserver";

/// Name of the store among the programs, and of its folder.
pub(super) const STORE: &str = "etcd";
pub(super) const STORE_FOLDER: &str = "etcd";

/// How often another port is tried where somebody else took the chosen one meanwhile.
const PORT_ATTEMPTS: usize = 3;

/// Everything is logged once, when it is done; long-running requests (watches) also when they begin.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
";

/// The controllers without which Kubernetes' own promises (owners, namespaces, service accounts) do not hold. Those
/// that would need nodes are left out.
const CONTROLLERS: &str = "garbage-collector-controller,namespace-controller,serviceaccount-controller,serviceaccount-token-controller";

/// The files below the folder of a control plane.
pub(super) mod file {
    pub(in super::super) const KUBECONFIG: &str = "kubeconfig.yaml";
    pub(in super::super) const AUDIT_LOG: &str = "audit.log";
    pub(super) const AUDIT_POLICY: &str = "audit-policy.yaml";
    pub(super) const AUTHORITY: &str = "authority.pem";
    pub(super) const CERTIFICATE: &str = "kube-apiserver.pem";
    pub(super) const KEY: &str = "kube-apiserver.key";
    pub(super) const SERVICE_ACCOUNT_KEY: &str = "service-account.key";
    pub(super) const SERVICE_ACCOUNT_PUBLIC_KEY: &str = "service-account.pub";
    pub(super) const CONTROLLER_MANAGER: &str = "kube-controller-manager.yaml";
    pub(super) const STORE_SOCKET: &str = "etcd.sock";
}

/// A control plane that serves.
pub(super) struct Launched {
    pub(super) processes: Processes,
    pub(super) authority: Authority,
    pub(super) server: String,
    pub(super) admin: Kubeconfig,
}

/// Starts one and waits until it serves.
pub(super) async fn launch() -> Result<Launched> {
    let programs =
        tokio::task::spawn_blocking(|| find([Program::Etcd, Program::ApiServer, Program::ControllerManager]))
            .await
            .map_err(|error| Error::Programs(error.to_string()))??;
    let mut attempt = 1;
    loop {
        match launch_on(free_port()?, &programs).await {
            Err(Error::Ended { log, .. })
                if attempt < PORT_ATTEMPTS && log.contains("address already in use") =>
            {
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

/// A port that was free a moment ago: the API server cannot choose one itself.
fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind(("127.0.0.1", 0)).map_err(Error::io("looking for a free port on", "127.0.0.1"))?;
    Ok(listener.local_addr().map_err(Error::io("looking for a free port on", "127.0.0.1"))?.port())
}

async fn launch_on(
    port: u16,
    [etcd, api_server, controller_manager]: &[std::path::PathBuf; 3],
) -> Result<Launched> {
    let mut processes = Processes::new()?;
    let server = format!("https://127.0.0.1:{port}");
    let authority = Authority::new()?;
    let admin = admin(&authority, &server)?;
    write_files(processes.folder(), &authority, &server, &admin)?;

    processes.start(STORE, etcd, &etcd_arguments(processes.folder()), &[])?;
    processes.start(API_SERVER, api_server, &api_server_arguments(processes.folder(), port), &[])?;
    let start = Instant::now();
    wait_until_ready(&mut processes, &admin, start, "the API server is not ready", api_server_is_ready)
        .await?;
    processes.start(
        "kube-controller-manager",
        controller_manager,
        &controller_manager_arguments(processes.folder()),
        &[],
    )?;
    let missing = "the controllers have not made the service account default/default";
    wait_until_ready(&mut processes, &admin, start, missing, controllers_work).await?;
    Ok(Launched { processes, authority, server, admin })
}

fn admin(authority: &Authority, server: &str) -> Result<Kubeconfig> {
    // The group's rights do not depend on RBAC objects, so nothing that a test does can lock it out.
    let pair = authority.client("admin", &["system:masters"])?;
    render(server, authority.certificate(), "admin", &pair)
}

fn write_files(folder: &Path, authority: &Authority, server: &str, admin: &Kubeconfig) -> Result<()> {
    let text = |name: &str, content: &str| {
        let path = folder.join(name);
        std::fs::write(&path, content).map_err(Error::io("writing", path))
    };
    let serving: Pair = authority.server(&["127.0.0.1", "localhost", "kubernetes.default.svc"])?;
    text(file::AUTHORITY, authority.certificate())?;
    text(file::CERTIFICATE, &serving.certificate)?;
    text(file::KEY, &serving.key)?;
    let (signing, checking) = service_account_keys()?;
    text(file::SERVICE_ACCOUNT_KEY, &signing)?;
    text(file::SERVICE_ACCOUNT_PUBLIC_KEY, &checking)?;
    text(file::AUDIT_POLICY, AUDIT_POLICY)?;
    write(admin, &folder.join(file::KUBECONFIG))?;
    let user = "system:kube-controller-manager";
    let manager = authority.client(user, &[])?;
    let config = render(server, authority.certificate(), user, &manager)?;
    write(&config, &folder.join(file::CONTROLLER_MANAGER))
}

/// Clients come by a socket that only this user can open, so that no port is needed. Peers do not exist, but
/// their addresses must be ones.
fn etcd_arguments(folder: &Path) -> Vec<String> {
    let nobody = "http://127.0.0.1:0";
    vec![
        "--name=store".to_owned(),
        format!("--data-dir={}", folder.join(STORE_FOLDER).display()),
        format!("--listen-client-urls=unix://{}", folder.join(file::STORE_SOCKET).display()),
        format!("--advertise-client-urls={nobody}"),
        format!("--listen-peer-urls={nobody}"),
        format!("--initial-advertise-peer-urls={nobody}"),
        format!("--initial-cluster=store={nobody}"),
        // What is stored here need not survive a power failure.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ]
}

fn api_server_arguments(folder: &Path, port: u16) -> Vec<String> {
    let path = |name: &str| folder.join(name).display().to_string();
    vec![
        format!("--etcd-servers=unix://{}", path(file::STORE_SOCKET)),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--tls-cert-file={}", path(file::CERTIFICATE)),
        format!("--tls-private-key-file={}", path(file::KEY)),
        format!("--client-ca-file={}", path(file::AUTHORITY)),
        format!("--cert-dir={}", path("certificates")),
        "--authorization-mode=RBAC".to_owned(),
        // Nobody looks for this API server in the cluster's endpoints.
        "--endpoint-reconciler-type=none".to_owned(),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", path(file::SERVICE_ACCOUNT_PUBLIC_KEY)),
        format!("--service-account-signing-key-file={}", path(file::SERVICE_ACCOUNT_KEY)),
        format!("--audit-policy-file={}", path(file::AUDIT_POLICY)),
        format!("--audit-log-path={}", path(file::AUDIT_LOG)),
        "--audit-log-format=json".to_owned(),
        // An answer is sent after its line has been written: who has the answer finds the line.
        "--audit-log-mode=blocking".to_owned(),
        // In megabytes: a file that is begun anew would invalidate every mark.
        "--audit-log-maxsize=1000000".to_owned(),
    ]
}

fn controller_manager_arguments(folder: &Path) -> Vec<String> {
    let path = |name: &str| folder.join(name).display().to_string();
    vec![
        format!("--kubeconfig={}", path(file::CONTROLLER_MANAGER)),
        format!("--controllers={CONTROLLERS}"),
        format!("--root-ca-file={}", path(file::AUTHORITY)),
        format!("--service-account-private-key-file={}", path(file::SERVICE_ACCOUNT_KEY)),
        // Each controller has its own name in the audit log, and no right that it does not need.
        "--use-service-account-credentials=true".to_owned(),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
    ]
}

/// Asks until the answer is yes; ends early where a program has.
async fn wait_until_ready(
    processes: &mut Processes,
    admin: &Kubeconfig,
    start: Instant,
    missing: &str,
    ready: impl AsyncFn(&Client) -> bool,
) -> Result<()> {
    let client = impatient_client(admin).await?;
    loop {
        if let Some(error) = processes.ended() {
            return Err(error);
        }
        // A port may be answered by somebody who does not answer: the limit must hold then too.
        if matches!(tokio::time::timeout(Duration::from_secs(5), ready(&client)).await, Ok(true)) {
            return Ok(());
        }
        if start.elapsed() >= READY_LIMIT {
            let log = processes.log_tail(API_SERVER);
            return Err(Error::NotReady { limit: READY_LIMIT, reason: missing.to_owned(), log });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until an API server that was started again serves. The other programs may end meanwhile: whoever took it away sees to them.
pub(super) async fn wait_until_back(processes: &mut Processes, admin: &Kubeconfig) -> Result<()> {
    let client = impatient_client(admin).await?;
    let start = Instant::now();
    while !matches!(
        tokio::time::timeout(Duration::from_secs(5), api_server_is_ready(&client)).await,
        Ok(true)
    ) {
        if let Some(Life::Ended(status)) = processes.life(API_SERVER) {
            let log = processes.log_tail(API_SERVER);
            return Err(Error::Ended { program: API_SERVER.to_owned(), status, log });
        }
        if start.elapsed() >= READY_LIMIT {
            let reason = "the API server has not come back".to_owned();
            return Err(Error::NotReady { limit: READY_LIMIT, reason, log: processes.log_tail(API_SERVER) });
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

async fn api_server_is_ready(client: &Client) -> bool {
    match Request::new("/readyz").list(&ListParams::default()) {
        Ok(request) => client.request_text(request).await.is_ok_and(|answer| answer == "ok"),
        Err(_) => false,
    }
}

async fn controllers_work(client: &Client) -> bool {
    Api::<ServiceAccount>::namespaced(client.clone(), "default")
        .get_opt("default")
        .await
        .is_ok_and(|found| found.is_some())
}
