//! `/directory/onPremisesSynchronization`: the tenant's deletion guard and features, and in beta what the sync client last
//! told about itself. No IO.
//!
//! Source: Microsoft, "Get onPremisesDirectorySynchronization", "Update onPremisesDirectorySynchronization".

use adsync::ENTRA_CONNECTOR_ID;
use adsync::protocol::{ConnectorStatistics, HostInformation, Operation};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::Call;
use super::error::GraphError;
use super::message::{GraphResponse, Version};
use crate::engine::Answer;
use crate::estate::Estate;
use crate::tenant::{DeletionPrevention, FEATURES};

/// Application id of Entra Connect Sync's client. Source: Microsoft, first-party application ids.
const SYNC_CLIENT_APPLICATION: &str = "cb1056e2-e479-49de-ae31-7812af012ed8";

/// `GET`, with the id or as a collection of one.
pub(crate) fn read(
    call: &Call<'_>,
    estate: &mut Estate,
    id: Option<&str>,
) -> Result<GraphResponse, GraphError> {
    let body = render(call, estate);
    match id {
        None => Ok(GraphResponse::ok(Value::Object(
            call.collection_body("directory/onPremisesSynchronization", vec![body]),
        ))),
        Some(id) => {
            known(estate, id)?;
            let mut body = body;
            if let Some(properties) = body.as_object_mut() {
                let context = call.context("directory/onPremisesSynchronization/$entity");
                properties.insert("@odata.context".to_owned(), json!(context));
            }
            Ok(GraphResponse::ok(body))
        }
    }
}

/// `PATCH /directory/onPremisesSynchronization/{id}`. Nothing is changed unless all of it can be.
pub(crate) fn update(call: &Call<'_>, estate: &mut Estate, id: &str) -> Result<GraphResponse, GraphError> {
    known(estate, id)?;
    let body = call.body()?;
    let refuse =
        |name: &str| GraphError::BadRequest(format!("Property '{name}' is unknown or cannot be set."));
    let mut guard = None;
    let mut features = Vec::new();
    for (name, value) in &body {
        match (name.as_str(), value) {
            ("configuration", Value::Object(configuration)) => {
                for (name, value) in configuration {
                    if name != "accidentalDeletionPrevention" {
                        return Err(refuse(name));
                    }
                    guard = Some(read_guard(value)?);
                }
            }
            ("features", Value::Object(given)) => {
                for (name, value) in given {
                    let (Some(feature), Some(on)) =
                        (FEATURES.iter().find(|known| *known == name), value.as_bool())
                    else {
                        return Err(refuse(name));
                    };
                    features.push(((*feature).to_owned(), on));
                }
            }
            _ => return Err(refuse(name)),
        }
    }
    estate.with_world(|world, _| {
        let settings = &mut world.tenant.settings;
        if let Some(guard) = guard {
            settings.deletion_prevention = guard;
        }
        settings.features.extend(features);
    });
    Ok(GraphResponse::no_content())
}

fn known(estate: &Estate, id: &str) -> Result<(), GraphError> {
    if id.parse() == Ok(estate.world.tenant.settings.organization.id) {
        return Ok(());
    }
    Err(GraphError::NotFound(id.to_owned()))
}

fn read_guard(value: &Value) -> Result<DeletionPrevention, GraphError> {
    let threshold = || {
        value
            .get("alertThreshold")
            .and_then(Value::as_u64)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| {
                GraphError::BadRequest(
                    "Property 'alertThreshold' is missing or not a whole number.".to_owned(),
                )
            })
    };
    match value.get("synchronizationPreventionType").and_then(Value::as_str) {
        Some("disabled") => Ok(DeletionPrevention::Disabled),
        Some("enabledForCount") => Ok(DeletionPrevention::EnabledForCount(threshold()?)),
        Some("enabledForPercentage") => match threshold()? {
            percent @ 0..=100 => Ok(DeletionPrevention::EnabledForPercentage(percent)),
            other => Err(GraphError::BadRequest(format!("A percentage of {other} is out of bounds."))),
        },
        _ => Err(GraphError::BadRequest(
            "Property 'synchronizationPreventionType' is missing or unknown.".to_owned(),
        )),
    }
}

