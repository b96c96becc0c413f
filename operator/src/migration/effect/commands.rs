//! Giving commands to agents: the server's epoch first, fenced, then the command.

use std::collections::BTreeMap;

use crds::SyncAgent;
use crds::sync_agent::{Action, Command, DIGEST_KEY, MAPPINGS_KEY, mappings_secret};
use jiff::SignedDuration;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use parity::DomainMappings;
use planner::plan::AgentCommand;

use super::claims::change_server;
use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;
use crate::observe::{Seen, digest_key_bytes};

/// Gives one command.
pub(super) async fn give<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    command: &AgentCommand,
) -> Result<(), Error> {
    let namespace = &seen.observed.topology.namespace;
    let Some(agent_name) =
        seen.observed.servers.get(&command.server).and_then(|s| s.agent.as_ref()).map(|a| a.name.clone())
    else {
        return Ok(());
    };
    let Some(mut agent) = context.cluster.get::<SyncAgent>(namespace, agent_name.as_str()).await? else {
        return Ok(());
    };
    if agent.spec.command.as_ref().is_some_and(|given| given.id == command.id) {
        return Ok(());
    }
    if let Action::ReadScope(read) = &command.action {
        mappings(context, seen, &agent_name, &read.organizational_units).await?;
    }
    if command.action.mutates() {
        let resume_by = match &command.action {
            Action::StopScheduler(stop) => Some(stop.resume_by),
            _ => None,
        };
        let raised = change_server(context, seen, &command.server, |status| {
            // Somebody was here in between: the next plan sees another epoch.
            let expected = status.epoch.next() == command.epoch;
            if expected {
                status.epoch = command.epoch;
                if let (Some(claim), Some(_)) = (&mut status.claim, resume_by) {
                    claim.resume_by = resume_by;
                }
            }
            expected
        })
        .await?;
        if !raised {
            return Ok(());
        }
    }
    let within: SignedDuration = command.begin_within.length();
    let now = context.clock.now();
    agent.spec.command = Some(Command {
        id: command.id.clone(),
        epoch: command.epoch,
        not_after: now.checked_add(within).unwrap_or(now),
        expects: command.expects.clone(),
        action: command.action.clone(),
    });
    context.cluster.replace(&agent).await?;
    Ok(())
}

/// Hands the agent the mappings of the jobs of the scope's domains and the key of the digests.
async fn mappings<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    agent: &crds::ObjectName,
    units: &[crds::DistinguishedName],
) -> Result<(), Error> {
    let topology = &seen.observed.topology;
    // Without a job nothing is mapped yet, or any more: then it is the units that are looked for.
    let mut jobs = Vec::new();
    for domain in crds::DistinguishedName::domains(units) {
        if let Some(found) = seen.configurations.iter().find(|c| c.domain.eq_ignore_ascii_case(&domain)) {
            jobs.push((domain, found.mappings()?.unwrap_or_default()));
        }
    }
    let mappings = DomainMappings::new(jobs);
    let json = serde_json::to_vec(&mappings).map_err(|error| Error::Stored(error.to_string()))?;
    let key = digest_key_bytes(context, &topology.namespace, topology.name.as_str()).await?;
    let wanted: BTreeMap<String, ByteString> =
        [(MAPPINGS_KEY.to_owned(), ByteString(json)), (DIGEST_KEY.to_owned(), ByteString(key))].into();
    let target = mappings_secret(agent);
    let Some(mut secret) = context.cluster.get::<Secret>(&topology.namespace, target.as_str()).await? else {
        return Err(Error::Stored(format!("Secret {target} of the agent does not exist yet")));
    };
    if secret.data.as_ref() != Some(&wanted) {
        secret.data = Some(wanted);
        context.cluster.replace(&secret).await?;
    }
    Ok(())
}
