//! Application templates, applications and service principals of cloud sync configurations. No IO.
//!
//! Source: Microsoft, "applicationTemplate: instantiate", resource types application and servicePrincipal.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Graph;
use super::audit_logs::Activity;
use super::call::Call;
use super::directory_objects::instant;
use super::dispatch::unknown;
use super::error::GraphError;
use super::message::GraphResponse;
use super::odata::{Case, PageRules, page, project};
use crate::cloud_sync::{AD_TO_ENTRA_TEMPLATE, CloudError, ServicePrincipal};
use crate::estate::Estate;

/// Page sizes of these collections.
const PAGES: PageRules = PageRules { default_size: 100, largest_size: 999, case: Case::Ignore };

/// Name of the one template.
const TEMPLATE_NAME: &str = "Active Directory to Azure Active Directory Provisioning";

/// Marks a service principal as cloud sync's. Source: Microsoft, concept-attributes.
const HOMEPAGE: &str = "https://account.activedirectory.windowsazure.com:444/applications/default.aspx?metadata=AD2AADProvisioning|ISV9.1|primary|z";

/// What Graph keeps of a service principal beyond what cloud sync needs.
#[derive(Debug, Clone, Default)]
struct Extra {
    /// Client that instantiated the template: owner of the application.
    created_by: Option<Uuid>,
    tags: Vec<String>,
    notes: Option<String>,
}

/// What Graph keeps of all service principals.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extras {
    by_principal: BTreeMap<Uuid, Extra>,
    refusals: u64,
}

impl Extras {
    /// Whether the path names a service principal or application that the client created.
    pub(crate) fn owned_by(&self, estate: &Estate, client: Uuid, path: &[&str]) -> bool {
        let id = match path {
            ["servicePrincipals", id, ..] => id.parse().ok(),
            ["applications", id, ..] => id.parse().ok().and_then(|id| principal_of_application(estate, id)),
            _ => None,
        };
        let extra = id.and_then(|id: Uuid| self.by_principal.get(&id));
        extra.is_some_and(|extra| extra.created_by == Some(client))
    }

    /// The answer to a call that comes too early: 409 and 403 in turn, as both have been seen.
    pub(crate) fn refuse(&mut self, error: CloudError) -> GraphError {
        match error {
            CloudError::NotFound { id, .. } => GraphError::NotFound(id),
            CloudError::BadRequest(message) => GraphError::BadRequest(message),
            CloudError::NotSettled => {
                self.refusals += 1;
                if self.refusals.is_multiple_of(2) {
                    GraphError::Denied
                } else {
                    GraphError::Conflict("The service principal is not ready yet; try again.".to_owned())
                }
            }
        }
    }
}

fn principal_of_application(estate: &Estate, application: Uuid) -> Option<Uuid> {
    let mut principals = estate.cloud.principals(&estate.world, estate.now());
    principals.find(|principal| principal.application_id == application).map(|principal| principal.id)
}

/// Serves `/applicationTemplates`, `/applications` and `/servicePrincipals` without `/synchronization`.
pub(crate) fn dispatch(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    path: &[&str],
) -> Result<GraphResponse, GraphError> {
    match (&call.request.method, path) {
        (&Method::GET, ["applicationTemplates"]) => list(call, "applicationTemplates", vec![template()]),
        (&Method::GET, ["applicationTemplates", id]) => {
            known_template(id)?;
            Ok(entity(call, "applicationTemplates", &template()))
        }
        (&Method::POST, ["applicationTemplates", id, "instantiate"]) => {
            known_template(id)?;
            instantiate(graph, estate, call)
        }
        (&Method::GET, ["servicePrincipals"]) => {
            let tenant = estate.world.tenant.settings.organization.id;
            let principals = estate.cloud.principals(&estate.world, estate.now());
            let shown = principals.map(|principal| graph.principals.render(principal, tenant)).collect();
            list(call, "servicePrincipals", shown)
        }
        (&Method::GET, ["servicePrincipals", id]) => {
            let tenant = estate.world.tenant.settings.organization.id;
            let shown = graph.principals.render(principal(estate, id)?, tenant);
            Ok(entity(call, "servicePrincipals", &shown))
        }
        (&Method::PATCH, ["servicePrincipals", id]) => {
            let id = principal(estate, id)?.id;
            update(graph, call, id)
        }
        (&Method::DELETE, ["servicePrincipals", id]) => {
            let id = principal(estate, id)?.id;
            delete(graph, estate, call, id)
        }
        (&Method::GET, ["applications"]) => {
            let principals = estate.cloud.principals(&estate.world, estate.now());
            list(call, "applications", principals.map(application).collect())
        }
        (&Method::GET, ["applications", id]) => {
            let shown = application(by_application(estate, id)?);
            Ok(entity(call, "applications", &shown))
        }
        (&Method::DELETE, ["applications", id]) => {
            let id = by_application(estate, id)?.id;
            delete(graph, estate, call, id)
        }
        (_, [_] | [_, _]) => Err(GraphError::MethodNotAllowed),
        _ => Err(unknown(path)),
    }
}

