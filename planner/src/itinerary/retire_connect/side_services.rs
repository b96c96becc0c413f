//! The side services of every listed server whose engine runs, each with its owner and what proves it (S4). Pure.

use std::collections::BTreeMap;

use crds::DistinguishedName;
use crds::conditions::Reason;
use crds::migration::Fact;
use crds::sync_topology::Engine;

use super::residual;
use crate::eligibility::{self, Owners, Ownership};
use crate::itinerary::{View, Wait, fact};

/// One fact for each service, or the services that nobody owns.
///
/// # Errors
/// What is waited for.
pub(super) fn owned(view: &View) -> Result<Vec<Fact>, Wait> {
    let mut owners: BTreeMap<&'static str, String> = BTreeMap::new();
    let mut open: Vec<String> = Vec::new();
    for server in residual::readable(view)? {
        let inventory = server.inventory.as_ref();
        let Some(features) = inventory.and_then(|i| i.features.as_ref()) else {
            return Err(Wait::obstacle(
                Reason::WaitingForEvidence,
                format!("expected the features of {}, found none in its report", server.name),
            ));
        };
        let known = Owners { password_hashes: password_hashes(view), pass_through: pass_through(view) };
        for row in eligibility::rows(features, &known) {
            match row.ownership {
                Ownership::Unused => {
                    owners.entry(row.key).or_insert_with(|| "off on every listed server".to_owned());
                }
                Ownership::Owned(proof) => {
                    owners.insert(row.key, proof);
                }
                Ownership::Open(service) => open.push(format!("{}: {service}", server.name)),
            }
        }
    }
    if !open.is_empty() {
        return Err(Wait::person(Reason::SideServiceWithoutOwner, open.join(". ")));
    }
    Ok(owners.into_iter().map(|(key, proof)| fact(key, proof)).collect())
}

/// Hosts of active pass-through agents that are no listed sync server: its own agent goes with the product.
fn pass_through(view: &View) -> Option<Vec<String>> {
    let agents = view.observed.tenant.as_ref()?.pass_through_agents.as_ref()?;
    let listed = |host: &str| view.observed.servers.values().any(|server| server.is_host(host));
    let mut hosts: Vec<String> = agents
        .iter()
        .filter(|agent| agent.active && !listed(&agent.machine_name))
        .map(|agent| agent.machine_name.clone())
        .collect();
    hosts.sort();
    hosts.dedup();
    Some(hosts)
}

/// What proves that Cloud Sync sends the hashes of every moved domain, or what is missing. Of a domain that nobody moved the server sends
/// none once it exports nobody there.
fn password_hashes(view: &View) -> Result<String, String> {
    let scopes = view.observed.topology.spec.scopes.iter().filter(|scope| scope.engine == Engine::CloudSync);
    let moved = scopes.flat_map(|scope| &scope.organizational_units);
    let mut proofs = Vec::new();
    for domain in DistinguishedName::domains(moved) {
        let job = view.observed.job(&domain);
        match job.map(|job| (job.password_hash_active, job.password_hash_success_at)) {
            None => return Err(format!("{domain} has no configuration in Cloud Sync that can be read")),
            Some((None, _)) => return Err(format!("{domain} has no password hash job in Cloud Sync")),
            Some((Some(false), _)) => return Err(format!("the password hash job of {domain} does not run")),
            Some((Some(true), None)) => {
                return Err(format!("the password hash job of {domain} has not succeeded yet"));
            }
            Some((Some(true), Some(at))) => proofs.push(format!("job of {domain} succeeded at {at}")),
        }
    }
    Ok(proofs.join(", "))
}
