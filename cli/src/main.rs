//! `kubectl-hybrid`: arguments and output; the work is in the library.

#![expect(clippy::print_stdout, reason = "a command line tool prints")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use cli::{documents, lint, plan};

mod agents;

/// Hybrid identity at the terminal. Exit codes: 0 good, 1 error, 2 findings.
#[derive(Parser)]
#[command(name = "kubectl-hybrid", bin_name = "kubectl hybrid", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check manifests for what the API server cannot see: overlaps, time zones, schedules. Offline.
    Lint {
        /// Files and folders.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Show what topologies would do, step by step. Offline.
    Plan {
        /// Files and folders.
        #[arg(short = 'f', long = "filename", required = true)]
        paths: Vec<PathBuf>,
    },
    /// Agents on sync servers.
    Agent {
        #[command(subcommand)]
        command: agents::AgentCommand,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Lint { paths } => run_lint(&paths),
        Command::Plan { paths } => run_plan(&paths),
        Command::Agent { command } => match agents::run(command).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        },
    }
}

fn read(paths: &[PathBuf]) -> Option<Vec<documents::Document>> {
    documents::read(paths).map_err(|errors| errors.iter().for_each(|error| eprintln!("error: {error}"))).ok()
}

fn run_lint(paths: &[PathBuf]) -> ExitCode {
    let Some(documents) = read(paths) else { return ExitCode::FAILURE };
    let findings = lint::lint(&documents);
    for finding in &findings {
        println!(
            "{}",
            if finding.is_warning() {
                finding.to_string().replacen("Error", "Warning", 1)
            } else {
                finding.to_string()
            }
        );
    }
    let errors = findings.iter().filter(|finding| !finding.is_warning()).count();
    eprintln!("{} documents, {errors} errors, {} warnings", documents.len(), findings.len() - errors);
    if errors == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

fn run_plan(paths: &[PathBuf]) -> ExitCode {
    let Some(documents) = read(paths) else { return ExitCode::FAILURE };
    let topologies: Vec<_> = documents.iter().filter_map(|document| document.topology.as_ref()).collect();
    if topologies.is_empty() {
        eprintln!("error: expected a SyncTopology in these files, found none");
        return ExitCode::FAILURE;
    }
    for topology in topologies {
        print!("{}", plan::render(topology));
    }
    ExitCode::SUCCESS
}
