//! How old Microsoft's provisioning agents are, and what follows from it. Pure.

use std::collections::BTreeSet;

use crate::modes::{CrossDomainReferences, Modes};

/// The newest version. Source: Microsoft, provisioning agent version history.
const CURRENT_AGENT: &str = "1.1.2505.0";

/// One that resolves references within its domain only. Source: as above.
const OLDER_AGENT: &str = "1.1.2334.0";

/// Which hosts have an agent, and on which of them a person has updated it.
#[derive(Debug, Clone, Default)]
pub struct AgentVersions {
    hosts: BTreeSet<String>,
    updated: BTreeSet<String>,
}

impl AgentVersions {
    /// Notes that a host has an agent.
    pub fn install(&mut self, host: &str) {
        self.hosts.insert(host.to_owned());
    }

    /// A person installs the newest version.
    pub fn update(&mut self, host: &str) {
        self.updated.insert(host.to_owned());
    }

    /// Version of the agent on a host; none where there is none. Agents are old where the mode says so, until they are updated.
    pub fn on(&self, host: &str, modes: &Modes) -> Option<&'static str> {
        let is_current =
            modes.cross_domain_references == CrossDomainReferences::Resolved || self.updated.contains(host);
        self.hosts.contains(host).then_some(if is_current { CURRENT_AGENT } else { OLDER_AGENT })
    }

    /// Whether references to other domains resolve: with no old agent left, whichever of them runs a cycle.
    pub fn resolve_across_domains(&self, modes: &Modes) -> bool {
        modes.cross_domain_references == CrossDomainReferences::Resolved
            || (!self.hosts.is_empty() && self.hosts.is_subset(&self.updated))
    }
}
