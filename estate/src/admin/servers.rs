//! What people do to a sync server at its console, through the admin endpoint. Pure.

use adsync::protocol::{CyclePolicy, Operation};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::AdminError;
use crate::adsync_engine::SyncServer;
use crate::engine::Answer;
use crate::estate::Estate;

/// One deed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ServerAction {
    /// `Start-ADSyncSyncCycle` by hand; works while the scheduler is off.
    StartCycle {
        /// What kind.
        policy_type: CyclePolicy,
    },
    /// Any operation of the host protocol, by hand.
    Operate {
        /// The operation.
        operation: Operation,
    },
    /// The wizard is opened: the scheduler is suspended.
    OpenWizard,
    /// The wizard is closed.
    CloseWizard,
    /// Staging mode is turned on or off in the wizard.
    SetStaging {
        /// On?
        staging: bool,
    },
    /// Other containers of a domain are selected in the wizard.
    SelectContainers {
        /// The AD connector.
        connector: Uuid,
        /// Distinguished name of the domain.
        partition: String,
        /// Selected containers.
        inclusion: Vec<String>,
        /// Containers below them that are not.
        exclusion: Vec<String>,
    },
    /// Password hash synchronization of an AD connector is turned on or off.
    SetPasswordHashSync {
        /// The AD connector.
        connector: Uuid,
        /// On?
        on: bool,
    },
    /// The product upgrades itself.
    UpgradeByItself {
        /// The new build.
        build: String,
    },
    /// The host restarts.
    RestartHost,
    /// The product is removed. Objects in the tenant stay.
    Uninstall,
}

impl ServerAction {
    /// Does it. Returns what an operation answers, else null.
    pub(super) fn carry_out(self, estate: &mut Estate, name: &str) -> Result<Value, AdminError> {
        let operation = match self {
            Self::StartCycle { policy_type } => Operation::StartSyncCycle { policy_type },
            Self::Operate { operation } => operation,
            other => return other.at_the_console(estate, name).map(|()| Value::Null),
        };
        match estate.handle(name, &operation) {
            None => Err(AdminError::NotFound { what: "sync server", name: name.to_owned() }),
            Some(Answer::Now(Ok(value))) => Ok(value),
            Some(Answer::Now(Err(error))) => Err(AdminError::Refused(error.to_string())),
            Some(Answer::WhenRunEnds(run)) => Ok(json!({"runHistoryId": run})),
        }
    }

    fn at_the_console(self, estate: &mut Estate, name: &str) -> Result<(), AdminError> {
        let done = estate.with_server(name, |engine, world, now| {
            let server = engine.as_any().downcast_mut::<SyncServer>();
            let server = server.ok_or_else(|| AdminError::Refused(format!("{name} is no ADSync engine")))?;
            match self {
                Self::OpenWizard => server.open_wizard(),
                Self::CloseWizard => server.close_wizard(),
                Self::SetStaging { staging } => server.set_staging(staging),
                Self::SelectContainers { connector, partition, inclusion, exclusion } => {
                    if !server.select_containers(connector, &partition, inclusion, exclusion) {
                        return Err(AdminError::NotFound { what: "partition", name: partition });
                    }
                }
                Self::SetPasswordHashSync { connector, on } => server.set_password_hash_sync(connector, on),
                Self::UpgradeByItself { build } => {
                    let enabled = world.tenant.settings.scheduler.sync_cycle_enabled;
                    server
                        .upgrade_by_itself(&build, enabled)
                        .map_err(|refused| AdminError::Refused(refused.to_string()))?;
                }
                Self::RestartHost => server.restart_host(now),
                Self::Uninstall => server.uninstall(now),
                Self::StartCycle { .. } | Self::Operate { .. } => {}
            }
            Ok(())
        });
        done.unwrap_or_else(|| Err(AdminError::NotFound { what: "sync server", name: name.to_owned() }))
    }
}
