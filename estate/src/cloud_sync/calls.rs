//! What Graph, the portal and the agent's wizard do to cloud sync.

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use super::schema::{RULE_ID, default_schema, hash_schema, map_hashes};
use super::{
    AD_TO_ENTRA_TEMPLATE, Cloud, CloudError, Job, JobTemplate, OnDemandResult, ProvisioningAgent,
    ProvisioningLogEntry, RestartScope, ServicePrincipal,
};
use crate::clock::{later, times};
use crate::dn::DistinguishedName;
use crate::modes::HashCarrier;
use crate::world::World;

/// Whom to provision on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// `ruleId`.
    pub rule: String,
    /// Distinguished name.
    pub object: DistinguishedName,
    /// Members of a group to take along.
    pub members: Vec<DistinguishedName>,
}

impl Cloud {
    /// Makes a configuration from the template. It is not visible at once, and takes calls later still.
    ///
    /// # Errors
    /// If the template is another one.
    pub fn instantiate(
        &mut self,
        template: Uuid,
        display_name: &str,
        world: &mut World,
        now: Timestamp,
    ) -> Result<&ServicePrincipal, CloudError> {
        if template != AD_TO_ENTRA_TEMPLATE {
            return Err(CloudError::NotFound { what: "application template", id: template.to_string() });
        }
        let id = world.identifiers.next_id();
        let principal = ServicePrincipal {
            id,
            application_id: world.identifiers.next_id(),
            app_id: world.identifiers.next_id(),
            display_name: display_name.to_owned(),
            template,
            created_at: now,
            secrets: std::collections::BTreeMap::new(),
            jobs: std::collections::BTreeMap::new(),
        };
        Ok(self.principals.entry(id).or_insert(principal))
    }

