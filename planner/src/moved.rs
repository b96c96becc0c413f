//! What happened in the directory under scopes that are claimed: units renamed or moved, objects that left them, and a no-flow that
//! no longer fits. From the agents' reports; says what is wrong, what it does to people, and what a person has to do next. Pure.
//!
//! Sources of what the engines do: Microsoft, "Cloud sync FAQ" (renamed units, moved users) and "Migrate to Cloud Sync for an existing
//! synced AD forest" (no-flow rules match the end of a name).

mod text;

use std::collections::BTreeMap;

use crds::conditions::Reason;
use crds::entra_tenant::CloudSyncJob;
use crds::migration::{Migration, StepRecord, StepState};
use crds::sync_agent::inventory::Inventory;
use crds::sync_agent::watch::{ScopeInventory, Watch, WatchedScope, WatchedUnit};
use crds::sync_topology::SyncTopology;
use crds::{DistinguishedName, ObjectName};

use crate::itinerary::listing::unit_fact;
use crate::itinerary::{Progress, StepName, View, Wait};
use crate::observed::Observed;
use crate::plan::Blocker;

/// Something that is not as it was when a scope was claimed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// `ScopeMoved`, `OrganizationalUnitNotFound`, `NoFlowDiffers` or `ObjectsMoved`.
    pub reason: Reason,
    /// The topology; `None` for what lies in no scope.
    pub topology: Option<ObjectName>,
    /// The scope; `None` for what lies in none.
    pub scope: Option<ObjectName>,
    /// How many units or objects.
    pub count: i64,
    /// Nothing new may begin before a person has dealt with it.
    pub holds: bool,
    /// What was expected, what was found, what to do next.
    pub message: String,
}

/// Reasons of findings, for whoever counts them.
pub const REASONS: [Reason; 4] =
    [Reason::OrganizationalUnitNotFound, Reason::ScopeMoved, Reason::NoFlowDiffers, Reason::ObjectsMoved];

/// Units of scopes as topologies declare them now, by topology and scope: a person who keeps a new name says so there.
pub type Declared<'a> = BTreeMap<(&'a str, &'a str), &'a [DistinguishedName]>;

/// What topologies declare.
pub fn declared<'a>(topologies: impl IntoIterator<Item = &'a SyncTopology>) -> Declared<'a> {
    let mut declared = Declared::new();
    for topology in topologies {
        let name = topology.metadata.name.as_deref().unwrap_or_default();
        declared.extend(scopes_of(name, &topology.spec));
    }
    declared
}

fn scopes_of<'a>(
    name: &'a str,
    spec: &'a crds::sync_topology::SyncTopologySpec,
) -> impl Iterator<Item = ((&'a str, &'a str), &'a [DistinguishedName])> {
    spec.scopes.iter().map(move |scope| ((name, scope.name.as_str()), scope.organizational_units.as_slice()))
}

/// What the agent of a server is to look at again: every scope whose units were read once.
pub fn watch(migrations: &[&Migration], jobs: &[CloudSyncJob]) -> Watch {
    let mut newest: BTreeMap<(&ObjectName, &ObjectName), &Migration> = BTreeMap::new();
    for migration in migrations {
        let Some(scope) = &migration.spec.scope else { continue };
        let key = (&migration.spec.topology_ref.name, &scope.name);
        if newest.get(&key).is_none_or(|known| known.spec.attempt < migration.spec.attempt) {
            newest.insert(key, migration);
        }
    }
    Watch { scopes: newest.values().filter_map(|migration| watched(migration, jobs)).collect() }
}

