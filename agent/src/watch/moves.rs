//! Objects that leave the units of a scope that Cloud Sync serves and live on elsewhere in the directory: Cloud Sync deletes them in
//! the cloud, and Connect, where it serves their new place, makes them anew. Asks the host.
//!
//! Source: Microsoft, "Cloud sync FAQ" (moving a user between an OU of Cloud Sync and one of Connect).

use std::collections::{BTreeMap, BTreeSet};

use adsync::protocol::{DirectoryEntry, HostErrorCode};
use crds::primitive::{DistinguishedName, ObjectName};
use crds::sync_agent::watch::{MOST_NAMED, MovedObject, WatchInventory};
use jiff::{SignedDuration, Timestamp};
use parity::SourceAnchor;

use super::Place;
use crate::commands::count as signed;
use crate::directory::{self, CLASSES, CONSISTENCY_GUID, consistency_anchor, guid_anchor};
use crate::host::{AdsyncHost, Calls, HostCallError};
use crate::space::{EntraObject, LONGEST_LABEL};

/// How long a user that was deleted can be restored, and how long a move is told. Source: Microsoft, "Restore or remove a recently
/// deleted user" (30 days).
const RESTORABLE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A scope, by topology and name.
type Scope = (ObjectName, ObjectName);

/// Where objects were seen last.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// Anchor → the provisioned scope that it lay in.
    seen: BTreeMap<SourceAnchor, Scope>,
    /// Who left, and when that was seen.
    left: BTreeMap<SourceAnchor, (Scope, Timestamp)>,
    /// Who had left by an earlier process's report.
    reported: BTreeMap<SourceAnchor, Scope>,
}

/// An object of the directory that is alive.
struct Alive {
    name: DistinguishedName,
    object_type: String,
}

impl Moves {
    /// Takes over an earlier process's report.
    pub(super) fn remember(&mut self, reported: &WatchInventory) {
        for scope in &reported.scopes {
            for moved in &scope.moved_objects {
                if let Ok(anchor) = SourceAnchor::parse(&moved.anchor) {
                    self.reported.insert(anchor, (scope.topology.clone(), scope.name.clone()));
                }
            }
        }
    }

