//! A sync server without rules, spaces or runs: it exports by hand. Enough to let the judge see two engines.

use std::collections::BTreeMap;

use adsync::protocol::{HostError, HostErrorCode, Operation, RunResult};
use jiff::Timestamp;
use uuid::Uuid;

use crate::directory::{ObjectClass, anchor_of};
use crate::dn::DistinguishedName;
use crate::engine::{Answer, Availability, Link, ServerState, Service, SyncEngine, Writer};
use crate::tenant::{AttributeChange, CloudKind, ObjectWrite, Refusal, ValueChange, WriteOperation};
use crate::value::{AttributeName, Attributes, Value};
use crate::world::World;

#[derive(Debug)]
pub(super) struct PlainServer {
    name: String,
    unit: DistinguishedName,
    pub(super) state: ServerState,
    pub(super) flowing: bool,
}

impl PlainServer {
    pub(super) fn new(name: &str, unit: DistinguishedName) -> Self {
        let state = ServerState { installed: true, running: true, start_disabled: false, staging: false };
        Self { name: name.to_owned(), unit, state, flowing: true }
    }

    fn writer(&self) -> Writer {
        Writer::connect(self.name.clone())
    }

    fn in_scope(&self, world: &World) -> Vec<Uuid> {
        let people = world.directory.under(&self.unit);
        people.filter(|o| matches!(o.class, ObjectClass::User | ObjectClass::Group)).map(|o| o.guid).collect()
    }

    /// Exports everything below the unit.
    pub(super) fn export_all(&mut self, world: &mut World, now: Timestamp) {
        for pass in 0..2 {
            for source in self.in_scope(world) {
                let object = world.directory.get(source).unwrap();
                let kind = if object.class == ObjectClass::User { CloudKind::User } else { CloudKind::Group };
                let mut attributes = Attributes::new();
                for (name, from) in [
                    ("userPrincipalName", "userPrincipalName"),
                    ("jobTitle", "title"),
                    ("displayName", "displayName"),
                ] {
                    attributes.set(name, object.values(from));
                }
                if pass == 1 && kind == CloudKind::Group {
                    let members = object.attributes.all("member").iter().filter_map(Value::as_reference);
                    let ids = members.filter_map(|id| world.counterpart(id)).map(Value::Reference).collect();
                    attributes.set("member", ids);
                }
                let operation = WriteOperation::Provision { kind, attributes };
                let write = ObjectWrite { anchor: anchor_of(source), source: Some(source), operation };
                world.write(&self.writer(), &write, now).unwrap();
            }
        }
        self.report(world, now);
    }

    pub(super) fn report(&self, world: &mut World, now: Timestamp) {
        let link = if self.flowing { Link::Served } else { Link::NoFlow };
        let links: BTreeMap<Uuid, Link> =
            self.in_scope(world).into_iter().map(|source| (source, link)).collect();
        let is_user = |source: &Uuid| {
            world.directory.get(*source).is_some_and(|object| object.class == ObjectClass::User)
        };
        let users: BTreeMap<Uuid, Link> =
            links.clone().into_iter().filter(|(source, _)| is_user(source)).collect();
        world.report_links(&self.writer(), Service::PasswordHashes, users, now);
        world.report_links(&self.writer(), Service::Objects, links, now);
    }

    /// Exports one user without asking for the unit.
    pub(super) fn create(&self, source: Uuid, world: &mut World, now: Timestamp) {
        let operation = WriteOperation::Provision { kind: CloudKind::User, attributes: Attributes::new() };
        let write = ObjectWrite { anchor: anchor_of(source), source: Some(source), operation };
        world.write(&self.writer(), &write, now).unwrap();
    }

    pub(super) fn set(
        &self,
        source: Uuid,
        name: &str,
        values: Vec<Value>,
        world: &mut World,
        now: Timestamp,
    ) {
        let changes = vec![AttributeChange { name: name.into(), change: ValueChange::Replace(values) }];
        let write = ObjectWrite {
            anchor: anchor_of(source),
            source: Some(source),
            operation: WriteOperation::Update { changes },
        };
        world.write(&self.writer(), &write, now).unwrap();
    }

    pub(super) fn hash(&self, source: Uuid, version: u64, world: &mut World, now: Timestamp) {
        let operation = WriteOperation::PasswordHash { version };
        world
            .write(
                &self.writer(),
                &ObjectWrite { anchor: anchor_of(source), source: Some(source), operation },
                now,
            )
            .unwrap();
    }

    pub(super) fn delete(&self, source: Uuid, world: &mut World, now: Timestamp) -> Result<(), Refusal> {
        let write = ObjectWrite {
            anchor: anchor_of(source),
            source: Some(source),
            operation: WriteOperation::Delete,
        };
        world.write(&self.writer(), &write, now).map(|_| ())
    }
}

impl SyncEngine for PlainServer {
    fn name(&self) -> &str {
        &self.name
    }

    fn next_due(&self, _world: &World) -> Option<Timestamp> {
        None
    }

    fn advance(&mut self, _now: Timestamp, _world: &mut World) {}

    fn handle(&mut self, _operation: &Operation, _now: Timestamp, _world: &mut World) -> Answer {
        Answer::Now(Err(HostError { code: HostErrorCode::Unsupported, message: "a plain server".to_owned() }))
    }

    fn run_result(&self, _run: Uuid) -> Option<RunResult> {
        None
    }

    fn availability(&self, service: Service, _now: Timestamp, world: &World) -> Availability {
        if !self.state.running {
            Availability::Down("service stopped".to_owned())
        } else if service == Service::Objects && !world.tenant.settings.scheduler.sync_cycle_enabled {
            Availability::Down("scheduler disabled".to_owned())
        } else {
            Availability::Up
        }
    }

    fn state(&self) -> ServerState {
        self.state
    }

    fn would_export(&self, source: Uuid, world: &World) -> bool {
        world.directory.alive(source).is_some_and(|object| object.dn.is_under(&self.unit))
    }

    fn expected(&self, source: Uuid, attribute: &AttributeName, world: &World) -> Option<Vec<Value>> {
        let object = world.directory.alive(source)?;
        match attribute.as_str() {
            "jobTitle" => Some(object.values("title")),
            "userPrincipalName" | "displayName" => Some(object.values(attribute.as_str())),
            "member" => {
                let members = object.attributes.all("member").iter().filter_map(Value::as_reference);
                Some(members.filter_map(|id| world.counterpart(id)).map(Value::Reference).collect())
            }
            _ => None,
        }
    }

    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
