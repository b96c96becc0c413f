//! Answers the ADSync host protocol.

use adsync::protocol::{
    AutoUpgradeState, ConnectorRunStatus, CyclePolicy, HostError, HostErrorCode, HostInformation, Operation,
    PROTOCOL_VERSION, RunProfile, Scheduler, SchedulerChange, ServiceStartType,
};
use adsync::protocol::{EngineInformation, Features, GlobalSettings, PasswordHashCycle};
use adsync::rule::Rule;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::rules::RuleStoreError;
use super::run::Activity;
use super::server::SyncServer;
use crate::clock::later;
use crate::engine::Answer;
use crate::tenant::DeletionPrevention;
use crate::world::World;

/// First build whose deletion threshold cmdlets want a person to sign in
/// (Microsoft, Entra Connect reference, 2.6.84.0).
const INTERACTIVE_THRESHOLD: [u32; 4] = [2, 6, 84, 0];

/// An answer before it is serialised.
pub(super) type Reply<T> = Result<T, HostError>;

pub(super) fn refuse<T>(code: HostErrorCode, message: impl Into<String>) -> Reply<T> {
    Err(HostError { code, message: message.into() })
}

fn answer<T: Serialize>(reply: Reply<T>) -> Answer {
    Answer::Now(reply.and_then(|value| {
        serde_json::to_value(value)
            .map_err(|error| HostError { code: HostErrorCode::Failed, message: error.to_string() })
    }))
}

impl SyncServer {
    /// Answers one operation.
    pub(super) fn answer(&mut self, operation: &Operation, now: Timestamp, world: &mut World) -> Answer {
        if let Err(refusal) = self.admit(operation) {
            return Answer::Now(Err(refusal));
        }
        match operation {
            Operation::GetHostInformation => answer(Ok(self.host_information(now, world))),
            Operation::GetScheduler => answer(Ok(self.scheduler(now, world))),
            Operation::SetScheduler(change) => {
                self.set_scheduler(change, now, world);
                answer(Ok(()))
            }
            Operation::StartSyncCycle { policy_type } => answer(self.start_by_hand(*policy_type, now, world)),
            Operation::StopSyncCycle => {
                self.stop_cycle(now);
                answer(Ok(()))
            }
            Operation::GetConnectorRunStatus => answer(Ok(self.run_status())),
            Operation::InvokeRunProfile { connector, profile } => {
                self.invoke(*connector, *profile, now, world)
            }
            Operation::GetRunResults { connector, number_requested } => {
                answer(Ok(self.run_results(*connector, *number_requested)))
            }
            Operation::GetConnectors => {
                let connectors = self.configuration.connectors.iter();
                answer(Ok(connectors
                    .map(adsync::configuration::ConnectorConfiguration::to_connector)
                    .collect::<Vec<_>>()))
            }
            Operation::GetConnectorStatistics { connector } => answer(self.statistics(*connector)),
            Operation::GetRules => answer(Ok(self.core.store.saved())),
            Operation::AddRule { rule } => answer(self.add_rule(rule)),
            Operation::RemoveRule { identifier } => {
                answer(self.core.store.remove(*identifier).map_err(|error| rule_error(&error)))
            }
            Operation::GetGlobalSettings => answer(Ok(self.global_settings())),
            Operation::ExportServerConfiguration { path } => answer(self.export_configuration(path)),
            Operation::GetCsObjects {
                connector,
                start_index,
                max_result_count,
                attributes,
                metaverse_attributes,
            } => answer(self.cs_objects(
                *connector,
                *start_index,
                *max_result_count,
                attributes,
                metaverse_attributes,
            )),
            Operation::GetPendingExports { connector, start_index, max_result_count } => {
                answer(self.pending_exports(*connector, *start_index, *max_result_count))
            }
            Operation::GetAutoUpgrade => answer(Ok(&self.auto_upgrade)),
            Operation::SetAutoUpgrade { state } => answer(self.set_auto_upgrade(*state)),
            Operation::GetFeatures => answer(Ok(self.features(world))),
            Operation::GetService => answer(Ok(self.service)),
            Operation::SetService { running, start_type } => {
                answer(self.set_service(*running, *start_type, now))
            }
            Operation::SearchDirectory(search) => answer(Self::search_directory(search, world)),
            Operation::CreateDirectoryObject { distinguished_name, object_class, attributes } => {
                answer(self.create_directory_object(distinguished_name, object_class, attributes, now, world))
            }
            Operation::ModifyDirectoryObject { distinguished_name, attributes } => {
                answer(self.modify_directory_object(distinguished_name, attributes, now, world))
            }
            Operation::DeleteDirectoryObject { distinguished_name } => {
                answer(Self::delete_directory_object(distinguished_name, now, world))
            }
        }
    }

