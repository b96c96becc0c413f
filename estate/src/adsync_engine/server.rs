//! One sync server: database, schedule, service, and what people do to it in its wizard.

use std::collections::{BTreeMap, BTreeSet};

use adsync::configuration::{AttributeDefinition, AttributeSyntax, ServerConfiguration};
use adsync::protocol::{
    AutoUpgrade, AutoUpgradeState, ConnectorKind, CyclePolicy, ServiceStartType, ServiceState,
};
use jiff::Timestamp;
use sha2::Digest as _;
use uuid::Uuid;

use super::containers::Selection;
use super::core::Core;
use super::facts::HostFacts;
use super::history::History;
use super::import::{DirectoryWatermark, EntraNames};
use super::judge::ExpectedCache;
use super::password_hash::HashLoop;
use super::rules::{FlowError, RuleStore};
use super::run::{Activity, SavedForRun};
use crate::clock::Identifiers;
use crate::engine::Writer;
use crate::modes::WizardEnd;
use crate::password_writeback::WritebackEngine;
use crate::world::World;

/// Metaverse attribute that holds objects back; exports of older builds do not know it.
const CLOUD_NO_FLOW: &str = "cloudNoFlow";

/// Parameter of the exported configuration that holds the staging flag.
const STAGING_PARAMETER: &str = "Microsoft.Synchronize.StagingMode";

/// Parameter of the exported configuration that says whether passwords are written back.
const PASSWORD_WRITEBACK_PARAMETER: &str = "Microsoft.OptionalFeature.PasswordWriteback";

/// A sync server with its own database and rules.
#[derive(Debug)]
pub struct SyncServer {
    pub(super) facts: HostFacts,
    /// As exported, with what changed since; its rules are those of `core.store`.
    pub(super) configuration: ServerConfiguration,
    pub(super) core: Core,
    pub(super) selections: BTreeMap<Uuid, Selection>,
    pub(super) watermarks: BTreeMap<Uuid, DirectoryWatermark>,
    pub(super) entra_names: EntraNames,
    pub(super) entra_watermark: u64,
    /// When each connector's last import ended well.
    pub(super) last_import: BTreeMap<Uuid, Timestamp>,
    /// Connectors whose filter changed: the next cycle reads them in full.
    pub(super) import_in_full: BTreeSet<Uuid>,
    pub(super) history: History,
    pub(super) activity: Option<Activity>,
    pub(super) saved_for_run: Option<SavedForRun>,
    pub(super) next_policy: CyclePolicy,
    /// When the next cycle is due; none before the clock is known.
    pub(super) next_cycle: Option<Timestamp>,
    pub(super) staging: bool,
    pub(super) wizard_open: bool,
    pub(super) service: ServiceState,
    /// When the host last restarted; none before the first time.
    pub(super) booted_at: Option<Timestamp>,
    pub(super) auto_upgrade: AutoUpgrade,
    pub(super) hashes: HashLoop,
    pub(super) expected: ExpectedCache,
}

