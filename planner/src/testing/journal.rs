//! What happened in the small world, in forms that tests compare.

use std::collections::BTreeMap;

use crds::DistinguishedName;
use crds::conditions::Reason;
use crds::migration::StepState;

use super::World;
use crate::plan::{Effect, Standing};

/// A list of everything that was done, one line each, for snapshots.
pub(crate) fn journal(world: &World) -> String {
    let mut lines = String::new();
    for (migration, effect) in &world.done {
        let text = match effect {
            Effect::Commands(commands) => {
                let servers: Vec<&str> = commands.iter().map(|c| c.server.as_str()).collect();
                let name = commands.first().map_or("", |c| c.action.name());
                format!("command {name} on {}", servers.join(", "))
            }
            Effect::ClaimServers { servers, claim } => {
                format!(
                    "claim {} servers for {} with {} migrations",
                    servers.len(),
                    claim.holder,
                    claim.migrations.len()
                )
            }
            Effect::Readopt { servers } => format!("readopt {} servers", servers.len()),
            Effect::ReleaseServers { holder, .. } => format!("release servers of {holder}"),
            Effect::ClaimJobs { domains, claim } => {
                format!(
                    "claim jobs of {} for {} with {} migrations",
                    domains.join(", "),
                    claim.holder,
                    claim.migrations.len()
                )
            }
            Effect::ReleaseJobs { holder, .. } => format!("release jobs of {holder}"),
            Effect::PrepareJob { domain, deletion_threshold } => {
                format!("prepare job of {domain}, deletion threshold {deletion_threshold}")
            }
            Effect::TightenDeletionGuard { domain, deletion_threshold } => {
                format!("tighten {domain} to {deletion_threshold}")
            }
            Effect::AddContainers { domain, epoch, wanted, .. } => {
                let units: Vec<&str> = wanted.iter().map(DistinguishedName::as_str).collect();
                format!("filter of {domain}, epoch {epoch}: {}", units.join(" + "))
            }
            Effect::PauseJob { domain, epoch } => format!("pause the jobs of {domain} at epoch {epoch}"),
            Effect::DeleteJob { domain, epoch } => format!("delete the jobs of {domain} at epoch {epoch}"),
            Effect::StoreSnapshot { server, .. } => format!("keep snapshot of {server}"),
            Effect::StoreListing { server, .. } => format!("keep listing read by {server}"),
            Effect::ReadProbe { .. } => "look for the test user".to_owned(),
            Effect::Predict { .. } => "predict what Cloud Sync would change".to_owned(),
            Effect::Compare { .. } => "compare with the cloud".to_owned(),
        };
        lines.extend([migration, ": ", &text, "\n"]);
    }
    lines
}

/// States of the steps of one migration, for tables.
pub(crate) fn states(world: &World, migration: &str) -> BTreeMap<String, StepState> {
    let status = world.observed.migration(migration).unwrap().object.status.clone().unwrap_or_default();
    status.steps.into_iter().map(|r| (r.name, r.state)).collect()
}

/// Reason of a standing, for tables.
pub(crate) fn reason(standing: &Standing) -> Option<Reason> {
    match standing {
        Standing::Blocked { reason, .. } | Standing::Paused { reason, .. } => Some(*reason),
        _ => None,
    }
}
