//! What people do to a cloud sync configuration in the portal. Pure. Every deed shows in the tenant's audit log as a
//! person's.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ActError, Done};
use crate::cloud_sync::schema::RULE_ID;
use crate::cloud_sync::{Cloud, CloudError, JobTemplate, QuarantineReason, Subject};
use crate::dn::DistinguishedName;
use crate::graph::Activity;
use crate::serve::Running;
use crate::world::World;

/// Where the schema document holds the containers of its scope.
const CONTAINERS: &str = "/synchronizationRules/0/containerFilter/includedContainers";
/// Where it holds the groups.
const GROUPS: &str = "/synchronizationRules/0/groupFilter/includedGroups";

/// One deed. Jobs are the configuration's provisioning job, except where `passwordHash` says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum JobAction {
    /// A container is added to the scope. It takes effect at the next restart.
    AddContainer {
        /// The container.
        container: DistinguishedName,
    },
    /// A container is taken out of the scope. It takes effect at the next restart.
    RemoveContainer {
        /// The container.
        container: DistinguishedName,
    },
    /// Both filters are emptied: the whole domain, from the next restart on.
    EmptyScope,
    /// The job is started, or goes on after a pause.
    Start {
        /// The hash job instead.
        #[serde(default)]
        password_hash: bool,
    },
    /// The job is paused.
    Pause {
        /// The hash job instead.
        #[serde(default)]
        password_hash: bool,
    },
    /// The job is restarted.
    Restart {
        /// Flags of `resetScope`; empty = the portal's restart.
        #[serde(default)]
        reset_scope: String,
        /// The hash job instead.
        #[serde(default)]
        password_hash: bool,
    },
    /// Somebody is provisioned on demand, whatever the scope says.
    ProvisionOnDemand {
        /// Whom or what.
        object: DistinguishedName,
        /// Members of a group to take along.
        #[serde(default)]
        members: Vec<DistinguishedName>,
    },
    /// The service puts the job in quarantine: it rests until its next attempt, 180 ticks later, which lifts it.
    Quarantine {
        /// Why.
        cause: QuarantineCause,
        /// Error code, such as `HybridIdentityServiceNoActiveAgents`.
        code: String,
        /// Text for people.
        message: String,
    },
    /// The quarantine is lifted.
    ClearQuarantine,
    /// The accidental delete threshold is changed; absent = switched off.
    SetDeleteThreshold {
        /// The number of deletions at which the job stops.
        threshold: Option<u32>,
    },
    /// `SkipOutOfScopeDeletions` is set or taken back.
    SetSkipOutOfScopeDeletions {
        /// Set?
        on: bool,
    },
    /// The job is deleted with what it knows. Objects stay.
    DeleteJob {
        /// The hash job instead.
        #[serde(default)]
        password_hash: bool,
    },
    /// The whole configuration is deleted. Objects stay.
    DeleteConfiguration,
}

/// `quarantineReason` as far as the estate's jobs know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum QuarantineCause {
    /// `EncounteredQuarantineException`
    EncounteredQuarantineException,
    /// `TooManyDeletes`
    TooManyDeletes,
}

impl JobAction {
    pub(super) fn carry_out(self, running: &mut Running, domain: &str) -> Result<Done, ActError> {
        let activity = self.activity();
        let (done, principal, job) =
            running.estate.with_cloud(|cloud, world, now| self.in_portal(cloud, world, now, domain))?;
        if let Some(activity) = activity {
            running.graph.note_by_person(&running.estate, activity, principal, &job);
        }
        Ok(done)
    }

    /// What the audit log calls it; none = the service's own doing, or nothing that it logs.
    fn activity(&self) -> Option<Activity> {
        match self {
            Self::AddContainer { .. } | Self::RemoveContainer { .. } | Self::EmptyScope => {
                Some(Activity::UpdateMappings)
            }
            Self::Start { .. } => Some(Activity::Start),
            Self::Pause { .. } => Some(Activity::Pause),
            Self::Restart { .. } | Self::ClearQuarantine => Some(Activity::Restart),
            Self::SetDeleteThreshold { .. } | Self::SetSkipOutOfScopeDeletions { .. } => {
                Some(Activity::UpdateSecrets)
            }
            Self::DeleteJob { .. } | Self::DeleteConfiguration => Some(Activity::DeleteConfiguration),
            Self::ProvisionOnDemand { .. } | Self::Quarantine { .. } => None,
        }
    }

    fn on_hash_job(&self) -> bool {
        match self {
            Self::Start { password_hash }
            | Self::Pause { password_hash }
            | Self::Restart { password_hash, .. }
            | Self::DeleteJob { password_hash } => *password_hash,
            _ => false,
        }
    }

    fn in_portal(
        self,
        cloud: &mut Cloud,
        world: &mut World,
        now: Timestamp,
        domain: &str,
    ) -> Result<(Done, Uuid, String), ActError> {
        let principal = cloud
            .principals(world, now)
            .find(|held| held.domain().eq_ignore_ascii_case(domain))
            .map(|held| held.id)
            .ok_or_else(|| ActError::NotFound {
                what: "cloud sync configuration for a domain",
                name: domain.to_owned(),
            })?;
        if self == Self::DeleteConfiguration {
            cloud.delete_principal(principal, world, now)?;
            return Ok((Done::Quietly, principal, String::new()));
        }
        if let Some((key, value)) = self.secret() {
            set_secret(cloud, principal, key, &value, world, now)?;
            return Ok((Done::Quietly, principal, String::new()));
        }
        let template = if self.on_hash_job() { JobTemplate::PasswordHash } else { JobTemplate::Provisioning };
        let job = cloud
            .jobs_of(principal, world, now)?
            .into_iter()
            .find(|job| job.template == template)
            .map(|job| job.id.clone())
            .ok_or_else(|| ActError::NotFound {
                what: "synchronization job for a domain",
                name: domain.to_owned(),
            })?;
        let done = self.on_job(cloud, principal, &job, world, now)?;
        Ok((done, principal, job))
    }

