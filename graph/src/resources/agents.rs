//! Microsoft's provisioning agents. Beta only, and by the reference not readable by an application. No IO.

use super::{AgentGroupId, AgentId, PublishedResourceId};
use crate::value::{Open, resource, wire_enum};

resource! {
    /// A provisioning agent. The type has neither a version nor a last-seen time.
    ///
    /// An agent that stopped is inactive after about an hour and gone from the list after about ten days.
    /// Source: Microsoft, "onPremisesAgent resource type", "How to configure cloud sync".
    pub struct OnPremisesAgent {
        /// Id.
        id: AgentId,
        /// Host name.
        machine_name: String,
        /// Address seen from outside.
        external_ip: String,
        /// Whether it answers.
        status: Open<AgentStatus>,
        /// What it may serve.
        supported_publishing_types: Vec<Open<PublishingType>>,
        /// Its groups; only when expanded.
        agent_groups: Vec<OnPremisesAgentGroup>,
    }
}

wire_enum! {
    /// Whether an agent answers.
    pub enum AgentStatus {
        /// It does.
        Active = "active",
        /// It has not for about an hour.
        Inactive = "inactive",
    }
}

wire_enum! {
    /// What agents may serve.
    pub enum PublishingType {
        /// Application proxy.
        ApplicationProxy = "applicationProxy",
        /// Exchange hybrid.
        ExchangeOnline = "exchangeOnline",
        /// Pass-through authentication.
        Authentication = "authentication",
        /// Cloud Sync.
        Provisioning = "provisioning",
        /// Certificates for Intune.
        IntunePfx = "intunePfx",
        /// Offline domain join; Microsoft's spelling.
        OfflineDomainJoin = "oflineDomainJoin",
        /// Private access.
        PrivateAccess = "privateAccess",
        /// Older name for provisioning.
        AdAdministration = "adAdministration",
    }
}

resource! {
    /// A group of agents.
    pub struct OnPremisesAgentGroup {
        /// Id.
        id: AgentGroupId,
        /// Name.
        display_name: String,
        /// New agents join it.
        is_default: bool,
        /// What it serves.
        publishing_type: Open<PublishingType>,
        /// Its agents; only when expanded.
        agents: Vec<OnPremisesAgent>,
        /// What it publishes; only when expanded.
        published_resources: Vec<PublishedResource>,
    }
}

resource! {
    /// What a group of agents publishes: for provisioning, an Active Directory domain.
    pub struct PublishedResource {
        /// Id.
        id: PublishedResourceId,
        /// Name.
        display_name: String,
        /// DNS name of the domain.
        resource_name: String,
        /// What it is for.
        publishing_type: Open<PublishingType>,
        /// Its groups of agents; only when expanded.
        agent_groups: Vec<OnPremisesAgentGroup>,
    }
}

resource! {
    /// The profile that agents, groups and resources belong to.
    pub struct OnPremisesPublishingProfile {
        /// Name of the profile: `provisioning`.
        id: String,
        /// Whether it is in use.
        is_enabled: bool,
        /// How agents update themselves; the updater cannot be switched off.
        hybrid_agent_updater_configuration: HybridAgentUpdaterConfiguration,
    }
}

resource! {
    /// How agents update themselves.
    pub struct HybridAgentUpdaterConfiguration {
        /// An agent may decide otherwise.
        allow_update_configuration_override: bool,
        /// No update before this time.
        defer_update_date_time: crate::value::GraphTime,
        /// Hours in which updates may run.
        update_window: UpdateWindow,
    }
}

resource! {
    /// Hours of the day in which updates may run.
    pub struct UpdateWindow {
        /// From.
        update_window_start_time: String,
        /// To.
        update_window_end_time: String,
    }
}
