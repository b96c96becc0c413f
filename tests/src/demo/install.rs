//! Puts the product on a control plane as its chart does, and starts its programs under exactly the chart's roles. Network IO,
//! starts processes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use super::declare::{self, APPROVER, NAMESPACE};
use super::error::{DemoError, Result};
use super::estate::Estate;
use super::guest;
use crate::control_plane::{ControlPlane, Error};
use crate::{apply, chart, until};

/// Field manager of what the demo's people apply.
pub(super) const PEOPLE: &str = "platform-team";

/// How long the API server may take to serve the kinds and to enforce the policies.
const IN_FORCE_LIMIT: Duration = Duration::from_mins(1);

/// Name of the operator among the programs.
pub const OPERATOR: &str = "operator";

/// Name of the agent of a sync server among the programs.
pub fn agent_program(server: &str) -> String {
    format!("agent-{server}")
}

/// How often the operator looks, for the demo's short intervals.
const OPERATOR_PACE: [&str; 6] =
    ["--poll-milliseconds", "400", "--tenant-seconds", "3", "--resync-seconds", "10"];

/// A program of this workspace, beside the one that runs.
///
/// # Errors
/// Where it has not been built.
pub fn program(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()
        .map_err(|source| DemoError::File { path: "the running program".into(), source })?;
    let folder = own.parent().unwrap_or(Path::new("."));
    // Test binaries lie one folder deeper.
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    let path = folder.join(name);
    if path.is_file() { Ok(path) } else { Err(DemoError::NotBuilt(path)) }
}

/// Starts the estate with these arguments and waits until it is up.
///
/// # Errors
/// Where it does not come up.
pub async fn start_estate(control_plane: &mut ControlPlane, arguments: &[String]) -> Result<Estate> {
    let addresses = control_plane.folder().join("estate.json");
    let mut all = vec!["serve".to_owned()];
    all.extend_from_slice(arguments);
    all.extend(["--addresses-file".to_owned(), addresses.display().to_string()]);
    control_plane.start_beside("estate", &program("estate")?, &all, &[])?;
    tokio::select! {
        estate = Estate::of(&addresses) => estate,
        error = control_plane.ended() => Err(error.into()),
    }
}

/// Applies the chart and what it needs, and waits until its kinds are served and its policies refuse. Gives what was applied.
///
/// # Errors
/// Where the API server refuses something; [`DemoError::Occupied`] where the cluster is somebody else's and not free.
pub async fn install(control_plane: &ControlPlane, estate: &Estate) -> Result<Vec<Value>> {
    let client = control_plane.client().await?;
    let mut objects = declare::cluster(&estate.addresses, chart::NAMESPACE, chart::RELEASE);
    let of_people = objects.len();
    let rendered = tokio::task::spawn_blocking(|| chart::template(&[]))
        .await
        .map_err(|error| Error::Programs(error.to_string()))??;
    // The programs run on this machine, not in a pod.
    let in_pods = |object: &Value| object["kind"] == "Deployment" || object["kind"] == "PodDisruptionBudget";
    objects.extend(rendered.into_iter().filter(|object| !in_pods(object)));
    if !control_plane.is_own() {
        guest::is_free(&client, &objects).await?;
    }
    for (at, object) in objects.iter().enumerate() {
        let manager = if at < of_people { PEOPLE } else { "helm" };
        apply(&client, manager, object).await?;
    }
    in_force(control_plane).await?;
    Ok(objects)
}

/// A decision in another's name is refused once the kinds are served and the policies hold.
async fn in_force(control_plane: &ControlPlane) -> Result<()> {
    let approver = control_plane.client_for(APPROVER, &[]).await?;
    let forged = json!({
        "apiVersion": "hybrididentity.dev/v1alpha1",
        "kind": "MigrationDecision",
        "metadata": {"name": "forged", "namespace": NAMESPACE},
        "spec": {
            "migrationRef": {"name": "none", "uid": "none"},
            "decision": "Pause",
            "decidedBy": "somebody-else",
            "reason": "never taken: shows that the admission policy refuses it",
        },
    });
    let api = crate::api_of(&approver, &forged);
    let parameters = kube::api::PostParams { dry_run: true, ..Default::default() };
    until("the admission policies to be in force", IN_FORCE_LIMIT, async || {
        let Ok(typed) = serde_json::from_value(forged.clone()) else { return Ok(None) };
        let refusal = api.create(&parameters, &typed).await.err().map(|error| error.to_string());
        Ok(refusal.is_some_and(|text| text.contains("hybrid-identity-decisions")).then_some(()))
    })
    .await?;
    Ok(())
}

