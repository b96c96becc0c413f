//! Cloud Sync configurations as they are now: one service principal for each AD domain, with its jobs.

use crds::entra_tenant::CloudSyncJob;
use crds::{ContentDigest, DistinguishedName, Epoch};
use graph::GraphClient;
use graph::resources::jobs::{JobCode, ScheduleState, SynchronizationJob};
use graph::resources::{ApplicationTemplateId, CLOUD_SYNC_TEMPLATE, JobTemplateId, ServicePrincipalId};
use graph::schema::{JobScope, SchemaDocument, WhichRule};
use parity::MappingSet;
use planner::observed::JobFacts;

use crate::error::Error;

/// Job that synchronises users, groups and contacts.
pub const PROVISIONING: &str = "AD2AADProvisioning";

/// Job that synchronises password hashes.
pub const PASSWORD_HASH: &str = "AD2AADPasswordHash";

/// One configuration, live.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// DNS name of the AD domain.
    pub domain: String,
    /// Service principal.
    pub service_principal: ServicePrincipalId,
    /// The provisioning job.
    pub provisioning: Option<SynchronizationJob>,
    /// The password hash job.
    pub password_hash: Option<SynchronizationJob>,
    /// Schema of the provisioning job.
    pub schema: Option<SchemaDocument>,
    /// Threshold of accidental deletions; `None` when the guard is off or unknown.
    pub deletion_threshold: Option<i64>,
}

/// All configurations of the tenant.
///
/// # Errors
/// When Graph does not answer.
pub async fn read_all(client: &GraphClient) -> Result<Vec<Configuration>, Error> {
    let template = ApplicationTemplateId::new(CLOUD_SYNC_TEMPLATE);
    let found = client.service_principals().find(&template, &JobTemplateId::new(PROVISIONING), "").await?;
    let mut configurations = Vec::with_capacity(found.service_principals.len());
    for principal in found.service_principals {
        let Some(id) = principal.id.get().cloned() else { continue };
        if let Some(configuration) = read(client, id, principal.display_name.text()).await? {
            configurations.push(configuration);
        }
    }
    Ok(configurations)
}

/// One configuration; `None` when it belongs to no domain yet.
async fn read(
    client: &GraphClient,
    id: ServicePrincipalId,
    name: Option<&str>,
) -> Result<Option<Configuration>, Error> {
    let synchronization = client.synchronization(&id);
    let secrets = match synchronization.secrets().await {
        Ok(secrets) => Some(secrets),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error.into()),
    };
    // By custom the display name is the domain; the secret is what the service goes by.
    let Some(domain) = secrets
        .as_ref()
        .and_then(graph::resources::secrets::SynchronizationSecrets::domain)
        .or_else(|| name.map(str::to_owned))
    else {
        return Ok(None);
    };
    let jobs = synchronization.jobs().await?;
    let of = |template: &str| jobs.iter().find(|job| is_made_from(job, template)).cloned();
    let (provisioning, password_hash) = (of(PROVISIONING), of(PASSWORD_HASH));
    let schema = match &provisioning {
        Some(job) => Some(synchronization.job(&job.id).schema().get().await?),
        None => None,
    };
    let deletion_threshold = secrets
        .as_ref()
        .and_then(graph::resources::secrets::SynchronizationSecrets::notification_settings)
        .filter(|settings| settings.delete_threshold_enabled.copied() == Some(true))
        .and_then(|settings| settings.delete_threshold_value.copied());
    Ok(Some(Configuration {
        domain,
        service_principal: id,
        provisioning,
        password_hash,
        schema,
        deletion_threshold,
    }))
}

/// Whether a job was made from a template. Told by the id, whose first part is the template, or by `templateId`, which the service does
/// not always echo. Source: Microsoft, How to programmatically configure cloud sync.
pub fn is_made_from(job: &SynchronizationJob, template: &str) -> bool {
    job.id.as_str().split('.').next().is_some_and(|first| first.eq_ignore_ascii_case(template))
        || job.template_id.get().is_some_and(|id| id.as_str().eq_ignore_ascii_case(template))
}

/// Whether a job's schedule runs.
pub(super) fn is_started(job: &SynchronizationJob) -> bool {
    job.schedule.get().is_some_and(|schedule| schedule.state.is(ScheduleState::Active))
        && job.code() != Some(JobCode::Paused)
}

/// Containers in the filter of a schema; empty for the whole domain.
///
/// # Errors
/// When the schema is scoped by groups, or cannot be read.
pub fn containers_of(schema: &SchemaDocument) -> Result<Vec<DistinguishedName>, Error> {
    match schema.rule(&WhichRule::Only)?.scope()? {
        JobScope::WholeDomain => Ok(Vec::new()),
        JobScope::Containers(names) => names
            .into_iter()
            .map(|name| DistinguishedName::parse(name).map_err(|error| Error::Stored(error.to_string())))
            .collect(),
        JobScope::Groups(_) | JobScope::Both { .. } => Err(graph::schema::SchemaError::ScopedByGroups.into()),
    }
}

