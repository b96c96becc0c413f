//! `/beta/onPremisesPublishingProfiles/provisioning`: provisioning agents, their groups, the domains they serve. No IO.
//!
//! Each domain has one agent group here; an agent belongs to the groups of the domains it serves.
//! Source: Microsoft Graph beta, resource types onPremisesAgent, onPremisesAgentGroup, publishedResource.

use axum::http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::call::Call;
use super::dispatch::unknown;
use super::error::GraphError;
use super::message::GraphResponse;
use super::odata::{Case, PageRules, page, project};
use crate::cloud_sync::{AgentStatus, ProvisioningAgent};
use crate::estate::Estate;
use crate::modes::AgentStatusSpelling;

/// Page sizes of these collections.
const PAGES: PageRules = PageRules { default_size: 100, largest_size: 999, case: Case::Ignore };

/// Serves what lies below `/onPremisesPublishingProfiles`.
pub(crate) fn dispatch(estate: &Estate, call: &Call<'_>, rest: &[&str]) -> Result<GraphResponse, GraphError> {
    if call.request.method != Method::GET {
        return Err(GraphError::MethodNotAllowed);
    }
    let [profile, rest @ ..] = rest else { return Err(unknown(rest)) };
    if profile.eq_ignore_ascii_case("authentication") && rest == ["agents"] {
        return collection(call, "agents", pass_through(estate));
    }
    if !profile.eq_ignore_ascii_case("provisioning") {
        return Err(GraphError::NotFound((*profile).to_owned()));
    }
    let view = View { estate, call };
    match rest {
        [] => Ok(GraphResponse::ok(json!({
            "@odata.context": call.context("onPremisesPublishingProfiles/$entity"),
            "id": "provisioning",
            "isEnabled": null,
            "isDefaultAccessEnabled": null,
            "hybridAgentUpdaterConfiguration": null,
        }))),
        ["agents"] => collection(call, "agents", view.agents()),
        ["agents", id] => one(call, view.agents(), id),
        ["agents", id, "agentGroups"] => related(call, view.agents_with_groups(), id, "agentGroups"),
        ["agentGroups"] => collection(call, "agentGroups", view.groups()),
        ["agentGroups", id] => one(call, view.groups(), id),
        ["agentGroups", id, relation @ ("agents" | "publishedResources")] => {
            related(call, view.groups_with_everything(), id, relation)
        }
        ["publishedResources"] => {
            collection(call, "publishedResources", view.resources(view.expands("agentGroups")))
        }
        ["publishedResources", id] => one(call, view.resources(view.expands("agentGroups")), id),
        ["publishedResources", id, "agentGroups"] => related(call, view.resources(true), id, "agentGroups"),
        _ => Err(unknown(rest)),
    }
}

/// Agents of pass-through authentication, as somebody installed them.
fn pass_through(estate: &Estate) -> Vec<Value> {
    let agents = estate.world.tenant.settings.pass_through_agents.iter().enumerate();
    agents
        .map(|(number, agent)| {
            json!({
                "id": Uuid::from_u128(0xA0 << 64 | number as u128).to_string(),
                "machineName": agent.machine_name,
                "externalIp": "203.0.113.9",
                "status": if agent.active { "active" } else { "inactive" },
                "supportedPublishingTypes": ["authentication"],
            })
        })
        .collect()
}

struct View<'a> {
    estate: &'a Estate,
    call: &'a Call<'a>,
}