/// The service principal, once it is visible.
fn principal<'e>(estate: &'e Estate, id: &str) -> Result<&'e ServicePrincipal, GraphError> {
    let missing = || GraphError::NotFound(id.to_owned());
    let parsed = id.parse().map_err(|_| missing())?;
    estate.cloud.principal(parsed, &estate.world, estate.now()).map_err(|_| missing())
}

fn by_application<'e>(estate: &'e Estate, id: &str) -> Result<&'e ServicePrincipal, GraphError> {
    let mut principals = estate.cloud.principals(&estate.world, estate.now());
    principals
        .find(|principal| principal.application_id.to_string().eq_ignore_ascii_case(id))
        .ok_or_else(|| GraphError::NotFound(id.to_owned()))
}

fn known_template(id: &str) -> Result<(), GraphError> {
    if id.parse() == Ok(AD_TO_ENTRA_TEMPLATE) {
        return Ok(());
    }
    Err(GraphError::NotFound(id.to_owned()))
}

fn instantiate(graph: &mut Graph, estate: &mut Estate, call: &Call<'_>) -> Result<GraphResponse, GraphError> {
    let body = call.body()?;
    let name = body.get("displayName").and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| GraphError::BadRequest("Property 'displayName' is missing.".to_owned()))?;
    let tenant = estate.world.tenant.settings.organization.id;
    let made = estate
        .with_cloud(|cloud, world, now| cloud.instantiate(AD_TO_ENTRA_TEMPLATE, name, world, now).cloned());
    let principal = made.map_err(|error| graph.principals.refuse(error))?;
    let extra = Extra { created_by: Some(call.caller.client_id), ..Extra::default() };
    graph.principals.by_principal.insert(principal.id, extra);
    graph.audits.note(estate, call, Activity::AddConfiguration, principal.id, name);
    Ok(GraphResponse::created(json!({
        "@odata.context": call.context("microsoft.graph.applicationServicePrincipal"),
        "application": application(&principal),
        "servicePrincipal": graph.principals.render(&principal, tenant),
    })))
}

fn update(graph: &mut Graph, call: &Call<'_>, id: Uuid) -> Result<GraphResponse, GraphError> {
    let body = call.body()?;
    let mut changed = graph.principals.by_principal.get(&id).cloned().unwrap_or_default();
    for (name, value) in &body {
        match (name.as_str(), value) {
            ("tags", Value::Array(tags)) => {
                let tags: Option<Vec<String>> =
                    tags.iter().map(|tag| tag.as_str().map(str::to_owned)).collect();
                changed.tags =
                    tags.ok_or_else(|| GraphError::BadRequest("Property 'tags' takes texts.".to_owned()))?;
            }
            ("notes", Value::String(notes)) => changed.notes = Some(notes.clone()),
            ("notes", Value::Null) => changed.notes = None,
            _ => return Err(GraphError::BadRequest(format!("Property '{name}' cannot be updated."))),
        }
    }
    graph.principals.by_principal.insert(id, changed);
    Ok(GraphResponse::no_content())
}

fn delete(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    id: Uuid,
) -> Result<GraphResponse, GraphError> {
    estate
        .with_cloud(|cloud, world, now| cloud.delete_principal(id, world, now))
        .map_err(|error| graph.principals.refuse(error))?;
    graph.principals.by_principal.remove(&id);
    graph.audits.note(estate, call, Activity::DeleteConfiguration, id, "");
    Ok(GraphResponse::no_content())
}

