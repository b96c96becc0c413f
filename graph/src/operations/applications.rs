//! Calls about gallery applications and application registrations. No IO of their own.

use serde_json::json;

use crate::call::Call;
use crate::client::GraphClient;
use crate::error::Error;
use crate::resources::applications::{
    Application, ApplicationServicePrincipal, ApplicationTemplate, FederatedIdentityCredential,
};
use crate::resources::{ApplicationObjectId, ApplicationTemplateId};
use crate::route::ApiVersion;
use crate::transport::Method;

const WRITE: &str = "Application.ReadWrite.OwnedBy";

/// `/applicationTemplates`.
pub struct ApplicationTemplates<'a>(&'a GraphClient);

/// `/applications`.
pub struct Applications<'a>(&'a GraphClient);

impl GraphClient {
    /// Calls about gallery applications.
    pub fn application_templates(&self) -> ApplicationTemplates<'_> {
        ApplicationTemplates(self)
    }

    /// Calls about application registrations.
    pub fn applications(&self) -> Applications<'_> {
        Applications(self)
    }
}

impl ApplicationTemplates<'_> {
    /// One gallery application.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn get(&self, id: &ApplicationTemplateId) -> Result<ApplicationTemplate, Error> {
        let call = Call::get(ApiVersion::V1, "/applicationTemplates/{id}", &[id.as_str()]);
        self.0.read(&call.needs("Application.Read.All")).await
    }

    /// Makes an application and a service principal. Never repeated unless the service refused it: look for existing
    /// ones first, and again after an error that [may have taken effect](Error::may_have_taken_effect).
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn instantiate(
        &self,
        id: &ApplicationTemplateId,
        display_name: &str,
    ) -> Result<ApplicationServicePrincipal, Error> {
        let call = Call::post(ApiVersion::V1, "/applicationTemplates/{id}/instantiate", &[id.as_str()]);
        self.0.read(&call.needs(WRITE).json(&json!({ "displayName": display_name }))).await
    }
}

impl Applications<'_> {
    /// One application.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn get(&self, id: &ApplicationObjectId) -> Result<Application, Error> {
        let call = Call::get(ApiVersion::V1, "/applications/{id}", &[id.as_str()]);
        self.0.read(&call.needs("Application.Read.All")).await
    }

    /// Deletes an application; it can be restored for 30 days.
    ///
    /// # Errors
    ///
    /// See [`Error`]; [`Error::NotFound`] when it is gone already, also by an earlier try of the same call.
    pub async fn delete(&self, id: &ApplicationObjectId) -> Result<(), Error> {
        let call = Call::new(Method::Delete, ApiVersion::V1, "/applications/{id}", &[id.as_str()]);
        self.0.act(&call.needs(WRITE)).await
    }

    /// Lets an application trust tokens of another issuer. New trust takes a while to be known everywhere.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn add_federated_credential(
        &self,
        id: &ApplicationObjectId,
        credential: &FederatedIdentityCredential,
    ) -> Result<FederatedIdentityCredential, Error> {
        let path = "/applications/{id}/federatedIdentityCredentials";
        let call = Call::post(ApiVersion::V1, path, &[id.as_str()]);
        self.0.read(&call.needs(WRITE).json(credential)).await
    }
}
