//! What the engine tells the judge: whom it serves, and which values its rules give for the directory as it is now.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::core::Surroundings;
use super::record::Record;
use super::rules::Flowed;
use super::server::SyncServer;
use super::space::SpaceObject;
use super::symbol::Symbol;
use crate::directory::DirectoryObject;
use crate::engine::{Availability, Link, Service};
use crate::tenant::canonical_attribute;
use crate::value::{AttributeName, Value};
use crate::world::World;

/// The last answer of [`SyncServer::expected_values`]: the judge asks for each attribute of a write in turn.
#[derive(Debug, Default)]
pub(super) struct ExpectedCache(RefCell<Option<Expected>>);

#[derive(Debug)]
struct Expected {
    source: Uuid,
    usn: u64,
    /// By the tenant's name in lower case; references as identifiers of the Entra connector space.
    values: BTreeMap<String, Vec<Value>>,
}

impl ExpectedCache {
    /// The rules have changed.
    pub(super) fn forget(&self) {
        *self.0.borrow_mut() = None;
    }
}

/// What the rules make of a directory object.
struct Outlook {
    /// A rule that provisions it in Entra is in scope, no-flow or not.
    exported: bool,
    /// What its outbound flows come to, as if nothing held them back.
    flows: Vec<(Symbol, Flowed, bool)>,
}

impl SyncServer {
    /// Tells the judge what the server does with every directory object it knows.
    pub(super) fn report_links(&mut self, world: &mut World, now: Timestamp) {
        let mut objects = BTreeMap::new();
        let mut hashes = BTreeMap::new();
        let hash_connectors = self.hash_connectors();
        for connector in self.core.directories() {
            let Some(space) = self.core.spaces.get(&connector) else { continue };
            for object in space.iter() {
                let Some(source) = object.key else { continue };
                let link = self.link_of(object, world);
                objects.insert(source, link);
                let person = world.directory.get(source).is_some_and(|object| object.class.is_person());
                if person && hash_connectors.contains(&connector) {
                    let sends = self.hash_target(object, world).is_some();
                    let held = if link == Link::NoFlow { Link::NoFlow } else { Link::Filtered };
                    hashes.insert(source, if sends { Link::Served } else { held });
                }
            }
        }
        let writer = self.writer();
        world.report_links(&writer, Service::Objects, objects, now);
        world.report_links(&writer, Service::PasswordHashes, hashes, now);
        self.expected.forget();
    }

    /// What the server does with a directory object.
    fn link_of(&self, object: &SpaceObject, world: &World) -> Link {
        let target = || {
            let metaverse = self.core.metaverse.get(object.metaverse?)?;
            let entra = self.core.entra()?;
            self.core.spaces.get(&entra)?.get(*metaverse.connectors.get(&entra)?)
        };
        match target() {
            Some(target) if target.is_no_flow() => Link::NoFlow,
            Some(target)
                if target.outbound.is_some() && !target.has_export_error() && !object.is_unsynchronized() =>
            {
                Link::Served
            }
            // New objects that JoinNoFlow holds back have no target at all; nor have those that a filter keeps out anyway.
            None if self.is_held_back(object)
                && object.key.is_some_and(|source| self.exports(source, world)) =>
            {
                Link::NoFlow
            }
            _ => Link::Filtered,
        }
    }

    /// Whether a metaverse object without target is no-flow.
    fn is_held_back(&self, object: &SpaceObject) -> bool {
        let metaverse = object.metaverse.and_then(|metaverse| self.core.metaverse.get(metaverse));
        metaverse.is_some_and(|metaverse| metaverse.attributes.is_true(self.core.known.cloud_no_flow))
    }

    /// Whether the engine works just now.
    pub(super) fn is_available(&self, service: Service, now: Timestamp, world: &World) -> Availability {
        let reason = match service {
            _ if !self.service.installed => Some("not installed"),
            _ if !self.service.running => Some("service stopped"),
            _ if self.staging => Some("staging"),
            Service::PasswordHashes if self.hash_connectors().is_empty() => {
                Some("password hash synchronization off")
            }
            Service::PasswordHashes => None,
            Service::Objects if self.wizard_open => Some("suspended by the wizard"),
            Service::Objects if !world.tenant.settings.scheduler.sync_cycle_enabled => {
                Some("scheduler disabled")
            }
            Service::Objects => self.is_cut_off(world, now).then_some("no import for more than seven days"),
        };
        reason.map_or(Availability::Up, |reason| Availability::Down(reason.to_owned()))
    }