    /// The secret that a deed changes, and its new value.
    fn secret(&self) -> Option<(&'static str, String)> {
        match self {
            Self::SetDeleteThreshold { threshold } => {
                let settings = json!({
                    "Enabled": false,
                    "Recipients": "",
                    "DeleteThresholdEnabled": threshold.is_some(),
                    "DeleteThresholdValue": threshold.unwrap_or(0),
                });
                Some(("SyncNotificationSettings", settings.to_string()))
            }
            Self::SetSkipOutOfScopeDeletions { on } => {
                Some(("SkipOutOfScopeDeletions", if *on { "True" } else { "False" }.to_owned()))
            }
            _ => None,
        }
    }

    fn on_job(
        self,
        cloud: &mut Cloud,
        principal: Uuid,
        job: &str,
        world: &mut World,
        now: Timestamp,
    ) -> Result<Done, ActError> {
        match self {
            Self::AddContainer { container } => {
                edit_scope(cloud, principal, job, world, now, |containers, _| {
                    if containers.iter().any(|held| is(held, &container)) {
                        return Err(ActError::Refused(format!("{container} is in the scope already")));
                    }
                    containers.push(json!(container.to_string()));
                    Ok(())
                })?;
            }
            Self::RemoveContainer { container } => {
                edit_scope(cloud, principal, job, world, now, |containers, _| {
                    let before = containers.len();
                    containers.retain(|held| !is(held, &container));
                    if containers.len() == before {
                        let name = container.to_string();
                        return Err(ActError::NotFound { what: "container of the scope", name });
                    }
                    Ok(())
                })?;
            }
            Self::EmptyScope => {
                edit_scope(cloud, principal, job, world, now, |containers, groups| {
                    containers.clear();
                    groups.clear();
                    Ok(())
                })?;
            }
            Self::Start { .. } => cloud.start_job(principal, job, world, now)?,
            Self::Pause { .. } => cloud.pause_job(principal, job, world, now)?,
            Self::Restart { reset_scope, .. } => {
                cloud.restart_job(principal, job, &reset_scope, world, now)?;
            }
            Self::ProvisionOnDemand { object, members } => {
                let subject = Subject { rule: RULE_ID.to_string(), object, members };
                let result = cloud.provision_on_demand(principal, job, &subject, world, now)?;
                if let Some(reason) = result.skipped {
                    return Err(ActError::Refused(reason));
                }
                return Ok(result.target.map_or(Done::Quietly, |object_id| Done::CloudObject { object_id }));
            }
            Self::Quarantine { cause, code, message } => {
                let reason = match cause {
                    QuarantineCause::EncounteredQuarantineException => {
                        QuarantineReason::EncounteredQuarantineException
                    }
                    QuarantineCause::TooManyDeletes => QuarantineReason::TooManyDeletes,
                };
                cloud.quarantine_job(principal, job, reason, (code, message), world, now)?;
            }
            // Source: Microsoft, quarantine page: fix the cause, then restart the job.
            Self::ClearQuarantine => {
                cloud.restart_job(principal, job, "QuarantineState", world, now)?;
            }
            Self::DeleteJob { .. } => cloud.delete_job(principal, job, world, now)?,
            Self::SetDeleteThreshold { .. }
            | Self::SetSkipOutOfScopeDeletions { .. }
            | Self::DeleteConfiguration => {}
        }
        Ok(Done::Quietly)
    }
}

/// Reads the document, edits the two lists of its scope and puts it back, as the portal does.
fn edit_scope(
    cloud: &mut Cloud,
    principal: Uuid,
    job: &str,
    world: &World,
    now: Timestamp,
    edit: impl FnOnce(&mut Vec<Value>, &mut Vec<Value>) -> Result<(), ActError>,
) -> Result<(), ActError> {
    let mut document = cloud.job(principal, job, world, now)?.document().clone();
    let list = |document: &Value, at: &str| {
        document.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let (mut containers, mut groups) = (list(&document, CONTAINERS), list(&document, GROUPS));
    edit(&mut containers, &mut groups)?;
    for (at, values) in [(CONTAINERS, containers), (GROUPS, groups)] {
        let (filter, name) = at.rsplit_once('/').unwrap_or_default();
        if let Some(filter) = document.pointer_mut(filter).and_then(Value::as_object_mut) {
            filter.insert(name.to_owned(), Value::Array(values));
        }
    }
    Ok(cloud.put_schema(principal, job, document, world, now)?)
}

fn is(held: &Value, container: &DistinguishedName) -> bool {
    held.as_str()
        .and_then(|held| held.parse::<DistinguishedName>().ok())
        .is_some_and(|held| held == *container)
}

/// Replaces one secret; the others stay as they are.
fn set_secret(
    cloud: &mut Cloud,
    principal: Uuid,
    key: &str,
    value: &str,
    world: &World,
    now: Timestamp,
) -> Result<(), ActError> {
    let mut secrets = cloud.principal(principal, world, now)?.visible_secrets();
    secrets.retain(|(held, _)| !held.eq_ignore_ascii_case(key));
    secrets.push((key.to_owned(), value.to_owned()));
    Ok(cloud.put_secrets(principal, secrets, world, now)?)
}

impl From<CloudError> for ActError {
    fn from(error: CloudError) -> Self {
        match error {
            CloudError::NotFound { what, id } => Self::NotFound { what, name: id },
            CloudError::NotSettled => Self::Refused(error.to_string()),
            CloudError::BadRequest(reason) => Self::BadRequest(reason),
        }
    }
}
