//! Changes to Cloud Sync configurations. Each is safe to repeat: it looks first, and writes only what is missing.

use crds::DistinguishedName;
use crds::entra_tenant::TightenedGuard;
use graph::GraphClient;
use graph::resources::jobs::RestartRequest;
use graph::resources::secrets::{NotificationSettings, SecretEntry, SecretKey, SynchronizationSecrets};
use graph::resources::{ApplicationTemplateId, CLOUD_SYNC_TEMPLATE, JobTemplateId, ServicePrincipalId};
use graph::schema::{Area, WhichRule, compare};

use super::configuration::{self, Configuration, PASSWORD_HASH, PROVISIONING};
use crate::error::Error;

/// Makes what is missing of a domain's configuration: service principal, jobs, secrets, deletion guard. Leaves it as it runs; a new
/// one stays paused, because its filter is empty.
///
/// # Errors
/// When Graph does not answer; what was made stays and is found the next time.
pub async fn prepare(client: &GraphClient, domain: &str, deletion_threshold: i64) -> Result<(), Error> {
    let found =
        configuration::read_all(client).await?.into_iter().find(|c| c.domain.eq_ignore_ascii_case(domain));
    let (service_principal, is_new) = match &found {
        Some(configuration) => (configuration.service_principal.clone(), false),
        None => (instantiate(client, domain).await?, true),
    };
    let synchronization = client.synchronization(&service_principal);
    let synchronization = if is_new { synchronization.newly_created() } else { synchronization };
    // Secrets first: the next look finds the configuration by them.
    // A new one has none, and asking would only wait for it to settle.
    let mut secrets = if is_new {
        SynchronizationSecrets::of(Vec::new())
    } else {
        match synchronization.secrets().await {
            Ok(secrets) => secrets,
            Err(error) if error.is_not_found() => SynchronizationSecrets::of(Vec::new()),
            Err(error) => return Err(error.into()),
        }
    };
    let wanted = NotificationSettings {
        enabled: true.into(),
        delete_threshold_enabled: true.into(),
        delete_threshold_value: deletion_threshold.into(),
        ..secrets.notification_settings().unwrap_or_default()
    };
    let guarded = secrets.notification_settings().is_some_and(|now| {
        now.delete_threshold_enabled.copied() == Some(true)
            && now
                .delete_threshold_value
                .copied()
                .is_some_and(|value| (1..=deletion_threshold).contains(&value))
    });
    let mut changes = Vec::new();
    if secrets.domain().is_none() {
        changes.push(SecretEntry::domain(domain));
    }
    if secrets.entry(SecretKey::AppKey).is_none() {
        changes.push(SecretEntry::app_key(&JobTemplateId::new(PASSWORD_HASH)));
    }
    if !guarded {
        changes.push(SecretEntry::notification(&wanted));
    }
    if !changes.is_empty() {
        if secrets.value.is_empty() {
            secrets.value = changes;
            synchronization.put_secrets(&secrets).await?;
        } else {
            synchronization.change_secrets(changes).await?;
        }
    }
    // Look before any create: a second job would be a second writer.
    let jobs = synchronization.jobs().await?;
    for template in [PROVISIONING, PASSWORD_HASH] {
        if !jobs.iter().any(|job| configuration::is_made_from(job, template)) {
            synchronization.create_job(&JobTemplateId::new(template)).await?;
        }
    }
    Ok(())
}

async fn instantiate(client: &GraphClient, domain: &str) -> Result<ServicePrincipalId, Error> {
    let made = client
        .application_templates()
        .instantiate(&ApplicationTemplateId::new(CLOUD_SYNC_TEMPLATE), domain)
        .await?;
    let id = made.service_principal.id.get().cloned().ok_or_else(|| {
        Error::Stored("expected the id of the new service principal, found none".to_owned())
    })?;
    client.service_principals().wait_until_visible(&id).await?;
    Ok(id)
}

/// Lowers the threshold of accidental deletions; leaves a lower one alone.
///
/// # Errors
/// When Graph does not answer.
pub async fn tighten(
    client: &GraphClient,
    configuration: &Configuration,
    threshold: i64,
) -> Result<(), Error> {
    if configuration.deletion_threshold.is_some_and(|now| now <= threshold) {
        return Ok(());
    }
    let synchronization = client.synchronization(&configuration.service_principal);
    let now = synchronization.secrets().await?.notification_settings().unwrap_or_default();
    let wanted = NotificationSettings {
        enabled: true.into(),
        delete_threshold_enabled: true.into(),
        delete_threshold_value: threshold.into(),
        ..now
    };
    synchronization.change_secrets(vec![SecretEntry::notification(&wanted)]).await?;
    Ok(())
}

