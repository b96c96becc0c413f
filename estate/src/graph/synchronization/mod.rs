//! `/servicePrincipals/{id}/synchronization`: templates, jobs, secrets, schema, on-demand provisioning. No IO.
//!
//! Source: Microsoft Graph, synchronization API; Microsoft, "Inbound synchronization for cloud sync using Microsoft Graph".

mod on_demand;
mod render;
mod schema;
mod secrets;

use axum::http::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Graph;
use super::audit_logs::Activity;
use super::call::Call;
use super::dispatch::unknown;
use super::error::GraphError;
use super::message::GraphResponse;
use crate::cloud_sync::{Cloud, CloudError, Job, JobTemplate, ServicePrincipal};
use crate::estate::Estate;
use crate::world::World;

/// Serves what lies below `/servicePrincipals/{id}/synchronization`.
pub(crate) fn dispatch(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    principal: &str,
    rest: &[&str],
) -> Result<GraphResponse, GraphError> {
    let principal: Uuid = principal.parse().map_err(|_| GraphError::NotFound(principal.to_owned()))?;
    let method = &call.request.method;
    match (method, rest) {
        (&Method::GET, []) => {
            let held = settled(graph, estate, principal)?.id;
            let context = call.context(&format!("servicePrincipals('{held}')/synchronization/$entity"));
            Ok(GraphResponse::ok(json!({"@odata.context": context, "id": held.to_string()})))
        }
        (&Method::GET, ["templates", rest @ ..]) => templates(graph, estate, call, principal, rest),
        (_, ["secrets", rest @ ..]) => secrets::dispatch(graph, estate, call, principal, rest),
        (&Method::GET, ["jobs"]) => list_jobs(graph, estate, call, principal),
        (&Method::POST, ["jobs"]) => create_job(graph, estate, call, principal),
        (&Method::GET, ["jobs", "$count"]) => {
            let count = settled(graph, estate, principal)?.jobs().count();
            Ok(GraphResponse::text(count.to_string()))
        }
        (&Method::POST, ["jobs", "validateCredentials"]) => {
            validate_credentials(graph, estate, call, principal)
        }
        (&Method::GET, ["jobs", id]) => get_job(graph, estate, call, principal, id),
        (&Method::DELETE, ["jobs", id]) => {
            act(graph, estate, |cloud, world, now| cloud.delete_job(principal, id, world, now))?;
            Ok(GraphResponse::no_content())
        }
        (&Method::POST, ["jobs", id, "validateCredentials"]) => {
            job(graph, estate, principal, id)?;
            validate_credentials(graph, estate, call, principal)
        }
        (&Method::POST, ["jobs", id, "start"]) => {
            act(graph, estate, |cloud, world, now| cloud.start_job(principal, id, world, now))?;
            graph.audits.note(estate, call, Activity::Start, principal, id);
            Ok(GraphResponse::no_content())
        }
        (&Method::POST, ["jobs", id, "pause"]) => {
            act(graph, estate, |cloud, world, now| cloud.pause_job(principal, id, world, now))?;
            graph.audits.note(estate, call, Activity::Pause, principal, id);
            Ok(GraphResponse::no_content())
        }
        (&Method::POST, ["jobs", id, "restart"]) => restart(graph, estate, call, principal, id),
        (&Method::POST, ["jobs", id, "provisionOnDemand"]) => {
            on_demand::answer(graph, estate, call, principal, id)
        }
        (_, ["jobs", id, "schema", rest @ ..]) => schema::dispatch(graph, estate, call, principal, id, rest),
        (_, ["jobs"] | ["jobs", _] | ["jobs", _, "start" | "pause" | "restart" | "provisionOnDemand"]) => {
            Err(GraphError::MethodNotAllowed)
        }
        _ => Err(unknown(rest)),
    }
}

