//! The ADSync host as the agent sees it: one call at a time, typed answers. No IO here; [`crate::process_host`] has it.

use adsync::protocol::{
    Attribute, AutoUpgrade, AutoUpgradeState, Connector, ConnectorRunStatus, ConnectorStatistics,
    CsObjectPage, CyclePolicy, DirectoryEntry, DirectoryPage, DirectorySearch, Features, GlobalSettings,
    HostError, HostErrorCode, HostInformation, Operation, PendingExportPage, RunProfile, RunResult,
    Scheduler, SchedulerChange, ServiceStartType, ServiceState,
};
use adsync::rule::Rule;
use serde::de::DeserializeOwned;
use std::time::Duration;
use uuid::Uuid;

/// The other end of the ADSync host protocol.
pub trait AdsyncHost: Send {
    /// Asks for one operation and waits for its answer.
    ///
    /// # Errors
    /// [`HostCallError`]; after [`HostCallError::Lost`] and [`HostCallError::TimedOut`] it is unknown whether the operation took effect.
    fn call(
        &mut self,
        operation: Operation,
    ) -> impl Future<Output = Result<serde_json::Value, HostCallError>> + Send;
}

/// Why a call to the host gave no result.
#[derive(Debug, thiserror::Error)]
pub enum HostCallError {
    /// The host answered with an error.
    #[error("{operation}: expected a result, the ADSync host answered {error}")]
    Refused {
        /// Name of the operation.
        operation: &'static str,
        /// The host's answer.
        error: HostError,
    },
    /// The answer has another shape than the protocol says.
    #[error(
        "{operation}: expected {expected}, found {found}; host and agent speak different protocols: install the two from one release"
    )]
    Unreadable {
        /// Name of the operation.
        operation: &'static str,
        /// What the protocol says.
        expected: &'static str,
        /// What came, and why it does not fit.
        found: String,
    },
    /// No answer in time. The host process was ended, the operation may go on in the engine.
    #[error(
        "{operation}: expected an answer within {limit:?}, found none; look at the ADSync service's event log"
    )]
    TimedOut {
        /// Name of the operation.
        operation: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// The host process is not there, or ended before it answered.
    #[error(
        "{operation}: expected an answer, the ADSync host process {detail}; it is started again at the next call"
    )]
    Lost {
        /// Name of the operation.
        operation: &'static str,
        /// What happened.
        detail: String,
    },
}

impl HostCallError {
    /// The host's error code, where it answered with one.
    pub fn code(&self) -> Option<HostErrorCode> {
        match self {
            Self::Refused { error, .. } => Some(error.code),
            Self::Unreadable { .. } | Self::TimedOut { .. } | Self::Lost { .. } => None,
        }
    }

    /// Whether the same call can succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused { error, .. } => error.code == HostErrorCode::Busy,
            Self::TimedOut { .. } | Self::Lost { .. } => true,
            Self::Unreadable { .. } => false,
        }
    }
}

/// Name of an operation in the protocol.
pub fn operation_name(operation: &Operation) -> &'static str {
    match operation {
        Operation::GetHostInformation => "getHostInformation",
        Operation::GetScheduler => "getScheduler",
        Operation::SetScheduler(_) => "setScheduler",
        Operation::StartSyncCycle { .. } => "startSyncCycle",
        Operation::StopSyncCycle => "stopSyncCycle",
        Operation::GetConnectorRunStatus => "getConnectorRunStatus",
        Operation::InvokeRunProfile { .. } => "invokeRunProfile",
        Operation::GetRunResults { .. } => "getRunResults",
        Operation::GetConnectors => "getConnectors",
        Operation::GetConnectorStatistics { .. } => "getConnectorStatistics",
        Operation::GetRules => "getRules",
        Operation::AddRule { .. } => "addRule",
        Operation::RemoveRule { .. } => "removeRule",
        Operation::GetGlobalSettings => "getGlobalSettings",
        Operation::ExportServerConfiguration { .. } => "exportServerConfiguration",
        Operation::GetCsObjects { .. } => "getCsObjects",
        Operation::GetPendingExports { .. } => "getPendingExports",
        Operation::GetAutoUpgrade => "getAutoUpgrade",
        Operation::SetAutoUpgrade { .. } => "setAutoUpgrade",
        Operation::GetFeatures => "getFeatures",
        Operation::GetService => "getService",
        Operation::SetService { .. } => "setService",
        Operation::SearchDirectory(_) => "searchDirectory",
        Operation::CreateDirectoryObject { .. } => "createDirectoryObject",
        Operation::ModifyDirectoryObject { .. } => "modifyDirectoryObject",
        Operation::DeleteDirectoryObject { .. } => "deleteDirectoryObject",
    }
}

/// Typed calls on a host, one method for each operation the agent uses.
#[derive(Debug)]
pub struct Calls<'a, H>(pub &'a mut H);

