//! The engine as the estate drives it.

use adsync::protocol::{Operation, RunResult, ServiceStartType};
use jiff::Timestamp;
use uuid::Uuid;

use super::server::SyncServer;
use crate::engine::{Answer, Availability, ServerState, Service, SyncEngine};
use crate::value::{AttributeName, Value};
use crate::world::World;

impl SyncEngine for SyncServer {
    fn name(&self) -> &str {
        &self.facts.host_name
    }

    fn next_due(&self, world: &World) -> Option<Timestamp> {
        self.next_event(world)
    }

    fn advance(&mut self, now: Timestamp, world: &mut World) {
        self.do_what_is_due(now, world);
    }

    fn handle(&mut self, operation: &Operation, now: Timestamp, world: &mut World) -> Answer {
        self.answer(operation, now, world)
    }

    fn run_result(&self, run: Uuid) -> Option<RunResult> {
        self.result_of(run)
    }

    fn availability(&self, service: Service, now: Timestamp, world: &World) -> Availability {
        self.is_available(service, now, world)
    }

    fn state(&self) -> ServerState {
        ServerState {
            installed: self.service.installed,
            running: self.service.running,
            start_disabled: self.service.start_type == ServiceStartType::Disabled,
            staging: self.staging,
        }
    }

    fn writes_passwords_back(&self) -> bool {
        self.service.installed
            && self.service.running
            && !self.staging
            && self.configuration.features().password_writeback
    }

    fn would_export(&self, source: Uuid, world: &World) -> bool {
        self.exports(source, world)
    }

    fn expected(&self, source: Uuid, attribute: &AttributeName, world: &World) -> Option<Vec<Value>> {
        self.expected_values(source, attribute, world)
    }

    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
