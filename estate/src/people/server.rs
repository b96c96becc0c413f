//! What people do to a sync server at its console: wizard, runs by hand, rules editor, service, setup. Pure.

use adsync::ENTRA_CONNECTOR_ID;
use adsync::protocol::{CyclePolicy, HostErrorCode, Operation, RunProfile, SchedulerChange};
use adsync::rule::Rule;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{ActError, Done};
use crate::adsync_engine::SyncServer;
use crate::engine::Answer;
use crate::estate::Estate;

/// One deed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ServerAction {
    /// `Start-ADSyncSyncCycle` by hand; works while the scheduler is off.
    StartCycle {
        /// What kind.
        policy_type: CyclePolicy,
    },
    /// `Stop-ADSyncSyncCycle` by hand.
    StopCycle,
    /// One run profile by hand; works while the scheduler is off.
    RunProfile {
        /// The connector, by identifier or name.
        connector: String,
        /// The profile.
        profile: RunProfile,
    },
    /// An export to Entra by hand, which staging mode does not prevent.
    /// Source: Microsoft, Entra Connect Sync staging server page.
    ForceExport,
    /// The scheduler is switched on or off, for all servers.
    SetScheduler {
        /// On?
        enabled: bool,
    },
    /// Any operation of the host protocol, by hand.
    Operate {
        /// The operation.
        operation: Operation,
    },
    /// The wizard is opened: the scheduler is suspended.
    OpenWizard,
    /// The wizard is closed without a change.
    CloseWizard,
    /// The wizard is gone through to "Configure".
    CompleteWizard,
    /// Staging mode is turned on or off in the wizard.
    SetStaging {
        /// On?
        staging: bool,
    },
    /// This server takes over: it leaves staging mode, and every other server that can be reached goes into it. One that
    /// cannot be reached stays as it is, and there are two active servers when it is back.
    FailOver,
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
    /// Password writeback is turned on or off; turning it on takes it away from cloud sync.
    SetPasswordWriteback {
        /// On?
        on: bool,
    },
    /// A custom rule is added in the rules editor.
    AddRule {
        /// The rule; its identifier is a new one.
        rule: Box<Rule>,
    },
    /// A rule is edited.
    EditRule {
        /// The rule with its new content, under its identifier.
        rule: Box<Rule>,
    },
    /// A rule is removed.
    RemoveRule {
        /// The rule, by identifier or name.
        rule: String,
    },
    /// A rule is given another precedence.
    SetRulePrecedence {
        /// The rule, by identifier or name.
        rule: String,
        /// The new precedence.
        precedence: u32,
    },
    /// A rule is disabled or enabled.
    SetRuleDisabled {
        /// The rule, by identifier or name.
        rule: String,
        /// Disabled?
        disabled: bool,
    },
    /// The product upgrades itself.
    UpgradeByItself {
        /// The new build.
        build: String,
    },
    /// The host restarts.
    RestartHost,
    /// The service `ADSync` crashes, and with it whatever runs.
    CrashService {
        /// The writes of an export that runs have been made by then, and the engine has not noted it.
        #[serde(default)]
        after_writes: bool,
    },
    /// The product is removed. Objects in the tenant stay.
    Uninstall,
    /// Somebody sets up a server that nobody knows of, with the containers of another one and the rules that one was
    /// installed with. Its first cycle is due at once.
    Install {
        /// The server whose configuration is imported at setup.
        like: String,
        /// In staging mode?
        #[serde(default)]
        staging: bool,
    },
}

impl ServerAction {
    /// Does it. An operation tells its answer.
    pub(super) fn carry_out(self, estate: &mut Estate, name: &str) -> Result<Done, ActError> {
        match self {
            Self::Operate { operation } => operate(estate, name, &operation),
            Self::StartCycle { policy_type } => {
                operate(estate, name, &Operation::StartSyncCycle { policy_type })
            }
            Self::StopCycle => operate(estate, name, &Operation::StopSyncCycle),
            Self::SetScheduler { enabled } => {
                let change =
                    SchedulerChange { sync_cycle_enabled: Some(enabled), next_sync_cycle_policy_type: None };
                operate(estate, name, &Operation::SetScheduler(change))
            }
            Self::RunProfile { connector, profile } => {
                let found = at_console(estate, name, |server| Ok(server.connector_named(&connector)))?;
                let connector = found.ok_or(ActError::NotFound { what: "connector", name: connector })?;
                operate(estate, name, &Operation::InvokeRunProfile { connector, profile })
            }
            Self::ForceExport => {
                let (connector, profile) = (ENTRA_CONNECTOR_ID, RunProfile::Export);
                operate(estate, name, &Operation::InvokeRunProfile { connector, profile })
            }
            Self::AddRule { rule } => {
                if rules(estate, name)?.iter().any(|known| known.identifier == rule.identifier) {
                    let text = format!("a rule {} exists: edit it instead", rule.identifier);
                    return Err(ActError::Refused(text));
                }
                operate(estate, name, &Operation::AddRule { rule })
            }
            Self::EditRule { rule } => {
                let identifier = rule.identifier.to_string();
                edit_rule(estate, name, &identifier, |held| *held = *rule)
            }
            Self::RemoveRule { rule } => {
                let identifier = find_rule(estate, name, &rule)?.identifier;
                operate(estate, name, &Operation::RemoveRule { identifier })
            }
            Self::SetRulePrecedence { rule, precedence } => {
                edit_rule(estate, name, &rule, |held| held.precedence = precedence)
            }
            Self::SetRuleDisabled { rule, disabled } => {
                edit_rule(estate, name, &rule, |held| held.disabled = disabled)
            }
            Self::FailOver => fail_over(estate, name),
            Self::Install { like, staging } => install(estate, name, &like, staging),
            other => other.at_the_console(estate, name).map(|()| Done::Quietly),
        }
    }

