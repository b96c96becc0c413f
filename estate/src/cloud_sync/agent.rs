//! Microsoft's provisioning agents, as the tenant sees them.

use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::{Intervals, later};

/// A provisioning agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisioningAgent {
    /// Id.
    pub id: Uuid,
    /// `machineName`.
    pub machine_name: String,
    /// `externalIp`.
    pub external_ip: String,
    /// AD domains it serves, by DNS name.
    pub domains: Vec<String>,
    /// Since when it has been down; absent = running.
    pub stopped_at: Option<Timestamp>,
}

/// Status of an agent as the list shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentStatus {
    /// `active`; also shown for a while after the agent has stopped.
    Active,
    /// `inactive`.
    Inactive,
}

impl ProvisioningAgent {
    /// Runs, whatever the list says.
    pub fn is_running(&self) -> bool {
        self.stopped_at.is_none()
    }

    /// What the list says; none once the agent has dropped from it (ten days; here 240 times the inactive time).
    /// Source: Microsoft, 2026-03.
    pub fn status(&self, now: Timestamp, intervals: &Intervals) -> Option<AgentStatus> {
        let Some(stopped) = self.stopped_at else { return Some(AgentStatus::Active) };
        if now < later(stopped, intervals.agent_inactive) {
            return Some(AgentStatus::Active);
        }
        let forgotten = later(stopped, crate::clock::times(intervals.agent_inactive, 240));
        (now < forgotten).then_some(AgentStatus::Inactive)
    }
}