impl<H: AdsyncHost> Calls<'_, H> {
    async fn ask<T: DeserializeOwned>(
        &mut self,
        operation: Operation,
        expected: &'static str,
    ) -> Result<T, HostCallError> {
        let name = operation_name(&operation);
        let value = self.0.call(operation).await?;
        T::deserialize(&value).map_err(|error| HostCallError::Unreadable {
            operation: name,
            expected,
            found: format!("{} ({error})", beginning(&value)),
        })
    }

    async fn tell(&mut self, operation: Operation) -> Result<(), HostCallError> {
        self.ask::<()>(operation, "null").await
    }
}

/// The operations. Errors of each: [`HostCallError`].
#[expect(clippy::missing_errors_doc, reason = "every method passes on the HostCallError of its one call")]
impl<H: AdsyncHost> Calls<'_, H> {
    /// What is installed on the host.
    pub async fn host_information(&mut self) -> Result<HostInformation, HostCallError> {
        self.ask(Operation::GetHostInformation, "host information").await
    }

    /// The scheduler.
    pub async fn scheduler(&mut self) -> Result<Scheduler, HostCallError> {
        self.ask(Operation::GetScheduler, "a scheduler").await
    }

    /// Switches the scheduler on or off.
    pub async fn set_scheduler_enabled(&mut self, enabled: bool) -> Result<(), HostCallError> {
        let change = SchedulerChange { sync_cycle_enabled: Some(enabled), next_sync_cycle_policy_type: None };
        self.tell(Operation::SetScheduler(change)).await
    }

    /// Starts a cycle.
    pub async fn start_cycle(&mut self, policy_type: CyclePolicy) -> Result<(), HostCallError> {
        self.tell(Operation::StartSyncCycle { policy_type }).await
    }

    /// Stops the running cycle.
    pub async fn stop_cycle(&mut self) -> Result<(), HostCallError> {
        self.tell(Operation::StopSyncCycle).await
    }

    /// Connectors that run now.
    pub async fn connector_run_status(&mut self) -> Result<Vec<ConnectorRunStatus>, HostCallError> {
        self.ask(Operation::GetConnectorRunStatus, "a list of running connectors").await
    }

    /// Runs a profile to its end.
    pub async fn invoke_run_profile(
        &mut self,
        connector: Uuid,
        profile: RunProfile,
    ) -> Result<RunResult, HostCallError> {
        self.ask(Operation::InvokeRunProfile { connector, profile }, "a run result").await
    }

    /// Run history, newest first.
    pub async fn run_results(
        &mut self,
        connector: Option<Uuid>,
        number_requested: u32,
    ) -> Result<Vec<RunResult>, HostCallError> {
        self.ask(Operation::GetRunResults { connector, number_requested }, "a list of run results").await
    }

    /// The connectors.
    pub async fn connectors(&mut self) -> Result<Vec<Connector>, HostCallError> {
        self.ask(Operation::GetConnectors, "a list of connectors").await
    }

    /// Counters of a connector.
    pub async fn connector_statistics(
        &mut self,
        connector: Uuid,
    ) -> Result<ConnectorStatistics, HostCallError> {
        self.ask(Operation::GetConnectorStatistics { connector }, "connector statistics").await
    }

    /// The rules.
    pub async fn rules(&mut self) -> Result<Vec<Rule>, HostCallError> {
        self.ask(Operation::GetRules, "a list of rules").await
    }

    /// Stores a rule; returns it as stored.
    pub async fn add_rule(&mut self, rule: Rule) -> Result<Rule, HostCallError> {
        self.ask(Operation::AddRule { rule: Box::new(rule) }, "the stored rule").await
    }

    /// Removes a rule.
    pub async fn remove_rule(&mut self, identifier: Uuid) -> Result<(), HostCallError> {
        self.tell(Operation::RemoveRule { identifier }).await
    }

    /// Global settings and metaverse attributes.
    pub async fn global_settings(&mut self) -> Result<GlobalSettings, HostCallError> {
        self.ask(Operation::GetGlobalSettings, "global settings").await
    }

    /// Exports the configuration into an empty folder on the server.
    pub async fn export_configuration(&mut self, path: String) -> Result<(), HostCallError> {
        self.tell(Operation::ExportServerConfiguration { path }).await
    }

    /// One page of a connector space.
    pub async fn cs_objects(
        &mut self,
        connector: Uuid,
        start_index: u32,
        metaverse_attributes: Vec<String>,
    ) -> Result<CsObjectPage, HostCallError> {
        let operation = Operation::GetCsObjects {
            connector,
            start_index,
            max_result_count: PAGE,
            attributes: Vec::new(),
            metaverse_attributes,
        };
        self.ask(operation, "a page of connector space objects").await
    }

    /// One page of what an export would write.
    pub async fn pending_exports(
        &mut self,
        connector: Uuid,
        start_index: u32,
    ) -> Result<PendingExportPage, HostCallError> {
        let operation = Operation::GetPendingExports { connector, start_index, max_result_count: PAGE };
        self.ask(operation, "a page of pending exports").await
    }

    /// Automatic upgrade.
    pub async fn auto_upgrade(&mut self) -> Result<AutoUpgrade, HostCallError> {
        self.ask(Operation::GetAutoUpgrade, "the state of automatic upgrade").await
    }

    /// Sets automatic upgrade.
    pub async fn set_auto_upgrade(&mut self, state: AutoUpgradeState) -> Result<(), HostCallError> {
        self.tell(Operation::SetAutoUpgrade { state }).await
    }

    /// Features of the tenant.
    pub async fn features(&mut self) -> Result<Features, HostCallError> {
        self.ask(Operation::GetFeatures, "features").await
    }

    /// The engine's service.
    pub async fn service(&mut self) -> Result<ServiceState, HostCallError> {
        self.ask(Operation::GetService, "the state of the service").await
    }

    /// Starts or stops the engine's service and sets how it starts.
    pub async fn set_service(
        &mut self,
        running: Option<bool>,
        start_type: Option<ServiceStartType>,
    ) -> Result<(), HostCallError> {
        self.tell(Operation::SetService { running, start_type }).await
    }

    /// One page of directory objects.
    pub async fn search_directory(
        &mut self,
        search: DirectorySearch,
    ) -> Result<DirectoryPage, HostCallError> {
        self.ask(Operation::SearchDirectory(search), "a page of directory objects").await
    }

    /// Makes a directory object.
    pub async fn create_directory_object(
        &mut self,
        distinguished_name: String,
        object_class: String,
        attributes: Vec<Attribute>,
    ) -> Result<DirectoryEntry, HostCallError> {
        let operation = Operation::CreateDirectoryObject { distinguished_name, object_class, attributes };
        self.ask(operation, "the stored directory object").await
    }

    /// Changes a directory object.
    pub async fn modify_directory_object(
        &mut self,
        distinguished_name: String,
        attributes: Vec<Attribute>,
    ) -> Result<(), HostCallError> {
        self.tell(Operation::ModifyDirectoryObject { distinguished_name, attributes }).await
    }

    /// Removes a directory object.
    pub async fn delete_directory_object(&mut self, distinguished_name: String) -> Result<(), HostCallError> {
        self.tell(Operation::DeleteDirectoryObject { distinguished_name }).await
    }
}