impl View<'_> {
    fn expands(&self, relation: &str) -> bool {
        self.call.query.expand.iter().any(|name| name == relation)
    }

    fn domains(&self) -> Vec<String> {
        let mut domains: Vec<String> =
            self.estate.cloud.agents().flat_map(|agent| agent.domains.clone()).collect();
        domains.sort();
        domains.dedup();
        domains
    }

    fn agents(&self) -> Vec<Value> {
        self.render_agents(|_| true, self.expands("agentGroups"))
    }

    fn agents_with_groups(&self) -> Vec<Value> {
        self.render_agents(|_| true, true)
    }

    fn render_agents(&self, wanted: impl Fn(&ProvisioningAgent) -> bool, with_groups: bool) -> Vec<Value> {
        let (now, intervals) = (self.estate.now(), &self.estate.world.intervals);
        let spelling = self.estate.world.modes.agent_status;
        self.estate
            .cloud
            .agents()
            .filter(|agent| wanted(agent))
            .filter_map(|agent| {
                let status = match (agent.status(now, intervals)?, spelling) {
                    (AgentStatus::Active, AgentStatusSpelling::Lower) => "active",
                    (AgentStatus::Active, AgentStatusSpelling::Capitalised) => "Active",
                    (AgentStatus::Inactive, AgentStatusSpelling::Lower) => "inactive",
                    (AgentStatus::Inactive, AgentStatusSpelling::Capitalised) => "Inactive",
                };
                let mut shown = json!({
                    "id": agent.id.to_string(),
                    "machineName": agent.machine_name,
                    "externalIp": agent.external_ip,
                    "status": status,
                    "supportedPublishingTypes": ["provisioning"],
                });
                if with_groups {
                    shown["agentGroups"] = agent.domains.iter().map(|domain| group(domain)).collect();
                }
                Some(shown)
            })
            .collect()
    }

    fn groups(&self) -> Vec<Value> {
        self.render_groups(self.expands("agents"), self.expands("publishedResources"))
    }

    fn groups_with_everything(&self) -> Vec<Value> {
        self.render_groups(true, true)
    }

    fn render_groups(&self, with_agents: bool, with_resources: bool) -> Vec<Value> {
        self.domains()
            .iter()
            .map(|domain| {
                let mut shown = group(domain);
                if with_agents {
                    let serves = |agent: &ProvisioningAgent| agent.domains.contains(domain);
                    shown["agents"] = Value::Array(self.render_agents(serves, false));
                }
                if with_resources {
                    shown["publishedResources"] = json!([resource(domain)]);
                }
                shown
            })
            .collect()
    }

    fn resources(&self, with_groups: bool) -> Vec<Value> {
        self.domains()
            .iter()
            .map(|domain| {
                let mut shown = resource(domain);
                if with_groups {
                    shown["agentGroups"] = json!([group(domain)]);
                }
                shown
            })
            .collect()
    }
}

fn group(domain: &str) -> Value {
    json!({
        "id": stable_id("agentGroup", domain),
        "displayName": format!("Group-{domain}"),
        "isDefault": false,
        "publishingType": "provisioning",
    })
}

fn resource(domain: &str) -> Value {
    json!({
        "id": stable_id("publishedResource", domain),
        "displayName": domain,
        "resourceName": domain,
        "publishingType": "provisioning",
    })
}

/// The same identifier for the same thing in every run.
fn stable_id(kind: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("{kind}/{}", name.to_ascii_lowercase()));
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    Uuid::from_bytes(bytes).to_string()
}

fn collection(call: &Call<'_>, name: &str, objects: Vec<Value>) -> Result<GraphResponse, GraphError> {
    let page = page(objects, &call.query, PAGES)?;
    let value = match &call.query.select {
        Some(names) => page.objects.iter().map(|object| project(object, names)).collect(),
        None => page.objects,
    };
    let fragment = format!("onPremisesPublishingProfiles('provisioning')/{name}");
    let mut body = call.collection_body(&fragment, value);
    if let Some(next) = page.next {
        body.insert("@odata.nextLink".to_owned(), json!(call.next_link(&next)));
    }
    Ok(GraphResponse::ok(Value::Object(body)))
}

fn find(objects: Vec<Value>, id: &str) -> Result<Value, GraphError> {
    objects
        .into_iter()
        .find(|object| {
            object.get("id").and_then(Value::as_str).is_some_and(|known| known.eq_ignore_ascii_case(id))
        })
        .ok_or_else(|| GraphError::NotFound(id.to_owned()))
}

fn one(call: &Call<'_>, objects: Vec<Value>, id: &str) -> Result<GraphResponse, GraphError> {
    let object = find(objects, id)?;
    Ok(GraphResponse::ok(match &call.query.select {
        Some(names) => project(&object, names),
        None => object,
    }))
}

fn related(
    call: &Call<'_>,
    objects: Vec<Value>,
    id: &str,
    relation: &str,
) -> Result<GraphResponse, GraphError> {
    let mut object = find(objects, id)?;
    let related = object.get_mut(relation).map(Value::take);
    let related = related.and_then(|related| related.as_array().cloned()).unwrap_or_default();
    collection(call, relation, related)
}