fn watched(migration: &Migration, jobs: &[CloudSyncJob]) -> Option<WatchedScope> {
    let status = migration.status.as_ref()?;
    let scope = migration.spec.scope.as_ref()?;
    let record = |step: StepName| status.steps.iter().find(|record| record.name == step.as_str());
    let read = record(StepName::ReadScope)?;
    let units: Vec<WatchedUnit> =
        scope.organizational_units.iter().filter_map(|unit| claimed(read, unit)).collect();
    let away = status.way_back.is_none();
    let over = |record: &StepRecord| matches!(record.state, StepState::Done | StepState::Skipped);
    if status.way_back.as_ref().is_some_and(|home| !home.steps.is_empty() && home.steps.iter().all(over)) {
        // It went home: Connect serves it, whatever its units are called.
        return None;
    }
    let in_job = |unit: &WatchedUnit| {
        let name = &unit.distinguished_name;
        let domain = name.domain().unwrap_or_default();
        jobs.iter().any(|job| job.domain.eq_ignore_ascii_case(&domain) && job.containers.contains(name))
    };
    (!units.is_empty()).then(|| WatchedScope {
        topology: migration.spec.topology_ref.name.clone(),
        name: scope.name.clone(),
        withheld: away && record(StepName::ProveNoFlow).is_some_and(|r| r.state == StepState::Done),
        provisioned: away && units.iter().all(in_job),
        units,
    })
}

/// A unit with the GUID that was recorded when the scope was first read.
fn claimed(read: &StepRecord, unit: &DistinguishedName) -> Option<WatchedUnit> {
    let name = unit_fact(unit.as_str());
    let guid = read.facts.iter().find(|fact| fact.name == name)?;
    Some(WatchedUnit { distinguished_name: unit.clone(), object_guid: guid.value.clone() })
}

/// What a server's agent found, in the order of danger.
pub fn findings(server: &ObjectName, inventory: &Inventory, declared: &Declared) -> Vec<Finding> {
    let Some(watch) = &inventory.watch else { return Vec::new() };
    let rules = inventory.rules.as_ref().map_or(&[][..], |rules| rules.no_flow_scopes.as_slice());
    let mut found = Vec::new();
    for scope in &watch.scopes {
        let units = declared.get(&(scope.topology.as_str(), scope.name.as_str())).copied().unwrap_or(&[]);
        of_scope(server, scope, units, rules.contains(&scope.name), &mut found);
    }
    if watch.withheld_outside > 0 {
        found.push(Finding {
            reason: Reason::NoFlowDiffers,
            topology: None,
            scope: None,
            count: watch.withheld_outside,
            holds: true,
            message: text::withheld_outside(server, watch),
        });
    }
    found.sort();
    found
}

fn of_scope(
    server: &ObjectName,
    scope: &ScopeInventory,
    declared: &[DistinguishedName],
    ruled: bool,
    found: &mut Vec<Finding>,
) {
    let mut push = |reason, count, holds, message| {
        found.push(Finding {
            reason,
            topology: Some(scope.topology.clone()),
            scope: Some(scope.name.clone()),
            count,
            holds,
            message,
        });
    };
    for unit in &scope.moved_units {
        match &unit.now {
            // The new name was taken up in the topology; whether the rules follow is seen at the objects.
            Some(now) if declared.contains(now) => {}
            Some(now) => push(Reason::ScopeMoved, 1, true, text::moved_unit(scope, unit, now, ruled)),
            None => push(Reason::OrganizationalUnitNotFound, 1, true, text::lost_unit(scope, unit)),
        }
    }
    if scope.not_withheld > 0 {
        push(Reason::NoFlowDiffers, scope.not_withheld, true, text::not_withheld(server, scope));
    }
    if scope.moved > 0 {
        // As long as Connect has not read it at its new place the move can be taken back without a trace.
        let early = scope.moved_objects.iter().any(|object| !object.seen_by_connect);
        push(Reason::ObjectsMoved, scope.moved, early, text::moved_objects(scope));
    }
}

/// What all servers of a topology report about its scopes, each once.
pub fn of_topology(observed: &Observed) -> Vec<Finding> {
    let name = &observed.topology.name;
    let declared: Declared = scopes_of(name.as_str(), &observed.topology.spec).collect();
    let mut found = reported(observed, &declared);
    found.sort();
    // Two servers see one directory.
    found.dedup_by(|a, b| (a.reason, &a.scope, &a.message) == (b.reason, &b.scope, &b.message));
    found
}

