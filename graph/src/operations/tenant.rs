//! Calls about the tenant itself. No IO of their own.

use serde_json::json;

use crate::call::Call;
use crate::client::GraphClient;
use crate::error::Error;
use crate::pages::Pages;
use crate::resources::TenantId;
use crate::resources::organization::{DirectorySynchronization, Organization};
use crate::route::ApiVersion;
use crate::transport::Method;

/// `/organization`.
pub struct Organizations<'a>(&'a GraphClient);

/// `/directory/onPremisesSynchronization`. By the reference for signed-in persons only: probe, and treat a refusal as
/// "not known".
pub struct DirectorySynchronizations<'a>(&'a GraphClient);

impl GraphClient {
    /// Calls about the tenant.
    pub fn organization(&self) -> Organizations<'_> {
        Organizations(self)
    }

    /// Calls about tenant-wide settings of directory synchronisation.
    pub fn directory_synchronization(&self) -> DirectorySynchronizations<'_> {
        DirectorySynchronizations(self)
    }
}

impl Organizations<'_> {
    /// The tenant of the token, as a list of one.
    pub fn list(&self, version: ApiVersion) -> Pages<Organization> {
        Pages::new(self.0, Call::get(version, "/organization", &[]).needs("Organization.Read.All"))
    }

    /// The tenant. Beta has the time of the last password hash synchronisation besides.
    ///
    /// # Errors
    ///
    /// See [`Error`]. A lacking permission does not fail: it gives nulls.
    pub async fn get(&self, version: ApiVersion, tenant: &TenantId) -> Result<Organization, Error> {
        let call = Call::get(version, "/organization/{id}", &[tenant.as_str()]);
        self.0.read(&call.needs("Organization.Read.All")).await
    }

    /// Switches directory synchronisation on. There is no call here that switches it off: that turns every
    /// synchronised object of the tenant into a cloud object.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn enable_on_premises_sync(&self, tenant: &TenantId) -> Result<(), Error> {
        let call = Call::new(Method::Patch, ApiVersion::Beta, "/organization/{id}", &[tenant.as_str()]);
        self.0
            .act(&call.needs("Organization.ReadWrite.All").json(&json!({ "onPremisesSyncEnabled": true })))
            .await
    }
}

impl DirectorySynchronizations<'_> {
    /// The settings, as a list of one.
    pub fn list(&self, version: ApiVersion) -> Pages<DirectorySynchronization> {
        let call = Call::get(version, "/directory/onPremisesSynchronization", &[]);
        Pages::new(self.0, call.needs_person("OnPremDirectorySynchronization.Read.All"))
    }

    /// The settings. Beta has build, host and pending exports of Entra Connect besides.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn get(
        &self,
        version: ApiVersion,
        tenant: &TenantId,
    ) -> Result<DirectorySynchronization, Error> {
        let call = Call::get(version, "/directory/onPremisesSynchronization/{id}", &[tenant.as_str()]);
        self.0.read(&call.needs_person("OnPremDirectorySynchronization.Read.All")).await
    }

    /// Changes the settings that have a value in `changes`, and no others.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn update(&self, tenant: &TenantId, changes: &DirectorySynchronization) -> Result<(), Error> {
        let path = "/directory/onPremisesSynchronization/{id}";
        let call = Call::new(Method::Patch, ApiVersion::V1, path, &[tenant.as_str()]);
        self.0.act(&call.needs_person("OnPremDirectorySynchronization.ReadWrite.All").json(changes)).await
    }
}