    /// Configurations that are visible by now.
    pub fn principals<'a>(
        &'a self,
        world: &World,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a ServicePrincipal> + use<'a> {
        let lag = world.intervals.instantiate_lag;
        self.principals.values().filter(move |principal| later(principal.created_at, lag) <= now)
    }

    /// A configuration.
    ///
    /// # Errors
    /// If there is none, or it is not visible yet.
    pub fn principal(
        &self,
        id: Uuid,
        world: &World,
        now: Timestamp,
    ) -> Result<&ServicePrincipal, CloudError> {
        let found = self.principals(world, now).find(|principal| principal.id == id);
        found.ok_or_else(|| CloudError::NotFound { what: "service principal", id: id.to_string() })
    }

    /// Deletes a configuration with its jobs. Objects stay.
    ///
    /// # Errors
    /// If there is none.
    pub fn delete_principal(
        &mut self,
        id: Uuid,
        world: &mut World,
        now: Timestamp,
    ) -> Result<(), CloudError> {
        self.principal(id, world, now)?;
        if let Some(principal) = self.principals.remove(&id) {
            for job in principal.jobs.values() {
                job.leave(world, now);
            }
        }
        Ok(())
    }

    fn settled(
        &mut self,
        id: Uuid,
        world: &World,
        now: Timestamp,
    ) -> Result<&mut ServicePrincipal, CloudError> {
        let missing = || CloudError::NotFound { what: "service principal", id: id.to_string() };
        let principal = self.principals.get_mut(&id).ok_or_else(missing)?;
        let lag = world.intervals.instantiate_lag;
        if later(principal.created_at, lag) > now {
            return Err(missing());
        }
        if later(principal.created_at, times(lag, 2)) > now {
            return Err(CloudError::NotSettled);
        }
        Ok(principal)
    }

    /// A job for reading.
    ///
    /// # Errors
    /// If there is none, or its configuration is too young.
    pub fn job(&self, principal: Uuid, id: &str, world: &World, now: Timestamp) -> Result<&Job, CloudError> {
        let held = self.principal(principal, world, now)?;
        held.jobs
            .get(id)
            .ok_or_else(|| CloudError::NotFound { what: "synchronization job", id: id.to_owned() })
    }

    /// Jobs of a configuration.
    ///
    /// # Errors
    /// If there is no such configuration, or it is too young for the call.
    pub fn jobs_of(
        &mut self,
        principal: Uuid,
        world: &World,
        now: Timestamp,
    ) -> Result<Vec<&Job>, CloudError> {
        Ok(self.settled(principal, world, now)?.jobs().collect())
    }

    /// Makes a job: `Disabled`, code `Paused`. Its scope is the **whole domain** until the schema says otherwise.
    ///
    /// # Errors
    /// If the template is unknown, the job exists already or the configuration is too young.
    pub fn create_job(
        &mut self,
        principal: Uuid,
        template: &str,
        world: &mut World,
        now: Timestamp,
    ) -> Result<&Job, CloudError> {
        let tenant = world.tenant.settings.organization.id.simple().to_string();
        let part = world.identifiers.next_id();
        let directory = world.directory.domains().to_vec();
        let held = self.settled(principal, world, now)?;
        let kind = JobTemplate::parse(template).ok_or_else(|| {
            CloudError::BadRequest(format!(
                "expected one of this service principal's templates, found {template:?}; list synchronization/templates"
            ))
        })?;
        if held.jobs.values().any(|job| job.template == kind) {
            let text = format!("expected no job of template {template} on this service principal, found one");
            return Err(CloudError::BadRequest(text));
        }
        let id = format!("{template}.{tenant}.{part}");
        let dns = held.domain();
        let netbios = directory.iter().find(|domain| domain.dns_name.eq_ignore_ascii_case(&dns));
        let netbios = netbios.map_or_else(
            || dns.split('.').next().unwrap_or_default().to_uppercase(),
            |domain| domain.netbios_name.clone(),
        );
        let by_mapping = world.modes.hash_carrier == HashCarrier::UserMapping;
        let document = match kind {
            JobTemplate::Provisioning => {
                let mut document = default_schema(&id, &dns, &netbios);
                if by_mapping {
                    map_hashes(&mut document);
                }
                document
            }
            JobTemplate::PasswordHash => hash_schema(&id),
        };
        let job = Job::new(id.clone(), principal, kind, document, now);
        Ok(held.jobs.entry(id).or_insert(job))
    }

    fn job_mut(
        &mut self,
        principal: Uuid,
        id: &str,
        world: &World,
        now: Timestamp,
    ) -> Result<&mut Job, CloudError> {
        let missing = || CloudError::NotFound { what: "synchronization job", id: id.to_owned() };
        self.settled(principal, world, now)?.jobs.get_mut(id).ok_or_else(missing)
    }

    /// Takes a job out of its configuration, works on it with what surrounds it, and puts it back.
    fn with_job<T>(
        &mut self,
        principal: Uuid,
        id: &str,
        world: &mut World,
        now: Timestamp,
        act: impl FnOnce(&mut Job, &super::Surroundings, &mut World, &mut Vec<ProvisioningLogEntry>) -> T,
    ) -> Result<T, CloudError> {
        self.job_mut(principal, id, world, now)?;
        let missing = || CloudError::NotFound { what: "synchronization job", id: id.to_owned() };
        let around =
            self.principals.get(&principal).map(|held| self.surroundings(held)).ok_or_else(missing)?;
        let held = self.principals.get_mut(&principal).ok_or_else(missing)?;
        let job = held.jobs.get_mut(id).ok_or_else(missing)?;
        Ok(act(job, &around, world, &mut self.log))
    }

    /// `start`.
    ///
    /// # Errors
    /// If there is no such job.
    pub fn start_job(
        &mut self,
        principal: Uuid,
        id: &str,
        world: &mut World,
        now: Timestamp,
    ) -> Result<(), CloudError> {
        self.with_job(principal, id, world, now, |job, around, world, _| job.start(around, world, now))
    }

    /// `pause`.
    ///
    /// # Errors
    /// If there is no such job.
    pub fn pause_job(
        &mut self,
        principal: Uuid,
        id: &str,
        world: &World,
        now: Timestamp,
    ) -> Result<(), CloudError> {
        self.job_mut(principal, id, world, now)?.pause(now);
        Ok(())
    }

    /// `restart` with its `resetScope`; an absent or empty one is the portal's restart.
    ///
    /// # Errors
    /// If there is no such job or the scope has an unknown flag.
    pub fn restart_job(
        &mut self,
        principal: Uuid,
        id: &str,
        reset_scope: &str,
        world: &mut World,
        now: Timestamp,
    ) -> Result<(), CloudError> {
        let scope = RestartScope::parse(reset_scope).map_err(|word| {
            CloudError::BadRequest(format!("expected flags of resetScope, found {word:?}"))
        })?;
        self.with_job(principal, id, world, now, |job, around, world, _| {
            job.restart(scope, around, world, now);
        })
    }

    /// Deletes a job and what it knows. Objects stay.
    ///
    /// # Errors
    /// If there is no such job.
    pub fn delete_job(
        &mut self,
        principal: Uuid,
        id: &str,
        world: &mut World,
        now: Timestamp,
    ) -> Result<(), CloudError> {
        self.job_mut(principal, id, world, now)?.leave(world, now);
        if let Some(held) = self.principals.get_mut(&principal) {
            held.jobs.remove(id);
        }
        Ok(())
    }

    /// Replaces the schema document of a job.
    ///
    /// # Errors
    /// If there is no such job or the service would refuse the document.
    pub fn put_schema(
        &mut self,
        principal: Uuid,
        id: &str,
        document: Json,
        world: &World,
        now: Timestamp,
    ) -> Result<(), CloudError> {
        let job = self.job_mut(principal, id, world, now)?;
        job.put_document(document, now).map_err(|error| CloudError::BadRequest(error.to_string()))
    }

    /// Replaces the whole list of secrets; an empty value removes a key.
    ///
    /// # Errors
    /// If there is no such configuration.
    pub fn put_secrets(
        &mut self,
        principal: Uuid,
        secrets: Vec<(String, String)>,
        world: &World,
        now: Timestamp,
    ) -> Result<(), CloudError> {
        let held = self.settled(principal, world, now)?;
        held.secrets = secrets.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        Ok(())
    }

    /// `provisionOnDemand`.
    ///
    /// # Errors
    /// If there is no such job or the rule is unknown.
    pub fn provision_on_demand(
        &mut self,
        principal: Uuid,
        id: &str,
        subject: &Subject,
        world: &mut World,
        now: Timestamp,
    ) -> Result<OnDemandResult, CloudError> {
        if !subject.rule.eq_ignore_ascii_case(&RULE_ID.to_string()) {
            let text = format!(
                "expected the id of a synchronization rule of the job's schema, found {:?}",
                subject.rule
            );
            return Err(CloudError::BadRequest(text));
        }
        self.with_job(principal, id, world, now, |job, around, world, log| {
            job.provision_on_demand(around, &subject.object, &subject.members, world, log, now)
        })
    }

    /// Entries of the provisioning log that queries show by now, oldest first.
    pub fn provisioning_log(&self, now: Timestamp) -> impl Iterator<Item = &ProvisioningLogEntry> {
        self.log.iter().filter(move |entry| entry.visible_at <= now)
    }

    /// Installs a provisioning agent.
    pub fn add_agent(&mut self, machine_name: &str, domains: &[&str], world: &mut World) -> Uuid {
        let id = world.identifiers.next_id();
        let agent = ProvisioningAgent {
            id,
            machine_name: machine_name.to_owned(),
            external_ip: "203.0.113.10".to_owned(),
            domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            stopped_at: None,
        };
        self.agents.insert(id, agent);
        world.agent_versions.install(machine_name);
        id
    }

    /// Stops or starts an agent's service. False if there is no such agent.
    pub fn set_agent_running(&mut self, id: Uuid, running: bool, now: Timestamp) -> bool {
        let Some(agent) = self.agents.get_mut(&id) else { return false };
        agent.stopped_at = if running { None } else { agent.stopped_at.or(Some(now)) };
        true
    }

    /// All agents, those that dropped from the list included.
    pub fn agents(&self) -> impl Iterator<Item = &ProvisioningAgent> {
        self.agents.values()
    }
}