impl SyncServer {
    /// A server that was installed with an exported configuration: its rules are in force, its database is empty.
    ///
    /// The metaverse schema gets `cloudNoFlow` where the export lacks it. The server is in staging mode if the export says
    /// so; its service runs.
    pub fn from_configuration(configuration: &ServerConfiguration, facts: HostFacts) -> Self {
        let mut configuration = configuration.clone();
        configuration.metaverse.add_attribute(AttributeDefinition {
            name: CLOUD_NO_FLOW.to_owned(),
            syntax: AttributeSyntax::Boolean,
            multi_valued: false,
        });
        let connectors = configuration.connectors.iter().map(|connector| connector.identifier);
        let store = RuleStore::new(configuration.rules.iter().cloned(), connectors);
        let identifiers = Identifiers::new(seed_of(&facts.host_name));
        let mut core = Core::new(&configuration.connectors, &configuration.metaverse, store, identifiers);
        let directories = configuration
            .connectors
            .iter()
            .filter(|connector| connector.kind == ConnectorKind::ActiveDirectory);
        let selections = directories
            .map(|connector| (connector.identifier, Selection::new(connector)))
            .collect::<BTreeMap<_, _>>();
        let entra = configuration.connectors.iter().find(|connector| connector.kind == ConnectorKind::Entra);
        let entra_names = entra.map(|entra| EntraNames::new(entra, &mut core.symbols)).unwrap_or_default();
        let staging = configuration
            .parameter(STAGING_PARAMETER)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let auto_upgrade = AutoUpgrade {
            state: match configuration.parameter("Microsoft.OptionalFeature.AutoUpgradeState") {
                Some("Enabled") => AutoUpgradeState::Enabled,
                Some("Suspended") => AutoUpgradeState::Suspended,
                _ => AutoUpgradeState::Disabled,
            },
            suspension_reason: configuration
                .parameter("Microsoft.OptionalFeature.AutoUpgradeSuspensionReason")
                .unwrap_or_default()
                .to_owned(),
        };
        Self {
            watermarks: selections.keys().map(|connector| (*connector, DirectoryWatermark::new())).collect(),
            selections,
            core,
            entra_names,
            entra_watermark: 0,
            last_import: BTreeMap::new(),
            import_in_full: BTreeSet::new(),
            history: History::default(),
            activity: None,
            saved_for_run: None,
            next_policy: CyclePolicy::Delta,
            next_cycle: None,
            staging,
            wizard_open: false,
            service: ServiceState {
                installed: true,
                running: true,
                start_type: ServiceStartType::Automatic,
                last_started_at: None,
            },
            booted_at: None,
            auto_upgrade,
            hashes: HashLoop::default(),
            expected: ExpectedCache::default(),
            configuration,
            facts,
        }
    }

    /// Who the server is in the log.
    pub(super) fn writer(&self) -> Writer {
        Writer::connect(self.facts.host_name.clone())
    }

    /// Why objects were not synchronized, or flows had no value: name of the object and the errors.
    pub fn flow_errors(&self) -> Vec<(String, Vec<FlowError>)> {
        let spaces = self.core.spaces.values();
        let failed = spaces.flat_map(super::space::Space::iter).filter(|object| !object.errors.is_empty());
        failed.map(|object| (object.dn.clone(), object.errors.clone())).collect()
    }

    /// A person turns staging mode on or off in the wizard. It is the server's own setting, unlike the scheduler's.
    pub fn set_staging(&mut self, staging: bool) {
        self.staging = staging;
        self.configuration.set_parameter(STAGING_PARAMETER, if staging { "True" } else { "False" });
    }

    /// A person opens the wizard: the scheduler is suspended until it is closed.
    pub fn open_wizard(&mut self) {
        self.wizard_open = true;
    }

    /// A person closes the wizard and changes nothing.
    pub fn close_wizard(&mut self) {
        self.wizard_open = false;
    }

    /// A person goes through the wizard to "Configure": rules and connectors stay, the scheduler may be on afterwards.
    pub fn complete_wizard(&mut self, world: &mut World, now: Timestamp) {
        self.wizard_open = false;
        if world.modes.wizard_end == WizardEnd::EnablesScheduler {
            world.set_scheduler(Some(true), None, now);
        }
    }

    /// A person turns password writeback on or off in the wizard. Turning it on takes it away from whoever had it.
    pub fn set_password_writeback(&mut self, on: bool, world: &mut World) {
        self.configuration.set_parameter(PASSWORD_WRITEBACK_PARAMETER, if on { "True" } else { "False" });
        if on {
            world.password_writeback.take(WritebackEngine::Connect);
        } else {
            world.password_writeback.give_up(WritebackEngine::Connect);
        }
    }

