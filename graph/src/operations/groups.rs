//! Calls about groups. No IO of their own.

use crate::call::Call;
use crate::client::GraphClient;
use crate::delta::{DeltaFrom, DeltaPages};
use crate::error::Error;
use crate::pages::Pages;
use crate::query::Query;
use crate::resources::DirectoryObjectId;
use crate::resources::directory::{DirectoryObject, Group, OnPremisesSyncBehavior};
use crate::route::ApiVersion;

const READ: &str = "GroupMember.Read.All";

/// `/groups`.
pub struct Groups<'a>(&'a GraphClient);

impl GraphClient {
    /// Calls about groups.
    pub fn groups(&self) -> Groups<'_> {
        Groups(self)
    }
}

impl Groups<'_> {
    /// Groups.
    pub fn list(&self, query: &Query) -> Pages<Group> {
        Pages::new(self.0, query.apply(Call::get(ApiVersion::V1, "/groups", &[]).needs(READ)))
    }

    /// How many groups there are, by an index that lags behind.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn count(&self) -> Result<u64, Error> {
        let call = Call::get(ApiVersion::V1, "/groups/$count", &[]).header("ConsistencyLevel", "eventual");
        self.0.count(&call.needs(READ)).await
    }

    /// One group, these properties.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn get(&self, id: &DirectoryObjectId, select: &[&'static str]) -> Result<Group, Error> {
        let call = Call::get(ApiVersion::V1, "/groups/{id}", &[id.as_str()]).needs(READ);
        self.0.read(&Query::all().select(select).apply(call)).await
    }

    /// The direct members of a group.
    pub fn members(&self, id: &DirectoryObjectId, query: &Query) -> Pages<DirectoryObject> {
        let call = Call::get(ApiVersion::V1, "/groups/{id}/members", &[id.as_str()]).needs(READ);
        Pages::new(self.0, query.apply(call))
    }

    /// How many direct members a group has, by an index that lags behind.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn member_count(&self, id: &DirectoryObjectId) -> Result<u64, Error> {
        let call = Call::get(ApiVersion::V1, "/groups/{id}/members/$count", &[id.as_str()]);
        self.0.count(&call.header("ConsistencyLevel", "eventual").needs(READ)).await
    }

    /// Changes of groups. With `members` among the selected properties, of their direct members too.
    pub fn delta(&self, from: &DeltaFrom) -> DeltaPages<Group> {
        DeltaPages::new(self.0, Call::get(ApiVersion::V1, "/groups/delta", &[]).needs(READ), from)
    }

    /// Whether the cloud is the source of authority of a group.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn sync_behavior(&self, id: &DirectoryObjectId) -> Result<OnPremisesSyncBehavior, Error> {
        let call = Call::get(ApiVersion::Beta, "/groups/{id}/onPremisesSyncBehavior", &[id.as_str()]);
        self.0.read(&call.needs("Group-OnPremisesSyncBehavior.ReadWrite.All")).await
    }
}