/// Objects asked for in one page: a page must stay well below [`adsync::protocol::MAX_LINE_BYTES`].
pub const PAGE: u32 = 500;

/// The beginning of an unexpected value, short enough for a message.
fn beginning(value: &serde_json::Value) -> String {
    const SHOWN: usize = 120;
    let text = value.to_string();
    if text.chars().count() <= SHOWN {
        return text;
    }
    let mut cut: String = text.chars().take(SHOWN).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(serde_json::Value);

    impl AdsyncHost for Fixed {
        async fn call(&mut self, _: Operation) -> Result<serde_json::Value, HostCallError> {
            Ok(self.0.clone())
        }
    }

    #[test]
    fn names_are_those_of_the_protocol() {
        let connector = Uuid::nil();
        let samples = [
            Operation::GetHostInformation,
            Operation::SetScheduler(SchedulerChange::default()),
            Operation::StartSyncCycle { policy_type: CyclePolicy::Delta },
            Operation::InvokeRunProfile { connector, profile: RunProfile::Export },
            Operation::GetRunResults { connector: None, number_requested: 1 },
            Operation::RemoveRule { identifier: connector },
            Operation::ExportServerConfiguration { path: String::new() },
            Operation::GetAutoUpgrade,
            Operation::SetService { running: None, start_type: None },
            Operation::DeleteDirectoryObject { distinguished_name: String::new() },
        ];
        for operation in samples {
            let tag = serde_json::to_value(&operation).unwrap();
            assert_eq!(tag["operation"], operation_name(&operation));
        }
    }

    #[tokio::test]
    async fn an_answer_of_another_shape_says_operation_expected_and_found() {
        let mut host = Fixed(serde_json::json!({"state": "Sideways"}));
        let error = Calls(&mut host).auto_upgrade().await.unwrap_err();
        let text = error.to_string();
        assert!(!error.is_transient());
        for part in
            ["getAutoUpgrade", "expected the state of automatic upgrade", "Sideways", "unknown variant"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[tokio::test]
    async fn an_answer_where_none_belongs_is_an_error() {
        let mut host = Fixed(serde_json::json!("done"));
        let error = Calls(&mut host).set_scheduler_enabled(false).await.unwrap_err();
        assert!(error.to_string().contains("setScheduler: expected null, found \"done\""), "{error}");
    }
}

#[cfg(test)]
mod script;
