//! `hybrid-identity-agent`: runs beside the sync engine, takes commands from the operator, reports what it sees.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use agent::agent::{Agent, Parts};
use agent::clock::{Clock as _, SystemClock};
use agent::heartbeat::{Heartbeat, Standing};
use agent::journal::{Journal, JournalError};
use agent::journal_file::JournalFile;
use agent::kube_cluster::{ConfigError, Connection, KubeCluster, Names, connect};
use agent::process_host::{CallLimits, ProcessHost};
use agent::scratch::ScratchFolder;
use agent::service::{self, Companions, ServiceError};
use agent::world::{Settings, World};
use clap::{Parser, ValueEnum};
use crds::primitive::DurationText;

/// The agent of hybrid-identity-operator on one sync server.
#[derive(Debug, Parser)]
#[command(name = "hybrid-identity-agent", version, about)]
struct Arguments {
    /// Name of the agent's SyncAgent.
    #[arg(long, env = "HYBRID_IDENTITY_AGENT_NAME")]
    name: String,

    /// Namespace of the SyncAgent; the token's own where absent.
    #[arg(long, env = "HYBRID_IDENTITY_AGENT_NAMESPACE")]
    namespace: Option<String>,

    /// Kubeconfig to reach the API server with; its token is the one the agent joins with.
    #[arg(long, env = "HYBRID_IDENTITY_AGENT_KUBECONFIG", conflicts_with_all = ["server", "token_file", "ca_file"])]
    kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig, where it is not the current one.
    #[arg(long, requires = "kubeconfig")]
    context: Option<String>,

    /// Address of the API server, such as `https://10.0.0.1:6443`.
    #[arg(long, env = "HYBRID_IDENTITY_AGENT_SERVER", required_unless_present = "kubeconfig")]
    server: Option<String>,

    /// File with the token that `kubectl hybrid agent join` printed; needed once.
    #[arg(long, env = "HYBRID_IDENTITY_AGENT_TOKEN_FILE", requires = "server")]
    token_file: Option<PathBuf>,

    /// File with the API server's certificate authority; the system's where absent.
    #[arg(long, env = "HYBRID_IDENTITY_AGENT_CA_FILE", requires = "server")]
    ca_file: Option<PathBuf>,

    /// How long a renewed token lasts: the agent must reach the API server at least once in that time.
    #[arg(long, env = "HYBRID_IDENTITY_AGENT_TOKEN_LIFETIME", default_value = "7d", value_parser = lifetime)]
    token_lifetime: std::time::Duration,

    /// Folder for the journal and the token: on a local disk, readable by the agent only, never shared, never restored alone.
    #[arg(long, env = "HYBRID_IDENTITY_AGENT_STATE_DIR")]
    state_dir: PathBuf,

    /// Command line of the ADSync host: program and arguments, last of all options.
    #[arg(long, num_args = 1.., required = true, allow_hyphen_values = true, value_name = "PROGRAM [ARGUMENT]...")]
    host_command: Vec<String>,

    /// How log lines look.
    #[arg(long, env = "HYBRID_IDENTITY_AGENT_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

fn lifetime(text: &str) -> Result<std::time::Duration, String> {
    let length = DurationText::parse(text).map_err(|error| error.to_string())?.length();
    let length = std::time::Duration::try_from(length).map_err(|error| error.to_string())?;
    // Source: Kubernetes, TokenRequest: less than ten minutes is refused.
    if length < std::time::Duration::from_mins(10) {
        return Err(format!("expected at least 10m, found {text}"));
    }
    Ok(length)
}

/// Why the agent does not run.
#[derive(Debug, thiserror::Error)]
enum MainError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error("expected --namespace, found none: a kubeconfig without a token does not tell it")]
    NoNamespace,
    #[error("expected to listen to signals, found: {0}")]
    Signal(std::io::Error),
}

/// The real outside.
#[derive(Debug)]
struct Production;

impl World for Production {
    type Host = ProcessHost;
    type Cluster = KubeCluster;
    type Store = JournalFile;
    type Clock = SystemClock;
    type Scratch = ScratchFolder;
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_standard_error(arguments.log_format);
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the agent ends");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), MainError> {
    // The ADSync host runs elsewhere: it is told absolute paths.
    let state_dir = std::path::absolute(&arguments.state_dir)
        .map_err(|source| ConfigError::File { path: arguments.state_dir.clone(), source })?;
    // The lock on the journal comes first: nothing is touched while another process works here.
    let mut journal = Journal::open(JournalFile::open(&state_dir)?)?;
    journal.prove_writable()?;
    let clock = SystemClock;
    let connection = match (arguments.kubeconfig, arguments.server) {
        (Some(path), _) => Connection::Kubeconfig { path, context: arguments.context },
        (None, server) => Connection::Parts {
            server: server.unwrap_or_default(),
            token_file: arguments.token_file,
            ca_file: arguments.ca_file,
        },
    };
    let (client, token) = connect(&connection, &state_dir, clock.now()).await?;
    let told = token.as_ref().map(|file| (file.token().namespace.clone(), file.token().account.clone()));
    let (own_namespace, account) = told.unzip();
    let namespace = arguments.namespace.or(own_namespace).ok_or(MainError::NoNamespace)?;
    let names = Names::of(&namespace, &arguments.name, account.as_deref().unwrap_or_default());
    tracing::info!(version = agent::VERSION, journal = %journal.state().journal_id, ?names, "starting");

    let cluster = Arc::new(KubeCluster::start(&client, names));
    let standing = Standing::default();
    // The journal's id, not the process's: a restart must not wait for its own Lease to run out.
    let identity = format!("{}/{}", arguments.name, journal.state().journal_id);
    let agent: Agent<Production> = Agent::new(Parts {
        host: ProcessHost::new(arguments.host_command, CallLimits::default()),
        cluster: Arc::clone(&cluster),
        journal,
        clock,
        scratch: ScratchFolder::below(&state_dir),
        settings: Settings::default(),
        standing: standing.clone(),
    });
    let companions = Companions {
        cluster,
        heartbeat: Heartbeat::new(identity, standing),
        token: token.map(|token| (token, arguments.token_lifetime)),
    };
    let shutdown = shutdown()?;
    service::run(agent, companions, clock, shutdown).await?;
    tracing::info!("told to stop");
    Ok(())
}

fn log_to_standard_error(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        // The client logs every failed request itself; whoever made it says more.
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,kube_client=off"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// Ready when the process is told to stop.
#[cfg(unix)]
fn shutdown() -> Result<impl Future<Output = ()> + Send, MainError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(MainError::Signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(MainError::Signal)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ready when the process is told to stop.
#[cfg(not(unix))]
fn shutdown() -> Result<impl Future<Output = ()> + Send, MainError> {
    let mut interrupt = tokio::signal::windows::ctrl_c().map_err(MainError::Signal)?;
    let mut close = tokio::signal::windows::ctrl_close().map_err(MainError::Signal)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = close.recv() => {}
        }
    })
}