    /// Whether the next cycle could not import changes.
    fn is_cut_off(&self, world: &World, now: Timestamp) -> bool {
        self.last_import.keys().any(|connector| {
            !self.import_in_full.contains(connector) && !self.delta_is_possible(*connector, world, now)
        })
    }

    /// Whether the server exports a directory object as it is configured, no-flow apart.
    pub(super) fn exports(&self, source: Uuid, world: &World) -> bool {
        world
            .directory
            .alive(source)
            .and_then(|object| self.outlook(object, world))
            .is_some_and(|it| it.exported)
    }

    /// The values that the rules give for an attribute of the tenant.
    pub(super) fn expected_values(
        &self,
        source: Uuid,
        attribute: &AttributeName,
        world: &World,
    ) -> Option<Vec<Value>> {
        let object = world.directory.alive(source)?;
        let mut cache = self.expected.0.borrow_mut();
        let fresh =
            cache.as_ref().is_some_and(|held| held.source == source && held.usn == object.usn_changed);
        if !fresh {
            *cache = Some(Expected {
                source,
                usn: object.usn_changed,
                values: self.outlook_values(object, world),
            });
        }
        let held =
            cache.as_ref()?.values.get(&canonical_attribute(attribute.as_str()).to_ascii_lowercase())?;
        Some(held.iter().filter_map(|value| self.in_tenant(value)).collect())
    }

    fn outlook_values(&self, object: &DirectoryObject, world: &World) -> BTreeMap<String, Vec<Value>> {
        let Some(outlook) = self.outlook(object, world) else { return BTreeMap::new() };
        let mut values = BTreeMap::new();
        for (attribute, flowed, _) in outlook.flows {
            let name = canonical_attribute(self.core.symbols.name(attribute)).to_ascii_lowercase();
            match flowed {
                Flowed::Values(flowed) | Flowed::Merged(flowed, _) => {
                    values.insert(name, flowed);
                }
                Flowed::Untouched => {}
            }
        }
        values
    }

    /// A reference of the Entra connector space as the tenant knows it.
    fn in_tenant(&self, value: &Value) -> Option<Value> {
        let Value::Reference(reference) = value else { return Some(value.clone()) };
        let space = self.core.spaces.get(&self.core.entra()?)?;
        space.by_reference(*reference)?.key.map(Value::Reference)
    }

    /// Evaluates the rules on a directory object as it is now, beside the database.
    fn outlook(&self, object: &DirectoryObject, world: &World) -> Option<Outlook> {
        let around = Surroundings { now: object.when_changed, modes: world.modes };
        let entra = self.core.entra()?;
        let (connector, selection, partition) =
            self.selections.iter().find_map(|(connector, selection)| {
                Some((*connector, selection, selection.partition_of(object)?))
            })?;
        let held = self.core.spaces.get(&connector).and_then(|space| space.by_key(object.guid));
        let mut current = SpaceObject::new(
            held.map_or(object.guid, |held| held.id),
            Some(object.guid),
            object.dn.to_string(),
            self.core.symbols.find(object.class.as_str())?,
        );
        current.partition = partition.position;
        current.imported = self.core.known_directory_record(selection, object);
        let metaverse = held.and_then(|held| self.core.metaverse.get(held.metaverse?));
        let mut objects = vec![(connector, &current)];
        if let Some(metaverse) = metaverse {
            objects.extend(self.core.joined(metaverse).into_iter().filter(|(known, _)| *known != connector));
        }
        let nothing = Record::default();
        let inbound = self.core.inbound(
            &objects,
            metaverse.map_or(&nothing, |metaverse| &metaverse.attributes),
            around,
        );
        let object_type = match metaverse {
            Some(metaverse) => metaverse.object_type,
            None => self.core.projected_type(connector, &current, around)?,
        };
        let set = self.core.outbound_in_scope(entra, object_type, &inbound.attributes, around);
        let target_type = self.core.target_type(&set);
        let reach = target_type.map(|target| self.core.reach(&set, target)).unwrap_or_default();
        let all = reach.all();
        let flows =
            self.core.outbound_values(entra, &inbound.attributes, &all, false, around, &mut Vec::new());
        Some(Outlook { exported: inbound.held && reach.provisions, flows })
    }
}