fn reported(observed: &Observed, declared: &Declared) -> Vec<Finding> {
    let name = &observed.topology.name;
    let inventories = observed.servers.values().filter_map(|s| Some((&s.name, s.inventory.as_ref()?)));
    inventories
        .flat_map(|(server, inventory)| findings(server, inventory, declared))
        .filter(|finding| finding.topology.as_ref().is_none_or(|topology| topology == name))
        .collect()
}

/// What keeps new work of the topology from starting.
pub(crate) fn blockers(observed: &Observed) -> impl Iterator<Item = Blocker> {
    of_topology(observed).into_iter().filter(|finding| finding.holds).map(|finding| Blocker {
        reason: finding.reason,
        message: finding.message,
        needs_person: true,
    })
}

/// A step of the way out goes no further while the units of its scope are not where they were claimed, or Connect does not withhold what
/// is below them. While the scheduler is off nobody is waited for: the step fails, and the migration goes home or is held with the
/// scheduler on.
pub(crate) fn guard(view: &View, step: StepName, progress: Progress) -> Progress {
    let Some(scope) = view.migration.object.spec.scope.as_ref().filter(|_| is_guarded(step)) else {
        return progress;
    };
    let moves_on = matches!(
        progress,
        Progress::Begin(_) | Progress::Pass(_) | Progress::Watching(..) | Progress::Skip(_)
    );
    let stops = |finding: &Finding| {
        finding.scope.as_ref() == Some(&scope.name)
            && match finding.reason {
                Reason::ScopeMoved | Reason::OrganizationalUnitNotFound => true,
                // In the stop the engine is proven by the steps themselves.
                Reason::NoFlowDiffers => !step.is_in_stop(),
                _ => false,
            }
    };
    if !moves_on {
        return progress;
    }
    // What is under way goes by the names it was begun with, whatever the topology says by now.
    let Some(finding) = reported(view.observed, &Declared::new()).into_iter().find(stops) else {
        return progress;
    };
    if step.is_in_stop() {
        return Progress::Fail(finding.reason, finding.message);
    }
    let under_way = "This migration is under way: a new name can be taken up once it has ended";
    Progress::Waiting(Wait::person(finding.reason, format!("{}. {under_way}", finding.message)))
}

/// Steps that act on the units by their names, or prove something of them. Never one that gives something back.
fn is_guarded(step: StepName) -> bool {
    use StepName as S;
    let proves =
        matches!(step, S::PredictChanges | S::ClaimServers | S::VerifyParity | S::Soak | S::VerifyAfterSoak);
    proves || step.is_in_stop() || step.is_in_takeover()
}

/// The units of a scope as its no-flow rules have to name them: a unit that was renamed, and whose new name the topology has taken up,
/// goes by the new one.
pub(crate) fn units_now(observed: &Observed, migration: &Migration) -> Vec<DistinguishedName> {
    let Some(scope) = &migration.spec.scope else { return Vec::new() };
    let spec = observed.topology.spec.scopes.iter().find(|s| s.name == scope.name);
    let declared = spec.map_or(&[][..], |spec| spec.organizational_units.as_slice());
    let watched = observed.servers.values().filter_map(|s| s.inventory.as_ref()?.watch.as_ref());
    let moved: BTreeMap<&DistinguishedName, &DistinguishedName> = watched
        .flat_map(|watch| &watch.scopes)
        .filter(|found| found.topology == observed.topology.name && found.name == scope.name)
        .flat_map(|found| &found.moved_units)
        .filter_map(|unit| Some((&unit.distinguished_name, unit.now.as_ref()?)))
        .filter(|(_, now)| declared.contains(now))
        .collect();
    let now = |unit: &DistinguishedName| (*moved.get(unit).unwrap_or(&unit)).clone();
    scope.organizational_units.iter().map(now).collect()
}

#[cfg(test)]
mod tests;
