//! The engine as a host: every operation of the protocol the agent uses.

use std::sync::{Arc, Mutex};

use adsync::protocol::*;
use jiff::SignedDuration;
use serde_json::Value;
use uuid::Uuid;

use super::Crash;
use super::engine::{AGENT, Engine, ends_with};
use crate::host::{AdsyncHost, HostCallError, operation_name};

/// Clones share one engine.
#[derive(Debug, Clone)]
pub(crate) struct ModelHost {
    pub(crate) engine: Arc<Mutex<Engine>>,
    pub(crate) crash: Crash,
}

impl AdsyncHost for ModelHost {
    async fn call(&mut self, operation: Operation) -> Result<Value, HostCallError> {
        let name = operation_name(&operation);
        let answer = self.engine.lock().unwrap().answer(operation);
        if self.crash.point() {
            std::future::pending::<()>().await;
        }
        answer.map_err(|code| HostCallError::Refused {
            operation: name,
            error: HostError { code, message: "the model says no".to_owned() },
        })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the last word of every operation")]
fn value<T: serde::Serialize>(value: T) -> Result<Value, HostErrorCode> {
    Ok(serde_json::to_value(value).unwrap())
}

/// Small pages, so that paging is exercised.
const PAGE: usize = 2;

fn page<T: Clone>(all: &[T], start: u32) -> (Vec<T>, Option<u32>) {
    let start = start as usize;
    let end = (start + PAGE).min(all.len());
    let next = (end < all.len()).then(|| u32::try_from(end).unwrap());
    (all.get(start..end).unwrap_or_default().to_vec(), next)
}

impl Engine {
    #[expect(clippy::too_many_lines, reason = "one arm for each operation")]
    fn answer(&mut self, operation: Operation) -> Result<Value, HostErrorCode> {
        let name = operation_name(&operation);
        if self.errors.front().is_some_and(|(wanted, _)| *wanted == name) {
            return Err(self.errors.pop_front().unwrap().1);
        }
        let without_service = matches!(
            operation,
            Operation::GetHostInformation
                | Operation::GetService
                | Operation::SetService { .. }
                | Operation::SearchDirectory(_)
                | Operation::CreateDirectoryObject { .. }
                | Operation::ModifyDirectoryObject { .. }
                | Operation::DeleteDirectoryObject { .. }
                | Operation::GetAutoUpgrade
        );
        if !self.service.running && !without_service {
            return Err(HostErrorCode::ServiceStopped);
        }
        match operation {
            Operation::GetHostInformation => value(self.information()),
            Operation::GetScheduler => value(self.scheduler()),
            Operation::SetScheduler(change) => {
                let enabled = change.sync_cycle_enabled.unwrap();
                self.log.push(format!("scheduler {}", if enabled { "on" } else { "off" }));
                self.enabled = enabled;
                self.next_cycle = self.now + self.interval;
                if let Some(also) = self.after_switch {
                    also(self);
                }
                value(())
            }
            Operation::StartSyncCycle { .. } => {
                if self.is_busy() || self.suspended {
                    return Err(HostErrorCode::Busy);
                }
                self.log.push("cycle".to_owned());
                self.cycle_until = Some(self.now + SignedDuration::from_secs(20));
                value(())
            }
            Operation::GetConnectorRunStatus => {
                let running = self.is_busy().then(|| ConnectorRunStatus {
                    connector: self.connectors[0].identifier,
                    run_state: "Busy".to_owned(),
                });
                value(running.into_iter().collect::<Vec<_>>())
            }
            Operation::InvokeRunProfile { connector, profile } => {
                if self.is_busy() {
                    return Err(HostErrorCode::Busy);
                }
                let run = self.run(connector, profile, AGENT);
                self.log.push(format!("run {profile:?} on {}", run.connector_name));
                value(run)
            }
            Operation::GetRunResults { connector, number_requested } => {
                let runs =
                    self.runs.iter().rev().filter(|run| connector.is_none_or(|id| id == run.connector));
                value(runs.take(number_requested as usize).collect::<Vec<_>>())
            }
            Operation::GetConnectors => value(&self.connectors),
            Operation::GetConnectorStatistics { connector } => value(self.statistics(connector)),
            Operation::GetRules => value(&self.rules),
            Operation::AddRule { rule } => self.add_rule(*rule),
            Operation::RemoveRule { identifier } => {
                let before = self.rules.len();
                self.rules.retain(|rule| rule.identifier != identifier);
                if before == self.rules.len() {
                    return Err(HostErrorCode::NotFound);
                }
                self.log.push("rule removed".to_owned());
                value(())
            }
            Operation::GetGlobalSettings => value(GlobalSettings {
                parameters: vec![NamedValue {
                    name: "Microsoft.SynchronizationOption.AnchorAttribute".to_owned(),
                    value: "mS-DS-ConsistencyGuid".to_owned(),
                }],
                metaverse_attributes: vec!["cloudNoFlow".to_owned()],
            }),
            Operation::ExportServerConfiguration { path } => {
                self.exported_files.insert(path, super::export::files(self.defective_export));
                value(())
            }
            Operation::GetCsObjects { start_index, .. } => {
                let all = self.entra_objects();
                let (objects, next_index) = page(&all, start_index);
                value(CsObjectPage { objects, next_index })
            }
            Operation::GetPendingExports { connector, start_index, .. } => {
                let all = self.pending(connector);
                let (exports, next_index) = page(&all, start_index);
                value(PendingExportPage { exports, next_index })
            }
            Operation::GetAutoUpgrade => {
                value(AutoUpgrade { state: self.auto_upgrade, suspension_reason: String::new() })
            }
            Operation::SetAutoUpgrade { state } => {
                self.log.push(format!("auto upgrade {state:?}"));
                self.auto_upgrade = state;
                value(())
            }
            Operation::GetFeatures => value(&self.features),
            Operation::GetService => value(self.service),
            Operation::SetService { running, start_type } => {
                self.log.push(format!("service {running:?} {start_type:?}"));
                if running == Some(true) && !self.service.running {
                    self.service.last_started_at = Some(self.now);
                }
                self.service.running = running.unwrap_or(self.service.running);
                self.service.start_type = start_type.unwrap_or(self.service.start_type);
                value(())
            }
            Operation::SearchDirectory(search) => value(self.search(&search)),
            Operation::CreateDirectoryObject { distinguished_name, object_class, attributes } => {
                if self
                    .directory
                    .values()
                    .any(|o| !o.deleted && o.name.eq_ignore_ascii_case(&distinguished_name))
                {
                    return Err(HostErrorCode::Conflict);
                }
                self.log.push(format!("create {distinguished_name}"));
                let guid =
                    self.add(0x1000 + self.directory.len() as u128, &distinguished_name, &object_class);
                let object = self.directory.get_mut(&guid).unwrap();
                object.attributes.extend(attributes.into_iter().map(|a| (a.name, a.values)));
                value(self.entry(guid))
            }
            Operation::ModifyDirectoryObject { distinguished_name, attributes } => {
                self.log.push(format!("modify {distinguished_name}"));
                let guid = self.find(&distinguished_name)?;
                let object = self.directory.get_mut(&guid).unwrap();
                object.attributes.extend(attributes.into_iter().map(|a| (a.name, a.values)));
                value(())
            }
            Operation::DeleteDirectoryObject { distinguished_name } => {
                self.log.push(format!("delete {distinguished_name}"));
                let guid = self.find(&distinguished_name)?;
                self.directory.get_mut(&guid).unwrap().deleted = true;
                value(())
            }
            Operation::StopSyncCycle => {
                self.log.push("cycle stopped".to_owned());
                self.cycle_until = None;
                value(())
            }
        }
    }

    fn find(&self, name: &str) -> Result<Uuid, HostErrorCode> {
        let found = self.directory.iter().find(|(_, o)| !o.deleted && o.name.eq_ignore_ascii_case(name));
        found.map(|(guid, _)| *guid).ok_or(HostErrorCode::NotFound)
    }

    fn add_rule(&mut self, mut rule: adsync::rule::Rule) -> Result<Value, HostErrorCode> {
        if let Some(at) = self.snatched.iter().position(|taken| *taken == rule.precedence) {
            let mut other = super::engine::standard_rule();
            other.identifier = Uuid::from_u128(0x9999 + u128::from(self.snatched.remove(at)));
            other.immutable_tag = String::new();
            other.connector = super::AD;
            other.precedence = rule.precedence;
            self.rules.push(other);
        }
        if self.rules.iter().any(|r| r.precedence == rule.precedence && r.identifier != rule.identifier) {
            return Err(HostErrorCode::Conflict);
        }
        self.log.push(format!("rule {}", rule.name));
        self.rules.retain(|r| r.identifier != rule.identifier);
        rule.internal_identifier = Uuid::from_u128(0x7000 + self.log.len() as u128);
        rule.version += 1;
        self.rules.push(rule.clone());
        value(rule)
    }

    fn information(&self) -> HostInformation {
        HostInformation {
            protocol_version: PROTOCOL_VERSION,
            host_name: "SYNC01".to_owned(),
            engine: self.installed.then(|| EngineInformation {
                product: EngineProduct::EntraConnect,
                version: "2.6.92.0".to_owned(),
                installation_type: "Express".to_owned(),
            }),
            operating_system: "Windows Server 2022 Standard".to_owned(),
            operating_system_build: "10.0.20348".to_owned(),
            server_core: false,
            domain_joined: true,
            dot_net_version: "4.8".to_owned(),
            power_shell_version: "5.1.20348.2849".to_owned(),
            tls_registry: vec![],
            sql: None,
            memory_mib: 16384,
            provisioning_agent_version: None,
            boot_time: Some(self.booted_at),
            local_time: self.now,
        }
    }

    fn scheduler(&self) -> Scheduler {
        Scheduler {
            allowed_sync_cycle_interval: self.interval,
            currently_effective_sync_cycle_interval: self.interval,
            customized_sync_cycle_interval: None,
            next_sync_cycle_policy_type: CyclePolicy::Delta,
            next_sync_cycle_start_time: (self.enabled && self.plans).then_some(self.next_cycle),
            sync_cycle_enabled: self.enabled,
            maintenance_enabled: self.maintenance,
            staging_mode_enabled: self.staging,
            scheduler_suspended: self.suspended,
            sync_cycle_in_progress: self.is_busy(),
        }
    }

    fn statistics(&self, connector: Uuid) -> ConnectorStatistics {
        let pending = self.pending(connector);
        let count = |which| pending.iter().filter(|export| export.modification == which).count() as u64;
        ConnectorStatistics {
            export_adds: count(Modification::Add),
            export_updates: count(Modification::Update),
            export_deletes: count(Modification::Delete),
            total_connectors: self.space.len() as u64,
            ..ConnectorStatistics::default()
        }
    }

    fn entra_objects(&self) -> Vec<CsObject> {
        let object = |(guid, held): (&Uuid, &super::engine::Held)| CsObject {
            object_id: *guid,
            distinguished_name: Self::anchor(guid.as_u128()).to_connector_space_dn(),
            object_type: held.class.clone(),
            is_connector: true,
            connected_mv_object_id: Some(*guid),
            directory_names: vec![held.name.clone()],
            lineage: held
                .joined_without_flow
                .then(|| Lineage {
                    rule: Uuid::nil(),
                    rule_name: "no flow".to_owned(),
                    operation: adsync::rule::LinkType::JoinNoFlow,
                })
                .into_iter()
                .collect(),
            pending_export: held.pending.is_some(),
            has_export_error: false,
            has_sync_error: false,
            attributes: vec![],
            metaverse_attributes: held
                .no_flow
                .then(|| Attribute { name: "cloudNoFlow".to_owned(), values: vec!["True".to_owned()] })
                .into_iter()
                .collect(),
        };
        self.space.iter().map(object).collect()
    }

    fn pending(&self, connector: Uuid) -> Vec<PendingExport> {
        if connector != adsync::ENTRA_CONNECTOR_ID {
            return vec![];
        }
        let export = |(guid, held): (&Uuid, &super::engine::Held)| {
            Some(PendingExport {
                distinguished_name: Self::anchor(guid.as_u128()).to_connector_space_dn(),
                object_type: held.class.clone(),
                modification: held.pending?,
                attributes: vec![],
                cloud_no_flow: held.no_flow,
                retry: false,
            })
        };
        self.space.iter().filter_map(export).collect()
    }

    fn entry(&self, guid: Uuid) -> DirectoryEntry {
        let object = &self.directory[&guid];
        DirectoryEntry {
            distinguished_name: object.name.clone(),
            object_guid: guid,
            object_class: object.class.clone(),
            deleted: object.deleted,
            attributes: object
                .attributes
                .iter()
                .map(|(name, values)| Attribute { name: name.clone(), values: values.clone() })
                .collect(),
        }
    }

    fn search(&self, search: &DirectorySearch) -> DirectoryPage {
        let all: Vec<DirectoryEntry> = self
            .directory
            .iter()
            .filter(|(_, object)| {
                object.deleted == search.deleted
                    && ends_with(&object.name, &search.base)
                    && (search.object_classes.is_empty()
                        || search
                            .object_classes
                            .iter()
                            .any(|class| class.eq_ignore_ascii_case(&object.class)))
            })
            .map(|(guid, _)| self.entry(*guid))
            .collect();
        let start = search.cookie.as_deref().map_or(0, |cookie| cookie.parse().unwrap());
        let (entries, next) = page(&all, start);
        DirectoryPage { entries, cookie: next.map(|next| next.to_string()), highest_committed_usn: 1 }
    }
}
