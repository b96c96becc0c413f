//! Digests of what a migration is frozen with; people's decisions refer to them. Pure.

use crds::ContentDigest;
use crds::migration::ServerSubject;
use crds::sync_topology::{Scope, Strategy, Wave};
use serde::Serialize;

use crate::itinerary::ITINERARY_VERSION;
use crate::observed::TopologyFacts;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Frozen<'a, T: Serialize> {
    namespace: &'a str,
    topology: &'a str,
    tenant: &'a str,
    itinerary_version: i32,
    subject: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FrozenWave<'a> {
    name: &'a str,
    scopes: Vec<&'a Scope>,
    limits: &'a crds::sync_topology::Limits,
    verification: &'a crds::sync_topology::Verification,
    on_failure: crds::sync_topology::FailurePolicy,
}

fn digest<T: Serialize>(topology: &TopologyFacts, subject: T) -> Option<ContentDigest> {
    ContentDigest::of_json(&Frozen {
        namespace: &topology.namespace,
        topology: topology.name.as_str(),
        tenant: topology.spec.tenant_ref.name.as_str(),
        itinerary_version: ITINERARY_VERSION,
        subject,
    })
    .ok()
}

/// Digest of a wave's inputs: scopes with their organizational units, limits, verification.
///
/// Soak, concurrency, windows and approval are read live: they change when something happens, not what.
pub fn wave_digest(topology: &TopologyFacts, strategy: &Strategy, wave: &Wave) -> Option<ContentDigest> {
    let mut scopes: Vec<&Scope> =
        topology.spec.scopes.iter().filter(|scope| wave.scopes.contains(&scope.name)).collect();
    scopes.sort_by(|a, b| a.name.cmp(&b.name));
    digest(
        topology,
        FrozenWave {
            name: wave.name.as_str(),
            scopes,
            limits: &strategy.limits,
            verification: &strategy.verification,
            on_failure: strategy.on_failure,
        },
    )
}

/// Digest of a retirement's inputs.
pub(crate) fn server_digest(topology: &TopologyFacts, server: &ServerSubject) -> Option<ContentDigest> {
    digest(topology, server)
}