    /// Looks at the provisioned scopes, and writes who left them.
    pub(super) async fn look<H: AdsyncHost>(
        &mut self,
        host: &mut Calls<'_, H>,
        places: &[Place<'_>],
        domains: &[String],
        objects: &[EntraObject],
        now: Timestamp,
        found: &mut WatchInventory,
    ) -> Result<(), HostCallError> {
        let readable: Vec<&Place<'_>> =
            places.iter().filter(|place| place.scope.provisioned && place.is_whole()).collect();
        let mut here: BTreeMap<SourceAnchor, Scope> = BTreeMap::new();
        for place in &readable {
            for unit in place.units() {
                for entry in search(host, unit.as_str()).await? {
                    // Whichever of the two Connect exported.
                    let anchors = consistency_anchor(&entry).into_iter().chain([guid_anchor(&entry)]);
                    here.extend(anchors.map(|anchor| (anchor, scope_of(place))));
                }
            }
        }
        let gone = self.gone(&readable, objects, &here, now);
        let alive = if gone.is_empty() { BTreeMap::new() } else { alive(host, domains).await? };
        // Of a scope that cannot be read now, what was known stands.
        let looked_at: BTreeSet<Scope> = readable.iter().map(|place| scope_of(place)).collect();
        self.left.retain(|_, (scope, _)| !looked_at.contains(scope));
        // Deleted in the directory, too: then nothing has moved, and the deletion is the engines' to carry out.
        self.left.extend(gone.into_iter().filter(|(anchor, _)| alive.contains_key(anchor)));
        self.reported.retain(|_, scope| !looked_at.contains(scope));
        self.seen.retain(|_, scope| !looked_at.contains(scope));
        self.seen.extend(here);
        self.write(&looked_at, &alive, objects, found);
        Ok(())
    }

    /// Who lay in one of the scopes before and does not now, and since when. What the engine has imported counts as seen: it knows of
    /// who left while no agent ran.
    fn gone(
        &self,
        readable: &[&Place<'_>],
        objects: &[EntraObject],
        here: &BTreeMap<SourceAnchor, Scope>,
        now: Timestamp,
    ) -> BTreeMap<SourceAnchor, (Scope, Timestamp)> {
        let scopes: BTreeSet<Scope> = readable.iter().map(|place| scope_of(place)).collect();
        let mut gone: BTreeMap<SourceAnchor, (Scope, Timestamp)> = BTreeMap::new();
        for place in readable {
            let claimed = place.scope.units.iter().map(|unit| unit.distinguished_name.clone());
            let units: Vec<DistinguishedName> = claimed.chain(place.units()).collect();
            let imported = objects.iter().filter(|object| object.joined && object.is_below(&units));
            let anchors = imported.filter_map(|object| object.anchor.clone());
            gone.extend(anchors.map(|anchor| (anchor, (scope_of(place), now))));
        }
        let known = self.seen.iter().chain(&self.reported);
        gone.extend(known.map(|(anchor, scope)| (anchor.clone(), (scope.clone(), now))));
        gone.extend(self.left.clone());
        gone.retain(|anchor, (scope, since)| {
            scopes.contains(scope) && !here.contains_key(anchor) && now.duration_since(*since) < RESTORABLE
        });
        gone
    }

    fn write(
        &self,
        looked_at: &BTreeSet<Scope>,
        alive: &BTreeMap<SourceAnchor, Alive>,
        objects: &[EntraObject],
        found: &mut WatchInventory,
    ) {
        let imported: BTreeSet<&DistinguishedName> =
            objects.iter().flat_map(|object| &object.directory_names).collect();
        let exported: BTreeSet<&SourceAnchor> =
            objects.iter().filter_map(|object| object.anchor.as_ref()).collect();
        for scope in &mut found.scopes {
            let of = (scope.topology.clone(), scope.name.clone());
            if !looked_at.contains(&of) {
                continue;
            }
            // One object may be known by two anchors: the one that Connect exported is the one in the cloud.
            let mut named: BTreeMap<&DistinguishedName, (&SourceAnchor, &Alive)> = BTreeMap::new();
            for (anchor, _) in self.left.iter().filter(|(_, (from, _))| *from == of) {
                let Some(object) = alive.get(anchor) else { continue };
                if !named.contains_key(&object.name) || exported.contains(anchor) {
                    named.insert(&object.name, (anchor, object));
                }
            }
            let told = named.values().filter_map(|(anchor, object)| {
                Some(MovedObject {
                    anchor: anchor.as_str().chars().take(LONGEST_LABEL).collect(),
                    object_type: object.object_type.clone(),
                    container: object.name.parent()?,
                    seen_by_connect: imported.contains(&object.name),
                })
            });
            let mut moved: Vec<MovedObject> = told.collect();
            moved.sort_by(|a, b| (a.seen_by_connect, &a.anchor).cmp(&(b.seen_by_connect, &b.anchor)));
            scope.moved = signed(moved.len());
            moved.truncate(MOST_NAMED);
            scope.moved_objects = moved;
        }
    }
}

fn scope_of(place: &Place<'_>) -> Scope {
    (place.scope.topology.clone(), place.scope.name.clone())
}

async fn search<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    base: &str,
) -> Result<Vec<DirectoryEntry>, HostCallError> {
    let attributes = [CONSISTENCY_GUID.to_owned()];
    match directory::search(host, base, &CLASSES, &attributes, false).await {
        Err(error) if error.code() == Some(HostErrorCode::NotFound) => Ok(Vec::new()),
        answer => answer,
    }
}

/// Every object of the domains, by each anchor that it may be known by.
async fn alive<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    domains: &[String],
) -> Result<BTreeMap<SourceAnchor, Alive>, HostCallError> {
    let mut alive = BTreeMap::new();
    for domain in domains {
        for entry in search(host, domain).await? {
            let Ok(name) = DistinguishedName::parse(&entry.distinguished_name) else { continue };
            for anchor in consistency_anchor(&entry).into_iter().chain([guid_anchor(&entry)]) {
                let object_type = entry.object_class.chars().take(64).collect();
                alive.insert(anchor, Alive { name: name.clone(), object_type });
            }
        }
    }
    Ok(alive)
}