/// Does something to cloud sync and translates the refusal.
fn act<T>(
    graph: &mut Graph,
    estate: &mut Estate,
    act: impl FnOnce(&mut Cloud, &mut World, jiff::Timestamp) -> Result<T, CloudError>,
) -> Result<T, GraphError> {
    estate.with_cloud(act).map_err(|error| graph.principals.refuse(error))
}

/// The service principal, once it takes synchronization calls.
fn settled<'e>(
    graph: &mut Graph,
    estate: &'e mut Estate,
    principal: Uuid,
) -> Result<&'e ServicePrincipal, GraphError> {
    act(graph, estate, |cloud, world, now| cloud.jobs_of(principal, world, now).map(drop))?;
    let held = estate.cloud.principal(principal, &estate.world, estate.now());
    held.map_err(|error| graph.principals.refuse(error))
}

/// A job of a service principal that takes calls.
fn job<'e>(
    graph: &mut Graph,
    estate: &'e mut Estate,
    principal: Uuid,
    id: &str,
) -> Result<&'e Job, GraphError> {
    let held = settled(graph, estate, principal)?;
    held.jobs().find(|job| job.id == id).ok_or_else(|| GraphError::NotFound(id.to_owned()))
}

fn list_jobs(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    principal: Uuid,
) -> Result<GraphResponse, GraphError> {
    settled(graph, estate, principal)?;
    let estate = &*estate;
    let held = estate.cloud.principal(principal, &estate.world, estate.now());
    let held = held.map_err(|error| graph.principals.refuse(error))?;
    let jobs = held.jobs().map(|job| Value::Object(render_job(job, held, estate))).collect();
    let fragment = format!("servicePrincipals('{principal}')/synchronization/jobs");
    Ok(GraphResponse::ok(Value::Object(call.collection_body(&fragment, jobs))))
}

fn get_job(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    principal: Uuid,
    id: &str,
) -> Result<GraphResponse, GraphError> {
    job(graph, estate, principal, id)?;
    let estate = &*estate;
    let held = estate.cloud.principal(principal, &estate.world, estate.now());
    let held = held.map_err(|error| graph.principals.refuse(error))?;
    let job = held.jobs().find(|job| job.id == id).ok_or_else(|| GraphError::NotFound(id.to_owned()))?;
    let mut shown = render_job(job, held, estate);
    shown.insert("@odata.context".to_owned(), json!(job_context(call, principal)));
    Ok(GraphResponse::ok(Value::Object(shown)))
}

fn job_context(call: &Call<'_>, principal: Uuid) -> String {
    call.context(&format!("servicePrincipals('{principal}')/synchronization/jobs/$entity"))
}

fn create_job(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    principal: Uuid,
) -> Result<GraphResponse, GraphError> {
    let body = call.body()?;
    let template = body.get("templateId").and_then(Value::as_str);
    let template =
        template.ok_or_else(|| GraphError::BadRequest("Property 'templateId' is missing.".to_owned()))?;
    let made =
        act(graph, estate, |cloud, world, now| cloud.create_job(principal, template, world, now).cloned())?;
    let tick = estate.world.intervals.job_tick;
    let mut shown = Map::new();
    shown.insert("@odata.context".to_owned(), json!(job_context(call, principal)));
    shown.insert("id".to_owned(), json!(made.id));
    let shown_template = match made.template {
        JobTemplate::Provisioning => render::TEMPLATE_OF_A_NEW_JOB,
        JobTemplate::PasswordHash => made.template.as_str(),
    };
    shown.insert("templateId".to_owned(), json!(shown_template));
    shown.insert("schedule".to_owned(), render::schedule(made.template, made.schedule, tick));
    shown.insert("status".to_owned(), render::status(&made.status));
    Ok(GraphResponse::created(Value::Object(shown)))
}

