//! `kubectl hybrid agent ...`: arguments and output; the work is in the library.

use clap::{Args, Subcommand, ValueEnum};
use cli::agent_error::AgentError;
use cli::{join, list, revoke, rotate};
use jiff::Timestamp;
use kube::Client;

/// What to do about agents.
#[derive(Subcommand)]
pub(crate) enum AgentCommand {
    /// Make an agent's account with exactly its rights, and print a token that lives an hour.
    Join {
        /// Name of the SyncAgent.
        name: String,
        /// Name of the SyncServer it speaks for; the same name if absent.
        #[arg(long)]
        server: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// End an agent's access within seconds: its account and every token of it. The SyncAgent stays, marked.
    Revoke {
        /// Name of the SyncAgent.
        name: String,
        /// Why, for those who read it later.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// End every token of an agent and print a new one, which takes about 20 seconds. All else of the agent stays.
    Rotate {
        /// Name of the SyncAgent.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Show agents: server, last heartbeat, version, epoch, command, and whether they have access.
    List {
        /// Agents of all namespaces.
        #[arg(short = 'A', long, conflicts_with = "namespace")]
        all_namespaces: bool,
        /// How to print them.
        #[arg(short, long, value_enum, default_value_t = Output::Table)]
        output: Output,
        #[command(flatten)]
        place: Place,
    },
}

/// Where the agents are.
#[derive(Args)]
pub(crate) struct Place {
    /// Namespace; the context's if absent.
    #[arg(short, long)]
    namespace: Option<String>,
}

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Carries one out.
pub(crate) async fn run(command: AgentCommand) -> Result<(), AgentError> {
    let no_cluster = |error: &dyn std::fmt::Display| AgentError::NoCluster(error.to_string());
    let config = kube::Config::infer().await.map_err(|error| no_cluster(&error))?;
    let client = Client::try_from(config).map_err(|error| no_cluster(&error))?;
    let of = |place: &Place| place.namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned());
    match command {
        AgentCommand::Join { name, server, place } => {
            let server = server.unwrap_or_else(|| name.clone());
            println!("{}", join::join(&client, &of(&place), &name, &server).await?);
            eprintln!(
                "Start the agent with this token within an hour, then set `spec.acceptedAgent` of SyncServer {server} to {name}."
            );
        }
        AgentCommand::Revoke { name, reason, place } => {
            let left = revoke::revoke(&client, &of(&place), &name, reason.as_deref()).await?;
            eprintln!("{name} has no account any more; the API server forgets its tokens within 20 seconds.");
            if let Some(server) = left.server {
                eprintln!(
                    "Nobody speaks for SyncServer {server} until an agent joins again: `kubectl hybrid agent join {name} --server {server}`. \
                     If it is gone for good, take it out of `spec.acceptedAgent`."
                );
            }
            if let Some(resume_by) = left.resume_by {
                eprintln!(
                    "The scheduler may be off on its server: the agent there was to switch it on by itself at {resume_by}. Look at the \
                     server (`Get-ADSyncScheduler`)."
                );
            }
        }
        AgentCommand::Rotate { name, place } => {
            println!("{}", rotate::rotate(&client, &of(&place), &name).await?);
            eprintln!(
                "The tokens that {name} had are refused from now on. Write this one into the file `token` of the agent's state folder \
                 within an hour: the agent takes it up within a minute, without a restart."
            );
        }
        AgentCommand::List { all_namespaces, output, place } => {
            let namespace = (!all_namespaces).then(|| of(&place));
            let rows = list::list(&client, namespace.as_deref()).await?;
            match output {
                Output::Json => println!("{:#}", serde_json::json!(rows)),
                Output::Table if rows.is_empty() => {
                    eprintln!("No agents; let one join with `kubectl hybrid agent join NAME`.");
                }
                Output::Table => println!("{}", list::table(&rows, all_namespaces, Timestamp::now())),
            }
        }
    }
    Ok(())
}
