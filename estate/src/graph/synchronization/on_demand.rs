//! `POST /synchronization/jobs/{id}/provisionOnDemand`. No IO.
//!
//! Answers JSON inside of text, under a context that names another host, as the real call does.
//! Source: Microsoft Graph, "synchronizationJob: provisionOnDemand".

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Graph, act};
use crate::cloud_sync::{OnDemandResult, ProvisioningStatus, Subject};
use crate::directory::DirectoryObject;
use crate::dn::DistinguishedName;
use crate::estate::Estate;
use crate::graph::call::Call;
use crate::graph::error::GraphError;
use crate::graph::message::GraphResponse;

const CONTEXT: &str =
    "https://syncfabric.windowsazure.com/api/$metadata#microsoft.synchronization.stringKeyStringValuePair";

/// Serves the call.
pub(super) fn answer(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    principal: Uuid,
    id: &str,
) -> Result<GraphResponse, GraphError> {
    let subject = read(&Value::Object(call.body()?))?;
    let result = act(graph, estate, |cloud, world, now| {
        cloud.provision_on_demand(principal, id, &subject, world, now)
    })?;
    let (outcome, details) = outcome(&result);
    let now = estate.now();
    let value = json!({
        "action": result.entry.as_ref().map_or("Other", |entry| capitalised(entry.action.as_str())),
        "changeId": result.entry.as_ref().map(|entry| entry.id.to_string()),
        "startTime": now.to_string(),
        "endTime": now.to_string(),
        "modifiedProperties": modified(&result),
        "provisioningSteps": steps(&result, outcome),
        "reportableIdentifier": result.source.as_ref().map(|source| source.dn.to_string()),
        "statusInfo": {"status": outcome},
        "sourceIdentity": result.source.as_ref().map(source_identity),
        "sourceSystem": {"id": principal.to_string(), "name": "Active Directory"},
        "targetIdentity": result.target.map(|id| json!({"id": id.to_string()})),
        "targetSystem": {"id": principal.to_string(), "name": "Microsoft Entra ID"},
    });
    Ok(GraphResponse::ok(json!({
        "@odata.context": CONTEXT,
        "key": json!({"result": outcome, "details": details}).to_string(),
        "value": value.to_string(),
    })))
}

fn read(body: &Value) -> Result<Subject, GraphError> {
    let missing = |what: &str| GraphError::BadRequest(format!("Expected {what} in the parameters."));
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    let rule = text("/parameters/0/ruleId").ok_or_else(|| missing("a ruleId"))?;
    let subject =
        text("/parameters/0/subjects/0/objectId").ok_or_else(|| missing("a subject with objectId"))?;
    let name = |text: &str| {
        text.parse::<DistinguishedName>()
            .map_err(|error| GraphError::BadRequest(format!("Invalid objectId: {error}.")))
    };
    let members = body.pointer("/parameters/0/subjects/0/links/members").and_then(Value::as_array);
    let members = members
        .into_iter()
        .flatten()
        .map(|member| name(member.get("objectId").and_then(Value::as_str).unwrap_or_default()))
        .collect::<Result<_, _>>()?;
    Ok(Subject { rule: rule.to_owned(), object: name(subject)?, members })
}

fn outcome(result: &OnDemandResult) -> (&'static str, Value) {
    let details = |code: &str, message: &str| json!({"errorCode": code, "errorMessage": message});
    if let Some(reason) = &result.skipped {
        return ("Skipped", details("Skipped", reason));
    }
    match result.entry.as_ref().map(|entry| &entry.status) {
        None | Some(ProvisioningStatus::Success) => ("Success", json!({})),
        Some(ProvisioningStatus::Skipped(reason)) => ("Skipped", details("Skipped", reason)),
        Some(ProvisioningStatus::Failure { code, reason }) => ("Failure", details(code, reason)),
    }
}

fn modified(result: &OnDemandResult) -> Value {
    let entry = result.entry.iter().flat_map(|entry| &entry.modified);
    entry.map(|property| json!({"displayName": property.name, "oldValue": property.old, "newValue": property.new})).collect()
}

/// Step types are capitalised here and lower case in the log.
fn steps(result: &OnDemandResult, outcome: &str) -> Value {
    let Some(source) = &result.source else { return json!([]) };
    let step = |name: &str, kind: &str, description: String| json!({"name": name, "type": kind, "status": outcome, "description": description, "details": {}});
    let mut steps = vec![step(
        "EntryImportAdd",
        "Import",
        format!(
            "Received {} '{}' change of type (Add) from Active Directory",
            source.class.as_str(),
            source.dn.name()
        ),
    )];
    if result.entry.is_some() {
        steps.push(step(
            "EntryExport",
            "Export",
            format!("'{}' was handled in Microsoft Entra ID", source.dn.name()),
        ));
    }
    Value::Array(steps)
}

fn source_identity(source: &DirectoryObject) -> Value {
    json!({
        "id": crate::directory::anchor_of(source.guid),
        "type": source.class.as_str(),
        "displayName": source.dn.name(),
    })
}

/// `create` as `Create`.
fn capitalised(action: &str) -> &'static str {
    match action {
        "create" => "Create",
        "update" => "Update",
        "delete" => "Delete",
        "stagedDelete" => "StagedDelete",
        _ => "Other",
    }
}
