//! The estate as one state machine: everything that happens by itself happens in [`Estate::advance`], in time order.

use std::collections::BTreeMap;

use adsync::protocol::Operation;
use jiff::Timestamp;
use uuid::Uuid;

use crate::audit::{Event, Verdict, WrittenValue};
use crate::clock::later;
use crate::cloud_sync::Cloud;
use crate::directory::LinkAttribute;
use crate::engine::{Answer, ServerState, Service, SyncEngine, Writer};
use crate::population::Script;
use crate::tenant::{Outcome, canonical_values};
use crate::value::{AttributeName, Value, same_values};
use crate::world::World;

#[cfg(test)]
mod tests;

/// Directory, sync servers, tenant and cloud sync, and the judge.
#[derive(Debug)]
pub struct Estate {
    /// What engines act on.
    pub world: World,
    /// Cloud sync: configurations, jobs, agents, provisioning log.
    pub cloud: Cloud,
    /// What people will do, and when.
    pub script: Script,
    servers: BTreeMap<String, Box<dyn SyncEngine>>,
    states: BTreeMap<String, ServerState>,
    now: Timestamp,
}

impl Estate {
    /// An estate without sync servers.
    pub fn new(world: World, now: Timestamp) -> Self {
        let mut estate = Self {
            world,
            cloud: Cloud::default(),
            script: Script::default(),
            servers: BTreeMap::new(),
            states: BTreeMap::new(),
            now,
        };
        let intervals = estate.world.intervals.clone();
        estate.world.judge().0.append(now, Event::Started { intervals });
        estate.settle();
        estate
    }

    /// The time that the estate has reached.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Adds a sync server; one of the same name is replaced.
    pub fn add_server(&mut self, server: Box<dyn SyncEngine>) {
        self.servers.insert(server.name().to_owned(), server);
        self.settle();
    }

    /// Names of the sync servers.
    pub fn server_names(&self) -> impl Iterator<Item = &str> {
        self.servers.keys().map(String::as_str)
    }

    /// A sync server.
    pub fn server(&self, name: &str) -> Option<&dyn SyncEngine> {
        self.servers.get(name).map(AsRef::as_ref)
    }

    /// Something done to a sync server from outside; the judge looks at what came of it.
    pub fn with_server<T>(
        &mut self,
        name: &str,
        act: impl FnOnce(&mut dyn SyncEngine, &mut World, Timestamp) -> T,
    ) -> Option<T> {
        let server = self.servers.get_mut(name)?;
        let result = act(server.as_mut(), &mut self.world, self.now);
        self.settle();
        Some(result)
    }

    /// One operation of the ADSync host protocol on a sync server.
    pub fn handle(&mut self, server: &str, operation: &Operation) -> Option<Answer> {
        self.with_server(server, |engine, world, now| engine.handle(operation, now, world))
    }

    /// Something done to cloud sync from outside (Graph, portal); the judge looks at what came of it.
    pub fn with_cloud<T>(&mut self, act: impl FnOnce(&mut Cloud, &mut World, Timestamp) -> T) -> T {
        let result = act(&mut self.cloud, &mut self.world, self.now);
        self.settle();
        result
    }

    /// Something done to directory or tenant by people.
    pub fn with_world<T>(&mut self, act: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        let result = act(&mut self.world, self.now);
        self.settle();
        result
    }

    /// When something happens by itself next.
    pub fn next_due(&self) -> Option<Timestamp> {
        let servers = self.servers.values().filter_map(|server| server.next_due(&self.world));
        servers
            .chain(self.purge_due())
            .chain(self.cloud.next_due(&self.world))
            .chain(self.script.next_due())
            .min()
    }

    /// Does everything that is due up to `to`, in time order. Going back in time does nothing.
    pub fn advance(&mut self, to: Timestamp) {
        while let Some(due) = self.next_due().filter(|due| *due <= to) {
            self.now = self.now.max(due);
            self.step();
        }
        self.now = self.now.max(to);
    }

    /// When the oldest soft-deleted user has been so for its time.
    fn purge_due(&self) -> Option<Timestamp> {
        let oldest = self.world.tenant.oldest_deletion()?;
        Some(later(oldest, self.world.intervals.deleted_user_life))
    }