    /// Cmdlets of the engine need the product and its service; those of host and directory do not.
    fn admit(&self, operation: &Operation) -> Reply<()> {
        match operation {
            Operation::GetHostInformation
            | Operation::GetService
            | Operation::SearchDirectory(_)
            | Operation::CreateDirectoryObject { .. }
            | Operation::ModifyDirectoryObject { .. }
            | Operation::DeleteDirectoryObject { .. } => Ok(()),
            _ if !self.service.installed => {
                refuse(HostErrorCode::NotFound, "the product is not installed on this host")
            }
            Operation::SetService { .. } => Ok(()),
            _ if !self.service.running => {
                refuse(HostErrorCode::ServiceStopped, "the service ADSync is stopped: start it first")
            }
            _ => Ok(()),
        }
    }

    fn host_information(&self, now: Timestamp, world: &World) -> HostInformation {
        let facts = &self.facts;
        let offset =
            world.faults.hosts.get(&facts.host_name).map(|faults| faults.clock_offset).unwrap_or_default();
        HostInformation {
            protocol_version: PROTOCOL_VERSION,
            host_name: facts.host_name.clone(),
            engine: self.service.installed.then(|| EngineInformation {
                product: facts.product,
                version: self.build(),
                installation_type: facts.installation_type.clone(),
            }),
            operating_system: facts.operating_system.clone(),
            operating_system_build: facts.operating_system_build.clone(),
            server_core: facts.server_core,
            domain_joined: facts.domain_joined,
            dot_net_version: facts.dot_net_version.clone(),
            power_shell_version: facts.power_shell_version.clone(),
            tls_registry: facts.tls_registry.clone(),
            sql: facts.sql.clone().filter(|_| self.service.installed),
            memory_mib: facts.memory_mib,
            provisioning_agent_version: world
                .agent_versions
                .on(&facts.host_name, &world.modes)
                .map(str::to_owned),
            boot_time: self.booted_at.map(|at| later(at, offset)),
            local_time: later(now, offset),
        }
    }

    fn scheduler(&self, now: Timestamp, world: &World) -> Scheduler {
        let shared = &world.tenant.settings.scheduler;
        Scheduler {
            allowed_sync_cycle_interval: world.intervals.cycle,
            currently_effective_sync_cycle_interval: Self::interval(world),
            customized_sync_cycle_interval: shared.customized_interval,
            next_sync_cycle_policy_type: self.next_policy,
            next_sync_cycle_start_time: shared.sync_cycle_enabled.then(|| self.next_cycle.unwrap_or(now)),
            sync_cycle_enabled: shared.sync_cycle_enabled,
            maintenance_enabled: shared.maintenance_enabled,
            staging_mode_enabled: self.staging,
            scheduler_suspended: self.wizard_open,
            sync_cycle_in_progress: self.cycle_runs(),
        }
    }

    /// Whether cycles start is one setting of the tenant for all servers; what the next one does is the server's own.
    fn set_scheduler(&mut self, change: &SchedulerChange, now: Timestamp, world: &mut World) {
        if let Some(policy) = change.next_sync_cycle_policy_type {
            self.next_policy = policy;
        }
        world.set_scheduler(change.sync_cycle_enabled, None, now);
    }

    fn start_by_hand(&mut self, policy: CyclePolicy, now: Timestamp, world: &World) -> Reply<()> {
        self.expect_idle()?;
        self.start_cycle(policy, world, now);
        Ok(())
    }

    fn expect_idle(&self) -> Reply<()> {
        if self.wizard_open {
            return refuse(HostErrorCode::Busy, "the wizard is open: close it first");
        }
        if self.activity.is_some() {
            return refuse(
                HostErrorCode::Busy,
                "a synchronization is in progress: try again when it has ended",
            );
        }
        Ok(())
    }

    fn invoke(&mut self, connector: Uuid, profile: RunProfile, now: Timestamp, world: &World) -> Answer {
        if let Err(refusal) = self.expect_connector(connector).and_then(|()| self.expect_idle()) {
            return Answer::Now(Err(refusal));
        }
        let user = self.facts.operator_account.clone();
        let run = self.begin(connector, profile, &user, world, now);
        let id = run.id;
        self.activity = Some(Activity { run, cycle: None });
        Answer::WhenRunEnds(id)
    }

