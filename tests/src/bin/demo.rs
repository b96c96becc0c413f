//! Takes a simulated organisation off Entra Connect on a real control plane: what `make run` starts.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tests::demo::{Demo, Options, Outcome, Result, Scenario, Show};
use tokio::signal::unix::{SignalKind, signal};

/// Moves a simulated organisation from Entra Connect to Cloud Sync and judges the move by the Microsoft side's own log.
#[derive(Parser)]
struct Arguments {
    /// Folder with an exported Connect configuration to take rules, connectors, inclusion lists and features from
    #[arg(long, value_name = "FOLDER")]
    export: Option<PathBuf>,
    /// With --export: let the servers report the build that the export came from, working or not
    #[arg(long, requires = "export")]
    keep_build: bool,
    /// Leave everything running at the end, and say how to look around; Ctrl-C stops it
    #[arg(long)]
    keep: bool,
    /// Divides every interval of the Microsoft side: cycles, jobs, the seven days
    #[arg(long, default_value_t = 360, value_parser = clap::value_parser!(u32).range(1..=3600))]
    speed_factor: u32,
    /// Seed of everything that is made up
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The bad day: kill the operator and the agents 20 times, restart the API server, cut connections, as the seed has it
    #[arg(long)]
    chaos: bool,
    /// How the Microsoft side behaves where no source settles it: the name of a mode set of the estate, or a JSON object of modes
    #[arg(long, value_name = "MODES")]
    mode_set: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        eprintln!("error: signals cannot be listened for");
        return ExitCode::FAILURE;
    };
    let interrupted = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    tokio::select! {
        ended = run(&arguments) => match ended {
            Ok(outcome) if outcome.faults().is_empty() => ExitCode::SUCCESS,
            Ok(_) => ExitCode::from(3),
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        },
        () = interrupted => {
            eprintln!("\ninterrupted; everything stops");
            ExitCode::from(130)
        }
    }
}

async fn run(arguments: &Arguments) -> Result<Outcome> {
    let scenario = match &arguments.export {
        Some(folder) => Scenario::Export { folder: folder.clone(), keep_build: arguments.keep_build },
        None => Scenario::Demo,
    };
    let mut show = Show::new();
    let options = Options {
        speed_factor: arguments.speed_factor,
        seed: arguments.seed,
        chaos: arguments.chaos,
        mode_set: arguments.mode_set.clone(),
        ..Options::new(scenario)
    };
    let mut demo = Demo::start(options, &show).await?;
    let outcome = demo.run(&mut show).await;
    show.end();
    if let Ok(outcome) = &outcome {
        print(&format!("\n{outcome}"));
    }
    if arguments.keep {
        look_around(&demo).await;
    }
    demo.stop().await?;
    outcome
}

/// Says how to look around and waits for ever: an interrupt ends it.
async fn look_around(demo: &Demo) {
    eprintln!("\nEverything goes on until Ctrl-C. From another terminal:");
    print(&format!("export KUBECONFIG={}", demo.control_plane().kubeconfig_path().display()));
    eprintln!("kubectl get hybrid-identity --namespace {}", tests::demo::NAMESPACE);
    eprintln!("logs are in {}", demo.control_plane().folder().display());
    std::future::pending::<()>().await;
}

#[expect(clippy::print_stdout, reason = "the verdict is this program's answer")]
fn print(text: &str) {
    println!("{text}");
}
