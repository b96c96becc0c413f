//! Calls about one synchronization job. No IO of their own.

use super::synchronization::{READ, WRITE};
use super::{JobSchema, Synchronization};
use crate::call::Call;
use crate::error::Error;
use crate::resources::JobId;
use crate::resources::jobs::{RestartRequest, SynchronizationJob};
use crate::resources::on_demand::{OnDemandAnswer, ProvisionOnDemandRequest};
use crate::resources::secrets::ValidateCredentialsRequest;
use crate::retry::Repeat;
use crate::route::ApiVersion;
use crate::transport::Method;

const JOB: &str = "/servicePrincipals/{id}/synchronization/jobs/{job}";
const START: &str = "/servicePrincipals/{id}/synchronization/jobs/{job}/start";
const PAUSE: &str = "/servicePrincipals/{id}/synchronization/jobs/{job}/pause";
const RESTART: &str = "/servicePrincipals/{id}/synchronization/jobs/{job}/restart";
const VALIDATE: &str = "/servicePrincipals/{id}/synchronization/jobs/{job}/validateCredentials";
const ON_DEMAND: &str = "/servicePrincipals/{id}/synchronization/jobs/{job}/provisionOnDemand";

/// `/servicePrincipals/{id}/synchronization/jobs/{job}`.
#[derive(Clone)]
pub struct Job<'a> {
    pub(super) synchronization: Synchronization<'a>,
    pub(super) id: JobId,
}

impl<'a> Job<'a> {
    /// Calls about the job's schema.
    pub fn schema(&self) -> JobSchema<'a> {
        JobSchema { job: self.clone() }
    }

    /// The job as it is now.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn get(&self) -> Result<SynchronizationJob, Error> {
        self.synchronization.client.read(&self.call(Method::Get, JOB).needs(READ)).await
    }

    /// Starts the job, or goes on with it where it was paused. Look first whether it
    /// [needs to be started](SynchronizationJob::needs_start).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn start(&self) -> Result<(), Error> {
        self.act(START).await
    }

    /// Pauses the job.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn pause(&self) -> Result<(), Error> {
        self.act(PAUSE).await
    }

    /// Restarts the job, which then forgets what the request names. Changed mappings and scopes take effect at once.
    ///
    /// # Errors
    ///
    /// See [`Error`]; [`Error::Refused`] for a part that is documented as not to be used, and for carrying out the
    /// deletions that the threshold held back: that is a decision for people, in the portal.
    pub async fn restart(&self, request: &RestartRequest) -> Result<(), Error> {
        if let Some(part) = request.forbidden_part() {
            return Err(Error::Refused(format!(
                "expected a restart that is safe, found resetScope {part}; \
                 if it is really wanted, a person does it in the portal"
            )));
        }
        self.synchronization.client.act(&self.action(RESTART).json(request)).await
    }

    /// Deletes the job. Its memory of what it did is lost for good.
    ///
    /// # Errors
    ///
    /// See [`Error`]; [`Error::NotFound`] when it is gone already, also by an earlier try of the same call.
    pub async fn delete(&self) -> Result<(), Error> {
        self.synchronization.client.act(&self.call(Method::Delete, JOB).needs(WRITE)).await
    }

    /// Lets the service try credentials.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn validate_credentials(&self, request: &ValidateCredentialsRequest) -> Result<(), Error> {
        self.synchronization.client.act(&self.action(VALIDATE).json(request)).await
    }

    /// Provisions objects at once. A real write, which does not heed the scope of the job. At most five calls in ten
    /// seconds. Source: Microsoft, "synchronizationJob: provisionOnDemand", "On-demand provisioning".
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn provision_on_demand(
        &self,
        request: &ProvisionOnDemandRequest,
    ) -> Result<OnDemandAnswer, Error> {
        let call = self.call(Method::Post, ON_DEMAND).needs(WRITE);
        self.synchronization.client.read(&call.json(request)).await
    }

    async fn act(&self, template: &'static str) -> Result<(), Error> {
        self.synchronization.client.act(&self.action(template)).await
    }

    /// An action that may be done twice.
    fn action(&self, template: &'static str) -> Call {
        self.call(Method::Post, template).needs(WRITE).repeat(Repeat::Harmless)
    }

    pub(super) fn call(&self, method: Method, template: &'static str) -> Call {
        let ids = [self.synchronization.service_principal.as_str(), self.id.as_str()];
        Call::new(method, ApiVersion::V1, template, &ids).age(self.synchronization.age)
    }
}
