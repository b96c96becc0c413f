//! Calls about service principals. No IO of their own.

use serde_json::json;

use crate::call::Call;
use crate::client::GraphClient;
use crate::error::Error;
use crate::pages::Pages;
use crate::query::{Query, equals};
use crate::resources::applications::ServicePrincipal;
use crate::resources::{ApplicationTemplateId, JobTemplateId, ServicePrincipalId};
use crate::retry::Age;
use crate::route::ApiVersion;
use crate::transport::Method;

const READ: &str = "Application.Read.All";
const WRITE: &str = "Application.ReadWrite.OwnedBy";

/// `/servicePrincipals`.
pub struct ServicePrincipals<'a>(&'a GraphClient);

/// Service principals, and how they were found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundServicePrincipals {
    /// They.
    pub service_principals: Vec<ServicePrincipal>,
    /// How.
    pub by: FoundBy,
}

/// How service principals were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// They name the gallery application that they were made from.
    Template,
    /// They have the name that was looked for, and their home page names the job template.
    NameAndMarker,
    /// They have the name that was looked for and nothing else that tells what they are. Or there are none.
    Name,
}

impl GraphClient {
    /// Calls about service principals.
    pub fn service_principals(&self) -> ServicePrincipals<'_> {
        ServicePrincipals(self)
    }
}

impl ServicePrincipals<'_> {
    /// Service principals.
    pub fn list(&self, query: &Query) -> Pages<ServicePrincipal> {
        Pages::new(self.0, query.apply(Call::get(ApiVersion::V1, "/servicePrincipals", &[]).needs(READ)))
    }

    /// The service principals for an Active Directory domain.
    ///
    /// All that were made from the gallery application, whatever their names: names need not be unique and people
    /// change them, so the domain of each is read from its secrets. If there is none, those with the display name
    /// (by custom the domain), and of these the ones whose home page names the job template.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn find(
        &self,
        template: &ApplicationTemplateId,
        job_template: &JobTemplateId,
        display_name: &str,
    ) -> Result<FoundServicePrincipals, Error> {
        let by_template = Query::all().filter(equals("applicationTemplateId", template.as_str()));
        let found = self.list(&by_template).collect_all().await?;
        if !found.is_empty() {
            return Ok(FoundServicePrincipals { service_principals: found, by: FoundBy::Template });
        }
        let by_name = Query::all().filter(equals("displayName", display_name));
        let named = self.list(&by_name).collect_all().await?;
        let (marked, unmarked): (Vec<_>, Vec<_>) =
            named.into_iter().partition(|principal| principal.is_marked_for(job_template.as_str()));
        Ok(if marked.is_empty() {
            FoundServicePrincipals { service_principals: unmarked, by: FoundBy::Name }
        } else {
            FoundServicePrincipals { service_principals: marked, by: FoundBy::NameAndMarker }
        })
    }

    /// One service principal.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn get(&self, id: &ServicePrincipalId) -> Result<ServicePrincipal, Error> {
        self.0.read(&Self::one(Method::Get, id).needs(READ)).await
    }

    /// One service principal that was just made: waits, within the policy's limit, until it can be seen.
    ///
    /// # Errors
    ///
    /// See [`Error`]; [`Error::NotFound`] when the limit has passed.
    pub async fn wait_until_visible(&self, id: &ServicePrincipalId) -> Result<ServicePrincipal, Error> {
        self.0.read(&Self::one(Method::Get, id).needs(READ).age(Age::New)).await
    }

    /// Replaces the labels of a service principal.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn set_tags(&self, id: &ServicePrincipalId, tags: &[String]) -> Result<(), Error> {
        self.0.act(&Self::one(Method::Patch, id).needs(WRITE).json(&json!({ "tags": tags }))).await
    }

    /// Deletes a service principal, its jobs included.
    ///
    /// # Errors
    ///
    /// See [`Error`]; [`Error::NotFound`] when it is gone already, also by an earlier try of the same call.
    pub async fn delete(&self, id: &ServicePrincipalId) -> Result<(), Error> {
        self.0.act(&Self::one(Method::Delete, id).needs(WRITE)).await
    }

    fn one(method: Method, id: &ServicePrincipalId) -> Call {
        Call::new(method, ApiVersion::V1, "/servicePrincipals/{id}", &[id.as_str()])
    }
}