/// Lets an agent join for each sync server, by the command a person would use, and starts it there.
///
/// # Errors
/// Where joining or starting fails.
pub async fn start_agents(control_plane: &mut ControlPlane, estate: &Estate) -> Result<()> {
    let host = program("estate")?.display().to_string();
    for server in &estate.addresses.servers {
        let kubeconfig = kubeconfig_of(control_plane, server).await?;
        let state = control_plane.folder().join(format!("agent-{server}"));
        let text = |part: &str| part.to_owned();
        let arguments = vec![
            text("--name"),
            server.clone(),
            text("--namespace"),
            text(NAMESPACE),
            text("--kubeconfig"),
            kubeconfig.display().to_string(),
            text("--state-dir"),
            state.display().to_string(),
            text("--host-command"),
            host.clone(),
            text("host"),
            text("--server"),
            server.clone(),
            text("--connect"),
            estate.addresses.host_bridge.to_string(),
        ];
        let agent = program("hybrid-identity-agent")?;
        control_plane.start_beside(&agent_program(server), &agent, &arguments, &[])?;
    }
    Ok(())
}

/// Lets the agents of all sync servers join once more, after everything of theirs was lost in the cluster: the next start of each
/// finds its new token where the first was.
///
/// # Errors
/// Where joining fails.
pub async fn join_again(control_plane: &ControlPlane, estate: &Estate) -> Result<()> {
    for server in &estate.addresses.servers {
        kubeconfig_of(control_plane, server).await?;
    }
    Ok(())
}

/// Lets an agent join. Gives the kubeconfig with its token, which has the same place every time.
async fn kubeconfig_of(control_plane: &ControlPlane, server: &str) -> Result<PathBuf> {
    let token = join(control_plane, server).await?;
    let made = control_plane.kubeconfig_with_token(&token)?;
    let path = control_plane.folder().join(format!("{}.yaml", agent_program(server)));
    std::fs::rename(&made, &path).map_err(|source| DemoError::File { path: made, source })?;
    Ok(path)
}

/// `kubectl hybrid agent join`: makes the agent's account and gives its token.
async fn join(control_plane: &ControlPlane, server: &str) -> Result<String> {
    let arguments = ["agent", "join", server, "--namespace", NAMESPACE];
    let program = program("kubectl-hybrid")?;
    let output = Command::new(&program)
        .args(arguments)
        .env("KUBECONFIG", control_plane.kubeconfig_path())
        .output()
        .await
        .map_err(|source| DemoError::File { path: program, source })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(DemoError::Cli { arguments: arguments.join(" "), said: text(&output.stderr) })
    }
}

/// Starts the operator in the name of the chart's service account.
///
/// # Errors
/// Where it cannot be started.
pub async fn start_operator(control_plane: &mut ControlPlane) -> Result<()> {
    start_replica(control_plane, OPERATOR, &format!("{}-0", chart::RELEASE)).await
}

/// Starts a replica of the operator: `program` among the programs, `identity` as the name of its pod.
///
/// # Errors
/// Where it cannot be started.
pub async fn start_replica(
    control_plane: &mut ControlPlane,
    program_name: &str,
    identity: &str,
) -> Result<()> {
    start_elsewhere(control_plane, program_name, identity, chart::NAMESPACE).await
}

/// Starts an operator with its Lease in another namespace, as another release of the chart would: it leads there, whoever leads here.
///
/// # Errors
/// Where it cannot be started.
pub async fn start_elsewhere(
    control_plane: &mut ControlPlane,
    program_name: &str,
    identity: &str,
    lease_namespace: &str,
) -> Result<()> {
    let kubeconfig = control_plane.kubeconfig_for_service_account(chart::NAMESPACE, chart::RELEASE).await?;
    let mut arguments: Vec<String> =
        ["--http-address", "127.0.0.1:0", "--log-format", "text"].map(str::to_owned).to_vec();
    arguments.extend(OPERATOR_PACE.map(str::to_owned));
    let environment: [(&str, &OsStr); 3] = [
        ("KUBECONFIG", kubeconfig.as_os_str()),
        ("POD_NAMESPACE", OsStr::new(lease_namespace)),
        ("POD_NAME", OsStr::new(identity)),
    ];
    let operator = program("hybrid-identity-operator")?;
    control_plane.start_beside(program_name, &operator, &arguments, &environment)?;
    Ok(())
}