fn list(call: &Call<'_>, collection: &str, objects: Vec<Value>) -> Result<GraphResponse, GraphError> {
    if call.query.is_advanced() && !call.asks_for_eventual_consistency() {
        return Err(GraphError::UnsupportedQuery(
            "This query is not currently supported without the header 'ConsistencyLevel: eventual'."
                .to_owned(),
        ));
    }
    let page = page(objects, &call.query, PAGES)?;
    let value = page.objects.iter().map(|object| select(call, object)).collect();
    let mut body = call.collection_body(collection, value);
    if call.query.count && page.first {
        body.insert("@odata.count".to_owned(), json!(page.matching));
    }
    if let Some(next) = page.next {
        body.insert("@odata.nextLink".to_owned(), json!(call.next_link(&next)));
    }
    Ok(GraphResponse::ok(Value::Object(body)))
}

fn entity(call: &Call<'_>, collection: &str, object: &Value) -> GraphResponse {
    let mut shown = select(call, object);
    if let Some(properties) = shown.as_object_mut() {
        properties.insert("@odata.context".to_owned(), json!(call.context(&format!("{collection}/$entity"))));
    }
    GraphResponse::ok(shown)
}

fn select(call: &Call<'_>, object: &Value) -> Value {
    match &call.query.select {
        Some(names) => project(object, names),
        None => object.clone(),
    }
}

fn template() -> Value {
    json!({
        "id": AD_TO_ENTRA_TEMPLATE.to_string(),
        "displayName": TEMPLATE_NAME,
        "homePageUrl": null,
        "supportedSingleSignOnModes": [],
        "supportedProvisioningTypes": ["sync"],
        "logoUrl": null,
        "categories": [],
        "publisher": "Active Directory Application Registry",
        "description": null,
    })
}

fn application(principal: &ServicePrincipal) -> Value {
    json!({
        "id": principal.application_id.to_string(),
        "deletedDateTime": null,
        "appId": principal.app_id.to_string(),
        "applicationTemplateId": principal.template.to_string(),
        "createdDateTime": instant(principal.created_at),
        "displayName": principal.display_name,
        "identifierUris": [],
        "isDeviceOnlyAuthSupported": null,
        "isFallbackPublicClient": null,
        "groupMembershipClaims": null,
        "optionalClaims": null,
        "addIns": [],
        "signInAudience": "AzureADMyOrg",
        "tags": [],
        "tokenEncryptionKeyId": null,
        "appRoles": [],
        "keyCredentials": [],
        "passwordCredentials": [],
        "requiredResourceAccess": [],
    })
}

impl Extras {
    fn render(&self, principal: &ServicePrincipal, tenant: Uuid) -> Value {
        let extra = self.by_principal.get(&principal.id).cloned().unwrap_or_default();
        let mut tags = vec!["WindowsAzureActiveDirectoryIntegratedApp".to_owned()];
        tags.extend(
            extra.tags.iter().filter(|tag| *tag != "WindowsAzureActiveDirectoryIntegratedApp").cloned(),
        );
        let mut shown = Map::new();
        for (name, value) in [
            ("id", json!(principal.id.to_string())),
            ("deletedDateTime", Value::Null),
            ("accountEnabled", json!(true)),
            ("addIns", json!([])),
            ("alternativeNames", json!([])),
            ("appDisplayName", json!(principal.display_name)),
            ("appId", json!(principal.app_id.to_string())),
            ("applicationTemplateId", json!(principal.template.to_string())),
            ("appOwnerOrganizationId", json!(tenant.to_string())),
            ("appRoleAssignmentRequired", json!(false)),
            ("appRoles", json!([])),
            ("displayName", json!(principal.display_name)),
            ("homepage", json!(HOMEPAGE)),
            ("keyCredentials", json!([])),
            ("logoutUrl", Value::Null),
            ("notes", json!(extra.notes)),
            ("notificationEmailAddresses", json!([])),
            ("oauth2PermissionScopes", json!([])),
            ("passwordCredentials", json!([])),
            ("replyUrls", json!([])),
            ("servicePrincipalNames", json!([principal.app_id.to_string()])),
            ("servicePrincipalType", json!("Application")),
            ("signInAudience", json!("AzureADMyOrg")),
            ("tags", json!(tags)),
            ("tokenEncryptionKeyId", Value::Null),
        ] {
            shown.insert(name.to_owned(), value);
        }
        Value::Object(shown)
    }
}