fn render(call: &Call<'_>, estate: &mut Estate) -> Value {
    let settings = estate.world.tenant.settings.clone();
    let (kind, threshold) = match settings.deletion_prevention {
        DeletionPrevention::Disabled => ("disabled", 0),
        DeletionPrevention::EnabledForCount(count) => ("enabledForCount", count),
        DeletionPrevention::EnabledForPercentage(percent) => ("enabledForPercentage", percent),
    };
    let mut configuration = json!({
        "accidentalDeletionPrevention": {"synchronizationPreventionType": kind, "alertThreshold": threshold},
    });
    if call.version == Version::Beta {
        add_client(&mut configuration, estate);
    }
    let features: serde_json::Map<String, Value> =
        FEATURES.iter().map(|name| ((*name).to_owned(), json!(settings.features.get(*name)))).collect();
    json!({
        "id": settings.organization.id.to_string(),
        "configuration": configuration,
        "features": features,
    })
}

/// What the active sync server reports with each export: the last one by name where several export.
fn add_client(configuration: &mut Value, estate: &mut Estate) {
    let Some(configuration) = configuration.as_object_mut() else { return };
    configuration.insert("synchronizationInterval".to_owned(), json!("PT30M"));
    let custom = estate.world.tenant.settings.scheduler.customized_interval;
    configuration.insert(
        "customerRequestedSynchronizationInterval".to_owned(),
        custom.map_or(Value::Null, |interval| json!(super::duration(interval))),
    );
    configuration.insert("applicationId".to_owned(), json!(SYNC_CLIENT_APPLICATION));
    configuration.insert("anchorAttribute".to_owned(), Value::Null);
    let null_guids = json!({"unifiedGroupContainer": null, "userContainer": null});
    configuration.insert("writebackConfiguration".to_owned(), null_guids);

    let active: Vec<String> = estate
        .server_names()
        .filter(|name| {
            estate.server(name).is_some_and(|server| !server.state().staging && server.state().installed)
        })
        .map(str::to_owned)
        .collect();
    let Some(server) = active.last() else {
        configuration.insert("synchronizationClientVersion".to_owned(), Value::Null);
        configuration.insert("currentExportData".to_owned(), Value::Null);
        return;
    };
    let host: Option<HostInformation> = ask(estate, server, &Operation::GetHostInformation);
    let version = host.as_ref().and_then(|host| host.engine.as_ref()).map(|engine| engine.version.clone());
    configuration.insert("synchronizationClientVersion".to_owned(), json!(version));
    let statistics: ConnectorStatistics =
        ask(estate, server, &Operation::GetConnectorStatistics { connector: ENTRA_CONNECTOR_ID })
            .unwrap_or_default();
    let initial_domain = estate.world.tenant.settings.organization.initial_domain.clone();
    configuration.insert(
        "currentExportData".to_owned(),
        json!({
            "clientMachineName": server.to_uppercase(),
            "serviceAccount": format!("Sync_{}_000000000000@{initial_domain}", server.to_uppercase()),
            "pendingObjectsAddition": statistics.export_adds,
            "pendingObjectsDeletion": statistics.export_deletes,
            "pendingObjectsUpdate": statistics.export_updates,
            "successfulLinksProvisioningCount": 0,
            "successfulObjectsProvisioningCount": 0,
            "totalConnectorSpaceObjects": statistics.total_connectors,
        }),
    );
}

fn ask<T: DeserializeOwned>(estate: &mut Estate, server: &str, operation: &Operation) -> Option<T> {
    match estate.handle(server, operation)? {
        Answer::Now(Ok(value)) => serde_json::from_value(value).ok(),
        Answer::Now(Err(_)) | Answer::WhenRunEnds(_) => None,
    }
}
