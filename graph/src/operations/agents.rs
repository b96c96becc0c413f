//! Calls about Microsoft's provisioning agents. No IO of their own.

use crate::call::Call;
use crate::client::GraphClient;
use crate::error::Error;
use crate::pages::Pages;
use crate::resources::agents::{
    OnPremisesAgent, OnPremisesAgentGroup, OnPremisesPublishingProfile, PublishedResource, PublishingType,
};
use crate::resources::{AgentGroupId, AgentId, PublishedResourceId};
use crate::route::ApiVersion;
use crate::value::Open;

const READ: &str = "Policy.Read.HybridAuthentication";
const WRITE: &str = "Policy.ReadWrite.HybridAuthentication";

/// `/onPremisesPublishingProfiles/provisioning`. Beta only, and by the reference for signed-in persons only: probe, and
/// treat a refusal as "not known".
pub struct ProvisioningAgents<'a>(&'a GraphClient);

impl GraphClient {
    /// Calls about provisioning agents.
    pub fn provisioning_agents(&self) -> ProvisioningAgents<'_> {
        ProvisioningAgents(self)
    }
}

impl GraphClient {
    /// The agents of pass-through authentication. Beta only, and by the reference for signed-in persons only: treat a refusal as "not
    /// known".
    pub fn pass_through_agents(&self) -> Pages<OnPremisesAgent> {
        Pages::new(self, read("/onPremisesPublishingProfiles/authentication/agents", &[]))
    }
}

impl ProvisioningAgents<'_> {
    /// The profile, with the settings of the agents' updater.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn profile(&self) -> Result<OnPremisesPublishingProfile, Error> {
        self.0.read(&read("/onPremisesPublishingProfiles/provisioning", &[])).await
    }

    /// The agents with their groups. One that stopped ten days ago is no longer among them.
    pub fn agents(&self) -> Pages<OnPremisesAgent> {
        let call = read("/onPremisesPublishingProfiles/provisioning/agents", &[]);
        Pages::new(self.0, call.query("$expand", "agentGroups"))
    }

    /// One agent with its groups.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn agent(&self, id: &AgentId) -> Result<OnPremisesAgent, Error> {
        let call = read("/onPremisesPublishingProfiles/provisioning/agents/{id}", &[id.as_str()]);
        self.0.read(&call.query("$expand", "agentGroups")).await
    }

    /// The groups with their agents and what they publish.
    pub fn groups(&self) -> Pages<OnPremisesAgentGroup> {
        let call = read("/onPremisesPublishingProfiles/provisioning/agentGroups", &[]);
        Pages::new(self.0, call.query("$expand", "agents,publishedResources"))
    }

    /// One group with its agents and what it publishes.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn group(&self, id: &AgentGroupId) -> Result<OnPremisesAgentGroup, Error> {
        let call = read("/onPremisesPublishingProfiles/provisioning/agentGroups/{id}", &[id.as_str()]);
        self.0.read(&call.query("$expand", "agents,publishedResources")).await
    }

    /// The published domains with their groups.
    pub fn published_resources(&self) -> Pages<PublishedResource> {
        let call = read("/onPremisesPublishingProfiles/provisioning/publishedResources", &[]);
        Pages::new(self.0, call.query("$expand", "agentGroups"))
    }

    /// One published domain with its groups.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn published_resource(&self, id: &PublishedResourceId) -> Result<PublishedResource, Error> {
        let call = read("/onPremisesPublishingProfiles/provisioning/publishedResources/{id}", &[id.as_str()]);
        self.0.read(&call.query("$expand", "agentGroups")).await
    }

    /// Publishes a domain. Never repeated unless the service refused it: look first.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn publish(&self, display_name: &str, dns_name: &str) -> Result<PublishedResource, Error> {
        let resource = PublishedResource {
            display_name: display_name.to_owned().into(),
            resource_name: dns_name.to_owned().into(),
            publishing_type: Open::from(PublishingType::Provisioning).into(),
            ..PublishedResource::default()
        };
        let path = "/onPremisesPublishingProfiles/provisioning/publishedResources";
        let call = Call::post(ApiVersion::Beta, path, &[]).needs_person(WRITE).json(&resource);
        self.0.read(&call).await
    }
}

fn read(template: &'static str, ids: &[&str]) -> Call {
    Call::get(ApiVersion::Beta, template, ids).needs_person(READ)
}
