//! Runs a control plane until it is interrupted: what `make cluster` starts.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use tests::ControlPlane;
use tests::control_plane::{Error, Program, Result, find};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Starts etcd, the Kubernetes API server and the controller manager on free loopback ports and runs them until
/// Ctrl-C. Nothing is left then.
#[derive(Parser)]
struct Arguments {
    /// A folder with `CustomResourceDefinitions` to install
    #[arg(long, value_name = "FOLDER")]
    crds: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Listened for before anything is started, so that none is missed.
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            eprintln!("error: signals cannot be listened for: {error}");
            return ExitCode::FAILURE;
        }
    };
    match run(&arguments, &mut signals).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments, signals: &mut Signals) -> Result<()> {
    eprintln!("starting a control plane");
    let mut control_plane = tokio::select! {
        started = start(arguments) => started?,
        () = signals.any() => return Ok(()),
    };
    let outcome = tokio::select! {
        error = control_plane.ended() => Err(error),
        () = signals.any() => Ok(()),
    };
    eprintln!("\nstopping");
    control_plane.stop().await;
    outcome
}

/// Starts it and says how to reach it: on stdout a line for the shell, everything else on stderr.
async fn start(arguments: &Arguments) -> Result<ControlPlane> {
    let started = Instant::now();
    let control_plane = ControlPlane::start_local().await?;
    let client = control_plane.client().await?;
    let version = client.apiserver_version().await.map_err(Error::kube("asking for the version"))?;
    eprintln!("Kubernetes {} is ready after {:.1} s", version.git_version, started.elapsed().as_secs_f32());
    if let Some(folder) = &arguments.crds {
        let names = control_plane.install_crds(folder).await?;
        eprintln!("{} CustomResourceDefinitions installed from {}", names.len(), folder.display());
        for name in names {
            eprintln!("  {name}");
        }
    }
    let [kubectl] = find([Program::Kubectl])?;
    eprintln!("kubectl is {}", kubectl.display());
    eprintln!("use it from another terminal with the next line; Ctrl-C here stops everything\n");
    print(&format!("export KUBECONFIG={}", control_plane.kubeconfig_path().display()));
    Ok(control_plane)
}

#[expect(clippy::print_stdout, reason = "the line is this program's answer, for a shell to read")]
fn print(line: &str) {
    println!("{line}");
}

/// The signals that end it.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