/// Pauses a configuration's jobs; those that do not run are left alone.
///
/// # Errors
/// When Graph does not answer.
pub async fn pause(client: &GraphClient, configuration: &Configuration) -> Result<(), Error> {
    let synchronization = client.synchronization(&configuration.service_principal);
    for job in [&configuration.provisioning, &configuration.password_hash].into_iter().flatten() {
        synchronization.job(&job.id).pause().await?;
    }
    Ok(())
}

/// Deletes a configuration's jobs. One that runs is an error: what it would do in between is not known.
///
/// # Errors
/// When Graph does not answer, or a job runs.
pub async fn delete(client: &GraphClient, configuration: &Configuration) -> Result<(), Error> {
    let synchronization = client.synchronization(&configuration.service_principal);
    for job in [&configuration.provisioning, &configuration.password_hash].into_iter().flatten() {
        let calls = synchronization.job(&job.id);
        let now = match calls.get().await {
            Ok(now) => now,
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error.into()),
        };
        if configuration::is_started(&now) {
            return Err(Error::Stored(format!(
                "expected the job {} to be paused before it is deleted, and it runs: somebody started it; pause it",
                job.id.as_str()
            )));
        }
        match calls.delete().await {
            Ok(()) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Puts a tightened guard back to what it was; leaves it alone where it is not as it was tightened.
///
/// # Errors
/// When Graph does not answer.
pub async fn give_guard_back(
    client: &GraphClient,
    configuration: &Configuration,
    guard: TightenedGuard,
) -> Result<(), Error> {
    let synchronization = client.synchronization(&configuration.service_principal);
    let Some(now) = synchronization.secrets().await?.notification_settings() else { return Ok(()) };
    let tightened = now.delete_threshold_enabled.copied() == Some(true)
        && now.delete_threshold_value.copied() == Some(guard.set);
    if !tightened {
        return Ok(());
    }
    let wanted = NotificationSettings { delete_threshold_value: guard.before.into(), ..now };
    synchronization.change_secrets(vec![SecretEntry::notification(&wanted)]).await?;
    Ok(())
}

/// What became of a write to the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// The filter holds what was wanted, and nothing else changed.
    Yes,
    /// The filter is not what the plan saw; nothing was written.
    ChangedBefore(Vec<DistinguishedName>),
    /// Something else changed between the write and the reading after it.
    ChangedAfter(Vec<String>),
}

/// Sets the filters of a configuration's jobs by one write each, compares before and after, then starts or restarts the jobs.
///
/// # Errors
/// When Graph does not answer, or the schema cannot be changed.
pub async fn set_containers(
    client: &GraphClient,
    configuration: &Configuration,
    expected: &[DistinguishedName],
    wanted: &[DistinguishedName],
) -> Result<Written, Error> {
    if wanted.is_empty() {
        return Err(graph::schema::SchemaError::WouldCoverWholeDomain.into());
    }
    let same = |left: &[DistinguishedName], right: &[DistinguishedName]| {
        left.iter().all(|name| right.contains(name)) && right.iter().all(|name| left.contains(name))
    };
    let names: Vec<String> = wanted.iter().map(|name| name.as_str().to_owned()).collect();
    let synchronization = client.synchronization(&configuration.service_principal);
    for job in [&configuration.provisioning, &configuration.password_hash].into_iter().flatten() {
        let schema_calls = synchronization.job(&job.id).schema();
        let before = match schema_calls.get().await {
            Ok(schema) => schema,
            // The password hash job follows the scope of the provisioning job where it has no schema of its own.
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error.into()),
        };
        if before.rules()?.is_empty() {
            // Nothing to scope: this job follows the provisioning job's filter.
            continue;
        }
        // As it is now, not as it was when the plan was made: a unit that somebody added or took out since would be lost with the write.
        let now = configuration::containers_of(&before)?;
        let is_provisioning = configuration.provisioning.as_ref().is_some_and(|known| known.id == job.id);
        if is_provisioning && !same(&now, expected) && !same(&now, wanted) {
            return Ok(Written::ChangedBefore(now));
        }
        let mut after = before.clone();
        after.set_containers(&WhichRule::Only, &names)?;
        if compare(&before, &after).is_empty() {
            continue;
        }
        schema_calls.put(&after).await?;
        let read = schema_calls.get().await?;
        let others: Vec<String> =
            compare(&after, &read).into_iter().filter(|d| d.area != Area::Version).map(|d| d.path).collect();
        if !others.is_empty() {
            return Ok(Written::ChangedAfter(others));
        }
    }
    for job in [&configuration.provisioning, &configuration.password_hash].into_iter().flatten() {
        let job_calls = synchronization.job(&job.id);
        if job_calls.get().await?.needs_start() {
            job_calls.start().await?;
        }
        // A changed scope takes effect at once only by a restart.
        job_calls.restart(&RestartRequest::ordinary()).await?;
    }
    Ok(Written::Yes)
}