    /// Everything due at the present instant, once: people first, then sync servers by name, then cloud sync.
    fn step(&mut self) {
        let now = self.now;
        if self.purge_due().is_some_and(|due| due <= now) {
            self.world.purge(now);
        }
        if self.script.next_due().is_some_and(|due| due <= now) {
            self.script.advance(now, &mut self.world);
            self.settle();
        }
        for server in self.servers.values_mut() {
            if server.next_due(&self.world).is_some_and(|due| due <= now) {
                server.advance(now, &mut self.world);
            }
        }
        self.settle();
        if self.cloud.next_due(&self.world).is_some_and(|due| due <= now) {
            self.cloud.advance(now, &mut self.world);
            self.settle();
        }
    }

    /// The verdict up to now, from the log alone.
    pub fn verdict(&self) -> Verdict {
        Verdict::of(self.world.audit().records(), self.now)
    }

    /// Brings the log up to date: directory changes, comparison of writes with the directory, who serves what.
    fn settle(&mut self) {
        let now = self.now;
        for change in self.world.directory.take_changes() {
            self.world.judge().0.append(now, Event::Directory(change));
        }
        self.settle_writes();
        self.refresh_service();
    }

    fn settle_writes(&mut self) {
        for (at, mut record) in self.world.take_unsettled() {
            if let Some(source) = record.source {
                let other = record.serving.iter().find(|writer| **writer != record.writer).cloned();
                for value in &mut record.values {
                    let Some(other) = &other else { break };
                    value.directory = self.expected(other, source, &value.attribute);
                    value.differs =
                        value.directory.as_ref().is_some_and(|directory| differs(value, directory));
                }
                if record.outcome == Outcome::Created && !record.writer.is_connect() {
                    record.connect_would_export =
                        self.servers.values().any(|server| server.would_export(source, &self.world));
                }
            }
            self.world.judge().0.append(at, Event::Write(record));
        }
    }

    /// What the directory says through an engine's eyes. Members and managers are the directory's own, whatever the engine
    /// knows of them.
    fn expected(&self, engine: &Writer, source: Uuid, attribute: &AttributeName) -> Option<Vec<Value>> {
        if let Some(link) = LinkAttribute::parse(attribute.as_str()) {
            let object = self.world.directory.alive(source)?;
            let targets = object.attributes.all(link.as_str()).iter().filter_map(Value::as_reference);
            return Some(targets.filter_map(|id| self.world.counterpart(id)).map(Value::Reference).collect());
        }
        match engine {
            Writer::Connect { server } => {
                let server = self.servers.get(server)?;
                let values = server.expected(source, attribute, &self.world)?;
                Some(canonical_values(attribute.as_str(), values))
            }
            Writer::CloudSync { job } => self.cloud.expected(job, source, attribute, &self.world),
        }
    }

    fn refresh_service(&mut self) {
        let now = self.now;
        for (name, server) in &self.servers {
            let writer = Writer::connect(name.clone());
            for service in [Service::Objects, Service::PasswordHashes] {
                let state = server.availability(service, now, &self.world);
                let (log, book) = self.world.judge();
                book.set_availability(log, now, &writer, service, state);
            }
            let state = server.state();
            if self.states.get(name) != Some(&state) {
                self.states.insert(name.clone(), state);
                self.world.judge().0.append(now, Event::Server { server: name.clone(), state });
            }
        }
        for (job, service, state) in self.cloud.availability(now, &self.world) {
            let (log, book) = self.world.judge();
            book.set_availability(log, now, &Writer::cloud_sync(job), service, state);
        }
    }
}

/// Whether a written value disagrees with the directory. References are compared by what the write added and removed: an
/// engine need not know every target.
fn differs(value: &WrittenValue, directory: &[Value]) -> bool {
    if !value.reference {
        return !same_values(directory, &value.new);
    }
    let added = value.new.iter().filter(|target| !value.old.contains(target));
    let removed = value.old.iter().filter(|target| !value.new.contains(target));
    added.into_iter().any(|target| !directory.contains(target))
        || removed.into_iter().any(|t| directory.contains(t))
}