impl Configuration {
    /// Containers of the filter; empty for none.
    ///
    /// # Errors
    /// When the schema is scoped by groups, or cannot be read.
    pub fn containers(&self) -> Result<Vec<DistinguishedName>, Error> {
        self.schema.as_ref().map_or_else(|| Ok(Vec::new()), containers_of)
    }

    /// The mappings of the provisioning job.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn mappings(&self) -> Result<Option<MappingSet>, Error> {
        let Some(schema) = &self.schema else { return Ok(None) };
        let json = serde_json::Value::Object(schema.as_json().clone());
        MappingSet::from_schema(&json).map(Some).map_err(|error| Error::Stored(error.to_string()))
    }

    /// Digest of the mappings, as an agent's evidence names it.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn mappings_digest(&self) -> Result<ContentDigest, Error> {
        let mappings = self.mappings()?.unwrap_or_default();
        ContentDigest::try_from(format!("sha256:{}", mappings.digest()))
            .map_err(|error| Error::Stored(error.to_string()))
    }

    /// What the tenant's status says about it; epoch and claim are taken over from `before`.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn record(&self, before: Option<&CloudSyncJob>) -> Result<CloudSyncJob, Error> {
        let status = self.provisioning.as_ref().and_then(|job| job.status.get());
        Ok(CloudSyncJob {
            domain: self.domain.to_lowercase(),
            service_principal_id: self.service_principal.as_str().to_owned(),
            job_id: self.provisioning.as_ref().map(|job| job.id.as_str().to_owned()),
            password_hash_job_id: self.password_hash.as_ref().map(|job| job.id.as_str().to_owned()),
            code: status.and_then(|s| s.code.text_of()).unwrap_or_else(|| "NotConfigured".to_owned()),
            quarantine: self.quarantine(),
            schema_version: self.schema.as_ref().and_then(|schema| schema.version().map(str::to_owned)),
            containers: self.containers()?,
            epoch: before.map_or(Epoch(0), |job| job.epoch),
            claim: before.and_then(|job| job.claim.clone()),
            tightened_guard: before.and_then(|job| job.tightened_guard),
        })
    }

    fn quarantine(&self) -> Option<String> {
        let job = self.provisioning.as_ref()?;
        if job.code() != Some(JobCode::Quarantine) {
            return None;
        }
        let quarantine = job.status.get()?.quarantine.get()?;
        let reason = quarantine.reason.text_of().unwrap_or_else(|| "Unknown".to_owned());
        let message =
            quarantine.error.get().and_then(|e| e.message.text().map(str::to_owned)).unwrap_or_default();
        Some(format!("{reason} {message}").trim().chars().take(512).collect())
    }

    /// What the planner wants to know.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn facts(&self, recorded: Option<&CloudSyncJob>) -> Result<JobFacts, Error> {
        let status = self.provisioning.as_ref().and_then(|job| job.status.get());
        let containers = self.containers()?;
        Ok(JobFacts {
            domain: self.domain.clone(),
            recorded: self.record(recorded)?,
            active: self.provisioning.as_ref().and_then(SynchronizationJob::code) == Some(JobCode::Active),
            started: self.provisioning.as_ref().is_some_and(is_started),
            quarantine: self.quarantine(),
            filter_empty: containers.is_empty(),
            containers,
            schema_version: self.schema.as_ref().and_then(|schema| schema.version().map(str::to_owned)),
            steady_state_at: status.and_then(|s| s.steady_state_last_achieved_time.at()),
            last_success_at: status
                .and_then(|s| s.last_successful_execution.get())
                .and_then(|e| e.time_ended.at()),
            entries: self
                .provisioning
                .as_ref()
                .map_or(0, |job| job.entry_counts().map(|(_, count)| count).sum()),
            deletion_threshold: self.deletion_threshold,
            mappings_digest: self.mappings_digest()?,
            password_hash_active: self.password_hash.as_ref().map(is_started),
            password_hash_success_at: self
                .password_hash
                .as_ref()
                .and_then(|job| job.status.get()?.last_successful_execution.get()?.time_ended.at()),
        })
    }
}

/// The wire spelling of an open enumeration, where there is one.
trait WireText {
    fn text_of(&self) -> Option<String>;
}

impl<T: graph::value::Member> WireText for graph::value::Field<graph::value::Open<T>> {
    fn text_of(&self) -> Option<String> {
        self.get().map(|open| open.wire().to_owned())
    }
}
