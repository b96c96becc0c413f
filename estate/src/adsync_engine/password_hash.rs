//! Password hash synchronization: a loop of its own for each AD connector, whatever the scheduler does.
//!
//! Source: Microsoft, password hash synchronization (every 2 minutes, stops with the service and in staging mode only).

use std::collections::BTreeMap;

use adsync::protocol::ConnectorKind;
use jiff::Timestamp;
use uuid::Uuid;

use super::server::SyncServer;
use super::space::SpaceObject;
use crate::clock::later;
use crate::modes::{FirstHashPass, NoFlowHashes};
use crate::tenant::{ObjectWrite, WriteOperation};
use crate::world::World;

/// State of the loop.
#[derive(Debug, Clone, Default)]
pub(super) struct HashLoop {
    /// When the next pass is due; none before the first.
    next: Option<Timestamp>,
    /// The service has started since the last pass.
    started: bool,
    /// Version of the password that was sent last, by `objectGUID`.
    sent: BTreeMap<Uuid, u64>,
    /// End of the last successful pass, by connector.
    pub(super) last_success: BTreeMap<Uuid, Timestamp>,
}

impl SyncServer {
    /// The service has started: what the next pass sends is unsettled (see [`FirstHashPass`]).
    pub(super) fn restart_hash_loop(&mut self) {
        self.hashes.started = true;
    }

    /// Whether the loop turns.
    pub(super) fn hashes_flow(&self) -> bool {
        self.service.installed && self.service.running && !self.staging && !self.hash_connectors().is_empty()
    }

    /// AD connectors whose hashes are synchronized.
    pub(super) fn hash_connectors(&self) -> Vec<Uuid> {
        let on = self.configuration.connectors.iter().filter(|connector| {
            connector.kind == ConnectorKind::ActiveDirectory && connector.password_hash_sync == Some(true)
        });
        on.map(|connector| connector.identifier).collect()
    }

    /// When the next pass is due.
    pub(super) fn next_hash_pass(&self) -> Option<Timestamp> {
        self.hashes_flow().then(|| self.hashes.next.unwrap_or(Timestamp::MIN))
    }

    /// Does a pass that is due.
    pub(super) fn do_hash_pass(&mut self, now: Timestamp, world: &mut World) {
        if self.next_hash_pass().is_none_or(|due| due > now) {
            return;
        }
        self.hashes.next = Some(later(now, world.intervals.hash_loop));
        if std::mem::take(&mut self.hashes.started) && world.modes.first_hash_pass == FirstHashPass::SendsAll
        {
            self.hashes.sent.clear();
        }
        for connector in self.hash_connectors() {
            if self.reaches_no_domain_controller(connector, world, now) {
                continue;
            }
            self.send_hashes(connector, now, world);
            self.hashes.last_success.insert(connector, now);
        }
    }

    /// The first pass sends everything; later ones what is newer than what was sent.
    fn send_hashes(&mut self, connector: Uuid, now: Timestamp, world: &mut World) {
        let writer = self.writer();
        let Some(space) = self.core.spaces.get(&connector) else { return };
        let mut due = Vec::new();
        for object in space.iter() {
            let Some(source) = object.key else { continue };
            let password = world.directory.alive(source).and_then(|object| object.password);
            // A password that must be changed is a temporary one: nothing is sent until it was.
            let Some(password) = password.filter(|password| !password.must_change) else { continue };
            if self.hashes.sent.get(&source) == Some(&password.version) {
                continue;
            }
            if let Some(anchor) = self.hash_target(object, world) {
                due.push((source, anchor, password.version));
            }
        }
        for (source, anchor, version) in due {
            let operation = WriteOperation::PasswordHash { version };
            let write = ObjectWrite { anchor, source: Some(source), operation };
            // One that is refused is tried again in the next pass.
            if world.write(&writer, &write, now).is_ok() {
                self.hashes.sent.insert(source, version);
            }
        }
    }

    /// Anchor of the tenant's user that gets the hash of a directory object.
    pub(super) fn hash_target(&self, object: &SpaceObject, world: &World) -> Option<String> {
        let metaverse = self.core.metaverse.get(object.metaverse?)?;
        let entra = self.core.entra()?;
        let target = self.core.spaces.get(&entra)?.get(*metaverse.connectors.get(&entra)?)?;
        let skipped = target.is_no_flow() && world.modes.no_flow_hashes == NoFlowHashes::Skipped;
        if target.key.is_none() || skipped || !self.rules_send_hashes(object) {
            return None;
        }
        self.core.anchor_of(target)
    }

    /// Hashes follow the inbound rules that say so, where any rule does.
    fn rules_send_hashes(&self, object: &SpaceObject) -> bool {
        let mut marked = self
            .core
            .rules
            .rules()
            .iter()
            .filter(|rule| rule.password_sync && rule.direction == adsync::rule::Direction::Inbound)
            .peekable();
        if marked.peek().is_none() {
            return true;
        }
        let lineage = object.inbound.as_deref().map_or(&[][..], Vec::as_slice);
        marked.any(|rule| lineage.iter().any(|known| known.rule == rule.identifier))
    }
}
