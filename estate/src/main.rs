//! The `estate` binary: serves a simulated Microsoft side, bridges the ADSync host protocol, judges a saved log.
//! Does IO: arguments, files, standard streams, signals.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use estate::audit::AuditLog;
use estate::host_bridge::{self, BridgeError};
use estate::modes::{ModeSet, Modes, ModesError};
use estate::scenario::{self, ScenarioError, ScenarioKind, ScenarioOptions};
use estate::serve::{self, ClockSource, ServeError};
use jiff::Timestamp;
use tracing_subscriber::EnvFilter;

/// A simulated Microsoft side: directory, sync servers, Entra tenant, Cloud Sync, and the judge.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve Graph, the token endpoint, the admin endpoint and the host bridge on loopback until interrupted.
    Serve {
        /// What to serve: demo, small, or export=FOLDER with an exported Connect configuration.
        #[arg(long, default_value = "demo")]
        scenario: ScenarioKind,
        /// Seed of everything that is made up; the same seed gives the same estate.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Divides every interval of the Microsoft side (cycles, jobs, the seven days); the clock stays the wall clock.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
        speed_factor: u32,
        /// With export=FOLDER: let the servers report the build that the export came from, working or not.
        #[arg(long)]
        keep_build: bool,
        /// Connect synchronizes devices, and every computer has registered itself: off, none is ever exported.
        #[arg(long)]
        device_sync: bool,
        /// How the Microsoft side behaves where no source settles it: defaults, documented, kind, harsh, leaky, unforgiving,
        /// unreliable, opaque, or seed:NUMBER. Absent: what goes with the scenario.
        #[arg(long)]
        mode_set: Option<ModeSet>,
        /// Single modes on top of it, as a JSON object such as {"referenceLeak":"None"}; docs/estate.md lists them.
        #[arg(long)]
        modes: Option<String>,
        /// File to write the addresses, the tenant id and the client credential to, as JSON.
        #[arg(long)]
        addresses_file: Option<PathBuf>,
    },
    /// Speak the ADSync host protocol on standard input and output for a sync server of a running estate.
    Host {
        /// The sync server.
        #[arg(long)]
        server: String,
        /// The host bridge's address, from the addresses file.
        #[arg(long)]
        connect: SocketAddr,
    },
    /// Judge a saved audit log (JSON lines); exit code 3 if anything went wrong in it.
    Verdict {
        /// The log.
        file: PathBuf,
    },
}

#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error(transparent)]
    Modes(#[from] ModesError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Bridge(#[from] BridgeError),
    #[error("expected to {action} {}, which failed", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("expected a signal handler to install, which failed")]
    Signal(#[source] std::io::Error),
    #[error("expected an audit log with one JSON record a line")]
    Log(#[from] serde_json::Error),
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("{}", chain(&error));
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(Arguments::parse().command));
    // A read from standard input cannot be cancelled: do not wait for it.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|error| {
        tracing::error!("{}", chain(&error));
        ExitCode::FAILURE
    })
}

/// An error with its causes, each once.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

async fn run(command: Command) -> Result<ExitCode, CommandError> {
    match command {
        Command::Serve {
            scenario,
            seed,
            speed_factor,
            keep_build,
            device_sync,
            mode_set,
            modes,
            addresses_file,
        } => {
            let base = mode_set.map_or_else(|| scenario.modes(), ModeSet::modes);
            let modes = modes.map_or(Ok(base), |changes| base.overlaid(&changes))?;
            let options = ScenarioOptions { kind: scenario, seed, speed_factor, keep_build, device_sync };
            serve_until_signal(&options, modes, addresses_file.as_deref()).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Host { server, connect } => {
            host_bridge::run_host(&server, connect).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Verdict { file } => judge(&file),
    }
}

async fn serve_until_signal(
    options: &ScenarioOptions,
    modes: Modes,
    addresses_file: Option<&Path>,
) -> Result<(), CommandError> {
    let stop = interrupted()?;
    let scenario = scenario::build_in(options, modes, Timestamp::now())?;
    let mut handle = serve::start(scenario, ClockSource::Wall).await?;
    let addresses = serde_json::to_string_pretty(handle.addresses())?;
    if let Some(path) = addresses_file {
        // Readers wait for the file to appear: it appears whole.
        let partial = path.with_extension("partial");
        let failed = |source| CommandError::File { action: "write", path: path.to_owned(), source };
        std::fs::write(&partial, &addresses).map_err(failed)?;
        std::fs::rename(&partial, path).map_err(failed)?;
    }
    for remark in &handle.addresses().remarks {
        tracing::info!("{remark}");
    }
    tracing::info!(
        graph = handle.addresses().graph_url,
        admin = handle.addresses().admin_url,
        host_bridge = %handle.addresses().host_bridge,
        speed_factor = options.speed_factor,
        modes = serde_json::to_string(&modes)?,
        "the estate is up; every interval is divided by the speed factor"
    );
    tokio::select! {
        () = stop => {}
        ended = handle.ended() => ended?,
    }
    handle.stop().await?;
    tracing::info!("the estate has stopped");
    Ok(())
}

/// Ends at SIGINT or SIGTERM.
fn interrupted() -> Result<impl Future<Output = ()>, CommandError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CommandError::Signal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(CommandError::Signal)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn judge(file: &Path) -> Result<ExitCode, CommandError> {
    let text = std::fs::read_to_string(file).map_err(|source| CommandError::File {
        action: "read",
        path: file.to_owned(),
        source,
    })?;
    let verdict = AuditLog::from_json_lines(&text)?.verdict();
    let mut out = serde_json::to_string_pretty(&verdict)?;
    out.push('\n');
    std::io::Write::write_all(&mut std::io::stdout(), out.as_bytes()).map_err(|source| {
        CommandError::File { action: "write to", path: "standard output".into(), source }
    })?;
    Ok(if verdict.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(3) })
}
