//! What befalls a server from outside: its service crashes, somebody sets up another one after its model. Does no IO.

use adsync::protocol::RunProfile;
use jiff::Timestamp;
use uuid::Uuid;

use super::containers::Selection;
use super::facts::HostFacts;
use super::history::{Ending, Run};
use super::server::SyncServer;
use crate::faults::HostFaults;
use crate::world::World;

/// The engine's word for a run that was lost with its service. Source: Microsoft, MIM run status codes.
const LOST_WITH_SERVICE: &str = "stopped-server";

/// Its word for a run without room in the database. Source: Microsoft, MIM run status codes.
const DATABASE_FULL: &str = "stopped-database-disk-full";

/// Its word for a run without a domain controller.
const NO_DOMAIN_CONTROLLER: &str = "no-start-no-domain-controller";

impl SyncServer {
    /// The service crashes. What ran has done nothing; or, `after_writes`, an export has written everything before, and the
    /// engine's database says so although its history calls the run stopped.
    pub fn crash(&mut self, after_writes: bool, world: &mut World, now: Timestamp) {
        let export = |activity: &mut super::run::Activity| activity.run.profile == RunProfile::Export;
        if after_writes && let Some(activity) = self.activity.take_if(export) {
            let written = self.export(&activity.run, world, now);
            self.report_links(world, now);
            let ending = Ending { result: LOST_WITH_SERVICE, counters: written.counters };
            self.file(&activity.run, ending, now);
        }
        self.stop_service(now);
    }

    /// What the faults of the host make of a run whose time is over; none if they leave it alone.
    pub(super) fn spoiled(&mut self, run: &Run, world: &mut World, now: Timestamp) -> Option<Ending> {
        let faults = world.faults.host_at(&self.facts.host_name, now)?;
        let reads_or_writes =
            !matches!(run.profile, RunProfile::FullSynchronization | RunProfile::DeltaSynchronization);
        let result = if faults.crash_in_run {
            LOST_WITH_SERVICE
        } else if faults.database_full {
            DATABASE_FULL
        } else if reads_or_writes && self.is_cut_off_by(faults, run.connector) {
            NO_DOMAIN_CONTROLLER
        } else {
            return None;
        };
        if result == LOST_WITH_SERVICE {
            self.stop_service(now);
            if let Some(faults) = world.faults.hosts.get_mut(&self.facts.host_name) {
                faults.crash_in_run = false;
            }
        }
        self.saved_for_run = None;
        Some(Ending::not_started(result))
    }

    /// Whether the host reaches no domain controller for one of a connector's domains just now.
    pub(super) fn reaches_no_domain_controller(
        &self,
        connector: Uuid,
        world: &World,
        now: Timestamp,
    ) -> bool {
        let faults = world.faults.host_at(&self.facts.host_name, now);
        faults.is_some_and(|faults| self.is_cut_off_by(faults, connector))
    }

    fn is_cut_off_by(&self, faults: &HostFaults, connector: Uuid) -> bool {
        let partitions = self.selections.get(&connector).map(Selection::partitions).unwrap_or_default();
        partitions.iter().any(|partition| faults.cuts_off(&partition.domain.dns_domain()))
    }

    /// A new server of that name, set up with this one's containers and features and the rules it was installed with.
    #[must_use]
    pub fn twin(&self, host_name: &str, staging: bool) -> Self {
        let mut facts = HostFacts::current(host_name);
        facts.version = Some(self.build());
        let mut twin = Self::from_configuration(&self.configuration, facts);
        twin.set_staging(staging);
        twin
    }

    /// A connector by its identifier, or by its name in any case.
    pub fn connector_named(&self, wanted: &str) -> Option<Uuid> {
        let is = |id: &Uuid, name: &str| wanted.parse() == Ok(*id) || name.eq_ignore_ascii_case(wanted);
        let mut known = self.configuration.connectors.iter();
        known.find(|known| is(&known.identifier, &known.name)).map(|known| known.identifier)
    }
}
