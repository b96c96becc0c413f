//! `/organization`: what the tenant says about itself. No IO.
//!
//! A token without the permission gets nulls instead of a refusal. Source: Microsoft, "Get organization".

use serde_json::{Map, Value, json};

use super::call::Call;
use super::directory_objects::instant;
use super::error::GraphError;
use super::message::{GraphResponse, Version};
use super::odata::project;
use crate::estate::Estate;

/// What every token may see.
const UNMASKED: [&str; 3] = ["id", "displayName", "verifiedDomains"];

/// `GET /organization`.
pub(crate) fn list(call: &Call<'_>, estate: &Estate) -> GraphResponse {
    let organization = select(call, render(call, estate));
    GraphResponse::ok(Value::Object(call.collection_body("organization", vec![organization])))
}

/// `GET /organization/{id}`.
pub(crate) fn get(call: &Call<'_>, estate: &Estate, id: &str) -> Result<GraphResponse, GraphError> {
    known(estate, id)?;
    let mut organization = select(call, render(call, estate));
    if let Some(properties) = organization.as_object_mut() {
        properties.insert("@odata.context".to_owned(), json!(call.context("organization/$entity")));
    }
    Ok(GraphResponse::ok(organization))
}

/// `PATCH /organization/{id}`: the one property that hybrid configuration writes, in beta only.
/// Source: Microsoft, "Inbound synchronization for cloud sync using Microsoft Graph".
pub(crate) fn update(call: &Call<'_>, estate: &mut Estate, id: &str) -> Result<GraphResponse, GraphError> {
    known(estate, id)?;
    let body = call.body()?;
    for (name, value) in &body {
        match (call.version, name.as_str(), value) {
            (Version::Beta, "onPremisesSyncEnabled", Value::Bool(enabled)) => {
                let enabled = *enabled;
                estate.with_world(|world, _| world.tenant.settings.organization.sync_enabled = Some(enabled));
            }
            _ => {
                return Err(GraphError::BadRequest(format!(
                    "Property '{name}' is read-only and cannot be set."
                )));
            }
        }
    }
    Ok(GraphResponse::no_content())
}

fn known(estate: &Estate, id: &str) -> Result<(), GraphError> {
    if id.parse() == Ok(estate.world.tenant.settings.organization.id) {
        return Ok(());
    }
    Err(GraphError::NotFound(id.to_owned()))
}

fn select(call: &Call<'_>, organization: Value) -> Value {
    match &call.query.select {
        Some(names) => project(&organization, names),
        None => organization,
    }
}

fn render(call: &Call<'_>, estate: &Estate) -> Value {
    let tenant = &estate.world.tenant;
    let organization = &tenant.settings.organization;
    let optional = |at: Option<jiff::Timestamp>| at.map_or(Value::Null, instant);
    let domain = |name: &str, is_default: bool, is_initial: bool| {
        json!({
            "capabilities": "Email, OfficeCommunicationsOnline",
            "isDefault": is_default,
            "isInitial": is_initial,
            "name": name,
            "type": "Managed",
        })
    };
    let mut domains: Vec<Value> = organization
        .verified_domains
        .iter()
        .enumerate()
        .map(|(number, name)| domain(name, number == 0, false))
        .collect();
    domains.push(domain(&organization.initial_domain, organization.verified_domains.is_empty(), true));
    let mut body = json!({
        "id": organization.id.to_string(),
        "deletedDateTime": null,
        "assignedPlans": [],
        "businessPhones": [],
        "city": null,
        "country": null,
        "countryLetterCode": "DE",
        "createdDateTime": "2016-03-01T08:00:00Z",
        "defaultUsageLocation": null,
        "displayName": organization.display_name,
        "marketingNotificationEmails": [],
        "onPremisesLastSyncDateTime": optional(organization.last_sync_at),
        "onPremisesSyncEnabled": organization.sync_enabled,
        "partnerTenantType": null,
        "postalCode": null,
        "preferredLanguage": "en",
        "privacyProfile": null,
        "provisionedPlans": [],
        "securityComplianceNotificationMails": [],
        "securityComplianceNotificationPhones": [],
        "state": null,
        "street": null,
        "technicalNotificationMails": [format!("admin@{}", organization.initial_domain)],
        "tenantType": "AAD",
        "verifiedDomains": domains,
    });
    let Some(properties) = body.as_object_mut() else { return body };
    if call.version == Version::Beta {
        let used = tenant.iter().count();
        properties.insert(
            "onPremisesLastPasswordSyncDateTime".to_owned(),
            optional(organization.last_password_sync_at),
        );
        properties.insert("directorySizeQuota".to_owned(), json!({"used": used, "total": 300_000}));
    }
    if call.caller.masked {
        mask(properties);
    }
    body
}

fn mask(properties: &mut Map<String, Value>) {
    for (name, value) in properties.iter_mut() {
        if !UNMASKED.contains(&name.as_str()) {
            *value = if value.is_array() { json!([]) } else { Value::Null };
        }
    }
}