fn render_job(job: &Job, principal: &ServicePrincipal, estate: &Estate) -> Map<String, Value> {
    let domain = principal.domain();
    let known =
        estate.world.directory.domains().iter().find(|known| known.dns_name.eq_ignore_ascii_case(&domain));
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_uppercase();
    let netbios = known.map_or_else(|| short(&domain), |known| known.netbios_name.clone());
    let forest = estate.world.directory.forest_name().to_owned();
    let names = [
        ("DomainFQDN", domain.clone()),
        ("DomainNetBios", netbios),
        ("ForestFQDN", forest.clone()),
        ("ForestNetBios", short(&forest)),
    ];
    let together: Map<String, Value> =
        names.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let mut settings = vec![json!({"name": "Domain", "value": Value::Object(together).to_string()})];
    settings.extend(names.iter().map(|(name, value)| json!({"name": name, "value": value})));
    if let Some(threshold) = principal.delete_threshold() {
        settings.push(json!({"name": "QuarantineTooManyDeletesThreshold", "value": threshold.to_string()}));
    }
    let tick = match job.template {
        JobTemplate::Provisioning => estate.world.intervals.job_tick,
        JobTemplate::PasswordHash => estate.world.intervals.hash_loop,
    };
    let mut shown = Map::new();
    shown.insert("id".to_owned(), json!(job.id));
    shown.insert("templateId".to_owned(), json!(job.template.as_str()));
    shown.insert("schedule".to_owned(), render::schedule(job.template, job.schedule, tick));
    shown.insert("status".to_owned(), render::status(&job.status));
    shown.insert("synchronizationJobSettings".to_owned(), Value::Array(settings));
    shown
}

fn restart(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    principal: Uuid,
    id: &str,
) -> Result<GraphResponse, GraphError> {
    let body = call.optional_body()?;
    let scope = match body.get("criteria").and_then(|criteria| criteria.get("resetScope")) {
        None | Some(Value::Null) => "",
        Some(Value::String(scope)) => scope,
        Some(_) => return Err(GraphError::BadRequest("Property 'resetScope' must be text.".to_owned())),
    };
    act(graph, estate, |cloud, world, now| cloud.restart_job(principal, id, scope, world, now))?;
    graph.audits.note(estate, call, Activity::Restart, principal, id);
    Ok(GraphResponse::no_content())
}

/// 204 if an agent answers for the domain. What the real call proves for such a job is not published.
fn validate_credentials(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    principal: Uuid,
) -> Result<GraphResponse, GraphError> {
    call.optional_body()?;
    let domain = settled(graph, estate, principal)?.domain();
    let serves = |served: &String| served.eq_ignore_ascii_case(&domain);
    if estate.cloud.agents().any(|agent| agent.is_running() && agent.domains.iter().any(serves)) {
        return Ok(GraphResponse::no_content());
    }
    Err(GraphError::BadRequest(format!(
        "HybridIdentityServiceNoActiveAgents: no provisioning agent answers for {domain}."
    )))
}

fn templates(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    principal: Uuid,
    rest: &[&str],
) -> Result<GraphResponse, GraphError> {
    let application = settled(graph, estate, principal)?.app_id;
    let template = |template: JobTemplate| {
        json!({
            "id": template.as_str(),
            "applicationId": application.to_string(),
            "default": template == JobTemplate::Provisioning,
            "description": null,
            "discoverable": true,
            "factoryTag": template.as_str(),
            "metadata": [],
        })
    };
    match rest {
        [] => {
            let templates = JobTemplate::ALL.map(template).to_vec();
            let fragment = format!("servicePrincipals('{principal}')/synchronization/templates");
            Ok(GraphResponse::ok(Value::Object(call.collection_body(&fragment, templates))))
        }
        ["$count"] => Ok(GraphResponse::text(JobTemplate::ALL.len().to_string())),
        [id] => JobTemplate::parse(id)
            .map(|known| GraphResponse::ok(template(known)))
            .ok_or_else(|| GraphError::NotFound((*id).to_owned())),
        _ => Err(unknown(rest)),
    }
}
