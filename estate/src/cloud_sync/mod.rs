//! Cloud sync: configurations, synchronization jobs, provisioning agents, provisioning log. Pure.
//!
//! Life of a job: made (`Disabled`, `Paused`) → started (`Active`, `NotRun`) → a full cycle whose length follows the number
//! of objects → incremental cycles. A scope with both filters empty means the whole domain. What somebody writes into the
//! schema document takes effect at the next restart.

mod agent;
mod agent_versions;
mod calls;
mod error;
mod job;
mod log;
mod principal;
mod quarantine;
pub mod schema;
#[cfg(test)]
mod tests;

pub use agent::{AgentStatus, ProvisioningAgent};
pub use agent_versions::AgentVersions;
pub use calls::Subject;
pub use error::CloudError;
pub use job::{
    Execution, ExecutionState, Job, JobCode, JobError, JobStatus, JobTemplate, OnDemandResult, Progress,
    Quarantine, QuarantineReason, RestartScope, ScheduleState,
};
pub use log::{ModifiedProperty, ProvisioningAction, ProvisioningLogEntry, ProvisioningStatus};
pub use principal::{AD_TO_ENTRA_TEMPLATE, ServicePrincipal};

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::engine::{Availability, Service};
use crate::tenant::canonical_values;
use crate::value::{AttributeName, Value};
use crate::world::World;
use job::Surroundings;

/// All of cloud sync in one tenant.
#[derive(Debug, Default)]
pub struct Cloud {
    principals: BTreeMap<Uuid, ServicePrincipal>,
    agents: BTreeMap<Uuid, ProvisioningAgent>,
    log: Vec<ProvisioningLogEntry>,
}

impl Cloud {
    /// When something happens by itself next.
    pub fn next_due(&self, _world: &World) -> Option<Timestamp> {
        self.jobs().filter_map(Job::next_tick).min()
    }

    /// Does everything due at `now`.
    pub fn advance(&mut self, now: Timestamp, world: &mut World) {
        let due: Vec<(Uuid, String)> = self
            .jobs()
            .filter(|job| job.next_tick().is_some_and(|at| at <= now))
            .map(|job| (job.principal, job.id.clone()))
            .collect();
        for (principal, id) in due {
            let Some(around) = self.principals.get(&principal).map(|principal| self.surroundings(principal))
            else {
                continue;
            };
            let Some(principal) = self.principals.get_mut(&principal) else { continue };
            let hashes = principal.jobs.get(&id).is_some_and(|job| job.template == JobTemplate::PasswordHash);
            // A hash job beside a provisioning job that carries the hashes itself has nothing to do.
            let others = principal.jobs.values().filter(|job| hashes && !job.carries_hashes(world));
            let users: Vec<(Uuid, String)> = others.flat_map(Job::hash_users).collect();
            if let Some(job) = principal.jobs.get_mut(&id) {
                job.tick(&around, &users, world, &mut self.log, now);
            }
        }
    }

    /// All jobs.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.principals.values().flat_map(|principal| principal.jobs.values())
    }

    /// A job by its id alone.
    pub fn job_by_id(&self, id: &str) -> Option<&Job> {
        self.jobs().find(|job| job.id == id)
    }

    /// What the mappings of a job give for an attribute of the tenant that is no reference, from the directory as it is
    /// now. None if the job does not flow the attribute.
    pub fn expected(
        &self,
        job: &str,
        source: Uuid,
        attribute: &AttributeName,
        world: &World,
    ) -> Option<Vec<Value>> {
        let object = world.directory.alive(source)?;
        if attribute.is("passwordHash") {
            let version = object.password.map(|password| i64::try_from(password.version).unwrap_or(i64::MAX));
            return Some(version.map(Value::Integer).into_iter().collect());
        }
        let mapping = self.job_by_id(job)?.mapping_in_force(object.class)?;
        let mapping = mapping.attributes.iter().find(|mapping| mapping.target == *attribute)?;
        let values = mapping.values(object).ok()?;
        Some(canonical_values(attribute.as_str(), values))
    }

    /// State of every job, for the judge.
    pub fn availability(&self, _now: Timestamp, world: &World) -> Vec<(String, Service, Availability)> {
        let states = self.principals.values().flat_map(|principal| {
            let around = self.surroundings(principal);
            principal.jobs.values().flat_map(move |job| {
                let services = job.availability(&around, world).into_iter();
                services.map(|(service, state)| (job.id.clone(), service, state)).collect::<Vec<_>>()
            })
        });
        states.collect()
    }

    fn surroundings(&self, principal: &ServicePrincipal) -> Surroundings {
        let domain = principal.domain();
        let serves = |agent: &ProvisioningAgent| {
            agent.is_running() && agent.domains.iter().any(|served| served.eq_ignore_ascii_case(&domain))
        };
        Surroundings {
            agent_runs: self.agents.values().any(serves),
            delete_threshold: principal.delete_threshold(),
            skip_out_of_scope: principal.skips_out_of_scope_deletions(),
            domain,
        }
    }
}