    /// Refuses a connector that this server does not have.
    pub(super) fn expect_connector(&self, connector: Uuid) -> Reply<()> {
        if self.core.spaces.contains_key(&connector) {
            return Ok(());
        }
        refuse(
            HostErrorCode::NotFound,
            format!("no connector has the identifier {connector}: read the connectors first"),
        )
    }

    fn run_status(&self) -> Vec<ConnectorRunStatus> {
        let runs = self.activity.iter();
        let status = |activity: &Activity| ConnectorRunStatus {
            connector: activity.run.connector,
            run_state: "Busy".to_owned(),
        };
        runs.map(status).collect()
    }

    fn run_results(&self, connector: Option<Uuid>, number: u32) -> Vec<adsync::protocol::RunResult> {
        let current = self.activity.as_ref().map(|activity| activity.run.result(None));
        let all = current.into_iter().chain(self.history.newest_first().cloned());
        let wanted = all.filter(|result| connector.is_none_or(|connector| connector == result.connector));
        wanted.take(usize::try_from(number).unwrap_or(usize::MAX)).collect()
    }

    fn add_rule(&mut self, rule: &Rule) -> Reply<Rule> {
        let internal_identifier = self.core.identifiers.next_id();
        self.core.store.save(rule.clone(), internal_identifier).cloned().map_err(|error| rule_error(&error))
    }

    fn global_settings(&self) -> GlobalSettings {
        let attributes = self.configuration.metaverse.attributes.iter();
        GlobalSettings {
            parameters: self.configuration.parameters.clone(),
            metaverse_attributes: attributes.map(|attribute| attribute.name.clone()).collect(),
        }
    }

    fn export_configuration(&self, path: &str) -> Reply<()> {
        let mut configuration = self.configuration.clone();
        configuration.rules = self.core.store.saved().into_iter().cloned().collect();
        configuration.write(std::path::Path::new(path)).map_err(|error| {
            let code = match error {
                adsync::configuration::WriteError::NotEmpty { .. } => HostErrorCode::BadRequest,
                _ => HostErrorCode::Failed,
            };
            HostError { code, message: error.to_string() }
        })
    }

    fn set_auto_upgrade(&mut self, state: AutoUpgradeState) -> Reply<()> {
        if state == AutoUpgradeState::Suspended {
            return refuse(
                HostErrorCode::BadRequest,
                "Suspended is set by the system only: ask for Enabled or Disabled",
            );
        }
        self.auto_upgrade.state = state;
        self.auto_upgrade.suspension_reason.clear();
        Ok(())
    }

    fn features(&self, world: &World) -> Features {
        let mut features = self.configuration.features();
        features.password_hash_sync = !self.hash_connectors().is_empty();
        features.export_deletion_threshold = match world.tenant.settings.deletion_prevention {
            _ if self.wants_sign_in() => None,
            DeletionPrevention::Disabled => Some(0),
            DeletionPrevention::EnabledForCount(limit) => Some(limit),
            // The cmdlet knows counts only.
            DeletionPrevention::EnabledForPercentage(_) => None,
        };
        features.password_hash_last_success = self
            .hash_connectors()
            .into_iter()
            .map(|connector| PasswordHashCycle {
                connector,
                last_success: self.hashes.last_success.get(&connector).copied(),
            })
            .collect();
        features
    }

    /// Whether the build asks a person to sign in before it shows the deletion threshold.
    fn wants_sign_in(&self) -> bool {
        let build: Vec<u32> = self.build().split('.').map_while(|part| part.parse().ok()).collect();
        build.as_slice() >= INTERACTIVE_THRESHOLD.as_slice()
    }

    fn set_service(
        &mut self,
        running: Option<bool>,
        start_type: Option<ServiceStartType>,
        now: Timestamp,
    ) -> Reply<()> {
        if let Some(start_type) = start_type {
            self.service.start_type = start_type;
        }
        match running {
            Some(true) if self.service.start_type == ServiceStartType::Disabled => {
                return refuse(
                    HostErrorCode::Failed,
                    "the service ADSync is disabled: change its start type first",
                );
            }
            Some(true) => self.start_service(now),
            Some(false) => self.stop_service(now),
            None => {}
        }
        Ok(())
    }
}

fn rule_error(error: &RuleStoreError) -> HostError {
    let code = match error {
        RuleStoreError::PrecedenceTaken { .. } => HostErrorCode::Conflict,
        RuleStoreError::PrecedenceReserved { .. } => HostErrorCode::BadRequest,
        RuleStoreError::UnknownConnector { .. } | RuleStoreError::NotFound { .. } => HostErrorCode::NotFound,
    };
    HostError { code, message: error.to_string() }
}