    /// A person selects other containers of a partition. The next cycle reads and synchronizes the connector in full, and
    /// only then do objects come and go. False if there is no such partition.
    pub fn select_containers(
        &mut self,
        connector: Uuid,
        partition: &str,
        inclusion: Vec<String>,
        exclusion: Vec<String>,
    ) -> bool {
        let Some(configured) =
            self.configuration.connectors.iter_mut().find(|known| known.identifier == connector)
        else {
            return false;
        };
        let Some(selected) = configured
            .partitions
            .iter_mut()
            .find(|known| known.partition.distinguished_name.eq_ignore_ascii_case(partition))
        else {
            return false;
        };
        selected.partition.container_inclusion = inclusion;
        selected.partition.container_exclusion = exclusion;
        self.selections.insert(connector, Selection::new(configured));
        self.import_in_full.insert(connector);
        self.core.store.need_full(connector);
        true
    }

    /// A person turns password hash synchronization of an AD connector on or off.
    pub fn set_password_hash_sync(&mut self, connector: Uuid, on: bool) {
        for known in self.configuration.connectors.iter_mut().filter(|known| known.identifier == connector) {
            known.password_hash_sync = Some(on);
        }
    }

    /// A person changes a global parameter, such as `Microsoft.OptionalFeature.DeviceWriteUp`: features and settings show it.
    pub fn set_parameter(&mut self, name: &str, value: &str) {
        self.configuration.set_parameter(name, value);
    }

    /// The host restarts: what ran is lost, and the service comes back if it starts by itself.
    pub fn restart_host(&mut self, now: Timestamp) {
        self.stop_service(now);
        self.booted_at = Some(now);
        if self.service.installed && self.service.start_type == ServiceStartType::Automatic {
            self.start_service(now);
        }
    }

    /// The service comes up; the system's log notes when.
    pub(super) fn start_service(&mut self, now: Timestamp) {
        if !self.service.running {
            self.service.running = true;
            self.service.last_started_at = Some(now);
            self.restart_hash_loop();
        }
    }

    /// A person removes the product. The database is gone with it; objects in the tenant stay as they are.
    pub fn uninstall(&mut self, now: Timestamp) {
        self.stop_service(now);
        self.service.installed = false;
    }

    /// The product upgrades itself: the build changes, standard rules are as shipped again, custom ones stay, and the next
    /// cycle is a full one. Source: Microsoft, automatic upgrade page (it does not happen while the scheduler is off).
    ///
    /// # Errors
    /// Why it did not happen.
    pub fn upgrade_by_itself(&mut self, build: &str, scheduler_enabled: bool) -> Result<(), UpgradeRefused> {
        if self.auto_upgrade.state != AutoUpgradeState::Enabled {
            return Err(UpgradeRefused::NotEnabled);
        }
        if !scheduler_enabled || self.wizard_open {
            return Err(UpgradeRefused::SchedulerOff);
        }
        if self.activity.is_some() || !self.service.running {
            return Err(UpgradeRefused::Busy);
        }
        self.facts.version = Some(build.to_owned());
        self.core.store.reset_standard(self.configuration.rules.iter().filter(|rule| rule.is_standard()));
        let connectors: Vec<Uuid> = self.core.spaces.keys().copied().collect();
        for connector in connectors {
            self.core.store.need_full(connector);
            self.import_in_full.insert(connector);
        }
        Ok(())
    }

    /// The build to report.
    pub(super) fn build(&self) -> String {
        self.facts
            .version
            .clone()
            .or_else(|| self.configuration.build().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Name of a connector.
    pub(super) fn connector_name(&self, connector: Uuid) -> String {
        self.configuration.connector(connector).map(|known| known.name.clone()).unwrap_or_default()
    }
}

/// Why an automatic upgrade did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeRefused {
    /// Automatic upgrade is disabled or suspended.
    #[error("automatic upgrade is not enabled: enable it first")]
    NotEnabled,
    /// The scheduler is off or suspended.
    #[error("the scheduler is off or suspended: switch it on first")]
    SchedulerOff,
    /// A run goes on, or the service is stopped.
    #[error("the engine is busy or stopped: try again later")]
    Busy,
}

/// A server's identifiers depend on its name only, so that two servers never share them and a run can be repeated.
fn seed_of(host_name: &str) -> u64 {
    let digest = sha2::Sha256::digest(host_name.to_lowercase());
    digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}
