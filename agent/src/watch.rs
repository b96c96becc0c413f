//! Looks again at claimed organizational units with every inventory: where they are, what is withheld below them, and who has left
//! them. Asks the host, and only reads.
//!
//! What costs most, the whole Entra connector space and the objects of the scopes, is read at a pace that leaves nine tenths of the
//! time to others, and only while the engine rests: in the middle of a cycle its two sides differ for good reasons.

mod moves;
mod no_flow;
mod units;

use std::collections::BTreeSet;

use adsync::protocol::Connector;
use crds::primitive::{DistinguishedName, ObjectName};
use crds::sync_agent::watch::{MovedUnit, ScopeInventory, Watch, WatchInventory, WatchedScope};
use jiff::{SignedDuration, Timestamp};

use crate::host::{AdsyncHost, Calls, HostCallError};
use crate::rules::Known;
use crate::{directory, space};
use moves::Moves;

/// What is known of the engine at a look.
#[derive(Debug, Clone, Copy)]
pub struct Engine<'a> {
    /// Its connectors; empty while its service is stopped.
    pub connectors: &'a [Connector],
    /// Scopes that our rules on it name.
    pub rules: &'a [ObjectName],
    /// Nothing runs, and the agent does not hold the scheduler back.
    pub rests: bool,
}

/// The looks of one process.
#[derive(Debug, Default)]
pub struct Watching {
    /// The engine's rules as they were at the last look.
    pub(crate) rules: Known,
    watch: Watch,
    last: Option<WatchInventory>,
    /// When the costly part is due again.
    due: Option<Timestamp>,
    /// What differed at the last look; what differs at two of them counts.
    suspects: BTreeSet<String>,
    moves: Moves,
}

/// How many times as long as a look took the next one waits.
const PACE: i32 = 9;

impl Watching {
    /// What the operator wants looked at.
    pub fn set(&mut self, watch: &Watch) {
        if self.watch != *watch {
            self.watch = watch.clone();
            self.due = None;
            self.suspects.clear();
        }
    }

    /// Takes over what an earlier process reported, where this one has not looked yet: who left a unit before it began.
    pub fn remember(&mut self, reported: Option<&WatchInventory>) {
        if self.last.is_none()
            && let Some(reported) = reported
        {
            self.moves.remember(reported);
        }
    }

    /// Whether the costly part of a look is due.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due.is_none_or(|due| now >= due)
    }

    /// What the last look found.
    pub fn last(&self) -> Option<&WatchInventory> {
        self.last.as_ref()
    }

    /// A look with its costly part took this long.
    pub fn took(&mut self, began: Timestamp, ended: Timestamp) {
        let pause = ended.duration_since(began).max(SignedDuration::ZERO).saturating_mul(PACE);
        self.due = ended.checked_add(pause).ok();
    }

    /// Looks; `costly` says whether the engine and the objects are looked at too. `None` while nothing is watched.
    ///
    /// # Errors
    /// [`HostCallError`]
    pub async fn look<H: AdsyncHost>(
        &mut self,
        host: &mut Calls<'_, H>,
        engine: Engine<'_>,
        now: Timestamp,
        costly: bool,
    ) -> Result<Option<WatchInventory>, HostCallError> {
        if self.watch.is_empty() {
            self.last = None;
            return Ok(None);
        }
        let domains = domains(&self.watch, engine.connectors);
        let moved = units::moved(host, &self.watch, &domains).await?;
        let scopes: Vec<Place<'_>> =
            self.watch.scopes.iter().zip(moved).map(|(scope, moved)| Place { scope, moved }).collect();
        let mut found = inventory(&scopes, self.last.as_ref());
        let readable = engine.rests && !engine.connectors.is_empty();
        if costly && readable && scopes.iter().any(|place| place.scope.withheld || place.scope.provisioned) {
            let objects = space::read(host).await?;
            let differs = no_flow::differs(&scopes, engine.rules, &objects);
            self.suspects = no_flow::count(&differs, &self.suspects, &mut found);
            self.moves.look(host, &scopes, &domains, &objects, now, &mut found).await?;
        }
        self.last = Some(found.clone());
        Ok(Some(found))
    }
}

/// A watched scope, and which of its units are elsewhere now.
struct Place<'a> {
    scope: &'a WatchedScope,
    moved: Vec<MovedUnit>,
}

impl Place<'_> {
    /// Where its units are now; a unit that is gone or cannot be read is missing.
    fn units(&self) -> Vec<DistinguishedName> {
        let now = |claimed: &DistinguishedName| {
            let moved = self.moved.iter().find(|unit| unit.distinguished_name == *claimed);
            moved.map_or_else(|| Some(claimed.clone()), |unit| unit.now.clone())
        };
        self.scope.units.iter().filter_map(|unit| now(&unit.distinguished_name)).collect()
    }

    /// Every unit can be read.
    fn is_whole(&self) -> bool {
        self.moved.iter().all(|unit| unit.now.is_some())
    }
}

/// The scopes with their units, and with what was last known of their objects.
fn inventory(places: &[Place<'_>], last: Option<&WatchInventory>) -> WatchInventory {
    let before = |scope: &WatchedScope| {
        let found = last?.scopes.iter().find(|s| s.topology == scope.topology && s.name == scope.name)?;
        let mut found = found.clone();
        // What is no longer looked at is not known any more.
        if !scope.withheld {
            (found.not_withheld, found.not_withheld_anchors) = (0, Vec::new());
        }
        if !scope.provisioned {
            (found.moved, found.moved_objects) = (0, Vec::new());
        }
        Some(found)
    };
    let last_outside = last.filter(|_| places.iter().any(|place| place.scope.withheld));
    let scopes = places.iter().map(|place| ScopeInventory {
        moved_units: place.moved.clone(),
        ..before(place.scope).unwrap_or_else(|| ScopeInventory {
            topology: place.scope.topology.clone(),
            name: place.scope.name.clone(),
            moved_units: Vec::new(),
            not_withheld: 0,
            not_withheld_anchors: Vec::new(),
            moved: 0,
            moved_objects: Vec::new(),
        })
    });
    WatchInventory {
        scopes: scopes.collect(),
        withheld_outside: last_outside.map_or(0, |last| last.withheld_outside),
        withheld_outside_anchors: last_outside
            .map(|last| last.withheld_outside_anchors.clone())
            .unwrap_or_default(),
    }
}

/// Domains to look in: those that the engine reads, and those of the units.
fn domains(watch: &Watch, connectors: &[Connector]) -> Vec<String> {
    let mut domains = directory::domains(connectors);
    let units = watch.scopes.iter().flat_map(|scope| &scope.units).map(|unit| &unit.distinguished_name);
    for domain in DistinguishedName::domains(units) {
        let base: Vec<String> = domain.split('.').map(|label| format!("DC={label}")).collect();
        let base = base.join(",");
        if !domains.iter().any(|known| known.eq_ignore_ascii_case(&base)) {
            domains.push(base);
        }
    }
    domains
}

#[cfg(test)]
mod tests;
