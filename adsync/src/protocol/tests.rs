//! The protocol's JSON: nothing is lost on the way, dates are ISO, and the documentation says what the types say.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::rule::{Rule, ScopeOperator};

const CONNECTOR: Uuid = Uuid::from_u128(0xAD);

/// One of each operation.
fn operations() -> Vec<Operation> {
    let text = |value: &str| value.to_owned();
    let attributes = || vec![Attribute { name: "mail".to_owned(), values: vec!["a@example.com".to_owned()] }];
    vec![
        Operation::GetHostInformation,
        Operation::GetScheduler,
        Operation::SetScheduler(SchedulerChange {
            sync_cycle_enabled: Some(false),
            next_sync_cycle_policy_type: None,
        }),
        Operation::StartSyncCycle { policy_type: CyclePolicy::Initial },
        Operation::StopSyncCycle,
        Operation::GetConnectorRunStatus,
        Operation::InvokeRunProfile { connector: CONNECTOR, profile: RunProfile::DeltaImport },
        Operation::GetRunResults { connector: Some(CONNECTOR), number_requested: 5 },
        Operation::GetConnectors,
        Operation::GetConnectorStatistics { connector: CONNECTOR },
        Operation::GetRules,
        Operation::AddRule { rule: Box::new(rule()) },
        Operation::RemoveRule { identifier: CONNECTOR },
        Operation::GetGlobalSettings,
        Operation::ExportServerConfiguration { path: text(r"C:\Temp\export") },
        Operation::GetCsObjects {
            connector: CONNECTOR,
            start_index: 500,
            max_result_count: 500,
            attributes: vec![text("mail")],
            metaverse_attributes: vec![text("cloudNoFlow")],
        },
        Operation::GetPendingExports { connector: CONNECTOR, start_index: 0, max_result_count: 10 },
        Operation::GetAutoUpgrade,
        Operation::SetAutoUpgrade { state: AutoUpgradeState::Disabled },
        Operation::GetFeatures,
        Operation::GetService,
        Operation::SetService { running: None, start_type: Some(ServiceStartType::Manual) },
        Operation::SearchDirectory(DirectorySearch {
            base: text("DC=example,DC=com"),
            object_classes: vec![text("user")],
            attributes: Vec::new(),
            deleted: true,
            page_size: 100,
            cookie: Some(text("x")),
        }),
        Operation::CreateDirectoryObject {
            distinguished_name: text("CN=a"),
            object_class: text("user"),
            attributes: attributes(),
        },
        Operation::ModifyDirectoryObject { distinguished_name: text("CN=a"), attributes: attributes() },
        Operation::DeleteDirectoryObject { distinguished_name: text("CN=a") },
    ]
}

fn rule() -> Rule {
    let units = ["OU=A,DC=example,DC=com".to_owned()];
    let scope = crate::no_flow::NoFlowScope { name: "a", organizational_units: &units };
    let mut rules =
        crate::no_flow::rules(&scope, &[CONNECTOR], crate::no_flow::NoFlowObject::ALL, &[]).expect("room");
    rules.pop().expect("an inbound rule")
}

/// Parses into the type of an operation's result and writes it back. A new operation does not compile until it is listed here.
fn through_result_type(operation: &Operation, result: &Value) -> Value {
    match operation {
        Operation::GetHostInformation => through::<HostInformation>(result),
        Operation::GetScheduler => through::<Scheduler>(result),
        Operation::GetConnectorRunStatus => through::<Vec<ConnectorRunStatus>>(result),
        Operation::InvokeRunProfile { .. } => through::<RunResult>(result),
        Operation::GetRunResults { .. } => through::<Vec<RunResult>>(result),
        Operation::GetConnectors => through::<Vec<Connector>>(result),
        Operation::GetConnectorStatistics { .. } => through::<ConnectorStatistics>(result),
        Operation::GetRules => through::<Vec<Rule>>(result),
        Operation::AddRule { .. } => through::<Rule>(result),
        Operation::GetGlobalSettings => through::<GlobalSettings>(result),
        Operation::GetCsObjects { .. } => through::<CsObjectPage>(result),
        Operation::GetPendingExports { .. } => through::<PendingExportPage>(result),
        Operation::GetAutoUpgrade => through::<AutoUpgrade>(result),
        Operation::GetFeatures => through::<Features>(result),
        Operation::GetService => through::<ServiceState>(result),
        Operation::SearchDirectory(_) => through::<DirectoryPage>(result),
        Operation::CreateDirectoryObject { .. } => through::<DirectoryEntry>(result),
        Operation::SetScheduler(_)
        | Operation::StartSyncCycle { .. }
        | Operation::StopSyncCycle
        | Operation::RemoveRule { .. }
        | Operation::ExportServerConfiguration { .. }
        | Operation::SetAutoUpgrade { .. }
        | Operation::SetService { .. }
        | Operation::ModifyDirectoryObject { .. }
        | Operation::DeleteDirectoryObject { .. } => through::<()>(result),
    }
}

