//! Which way back a wave has, said before it starts; and what stays behind of a way. Pure.

use crds::DistinguishedName;
use crds::migration::Way;
use crds::sync_topology::{Engine, Wave};

use crate::observed::{MigrationFacts, Observed};

/// What a way leaves behind, one line each.
pub(crate) fn leaves(way: Way, migration: &MigrationFacts) -> Vec<String> {
    let domains = DistinguishedName::domains(migration.organizational_units()).join(", ");
    match way {
        Way::Release => Vec::new(),
        Way::RemoveRules => vec![format!(
            "a paused Cloud Sync configuration of {domains} without units, if none was there before"
        )],
        Way::PauseJob => vec![
            format!(
                "a Cloud Sync configuration of {domains} without jobs: a new attempt makes them anew, with default mappings"
            ),
            "soft-deleted test users of the probes, for 30 days".to_owned(),
        ],
        Way::RestartEngine => {
            vec!["the run history of the full import and synchronization that the restart takes".to_owned()]
        }
    }
}

/// Which way back a wave has.
pub(crate) fn describe(observed: &Observed, wave: &Wave) -> String {
    let spec = &observed.topology.spec;
    let own = spec.scopes.iter().filter(|scope| wave.scopes.contains(&scope.name));
    let domains = DistinguishedName::domains(own.flat_map(|scope| &scope.organizational_units));
    let sharing: Vec<&str> = spec
        .scopes
        .iter()
        .filter(|scope| scope.engine == Engine::CloudSync && !wave.scopes.contains(&scope.name))
        .filter(|scope| {
            let theirs = DistinguishedName::domains(&scope.organizational_units);
            theirs.iter().any(|domain| domains.contains(domain)) && is_before(observed, wave, &scope.name)
        })
        .map(|scope| scope.name.as_str())
        .collect();
    let first = "Until a scope is added to its job: stop, no-flow rules off, full import from Entra, full synchronization, exports read, \
                 export, scheduler on; nothing but a paused configuration without units stays behind. ";
    let second = if sharing.is_empty() {
        "After that: the job serves this wave alone; it is paused between stop and rules, and deleted once Connect serves the wave again."
            .to_owned()
    } else {
        format!(
            "After that: the job also serves {}, and no switch was proven in this tenant that lets it be narrowed without deletions; it is \
             paused, and every scope that it serves goes home in the same stop: none of them is without an engine longer than that stop.",
            sharing.join(", ")
        )
    };
    format!("{first}{second}")
}

/// Whether a scope's wave comes before this one.
fn is_before(observed: &Observed, wave: &Wave, scope: &crds::ObjectName) -> bool {
    let waves = observed.topology.spec.strategy.iter().flat_map(|strategy| &strategy.waves);
    waves.take_while(|other| other.name != wave.name).any(|other| other.scopes.contains(scope))
}
