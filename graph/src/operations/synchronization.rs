//! Calls about the synchronization of a service principal. No IO of their own.

use serde_json::json;

use super::Job;
use crate::call::Call;
use crate::client::GraphClient;
use crate::error::Error;
use crate::pages::Pages;
use crate::resources::jobs::SynchronizationJob;
use crate::resources::secrets::{SecretEntry, SynchronizationSecrets};
use crate::resources::templates::SynchronizationTemplate;
use crate::resources::{JobId, JobTemplateId, ServicePrincipalId};
use crate::retry::{Age, Repeat};
use crate::route::ApiVersion;
use crate::transport::Method;

pub(super) const READ: &str = "Synchronization.Read.All";
pub(super) const WRITE: &str = "Synchronization.ReadWrite.All";

/// `/servicePrincipals/{id}/synchronization`.
///
/// None of these resources has an entity tag: two writers overwrite each other. Have one writer, read before and
/// compare after.
#[derive(Clone)]
pub struct Synchronization<'a> {
    pub(super) client: &'a GraphClient,
    pub(super) service_principal: ServicePrincipalId,
    pub(super) age: Age,
}

impl GraphClient {
    /// Calls about the synchronization of a service principal.
    pub fn synchronization(&self, service_principal: &ServicePrincipalId) -> Synchronization<'_> {
        Synchronization { client: self, service_principal: service_principal.clone(), age: Age::Settled }
    }
}

impl<'a> Synchronization<'a> {
    /// The same calls for a service principal that was just made: refusals that may pass are repeated, within the
    /// policy's limit.
    #[must_use]
    pub fn newly_created(mut self) -> Self {
        self.age = Age::New;
        self
    }

    /// Calls about one job.
    pub fn job(&self, id: &JobId) -> Job<'a> {
        Job { synchronization: self.clone(), id: id.clone() }
    }

    /// The templates that jobs can be made from.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn templates(&self) -> Result<Vec<SynchronizationTemplate>, Error> {
        let call = self.call(Method::Get, "/servicePrincipals/{id}/synchronization/templates").needs(READ);
        Pages::new(self.client, call).collect_all().await
    }

    /// All jobs.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn jobs(&self) -> Result<Vec<SynchronizationJob>, Error> {
        let call = self.call(Method::Get, "/servicePrincipals/{id}/synchronization/jobs").needs(READ);
        Pages::new(self.client, call).collect_all().await
    }

    /// Makes a job, which does not run before it is started. Never repeated unless the service refused it: look for
    /// existing ones first, and again after an error that [may have taken effect](Error::may_have_taken_effect). The
    /// answer may name another template than was asked for.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn create_job(&self, template: &JobTemplateId) -> Result<SynchronizationJob, Error> {
        let call = self.call(Method::Post, "/servicePrincipals/{id}/synchronization/jobs").needs(WRITE);
        self.client.read(&call.json(&json!({ "templateId": template }))).await
    }

    /// Credentials and settings. Sensitive values read as a mask.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn secrets(&self) -> Result<SynchronizationSecrets, Error> {
        self.client.read(&self.call(Method::Get, SECRETS).needs(WRITE)).await
    }

    /// Replaces all credentials and settings. Not repeated unless the service refused it: somebody else may have
    /// written meanwhile.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn put_secrets(&self, secrets: &SynchronizationSecrets) -> Result<(), Error> {
        let call = self.call(Method::Put, SECRETS).needs(WRITE).repeat(Repeat::OnlyIfRefused);
        self.client.act(&call.json(secrets)).await
    }

    /// Changes these credentials and settings and keeps all others: reads, merges, writes.
    ///
    /// # Errors
    ///
    /// See [`Error`]; [`Error::Refused`] when another value reads as a mask, since writing the mask may destroy it.
    pub async fn change_secrets(&self, changes: Vec<SecretEntry>) -> Result<(), Error> {
        let merged = self.secrets().await?.merged(changes).map_err(|masked| {
            Error::Refused(format!(
                "expected values that can be written back, found masked ones for {}; \
                 supply them again and replace the whole list",
                masked.join(", ")
            ))
        })?;
        self.put_secrets(&merged).await
    }

    fn call(&self, method: Method, template: &'static str) -> Call {
        Call::new(method, ApiVersion::V1, template, &[self.service_principal.as_str()]).age(self.age)
    }
}

const SECRETS: &str = "/servicePrincipals/{id}/synchronization/secrets";