fn through<T: DeserializeOwned + Serialize>(value: &Value) -> Value {
    let typed = T::deserialize(value).unwrap_or_else(|error| panic!("{error} in {value:#}"));
    serde_json::to_value(typed).expect("serializes")
}

fn name_of(request: &Value) -> String {
    request["operation"].as_str().expect("an operation has a name").to_owned()
}

#[test]
fn every_operation_survives_a_line() {
    for (id, operation) in operations().into_iter().enumerate() {
        let request = Request { id: id as u64, operation };
        let line = serde_json::to_string(&request).expect("serializes");
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<Request>(&line).expect("reads"), request, "{line}");
    }
}

#[test]
fn outcomes_survive_a_line() {
    let outcomes = [
        Outcome::Result(Value::Null),
        Outcome::Result(json!({"a": [1, 2]})),
        Outcome::Error(HostError { code: HostErrorCode::InteractiveOnly, message: "sign in".to_owned() }),
    ];
    for outcome in outcomes {
        let response = Response { id: u64::MAX, outcome };
        let line = serde_json::to_string(&response).expect("serializes");
        assert_eq!(serde_json::from_str::<Response>(&line).expect("reads"), response, "{line}");
    }
    assert!(serde_json::from_str::<Response>(r#"{"id": 1}"#).is_err(), "neither result nor error");
}

#[test]
fn unknown_members_are_ignored_and_unknown_operations_refused() {
    let line = r#"{"id": 1, "operation": "getRules", "arguments": null, "traceId": "x"}"#;
    assert_eq!(serde_json::from_str::<Request>(line).expect("reads").operation, Operation::GetRules);
    let error =
        serde_json::from_str::<Request>(r#"{"id": 1, "operation": "forceDeletes"}"#).expect_err("unknown");
    assert!(error.to_string().contains("unknown variant `forceDeletes`"), "{error}");
}

#[test]
fn operators_are_spelled_as_the_engine_spells_them() {
    // Source: Microsoft, reference of Add-ADSyncScopeConditionGroup.
    let names = "EQUAL NOTEQUAL LESSTHAN LESSTHAN_OR_EQUAL CONTAINS NOTCONTAINS STARTSWITH NOTSTARTSWITH ENDSWITH \
                 NOTENDSWITH GREATERTHAN GREATERTHAN_OR_EQUAL ISNULL ISNOTNULL ISIN ISNOTIN ISBITSET ISBITNOTSET \
                 ISMEMBEROF ISNOTMEMBEROF";
    for name in names.split_whitespace() {
        assert_eq!(through::<ScopeOperator>(&json!(name)), json!(name));
    }
}

fn run(start: &str) -> Value {
    json!({
        "runHistoryId": CONNECTOR, "connector": CONNECTOR, "connectorName": "example.com", "profile": "Export",
        "runNumber": 1, "userName": "x", "isRunComplete": true, "result": "success",
        "startDate": start, "endDate": null, "counters": {},
    })
}

#[test]
fn dates_of_windows_powershell_are_refused() {
    assert!(serde_json::from_value::<RunResult>(run("2026-10-05T22:05:00Z")).is_ok());
    for date in
        ["/Date(1649391053843)/", "24-3-2025 22:03:04", "10/5/2026 10:05:00 PM", "2026-10-05T22:05:00"]
    {
        assert!(serde_json::from_value::<RunResult>(run(date)).is_err(), "{date}");
    }
}

#[test]
fn dates_of_the_real_run_history_are_refused() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/run-history.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: ../shared is not here");
        return;
    };
    let runs: Vec<Value> = serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("JSON");
    assert!(!runs.is_empty());
    for run_of_sample in &runs {
        let date = run_of_sample["StartDate"].as_str().expect("a date");
        assert!(date.starts_with("/Date("), "{date}");
        assert!(serde_json::from_value::<RunResult>(run(date)).is_err(), "{date}");
    }
}

#[test]
fn durations_are_iso() {
    let text = serde_json::to_value(SignedDuration::from_mins(30)).expect("serializes");
    assert_eq!(text, json!("PT30M"));
    assert_eq!(serde_json::to_value(SignedDuration::from_hours(168)).expect("serializes"), json!("PT168H"));
}

/// The documented examples, in order.
fn examples() -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/adsync-host-protocol.md");
    let page = std::fs::read_to_string(path).expect("the page is part of the repository");
    page.split("```json\n")
        .skip(1)
        .map(|rest| rest.split_once("```").expect("every block is closed").0)
        .map(|block| serde_json::from_str(block).unwrap_or_else(|error| panic!("{error} in {block}")))
        .collect()
}

