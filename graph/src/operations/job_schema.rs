//! Calls about the schema of one synchronization job. No IO of their own.

use serde_json::json;

use super::Job;
use super::synchronization::{READ, WRITE};
use crate::call::Call;
use crate::error::Error;
use crate::pages::Pages;
use crate::resources::DirectoryDefinitionId;
use crate::resources::mappings::{
    AttributeMappingFunction, DirectoryDefinition, FilterOperator, ParseExpressionResponse,
};
use crate::retry::Repeat;
use crate::route::ApiVersion;
use crate::schema::SchemaDocument;
use crate::transport::Method;

const SCHEMA: &str = "/servicePrincipals/{id}/synchronization/jobs/{job}/schema";
const FUNCTIONS: &str = "/servicePrincipals/{id}/synchronization/jobs/{job}/schema/functions";
const OPERATORS: &str = "/servicePrincipals/{id}/synchronization/jobs/{job}/schema/filterOperators";
const PARSE: &str = "/servicePrincipals/{id}/synchronization/jobs/{job}/schema/parseExpression";
const DISCOVER: &str =
    "/servicePrincipals/{id}/synchronization/jobs/{job}/schema/directories/{directory}/discover";

/// `/servicePrincipals/{id}/synchronization/jobs/{job}/schema`.
#[derive(Clone)]
pub struct JobSchema<'a> {
    pub(super) job: Job<'a>,
}

impl JobSchema<'_> {
    /// The schema.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn get(&self) -> Result<SchemaDocument, Error> {
        self.job.synchronization.client.read(&self.job.call(Method::Get, SCHEMA).needs(READ)).await
    }

    /// Replaces the schema: the last writer wins. Read it again afterwards and compare. Not repeated unless the
    /// service refused it: somebody else may have written meanwhile.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn put(&self, schema: &SchemaDocument) -> Result<(), Error> {
        let call = self.job.call(Method::Put, SCHEMA).needs(WRITE).repeat(Repeat::OnlyIfRefused);
        self.job.synchronization.client.act(&call.json(schema)).await
    }

    /// The functions that expressions may use.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn functions(&self) -> Result<Vec<AttributeMappingFunction>, Error> {
        let call = self.job.call(Method::Get, FUNCTIONS).needs(READ);
        Pages::new(self.job.synchronization.client, call).collect_all().await
    }

    /// The operators that scoping filters may use.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn filter_operators(&self) -> Result<Vec<FilterOperator>, Error> {
        let call = self.job.call(Method::Get, OPERATORS).needs(READ);
        Pages::new(self.job.synchronization.client, call).collect_all().await
    }

    /// Lets the service parse an expression into the form that a schema holds.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn parse_expression(&self, expression: &str) -> Result<ParseExpressionResponse, Error> {
        let call = self.job.call(Method::Post, PARSE).needs(WRITE).repeat(Repeat::Harmless);
        self.job.synchronization.client.read(&call.json(&json!({ "expression": expression }))).await
    }

    /// Lets the service find out which attributes a directory has. The agent must have been restarted since the
    /// schema of Active Directory changed.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn discover(&self, directory: &DirectoryDefinitionId) -> Result<DirectoryDefinition, Error> {
        let synchronization = &self.job.synchronization;
        let ids = [synchronization.service_principal.as_str(), self.job.id.as_str(), directory.as_str()];
        let call = Call::post(ApiVersion::V1, DISCOVER, &ids).age(synchronization.age);
        synchronization
            .client
            .read(&call.needs("Application.ReadWrite.OwnedBy").repeat(Repeat::Harmless))
            .await
    }
}