    fn at_the_console(self, estate: &mut Estate, name: &str) -> Result<(), ActError> {
        let done = estate.with_server(name, |engine, world, now| {
            let server = engine.as_any().downcast_mut::<SyncServer>();
            let server = server.ok_or_else(|| foreign(name))?;
            match self {
                Self::OpenWizard => server.open_wizard(),
                Self::CloseWizard => server.close_wizard(),
                Self::CompleteWizard => server.complete_wizard(world, now),
                Self::SetPasswordWriteback { on } => server.set_password_writeback(on, world),
                Self::SetStaging { staging } => server.set_staging(staging),
                Self::SelectContainers { connector, partition, inclusion, exclusion } => {
                    let found = server.select_containers(connector, &partition, inclusion, exclusion);
                    let missing = ActError::NotFound { what: "partition", name: partition };
                    return found.then_some(()).ok_or(missing);
                }
                Self::SetPasswordHashSync { connector, on } => server.set_password_hash_sync(connector, on),
                Self::UpgradeByItself { build } => {
                    let enabled = world.tenant.settings.scheduler.sync_cycle_enabled;
                    server
                        .upgrade_by_itself(&build, enabled)
                        .map_err(|refused| ActError::Refused(refused.to_string()))?;
                }
                Self::RestartHost => server.restart_host(now),
                Self::CrashService { after_writes } => server.crash(after_writes, world, now),
                Self::Uninstall => server.uninstall(now),
                _ => {}
            }
            Ok(())
        });
        done.unwrap_or_else(|| Err(unknown(name)))
    }
}

fn unknown(name: &str) -> ActError {
    ActError::NotFound { what: "sync server", name: name.to_owned() }
}

fn foreign(name: &str) -> ActError {
    ActError::Refused(format!("{name} is no ADSync engine"))
}

/// Looks at a server or changes it.
fn at_console<T>(
    estate: &mut Estate,
    name: &str,
    look: impl FnOnce(&mut SyncServer) -> Result<T, ActError>,
) -> Result<T, ActError> {
    let seen = estate.with_server(name, |engine, _, _| {
        let server = engine.as_any().downcast_mut::<SyncServer>();
        server.ok_or_else(|| foreign(name)).and_then(look)
    });
    seen.unwrap_or_else(|| Err(unknown(name)))
}

/// An operation of the host protocol, by a person: what is wrong with the agent's way to the host does not concern them.
fn operate(estate: &mut Estate, name: &str, operation: &Operation) -> Result<Done, ActError> {
    match estate.handle(name, operation) {
        None => Err(unknown(name)),
        Some(Answer::Now(Ok(Value::Null))) => Ok(Done::Quietly),
        Some(Answer::Now(Ok(value))) => Ok(Done::Answer(value)),
        Some(Answer::Now(Err(error))) if error.code == HostErrorCode::BadRequest => {
            Err(ActError::BadRequest(error.to_string()))
        }
        Some(Answer::Now(Err(error))) => Err(ActError::Refused(error.to_string())),
        Some(Answer::WhenRunEnds(run)) => Ok(Done::Run { run_history_id: run }),
    }
}

fn read<T: DeserializeOwned>(estate: &mut Estate, name: &str, operation: &Operation) -> Result<T, ActError> {
    match operate(estate, name, operation)? {
        Done::Answer(value) => {
            serde_json::from_value(value).map_err(|error| ActError::Refused(error.to_string()))
        }
        _ => Err(ActError::Refused(format!("{name} gave no answer"))),
    }
}

fn rules(estate: &mut Estate, name: &str) -> Result<Vec<Rule>, ActError> {
    read(estate, name, &Operation::GetRules)
}

/// A rule by identifier or name.
fn find_rule(estate: &mut Estate, name: &str, wanted: &str) -> Result<Rule, ActError> {
    let is = |rule: &Rule| wanted.parse() == Ok(rule.identifier) || rule.name == wanted;
    let found = rules(estate, name)?.into_iter().find(is);
    found.ok_or_else(|| ActError::NotFound { what: "rule", name: wanted.to_owned() })
}

fn edit_rule(
    estate: &mut Estate,
    name: &str,
    wanted: &str,
    edit: impl FnOnce(&mut Rule),
) -> Result<Done, ActError> {
    let mut rule = find_rule(estate, name, wanted)?;
    edit(&mut rule);
    operate(estate, name, &Operation::AddRule { rule: Box::new(rule) })
}

fn fail_over(estate: &mut Estate, name: &str) -> Result<Done, ActError> {
    at_console(estate, name, |server| {
        server.set_staging(false);
        Ok(())
    })?;
    let reachable = |other: &&String| {
        let now = estate.now();
        !estate.world.faults.host_at(other, now).is_some_and(|faults| faults.unreachable)
    };
    let others: Vec<String> =
        estate.server_names().filter(|other| *other != name).map(str::to_owned).collect();
    let others: Vec<String> = others.iter().filter(reachable).cloned().collect();
    for other in others {
        at_console(estate, &other, |server| {
            server.set_staging(true);
            Ok(())
        })?;
    }
    Ok(Done::Quietly)
}

fn install(estate: &mut Estate, name: &str, like: &str, staging: bool) -> Result<Done, ActError> {
    if estate.server(name).is_some() {
        return Err(ActError::Refused(format!("there is a sync server named {name} already")));
    }
    let server = at_console(estate, like, |known| Ok(known.twin(name, staging)))?;
    estate.add_server(Box::new(server));
    Ok(Done::Quietly)
}