#[test]
fn documented_examples_are_what_the_types_read_and_write() {
    let mut asked: Option<Request> = None;
    for example in examples() {
        if example.get("operation").is_some() {
            asked = Some(
                serde_json::from_value(example.clone()).unwrap_or_else(|e| panic!("{e} in {example:#}")),
            );
            assert_eq!(through::<Request>(&example), example);
            continue;
        }
        assert_eq!(through::<Response>(&example), example);
        let asked = asked.as_ref().expect("an answer follows its request");
        assert_eq!(example["id"], asked.id, "{example:#}");
        if let Some(result) = example.get("result") {
            assert_eq!(through_result_type(&asked.operation, result), *result);
        }
    }
}

#[test]
fn every_operation_and_error_is_documented() {
    let documented: BTreeSet<String> =
        examples().iter().filter(|e| e.get("operation").is_some()).map(name_of).collect();
    let known: BTreeSet<String> = operations()
        .into_iter()
        .map(|operation| name_of(&serde_json::to_value(Request { id: 1, operation }).expect("serializes")))
        .collect();
    assert_eq!(documented, known);

    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/adsync-host-protocol.md");
    let page = std::fs::read_to_string(path).expect("the page is part of the repository");
    for name in known {
        assert!(page.contains(&format!("| `{name}` |")), "{name} is not in a table");
    }
    let codes = [
        HostErrorCode::BadRequest,
        HostErrorCode::NotFound,
        HostErrorCode::Busy,
        HostErrorCode::ServiceStopped,
        HostErrorCode::Conflict,
        HostErrorCode::AccessDenied,
        HostErrorCode::InteractiveOnly,
        HostErrorCode::Unsupported,
        HostErrorCode::Failed,
    ];
    for code in codes {
        assert!(page.contains(&format!("| `{code}` |")), "{code} is not in the table of errors");
    }
    assert!(page.contains(&format!("is {PROTOCOL_VERSION}.")));
    assert!(page.contains(&format!("{} MiB a line", MAX_LINE_BYTES / 1024 / 1024)));
}

#[test]
fn optional_arguments_may_be_left_out() {
    let line = json!({"id": 1, "operation": "getCsObjects", "arguments":
        {"connector": CONNECTOR, "startIndex": 0, "maxResultCount": 1}});
    assert!(serde_json::from_value::<Request>(line).is_ok());
    let line = json!({"id": 1, "operation": "setScheduler", "arguments": {}});
    let request: Request = serde_json::from_value(line).expect("reads");
    assert_eq!(request.operation, Operation::SetScheduler(SchedulerChange::default()));
}
